"""Case 85 (CVE-2023-28858, 28859): callers cancelled at any moment leave nobody another's session, count or value."""

import asyncio
import random
from pathlib import Path
from typing import Any, Dict, List, Tuple

import pytest
import redis.asyncio

from microframe import Application, Request
from microframe.middleware.rate_limit import Limit
from microframe.middleware.sessions import SessionMiddleware
from microframe.sessions import Session
from microframe.store import Store
from microframe.stores.redis import RedisStore
from tests.scopes import call
from tests.servers import redis_server
from tests.stores.kinds import each_kind, few_connections, server_for, store_at

USERS = 12
CALLS = 1_000_000
"""More than are made, so that a limit tells how many there were."""


async def user_of(request: Any) -> str:
    return str(request.path_params["user"])


def make_app(store: Store) -> Application:
    app = Application(store=store, title="app", environment="test")
    app.add_middleware(SessionMiddleware, server_side=True)

    @app.post("/login/{user}", csrf=False)
    async def login(session: Session, user: int) -> None:
        session.login(str(user))
        session["of"] = user

    @app.get("/session/{user}")
    async def show(session: Session, user: int) -> List[Any]:
        session["count"] = session.get("count", 0) + 1
        return [session.user, session.get("of")]

    @app.get("/limit/{user}", limit=Limit(f"{CALLS}/day", by=user_of, algorithm="fixed_window", name="calls"))
    async def limited(user: int) -> int:
        return user

    @app.get("/value/{user}")
    async def value(request: Request, user: int) -> bool:
        shared = await request.resolve(Store)  # type: ignore[type-abstract]  # a contract
        await shared.set(f"app:value:{user}", b"%d" % user)
        found = await shared.get(f"app:value:{user}")
        return found is not None and int(found.value) == user

    return app


async def log_in(app: Application) -> List[str]:
    cookies = []
    for user in range(USERS):
        found = await call(app, f"/login/{user}", method="POST")
        cookies.append(found.headers["set-cookie"].partition(";")[0])
    return cookies


def expected(kind: str, user: int) -> Any:
    return {"session": [str(user), user], "limit": user, "value": True}[kind]


async def ask(
    app: Application, cookies: List[str], seed: random.Random, seen: Dict[Tuple[str, int], int]
) -> None:
    """One request, which is cancelled half of the time, anywhere."""
    kind, user = seed.choice(["session", "limit", "value"]), seed.randrange(USERS)
    asking = asyncio.ensure_future(call(app, f"/{kind}/{user}", ("cookie", cookies[user])))
    if seed.random() < 0.5:
        for _ in range(seed.randrange(40)):
            await asyncio.sleep(0)
        asking.cancel()
    try:
        found = await asking
    except asyncio.CancelledError:
        return
    assert (found.status, found.json) == (200, expected(kind, user))
    seen[kind, user] = seen.get((kind, user), 0) + 1


async def run(kind: str, folder: Path, count: int) -> None:
    with server_for(kind, folder) as server:
        store = store_at(server.url, **few_connections(kind))
        app = make_app(store)
        cookies = await log_in(app)
        seed = random.Random(85)
        seen: Dict[Tuple[str, int], int] = {}
        for _ in range(count // 50):
            await asyncio.gather(*[ask(app, cookies, seed, seen) for _ in range(50)])
        assert count / 4 < sum(seen.values()) < count
        for user in range(USERS):
            found = await call(app, f"/limit/{user}")
            left = int(found.headers["ratelimit"].partition("r=")[2].partition(";")[0])
            # Everybody who was answered has been counted, and nobody for somebody else.
            assert seen.get(("limit", user), 0) < CALLS - left <= count
            assert (await call(app, f"/session/{user}", ("cookie", cookies[user]))).json == [str(user), user]
        await store.close()


@each_kind
async def test_nobody_gets_what_belongs_to_somebody_who_was_cancelled(kind: str, tmp_path: Path) -> None:
    await run(kind, tmp_path, 600)


@pytest.mark.soak
@pytest.mark.timeout(600)
@each_kind
async def test_nor_after_ten_thousand_cancellations(kind: str, tmp_path: Path) -> None:
    await run(kind, tmp_path, 20_000)


async def test_a_connection_whose_call_was_cancelled_is_used_by_nobody_else() -> None:
    with redis_server() as server:
        store = RedisStore(server.url, timeout=20, max_connections=1)
        await store.set("app:a", b"a")
        await store.set("app:b", b"b")
        for turns in range(40):
            asking = asyncio.ensure_future(store.get("app:a"))
            for _ in range(turns % 8):
                await asyncio.sleep(0)
            asking.cancel()
            await asyncio.wait([asking])
            found = await store.get("app:b")
            assert found is not None
            assert found.value == b"b"
        await store.close()


async def test_a_call_cancelled_while_its_answer_is_on_the_way_takes_its_connection_with_it() -> None:
    with redis_server() as server:
        store = RedisStore(server.url, timeout=20, max_connections=1)
        await store.set("app:a", b"a")
        await store.set("app:b", b"b")
        async with redis.asyncio.Redis.from_url(server.url) as raw:
            before = (await raw.info("stats"))["total_connections_received"]
            for _ in range(5):
                await raw.client_pause(60_000, all=False)  # whoever writes waits
                asking = asyncio.ensure_future(store.set("app:a", b"a"))
                await asyncio.sleep(0.05)
                assert not asking.done()
                asking.cancel()
                await asyncio.wait([asking])
                assert asking.cancelled()
                await raw.client_unpause()
                found = await store.get("app:b")
                assert found is not None
                assert found.value == b"b"
            assert (await raw.info("stats"))["total_connections_received"] > before
        await store.close()
