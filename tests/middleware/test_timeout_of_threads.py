"""Timeout of work in threads, which nobody can stop: in real time, since threads have no other."""

import asyncio
import logging
import sys
from typing import Annotated, AsyncIterator, List

import pytest

from microframe import Depends, Request, Response, run_in_threadpool
from microframe.http.responses import PlainTextResponse
from tests.middleware.slow_work import Work, call
from tests.waiting import turns, until
from tests.wire import LIMIT, served

SOON = 1.0
"""Seconds until the deadline: a thread has begun by then."""


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)


async def settled(events: List[str], last: str) -> None:
    await until(lambda: last in events)


@pytest.mark.parametrize("kind", ["handler", "dependency", "pool"])
async def test_a_thread_cannot_be_stopped_but_the_answer_does_not_wait_for_it(kind: str) -> None:
    work = Work()

    if kind == "handler":

        @work.app.get("/", timeout=SOON)
        def show(value: Annotated[str, Depends(work.resource)]) -> None:
            work.block()

    elif kind == "dependency":

        def block(value: Annotated[str, Depends(work.resource)]) -> None:
            work.block()

        @work.app.get("/", timeout=SOON)
        async def ask(nothing: Annotated[None, Depends(block)]) -> None:
            work.events.append("never called")

    else:

        @work.app.get("/", timeout=SOON)
        async def hop(value: Annotated[str, Depends(work.resource)]) -> None:
            await run_in_threadpool(work.block)

    request = await call(work.app, work.events)
    await settled(work.events, "504")
    assert work.events == ["open", "504"]
    assert not request.done()
    work.go_on.set()
    await asyncio.wait_for(request, LIMIT)
    assert work.events == ["open", "504", "thread ended", "CancelledError", "closed"]
    work.app.injector.threads.close()


async def test_who_answers_gets_nothing_that_the_thread_still_works_with() -> None:
    work, made = Work(), []

    class Session:
        __provided__ = True

    async def session() -> AsyncIterator[Session]:
        found = Session()
        made.append(found)
        yield found
        work.events.append(f"closed {made.index(found)}")

    work.app.provide(Session, session, scope="request")

    @work.app.get("/", timeout=SOON)
    def show(mine: Session) -> None:
        work.block()

    @work.app.exception_handler(504)
    async def handle(request: Request, exc: Exception) -> Response:
        other = await request.resolve(Session)
        return PlainTextResponse(str(made.index(other)), status_code=504)

    request = await call(work.app, work.events)
    await settled(work.events, "504")
    assert len(made) == 2
    work.go_on.set()
    await asyncio.wait_for(request, LIMIT)
    assert work.events[:2] == ["504", "closed 1"]
    work.app.injector.threads.close()


async def test_resources_of_the_function_too_close_when_the_thread_has_ended() -> None:
    work = Work()

    @work.app.get("/", timeout=SOON)
    def show(value: Annotated[str, Depends(work.resource, scope="function")]) -> None:
        work.block()

    request = await call(work.app, work.events)
    await settled(work.events, "504")
    work.go_on.set()
    await asyncio.wait_for(request, LIMIT)
    assert work.events == ["open", "504", "thread ended", "CancelledError", "closed"]
    work.app.injector.threads.close()


async def test_the_server_that_stops_meanwhile_is_obeyed_when_the_thread_has_ended() -> None:
    work = Work()

    @work.app.get("/", timeout=SOON)
    def show(value: Annotated[str, Depends(work.resource)]) -> None:
        work.block()

    request = await call(work.app, work.events)
    await settled(work.events, "504")
    request.cancel()
    await turns()
    assert not request.done()
    work.go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(request, LIMIT)
    assert work.events == ["open", "504", "thread ended", "CancelledError", "closed"]
    work.app.injector.threads.close()


def test_over_a_real_connection_the_answer_comes_while_the_thread_works() -> None:
    work = Work()
    work.app.get("/", timeout=SOON)(work.block)
    with served(work.app) as server, server.connect() as wire:
        answer = wire.ask(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert answer.status == 504
        assert work.entered.is_set()
        assert work.events == []
        work.go_on.set()
        assert wire.ask(b"GET /none HTTP/1.1\r\nHost: x\r\n\r\n").status == 404
    assert work.events == ["thread ended"]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="tasks do not count who cancels them")
async def test_the_server_that_stops_at_the_very_moment_is_obeyed() -> None:
    work = Work()
    work.app.get("/", timeout=0.02)(work.wait)
    request = await call(work.app, work.events)
    while not request.cancelling():
        await asyncio.sleep(0)  # this very turn of the loop
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
