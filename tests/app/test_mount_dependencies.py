"""Dependencies of routers and applications stand before what is mounted below them, whatever it is."""

from pathlib import Path as FilePath
from typing import Annotated, Any, AsyncIterator, Callable, Dict, Iterator, List, Optional

import pytest

from microframe import (
    Application,
    BackgroundTasks,
    Connection,
    Depends,
    Header,
    HTTPException,
    PlainTextResponse,
    Provided,
    Query,
    Request,
    Response,
    Router,
    SetupError,
    StaticFiles,
    StreamingResponse,
    WebSocket,
)
from microframe.testing import AsyncTestClient, WebSocketDenied

Notes = List[str]
TOKEN = {"x-token": "right"}


async def authenticate(x_token: Annotated[str, Header()] = "") -> None:
    if x_token != "right":
        raise HTTPException(401)


def own(reached: Notes, folder: FilePath) -> Any:
    app = Application()

    @app.get("/file.txt")
    async def show() -> Response:
        reached.append("own")
        return PlainTextResponse("content")

    @app.websocket("/live")
    async def live(socket: WebSocket) -> None:
        reached.append("own")
        await socket.accept()
        await socket.send_text("content")

    return app


def asgi(reached: Notes, folder: FilePath) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            raise RuntimeError("not spoken here")
        reached.append("asgi")
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.send", "text": "content"})
            await receive()
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"content"})

    return app


def wsgi(reached: Notes, folder: FilePath) -> Any:
    def app(environ: Dict[str, Any], start_response: Callable[..., Any]) -> List[bytes]:
        reached.append("wsgi")
        start_response("200 OK", [])
        return [b"content"]

    return app


def static(reached: Notes, folder: FilePath) -> Any:
    (folder / "file.txt").write_text("content")
    return StaticFiles(directory=folder)


def endpoint(reached: Notes, folder: FilePath) -> Any:
    async def answer(request: Request) -> Response:
        reached.append("endpoint")
        return PlainTextResponse("content")

    return answer


def of_a_router(app: object) -> Application:
    outer, router = Application(), Router(dependencies=[Depends(authenticate)])
    router.mount("/mount", app)
    outer.include_router(router)
    return outer


def of_an_inclusion(app: object) -> Application:
    outer, router = Application(), Router()
    router.mount("/mount", app)
    outer.include_router(router, dependencies=[Depends(authenticate)])
    return outer


def of_a_router_around(app: object) -> Application:
    outer, around, router = Application(), Router(dependencies=[Depends(authenticate)]), Router()
    router.mount("/mount", app)
    around.include_router(router)
    outer.include_router(around)
    return outer


def of_the_application(app: object) -> Application:
    outer = Application(dependencies=[Depends(authenticate)])
    outer.mount("/mount", app)
    return outer


def of_an_application_around(app: object) -> Application:
    outer, middle = Application(dependencies=[Depends(authenticate)]), Application()
    middle.mount("/mount", app)
    outer.mount("/", middle)
    return outer


PLACES = [of_a_router, of_an_inclusion, of_a_router_around, of_the_application, of_an_application_around]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", [own, asgi, wsgi, static, endpoint])
async def test_nothing_mounted_is_reached_without_what_the_dependency_demands(
    kind: Any, place: Any, tmp_path: FilePath
) -> None:
    reached: Notes = []
    app = place(kind(reached, tmp_path))
    client = AsyncTestClient(app)
    for path in ("/mount/file.txt", "/mount/", "/mount", "/mount/no-such-file"):
        assert (await client.get(path)).status_code == 401
        assert (await client.post(path)).status_code == 401
    assert reached == []
    assert (await client.get("/mount/file.txt", headers=TOKEN)).text == "content"
    app.injector.threads.close()


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", [own, asgi])
async def test_no_socket_is_either(kind: Any, place: Any, tmp_path: FilePath) -> None:
    reached: Notes = []
    client = AsyncTestClient(place(kind(reached, tmp_path)))
    with pytest.raises(WebSocketDenied) as denied:
        await client.websocket_connect("/mount/live").__aenter__()
    assert denied.value.response.status_code == 401
    assert reached == []
    async with client.websocket_connect("/mount/live", headers=TOKEN) as socket:
        assert await socket.receive_text() == "content"


class Name(str): ...


async def test_a_dependency_sees_the_connection_as_the_routes_beside_the_mount_do() -> None:
    seen: List[Any] = []

    async def note(connection: Connection, tenant: str, name: Provided[Name], q: str = "") -> None:
        outside = connection.app.name  # type: ignore[attr-defined]
        seen.append((connection.path, connection.root_path, outside, tenant, name, q))

    inner, outer = Application(title="inner"), Application(title="outer")
    router = Router(prefix="/{tenant}", dependencies=[Depends(note)])

    @inner.get("/show")
    async def show(request: Request) -> "tuple[str, str]":
        return request.path, request.root_path

    @inner.websocket("/live")
    async def live(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text(f"{socket.path} {socket.root_path}")

    router.mount("/mount", inner)
    outer.provide(Name, lambda: Name("provided outside"))
    outer.include_router(router)
    client = AsyncTestClient(outer)
    assert (await client.get("/blue/mount/show?q=1")).json() == ["/show", "/blue/mount"]
    async with client.websocket_connect("/blue/mount/live?q=2") as socket:
        assert await socket.receive_text() == "/live /blue/mount"
    assert seen == [
        ("/blue/mount/show", "", "outer", "blue", "provided outside", "1"),
        ("/blue/mount/live", "", "outer", "blue", "provided outside", "2"),
    ]


async def test_what_it_opens_is_closed_after_the_mounts_answer_and_its_words_are_added() -> None:
    notes: Notes = []

    async def opens(response: Response, tasks: BackgroundTasks) -> AsyncIterator[None]:
        response.headers["x-tenant"] = "blue"
        tasks.add_task(notes.append, "task")
        notes.append("open")
        yield
        notes.append("closed")

    def brief() -> Iterator[None]:
        yield
        notes.append("closed early")

    inner = Application()
    outer = Application(dependencies=[Depends(opens), Depends(brief, scope="function")])

    @inner.get("/")
    async def show() -> Response:
        async def pieces() -> AsyncIterator[str]:
            notes.append("piece")
            yield "piece"

        return StreamingResponse(pieces())

    outer.mount("/inner", inner)
    answer = await AsyncTestClient(outer).get("/inner/")
    assert (answer.text, answer.headers["x-tenant"]) == ("piece", "blue")
    assert notes == ["open", "closed early", "piece", "task", "closed"]


@pytest.mark.parametrize("kind", ["own", "asgi", "endpoint"])
async def test_it_is_told_of_a_failure_of_what_is_mounted(kind: str) -> None:
    notes: Notes = []

    def opens(name: str) -> Callable[[], AsyncIterator[None]]:
        async def resource() -> AsyncIterator[None]:
            try:
                yield
            except LookupError as exc:
                notes.append(f"{name} {exc.args[0]}")
                raise

        return resource

    async def fail(*given: Any) -> None:
        raise LookupError("failed")

    async def fail_as_endpoint(request: Request) -> Response:
        raise LookupError("failed")

    own_app = Application()
    app: Any = {"own": own_app, "asgi": lambda a, b, c: fail(), "endpoint": fail_as_endpoint}[kind]
    if kind == "own":

        @own_app.get("/")
        async def handler() -> None:
            await fail()

    outer = Application(
        dependencies=[Depends(opens("request")), Depends(opens("function"), scope="function")]
    )
    outer.mount("/mount", app)
    client = AsyncTestClient(outer, raise_server_exceptions=False)
    assert (await client.get("/mount/")).status_code == 500
    assert notes == ["function failed", "request failed"]


async def test_a_socket_that_fails_closes_what_it_opens() -> None:
    notes: Notes = []

    async def opens() -> AsyncIterator[None]:
        try:
            yield
        finally:
            notes.append("closed")

    outer, inner = Application(dependencies=[Depends(opens)]), Application()

    @inner.websocket("/")
    async def fail(socket: WebSocket) -> None:
        raise HTTPException(418)

    outer.mount("/inner", inner)
    with pytest.raises(WebSocketDenied):
        await AsyncTestClient(outer).websocket_connect("/inner/").__aenter__()
    assert notes == ["closed"]


async def test_its_replacement_counts() -> None:
    app = of_a_router(own([], FilePath()))
    app.dependency_overrides[authenticate] = lambda: None
    assert (await AsyncTestClient(app).get("/mount/file.txt")).status_code == 200
    app.dependency_overrides.clear()
    assert (await AsyncTestClient(app).get("/mount/file.txt")).status_code == 401


async def test_what_it_reads_is_checked() -> None:
    async def limited(limit: Annotated[int, Query(le=10)]) -> None: ...

    outer = Application(dependencies=[Depends(limited)])
    outer.mount("/inner", own([], FilePath()))
    answer = await AsyncTestClient(outer).get("/inner/file.txt?limit=11")
    assert [error["loc"] for error in answer.json()["errors"]] == [["query", "limit"]]


async def of_requests(request: Request) -> None:
    await authenticate(request.headers.get("x-token", ""))


async def test_a_dependency_that_only_requests_can_be_asked_lets_no_socket_of_another_through() -> None:
    reached: Notes = []
    outer = Application(dependencies=[Depends(of_requests)])
    outer.mount("/asgi", asgi(reached, FilePath()))
    client = AsyncTestClient(outer)
    assert (await client.get("/asgi/file.txt")).status_code == 401
    assert (await client.get("/asgi/file.txt", headers=TOKEN)).text == "content"
    for headers in ({}, TOKEN):
        with pytest.raises(WebSocketDenied) as denied:
            await client.websocket_connect("/asgi/live", headers=headers).__aenter__()
        assert denied.value.response.status_code == 404
    assert reached == ["asgi"]


def test_around_sockets_of_an_application_of_ours_it_is_a_setup_error() -> None:
    outer = Application(dependencies=[Depends(of_requests)])
    outer.mount("/mount", own([], FilePath()))
    with pytest.raises(SetupError, match=r"request of of_requests \(.*:\d+\): a WebSocket has no Request"):
        outer.build()


async def unanswerable(cards: Provided[Application]) -> None: ...


@pytest.mark.parametrize(
    ("dependency", "message"),
    [
        (authenticate, r"must be Depends\(...\), not .*mount /mount -> Application"),
        (
            Depends(unanswerable),
            r"cards of unanswerable \(.*:\d+\): nobody provides Application \(mount /mount",
        ),
    ],
)
def test_one_that_cannot_work_is_a_setup_error_that_names_the_mount(
    dependency: Optional[Any], message: str
) -> None:
    outer = Application(dependencies=[dependency])
    outer.mount("/mount", Application())
    with pytest.raises(SetupError, match=message):
        outer.build()


async def test_guards_and_middleware_around_a_mount_see_the_whole_path() -> None:
    seen: Notes = []

    async def guard(connection: Connection) -> None:
        seen.append(f"guard {connection.path}")

    def middleware(endpoint: Any) -> Any:
        async def around(request: Request) -> Response:
            seen.append(f"middleware {request.path}")
            response: Response = await endpoint(request)
            return response

        return around

    outer, router = Application(), Router(prefix="/r", guards=[guard], middleware=[middleware])
    router.mount("/mount", own([], FilePath()))
    outer.include_router(router)
    client = AsyncTestClient(outer)
    assert (await client.get("/r/mount/file.txt")).text == "content"
    async with client.websocket_connect("/r/mount/live") as socket:
        await socket.receive_text()
    assert seen == ["guard /r/mount/file.txt", "middleware /r/mount/file.txt", "guard /r/mount/live"]
