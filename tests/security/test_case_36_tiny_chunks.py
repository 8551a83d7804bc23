"""Case 36 (aiohttp before 3.13.3): a body in very many pieces costs time in proportion, and is joined once."""

import asyncio
from typing import Annotated, Any, List

import pytest

from microframe import Application, Body, Request
from microframe.http.request import Request as Message
from tests.connections import make_request
from tests.growth import assert_linear
from tests.security.test_case_33_bytes_are_counted import Server

MEGABYTE = 1_000_000


def build() -> Application:
    app = Application()

    @app.post("/")
    async def show(data: Annotated[bytes, Body()]) -> int:
        return len(data)

    @app.post("/stream")
    async def stream(request: Request) -> int:
        return sum([len(piece) async for piece in request.stream()])

    return app


@pytest.mark.parametrize("path", ["/", "/stream"])
async def test_a_body_of_single_bytes_is_read(path: str) -> None:
    server = Server([b"a"] * 20_000, [])
    assert await server.ask(build(), path) == 200
    assert server.sent[1]["body"] == b"20000"


@pytest.mark.soak
async def test_so_it_is_at_full_length_while_others_are_served() -> None:
    app = build()
    one = iter([b"a"] * MEGABYTE)
    server = Server([], [])

    async def receive() -> Any:
        server.taken += 1
        if server.taken % 100 == 0:
            await asyncio.sleep(0)
        piece = next(one, None)
        return {"type": "http.request", "body": piece or b"", "more_body": piece is not None}

    server.receive = receive  # type: ignore[method-assign]
    slow = asyncio.ensure_future(server.ask(app, "/"))
    others = 0
    while not slow.done():
        assert await Server([b"{}"], []).ask(app, "/") == 200
        others += 1
        await asyncio.sleep(0)
    assert await slow == 200
    assert server.sent[1]["body"] == b"1000000"
    assert others > 1000


def test_reading_grows_with_the_body_and_not_faster() -> None:
    def make(size: int) -> List[bytes]:
        return [b"a"] * size

    def read(pieces: List[bytes]) -> None:
        request: Message = make_request(body_limit=10 * MEGABYTE)
        request.edge._body = Pieces(pieces)  # type: ignore[attr-defined]
        assert len(drive(request)) == len(pieces)

    assert_linear(make, read, 5000)


class Pieces(List[bytes]):
    """A list whose first is taken in constant time, so that only the reader is measured."""

    def __init__(self, pieces: List[bytes]) -> None:
        super().__init__()
        self.left, self.pieces = len(pieces), iter(pieces)

    def pop(self, index: Any = -1) -> bytes:
        self.left -= 1
        return next(self.pieces)

    def __bool__(self) -> bool:
        return self.left > 0


def drive(request: Message) -> bytes:
    """Read a body that never waits, without an event loop."""
    reading = request.body()
    try:
        reading.send(None)
    except StopIteration as exc:
        body: bytes = exc.value
        return body
    raise AssertionError("it waits for something")
