"""CORS: which pages may read answers, what they may send, and what no configuration may say."""

from typing import Any, Dict, Optional

import pytest

from microframe import Application, SetupError
from microframe.middleware.cors import ALL_METHODS, CORSMiddleware
from microframe.testing import ClientResponse, TestClient

PAGE = "https://app.example.com"


def client_of(**options: Any) -> TestClient:
    app = Application()
    app.add_middleware(CORSMiddleware, **options)

    @app.get("/cards")
    async def cards() -> int:
        return 1

    @app.get("/broken")
    async def broken() -> None:
        raise LookupError

    return TestClient(app, raise_server_exceptions=False)


def ask(client: TestClient, origin: Optional[str], path: str = "/cards") -> ClientResponse:
    return client.get(path, headers={} if origin is None else {"origin": origin})


def preflight(
    client: TestClient, origin: str = PAGE, method: str = "GET", headers: str = "", **more: str
) -> ClientResponse:
    sent = {"origin": origin, "access-control-request-method": method, **more}
    if headers:
        sent["access-control-request-headers"] = headers
    return client.options("/cards", headers=sent)


def cors(answer: ClientResponse) -> Dict[str, str]:
    """The headers of the answer that CORS knows, without what they all begin with."""
    start = "access-control-"
    return {name[len(start) :]: value for name, value in answer.headers.items() if name.startswith(start)}


def test_only_named_origins_may_read() -> None:
    client = client_of(allow_origins=[PAGE])
    assert cors(ask(client, PAGE)) == {"allow-origin": PAGE}
    for origin in ("https://evil.example", None):
        answer = ask(client, origin)
        assert (answer.json(), cors(answer), answer.headers["vary"]) == (1, {}, "Origin")


def test_everybody_may_read_what_is_for_everybody() -> None:
    client = client_of(allow_origins=["*"], expose_headers=["X-Total"])
    for origin in ("https://any.example", None):
        assert cors(ask(client, origin)) == {"allow-origin": "*", "expose-headers": "X-Total"}


def test_errors_may_be_read_too() -> None:
    client = client_of(allow_origins=[PAGE], allow_credentials=True)
    for path in ("/broken", "/nowhere"):
        answer = ask(client, PAGE, path)
        assert cors(answer) == {"allow-origin": PAGE, "allow-credentials": "true"}
        assert "Origin" in answer.headers["vary"]


def test_a_pattern_must_match_the_whole_origin() -> None:
    client = client_of(allow_origin_regex=r"https://[a-z]+\.example\.com")
    assert cors(ask(client, PAGE)) == {"allow-origin": PAGE}
    for origin in (f"{PAGE}.evil.org", f"{PAGE}:8443", "https://a.b.example.com", "null"):
        assert cors(ask(client, origin)) == {}


def test_a_preflight_says_what_may_be_sent() -> None:
    client = client_of(
        allow_origins=[PAGE], allow_methods=["GET", "PUT"], allow_headers=["X-Trace"], max_age=60
    )
    answer = preflight(client, method="PUT", headers="x-trace, content-type")
    assert answer.status_code == 204
    assert cors(answer) == {
        "allow-origin": PAGE,
        "allow-methods": "GET, PUT",
        "allow-headers": "x-trace, content-type",
        "max-age": "60",
    }
    assert answer.headers["vary"] == "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"


def test_a_preflight_reaches_no_handler() -> None:
    app, reached = Application(), []
    app.add_middleware(CORSMiddleware, allow_origins=[PAGE])

    @app.options("/cards")
    async def options() -> int:
        reached.append(1)
        return 1

    client = TestClient(app)
    assert preflight(client).status_code == 204
    assert reached == []
    assert client.options("/cards", headers={"origin": PAGE}).json() == 1


def test_all_methods_and_headers_can_be_let() -> None:
    client = client_of(allow_origins=["*"], allow_methods=["*"], allow_headers=["*"])
    answer = cors(preflight(client, method="DELETE", headers="X-Anything,, Y"))
    assert answer["allow-methods"] == ", ".join(ALL_METHODS)
    assert (answer["allow-origin"], answer["allow-headers"]) == ("*", "X-Anything, Y")


REFUSED = {
    "another origin": ({"origin": "https://evil.example"}, "Pages of this origin may not ask for this."),
    "another method": ({"method": "DELETE"}, "Pages of other origins may not use this method."),
    "another header": ({"headers": "x-secret"}, "Pages of other origins may not send one of these headers."),
    "no header": ({"headers": "a b"}, "One of these headers is none."),
}


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_is_not_let_is_refused_in_advance(name: str) -> None:
    asked, why = REFUSED[name]
    answer = preflight(client_of(allow_origins=[PAGE]), **asked)
    assert (answer.status_code, answer.json()["detail"], cors(answer)) == (403, why, {})
    assert "Origin" in answer.headers["vary"]


def test_private_networks_are_let_only_where_it_is_said() -> None:
    for lets in (True, False):
        client = client_of(allow_origins=[PAGE], allow_private_network=lets)
        answer = preflight(client, **{"access-control-request-private-network": "true"})
        assert cors(answer).get("allow-private-network") == ("true" if lets else None)


MISTAKES: Dict[str, Any] = {
    "everybody's credentials": ({"allow_origins": ["*"], "allow_credentials": True}, "credentials for any"),
    "a pattern for all": ({"allow_origin_regex": ".*", "allow_credentials": True}, "credentials for any"),
    "a pattern for all of https": (
        {"allow_origin_regex": "https://.*", "allow_credentials": True},
        "credentials for any",
    ),
    "a path": ({"allow_origins": [f"{PAGE}/"]}, "is no origin"),
    "no scheme": ({"allow_origins": ["app.example.com"]}, "is no origin"),
    "null": ({"allow_origins": ["null"]}, "is no origin"),
    "the usual port": ({"allow_origins": [f"{PAGE}:443"]}, "browsers never write"),
    "capitals": ({"allow_origins": ["https://App.example.com"]}, "browsers never write"),
    "no pattern": ({"allow_origin_regex": "("}, "allow_origin_regex"),
    "one origin as text": ({"allow_origins": PAGE}, "allow_origins is a list"),
    "one text": ({"allow_methods": "GET"}, "a list"),
    "no name": ({"allow_headers": ["a b"]}, "is no name"),
}


@pytest.mark.parametrize("name", sorted(MISTAKES))
def test_a_policy_that_cannot_be_meant_is_refused(name: str) -> None:
    options, message = MISTAKES[name]
    with pytest.raises(SetupError, match=message):
        CORSMiddleware(**options)
