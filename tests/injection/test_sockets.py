"""Sockets: the same dependencies and parameters, before anything is accepted."""

import asyncio
import logging
from typing import Annotated, Any, AsyncIterator, Dict, List, Optional

import pytest

from microframe import (
    Application,
    Connection,
    Context,
    Controller,
    Cookie,
    Depends,
    Header,
    HTTPException,
    Provided,
    Query,
    Router,
    WebSocket,
    WebSocketDisconnect,
    WebSocketException,
    route,
)
from microframe.testing import AsyncTestClient, WebSocketDenied


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)


async def receive(app: Application, path: str, **options: Any) -> Any:
    """The first message of a socket."""
    async with AsyncTestClient(app).websocket_connect(path, **options) as socket:
        return await socket.receive_json()


async def denied(app: Application, path: str, **options: Any) -> Any:
    with pytest.raises(WebSocketDenied) as caught:
        await AsyncTestClient(app).websocket_connect(path, **options).__aenter__()
    return caught.value.response


async def test_every_parameter_but_the_body_is_there() -> None:
    app = Application()

    @app.websocket("/rooms/{room}")
    async def live(
        room: int,
        socket: WebSocket,
        q: str,
        x_token: Annotated[str, Header()],
        session: Annotated[Optional[str], Cookie()] = None,
        tags: Annotated[List[str], Query()] = [],  # noqa: B006
    ) -> None:
        await socket.accept()
        await socket.send_json([room, q, x_token, session, tags])

    got = await receive(app, "/rooms/3?q=x&tags=a&tags=b", headers={"x-token": "t"})
    assert got == [3, "x", "t", None, ["a", "b"]]


async def test_a_wrong_parameter_denies_the_handshake_with_every_fault() -> None:
    app = Application()

    @app.websocket("/rooms/{room}")
    async def live(room: int, socket: WebSocket, q: str) -> None: ...

    response = await denied(app, "/rooms/x")
    assert (response.status_code, response.headers["content-type"]) == (422, "application/problem+json")
    assert [error["loc"] for error in response.json()["errors"]] == [["path", "room"], ["query", "q"]]


async def test_dependencies_of_every_level_run_before_accept() -> None:
    calls: List[str] = []

    def note(name: str) -> Any:
        async def dependency(connection: Connection) -> None:
            assert isinstance(connection, WebSocket)
            calls.append(f"{name} {connection.socket_state}")

        return Depends(dependency)

    router = Router("/r", dependencies=[note("router")])

    @router.websocket("/live", dependencies=[note("route")])
    async def live(socket: WebSocket, nothing: Annotated[None, note("own")]) -> None:
        await socket.accept()
        await socket.send_json(calls)

    app = Application(dependencies=[note("application")])
    app.include_router(router, dependencies=[note("inclusion")])
    names = ["application", "inclusion", "router", "route", "own"]
    assert await receive(app, "/r/live") == [f"{name} connecting" for name in names]


@pytest.mark.parametrize(
    ("error", "status"),
    [(HTTPException(401, "who?"), 401), (WebSocketException(1008, "no"), 403), (LookupError("own"), 500)],
    ids=lambda value: type(value).__name__,
)
async def test_a_dependency_that_refuses_denies_the_handshake(error: Exception, status: int) -> None:
    app = Application()

    async def refuse() -> None:
        raise error

    @app.websocket("/", dependencies=[Depends(refuse)])
    async def live(socket: WebSocket) -> None:
        await socket.accept()

    with pytest.raises((WebSocketDenied, LookupError)):
        await AsyncTestClient(app).websocket_connect("/").__aenter__()
    client = AsyncTestClient(app, raise_server_exceptions=False)
    with pytest.raises(WebSocketDenied) as caught:
        await client.websocket_connect("/").__aenter__()
    assert caught.value.response.status_code == status


async def test_resources_live_as_long_as_the_socket() -> None:
    app, events = Application(), []

    async def opened() -> AsyncIterator[str]:
        events.append("open")
        try:
            yield "value"
        except WebSocketDisconnect:
            events.append("told that the client left")
            raise
        finally:
            events.append("closed")

    @app.websocket("/")
    async def live(socket: WebSocket, value: Annotated[str, Depends(opened)]) -> None:
        await socket.accept()
        while True:
            await socket.send_text(await socket.receive_text() + value)

    async with AsyncTestClient(app).websocket_connect("/") as socket:
        await socket.send_text("a ")
        assert await socket.receive_text() == "a value"
        assert events == ["open"]
    assert events == ["open", "told that the client left", "closed"]


async def test_a_handler_that_returns_closes_its_resources() -> None:
    app, events = Application(), []

    async def opened() -> AsyncIterator[None]:
        yield
        events.append("closed")

    async def of_function() -> AsyncIterator[None]:
        yield
        events.append("function closed")

    @app.websocket("/")
    async def live(
        socket: WebSocket,
        a: Annotated[None, Depends(opened)],
        b: Annotated[None, Depends(of_function, scope="function")],
    ) -> None:
        await socket.accept()
        await socket.send_json(events)

    assert await receive(app, "/") == []
    assert events == ["function closed", "closed"]


async def test_provided_types_are_one_for_a_socket() -> None:
    app = Application()

    class Cards:
        def __init__(self, context: Context) -> None:
            self.context = context

    app.provide(Cards, Cards)

    async def dependency(cards: Cards) -> Cards:
        return cards

    @app.websocket("/")
    async def live(
        socket: WebSocket, cards: Provided[Cards], other: Annotated[Cards, Depends(dependency)]
    ) -> None:
        await socket.accept()
        same = cards is other is await socket.resolve(Cards) and cards.context is socket
        await socket.send_json(same)

    assert await receive(app, "/") is True


async def test_a_controller_has_sockets_too() -> None:
    app = Application()

    @app.controller("/rooms/{room}")
    class Rooms(Controller):
        def __init__(self, room: int) -> None:
            self.room = room

        @route.websocket("/live")
        async def live(self, socket: WebSocket, q: int) -> None:
            await socket.accept()
            await socket.send_json([self.room, q])

        @route.get("/live")
        async def show(self) -> Dict[str, int]:
            return {"room": self.room}

    assert await receive(app, "/rooms/4/live?q=5") == [4, 5]
    assert (await AsyncTestClient(app).get("/rooms/4/live")).json() == {"room": 4}


async def test_a_blocking_dependency_does_not_hold_the_loop() -> None:
    app = Application()

    def slow() -> bool:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return True
        return False

    @app.websocket("/")
    async def live(socket: WebSocket, off_loop: Annotated[bool, Depends(slow)]) -> None:
        await socket.accept()
        await socket.send_json(off_loop)

    assert await receive(app, "/") is True
    app.injector.threads.close()


async def test_two_sockets_share_nothing() -> None:
    app = Application()
    seen: List[object] = []

    async def value(socket: WebSocket) -> object:
        await asyncio.sleep(0)
        seen.append(socket)
        return object()

    @app.websocket("/{number}")
    async def live(socket: WebSocket, number: int, a: Annotated[object, Depends(value)]) -> None:
        await socket.accept()
        await socket.send_json([number, id(a)])

    got = await asyncio.gather(*(receive(app, f"/{number}") for number in range(10)))
    assert [number for number, _ in got] == list(range(10))
    assert len(set(map(id, seen))) == 10
