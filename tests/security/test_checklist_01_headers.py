"""Checklist 1 to 5 and 7: what every answer tells browsers, and what none tells anybody."""

from pathlib import Path
from typing import Any, AsyncIterator, Dict, Iterator, List, Tuple

import pytest

from microframe import (
    Application,
    ForbiddenException,
    HTMLResponse,
    PlainTextResponse,
    RedirectResponse,
    Request,
    Response,
    StaticFiles,
    StreamingResponse,
)
from microframe.asgi.heads import PAGE_HEADERS
from microframe.http.events import EventSourceResponse
from microframe.middleware.security_headers import SecurityHeadersMiddleware, csp_nonce
from microframe.shield import SecurityMiddleware
from microframe.testing import ClientResponse, TestClient
from tests.wire import served


def build(folder: Path, **options: Any) -> Application:
    """A route for each kind of answer."""
    app = Application(**options)
    add_answers(app)
    add_errors(app)
    add_streams(app)
    (folder / "a.txt").write_text("a")
    (folder / "a.html").write_text("<p>a")
    app.mount("/files", StaticFiles(directory=folder))
    app.mount("/other", other)
    return app


async def other(scope: Any, receive: Any, send: Any) -> None:
    headers = [(b"content-type", b"text/html; charset=utf-8")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"<p>x"})


def add_answers(app: Application) -> None:
    @app.get("/json")
    async def json() -> Dict[str, int]:
        return {"a": 1}

    @app.get("/page")
    async def page() -> HTMLResponse:
        return HTMLResponse("<p>A page.</p>")

    @app.get("/text")
    async def text() -> PlainTextResponse:
        return PlainTextResponse("text")

    @app.get("/empty", status_code=204)
    async def empty() -> None: ...

    @app.get("/moved")
    async def moved() -> RedirectResponse:
        return RedirectResponse("/json")

    @app.get("/dated", etag=lambda: "1")
    async def dated() -> int:
        return 1


def add_errors(app: Application) -> None:
    @app.get("/refused")
    async def refused() -> None:
        raise ForbiddenException()

    @app.get("/broken")
    async def broken() -> None:
        raise LookupError("hunter2 of the database")

    @app.get("/number/{number}")
    async def number(number: int) -> int:
        return number


def add_streams(app: Application) -> None:
    @app.get("/stream")
    async def stream() -> StreamingResponse:
        async def pieces() -> AsyncIterator[bytes]:
            yield b"a piece"

        return StreamingResponse(pieces(), media_type="text/html")

    @app.get("/events", response_class=EventSourceResponse)
    async def events() -> AsyncIterator[int]:
        yield 1


EVERY: List[Tuple[str, str, Dict[str, str], int]] = [
    ("GET", "/json", {}, 200),
    ("HEAD", "/json", {}, 200),
    ("OPTIONS", "/json", {}, 204),
    ("GET", "/page", {}, 200),
    ("GET", "/text", {}, 200),
    ("GET", "/empty", {}, 204),
    ("GET", "/moved", {}, 307),
    ("GET", "/dated", {"if-none-match": '"1"'}, 304),
    ("GET", "/dated", {"if-match": '"2"'}, 412),
    ("GET", "/refused", {}, 403),
    ("GET", "/nowhere", {}, 404),
    ("GET", "/nowhere", {"accept": "text/html"}, 404),
    ("POST", "/json", {}, 405),
    ("TRACE", "/json", {}, 405),
    ("GET", "/number/x", {}, 422),
    ("GET", "/broken", {}, 500),
    ("GET", "/broken", {"accept": "text/html"}, 500),
    ("GET", "/stream", {}, 200),
    ("GET", "/events", {}, 200),
    ("GET", "/files/a.txt", {}, 200),
    ("GET", "/files/a.txt", {"range": "bytes=0-0"}, 206),
    ("GET", "/files/a.txt", {"range": "bytes=9-"}, 416),
    ("GET", "/files/a.html", {}, 200),
    ("GET", "/files/nothing", {}, 404),
    ("GET", "/files/", {}, 404),
    ("GET", "/other", {}, 200),
    ("GET", "/docs", {}, 200),
    ("GET", "/openapi.json", {}, 200),
    ("GET", "/problems/not_found", {"accept": "text/html"}, 200),
    ("GET", "/json", {"x": "a" * 40_000}, 431),
]
each_answer = pytest.mark.parametrize(("method", "path", "headers", "status"), EVERY, ids=range(len(EVERY)))


def ask(app: Application, method: str, path: str, headers: Dict[str, str]) -> ClientResponse:
    client = TestClient(app, raise_server_exceptions=False, follow_redirects=False)
    return client.request(method, path, headers=headers)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Application:
    return build(tmp_path_factory.mktemp("files"))


@pytest.fixture(scope="module")
def shielded(tmp_path_factory: pytest.TempPathFactory) -> Application:
    app = build(tmp_path_factory.mktemp("files"))
    app.add_middleware(SecurityMiddleware, rate_limit_requests=None)
    return app


@each_answer
def test_every_answer_says_what_it_is_and_is_taken_for_nothing_else(
    plain: Application, method: str, path: str, headers: Dict[str, str], status: int
) -> None:
    answer = ask(plain, method, path, headers)
    assert answer.status_code == status
    assert answer.headers.getlist("x-content-type-options") == ["nosniff"]
    assert answer.headers.getlist("x-frame-options") == ["DENY"]
    assert answer.headers.getlist("referrer-policy") == ["strict-origin-when-cross-origin"]
    kind = answer.headers.get("content-type")
    if answer.content:
        assert kind
        assert "charset=" in kind.lower() or not kind.startswith("text/")
    for name in ("server", "x-powered-by", "x-aspnet-version", "via"):
        assert name not in answer.headers


@each_answer
def test_every_page_has_a_policy_and_is_alone_in_its_window(
    plain: Application, method: str, path: str, headers: Dict[str, str], status: int
) -> None:
    answer = ask(plain, method, path, headers)
    if not answer.headers.get("content-type", "").startswith("text/html"):
        return
    policy = directives(answer.headers.getlist("content-security-policy"))
    assert policy["base-uri"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert policy.get("object-src", policy.get("default-src")) == "'none'"
    # The page of the API opens windows in which one logs in.
    opener = "same-origin-allow-popups" if path == "/docs" else "same-origin"
    assert answer.headers.getlist("cross-origin-opener-policy") == [opener]
    assert answer.headers.getlist("cross-origin-resource-policy") == ["same-origin"]
    permissions = answer.headers["permissions-policy"]
    assert {"camera=()", "microphone=()", "geolocation=()", "payment=()"} <= {*permissions.split(", ")}


def directives(policies: List[str]) -> Dict[str, str]:
    assert len(policies) == 1
    return {name: value for name, _, value in (one.strip().partition(" ") for one in policies[0].split(";"))}


@each_answer
def test_the_shield_says_all_of_it_on_every_answer_once(
    shielded: Application, method: str, path: str, headers: Dict[str, str], status: int
) -> None:
    answer = ask(shielded, method, path, headers)
    assert answer.status_code == status
    names = [name for name, _ in PAGE_HEADERS]
    # What the check of its head refuses reaches no middleware, and is no page.
    for name in names if status != 431 else []:
        assert len(answer.headers.getlist(name.decode())) == 1, name


def test_the_headers_are_these(plain: Application) -> None:
    """A snapshot: who changes what browsers are told changes this."""
    answer = ask(plain, "GET", "/page", {})
    assert dict(answer.headers) == {
        "content-type": "text/html; charset=utf-8",
        "content-length": "14",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "strict-origin-when-cross-origin",
        "content-security-policy": "object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": (
            "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"
        ),
    }


def test_the_headers_of_what_is_no_page_are_few(plain: Application) -> None:
    assert dict(ask(plain, "GET", "/json", {}).headers) == {
        "content-type": "application/json",
        "content-length": "7",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "strict-origin-when-cross-origin",
    }


def test_a_page_says_otherwise_where_it_means_otherwise() -> None:
    app = Application()

    @app.get("/own")
    async def own() -> HTMLResponse:
        said = {"Content-Security-Policy": "default-src 'self'", "Permissions-Policy": "camera=(self)"}
        return HTMLResponse("x", headers=said)

    @app.get("/framed")
    async def framed() -> HTMLResponse:
        return HTMLResponse("x", headers={"X-Frame-Options": "SAMEORIGIN"})

    client = TestClient(app)
    answer = client.get("/own")
    assert answer.headers.getlist("content-security-policy") == ["default-src 'self'"]
    assert answer.headers.getlist("permissions-policy") == ["camera=(self)"]
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    framed_page = client.get("/framed")
    assert framed_page.headers.getlist("x-frame-options") == ["SAMEORIGIN"]
    assert framed_page.headers["content-security-policy"] == "object-src 'none'; base-uri 'none'"


def test_who_adds_the_middleware_has_said_it_all() -> None:
    app = Application()
    left_out: Any = {
        "csp": None,
        "permissions_policy": None,
        "cross_origin_opener_policy": None,
        "cross_origin_resource_policy": None,
    }
    app.add_middleware(SecurityHeadersMiddleware, **left_out)

    @app.get("/")
    async def page() -> HTMLResponse:
        return HTMLResponse("x")

    answer = TestClient(app).get("/")
    for name, _ in PAGE_HEADERS:
        assert name.decode() not in answer.headers
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_no_script_of_a_page_runs_without_its_nonce() -> None:
    app = Application()
    app.add_middleware(SecurityMiddleware)

    @app.get("/")
    async def page(request: Request) -> HTMLResponse:
        return HTMLResponse(f'<script nonce="{csp_nonce(request)}">1</script>')

    found = set()
    for _ in range(3):
        answer = TestClient(app).get("/")
        policy = directives(answer.headers.getlist("content-security-policy"))
        assert "'unsafe-inline'" not in policy["script-src"]
        nonce = answer.text.partition('nonce="')[2].partition('"')[0]
        assert f"'nonce-{nonce}'" in policy["script-src"].split()
        assert len(nonce) >= 22  # 128 bits
        found.add(nonce)
    assert len(found) == 3


# HTTPS ---------------------------------------------------------------------------------------------------------------

PRODUCTION: Dict[str, Any] = {
    "environment": "production",
    "allowed_hosts": ["testserver"],
    "secret_key": "k" * 40,
}


@pytest.mark.parametrize(
    "path", ["/json", "/page", "/nowhere", "/broken", "/stream", "/files/a.txt", "/empty"]
)
def test_production_holds_browsers_to_https_for_a_year(path: str, tmp_path: Path) -> None:
    app = build(tmp_path, **PRODUCTION)

    def said(scheme: str) -> List[str]:
        client = TestClient(app, base_url=f"{scheme}://testserver", raise_server_exceptions=False)
        return client.get(path).headers.getlist("strict-transport-security")

    assert said("https") == ["max-age=31536000"]
    assert said("http") == []
    assert (
        TestClient(build(tmp_path), base_url="https://testserver", raise_server_exceptions=False)
        .get(path)
        .headers.getlist("strict-transport-security")
        == []
    )


def test_an_answer_or_the_middleware_says_it_otherwise() -> None:
    app = Application(**PRODUCTION)

    @app.get("/")
    async def own() -> Response:
        return Response("x", headers={"Strict-Transport-Security": "max-age=0"})

    @app.get("/plain")
    async def plain() -> int:
        return 1

    def said(path: str) -> List[str]:
        answer = TestClient(app, base_url="https://testserver").get(path)
        return answer.headers.getlist("strict-transport-security")

    assert said("/") == ["max-age=0"]
    other = Application(**PRODUCTION)
    other.add_middleware(SecurityHeadersMiddleware, hsts=None)
    other.get("/plain")(plain)
    app = other
    assert said("/plain") == []


# What nobody is told -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with served(build(tmp_path_factory.mktemp("files"), **PRODUCTION)) as server:
        yield server


@pytest.mark.parametrize(
    "path", ["/docs", "/redoc", "/scalar", "/openapi.json", "/metrics", "/admin", "/health"]
)
def test_production_shows_nothing_that_nobody_opted_into(production: Any, path: str) -> None:
    assert production.get(path).status == 404


def test_the_api_pages_of_production_are_there_where_they_are_asked_for(tmp_path: Path) -> None:
    app = build(tmp_path, **PRODUCTION, openapi_url="/openapi.json")
    assert TestClient(app).get("/docs").status_code == 200


@pytest.mark.parametrize("path", ["/json", "/nowhere", "/broken", "/files/a.txt"])
def test_a_server_does_not_say_what_it_is(production: Any, path: str) -> None:
    answer = production.get(path)
    said = {name.lower() for name, _ in answer.headers}
    assert not said & {"server", "x-powered-by", "via", "x-runtime"}
    assert b"microframe" not in answer.body.lower()
    assert b"uvicorn" not in answer.body.lower()


@pytest.mark.parametrize("path", ["/json", "/nowhere", "/files/a.txt", "/"])
def test_trace_repeats_nothing(production: Any, path: str) -> None:
    head = f"TRACE {path} HTTP/1.1\r\nHost: testserver\r\nCookie: secret=hunter2\r\n\r\n"
    answer = production.ask(head.encode())
    assert answer.status in (404, 405)
    assert b"hunter2" not in answer.body


@pytest.mark.parametrize("path", ["/files", "/files/", "/files/.", "/files/%2e"])
def test_no_folder_is_listed(production: Any, path: str) -> None:
    answer = production.get(path)
    assert b"a.txt" not in answer.body
    assert answer.status in (307, 308, 404)
