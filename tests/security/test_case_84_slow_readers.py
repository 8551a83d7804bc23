"""Case 84: a client that reads slowly costs no memory: what a handler yields is made as it is taken."""

import asyncio
from typing import Any, AsyncIterator, Dict, Iterator, List

import pytest

from microframe import Application, EventSourceResponse, JSONLinesResponse, StreamingResponse
from tests.scopes import call

KINDS = [JSONLinesResponse, EventSourceResponse, StreamingResponse]
TAKEN = 5
AHEAD = 2
"""The piece that the server holds, and the one that waits for its turn."""


@pytest.mark.parametrize("style", ["async", "blocking"])
@pytest.mark.parametrize("kind", KINDS)
async def test_a_handler_stands_still_while_nothing_is_taken(kind: Any, style: str) -> None:
    made: List[int] = []
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()

    async def asynchronous() -> AsyncIterator[str]:
        try:
            while True:
                made.append(len(made))
                yield "x" * 1000
        finally:
            ended.set()

    def blocking() -> Iterator[str]:
        try:
            while True:
                made.append(len(made))
                yield "x" * 1000
        finally:
            loop.call_soon_threadsafe(ended.set)

    app = Application()
    app.get("/", response_class=kind)(asynchronous if style == "async" else blocking)
    taken: List[Dict[str, Any]] = []
    full = asyncio.Event()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        async def take(message: Any) -> None:
            taken.append(message)
            if len(taken) > TAKEN:
                full.set()
                await asyncio.Event().wait()

        await app(scope, receive, take)

    request = asyncio.ensure_future(call(slow))
    await full.wait()
    for _ in range(200):
        await asyncio.sleep(0)
    assert len(made) <= TAKEN + AHEAD
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    await ended.wait()
    app.injector.threads.close()
