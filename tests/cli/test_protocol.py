"""What a client can make the server keep before a request is complete: little, and not for long."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from microframe.cli import protocol
from microframe.cli.protocol import BoundedProtocol

LIMIT = 10_000


async def app(scope: Any, receive: Any, send: Any) -> None:
    await asyncio.sleep(0.3 if scope["path"] == "/slow" else 0)
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    length = str(len(body)).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
    await send({"type": "http.response.body", "body": body})


@contextlib.asynccontextmanager
async def connected() -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection to a server that speaks this protocol."""
    config = uvicorn.Config(
        app, http=BoundedProtocol, ws="none", log_config=None, h11_max_incomplete_event_size=LIMIT
    )
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()

    def make() -> BoundedProtocol:
        return BoundedProtocol(config=config, server_state=state, app_state={}, _loop=loop)

    server = await loop.create_server(make, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
    try:
        yield reader, writer
    finally:
        writer.close()
        server.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        await server.wait_closed()
        if state.tasks:
            await asyncio.wait(state.tasks)


async def answer(reader: asyncio.StreamReader) -> bytes:
    """The rest of what the server says, until it closes the connection."""
    return await asyncio.wait_for(reader.read(), 10)


async def feed(writer: asyncio.StreamWriter, *pieces: bytes) -> None:
    """Send pieces so that each arrives by itself."""
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0.02)


async def test_a_head_that_grows_too_large_is_a_431() -> None:
    async with connected() as (reader, writer):
        with contextlib.suppress(ConnectionError):
            await feed(writer, b"GET / HTTP/1.1\r\nhost: x\r\nx: ", *[b"a" * 4000] * 4)
        assert (await answer(reader)).startswith(b"HTTP/1.1 431 ")


async def test_many_headers_that_never_end_are_a_431() -> None:
    async with connected() as (reader, writer):
        with contextlib.suppress(ConnectionError):
            await feed(writer, b"GET / HTTP/1.1\r\n", *[b"x: y\r\n" * 700] * 4)
        assert (await answer(reader)).startswith(b"HTTP/1.1 431 ")


async def test_a_head_that_takes_too_long_is_a_408(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.15)
    async with connected() as (reader, writer):
        await feed(writer, b"GET / HTTP/1.1\r\n", b"host: x\r\n")
        assert (await answer(reader)).startswith(b"HTTP/1.1 408 ")


async def test_a_connection_that_says_nothing_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.1)
    async with connected() as (reader, _):
        assert await answer(reader) == b""


async def test_a_second_head_has_as_much_time_as_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.15)
    async with connected() as (reader, writer):
        await feed(writer, b"GET / HTTP/1.1\r\nhost: x\r\n\r\n", b"GET / HTTP/1.1\r\n")
        answers = await answer(reader)
        assert answers.startswith(b"HTTP/1.1 200 ")
        assert b"HTTP/1.1 408 " in answers


async def test_a_request_in_flight_is_answered_before_a_slow_one_behind_it_is_cut(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.1)
    async with connected() as (reader, writer):
        await feed(writer, b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\nGET / HTTP/1.1\r\nx:")
        answers = await answer(reader)
        assert answers.startswith(b"HTTP/1.1 200 ")
        assert b"408" not in answers


async def test_a_head_in_pieces_and_a_large_body_are_fine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.3)
    body = b"b" * 5 * LIMIT
    async with connected() as (reader, writer):
        await feed(
            writer, b"POST /slow HTTP/1.1\r\nhost", b": x\r\ncontent-length: %d\r\n" % len(body), b"\r\n"
        )
        await feed(writer, *[body[place : place + LIMIT] for place in range(0, len(body), LIMIT)])
        await asyncio.sleep(0.2)
        # The end of one request and the beginning of the next in one piece, larger than a head may be.
        await feed(writer, b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body))
        await feed(writer, body + b"GET / HTTP/1.1\r\n", b"host: x\r\nconnection: close\r\n\r\n")
        answers = await answer(reader)
        assert answers.count(b"HTTP/1.1 200 ") == 3
        assert answers.count(b"b" * 100) >= len(body) // 100 * 2
