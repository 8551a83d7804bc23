"""Clients that leave in the middle of a stream, one after the other: everything is closed, and nothing is kept."""

import asyncio
import gc
import tracemalloc
from typing import Annotated, Any, AsyncIterator, List

import pytest

from microframe import Application, BackgroundTasks, Depends, Response, StreamingResponse

AT_ONCE = 50
KEPT = 100_000
"""Bytes that may be left over: the caches of the interpreter itself."""


class Counts:
    """What was opened, and what was closed again."""

    def __init__(self) -> None:
        self.streams = self.resources = self.tasks = 0


def build(counts: Counts) -> Application:
    app = Application()

    async def resource() -> AsyncIterator[bytes]:
        try:
            yield bytes(1000)
        finally:
            counts.resources += 1

    def count_task() -> None:
        counts.tasks += 1

    async def note_task() -> None:
        count_task()

    @app.get("/")
    async def stream(tasks: BackgroundTasks, piece: Annotated[bytes, Depends(resource)]) -> Response:
        tasks.add_task(note_task)

        async def pieces() -> AsyncIterator[bytes]:
            try:
                while True:
                    yield piece
                    await asyncio.sleep(0)
            finally:
                counts.streams += 1

        return StreamingResponse(pieces())

    return app


async def leave_after(pieces: int, app: Application, refuses: bool) -> None:
    """One client that takes so many pieces; the server then says so, or refuses the next message."""
    left = asyncio.Event()
    sent: List[Any] = []
    asked = False

    async def receive() -> Any:
        nonlocal asked
        if not asked:
            asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message["type"])
        if len(sent) > pieces:
            if refuses:
                raise OSError("the client is gone")
            left.set()
        await asyncio.sleep(0)

    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": [(b"host", b"x")]}
    await app(scope, receive, send)


async def clients(number: int) -> None:
    counts = Counts()
    app = build(counts)

    async def rounds(count: int) -> None:
        for _ in range(count // AT_ONCE):
            leaving = (leave_after(n % 7, app, n % 2 == 0) for n in range(AT_ONCE))
            await asyncio.gather(*leaving)
        gc.collect()

    await rounds(100)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        await rounds(number)
        assert tracemalloc.get_traced_memory()[0] - before < KEPT
    finally:
        tracemalloc.stop()
    everybody = number + 100
    # Of one in fourteen not even the head was taken, so no piece was made and there was no stream to close.
    assert (counts.resources, counts.tasks) == (everybody, everybody)
    assert counts.streams >= everybody * 0.8
    assert len(asyncio.all_tasks()) == 1


async def test_whatever_they_left_is_closed() -> None:
    await clients(200)


@pytest.mark.soak
@pytest.mark.timeout(600)
async def test_so_it_is_for_ten_thousand() -> None:
    await clients(10_000)
