"""Mounts: other applications below a path, ours and any ASGI one: requests, streams, sockets, lifespans, names."""

import asyncio
import contextlib
import logging
from typing import Any, AsyncIterator, Callable, Dict, Iterable, List, Optional

import pytest
from asgiref.wsgi import WsgiToAsgi

from microframe import (
    AppConfig,
    Application,
    Depends,
    HTTPException,
    PlainTextResponse,
    Request,
    Response,
    Router,
    SetupError,
    StreamingResponse,
    WebSocket,
)
from microframe.endpoint import Endpoint
from microframe.exceptions import ForbiddenException
from microframe.http.connection import Connection
from microframe.testing import AsyncTestClient, WebSocketDenied

pytestmark = pytest.mark.virtual_time

App = Callable[[Any, Any, Any], Any]


def client_of(app: Application, **options: Any) -> AsyncTestClient:
    return AsyncTestClient(app, follow_redirects=False, **options)


def start(status: int = 200, *headers: "tuple[bytes, bytes]") -> Dict[str, Any]:
    return {"type": "http.response.start", "status": status, "headers": list(headers)}


def piece(body: bytes = b"", more: bool = False) -> Dict[str, Any]:
    return {"type": "http.response.body", "body": body, "more_body": more}


def only_http(app: App) -> App:
    """An application that refuses the lifespan, as small ones do."""

    async def checked(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        await app(scope, receive, send)

    return checked


def mounted(app: App, path: str = "/mount", **options: Any) -> Application:
    outer = Application(**options)
    outer.mount(path, only_http(app))
    return outer


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Says what it was asked, and repeats the body."""
    await send(start(200, (b"Content-Type", b"text/plain"), (b"x-root", scope["root_path"].encode())))
    told = f"{scope['method']} {scope['path']} {scope['raw_path'].decode()}?{scope['query_string'].decode()}|"
    await send(piece(told.encode(), True))
    while True:
        message = await receive()
        await send(piece(message["body"], message["more_body"]))
        if not message["more_body"]:
            return


# Our own applications ---------------------------------------------------------------------------------------


def inner_application(**options: Any) -> Application:
    inner = Application(title="inner", **options)

    @inner.get("/cards/{number}", name="card")
    async def card(request: Request, number: int) -> Dict[str, Any]:
        return {
            "path": request.path,
            "root_path": request.root_path,
            "url": str(request.url),
            "again": str(request.url_for("card", number=number + 1)),
            "app": request.app.name,  # type: ignore[attr-defined]
        }

    @inner.get("/fail")
    async def fail() -> None:
        raise LookupError("a secret of the inner one")

    @inner.websocket("/live")
    async def live(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text(f"{socket.root_path} {socket.path}")

    return inner


async def test_an_application_in_another_sees_its_own_paths() -> None:
    outer = Application()
    outer.mount("/boards", inner_application(), name="boards")
    client = client_of(outer, root_path="/api")
    assert (await client.get("/boards/cards/1")).json() == {
        "path": "/cards/1",
        "root_path": "/api/boards",
        "url": "http://testserver/api/boards/cards/1",
        "again": "http://testserver/api/boards/cards/2",
        "app": "inner",
    }
    assert outer.url_path_for("boards:card", number=7) == "/boards/cards/7"
    assert (await client.get("/boards/cards/x")).status_code == 422
    assert (await client.post("/boards/cards/1")).headers["allow"] == "GET, HEAD, OPTIONS"
    redirect = await client.get("/boards/cards/1/?x=1")
    assert redirect.headers["location"] == "/api/boards/cards/1?x=1"


async def test_a_mount_answers_its_own_path_with_and_without_a_slash() -> None:
    outer, inner = Application(), Application()

    @inner.get("/")
    async def index() -> str:
        return "index"

    outer.mount("/boards/", inner)
    client = client_of(outer)
    assert (await client.get("/boards")).json() == (await client.get("/boards/")).json() == "index"
    assert (await client.get("/boardsx")).status_code == 404


async def test_what_is_encoded_in_a_mounted_path_stays_one_segment() -> None:
    outer, inner = Application(), Application()

    @inner.get("/files/{name}", name="file")
    async def file(request: Request, name: str) -> List[str]:
        return [request.path_params["tenant"], name, str(request.url), str(request.url_for("file", name="x"))]

    outer.mount("/{tenant}", inner)
    found = (await client_of(outer).get("/a%2Fb/files/c%2Fd%2525")).json()
    assert found[:2] == ["a/b", "c/d%25"]
    assert "%252F" not in found[2]
    assert found[3] == "http://testserver/a/b/files/x"


async def test_mounts_nest() -> None:
    app = inner_application()
    for level in range(5):
        outer = Application()
        outer.mount(f"/level{level}", app, name=f"level{level}")
        app = outer
    found = (await client_of(app).get("/level4/level3/level2/level1/level0/cards/1")).json()
    assert (found["path"], found["root_path"]) == ("/cards/1", "/level4/level3/level2/level1/level0")
    name = "level4:level3:level2:level1:level0:card"
    assert app.url_path_for(name, number=1) == "/level4/level3/level2/level1/level0/cards/1"


async def test_routes_beside_a_mount_at_the_root_win() -> None:
    outer = Application()

    @outer.get("/own")
    async def own() -> str:
        return "own"

    outer.mount("/", inner_application())
    client = client_of(outer)
    assert (await client.get("/own")).json() == "own"
    assert (await client.get("/cards/1")).json()["app"] == "inner"
    assert (await client.get("/nowhere")).json()["code"] == "not_found"


async def test_its_errors_are_its_own() -> None:
    inner = inner_application(error_format="detail")
    inner.add_exception_handler(404, lambda request, exc: PlainTextResponse("inner 404", 404))
    outer = Application(exception_handlers={404: lambda request, exc: PlainTextResponse("outer 404", 404)})
    outer.mount("/inner", inner)
    client = client_of(outer, raise_server_exceptions=False)
    assert (await client.get("/inner/nowhere")).text == "inner 404"
    assert (await client.get("/nowhere")).text == "outer 404"
    failed = await client.get("/inner/fail")
    assert (failed.status_code, failed.json()) == (500, {"detail": "Internal Server Error"}) or (
        failed.status_code,
        failed.json()["detail"],
    ) == (500, "Something went wrong here; it has been noted under the request id.")
    with pytest.raises(LookupError, match="secret"):
        await client_of(outer).get("/inner/fail")


async def test_its_failure_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    outer = Application()
    outer.mount("/inner", inner_application())
    response = await client_of(outer, raise_server_exceptions=False).get("/inner/fail")
    assert response.status_code == 500
    assert "secret" not in response.text
    assert len(caplog.records) == 1


@contextlib.asynccontextmanager
async def inner_life(app: Application) -> AsyncIterator[Dict[str, Any]]:
    app.state.alive = True
    yield {"pool": "inner pool", "only": "inner"}
    app.state.alive = False


@contextlib.asynccontextmanager
async def outer_life(app: Application) -> AsyncIterator[Dict[str, Any]]:
    yield {"pool": "outer pool"}


async def test_its_lifespan_runs_and_its_requests_see_their_own_state() -> None:
    inner = Application(lifespan=inner_life)
    seen: List[Any] = []

    @inner.get("/state")
    async def state(request: Request) -> Dict[str, Any]:
        request.state.noted_inside = True
        return dict(request.state.items())

    @inner.websocket("/state")
    async def socket_state(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_json(dict(socket.state.items()))

    outer = Application(lifespan=outer_life)

    @outer.middleware("http")
    async def note(request: Request, call_next: Endpoint) -> Response:
        request.state.user = "ada"
        response = await call_next(request)
        seen.append(dict(request.state.items()))
        return response

    outer.mount("/inner", inner)
    async with client_of(outer) as client:
        assert inner.state.alive is True
        found = (await client.get("/inner/state")).json()
        assert found == {"pool": "inner pool", "only": "inner", "user": "ada", "noted_inside": True}
        # What is noted inside is seen outside, where the outer lifespan's values are as they were.
        assert seen == [{"pool": "outer pool", "user": "ada", "noted_inside": True}]
        async with client.websocket_connect("/inner/state") as socket:
            assert await socket.receive_json() == {"pool": "inner pool", "only": "inner"}
    assert inner.state.alive is False


async def test_what_the_request_noted_wins_over_the_lifespans_state() -> None:
    inner = Application(lifespan=inner_life)

    @inner.get("/state")
    async def state(request: Request) -> List[Any]:
        before = request.state.pool
        request.state.only = "written"
        del request.state.pool
        return [before, request.state.only, "pool" in request.state, len(request.state)]

    outer = Application()

    @outer.middleware("http")
    async def note(request: Request, call_next: Endpoint) -> Response:
        request.state.pool = "of this request"
        return await call_next(request)

    outer.mount("/inner", inner)
    async with client_of(outer) as client:
        assert (await client.get("/inner/state")).json() == ["of this request", "written", False, 1]


async def test_an_application_mounted_twice_lives_once() -> None:
    times: List[str] = []

    async def life(app: Application) -> AsyncIterator[None]:
        times.append("start")
        yield
        times.append("stop")

    inner = Application(lifespan=life)
    inner.get("/x")(lambda: None)
    middle = Application()
    middle.mount("/inner", inner)
    outer = Application()
    outer.mount("/a", inner)
    outer.mount("/b", inner)
    outer.mount("/c", middle)
    async with client_of(outer) as client:
        assert times == ["start"]
        for path in ("/a/x", "/b/x", "/c/inner/x"):
            assert (await client.get(path)).status_code == 200
    assert times == ["start", "stop"]


async def test_a_mounted_application_is_open_to_overrides() -> None:
    async def who() -> str:
        return "the real one"

    async def somebody_else() -> str:
        return "somebody else"

    inner = Application()

    @inner.get("/who")
    async def show(name: str = Depends(who)) -> str:
        return name

    outer = Application()
    outer.mount("/inner", inner)
    client = client_of(outer)
    with inner.override({who: somebody_else}):
        assert (await client.get("/inner/who")).json() == "somebody else"
    assert (await client.get("/inner/who")).json() == "the real one"


async def test_guards_of_a_mounted_application_hold_for_requests_and_sockets() -> None:
    async def deny(connection: Connection) -> Optional[Response]:
        return PlainTextResponse("inner guard", 403)

    inner = inner_application(guards=[deny])
    outer = Application()
    outer.mount("/inner", inner)
    client = client_of(outer)
    assert (await client.get("/inner/cards/1")).text == "inner guard"
    with pytest.raises(WebSocketDenied) as caught:
        await client.websocket_connect("/inner/live").__aenter__()
    assert (caught.value.response.status_code, caught.value.response.text) == (403, "inner guard")


async def test_guards_of_a_router_hold_for_what_is_mounted_in_it() -> None:
    async def deny(connection: Connection) -> Optional[Response]:
        raise ForbiddenException("the router's guard")

    outer, router = Application(), Router(prefix="/guarded", guards=[deny])
    router.mount("/own", inner_application())
    router.mount("/asgi", echo_socket)
    outer.include_router(router)
    client = client_of(outer)
    for path in ("/guarded/own", "/guarded/asgi"):
        assert (await client.get(f"{path}/cards/1")).json()["detail"] == "the router's guard"
        with pytest.raises(WebSocketDenied) as caught:
            await client.websocket_connect(f"{path}/live").__aenter__()
        assert caught.value.response.json()["detail"] == "the router's guard"


async def test_allowed_hosts_of_a_mounted_application_hold_for_sockets() -> None:
    inner = inner_application(allowed_hosts=["inner.test"])
    outer = Application()
    outer.mount("/inner", inner)
    client = client_of(outer)
    headers = {"host": "inner.test"}
    assert (await client.get("/inner/cards/1", headers=headers)).status_code == 200
    assert (await client.get("/inner/cards/1")).status_code == 400
    async with client.websocket_connect("/inner/live", headers=headers) as socket:
        assert await socket.receive_text() == "/inner /live"
    with pytest.raises(WebSocketDenied) as caught:
        await client.websocket_connect("/inner/live").__aenter__()
    assert caught.value.response.status_code == 400


async def test_the_smaller_limit_on_bodies_counts() -> None:
    async def size(request: Request) -> int:
        return len(await request.body())

    def app(limit: int) -> Application:
        made = Application(max_body_size=limit)
        made.post("/size")(size)
        made.post("/more", max_body_size=300)(size)
        return made

    for outer_limit, inner_limit in ((100, 200), (200, 100)):
        outer = app(outer_limit)
        outer.mount("/inner", app(inner_limit))
        client = client_of(outer)
        assert (await client.post("/inner/size", content=bytes(100))).json() == 100
        assert (await client.post("/inner/size", content=bytes(101))).status_code == 413
        assert (await client.post("/inner/more", content=bytes(300))).json() == 300


async def test_a_routers_limit_on_bodies_holds_for_what_is_mounted_in_it() -> None:
    outer, router = Application(), Router(max_body_size=10)
    router.mount("/asgi", only_http(echo))
    outer.include_router(router)
    client = client_of(outer)
    assert (await client.post("/asgi", content=bytes(10))).status_code == 200


async def test_exception_handlers_of_a_router_cover_what_is_mounted_in_it() -> None:
    async def fail(scope: Any, receive: Any, send: Any) -> None:
        raise LookupError("x")

    async def handler(request: Request, exc: Exception) -> Response:
        return PlainTextResponse(f"handled {request.path}")

    outer, router = Application(), Router(exception_handlers={LookupError: handler})
    router.mount("/asgi", only_http(fail))
    outer.include_router(router)
    assert (await client_of(outer).get("/asgi/x")).text == "handled /asgi/x"


async def test_asgi_middleware_of_a_mounted_application_is_not_forgotten() -> None:
    class Stamp:
        def __init__(self, app: App) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            async def stamped(message: Any) -> None:
                if message["type"] in ("http.response.start", "websocket.accept"):
                    message = {**message, "headers": [*message.get("headers", ()), (b"x-stamp", b"1")]}
                await send(message)

            await self.app(scope, receive, stamped)

    inner = inner_application(lifespan=inner_life)
    inner.add_middleware(Stamp)
    outer = Application()
    outer.mount("/inner", inner, name="inner")
    async with client_of(outer) as client:
        assert inner.state.alive is True
        response = await client.get("/inner/cards/1")
        assert response.headers["x-stamp"] == "1"
        assert response.json()["root_path"] == "/inner"
        assert outer.url_path_for("inner:card", number=1) == "/inner/cards/1"
        async with client.websocket_connect("/inner/live") as socket:
            assert socket.headers["x-stamp"] == "1"
            assert await socket.receive_text() == "/inner /live"
    assert inner.state.alive is False


# Any ASGI application ---------------------------------------------------------------------------------------


async def test_an_asgi_application_is_asked_and_answers() -> None:
    response = await client_of(mounted(echo), root_path="/api").post(
        "/mount/a%2Fb%20c?x=%2F&y", content=b"body"
    )
    assert response.text == "POST /api/mount/a/b c /api/mount/a/b%20c?x=%2F&y|body"
    assert response.headers["x-root"] == "/api/mount"
    assert response.headers["content-type"] == "text/plain"
    assert response.headers["x-content-type-options"] == "nosniff"


async def test_middleware_and_guards_cover_an_asgi_application() -> None:
    app = mounted(echo)

    @app.middleware("http")
    async def stamp(request: Request, call_next: Endpoint) -> Response:
        response = await call_next(request)
        response.headers["x-stamp"] = "1"
        return response

    response = await client_of(app).get("/mount/x")
    assert response.headers["x-stamp"] == "1"


async def test_an_applications_own_length_is_kept() -> None:
    async def sized(scope: Any, receive: Any, send: Any) -> None:
        await send(start(200, (b"Content-Length", b"4"), (b"X-Frame-Options", b"SAMEORIGIN")))
        await send(piece(b"four"))

    response = await client_of(mounted(sized)).get("/mount")
    assert response.headers.getlist("content-length") == ["4"]
    assert response.headers.getlist("x-frame-options") == ["SAMEORIGIN"]


async def test_a_wsgi_application_behind_asgirefs_adapter_is_served() -> None:
    def wsgi(environ: Dict[str, Any], respond: Any) -> Iterable[bytes]:
        respond("200 OK", [("Content-Type", "text/plain"), ("X-Script", environ["SCRIPT_NAME"])])
        return [environ["PATH_INFO"].encode(), b" ", environ["wsgi.input"].read()]

    app = Application()
    app.mount("/wsgi", only_http(WsgiToAsgi(wsgi)))  # type: ignore[no-untyped-call]
    response = await client_of(app).post("/wsgi/x/y", content=b"body")
    assert (response.status_code, response.headers["x-script"]) == (200, "/wsgi")
    assert response.text.endswith(" body")


async def test_an_endpoint_is_mounted_as_it_is() -> None:
    async def endpoint(request: Request) -> Response:
        return PlainTextResponse(f"{request.method} {request.path} {request.path_params}")

    app = Application()
    app.mount("/{tenant}/files", endpoint)
    response = await client_of(app).put("/blue/files/a/b")
    assert response.text == "PUT /a/b {'tenant': 'blue'}"


async def test_the_state_of_its_lifespan_reaches_its_requests() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            assert (await receive())["type"] == "lifespan.startup"
            scope["state"]["pool"] = "open"
            await send({"type": "lifespan.startup.complete"})
            assert (await receive())["type"] == "lifespan.shutdown"
            scope["state"]["pool"] = "closed"
            await send({"type": "lifespan.shutdown.complete"})
            return
        await send(start())
        await send(piece(str(sorted(scope["state"].items())).encode()))

    outer = Application(lifespan=outer_life)
    outer.mount("/mount", app)
    async with client_of(outer) as client:
        assert (await client.get("/mount")).text == "[('pool', 'open')]"


@pytest.mark.parametrize("app", [object(), Application, "text", lambda: None, lambda a, b, c, d: None])
def test_what_is_no_application_is_refused(app: Any) -> None:
    outer = Application()
    outer.mount("/x", app)
    with pytest.raises(SetupError, match="mount /x"):
        outer.build()


def test_two_equal_mounts_are_refused() -> None:
    outer = Application()
    outer.mount("/x", Application())
    outer.mount("/x/", only_http(echo))
    with pytest.raises(SetupError, match="two equal mounts"):
        outer.build()


# Streams through mounts -------------------------------------------------------------------------------------


async def test_pieces_arrive_while_they_are_made() -> None:
    said: List[str] = []

    async def counting(scope: Any, receive: Any, send: Any) -> None:
        await send(start())
        for number in range(100):
            said.append(f"make {number}")
            await send(piece(b"%d " % number, True))
        await send(piece())

    async with client_of(mounted(counting)).stream("GET", "/mount") as response:
        pieces = response.aiter_bytes()
        assert await pieces.__anext__() == b"0 "
        for _ in range(20):
            await asyncio.sleep(0)
        # Back-pressure: it is not much ahead of its reader.
        assert len(said) < 8
        rest = [one async for one in pieces]
    assert rest[-1] == b"99 "


class Ticking:
    """An application that never ends by itself, and notes how it ended."""

    def __init__(self, listens: bool = False) -> None:
        self.listens = listens
        self.ended = ""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            raise AssertionError
        try:
            await send(start(200, (b"content-type", b"text/event-stream")))
            if self.listens:
                await receive()
                await send(piece(b"tick", True))
                self.ended = (await receive())["type"]
                return
            while True:
                await send(piece(b"tick", True))
                await asyncio.sleep(0)
        except BaseException as exc:
            self.ended = type(exc).__name__
            raise


async def test_an_application_ends_when_the_client_leaves() -> None:
    app = Ticking()
    outer = Application()
    outer.mount("/mount", app)
    async with client_of(outer).stream("GET", "/mount") as response:
        assert await response.aiter_bytes().__anext__() == b"tick"
    assert app.ended == "CancelledError"


@pytest.mark.parametrize("listens", [True, False])
async def test_an_application_ends_when_its_answer_is_dropped(listens: bool) -> None:
    app = Ticking(listens)
    outer = Application()

    @outer.middleware("http")
    async def replace(request: Request, call_next: Endpoint) -> Response:
        await call_next(request)
        return PlainTextResponse("something else")

    outer.mount("/mount", app)
    assert (await client_of(outer).get("/mount")).text == "something else"
    assert app.ended == ("http.disconnect" if listens else "Dropped")


@pytest.mark.parametrize("listens", [True, False])
async def test_a_head_request_does_not_wait_for_a_stream(listens: bool) -> None:
    app = Ticking(listens)
    outer = Application()
    outer.mount("/mount", app)
    response = await client_of(outer).head("/mount")
    assert (response.status_code, response.content) == (200, b"")
    assert app.ended


async def test_an_application_that_hears_nothing_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("microframe.asgi.mounted.GRACE", 0.01)
    ended: List[str] = []

    async def deaf(scope: Any, receive: Any, send: Any) -> None:
        await send(start())
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    assert (await client_of(mounted(deaf)).head("/mount")).status_code == 200
    assert ended == ["cancelled"]


async def test_what_an_application_does_after_its_answer_is_finished() -> None:
    done: List[str] = []

    async def working(scope: Any, receive: Any, send: Any) -> None:
        await send(start())
        await send(piece(b"answer"))
        await asyncio.sleep(0.01)
        done.append(scope["method"])

    client = client_of(mounted(working))
    assert (await client.get("/mount")).text == "answer"
    assert (await client.head("/mount")).status_code == 200
    assert done == ["GET", "HEAD"]


async def test_an_application_that_fails_before_its_answer_is_a_500(caplog: pytest.LogCaptureFixture) -> None:
    async def fail(scope: Any, receive: Any, send: Any) -> None:
        raise LookupError("a secret")

    response = await client_of(mounted(fail), raise_server_exceptions=False).get("/mount")
    assert response.status_code == 500
    assert response.headers["content-type"] == "application/problem+json"
    assert "secret" not in response.text
    assert len(caplog.records) == 1
    with pytest.raises(LookupError):
        await client_of(mounted(fail)).get("/mount")


async def test_an_application_that_raises_an_answer_is_answered(caplog: pytest.LogCaptureFixture) -> None:
    async def refuse(scope: Any, receive: Any, send: Any) -> None:
        raise HTTPException(409, "not twice")

    response = await client_of(mounted(refuse)).get("/mount")
    assert (response.status_code, response.json()["detail"]) == (409, "not twice")
    assert caplog.records == []


async def test_an_application_that_says_nothing_is_a_500(caplog: pytest.LogCaptureFixture) -> None:
    async def silent(scope: Any, receive: Any, send: Any) -> None:
        return

    response = await client_of(mounted(silent), raise_server_exceptions=False).get("/mount")
    assert response.status_code == 500
    assert "ended without an answer" in caplog.text


async def test_an_application_that_fails_in_its_answer_breaks_it(caplog: pytest.LogCaptureFixture) -> None:
    async def fail(scope: Any, receive: Any, send: Any) -> None:
        await send(start())
        await send(piece(b"some", True))
        raise LookupError("in the middle")

    with pytest.raises(Exception, match="in the middle"):
        await client_of(mounted(fail)).get("/mount")
    assert len(caplog.records) == 1


async def test_an_application_that_stops_in_its_answer_breaks_it(caplog: pytest.LogCaptureFixture) -> None:
    async def stop(scope: Any, receive: Any, send: Any) -> None:
        await send(start())
        await send(piece(b"some", True))

    with pytest.raises(Exception, match="in the middle of its answer"):
        await client_of(mounted(stop)).get("/mount")
    assert len(caplog.records) == 1


async def test_a_failure_after_the_answer_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def fail(scope: Any, receive: Any, send: Any) -> None:
        await send(start())
        await send(piece(b"all"))
        raise LookupError("too late")

    response = await client_of(mounted(fail), raise_server_exceptions=False).get("/mount")
    assert response.text == "all"
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert "too late" in caplog.text


async def test_a_body_that_is_too_large_reaches_no_mounted_application() -> None:
    got: List[bytes] = []

    async def reading(scope: Any, receive: Any, send: Any) -> None:
        while True:
            message = await receive()
            got.append(message["body"])
            if not message["more_body"]:
                break
        await send(start())
        await send(piece(b"read"))

    client = client_of(mounted(reading, max_body_size=1000))
    assert (await client.post("/mount", content=bytes(1000))).text == "read"

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield bytes(100)

    got.clear()
    response = await client.post("/mount", content=pieces())
    assert (response.status_code, response.json()["code"]) == (413, "payload_too_large")
    assert sum(map(len, got)) <= 1000


async def test_a_stream_of_a_mounted_application_of_ours_is_closed_when_the_client_leaves() -> None:
    closed: List[str] = []

    async def ticks() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"tick"
                await asyncio.sleep(0)
        finally:
            closed.append("closed")

    inner, outer = Application(), Application()

    @inner.get("/ticks")
    async def stream() -> Response:
        return StreamingResponse(ticks())

    outer.mount("/inner", inner)
    async with client_of(outer).stream("GET", "/inner/ticks") as response:
        assert await response.aiter_bytes().__anext__() == b"tick"
    assert closed == ["closed"]


# Sockets through mounts -------------------------------------------------------------------------------------


async def echo_socket(scope: Any, receive: Any, send: Any) -> None:
    """Repeats what it hears; the path says how it ends."""
    assert scope["type"] == "websocket"
    assert (await receive())["type"] == "websocket.connect"
    if scope["path"].endswith("/fail"):
        raise LookupError("before")
    if scope["path"].endswith("/refuse"):
        await send({"type": "websocket.close", "code": 4000})
        return
    await send({"type": "websocket.accept", "subprotocol": (scope["subprotocols"] or [None])[0]})
    await send({"type": "websocket.send", "text": f"{scope['root_path']}|{scope['path']}"})
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            return
        if message.get("text") == "fail":
            raise LookupError("after")
        if message.get("text") == "bye":
            return
        await send({"type": "websocket.send", "text": message.get("text"), "bytes": message.get("bytes")})


def with_sockets(**options: Any) -> Application:
    outer = Application(**options)
    outer.mount("/mount", echo_socket)
    return outer


async def test_a_socket_of_an_asgi_application_is_its_own() -> None:
    client = client_of(with_sockets(request_id_header="x-request-id"))
    async with client.websocket_connect("/mount/echo", ["chat"]) as socket:
        assert socket.accepted_subprotocol == "chat"
        assert await socket.receive_text() == "/mount|/mount/echo"
        assert socket.headers["x-request-id"]
        await socket.send_text("hello")
        assert await socket.receive_text() == "hello"
        await socket.send_bytes(b"\x00\xff")
        assert await socket.receive_bytes() == b"\x00\xff"


async def test_a_socket_that_a_mounted_application_leaves_is_closed() -> None:
    async with client_of(with_sockets()).websocket_connect("/mount/echo") as socket:
        await socket.receive_text()
        await socket.send_text("bye")
        assert (await socket.receive())["code"] == 1000


async def test_a_mounted_applications_refusal_stands() -> None:
    with pytest.raises(WebSocketDenied) as caught:
        await client_of(with_sockets()).websocket_connect("/mount/refuse").__aenter__()
    assert caught.value.response.status_code == 403


async def test_a_mounted_application_that_fails_denies_or_closes(caplog: pytest.LogCaptureFixture) -> None:
    client = client_of(with_sockets(), raise_server_exceptions=False)
    with pytest.raises(WebSocketDenied) as caught:
        await client.websocket_connect("/mount/fail").__aenter__()
    assert caught.value.response.status_code == 500
    assert caught.value.response.headers["content-type"] == "application/problem+json"
    async with client.websocket_connect("/mount/echo") as socket:
        await socket.receive_text()
        await socket.send_text("fail")
        assert (await socket.receive())["code"] == 1011
    assert len(caplog.records) == 2


async def test_a_socket_of_a_mounted_application_of_ours_is_limited_by_both() -> None:
    inner = Application(AppConfig(websocket_max_message_size=10))

    @inner.websocket("/echo")
    async def echo_back(socket: WebSocket) -> None:
        await socket.accept()
        async for message in socket:
            await socket.send(message)

    outer = Application(AppConfig(websocket_max_message_size=100))
    outer.mount("/inner", inner)
    async with client_of(outer).websocket_connect("/inner/echo") as socket:
        await socket.send_text("x" * 10)
        assert await socket.receive_text() == "x" * 10
        await socket.send_text("x" * 11)
        assert (await socket.receive())["code"] == 1009


ORIGINS = ["https://outer.example", "https://inner.example"]


@pytest.mark.parametrize(
    ("outer_allows", "inner_allows"),
    [((), ()), ((0,), ()), ((), (1,)), ((0,), (1,)), ((1,), (1,))],
)
async def test_the_origins_of_a_mounted_application_count_for_its_own_sockets_alone(
    outer_allows: "tuple[int, ...]", inner_allows: "tuple[int, ...]"
) -> None:
    inner = inner_application(websocket_allowed_origins=[ORIGINS[number] for number in inner_allows])
    outer = inner_application(websocket_allowed_origins=[ORIGINS[number] for number in outer_allows])
    outer.mount("/inner", inner)
    outer.mount("/asgi", echo_socket)

    async def opens(path: str, origin: str) -> bool:
        headers = {"origin": origin, "cookie": "session=1"}
        try:
            async with client_of(outer).websocket_connect(path, headers=headers):
                return True
        except WebSocketDenied as exc:
            return exc.response.status_code != 403

    for number, origin in enumerate(ORIGINS):
        assert await opens("/live", origin) == (number in outer_allows)
        assert await opens("/asgi/live", origin) == (number in outer_allows)
        assert await opens("/inner/live", origin) == (number in outer_allows + inner_allows)
    assert await opens("/inner/live", "http://testserver")
    assert not await opens("/inner/live", "https://elsewhere.example")


@pytest.mark.parametrize(
    ("limit", "path", "status"),
    [
        ({"max_header_count": 4}, "/cards/1", 431),
        ({"max_header_size": 100}, "/cards/1", 431),
        ({"max_path_size": 30}, "/cards/1?q=" + "x" * 40, 414),
        ({"max_query_params": 2}, "/cards/1?a=1&b=2&c=3", 400),
    ],
)
@pytest.mark.parametrize("smaller", ["inner", "outer"])
async def test_the_smaller_limits_on_heads_count(
    smaller: str, limit: Dict[str, int], path: str, status: int
) -> None:
    lines = {f"x-{number}": "x" * 20 for number in range(5)}
    outer = inner_application(**limit if smaller == "outer" else {})
    outer.mount("/inner", inner_application(**limit if smaller == "inner" else {}))
    client = client_of(outer)
    answer = await client.get(f"/inner{path}", headers=lines)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert (await client.get(path, headers=lines)).status_code == (status if smaller == "outer" else 200)
    with pytest.raises(WebSocketDenied) as denied:
        await client.websocket_connect("/inner/live?" + path.partition("?")[2], headers=lines).__aenter__()
    assert denied.value.response.status_code == status
