"""What a client can make the server keep before a request is complete: little, and not for long."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, Optional

import pytest
import uvicorn
from uvicorn.server import ServerState

from microframe.cli import protocol
from microframe.cli.protocol import BoundedProtocol
from tests.waiting import until
from tests.wire import LIMIT as PATIENCE

LIMIT = 10_000
SECONDS = 1.0
"""What a head may take here; what is sent at once is there by then."""


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["path"] == "/slow":
        await asyncio.sleep(1.5 * SECONDS)
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    length = str(len(body)).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
    await send({"type": "http.response.body", "body": body})


class Client(asyncio.Protocol):
    """Keeps what the server says, also where the connection breaks afterwards."""

    def __init__(self, protocols: "list[Watched]") -> None:
        self.said = b""
        self.closed = asyncio.get_running_loop().create_future()
        self._protocols = protocols
        self._sent = 0

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.said += data

    def connection_lost(self, error: Optional[Exception]) -> None:
        self.closed.set_result(None)

    async def send(self, *pieces: bytes) -> None:
        """Send pieces, each by itself: once the one before has arrived, as long as there is a connection."""
        for piece in pieces:
            self._sent += len(piece)
            self.transport.write(piece)
            await until(lambda: self.closed.done() or self._has_arrived())

    def _has_arrived(self) -> bool:
        return any(one.taken >= self._sent for one in self._protocols)

    async def answers(self) -> bytes:
        """All that the server says, until it closes the connection."""
        await asyncio.wait_for(self.closed, PATIENCE)
        return self.said


class Watched(BoundedProtocol):
    """Counts the bytes that have arrived."""

    taken = 0

    def data_received(self, data: bytes) -> None:
        self.taken += len(data)
        super().data_received(data)


@contextlib.asynccontextmanager
async def connected() -> AsyncIterator[Client]:
    """A connection to a server that speaks this protocol."""
    config = uvicorn.Config(
        app, http=BoundedProtocol, ws="none", log_config=None, h11_max_incomplete_event_size=LIMIT
    )
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()
    protocols: list[Watched] = []

    def make() -> BoundedProtocol:
        protocols.append(Watched(config=config, server_state=state, app_state={}, _loop=loop))
        return protocols[-1]

    server = await loop.create_server(make, "127.0.0.1", 0)
    _, client = await loop.create_connection(lambda: Client(protocols), *server.sockets[0].getsockname()[:2])
    try:
        yield client
    finally:
        client.transport.close()
        server.close()
        await client.closed
        await server.wait_closed()
        if state.tasks:
            await asyncio.wait(state.tasks)


async def test_a_head_that_grows_too_large_is_a_431() -> None:
    async with connected() as client:
        await client.send(b"GET / HTTP/1.1\r\nhost: x\r\nx: ", *[b"a" * 4000] * 4)
        assert (await client.answers()).startswith(b"HTTP/1.1 431 ")


async def test_many_headers_that_never_end_are_a_431() -> None:
    async with connected() as client:
        await client.send(b"GET / HTTP/1.1\r\n", *[b"x: y\r\n" * 700] * 4)
        assert (await client.answers()).startswith(b"HTTP/1.1 431 ")


async def test_a_head_that_takes_too_long_is_a_408(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", SECONDS)
    async with connected() as client:
        await client.send(b"GET / HTTP/1.1\r\n", b"host: x\r\n")
        assert (await client.answers()).startswith(b"HTTP/1.1 408 ")


async def test_a_connection_that_says_nothing_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.1)
    async with connected() as client:
        assert await client.answers() == b""


async def test_a_second_head_has_as_much_time_as_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", SECONDS)
    async with connected() as client:
        await client.send(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n", b"GET / HTTP/1.1\r\n")
        answers = await client.answers()
        assert answers.startswith(b"HTTP/1.1 200 ")
        assert b"HTTP/1.1 408 " in answers


async def test_a_request_in_flight_is_answered_before_a_slow_one_behind_it_is_cut(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", SECONDS)
    async with connected() as client:
        await client.send(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\nGET / HTTP/1.1\r\nx:")
        answers = await client.answers()
        assert answers.startswith(b"HTTP/1.1 200 ")
        assert b"408" not in answers


async def test_a_head_in_pieces_and_a_large_body_are_fine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", SECONDS)
    body = b"b" * 5 * LIMIT
    async with connected() as client:
        await client.send(
            b"POST /slow HTTP/1.1\r\nhost", b": x\r\ncontent-length: %d\r\n" % len(body), b"\r\n"
        )
        await client.send(*[body[place : place + LIMIT] for place in range(0, len(body), LIMIT)])
        await until(lambda: client.said)  # longer than a head may take
        # The end of one request and the beginning of the next in one piece, larger than a head may be.
        await client.send(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body))
        await client.send(body + b"GET / HTTP/1.1\r\n", b"host: x\r\nconnection: close\r\n\r\n")
        answers = await client.answers()
        assert answers.count(b"HTTP/1.1 200 ") == 3
        assert answers.count(b"b" * 100) >= len(body) // 100 * 2
