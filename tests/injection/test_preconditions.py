"""Preconditions of routes: the version is asked for before the handler runs."""

from datetime import datetime, timezone
from pathlib import Path
from typing import Any, AsyncIterator, Dict, List, Optional

import pytest

from microframe import (
    Application,
    Controller,
    Depends,
    FileResponse,
    Header,
    NotFoundException,
    PlainTextResponse,
    Provided,
    Request,
    Response,
    SetupError,
    StreamingResponse,
    UnauthorizedException,
    route,
)
from microframe.testing import AsyncTestClient
from tests.injection.asking import Answer, ask

CHANGED = datetime(1994, 11, 6, 8, 49, 37, tzinfo=timezone.utc)
DATE = "Sun, 06 Nov 1994 08:49:37 GMT"
LONG_AGO = "Sat, 05 Nov 1994 08:49:37 GMT"


class Cards:
    """Cards with versions, and what was asked of them."""

    def __init__(self) -> None:
        self.versions: Dict[int, int] = {1: 1}
        self.calls: List[str] = []


def board(**options: Any) -> "tuple[Application, Cards]":
    app, cards = Application(), Cards()
    app.provide(Cards, lambda: cards, scope="app")

    async def version(card_id: int, cards: Provided[Cards]) -> Optional[int]:
        cards.calls.append("version")
        return cards.versions.get(card_id)

    @app.get("/cards/{card_id}", etag=version)
    async def read(card_id: int, cards: Provided[Cards]) -> Dict[str, int]:
        cards.calls.append("read")
        if card_id not in cards.versions:
            raise NotFoundException()
        return {"version": cards.versions[card_id]}

    @app.put("/cards/{card_id}", etag=version, **options)
    async def change(card_id: int, cards: Provided[Cards], title: Dict[str, str]) -> Dict[str, int]:
        cards.calls.append("change")
        cards.versions[card_id] = cards.versions.get(card_id, 0) + 1
        return {"version": cards.versions[card_id]}

    return app, cards


async def get(app: Application, path: str = "/cards/1", method: str = "GET", **headers: str) -> Answer:
    return await ask(app, path, method, headers={n.replace("_", "-"): v for n, v in headers.items()})


async def put(app: Application, path: str = "/cards/1", **headers: str) -> Answer:
    fields = {n.replace("_", "-"): v for n, v in headers.items()}
    return await ask(app, path, "PUT", headers=fields, data={"title": "new"})


# Reading ----------------------------------------------------------------------------------------------------


async def test_the_version_is_put_on_the_answer() -> None:
    app, _ = board()
    for method in ("GET", "HEAD"):
        answer = await get(app, method=method)
        assert (answer.status, answer.headers["etag"]) == (200, '"1"')


async def test_who_has_it_is_told_so_and_the_handler_does_not_run() -> None:
    app, cards = board()
    for method in ("GET", "HEAD"):
        answer = await get(app, method=method, if_none_match='"1"')
        assert (answer.status, answer.body, answer.headers["etag"]) == (304, b"", '"1"')
        assert "content-type" not in answer.headers
    assert cards.calls == ["version"] * 2
    cards.versions[1] = 2
    assert (await get(app, if_none_match='"1"')).value == {"version": 2}


async def test_where_there_is_nothing_the_handler_says_so() -> None:
    app, _ = board()
    answer = await get(app, "/cards/5", if_none_match="*")
    assert answer.status == 404
    assert "etag" not in answer.headers


async def test_a_reader_may_demand_a_version() -> None:
    app, cards = board()
    assert (await get(app, if_match='"2"')).status == 412
    assert cards.calls == ["version"]


async def test_a_time_of_change_will_do() -> None:
    app = Application()
    calls: List[str] = []

    @app.get("/", last_modified=lambda: CHANGED)
    async def read() -> str:
        calls.append("read")
        return "text"

    assert (await get(app, "/")).headers["last-modified"] == DATE
    assert (await get(app, "/", if_modified_since=LONG_AGO)).status == 200
    answer = await get(app, "/", if_modified_since=DATE)
    assert (answer.status, answer.headers["last-modified"]) == (304, DATE)
    assert calls == ["read", "read"]


async def test_with_both_the_tag_decides() -> None:
    app = Application()

    @app.get("/", etag=lambda: "a", last_modified=lambda: CHANGED)
    async def read() -> str:
        return "text"

    answer = await get(app, "/", if_none_match='"b"', if_modified_since=DATE)
    assert (answer.status, answer.headers["etag"], answer.headers["last-modified"]) == (200, '"a"', DATE)
    known = await get(app, "/", if_none_match='"a"')
    assert known.status == 304
    assert "last-modified" not in known.headers


async def test_what_the_handler_says_itself_stands() -> None:
    app = Application()

    @app.get("/own", etag=lambda: "a")
    async def own(response: Response) -> str:
        response.headers["etag"] = '"own"'
        return "text"

    @app.get("/error", etag=lambda: "a")
    async def error() -> Response:
        return PlainTextResponse("no", 503)

    assert (await get(app, "/own")).headers["etag"] == '"own"'
    assert "etag" not in (await get(app, "/error")).headers


# Changing ---------------------------------------------------------------------------------------------------


async def test_a_change_of_the_version_that_was_read_goes_through_without_a_stale_tag() -> None:
    app, cards = board()
    answer = await put(app, if_match='"1"')
    assert answer.value == {"version": 2}
    assert "etag" not in answer.headers
    assert cards.calls == ["version", "change"]


@pytest.mark.parametrize("sent", ['"0"', 'W/"1"', '"2", "3"', "1"])
async def test_a_change_of_another_version_is_refused(sent: str) -> None:
    app, cards = board()
    answer = await put(app, if_match=sent)
    assert (answer.status, answer.json["code"]) == (412, "precondition_failed")
    assert cards.calls == ["version"]
    assert cards.versions == {1: 1}


async def test_of_two_who_change_the_same_version_one_is_told() -> None:
    app, _ = board()
    read = (await get(app)).headers["etag"]
    assert [(await put(app, if_match=read)).status for _ in range(2)] == [200, 412]


async def test_what_is_only_to_be_made_is_not_overwritten() -> None:
    app, cards = board()
    assert (await put(app, if_none_match="*")).status == 412
    assert (await put(app, "/cards/2", if_none_match="*")).status == 200
    assert (await put(app, "/cards/3", if_match="*")).status == 412
    assert cards.versions == {1: 1, 2: 1}


async def test_without_a_precondition_a_change_goes_through() -> None:
    app, _ = board()
    assert (await put(app)).status == 200


async def test_a_precondition_may_be_required() -> None:
    app, cards = board(require_precondition=True)
    answer = await put(app)
    assert (answer.status, answer.json["code"]) == (428, "precondition_required")
    assert cards.calls == ["version"]
    assert (await put(app, if_none_match='"made up"')).status == 428
    assert (await put(app, if_unmodified_since=DATE)).status == 428
    assert (await put(app, if_match='"1"')).status == 200
    assert (await put(app, "/cards/9", if_none_match="*")).status == 200
    assert (await get(app)).status == 200


async def test_a_refused_change_is_refused_before_its_body_is_read() -> None:
    app, _ = board()
    answer = await ask(app, "/cards/1", "PUT", headers={"If-Match": '"0"'}, body=[None])
    assert answer.status == 412


# As a dependency --------------------------------------------------------------------------------------------


async def test_who_may_not_see_it_is_not_told_its_version() -> None:
    app = Application()
    asked: List[str] = []

    async def user(authorization: Optional[str] = Header(None)) -> str:
        if authorization is None:
            raise UnauthorizedException()
        return authorization

    async def version() -> str:
        asked.append("version")
        return "a"

    @app.api_route("/parameter", methods=["GET", "PUT"], etag=version)
    async def by_parameter(name: str = Depends(user)) -> str:
        return name

    @app.api_route("/route", methods=["GET", "PUT"], etag=version, dependencies=[Depends(user)])
    async def by_route() -> str:
        return "seen"

    for path in ("/parameter", "/route"):
        for headers in ({"if_none_match": '"a"'}, {"if_match": '"b"'}, {"if_match": '"a"'}):
            assert (await get(app, path, **headers)).status == 401
            assert (await get(app, path, "PUT", **headers)).status == 401
        assert asked == []
        assert (await get(app, path, if_none_match='"a"', authorization="x")).status == 304
        asked.clear()


async def test_what_version_and_handler_both_need_is_made_once_and_closed() -> None:
    app = Application()
    notes: List[str] = []

    async def session() -> AsyncIterator[str]:
        notes.append("open")
        yield "session"
        notes.append("close")

    def version(session: str = Depends(session)) -> str:  # blocking: it runs in a thread
        notes.append("version")
        return session

    @app.get("/", etag=version)
    async def read(session: str = Depends(session)) -> str:
        notes.append("read")
        return session

    assert (await get(app, "/")).status == 200
    assert notes == ["open", "version", "read", "close"]
    notes.clear()
    assert (await get(app, "/", if_none_match='"session"')).status == 304
    assert notes == ["open", "version", "close"]


async def test_the_version_can_be_overridden_in_tests() -> None:
    app = Application()

    def version() -> str:
        return "a"

    @app.get("/", etag=version)
    async def read() -> str:
        return "text"

    app.dependency_overrides[version] = lambda: "b"
    assert (await get(app, "/")).headers["etag"] == '"b"'


async def test_a_fault_of_the_request_is_told_once() -> None:
    app, _ = board()
    answer = await get(app, "/cards/x", if_none_match="*")
    assert answer.faults == [("path.card_id", "int_parsing")]


@pytest.mark.parametrize("kind", ["blocking", "generator", "positional", "controller"])
async def test_every_kind_of_handler_has_preconditions(kind: str) -> None:
    app = Application()
    calls: List[str] = []

    async def version() -> str:
        return "a"

    if kind == "blocking":

        @app.get("/", etag=version)
        def read() -> str:
            calls.append("read")
            return "text"

    elif kind == "generator":

        @app.get("/", etag=version)
        async def stream() -> AsyncIterator[str]:
            calls.append("read")
            yield "text"

    elif kind == "positional":

        @app.get("/", etag=version)
        async def positional(request: Request, /) -> str:
            calls.append("read")
            return request.method

    else:

        @app.controller("")
        class Texts(Controller):
            @route.get("/", etag=version)
            async def read(self) -> str:
                calls.append("read")
                return "text"

    assert (await get(app, "/")).headers["etag"] == '"a"'
    assert (await get(app, "/", if_none_match='"a"')).status == 304
    assert calls == ["read"]


async def test_a_function_that_gives_no_version_is_an_error_of_the_program(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = Application()

    @app.get("/tag", etag=lambda: 1.5)
    async def tag() -> str:
        return "text"

    @app.get("/date", last_modified=lambda: "today")
    async def date() -> str:
        return "text"

    assert (await get(app, "/tag")).status == 500
    assert (await get(app, "/date")).status == 500
    assert "test_preconditions.py" in caplog.text


# The tag of a body ------------------------------------------------------------------------------------------


async def test_a_tag_can_be_made_of_the_body() -> None:
    app = Application()
    texts = {"text": "one"}

    @app.get("/", etag=True)
    async def read(response: Response) -> Dict[str, str]:
        response.headers["cache-control"] = "no-cache"
        return texts

    first = await get(app, "/")
    tag = first.headers["etag"]
    assert (first.value, tag[0], tag[-1]) == (texts, '"', '"')
    assert (await get(app, "/", "HEAD")).headers["etag"] == tag
    known = await get(app, "/", if_none_match=tag)
    assert (known.status, known.body) == (304, b"")
    assert (known.headers["etag"], known.headers["cache-control"]) == (tag, "no-cache")
    assert (await get(app, "/", if_match='"x"')).status == 412
    assert (await get(app, "/", if_match=tag)).status == 200
    texts["text"] = "two"
    again = await get(app, "/", if_none_match=tag)
    assert again.status == 200
    assert again.headers["etag"] != tag


async def test_the_tag_of_a_body_is_another_for_another_type() -> None:
    app = Application()

    @app.get("/", etag=True)
    async def read(kind: str) -> Response:
        return Response("x", media_type=kind)

    tags = {(await get(app, f"/?kind={kind}")).headers["etag"] for kind in ("text/plain", "text/html")}
    assert len(tags) == 2


async def test_with_a_body_tag_the_date_is_looked_at_afterwards() -> None:
    app = Application()

    @app.get("/", etag=True, last_modified=lambda: CHANGED)
    async def read() -> str:
        return "text"

    tag = (await get(app, "/")).headers["etag"]
    assert (await get(app, "/", if_match=tag)).status == 200
    assert (await get(app, "/", if_modified_since=DATE)).status == 304
    assert (await get(app, "/", if_none_match='"x"', if_modified_since=DATE)).status == 200


async def test_what_has_no_body_yet_or_a_tag_already_gets_none_of_its_body(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    app = Application()

    async def pieces() -> AsyncIterator[str]:
        yield "text"

    @app.get("/stream", etag=True)
    async def stream() -> Response:
        return StreamingResponse(pieces())

    @app.get("/file", etag=True)
    async def file() -> Response:
        return FileResponse(tmp_path / "file", headers={"ETag": '"own"'})

    @app.get("/error", etag=True)
    async def error() -> Response:
        return PlainTextResponse("no", 404)

    assert "etag" not in (await get(app, "/stream")).headers
    assert (await get(app, "/file")).headers["etag"] == '"own"'
    assert (await get(app, "/file", if_none_match='"own"')).status == 304
    assert "etag" not in (await get(app, "/error")).headers


async def test_the_version_of_the_route_is_that_of_the_file_it_sends(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    app = Application()
    calls: List[str] = []

    @app.get("/", etag=lambda: "v1")
    async def file() -> Response:
        calls.append("file")
        return FileResponse(tmp_path / "file")

    client = AsyncTestClient(app)
    answer = await client.get("/")
    assert (answer.text, answer.headers.get_list("etag")) == ("text", ['"v1"'])
    part = await client.get("/", headers={"range": "bytes=0-1", "if-range": '"v1"', "if-match": '"v1"'})
    assert (part.status_code, part.text) == (206, "te")
    assert (await client.get("/", headers={"if-none-match": '"v1"'})).status_code == 304
    assert calls == ["file", "file"]


async def test_background_work_of_an_answer_that_is_not_sent_runs() -> None:
    app = Application()
    done: List[int] = []

    async def task() -> None:
        done.append(1)

    @app.get("/", etag=True)
    async def read() -> Response:
        return PlainTextResponse("x", background=task)

    tag = (await get(app, "/")).headers["etag"]
    await get(app, "/", if_none_match=tag)
    assert done == [1, 1]


# Mistakes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "options", "message"),
    [
        ("GET", {"etag": "v1"}, "etag of .*must be a function"),
        ("GET", {"last_modified": True}, "last_modified of .*must be a function"),
        ("GET", {"last_modified": CHANGED}, "last_modified of .*must be a function"),
        ("PUT", {"etag": True}, "etag=True of .*PUT"),
        ("PUT", {"require_precondition": True}, "needs etag= or last_modified="),
        ("GET", {"etag": lambda: "a", "require_precondition": True}, "changes nothing"),
        ("GET", {"etag": lambda self: "a"}, "plain function"),
        ("GET", {"last_modified": dict}, "cannot be read"),
    ],
    ids=lambda value: value if isinstance(value, str) else ",".join(value),
)
def test_a_wrong_option_is_a_setup_error_that_names_the_handler(
    method: str, options: Dict[str, Any], message: str
) -> None:
    app = Application()

    @app.api_route("/", methods=[method], **options)
    async def handler() -> None: ...

    with pytest.raises(SetupError, match=message) as caught:
        app.build()
    assert message == "cannot be read" or "test_preconditions.py" in str(caught.value)


async def test_options_that_are_off_cost_and_do_nothing() -> None:
    app = Application()

    @app.get("/", etag=False, require_precondition=False)
    async def read() -> str:
        return "text"

    assert "etag" not in (await get(app, "/", if_none_match="*")).headers


async def test_a_handler_that_ends_with_its_client_has_preconditions_too() -> None:
    app = Application()

    @app.get("/", etag=lambda: "a", cancel_on_disconnect=True)
    async def read() -> str:
        return "text"

    client = AsyncTestClient(app)
    assert (await client.get("/")).headers["etag"] == '"a"'
    assert (await client.get("/", headers={"if-none-match": '"a"'})).status_code == 304


async def test_through_the_edge_and_its_middleware() -> None:
    app, cards = board(require_precondition=True)
    client = AsyncTestClient(app)
    first = await client.get("/cards/1")
    known = await client.get("/cards/1", headers={"if-none-match": first.headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")
    assert "content-length" not in known.headers
    assert (await client.put("/cards/1", json={})).status_code == 428
    changed = await client.put("/cards/1", json={}, headers={"if-match": first.headers["etag"]})
    assert changed.status_code == 200
    assert cards.versions == {1: 2}
