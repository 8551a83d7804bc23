"""D11: the limiter believes no header, keeps no more than it has room for, and no client waits for another's count."""

import asyncio
from typing import Any

import pytest

from microframe import Application
from microframe.middleware.rate_limit import Limit
from microframe.store import Algorithm, Verdict
from microframe.stores.memory import MemoryStore
from microframe.testing import AsyncTestClient, TestClient


def build(limit: Any, store: Any, **options: Any) -> Application:
    app = Application(environment="test", store=store, **options)

    @app.get("/", limit=limit)
    async def read() -> str:
        return "yes"

    return app


def test_a_forged_header_gives_no_new_count() -> None:
    client = TestClient(build("5/minute", MemoryStore(clock=lambda: 0.0)), client=("203.0.113.7", 1))
    found = [client.get("/", headers={"X-Forwarded-For": f"9.9.9.{n}"}).status_code for n in range(50)]
    assert found.count(200) == 5


@pytest.mark.parametrize("algorithm", ["fixed_window", "sliding_window", "gcra"])
async def test_what_clients_leave_behind_is_bounded_and_goes_with_its_window(algorithm: Algorithm) -> None:
    now = 0.0
    store = MemoryStore(max_entries=200, clock=lambda: now)
    app = build(Limit("5/minute", algorithm=algorithm), store)
    for number in range(600):
        client = AsyncTestClient(app, client=(f"10.0.{number // 250}.{number % 250}", 1))
        assert (await client.get("/")).status_code == 200
    assert len(store) == 200
    now = 61.0
    await AsyncTestClient(app, client=("10.9.9.9", 1)).get("/")
    assert len(store) == 1


class Slow(MemoryStore):
    """A store that is far away for one client."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()
        self.go_on = asyncio.Event()

    async def hit(
        self, key: str, *, algorithm: Algorithm, limit: int, window: float, cost: int = 1
    ) -> Verdict:
        if key.endswith("10.0.0.1"):
            self.asked.set()
            await self.go_on.wait()
        return await super().hit(key, algorithm=algorithm, limit=limit, window=window, cost=cost)


async def test_nobody_waits_while_another_client_is_counted() -> None:
    store = Slow()
    app = build("5/minute", store)

    async def ask(client: str) -> int:
        async with AsyncTestClient(app, client=(client, 1)) as own:
            return (await own.get("/")).status_code

    slow = asyncio.ensure_future(ask("10.0.0.1"))
    await store.asked.wait()
    assert await asyncio.gather(*(ask(f"10.0.0.{number}") for number in range(2, 30))) == [200] * 28
    assert not slow.done()
    store.go_on.set()
    assert await slow == 200


def test_calls_that_are_refused_are_not_remembered() -> None:
    now = 0.0
    store = MemoryStore(clock=lambda: now)
    app = build(["5/second", "1000/day"], store)
    client = TestClient(app)
    for _ in range(300):
        client.get("/")
    assert store.size < 6000
