"""F-21: of many sockets one fails; it closes with 1011, and nobody else notices."""

import asyncio
import contextlib
import logging
from typing import Any, Dict, List

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError

from microframe import Application, WebSocket
from microframe.testing import AsyncTestClient
from tests.wire import LIMIT, served

PATIENCE = 60.0  # seconds, for a thousand handshakes on a busy machine


def build() -> Application:
    app = Application()
    app.state.open = 0

    @app.websocket("/")
    async def echo(socket: WebSocket) -> None:
        await socket.accept()
        app.state.open += 1
        try:
            async for text in socket.iter_text():
                if text == "fail":
                    raise LookupError("of one socket alone")
                await socket.send_text(text)
        finally:
            app.state.open -= 1

    return app


async def only_one_closes(port: int, count: int, failing: int, app: Application) -> None:
    async with contextlib.AsyncExitStack() as stack:
        sockets: List[ClientConnection] = []
        for _ in range(count):
            connection = connect(f"ws://127.0.0.1:{port}/", open_timeout=PATIENCE, ping_interval=None)
            sockets.append(await stack.enter_async_context(connection))
        await everybody_answers(sockets, "before")
        assert app.state.open == count
        await sockets[failing].send("fail")
        with pytest.raises(ConnectionClosedError) as caught:
            await asyncio.wait_for(sockets[failing].recv(), PATIENCE)
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == 1011
        others = sockets[:failing] + sockets[failing + 1 :]
        await everybody_answers(others, "after")
        assert [socket for socket in others if socket.close_code is not None] == []
        assert app.state.open == count - 1


async def everybody_answers(sockets: List[ClientConnection], text: str) -> None:
    for number, socket in enumerate(sockets):
        await socket.send(f"{text} {number}")
    for number, socket in enumerate(sockets):
        assert await asyncio.wait_for(socket.recv(), PATIENCE) == f"{text} {number}"


async def test_of_fifty_sockets_on_a_real_server_only_the_one_that_fails_closes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = build()
    with served(app) as server, caplog.at_level(logging.ERROR, "microframe.errors"):
        await only_one_closes(server.port, 50, 17, app)
    failures = [record for record in caplog.records if record.name == "microframe.errors"]
    assert len(failures) == 1
    assert "of one socket alone" in str(failures[0].exc_info)


@pytest.mark.soak
@pytest.mark.parametrize("failing", [0, 500, 999])
async def test_of_a_thousand_sockets_on_a_real_server_only_the_one_that_fails_closes(failing: int) -> None:
    app = build()
    with served(app) as server:
        await only_one_closes(server.port, 1000, failing, app)


async def test_what_a_failing_socket_had_open_is_closed_and_nothing_of_the_others() -> None:
    app = Application()
    open_now: Dict[str, bool] = {}

    @app.websocket("/{name}")
    async def hold(socket: WebSocket, name: str) -> None:
        open_now[name] = True

        async def close(error: Any) -> None:
            open_now[name] = False

        socket.on_close(close)
        await socket.accept()
        async for text in socket.iter_text():
            if text == "fail":
                raise LookupError
            await socket.send_text(text)

    client = AsyncTestClient(app, raise_server_exceptions=False)
    async with contextlib.AsyncExitStack() as stack:
        sockets = {
            name: await stack.enter_async_context(client.websocket_connect(f"/{name}")) for name in "abcdefgh"
        }
        await sockets["d"].send_text("fail")
        with contextlib.suppress(Exception):
            await asyncio.wait_for(sockets["d"].receive_text(), LIMIT)
        for name, socket in sockets.items():
            if name != "d":
                await socket.send_text(name)
                assert await socket.receive_text() == name
        assert open_now == {name: name != "d" for name in "abcdefgh"}
