"""Redis store: the contract on a real Redis, and what is its own: away and back, cancelled calls, loops, clocks."""

import asyncio
import random
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any, Type

import pytest
from redis.asyncio import Redis
from redis.exceptions import OutOfMemoryError, ReadOnlyError, ResponseError

from microframe import Application, SetupError
from microframe.breaker import Breaker
from microframe.middleware.sessions import SessionMiddleware
from microframe.redis_client import CONNECTING
from microframe.sessions import Session, Sessions
from microframe.store import Algorithm, Store, StoreFull, StoreUnavailable
from microframe.stores.redis import RedisStore
from microframe.testing import TestClient
from tests.fault_proxy import fault_proxy
from tests.servers import RedisServer, redis_server
from tests.stores.contract import (
    Bench,
    LimitsContract,
    LocksContract,
    StoreContract,
    TagsContract,
    each_algorithm,
)
from tests.waiting import turns, until
from tests.wire import LIMIT

UNIT = 100.0


@asynccontextmanager
async def opened(url: str, **options: Any) -> AsyncIterator[RedisStore]:
    """A store on an empty database, with more patience than a busy machine needs."""
    store = RedisStore(url, **{"timeout": LIMIT, **options})
    await store._ask(lambda redis: redis.flushdb())
    try:
        yield store
    finally:
        await store.close()


async def grow_older(store: RedisStore, seconds: float) -> None:
    """Take so many seconds from the lifetime of all that is kept: what has none left is gone."""

    async def take(redis: Any) -> None:
        async for key in redis.scan_iter():
            left = await redis.pttl(key)
            if left >= 0:
                await redis.pexpire(key, left - round(seconds * 1000))

    await store._ask(take)


class TestRedisStore(StoreContract, LimitsContract, LocksContract, TagsContract):
    """The contract."""

    protocol = 2

    @pytest.fixture(autouse=True)
    def _server(self, redis: RedisServer) -> None:
        self.url = redis.url

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Bench]:
        now = [1_800_000_000.0]

        async def wait(units: float) -> None:
            now[0] += units * UNIT
            await grow_older(store, units * UNIT)

        async with opened(self.url, protocol=self.protocol, clock=lambda: now[0]) as store:
            yield Bench(store, UNIT, wait)


class TestOtherProtocol(StoreContract):
    """Values over RESP3, which newer clients and servers prefer."""

    protocol = 3
    _server = TestRedisStore._server
    open = TestRedisStore.open


async def test_lifetimes_pass_by_the_clock_of_redis(redis: RedisServer) -> None:
    async with opened(redis.url) as store:
        await store.set("app:long", b"value", ttl=3600)
        await store.set("app:short", b"value", ttl=0.05)
        assert await store.acquire("app:lock", ttl=0.05)
        await store.hit("app:ip", algorithm="fixed_window", limit=1, window=0.05)
        while await store.get("app:short") is not None:
            await asyncio.sleep(0.001)
        while await store.acquire("app:lock", ttl=3600) is None:
            await asyncio.sleep(0.001)
        while not (await store.hit("app:ip", algorithm="fixed_window", limit=1, window=0.05)).allowed:
            await asyncio.sleep(0.001)
        assert await store.get("app:long") is not None


@each_algorithm
async def test_with_time_stopped_exactly_the_limit_passes(redis: RedisServer, algorithm: Algorithm) -> None:
    async with opened(redis.url, clock=lambda: 1_800_000_000.3) as store:
        hits = (store.hit("app:k", algorithm=algorithm, limit=100, window=3600.0) for _ in range(300))
        verdicts = await asyncio.gather(*hits)
    assert sum(verdict.allowed for verdict in verdicts) == 100


async def test_two_stores_on_one_url_are_one(redis: RedisServer) -> None:
    async with opened(redis.url) as one:
        other = RedisStore(redis.url, timeout=LIMIT)
        await one.set("app:k", b"1")
        entry = await other.get("app:k")
        assert entry is not None
        lease = await other.acquire("app:lock", ttl=3600)
        assert await one.acquire("app:lock", ttl=3600) is None
        assert lease is not None
        await other.release(lease)
        assert await one.acquire("app:lock", ttl=3600) is not None
        await other.close()


async def test_a_cancelled_call_leaves_nothing_for_the_next_one(redis: RedisServer) -> None:
    async with opened(redis.url, max_connections=4) as store:
        for number in range(20):
            await store.set(f"app:{number}", str(number).encode())
        seed = random.Random(1)

        async def read(number: int) -> None:
            asking = asyncio.ensure_future(store.get(f"app:{number}"))
            if seed.random() < 0.5:
                for _ in range(seed.randrange(6)):
                    await asyncio.sleep(0)
                asking.cancel()
            try:
                entry = await asking
            except asyncio.CancelledError:
                return
            assert entry is not None
            assert entry.value == str(number).encode()

        for _ in range(10):
            await asyncio.gather(*(read(seed.randrange(20)) for _ in range(30)))


@pytest.fixture
def own_redis() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


async def test_a_redis_that_went_away_is_told_at_once_and_found_again(own_redis: RedisServer) -> None:
    async with opened(own_redis.url) as store:
        await store.set("app:k", b"1")
        own_redis.stop()
        for _ in range(5):
            with pytest.raises(StoreUnavailable):
                await store.get("app:k")
        own_redis.start()
        back = time.monotonic()
        while True:
            try:
                assert await store.get("app:k") is None
                break
            except StoreUnavailable:
                assert time.monotonic() - back < LIMIT
                await asyncio.sleep(0.02)


@pytest.mark.skipif(sys.version_info < (3, 10), reason="what redis-py has for 3.9 lets one at a time connect")
async def test_of_many_first_calls_only_a_few_connect_at_once(redis: RedisServer) -> None:
    with fault_proxy(redis.port) as proxy:
        store = RedisStore(proxy.url, timeout=LIMIT)
        proxy.fall_silent()
        calls = [asyncio.ensure_future(store.get(f"app:{number}")) for number in range(40)]
        await until(lambda: proxy.accepted >= CONNECTING)
        await turns()
        proxy.be_slow(0.0)  # by then the proxy has accepted whoever came
        assert proxy.accepted == CONNECTING
        for call in calls:
            call.cancel()
        await asyncio.wait(calls)
        proxy.recover()
        assert await asyncio.gather(*(store.get("app:none") for _ in range(40))) == [None] * 40
        await store.close()


async def test_a_lock_whose_answer_was_lost_is_soon_free_again(redis: RedisServer) -> None:
    with fault_proxy(redis.port) as proxy:
        async with opened(redis.url) as other:
            store = RedisStore(proxy.url, timeout=2.0)
            assert await store.acquire("app:first", ttl=1)  # it is connected, and the script is known
            proxy.be_slow(2 * LIMIT)
            with pytest.raises(StoreUnavailable):
                await store.acquire("app:lost", ttl=3600)
            await store.close()
            lease = await other.acquire("app:lost", ttl=3600, wait=LIMIT)
            assert lease is not None
            assert lease.fence == 3  # Redis had given it to somebody who does not know
            assert await other._ask(lambda redis: redis.pttl("l:app:lost")) > 3_000_000


def test_each_loop_has_connections_of_its_own(redis: RedisServer) -> None:
    store = RedisStore(redis.url, timeout=LIMIT)

    async def once(number: int) -> int:
        try:
            return await store.add("app:loops")
        finally:
            await store.close()

    first = asyncio.run(once(1))
    assert asyncio.run(once(2)) == first + 1


def test_a_breaker_lets_one_call_try_at_a_time() -> None:
    now = [0.0]
    breaker = Breaker("Redis", StoreUnavailable, failures=2, pause=1.0, clock=lambda: now[0])
    for _ in range(2):
        breaker.check()
        breaker.failed()
    with pytest.raises(StoreUnavailable):
        breaker.check()
    now[0] = 1.0
    breaker.check()
    with pytest.raises(StoreUnavailable):
        breaker.check()
    breaker.answered()
    breaker.check()


@pytest.mark.parametrize("url", ["127.0.0.1:6379", "http://127.0.0.1", "redis://h:port"])
def test_what_is_no_url_of_redis_is_refused_without_telling_it(url: str) -> None:
    with pytest.raises(SetupError, match="no URL of Redis"):
        RedisStore(url)


async def test_a_wrong_password_is_unavailable_and_never_shown(redis: RedisServer) -> None:
    store = RedisStore(f"redis://:hunter2@127.0.0.1:{redis.port}/0", timeout=LIMIT)
    assert "hunter2" not in repr(store)
    with pytest.raises(StoreUnavailable) as caught:
        await store.get("app:k")
    assert "hunter2" not in str(caught.value)
    await store.close()


def test_one_setting_makes_two_applications_share(redis: RedisServer) -> None:
    def build() -> TestClient:
        app = Application(title="Shared", redis_url=redis.patient_url)

        @app.get("/count")
        async def count(store: Store) -> int:
            return await store.add("shared:count")

        return TestClient(app)

    with build() as one, build() as other:
        first = one.get("/count").json()
        assert other.get("/count").json() == first + 1


def test_a_session_in_a_store_is_seen_by_another_process_and_can_be_ended(redis: RedisServer) -> None:
    def build() -> TestClient:
        app = Application(csrf=False)
        app.add_middleware(SessionMiddleware, store=RedisStore(redis.url, timeout=LIMIT))

        @app.post("/login")
        async def login(session: Session) -> None:
            session.login("ann")

        @app.get("/who")
        async def who(session: Session) -> str:
            return session.user

        @app.post("/end")
        async def end(sessions: Sessions) -> int:
            return await sessions.revoke_all("ann")

        return TestClient(app)

    with build() as one, build() as other:
        one.post("/login")
        sent = {"cookie": f"session={one.cookies['session']}"}
        assert other.get("/who", headers=sent).json() == "ann"
        assert other.post("/end").json() >= 1
        assert one.get("/who").json() == ""


async def test_a_tag_is_gone_with_the_last_thing_under_it(redis: RedisServer) -> None:
    async with opened(redis.url) as store:
        for number in range(50):
            await store.set_tagged(f"app:{number}", b"x", [f"tag:{number}", "tag:all"], ttl=10 + number)
        await grow_older(store, 30)
        assert await store.forget("tag:all") == 29
        await store.set_tagged("app:short", b"x", ["tag:kept"], ttl=10)
        await store.set_tagged("app:long", b"x", ["tag:kept"], ttl=1000)
        await store.set_tagged("app:middle", b"x", ["tag:kept"], ttl=100)
        await store.set_tagged("app:a", b"x", ["tag:stays"], ttl=10)
        await store.set_tagged("app:b", b"x", ["tag:stays"])
        await store.set_tagged("app:c", b"x", ["tag:stays"], ttl=10)
        await grow_older(store, 500)
        assert await store.forget("tag:kept") == 1
        assert await store.forget("tag:stays") == 1
        left = await store._ask(lambda redis: redis.keys())
        assert left == [b"s"]  # what gives out versions


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (OutOfMemoryError("command not allowed when used memory > 'maxmemory'."), StoreFull),
        (
            ResponseError("Error running script: -OOM command not allowed when used memory > 'maxmemory'."),
            StoreFull,
        ),
        (ReadOnlyError("You can't write against a read only replica."), StoreUnavailable),
        (
            ResponseError("Error running script: @user_script:2: -READONLY You can't write here"),
            StoreUnavailable,
        ),
        (ResponseError("MISCONF Redis is configured to save RDB snapshots"), StoreUnavailable),
        (ResponseError("WRONGTYPE Operation against a key"), ResponseError),
        (ResponseError("no LOADINGS here"), ResponseError),
    ],
    ids=["full", "full script", "replica", "script on a replica", "no disk", "other", "no word"],
)
async def test_a_redis_that_can_do_nothing_is_unavailable_whatever_it_says(
    redis: RedisServer, raised: Exception, told: Type[Exception]
) -> None:
    async def refuse(redis: Any) -> None:
        raise raised

    async with opened(redis.url) as store:
        with pytest.raises(Exception) as caught:  # noqa: PT011
            await store._ask(refuse)
        assert type(caught.value) is told


async def test_a_replica_cannot_be_written_to_and_says_so(own_redis: RedisServer) -> None:
    async def replicate(redis: Any, *of: str) -> None:
        await redis.execute_command("REPLICAOF", *of)

    async with opened(own_redis.url) as store:
        await store.set("app:k", b"1")
        await store._ask(lambda redis: replicate(redis, "127.0.0.1", "1"))
        with pytest.raises(StoreUnavailable):
            await store.set("app:k", b"2")
        with pytest.raises(StoreUnavailable):
            await store.hit("app:k", algorithm="gcra", limit=1, window=1)
        await store._ask(lambda redis: replicate(redis, "NO", "ONE"))
        assert await store.set("app:k", b"3")


async def test_who_closes_lets_those_who_call_have_their_answers(own_redis: RedisServer) -> None:
    store = RedisStore(own_redis.url, timeout=LIMIT)
    for count in range(30):
        adding = [asyncio.ensure_future(store.add("app:count")) for _ in range(4)]
        for _ in range(count):
            await asyncio.sleep(0)
        closing = asyncio.ensure_future(store.close())
        await asyncio.sleep(0)
        adding.append(asyncio.ensure_future(store.add("app:count")))
        assert len(set(await asyncio.gather(*adding))) == 5
        await closing
    assert await store.add("app:count") == 151
    await store.close()
    async with Redis.from_url(own_redis.url) as raw:
        while len(await raw.client_list()) > 1:  # but who asks
            await asyncio.sleep(0.01)
