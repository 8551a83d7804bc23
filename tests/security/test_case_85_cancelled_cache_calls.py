"""Case 85: callers that are cancelled at any moment leave no answer for somebody else (CVE-2023-28858, 28859)."""

import asyncio
import random
from typing import List

import pytest

from microframe import Application, Cache
from microframe.plugins.cache import CachePlugin, cached
from microframe.stores.redis import RedisStore
from tests.scopes import call
from tests.servers import redis_server
from tests.wire import LIMIT

USERS = 12


@cached(ttl=0.05)
async def find_name(user: int) -> str:
    await asyncio.sleep(0)
    return f"value of {user}"


def make_app(store: RedisStore) -> Application:
    app = Application(store=store, plugins=[CachePlugin()])

    @app.get("/answers/{user}", cache=Cache(max_age=1, tags=("user:{user}",)))
    async def answer(user: int) -> str:
        await asyncio.sleep(0)
        return f"answer of {user}"

    @app.delete("/answers/{user}")
    async def forget(user: int) -> str:
        await find_name.forget(user)
        return f"forgotten by {user}"

    @app.get("/values/{user}")
    async def value(user: int) -> str:
        return await find_name(user)

    return app


ASKED = [
    ("GET", "/answers", "answer of"),
    ("GET", "/values", "value of"),
    ("DELETE", "/answers", "forgotten by"),
]


async def ask(app: Application, seed: random.Random, answered: List[int]) -> None:
    """One request, which is cancelled half of the time, anywhere."""
    method, path, words = seed.choices(ASKED, [8, 8, 1])[0]
    user = seed.randrange(USERS)
    asking = asyncio.ensure_future(call(app, f"{path}/{user}", method=method))
    if seed.random() < 0.5:
        for _ in range(seed.randrange(40)):
            await asyncio.sleep(0)
        asking.cancel()
    try:
        found = await asking
    except asyncio.CancelledError:
        return
    assert (found.status, found.json) == (200, f"{words} {user}")
    answered.append(user)


async def run(count: int) -> None:
    with redis_server() as server:
        store = RedisStore(server.url, timeout=LIMIT, max_connections=4)
        app = make_app(store)
        seed = random.Random(85)
        answered: List[int] = []
        for _ in range(count // 50):
            await asyncio.gather(*[ask(app, seed, answered) for _ in range(50)])
        assert count / 4 < len(answered) < count
        # Nobody who was cancelled has left a lock, or waits for ever.
        for user in range(USERS):
            assert (await call(app, f"/values/{user}")).json == f"value of {user}"
        await store.close()


async def test_nobody_gets_the_answer_of_somebody_who_was_cancelled() -> None:
    await run(600)


@pytest.mark.soak
async def test_nor_after_ten_thousand_cancellations() -> None:
    await run(20_000)
