"""How a WebSocket ends: by us, by the peer, or by what the peer sends."""

from typing import Any

import pytest

from microframe import AppConfig, Application, WebSocket, WebSocketDisconnect
from microframe.testing import TestClient


def make_app(ended: "list[str]") -> Application:
    app = Application(AppConfig(debug=False))

    @app.websocket("/text")
    async def text(socket: WebSocket) -> None:
        await socket.accept()
        async for message in socket.iter_text():
            await socket.send_text(message)
        ended.append("text")

    @app.websocket("/json")
    async def json(socket: WebSocket) -> None:
        await socket.accept()
        async for message in socket.iter_json():
            await socket.send_json(message)
        ended.append("json")

    @app.websocket("/closed")
    async def closed(socket: WebSocket) -> None:
        await socket.accept()
        await socket.close(4000)
        async for _ in socket.iter_text():
            ended.append("never")
        with pytest.raises(WebSocketDisconnect):
            await socket.receive()
        ended.append("closed")

    return app


@pytest.mark.parametrize(("path", "code"), [("/text", 1007), ("/json", 1003)])
def test_a_message_that_cannot_be_read_closes_the_socket(path: str, code: int) -> None:
    ended: list[str] = []
    with TestClient(make_app(ended)) as client, client.websocket_connect(path) as socket:
        socket.send_bytes(b"\xff")
        with pytest.raises(WebSocketDisconnect) as told:
            socket.receive_text()
    assert told.value.code == code
    assert ended == [path[1:]]


def test_reading_after_our_own_close_ends_quietly() -> None:
    ended: list[str] = []
    client = TestClient(make_app(ended))
    with client, client.websocket_connect("/closed") as socket, pytest.raises(WebSocketDisconnect) as told:
        socket.receive_text()
    assert told.value.code == 4000
    assert ended == ["closed"]


async def test_a_client_that_leaves_before_it_is_accepted_is_no_failure(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = Application(AppConfig(debug=False))
    told: list[tuple[int, str]] = []

    @app.websocket("/")
    async def slow(socket: WebSocket) -> None:
        try:
            await socket.accept()
        except WebSocketDisconnect as exc:
            told.append((exc.code, socket.socket_state))
            raise

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:  # as servers do once a client is gone
        raise OSError("client disconnected")

    scope = {"type": "websocket", "path": "/", "query_string": b"", "headers": [(b"host", b"testserver")]}
    await app(scope, receive, send)
    assert told == [(1006, "closed")]
    assert not [record for record in caplog.records if record.name.startswith("microframe")]
