"""Case 14 (CVE-2026-107832): a list of header names means them however they are spelled, here and in the message."""

from typing import Annotated, Any, Callable, Dict, List, Optional

import pytest

from microframe import Application, Cache, Header, Request, Response, Security
from microframe.http.headers import Headers, MutableHeaders
from microframe.middleware.compress import CompressMiddleware
from microframe.middleware.cors import CORSMiddleware
from microframe.middleware.csrf import CSRFMiddleware, CsrfToken
from microframe.middleware.rate_limit import Limit
from microframe.middleware.security_headers import SecurityHeadersMiddleware
from microframe.routing.idempotency import Idempotency
from microframe.routing.versions import HeaderVersions
from microframe.security import APIKeyHeader
from microframe.testing import TestClient
from tests.caching.origin import Origin
from tests.wire import served

SPELLINGS: List[Callable[[str], str]] = [str, str.lower, str.upper, str.swapcase]
NAMES = ["as it is", "lower", "upper", "swapped"]
both = [
    pytest.mark.parametrize("here", SPELLINGS, ids=NAMES),
    pytest.mark.parametrize("there", SPELLINGS, ids=NAMES),
]
Spelling = Callable[[str], str]


def in_any_case(test: Any) -> Any:
    """`here` spells the name in the program, `there` in the message."""
    for mark in both:
        test = mark(test)
    return test


# What is asked for ---------------------------------------------------------------------------------------------------


@in_any_case
@pytest.mark.parametrize("strict", [False, True])
def test_a_parameter_finds_its_header(here: Spelling, there: Spelling, strict: bool) -> None:
    app = Application(strict=strict)
    alias = here("X-Debug")

    @app.get("/")
    async def read(
        one: Annotated[str, Header(alias=alias)], many: Annotated[List[str], Header(alias=alias)]
    ) -> List[Any]:
        return [one, many]

    answer = TestClient(app).get("/", headers={there("X-Debug"): "1"})
    assert answer.json() == ["1", ["1"]]


@in_any_case
def test_headers_are_read_and_set_by_any_spelling(here: Spelling, there: Spelling) -> None:
    headers = MutableHeaders()
    headers[here("X-Debug")] = "1"
    assert headers[there("X-Debug")] == "1"
    headers[there("X-Debug")] = "2"
    assert Headers.of({here("X-Debug"): "2"}) == headers
    headers.add_vary(here("X-Debug"))
    headers.add_vary(there("X-Debug"))
    assert headers["vary"] == here("X-Debug")
    del headers[there("X-Debug")]
    assert here("X-Debug") not in headers


@in_any_case
def test_an_api_key_is_found(here: Spelling, there: Spelling) -> None:
    app = Application()
    key = APIKeyHeader(name=here("X-Key"))

    @app.get("/", dependencies=[Security(key)])
    async def read() -> str:
        return "read"

    assert TestClient(app).get("/", headers={there("X-Key"): "k"}).status_code == 200
    assert TestClient(app).get("/").status_code == 401


@in_any_case
def test_a_version_is_found(here: Spelling, there: Spelling) -> None:
    app = Application(versioning=HeaderVersions(["1", "2"], header=here("API-Version"), default="1"))

    @app.get("/", versions=["1"])
    async def old() -> int:
        return 1

    @app.get("/", versions=["2"], name="new")
    async def new() -> int:
        return 2

    assert TestClient(app).get("/", headers={there("API-Version"): "2"}).json() == 2


@in_any_case
def test_the_id_of_a_request_is_found(here: Spelling, there: Spelling) -> None:
    app = Application(request_id_header=here("X-Request-ID"))
    answer = TestClient(app).get("/nowhere", headers={there("X-Request-ID"): "abc"})
    assert (answer.json()["request_id"], answer.headers["x-request-id"]) == ("abc", "abc")


@in_any_case
def test_the_token_of_a_script_is_found(here: Spelling, there: Spelling) -> None:
    app = Application()
    app.add_middleware(CSRFMiddleware, header_name=here("X-My-Token"))

    @app.get("/")
    async def show(token: CsrfToken) -> str:
        return str(token)

    @app.post("/")
    async def send() -> str:
        return "sent"

    client = TestClient(app)
    token = client.get("/").json()
    assert client.post("/", headers={there("X-My-Token"): token}).status_code == 200
    assert client.post("/").status_code == 403


@pytest.mark.parametrize("there", SPELLINGS, ids=NAMES)
@pytest.mark.parametrize("name", ["Origin", "Sec-Fetch-Site", "Referer"])
def test_where_a_request_comes_from_is_found(name: str, there: Spelling) -> None:
    app = Application()
    app.add_middleware(CSRFMiddleware)

    @app.post("/")
    async def send() -> str:
        return "sent"

    value = "cross-site" if name == "Sec-Fetch-Site" else "https://evil.example"
    assert TestClient(app).post("/", headers={there(name): value}).status_code == 403


# Lists of what is let, and of what is not ----------------------------------------------------------------------------


@in_any_case
def test_cors_lets_a_header_and_no_other(here: Spelling, there: Spelling) -> None:
    app = Application()
    app.add_middleware(CORSMiddleware, allow_origins=["https://a.example"], allow_headers=[here("X-Debug")])
    client = TestClient(app)

    def asked(names: str) -> int:
        sent = {
            there("Origin"): "https://a.example",
            there("Access-Control-Request-Method"): "GET",
            there("Access-Control-Request-Headers"): names,
        }
        return client.options("/", headers=sent).status_code

    assert asked(there("X-Debug")) == 204
    assert asked(f"{there('X-Debug')}, {there('Content-Type')}") == 204
    assert asked(there("X-Debug-2")) == 403
    assert asked(f"{there('X-Debug')},{there('X-Other')}") == 403


@in_any_case
async def test_a_cache_keeps_apart_what_depends_on_a_header(here: Spelling, there: Spelling) -> None:
    def answer(request: Request) -> Response:
        return Response(request.headers.get("x-debug", "none"), headers={"vary": there("X-Tenant")})

    origin = Origin(answer, Cache(max_age=60, vary=[here("X-Debug")]))
    for value in ("1", "2", "1"):
        assert (await origin.ask("/", ("x-debug", value))).body == value.encode()
    await origin.ask("/", ("x-debug", "1"), ("x-tenant", "a"))
    assert origin.count == 3


@in_any_case
def test_who_calls_again_is_told_apart_by_a_header(here: Spelling, there: Spelling) -> None:
    app = Application()
    ran: List[Optional[str]] = []

    @app.post("/", idempotency=Idempotency(headers=(here("X-Tenant"),)))
    async def send(request: Request) -> int:
        ran.append(request.headers.get("x-tenant"))
        return len(ran)

    client = TestClient(app)
    for tenant in ("a", "b", "a"):
        client.post("/", headers={there("X-Tenant"): tenant, there("Idempotency-Key"): "k"})
    assert ran == ["a", "b"]


@pytest.mark.parametrize("there", SPELLINGS, ids=NAMES)
async def test_a_limit_of_a_key_is_counted_for_that_key(there: Spelling) -> None:
    app = Application()

    @app.get("/", limit=Limit("1/day", by="key"))
    async def read() -> str:
        return "read"

    client = TestClient(app)
    found = [client.get("/", headers={there("X-API-Key"): key}).status_code for key in ("a", "b", "a")]
    assert found == [200, 200, 429]


@pytest.mark.parametrize("here", SPELLINGS, ids=NAMES)
def test_what_an_answer_says_itself_is_not_said_twice(here: Spelling) -> None:
    app = Application()
    app.add_middleware(SecurityHeadersMiddleware)
    app.add_middleware(CompressMiddleware, minimum_size=1)

    @app.get("/")
    async def read() -> Response:
        said = {here("X-Frame-Options"): "SAMEORIGIN", here("Content-Encoding"): "identity"}
        return Response("x" * 2000, headers={**said, here("Vary"): here("Accept-Encoding")})

    answer = TestClient(app).get("/")
    assert answer.headers.getlist("x-frame-options") == ["SAMEORIGIN"]
    assert answer.headers.getlist("content-encoding") == ["identity"]
    assert answer.headers.getlist("vary") == [here("Accept-Encoding")]


@pytest.mark.parametrize("here", SPELLINGS, ids=NAMES)
async def test_what_another_program_answers_is_understood(here: Spelling) -> None:
    async def other(scope: Any, receive: Any, send: Any) -> None:
        headers = [(here("Set-Cookie").encode(), b"a=1"), (here("Cache-Control").encode(), b"max-age=60")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"x"})

    def program(environ: Any, start_response: Any) -> List[bytes]:
        start_response("200 OK", [(here("Connection"), "close"), (here("Content-Length"), "1")])
        return [b"x"]

    app = Application()
    app.mount("/asgi", other)
    app.mount("/wsgi", program)
    client = TestClient(app)
    assert client.get("/asgi").headers["set-cookie"] == "a=1"
    answer = client.get("/wsgi")
    assert "connection" not in answer.headers
    assert answer.headers.getlist("content-length") == ["1"]


@pytest.mark.parametrize("here", SPELLINGS, ids=NAMES)
@pytest.mark.parametrize(
    "name", ["Authorization", "Cookie", "Set-Cookie", "X-API-Key", "Proxy-Authorization"]
)
def test_a_header_that_is_secret_is_never_shown(name: str, here: Spelling) -> None:
    assert "hunter2" not in repr(Headers.of({here(name): "hunter2"}))


# On the wire ---------------------------------------------------------------------------------------------------------


def test_a_server_hands_on_what_was_sent_in_any_case() -> None:
    app = Application()

    @app.get("/")
    async def read(x_debug: Annotated[Optional[str], Header()] = None) -> Dict[str, Optional[str]]:
        return {"debug": x_debug}

    with served(app) as server:
        for name in ("x-debug", "X-Debug", "X-DEBUG", "x-DEBUG"):
            assert server.get("/", f"{name}: 1").body == b'{"debug":"1"}'
