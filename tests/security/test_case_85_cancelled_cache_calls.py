"""Case 85: callers that are cancelled at any moment leave no answer for somebody else (CVE-2023-28858, 28859)."""

import asyncio
import random
from pathlib import Path
from typing import List

import pytest

from microframe import Application, Cache
from microframe.plugins.cache import CachePlugin, cached
from microframe.store import Store
from tests.scopes import call
from tests.stores.kinds import each_kind, few_connections, server_for, store_at

USERS = 12


@cached(ttl=0.05)
async def find_name(user: int) -> str:
    await asyncio.sleep(0)
    return f"value of {user}"


def make_app(store: Store) -> Application:
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


async def run(kind: str, folder: Path, count: int) -> None:
    with server_for(kind, folder) as server:
        store = store_at(server.url, **few_connections(kind))
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


@each_kind
async def test_nobody_gets_the_answer_of_somebody_who_was_cancelled(kind: str, tmp_path: Path) -> None:
    await run(kind, tmp_path, 600)


@pytest.mark.soak
@pytest.mark.timeout(600)
@each_kind
async def test_nor_after_ten_thousand_cancellations(kind: str, tmp_path: Path) -> None:
    await run(kind, tmp_path, 20_000)
