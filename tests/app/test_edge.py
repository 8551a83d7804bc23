"""The edge: which heads are let in, what every answer carries, and what the server is told."""

import asyncio
import logging
from typing import Any, AsyncIterator, Dict, List, Optional, Tuple

import pytest

from microframe import (
    Application,
    Depends,
    PlainTextResponse,
    Request,
    Response,
    Router,
    StreamingResponse,
    WebSocket,
)
from microframe.testing import AsyncTestClient

pytestmark = pytest.mark.virtual_time

Pairs = List[Tuple[bytes, bytes]]

HOST = (b"host", b"testserver")
SECURE = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "strict-origin-when-cross-origin",
}


def scope_of(path: str = "/", headers: Optional[Pairs] = None, **more: Any) -> Dict[str, Any]:
    """A message head as a server gives it, whatever it holds."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode("utf-8", "replace"),
        "query_string": b"",
        "root_path": "",
        "headers": [HOST] if headers is None else headers,
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
        **more,
    }


class Sent(List[Dict[str, Any]]):
    """What an application sent."""

    @property
    def status(self) -> int:
        return int(self[0]["status"])

    @property
    def headers(self) -> Dict[str, str]:
        pairs = [(name.decode(), value.decode("latin-1")) for name, value in self[0]["headers"]]
        found = dict(pairs)
        assert len(found) == len(pairs), f"a header was sent twice: {pairs}"
        return found

    @property
    def body(self) -> bytes:
        return b"".join([message.get("body", b"") for message in self[1:]])


async def ask(app: Any, scope: Dict[str, Any], *received: Dict[str, Any]) -> Sent:
    """Call an application as a server does; after `received` the client is silent."""
    waiting = [*received] or [{"type": "http.request", "body": b"", "more_body": False}]
    sent = Sent()

    async def receive() -> Dict[str, Any]:
        if waiting:
            return waiting.pop(0)
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent


def echoing(**options: Any) -> Application:
    app = Application(**options)

    @app.get("/")
    @app.get("/{path:path}")
    async def show(request: Request) -> Dict[str, Any]:
        return {"path": request.path, "host": request.host, "url": str(request.url)}

    return app


# Heads ------------------------------------------------------------------------------------------------------


def many(number: int) -> Pairs:
    return [HOST, *((b"x-%d" % index, b"") for index in range(number - 1))]


@pytest.mark.parametrize(
    ("name", "scope", "status", "code"),
    [
        ("no host", scope_of(headers=[]), 400, "bad_request"),
        ("two hosts", scope_of(headers=[HOST, HOST]), 400, "bad_request"),
        ("no name", scope_of(headers=[(b"host", b"")]), 400, "bad_request"),
        ("a path in it", scope_of(headers=[(b"host", b"x/public?")]), 400, "bad_request"),
        ("a user in it", scope_of(headers=[(b"host", b"me@x")]), 400, "bad_request"),
        ("a space in it", scope_of(headers=[(b"host", b"a b")]), 400, "bad_request"),
        ("no number", scope_of(headers=[(b"host", b"x:http")]), 400, "bad_request"),
        ("a large number", scope_of(headers=[(b"host", b"x:65536")]), 400, "bad_request"),
        ("bytes", scope_of(headers=[(b"host", b"\xff\xfe")]), 400, "bad_request"),
        ("long", scope_of(headers=[(b"host", b"a" * 1000)]), 400, "bad_request"),
        ("101 headers", scope_of(headers=many(101)), 431, "headers_too_large"),
        ("one large header", scope_of(headers=[HOST, (b"x", bytes(40_000))]), 431, "headers_too_large"),
        (
            "large headers",
            scope_of(headers=[HOST, *[(b"cookie", b"a=1" * 300)] * 40]),
            431,
            "headers_too_large",
        ),
        ("a long path", scope_of("/" + "a" * 8192), 414, "uri_too_long"),
        ("a long query", scope_of("/", query_string=b"a" * 8192), 414, "uri_too_long"),
        ("no slash", scope_of("x"), 400, "bad_request"),
        ("a star", scope_of("*", method="OPTIONS"), 400, "bad_request"),
        ("no path", scope_of(""), 400, "bad_request"),
        ("a host as path", scope_of("@evil.test/x"), 400, "bad_request"),
    ],
    ids=lambda value: value if isinstance(value, str) and " " in value else "",
)
async def test_a_head_that_is_wrong_is_refused_with_a_problem(
    name: str, scope: Dict[str, Any], status: int, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    sent = await ask(echoing(), scope)
    assert sent.status == status
    assert sent.headers["content-type"] == "application/problem+json"
    assert {key: sent.headers[key] for key in SECURE} == SECURE
    assert f'"code":"{code}"'.encode() in sent.body
    assert sent.headers["content-length"] == str(len(sent.body))
    assert caplog.records == []


@pytest.mark.parametrize(
    "scope",
    [
        scope_of(headers=many(100)),
        scope_of(headers=[HOST, (b"x", bytes(32_000))]),
        scope_of("/" + "a" * 8191),
        scope_of(headers=[(b"host", b"[::1]:8000")]),
        scope_of(headers=[(b"host", b"EXAMPLE.com.")]),
        scope_of(headers=[(b"host", b"xn--bcher-kva.example:443")]),
    ],
    ids=["100 headers", "32 kB", "8 kB of path", "an IPv6 address", "a root dot", "punycode"],
)
async def test_a_head_within_its_bounds_is_served(scope: Dict[str, Any]) -> None:
    assert (await ask(echoing(), scope)).status == 200


async def test_a_wrong_head_of_a_socket_is_refused_the_same() -> None:
    app = Application()

    @app.websocket("/")
    async def live(socket: WebSocket) -> None:
        await socket.accept()

    for headers, status in (([], 400), ([HOST, HOST], 400), (many(101), 431)):
        scope = scope_of(headers=headers, type="websocket", extensions={"websocket.http.response": {}})
        sent = await ask(app, {**scope, "subprotocols": []}, {"type": "websocket.connect"})
        assert [message["type"] for message in sent] == [
            "websocket.http.response.start",
            "websocket.http.response.body",
        ]
        assert sent.status == status
        assert {key: sent.headers[key] for key in SECURE} == SECURE
        assert sent.headers["content-type"] == "application/problem+json"


async def test_hosts_that_were_seen_are_not_kept_without_end() -> None:
    app = echoing()
    for number in range(2000):
        scope = scope_of(headers=[(b"host", b"host%d.example" % number)])
        assert (await ask(app, scope)).status == 200
    for malformed in (b"a b", b"/", b"x:y"):
        for _ in range(2):
            assert (await ask(app, scope_of(headers=[(b"host", malformed)]))).status == 400


async def test_the_path_is_the_servers_whatever_the_host_says() -> None:
    app = echoing()
    body = (await ask(app, scope_of("/admin", [(b"host", b"good")]))).body
    assert body == b'{"path":"/admin","host":"good","url":"http://good/admin"}'


async def test_a_path_with_half_a_surrogate_pair_is_no_500() -> None:
    for path in ("/\udcff", "/\ud800", "/\x00", "/\r\n"):
        assert (await ask(Application(), scope_of(path, raw_path=b"/x"))).status == 404


@pytest.mark.parametrize("raw_path", [None, b"/a%20b%2Fc?x=1"])
async def test_a_server_without_a_raw_path_will_do(raw_path: Optional[bytes]) -> None:
    scope = scope_of("/a b/c", raw_path=raw_path)
    if raw_path is None:
        del scope["raw_path"]
    assert b'"path":"/a b%2Fc"' in (body := (await ask(echoing(), scope)).body) or b'"path":"/a b/c"' in body


@pytest.mark.parametrize(
    ("root_path", "path", "expected"),
    [
        ("/api", "/api/x", "/x"),
        ("/api", "/api", "/"),
        ("/api", "/api/", "/"),
        ("/api", "/apix", "/apix"),
        ("/api", "/x", "/x"),
        ("/a b", "/a b/x", "/x"),
        ("/api", "/api/api/x", "/api/x"),
    ],
)
async def test_the_path_begins_below_the_root_path(root_path: str, path: str, expected: str) -> None:
    sent = await ask(echoing(), scope_of(path, root_path=root_path))
    assert f'"path":"{expected}"'.encode() in sent.body
    assert f'http://testserver{root_path.replace(" ", "%20")}{expected}"'.encode() in sent.body


async def test_a_protocol_that_is_not_spoken_is_told() -> None:
    with pytest.raises(RuntimeError, match="not spoken here: webtransport"):
        await ask(Application(), scope_of(type="webtransport"))


# Answers ----------------------------------------------------------------------------------------------------


async def test_every_answer_carries_the_constant_headers() -> None:
    app = echoing()

    @app.get("/own/headers")
    async def own() -> Response:
        return Response("x", headers={"X-Frame-Options": "SAMEORIGIN"})

    @app.get("/fail/now")
    async def fail() -> None:
        raise LookupError

    @app.get("/pieces/now")
    async def pieces() -> Response:
        return StreamingResponse(iter(["a"]))

    client = AsyncTestClient(app, raise_server_exceptions=False)
    for path in ("/", "/fail/now", "/pieces/now", "/x"):
        headers = (await client.get(path)).headers
        assert {key: headers[key] for key in SECURE} == SECURE, path
    headers = (await client.get("/own/headers")).headers
    assert headers.getlist("x-frame-options") == ["SAMEORIGIN"]
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("status", [204, 304])
@pytest.mark.parametrize("kind", ["bytes", "stream"])
async def test_a_status_without_a_body_sends_none(status: int, kind: str) -> None:
    app = Application()

    @app.get("/")
    async def handler() -> Response:
        headers = {"content-length": "4", "etag": '"x"'}
        if kind == "bytes":
            return Response("body", status_code=status, headers=headers)
        return StreamingResponse(iter(["body"]), status_code=status, headers=headers)

    sent = await ask(app, scope_of())
    assert (sent.status, sent.body) == (status, b"")
    assert "content-length" not in sent.headers
    assert sent.headers["etag"] == '"x"'


async def test_the_length_is_the_bodys_whatever_the_handler_says() -> None:
    app = Application()

    @app.get("/")
    async def handler() -> Response:
        return Response("é", headers={"Content-Length": "1", "Transfer-Encoding": "chunked"})

    sent = await ask(app, scope_of())
    assert sent.headers["content-length"] == "2"
    assert "transfer-encoding" not in sent.headers


async def test_a_head_handler_may_say_the_length_of_what_it_does_not_send() -> None:
    app = Application()

    @app.head("/")
    async def handler() -> Response:
        return Response(headers={"Content-Length": "1000"})

    sent = await ask(app, scope_of(method="HEAD"))
    assert (sent.headers["content-length"], sent.body) == ("1000", b"")


async def test_one_response_may_answer_many_requests() -> None:
    app = Application(request_id_header="x-request-id")
    shared = Response("same")

    @app.get("/")
    async def handler() -> Response:
        return shared

    ids = [(await ask(app, scope_of())).headers["x-request-id"] for _ in range(3)]
    assert len(set(ids)) == 3
    assert [name for name, _ in shared.raw_headers] == []


async def test_the_answer_has_the_id_that_the_problem_has() -> None:
    client = AsyncTestClient(Application(request_id_header="x-request-id"))
    response = await client.get("/nowhere", headers={"x-request-id": "abc-1"})
    assert response.headers["x-request-id"] == response.json()["request_id"] == "abc-1"
    response = await client.get("/nowhere", headers={"x-request-id": "a b"})
    assert response.headers["x-request-id"] == response.json()["request_id"] != "a b"


# Clients that leave -----------------------------------------------------------------------------------------


def leaving(error: Optional[Exception]) -> Any:
    """A `send` that says, as servers may, that nobody is there any more."""

    async def send(message: Any) -> None:
        if error is not None:
            raise error

    return send


async def test_a_client_that_left_before_the_answer_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    notes: List[str] = []

    async def receive() -> Dict[str, Any]:
        return {"type": "http.disconnect"}

    app = echoing()

    @app.get("/pieces/now")
    async def pieces() -> Response:
        async def body() -> AsyncIterator[str]:
            try:
                yield "x"
            finally:
                notes.append("closed")

        return StreamingResponse(body())

    for path in ("/", "/pieces/now"):
        await app(scope_of(path), receive, leaving(ConnectionResetError("gone")))
    assert caplog.records == []
    assert notes in ([], ["closed"])


async def test_a_client_that_left_in_the_middle_of_its_body_is_no_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = Application()
    caught: List[str] = []

    @app.post("/")
    async def handler(request: Request) -> None:
        try:
            await request.body()
        except BaseException as exc:
            caught.append(type(exc).__name__)
            raise

    sent = await ask(
        app,
        scope_of(method="POST", headers=[HOST, (b"content-length", b"100")]),
        {"type": "http.request", "body": b"some", "more_body": True},
        {"type": "http.disconnect"},
    )
    assert (sent, caught) == ([], ["ClientDisconnect"])
    assert caplog.records == []


async def test_a_server_that_cancels_a_request_sees_it_cancelled(caplog: pytest.LogCaptureFixture) -> None:
    app, notes = Application(), []

    async def resource() -> AsyncIterator[int]:
        try:
            yield 1
        except BaseException as exc:
            notes.append(type(exc).__name__)
            raise

    waits = asyncio.Event()

    @app.get("/")
    async def slow(value: int = Depends(resource)) -> None:
        waits.set()
        await asyncio.Event().wait()

    task = asyncio.ensure_future(ask(app, scope_of()))
    await waits.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert notes == ["CancelledError"]
    assert caplog.records == []


async def test_a_server_that_fails_to_send_is_told_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async def receive() -> Dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    await echoing()(scope_of(), receive, leaving(RuntimeError("a fault of the server")))
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


# Cancelled with the client ----------------------------------------------------------------------------------


class Slow:
    """Handlers that wait until all have heard that the client has left, and note how they ended."""

    def __init__(self, **options: Any) -> None:
        self.ended: List[str] = []
        self.waits = asyncio.Event()
        self.heard = asyncio.Event()
        self.app = Application(**options)

    async def wait(self) -> str:
        self.waits.set()
        try:
            await self.heard.wait()
        except BaseException as exc:
            self.ended.append(type(exc).__name__)
            raise
        self.ended.append("finished")
        return "x"

    async def ask(self, path: str, method: str = "GET") -> Sent:
        gone = asyncio.Event()
        messages = [{"type": "http.request", "body": b"", "more_body": False}]
        sent = Sent()

        async def receive() -> Dict[str, Any]:
            if messages:
                return messages.pop()
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        task = asyncio.ensure_future(self.app(scope_of(path, method=method), receive, send))
        await self.waits.wait()
        gone.set()
        await asyncio.sleep(1)
        self.heard.set()
        await task
        return sent


@pytest.mark.parametrize(
    ("app", "router", "route", "ended"),
    [
        (False, None, None, "finished"),
        (True, None, None, "CancelledError"),
        (False, True, None, "CancelledError"),
        (False, None, True, "CancelledError"),
        (True, False, None, "finished"),
        (True, None, False, "finished"),
        (False, True, False, "finished"),
        (False, False, True, "CancelledError"),
    ],
)
async def test_a_handler_is_cancelled_with_its_client_where_that_is_wanted(
    app: bool,
    router: Optional[bool],
    route: Optional[bool],
    ended: str,
    caplog: pytest.LogCaptureFixture,
) -> None:

    slow = Slow(cancel_on_disconnect=app)
    options: Dict[str, Any] = {} if router is None else {"cancel_on_disconnect": router}
    routes = Router(prefix="/slow", **options)
    options = {} if route is None else {"cancel_on_disconnect": route}
    routes.get("", **options)(slow.wait)
    slow.app.include_router(routes)
    sent = await slow.ask("/slow")
    assert slow.ended == [ended]
    assert len(sent) == (0 if ended == "CancelledError" else 2)
    assert caplog.records == []


async def test_no_handler_for_exceptions_answers_a_client_that_left() -> None:

    slow, called = Slow(), []

    async def catch(request: Request, exc: Exception) -> Response:
        called.append(exc)
        return PlainTextResponse("caught")

    routes = Router(exception_handlers={Exception: catch})
    routes.get("/slow", cancel_on_disconnect=True)(slow.wait)
    slow.app.include_router(routes)
    slow.app.add_exception_handler(Exception, catch)
    assert await slow.ask("/slow") == []
    assert called == []
