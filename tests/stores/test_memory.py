"""Memory store: the contract, and what is its own: room, threads, event loops."""

import asyncio
import threading
import tracemalloc
from contextlib import asynccontextmanager
from typing import Any, AsyncIterator, List

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microframe.store import Algorithm, StoreFull
from microframe.stores.memory import MemoryStore
from microframe.stores.room import OVERHEAD
from tests.growth import assert_linear
from tests.stores.contract import (
    ALGORITHMS,
    Bench,
    LimitsContract,
    LocksContract,
    StoreContract,
    TagsContract,
    each_algorithm,
)
from tests.wire import LIMIT

pytestmark = pytest.mark.virtual_time


class Clock:
    """Stands still until it is told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class TestMemoryStore(StoreContract, LimitsContract, LocksContract, TagsContract):
    """The contract."""

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Bench]:
        clock = Clock()

        async def wait(units: float) -> None:
            clock.now += units * 10

        store = MemoryStore(clock=clock)
        yield Bench(store, 10, wait)
        await store.close()


# Time ----------------------------------------------------------------------------------------------------------------


async def test_a_value_is_over_at_the_very_moment() -> None:
    clock = Clock()
    store = MemoryStore(clock=clock)
    await store.set("key", b"value", ttl=5)
    clock.now += 5 - 1e-6
    assert await store.get("key") is not None
    clock.now += 1e-6
    assert await store.get("key") is None


async def test_a_client_that_calls_on_and_on_takes_no_more_room_than_its_limit() -> None:
    clock = Clock()
    store = MemoryStore(clock=clock)
    sizes = []
    for _ in range(50):
        for _ in range(4):
            await store.hit("app:k", algorithm="sliding_window", limit=5, window=1.0)
        sizes.append(store.size)
        clock.now += 0.5
        await store.hit("app:k", algorithm="sliding_window", limit=5, window=1.0)
        clock.now += 0.5
    assert set(sizes[1:]) == {sizes[1]}  # five calls: one of the window before is there
    await store.hit("app:k", algorithm="sliding_window", limit=5, window=1.0)
    assert store.size < sizes[1]


@pytest.mark.virtual_time(False)
async def test_its_clock_is_the_machines_by_default() -> None:
    store = MemoryStore()
    await store.set("long", b"value", ttl=3600)
    await store.set("short", b"value", ttl=0.05)
    while await store.get("short") is not None:
        await asyncio.sleep(0.001)
    assert await store.get("long") is not None


@pytest.mark.virtual_time(False)
async def test_a_lease_that_ends_lets_those_in_who_wait() -> None:
    store = MemoryStore()
    await store.acquire("lock", ttl=0.02)
    assert await store.acquire("lock", ttl=1, wait=LIMIT) is not None


@given(
    st.sampled_from(ALGORITHMS),
    st.integers(1, 9),
    st.floats(0.001, 1000),
    st.lists(st.tuples(st.floats(0, 500), st.integers(1, 10)), max_size=30),
)
async def test_who_comes_back_when_told_is_never_too_early(
    algorithm: Algorithm, limit: int, window: float, calls: List[Any]
) -> None:
    clock = Clock()
    store = MemoryStore(clock=clock)
    for pause, cost in calls:
        clock.now += pause
        verdict = await store.hit("key", algorithm=algorithm, limit=limit, window=window, cost=cost)
        assert 0 <= verdict.remaining <= limit
        if not verdict.allowed and cost <= limit:
            # A float that a pause is added to is rounded: a billionth later is soon enough.
            clock.now += verdict.retry_after + 1e-6
            verdict = await store.hit("key", algorithm=algorithm, limit=limit, window=window, cost=cost)
            assert verdict.allowed


@given(st.integers(1, 5), st.lists(st.integers(0, 30), max_size=60))
async def test_no_window_of_a_sliding_limit_holds_more(limit: int, pauses: List[int]) -> None:
    clock = Clock()
    store, passed = MemoryStore(clock=clock), []
    for pause in pauses:
        clock.now += pause
        if (await store.hit("key", algorithm="sliding_window", limit=limit, window=60)).allowed:
            passed.append(clock.now)
    for begin in passed:
        assert sum(begin <= moment < begin + 60 for moment in passed) <= limit


# Room ----------------------------------------------------------------------------------------------------------------


async def test_the_value_that_nobody_asked_for_longest_goes_first() -> None:
    store = MemoryStore(max_entries=3)
    for key in ("a", "b", "c"):
        await store.set(key, b"")
    await store.get("a")
    await store.set("b", b"again")
    await store.set("d", b"")
    assert [await store.get(key) is not None for key in "abcd"] == [True, True, False, True]


async def test_what_is_over_goes_before_what_is_not() -> None:
    clock = Clock()
    store = MemoryStore(max_entries=3, clock=clock)
    await store.set("old", b"")
    await store.set("over", b"", ttl=1)
    await store.set("long", b"", ttl=100)
    clock.now += 2
    await store.set("new", b"")
    assert await store.get("old") is not None
    assert len(store) == 3


async def test_bytes_are_counted() -> None:
    store = MemoryStore(max_bytes=10 * (OVERHEAD + 1000))
    for number in range(100):
        await store.set(f"{number}", bytes(999))
        assert store.size <= 10 * (OVERHEAD + 1000)
    assert 8 <= len(store) <= 10
    with pytest.raises(StoreFull):
        await store.set("huge", bytes(20_000))
    assert await store.get("99") is not None
    for number in range(90, 100):
        await store.delete(f"{number}")
    assert store.size == len(store) == 0


async def test_the_bytes_it_counts_are_about_those_it_takes() -> None:
    store = MemoryStore()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for number in range(5000):
            await store.set(f"application:some:{number}", b"%d" % number, ttl=60)
        taken = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert 0.5 < taken / store.size < 1.25


@each_algorithm
async def test_no_limit_is_forgotten_for_room(algorithm: Algorithm) -> None:
    store = MemoryStore(max_entries=10, clock=Clock())
    for number in range(10):
        await store.set(f"value {number}", b"")
    for number in range(10):
        assert (await store.hit(f"{number}", algorithm=algorithm, limit=1, window=60)).allowed
    assert len(store) == 10
    with pytest.raises(StoreFull):
        await store.hit("one more", algorithm=algorithm, limit=1, window=60)
    with pytest.raises(StoreFull):
        await store.set("value", b"")
    for number in range(10):
        assert not (await store.hit(f"{number}", algorithm=algorithm, limit=1, window=60)).allowed


async def test_no_lock_and_no_counter_is_forgotten_for_room() -> None:
    clock = Clock()
    store = MemoryStore(max_entries=2, clock=clock)
    lease = await store.acquire("lock", ttl=3600)
    assert lease is not None
    await store.add("count", ttl=60)
    for make in (store.set("key", b""), store.add("other"), store.acquire("other", ttl=1)):
        with pytest.raises(StoreFull):
            await make
    assert await store.add("count") == 2
    assert await store.renew(lease, ttl=60)
    assert await store.acquire("lock", ttl=3600) is None
    clock.now += 60
    assert await store.set("key", b"")


async def test_a_sliding_window_that_grows_makes_room_or_counts_nothing() -> None:
    store = MemoryStore(max_bytes=6_000, clock=Clock())
    for number in range(8):
        await store.set(f"{number}", bytes(200))
    passed: List[bool] = []

    async def fill() -> None:
        while True:
            verdict = await store.hit("key", algorithm="sliding_window", limit=1000, window=60)
            passed.append(verdict.allowed)

    with pytest.raises(StoreFull):
        await fill()
    assert store.size <= 6_000
    assert 20 < sum(passed) < 60
    assert await store.get("7") is None


async def test_what_is_refused_takes_no_room() -> None:
    store = MemoryStore(clock=Clock())
    for number in range(100):
        await store.hit(f"{number}", algorithm="gcra", limit=1, window=60, cost=2)
    assert len(store) == 0
    await store.hit("key", algorithm="sliding_window", limit=2, window=60)
    before = store.size
    for _ in range(100):
        await store.hit("key", algorithm="sliding_window", limit=2, window=60, cost=2)
    assert store.size == before


async def test_a_value_that_becomes_a_counter_is_kept_and_back() -> None:
    store = MemoryStore(max_entries=2, clock=Clock())
    await store.set("count", b"1", ttl=9)
    await store.add("count")
    await store.set("a", b"")
    await store.set("b", b"")
    assert [await store.get(key) is not None for key in ("count", "a", "b")] == [True, False, True]
    await store.set("count", b"1")
    await store.set("c", b"")
    await store.set("d", b"")
    assert await store.get("count") is None


async def test_ends_of_what_is_written_again_and_again_do_not_pile_up() -> None:
    clock = Clock()
    store = MemoryStore(clock=clock)
    lease = await store.acquire("lock", ttl=3600)
    assert lease is not None
    for _ in range(2000):
        await store.set("key", b"", ttl=3600)
        await store.renew(lease, ttl=3600)
    assert len(store._room._ends) < 100
    clock.now += 3599
    assert await store.get("key") is not None


async def test_tags_of_what_is_forgotten_are_forgotten() -> None:
    clock = Clock()
    store = MemoryStore(max_entries=10, clock=clock)
    for number in range(100):
        await store.set_tagged(f"{number}", b"", [f"tag {number}"], ttl=10)
    assert len(store._room.tagged) == 10
    clock.now += 11
    await store.set("key", b"")
    assert (len(store._room.tagged), len(store)) == (0, 1)


def test_what_a_full_store_does_for_one_more_does_not_depend_on_how_much_it_holds() -> None:
    def fill(count: int) -> None:
        async def work() -> None:
            store = MemoryStore(max_entries=count // 2)
            for number in range(count):
                await store.set(f"{number}", b"", ttl=60)

        asyncio.run(work())

    assert_linear(int, fill)


# Threads and event loops ---------------------------------------------------------------------------------------------


def in_threads(work: Any, count: int = 4) -> None:
    failures: List[BaseException] = []

    def run() -> None:
        try:
            asyncio.run(work())
        except BaseException as exc:
            failures.append(exc)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
        assert not thread.is_alive()
    assert failures == []


def test_counts_are_exact_from_many_threads() -> None:
    store, passed = MemoryStore(), []

    async def work() -> None:
        for _ in range(500):
            await store.add("count")
            verdict = await store.hit("key", algorithm="gcra", limit=100, window=3600)
            passed.append(verdict.allowed)

    in_threads(work)
    assert asyncio.run(store.add("count")) == 2001
    assert sum(passed) == 100


def test_a_lock_is_handed_from_loop_to_loop() -> None:
    store, inside, most = MemoryStore(), 0, 0

    async def work() -> None:
        nonlocal inside, most
        for _ in range(25):
            lease = await store.acquire("lock", ttl=3600, wait=LIMIT)
            assert lease is not None
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1
            await store.release(lease)

    in_threads(work)
    assert most == 1


def test_who_waited_on_a_loop_that_is_closed_is_passed_over() -> None:
    store = MemoryStore()
    lease = asyncio.run(store.acquire("lock", ttl=3600))
    assert lease is not None
    loop = asyncio.new_event_loop()
    abandoned = loop.create_task(store.acquire("lock", ttl=3600, wait=3600))
    loop.run_until_complete(asyncio.sleep(0.01))
    loop.close()

    async def work() -> None:
        waits = asyncio.ensure_future(store.acquire("lock", ttl=3600, wait=LIMIT))
        await asyncio.sleep(0.01)
        await store.release(lease)
        assert await asyncio.wait_for(waits, LIMIT) is not None

    asyncio.run(work())
    abandoned._log_destroy_pending = False  # type: ignore[attr-defined]


async def test_closing_forgets_everything_and_lets_go_of_who_waits() -> None:
    store = MemoryStore()
    await store.set("key", b"")
    await store.acquire("lock", ttl=3600)
    waits = asyncio.ensure_future(store.acquire("lock", ttl=3600, wait=LIMIT))
    await asyncio.sleep(0.01)
    await store.close()
    assert await asyncio.wait_for(waits, LIMIT) is not None
    assert await store.get("key") is None
