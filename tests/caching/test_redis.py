"""The cache over a real Redis: shared by applications, forgotten everywhere, and away."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import List

import pytest

from microframe import Application, Cache, Response
from microframe.caching import Flights, ResponseCache
from microframe.caching.flights import LEASE
from microframe.plugins.cache import CachePlugin, ValueCache, cached
from microframe.stores.memory import MemoryStore
from microframe.stores.redis import RedisStore
from tests.scopes import call
from tests.servers import RedisServer, redis_server
from tests.wire import LIMIT

MADE: List[str] = []
SECONDS = 0.0
"""What making something takes."""


@cached(ttl=60, tags=("values",))
async def find_value(name: str) -> str:
    MADE.append(name)
    await asyncio.sleep(SECONDS)
    return name


def make_app(store: RedisStore) -> Application:
    app = Application(title="Redis", store=store, plugins=[CachePlugin()])

    @app.get("/{name}", cache=Cache(max_age=60, tags=("answers",)))
    async def answer(name: str, response: Response) -> str:
        response.headers["vary"] = "X-A"
        MADE.append(name)
        await asyncio.sleep(SECONDS)
        return name

    @app.put("/{name}")
    async def change(name: str) -> None: ...

    @app.get("/values/{name}")
    async def value(name: str) -> str:
        return await find_value(name)

    return app


@asynccontextmanager
async def two_applications(url: str) -> AsyncIterator[List[Application]]:
    """Two of the same on an empty Redis, as two processes would have them."""
    stores = [RedisStore(url, timeout=LIMIT) for _ in range(2)]
    await stores[0]._ask(lambda redis: redis.flushdb())
    MADE.clear()
    yield [make_app(store) for store in stores]
    for store in stores:
        await store.close()


async def test_what_one_application_has_kept_another_sends(redis: RedisServer) -> None:
    async with two_applications(redis.url) as (one, two):
        for app in (one, two):
            assert (await call(app, "/a")).json == "a"
            assert (await call(app, "/values/v")).json == "v"
        assert MADE == ["a", "v"]
        assert (await call(two, "/a", ("x-a", "1"))).json == "a"
        assert (await call(one, "/a", ("x-a", "1"))).headers["cache-status"].startswith("MicroFrame; hit")
        assert MADE == ["a", "v", "a"]


async def test_what_one_application_changes_the_other_forgets(redis: RedisServer) -> None:
    async with two_applications(redis.url) as (one, two):
        await call(one, "/a")
        await call(two, "/a", method="PUT")
        await call(one, "/a")
        await call(one, "/values/v")

        async def forget(answers: ResponseCache, values: ValueCache) -> None:
            await answers.forget_tags("answers")
            await values.forget_tags("values")

        await two.call(forget)
        await call(one, "/a")
        await call(one, "/values/v")
        assert MADE == ["a", "a", "v", "a", "v"]


async def test_when_redis_goes_and_comes_back_everybody_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    with redis_server() as server:
        async with two_applications(server.url) as (one, _):
            assert (await call(one, "/a")).json == "a"
            server.stop()
            # Long enough that all who ask at once do so meanwhile.
            monkeypatch.setattr(f"{__name__}.SECONDS", 1.0)
            for path in ("/a", "/values/v"):
                found = await asyncio.gather(*[call(one, path) for _ in range(5)])
                assert {(each.status, each.json) for each in found} == {(200, path[-1])}
            assert (await call(one, "/a", method="PUT")).status == 200
            assert MADE == ["a", "a", "v"]
            monkeypatch.undo()
            server.start()
            end = time.monotonic() + LIMIT
            while "hit" not in (await call(one, "/a")).headers["cache-status"]:
                assert time.monotonic() < end, "the cache did not come back"
                await asyncio.sleep(0.05)


async def test_the_lock_of_a_process_that_has_died_is_free_again() -> None:
    store = MemoryStore()
    flights: Flights[int] = Flights(store, "app")
    assert await store.acquire("app:making:key", ttl=0.05)

    async def look() -> None:
        return None

    async def make() -> int:
        return 7

    assert (await flights.once("key", look, make)).value == 7


@pytest.mark.virtual_time
async def test_the_lock_is_held_for_as_long_as_making_takes() -> None:
    store = MemoryStore(clock=asyncio.get_running_loop().time)
    flights: Flights[int] = Flights(store, "app")

    async def look() -> None:
        return None

    async def make() -> int:
        await asyncio.sleep(3.5 * LEASE)
        assert await store.acquire("app:making:key", ttl=1) is None
        return 7

    assert (await flights.once("key", look, make)).value == 7
    assert await store.acquire("app:making:key", ttl=1)
