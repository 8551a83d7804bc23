"""Limits while their store is away, or full: counted here, logged once, never forgotten."""

import logging
from typing import Any, List

import pytest

from microframe.limits.limit import Limit
from microframe.store import Algorithm, StoreFull, StoreUnavailable, Verdict
from microframe.stores.fallback import SHARES, FallbackLimits
from microframe.stores.memory import MemoryStore

FIVE = Limit("5/minute")


class Time:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Away:
    """A store that can be taken away."""

    def __init__(self, clock: Time) -> None:
        self.store = MemoryStore(clock=clock)
        self.failure: StoreUnavailable | None = None

    async def hit(
        self, key: str, *, algorithm: Algorithm, limit: int, window: float, cost: int = 1
    ) -> Verdict:
        if self.failure is not None:
            raise self.failure
        return await self.store.hit(key, algorithm=algorithm, limit=limit, window=window, cost=cost)


def warnings(caplog: pytest.LogCaptureFixture) -> List[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


async def test_while_the_store_is_away_this_process_counts(caplog: pytest.LogCaptureFixture) -> None:
    clock = Time()
    away, fallback = Away(clock), FallbackLimits(clock=clock)
    away.failure = StoreUnavailable("gone")
    passed = [(await fallback.hit(away, "app:limit", "ann", FIVE)).allowed for _ in range(8)]
    assert passed == [True] * 5 + [False] * 3
    assert (await fallback.hit(away, "app:limit", "bob", FIVE)).allowed
    assert (await fallback.hit(away, "app:other", "ann", FIVE)).allowed
    assert warnings(caplog) == ["each process counts rate limits by itself: gone"]


async def test_every_outage_is_logged_once_and_a_store_that_flickers_once_a_minute(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    clock = Time()
    away, fallback = Away(clock), FallbackLimits(clock=clock)
    for _ in range(20):
        away.failure = StoreUnavailable("gone")
        await fallback.hit(away, "app:limit", "ann", FIVE)
        await fallback.hit(away, "app:limit", "ann", FIVE)
        away.failure = None
        await fallback.hit(away, "app:limit", "ann", FIVE)
    assert len(warnings(caplog)) == 1
    assert "counted in their store again" in caplog.text
    clock.now += 60
    away.failure = StoreUnavailable("gone again")
    await fallback.hit(away, "app:limit", "ann", FIVE)
    assert len(warnings(caplog)) == 2


async def test_a_limit_that_fails_closed_is_not_counted_elsewhere(caplog: pytest.LogCaptureFixture) -> None:
    clock = Time()
    away, fallback = Away(clock), FallbackLimits(clock=clock)
    away.failure = StoreUnavailable("gone")
    with pytest.raises(StoreUnavailable):
        await fallback.hit(away, "app:login", "ann", Limit("5/minute", fail_closed=True))
    assert len(warnings(caplog)) == 1


@pytest.mark.parametrize("algorithm", ["fixed_window", "sliding_window", "gcra"])
@pytest.mark.parametrize("in_process", [True, False], ids=["memory", "elsewhere"])
async def test_where_there_is_no_room_clients_share_counts_and_none_is_without(
    algorithm: Algorithm, in_process: bool, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Time()
    fallback = FallbackLimits(clock=clock)
    fallback._own = MemoryStore(max_entries=3, clock=clock)
    away = Away(clock)
    away.store = MemoryStore(max_entries=3, clock=clock)
    full: Any = away.store if in_process else away
    limit = Limit("5/minute", algorithm=algorithm)
    for number in range(6):
        await fallback.hit(full, "app:limit", f"early {number}", limit)
    passed = [(await fallback.hit(full, "app:limit", "late", limit)).allowed for _ in range(8)]
    assert passed == [True] * 5 + [False] * 3
    for number in range(3 * SHARES):
        await fallback.hit(full, "app:limit", f"client {number}", limit)
    assert len(fallback._shared) <= SHARES
    assert len(fallback._own) == (0 if in_process else 3)
    assert sum("too many clients" in message for message in warnings(caplog)) == 1


async def test_a_store_that_is_full_is_no_outage(caplog: pytest.LogCaptureFixture) -> None:
    clock = Time()
    away, fallback = Away(clock), FallbackLimits(clock=clock)
    away.failure = StoreFull("full")
    assert (await fallback.hit(away, "app:limit", "ann", FIVE)).allowed
    assert warnings(caplog) == ["there are too many clients to count each by itself: full"]
