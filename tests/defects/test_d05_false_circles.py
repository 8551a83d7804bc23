"""D5: concurrent requests on one dependency are no circular dependency."""

import asyncio
from typing import Annotated, Any, AsyncIterator, Callable

import pytest

from microframe import Application, Depends, Provided
from microframe.testing import AsyncTestClient

REQUESTS = 20


class Session:
    """What somebody provides."""


async def all_at_once(app: Application, entered: "list[int]", opened: asyncio.Event) -> "list[int]":
    """The statuses of requests that are all inside the dependency before one goes on."""
    async with AsyncTestClient(app) as client:
        tasks = [asyncio.ensure_future(client.get("/")) for _ in range(REQUESTS)]
        while len(entered) < REQUESTS and not any(task.done() for task in tasks):
            await asyncio.sleep(0)
        opened.set()
        return [answer.status_code for answer in await asyncio.gather(*tasks)]


@pytest.mark.parametrize("kind", ["coroutine", "generator", "provider"])
async def test_concurrent_requests_wait_in_one_dependency(kind: str) -> None:
    app = Application()
    entered: list[int] = []
    opened = asyncio.Event()

    async def coroutine() -> Session:
        entered.append(1)
        await opened.wait()
        return Session()

    async def generator() -> AsyncIterator[Session]:
        yield await coroutine()

    async def outer(session: Annotated[Session, Depends(coroutine)]) -> Session:
        return session

    if kind == "provider":
        app.provide(Session, coroutine)

        @app.get("/")
        async def provided(session: Provided[Session]) -> str:
            return "done"
    else:
        first: Callable[..., Any] = coroutine if kind == "coroutine" else generator
        second: Callable[..., Any] = outer if kind == "coroutine" else generator

        @app.get("/")
        async def depending(
            one: Annotated[Session, Depends(first)], two: Annotated[Session, Depends(second)]
        ) -> str:
            return "done" if one is two else "made twice"

    assert await all_at_once(app, entered, opened) == [200] * REQUESTS
    assert len(entered) == REQUESTS


def test_a_diamond_is_no_circle() -> None:
    app = Application()

    def bottom() -> int:
        return 1

    def left(value: Annotated[int, Depends(bottom)]) -> int:
        return value

    def right(value: Annotated[int, Depends(bottom)], other: Annotated[int, Depends(left)]) -> int:
        return value + other

    @app.get("/")
    async def handler(a: Annotated[int, Depends(left)], b: Annotated[int, Depends(right)]) -> int:
        return a + b

    app.build()
