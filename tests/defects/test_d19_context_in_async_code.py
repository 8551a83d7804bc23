"""D19: what a request notes in its context is its own, however many run at once, and in its threads too."""

import asyncio
from contextvars import ContextVar
from typing import Annotated, Any, AsyncIterator, Callable, Dict, List

import pytest

from microframe import Application, BackgroundTasks, Depends, Request
from microframe.testing import AsyncTestClient

REQUESTS = 20
current: ContextVar[str] = ContextVar("current", default="nobody")


async def note_async(request: Request) -> None:
    current.set(request.headers["x-request"])
    await asyncio.sleep(0)


def note_blocking(request: Request) -> None:
    current.set(request.headers["x-request"])


async def note_and_yield(request: Request) -> AsyncIterator[None]:
    current.set(request.headers["x-request"])
    await asyncio.sleep(0)
    yield


@pytest.mark.parametrize("note", [note_async, note_blocking, note_and_yield])
async def test_concurrent_requests_see_their_own_context(note: Callable[..., Any]) -> None:
    app = Application()
    arrived: List[str] = []
    everybody = asyncio.Event()
    tasks_saw: Dict[str, str] = {}

    def in_thread() -> str:
        return current.get()

    @app.get("/", dependencies=[Depends(note)])
    async def show(request: Request, tasks: BackgroundTasks) -> "list[str]":
        before = current.get()
        arrived.append(before)
        if len(arrived) == REQUESTS:
            everybody.set()
        await everybody.wait()
        tasks.add_task(lambda: tasks_saw.update({request.headers["x-request"]: current.get()}))
        return [before, current.get()]

    @app.get("/blocking", dependencies=[Depends(note)])
    def show_blocking(seen: Annotated[str, Depends(in_thread)]) -> "list[str]":
        return [seen, current.get()]

    client = AsyncTestClient(app)
    names = [f"request {number}" for number in range(REQUESTS)]
    for path in ("/", "/blocking"):
        answers = await asyncio.gather(*(client.get(path, headers={"x-request": name}) for name in names))
        assert [answer.json() for answer in answers] == [[name, name] for name in names]
    assert tasks_saw == {name: name for name in names}
    assert current.get() == "nobody"
    app.injector.threads.close()
