"""Versions of an API side by side: by path, header and media type; what is deprecated says so."""

from datetime import date, datetime, timezone
from typing import Any, Callable, Dict, List, Optional

import pytest

from microframe import (
    Application,
    Cache,
    Controller,
    Deprecation,
    HeaderVersions,
    MediaTypeVersions,
    PathVersions,
    Request,
    Router,
    SetupError,
    WebSocket,
    WebSocketDisconnect,
    route,
)
from microframe.testing import TestClient, WebSocketDenied

ENDING = Deprecation(date(2026, 1, 1), date(2027, 1, 1), "https://example.com/move")
SAID = {
    "deprecation": "@1767225600",
    "sunset": "Fri, 01 Jan 2027 00:00:00 GMT",
    "link": '<https://example.com/move>; rel="deprecation"',
}


def build(versioning: Any) -> Application:
    app = Application(versioning=versioning)
    first = Router(versions=["1"])

    @app.get("/health")
    async def health() -> str:
        return "well"

    @first.get("/cards")
    async def list_old_cards() -> List[int]:
        return [1]

    @app.get("/cards", versions=["2", "3"])
    async def list_cards() -> Dict[str, List[int]]:
        return {"cards": [1]}

    @first.get("/cards/{card_id:int}", versions=["1", "2", "3"])
    async def read_card(card_id: int) -> int:
        return card_id

    @app.websocket("/live", versions=["2"])
    async def live(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text("two")

    app.include_router(first)
    return app


def told(headers: Any, *names: str) -> Dict[str, str]:
    return {name: headers[name] for name in names if name in headers}


def test_path_versions_stand_side_by_side() -> None:
    client = TestClient(build(PathVersions(["1", "2", "3"])))
    assert client.get("/v1/cards").json() == [1]
    assert client.get("/v2/cards").json() == client.get("/v3/cards").json() == {"cards": [1]}
    assert client.get("/v3/cards/7").json() == 7
    assert client.get("/health").json() == "well"
    assert [client.get(path).status_code for path in ("/cards", "/v4/cards", "/v1/health")] == [404] * 3


def test_a_deprecated_version_says_so_on_every_answer() -> None:
    client = TestClient(build(PathVersions(["1", "2", "3"], {"1": ENDING})))
    assert told(client.get("/v1/cards").headers, *SAID) == SAID
    assert told(client.get("/v1/cards/7").headers, *SAID) == SAID
    assert told(client.get("/v2/cards").headers, *SAID) == {}


def test_a_deprecated_version_says_so_on_errors_too() -> None:
    app = build(HeaderVersions(["1", "2", "3"], {"1": ENDING}))

    @app.get("/broken", versions=["1"])
    async def broken() -> None:
        raise LookupError

    client = TestClient(app, raise_server_exceptions=False)
    answer = client.get("/broken", headers={"API-Version": "1"})
    assert answer.status_code == 500
    assert told(answer.headers, *SAID) == SAID


def test_a_deprecated_route_says_so() -> None:
    app = Application()

    @app.get("/old", deprecated=Deprecation(datetime(2026, 1, 1, tzinfo=timezone.utc)))
    async def old() -> str:
        return "old"

    @app.get("/marked", deprecated=True)
    async def marked() -> str:
        return "marked"

    client = TestClient(app)
    assert told(client.get("/old").headers, *SAID) == {"deprecation": "@1767225600"}
    assert told(client.get("/marked").headers, *SAID) == {}


def test_names_lead_to_the_newest_version_or_the_one_they_say() -> None:
    app = build(PathVersions(["1", "2", "3"])).build()
    assert app.url_path_for("read_card", card_id=7) == "/v3/cards/7"
    assert app.url_path_for("1:read_card", card_id=7) == "/v1/cards/7"
    assert app.url_path_for("health") == "/health"


@pytest.mark.parametrize(
    ("asked", "status", "body"),
    [("1", 200, [1]), ("2", 200, {"cards": [1]}), (None, 200, {"cards": [1]})],
)
def test_a_header_tells_versions_apart(asked: Optional[str], status: int, body: Any) -> None:
    client = TestClient(build(HeaderVersions(["1", "2", "3"], default="3")))
    answer = client.get("/cards", headers={} if asked is None else {"api-version": asked})
    assert (answer.status_code, answer.json()) == (status, body)
    assert told(answer.headers, "api-version", "vary") == {"api-version": asked or "3", "vary": "API-Version"}


def test_who_names_no_version_is_refused_where_there_is_no_default() -> None:
    client = TestClient(build(HeaderVersions(["1", "2", "3"])))
    answer = client.get("/cards")
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_version")
    assert answer.json()["detail"] == "API-Version must be one of: 1, 2, 3."
    assert answer.headers["vary"] == "API-Version"
    # What is in no version needs none, and what is nowhere is nowhere.
    assert client.get("/health").json() == "well"
    assert client.get("/nowhere").status_code == 404


def test_a_version_that_there_is_not_is_refused() -> None:
    client = TestClient(build(HeaderVersions(["1", "2", "3"], default="3")))
    answer = client.get("/cards", headers={"API-Version": "9" * 5000})
    assert answer.status_code == 400
    assert answer.json()["detail"] == f"This API has no version {'9' * 50}: it has 1, 2, 3."


def test_a_method_of_another_version_is_not_allowed_in_this_one() -> None:
    app = build(HeaderVersions(["1", "2", "3"]))

    @app.post("/cards", versions=["3"])
    async def add_card() -> int:
        return 1

    client = TestClient(app)
    assert client.post("/cards", headers={"API-Version": "3"}).status_code == 200
    refused = client.post("/cards", headers={"API-Version": "1"})
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert refused.headers["vary"] == "API-Version"


def test_sockets_have_versions_too() -> None:
    client = TestClient(build(HeaderVersions(["1", "2", "3"])))
    with client.websocket_connect("/live", headers={"API-Version": "2"}) as socket:
        assert socket.receive_text() == "two"
        with pytest.raises(WebSocketDisconnect):
            socket.receive_text()
    for headers in ({"API-Version": "1"}, {}):
        with pytest.raises(WebSocketDenied), client.websocket_connect("/live", headers=headers):
            pass


ACCEPTED = [
    ("application/vnd.api.v1+json", "1"),
    ("Application/vnd.API.v1+json", "1"),
    ("text/html, application/vnd.api.v1+json;q=0.2", "1"),
    ("application/vnd.api.v1+json;q=0.2, application/vnd.api.v3+json", "3"),
    ("application/vnd.api.v1+json;q=0, */*;q=0.1", "2"),
    ("application/json", "2"),
    ("bro ken, application/*", "2"),
    (None, "2"),
]


@pytest.mark.parametrize(("accept", "version"), ACCEPTED)
def test_a_media_type_tells_versions_apart(accept: Optional[str], version: str) -> None:
    client = TestClient(build(MediaTypeVersions(["1", "2", "3"], default="2")))
    answer = client.get("/cards/7", headers={"accept": accept} if accept else {})
    assert answer.json() == 7
    expected = {"content-type": f"application/vnd.api.v{version}+json", "vary": "Accept"}
    assert told(answer.headers, "content-type", "vary") == expected


@pytest.mark.parametrize("accept", ["application/vnd.api.v9+json", "text/html", "", "application/json;q=0"])
def test_media_types_without_a_known_version_are_not_acceptable(accept: str) -> None:
    client = TestClient(build(MediaTypeVersions(["1", "2", "3"])))
    answer = client.get("/cards", headers={"accept": accept})
    assert answer.status_code == 406
    assert client.get("/health", headers={"accept": accept}).status_code == 200


def test_the_version_may_be_a_parameter_of_the_media_type() -> None:
    kinds = MediaTypeVersions(["1", "2", "3"], template="application/json; version={version}", default="3")
    client = TestClient(build(kinds))
    assert client.get("/cards", headers={"accept": "application/json; version=1"}).json() == [1]
    answer = client.get("/cards", headers={"accept": "application/json"})
    assert answer.headers["content-type"] == "application/json; version=3"


def test_controllers_and_mounts_have_versions_too() -> None:
    app, inner = Application(versioning=PathVersions(["1", "2"])), Application()

    @inner.get("/deep")
    async def deep() -> str:
        return "deep"

    @app.controller("/boards", versions=["2"])
    class Boards(Controller):
        @route.get("/{name}")
        async def read(self, name: str) -> str:
            return name

        @route.query("", versions=["1", "2"])
        async def find(self, wanted: Dict[str, int]) -> Dict[str, int]:
            return wanted

    second = Router(versions=["2"])
    second.mount("/inner", inner)
    app.include_router(second)
    client = TestClient(app)
    assert client.get("/v2/boards/one").json() == "one"
    assert client.get("/v1/boards/one").status_code == 404
    assert client.query("/v1/boards", json={"a": 1}).json() == {"a": 1}
    assert client.get("/v2/inner/deep").json() == "deep"
    assert client.get("/v1/inner/deep").status_code == 404


def test_the_query_method_reads_a_body_and_redirects_keep_it() -> None:
    app = Application()

    @app.query("/cards")
    async def find(wanted: Dict[str, int]) -> Dict[str, int]:
        return wanted

    client = TestClient(app)
    assert client.query("/cards", json={"a": 1}).json() == {"a": 1}
    assert client.query("/cards/", json={"a": 1}).json() == {"a": 1}
    assert client.query("/cards").status_code == 422
    assert client.query("/cards", content="{}").status_code == 415
    assert client.get("/cards").headers["allow"] == "OPTIONS, QUERY"


def versioned(versioning: Any, *versions: str) -> Callable[[], object]:
    def make() -> object:
        app = Application(versioning=versioning)
        app.get("/x", versions=versions)(lambda: 1)
        return app.build()

    return make


MISTAKES: Dict[str, Any] = {
    "a version that there is not": (versioned(PathVersions(["1"]), "2"), r"no version '2', only 1"),
    "versions of no application": (versioned(None, "1"), r"versioning="),
    "no versions": (lambda: PathVersions([]), "takes a list"),
    "one text": (lambda: PathVersions("12"), "takes a list"),
    "no token": (lambda: HeaderVersions(["1 2"]), "cannot be a version"),
    "a number": (lambda: HeaderVersions([1]), "cannot be a version"),  # type: ignore[list-item]  # the mistake
    "twice": (lambda: HeaderVersions(["1", "1"]), "given twice"),
    "an unknown deprecation": (lambda: PathVersions(["1"], {"2": ENDING}), "no version '2'"),
    "an unknown default": (lambda: HeaderVersions(["1"], default="2"), "no version '2'"),
    "a media type's default": (lambda: MediaTypeVersions(["1"], default="2"), "no version '2'"),
    "a prefix without version": (lambda: PathVersions(["1"], prefix="/api"), "is not like"),
    "no header name": (lambda: HeaderVersions(["1"], header="a b"), "name of a header"),
    "a template without version": (lambda: MediaTypeVersions(["1"], template="a/b"), r"has no \{version\}"),
    "no media type": (lambda: MediaTypeVersions(["1"], template="{version}"), "not a media type"),
    "a sunset before its time": (lambda: Deprecation(date(2026, 1, 2), date(2026, 1, 1)), "is before"),
    "no time zone": (
        lambda: Deprecation(datetime(2026, 1, 1)).headers(),  # noqa: DTZ001 - the mistake
        "no time zone",
    ),
}


@pytest.mark.parametrize("name", sorted(MISTAKES))
def test_mistakes_are_told_at_build(name: str) -> None:
    make, message = MISTAKES[name]
    with pytest.raises(SetupError, match=message):
        make()


def test_what_is_kept_of_one_version_is_never_anothers_answer() -> None:
    app = Application(versioning=HeaderVersions(["1", "2"]))

    @app.get("/cached", versions=["1", "2"], cache=Cache(max_age=60))
    async def cached(request: Request) -> str:
        return request.api_version

    @app.post("/once", versions=["1"], idempotency=True)
    async def once() -> str:
        return "one"

    @app.post("/once", versions=["2"], idempotency=True)
    async def once_more() -> str:
        return "two"

    client = TestClient(app)
    for _ in range(2):
        for version in ("1", "2"):
            assert client.get("/cached", headers={"API-Version": version}).json() == version
    sent = [{"API-Version": version, "Idempotency-Key": "k"} for version in ("1", "2")]
    assert [client.post("/once", headers=headers).json() for headers in sent] == ["one", "two"]
