"""Contract: what every store must do, asked of each: give it a factory, and inherit what the store has.

A class in a test module gives `open`; what it inherits from here are its tests. Time passes as the store's own clock
says, so a lifetime is given in units: with a clock that stands still until it is told they are long, and short where
time must really pass.
"""

import asyncio
from typing import Any, AsyncContextManager, Awaitable, Callable, List, NamedTuple, Tuple

import pytest

from microframe.store import MAX_COUNT, MAX_KEY, Algorithm, Lease, Limits, Locks, Store, Tags
from tests.wire import LIMIT

MANY = 1_000  # tasks at once
ALGORITHMS: Tuple[Algorithm, ...] = ("fixed_window", "sliding_window", "gcra")

each_algorithm = pytest.mark.parametrize("algorithm", ALGORITHMS)


class Bench(NamedTuple):
    """A store to be asked, empty, and how its time passes."""

    store: Any
    unit: float
    """Seconds of one unit of time."""
    wait: Callable[[float], Awaitable[None]]
    """Let so many units pass by the store's clock."""


class Contract:
    """What every implementation says of itself."""

    def open(self) -> AsyncContextManager[Bench]:
        raise NotImplementedError


async def at_once(make: Callable[[int], Awaitable[Any]], count: int = MANY) -> List[Any]:
    return list(await asyncio.gather(*(make(number) for number in range(count))))


async def turns(count: int) -> None:
    """Let the event loop turn so many times."""
    for _ in range(count):
        await asyncio.sleep(0)


class StoreContract(Contract):
    """Values and counters."""

    async def test_it_is_a_store(self) -> None:
        async with self.open() as bench:
            assert isinstance(bench.store, Store)

    async def test_what_was_set_is_there_until_it_is_deleted(self) -> None:
        async with self.open() as bench:
            store: Store = bench.store
            assert await store.get("app:key") is None
            assert await store.delete("app:key") is False
            await store.set("app:key", b"value")
            found = await store.get("app:key")
            assert found is not None
            assert found.value == b"value"
            assert await store.delete("app:key") is True
            assert await store.get("app:key") is None

    @pytest.mark.parametrize("value", [b"", b"\x00\xff\r\n", bytes(range(256)) * 400], ids=len)
    async def test_any_bytes_come_back_as_they_were(self, value: bytes) -> None:
        async with self.open() as bench:
            await bench.store.set("app:key", value)
            assert (await bench.store.get("app:key")).value == value

    async def test_a_value_is_there_for_its_lifetime_and_not_longer(self) -> None:
        async with self.open() as bench:
            store: Store = bench.store
            await store.set("app:key", b"value", ttl=2 * bench.unit)
            await bench.wait(1)
            assert await store.get("app:key") is not None
            await bench.wait(1.1)
            assert await store.get("app:key") is None
            assert await store.delete("app:key") is False

    async def test_the_lifetime_is_that_of_the_last_write(self) -> None:
        async with self.open() as bench:
            store: Store = bench.store
            for key, again in (("app:longer", 3 * bench.unit), ("app:always", None)):
                await store.set(key, b"1", ttl=bench.unit)
                await store.set(key, b"2", ttl=again)
            await bench.wait(1.5)
            assert [await store.get(key) is not None for key in ("app:longer", "app:always")] == [True, True]
            await bench.wait(2)
            assert [await store.get(key) is not None for key in ("app:longer", "app:always")] == [False, True]

    async def test_a_version_changes_with_every_write(self) -> None:
        async with self.open() as bench:
            store: Store = bench.store
            versions = [await store.set("app:key", b"same") for _ in range(5)]
            found = await store.get("app:key")
            assert found is not None
            assert found.version == versions[-1]
            assert len({*versions, ""}) == 6

    async def test_a_write_for_a_version_is_only_done_while_it_is_there(self) -> None:
        async with self.open() as bench:
            store: Store = bench.store
            first = await store.set("app:key", b"1", if_version="")
            assert first
            assert await store.set("app:key", b"2", if_version="") is None
            second = await store.set("app:key", b"2", if_version=first)
            assert second
            assert await store.set("app:key", b"3", if_version=first) is None
            assert await store.delete("app:key", if_version=first) is False
            assert (await bench.store.get("app:key")).value == b"2"
            assert await store.delete("app:key", if_version=second) is True
            assert await store.set("app:key", b"3", if_version=second) is None

    async def test_a_version_of_what_is_over_does_not_hold(self) -> None:
        async with self.open() as bench:
            store: Store = bench.store
            version = await store.set("app:key", b"1", ttl=bench.unit)
            await bench.wait(1.1)
            assert await store.set("app:key", b"2", if_version=version) is None
            assert await store.set("app:key", b"2", if_version="") not in (None, version)

    async def test_of_many_writes_for_one_version_one_is_done(self) -> None:
        async with self.open() as bench:
            store: Store = bench.store
            done = await at_once(lambda number: store.set("app:key", b"%d" % number, if_version=""))
            assert sum(version is not None for version in done) == 1

    async def test_nobodys_write_is_lost_where_each_asks_for_the_version(self) -> None:
        async with self.open() as bench:
            store: Store = bench.store
            await store.set("app:key", b"0")

            async def one_more(number: int) -> None:
                while True:
                    found = await store.get("app:key")
                    assert found is not None
                    await asyncio.sleep(0)
                    value = b"%d" % (int(found.value) + 1)
                    if await store.set("app:key", value, if_version=found.version) is not None:
                        return

            await at_once(one_more, 50)
            assert (await bench.store.get("app:key")).value == b"50"

    async def test_a_counter_is_exact_however_many_add(self) -> None:
        async with self.open() as bench:
            store: Store = bench.store
            counts = await at_once(lambda number: store.add("app:count"))
            assert sorted(counts) == list(range(1, MANY + 1))
            await at_once(lambda number: store.add("app:count", -2), 10)
            assert (await bench.store.get("app:count")).value == b"%d" % (MANY - 20)

    async def test_a_counter_lives_from_its_first_addition(self) -> None:
        async with self.open() as bench:
            store: Store = bench.store
            assert await store.add("app:count", ttl=2 * bench.unit) == 1
            await bench.wait(1)
            assert await store.add("app:count", ttl=9 * bench.unit) == 2
            await bench.wait(1.1)
            assert await store.add("app:count") == 1

    async def test_counters_are_values_that_are_numbers(self) -> None:
        async with self.open() as bench:
            store: Store = bench.store
            await store.set("app:count", b"-7", ttl=2 * bench.unit)
            assert await store.add("app:count", 3) == -4
            before = await store.get("app:count")
            await store.add("app:count", 0)
            after = await store.get("app:count")
            assert before is not None
            assert after is not None
            assert (before.value, after.value) == (b"-4", b"-4")
            assert before.version != after.version
            await bench.wait(2.1)
            assert await store.get("app:count") is None
            for value in (b"text", b"", b"1.5", b" 1", b"1_0"):
                await store.set("app:count", value)
                with pytest.raises(ValueError, match="number"):
                    await store.add("app:count")
            await store.set("app:count", b"%d" % (MAX_COUNT - 1))
            assert await store.add("app:count") == MAX_COUNT
            with pytest.raises(ValueError, match="count past"):
                await store.add("app:count")
            assert (await bench.store.get("app:count")).value == b"%d" % MAX_COUNT

    @pytest.mark.parametrize("key", ["", "x" * (MAX_KEY + 1), "é" * (MAX_KEY // 2 + 1)], ids=len)
    async def test_what_cannot_be_a_key_is_refused(self, key: str) -> None:
        async with self.open() as bench:
            for ask in (bench.store.get, bench.store.delete, bench.store.add):
                with pytest.raises(ValueError, match="key"):
                    await ask(key)
            with pytest.raises(ValueError, match="key"):
                await bench.store.set(key, b"")

    @pytest.mark.parametrize(
        "key", ["x" * MAX_KEY, "é" * (MAX_KEY // 2), "a b\n*?[x]%_'\"\\é", "a\0b"], ids=len
    )
    async def test_any_other_text_is_a_key(self, key: str) -> None:
        async with self.open() as bench:
            await bench.store.set(key, b"1")
            await bench.store.set(key[:-1], b"2")
            assert (await bench.store.get(key)).value == b"1"

    @pytest.mark.parametrize("ttl", [0, -1.0, float("inf"), float("nan")])
    async def test_a_lifetime_is_some_seconds(self, ttl: float) -> None:
        async with self.open() as bench:
            with pytest.raises(ValueError, match="lifetime"):
                await bench.store.set("app:key", b"", ttl=ttl)
            with pytest.raises(ValueError, match="lifetime"):
                await bench.store.add("app:key", ttl=ttl)
            assert await bench.store.get("app:key") is None

    async def test_a_closed_store_opens_again_when_it_is_called(self) -> None:
        async with self.open() as bench:
            await bench.store.close()
            await bench.store.close()
            await bench.store.set("app:key", b"value")
            assert (await bench.store.get("app:key")).value == b"value"


class LimitsContract(Contract):
    """Limits."""

    async def test_it_has_limits(self) -> None:
        async with self.open() as bench:
            assert isinstance(bench.store, Limits)

    @each_algorithm
    @pytest.mark.parametrize("limit", [1, 3, 7, 100])
    async def test_at_one_moment_exactly_the_limit_passes(self, algorithm: Algorithm, limit: int) -> None:
        async with self.open() as bench:
            store: Limits = bench.store
            verdicts = await at_once(
                lambda number: store.hit("app:ip", algorithm=algorithm, limit=limit, window=3600)
            )
            assert sum(verdict.allowed for verdict in verdicts) == limit
            assert sorted(v.remaining for v in verdicts if v.allowed) == list(range(limit))
            for verdict in verdicts:
                assert verdict.limit == limit
                assert (verdict.retry_after == 0) == verdict.allowed
                assert 0 < verdict.reset_after <= 3600
                assert verdict.retry_after <= 3600

    @each_algorithm
    async def test_after_its_window_everything_passes_again(self, algorithm: Algorithm) -> None:
        async with self.open() as bench:
            store: Limits = bench.store
            for _ in range(2):
                passed = [
                    await store.hit("app:ip", algorithm=algorithm, limit=3, window=4 * bench.unit)
                    for _ in range(5)
                ]
                assert [verdict.allowed for verdict in passed] == [True] * 3 + [False] * 2
                await bench.wait(4.1)

    @each_algorithm
    async def test_who_comes_back_when_told_passes(self, algorithm: Algorithm) -> None:
        async with self.open() as bench:
            store: Limits = bench.store

            async def hit(cost: int = 1) -> Any:
                return await store.hit(
                    "app:ip", algorithm=algorithm, limit=5, window=7 * bench.unit, cost=cost
                )

            for wanted in (1, 1, 3, 2, 5, 4):
                verdict = await hit(wanted)
                if not verdict.allowed:
                    early = verdict.retry_after / bench.unit - 0.2
                    await bench.wait(max(early, 0))
                    assert early <= 0 or not (await hit(wanted)).allowed
                    await bench.wait(0.2)
                    assert (await hit(wanted)).allowed

    async def test_a_fixed_window_begins_with_the_first_call(self) -> None:
        async with self.open() as bench:
            store: Limits = bench.store

            async def hit() -> bool:
                asked = store.hit("app:ip", algorithm="fixed_window", limit=2, window=4 * bench.unit)
                return (await asked).allowed

            assert await hit()
            await bench.wait(3)
            assert [await hit(), await hit()] == [True, False]
            await bench.wait(1.1)
            assert [await hit(), await hit(), await hit()] == [True, True, False]

    async def test_a_sliding_window_never_lets_more_pass_wherever_it_begins(self) -> None:
        async with self.open() as bench:
            store: Limits = bench.store

            async def hit() -> bool:
                asked = store.hit("app:ip", algorithm="sliding_window", limit=2, window=4 * bench.unit)
                return (await asked).allowed

            assert await hit()
            await bench.wait(3)
            assert [await hit(), await hit()] == [True, False]
            await bench.wait(1.5)
            assert [await hit(), await hit()] == [True, False]
            await bench.wait(2)
            assert not await hit()
            await bench.wait(0.6)
            assert await hit()

    async def test_gcra_lets_calls_pass_evenly_once_the_burst_is_spent(self) -> None:
        async with self.open() as bench:
            store: Limits = bench.store

            async def hit() -> bool:
                asked = store.hit("app:ip", algorithm="gcra", limit=4, window=4 * bench.unit)
                return (await asked).allowed

            assert [await hit() for _ in range(5)] == [True] * 4 + [False]
            for _ in range(3):
                await bench.wait(1.05)
                assert [await hit(), await hit()] == [True, False]

    @each_algorithm
    async def test_costs_are_counted_and_what_may_not_pass_costs_nothing(self, algorithm: Algorithm) -> None:
        async with self.open() as bench:
            store: Limits = bench.store

            async def hit(cost: int) -> Tuple[bool, int]:
                verdict = await store.hit("app:ip", algorithm=algorithm, limit=10, window=3600, cost=cost)
                return verdict.allowed, verdict.remaining

            assert await hit(11) == (False, 10)
            assert await hit(7) == (True, 3)
            assert await hit(4) == (False, 3)
            assert await hit(3) == (True, 0)
            assert await hit(1) == (False, 0)

    @each_algorithm
    async def test_limits_do_not_know_of_each_other(self, algorithm: Algorithm) -> None:
        async with self.open() as bench:
            hit: Any = bench.store.hit
            assert (await hit("app:a", algorithm=algorithm, limit=1, window=3600)).allowed
            assert (await hit("app:b", algorithm=algorithm, limit=1, window=3600)).allowed
            assert (await hit("app:a", algorithm=algorithm, limit=2, window=3600)).allowed
            assert (await hit("app:a", algorithm=algorithm, limit=1, window=1800)).allowed
            assert not (await hit("app:a", algorithm=algorithm, limit=1, window=3600)).allowed

    @pytest.mark.parametrize(
        "wrong",
        [{"limit": 0}, {"cost": 0}, {"window": 0}, {"window": -1}, {"algorithm": "leaky"}],
        ids=lambda one: "-".join(f"{key}{value}" for key, value in one.items()),
    )
    async def test_what_makes_no_limit_is_refused(self, wrong: Any) -> None:
        async with self.open() as bench:
            options = {"algorithm": "gcra", "limit": 1, "window": 1, **wrong}
            with pytest.raises(ValueError, match=r"limit|seconds|algorithm"):
                await bench.store.hit("app:ip", **options)


class LocksContract(Contract):
    """Locks."""

    async def test_it_has_locks(self) -> None:
        async with self.open() as bench:
            assert isinstance(bench.store, Locks)

    async def test_one_holds_a_lock_until_it_lets_go(self) -> None:
        async with self.open() as bench:
            store: Locks = bench.store
            lease = await store.acquire("app:lock", ttl=3600)
            assert lease is not None
            assert await store.acquire("app:lock", ttl=3600) is None
            assert await store.acquire("app:other", ttl=3600) is not None
            assert await store.release(lease) is True
            assert await store.release(lease) is False
            assert await store.renew(lease, ttl=3600) is False
            assert await store.acquire("app:lock", ttl=3600) is not None

    async def test_a_lease_that_is_not_renewed_is_lost(self) -> None:
        async with self.open() as bench:
            store: Locks = bench.store
            first = await store.acquire("app:lock", ttl=2 * bench.unit)
            assert first is not None
            await bench.wait(1)
            assert await store.renew(first, ttl=2 * bench.unit) is True
            await bench.wait(1.5)
            assert await store.acquire("app:lock", ttl=3600) is None
            await bench.wait(0.6)
            assert await store.renew(first, ttl=3600) is False
            second = await store.acquire("app:lock", ttl=3600)
            assert second is not None
            assert second.fence > first.fence
            assert await store.release(first) is False
            assert await store.renew(second, ttl=3600) is True

    async def test_fences_grow_with_every_holder(self) -> None:
        async with self.open() as bench:
            store: Locks = bench.store
            fences = []
            for _ in range(20):
                lease = await store.acquire("app:lock", ttl=3600)
                assert lease is not None
                fences.append(lease.fence)
                await store.release(lease)
            assert fences == sorted(set(fences))

    async def test_of_many_one_at_a_time_is_inside_and_all_come_in(self) -> None:
        async with self.open() as bench:
            store: Locks = bench.store
            inside, most, fences = 0, 0, []

            async def enter(number: int) -> None:
                nonlocal inside, most
                lease = await store.acquire("app:lock", ttl=3600, wait=LIMIT)
                assert lease is not None
                inside, most = inside + 1, max(most, inside + 1)
                fences.append(lease.fence)
                await asyncio.sleep(0)
                inside -= 1
                assert await store.release(lease)

            await at_once(enter, 100)
            assert (most, len(fences)) == (1, 100)
            assert fences == sorted(set(fences))

    async def test_who_waits_in_vain_gets_nothing(self) -> None:
        async with self.open() as bench:
            store: Locks = bench.store
            assert await store.acquire("app:lock", ttl=3600) is not None
            assert await store.acquire("app:lock", ttl=3600, wait=0.05) is None

    async def test_who_is_cancelled_while_it_waits_does_not_stand_in_the_way(self) -> None:
        async with self.open() as bench:
            store: Locks = bench.store
            held = await store.acquire("app:lock", ttl=3600)
            assert held is not None
            waiting = [
                asyncio.ensure_future(store.acquire("app:lock", ttl=3600, wait=LIMIT)) for _ in range(3)
            ]
            await asyncio.sleep(0.01)
            waiting[0].cancel()
            await store.release(held)
            waiting[1].cancel()
            assert await asyncio.wait_for(waiting[2], LIMIT) is not None

    async def test_who_is_cancelled_while_it_asks_keeps_nothing(self) -> None:
        async with self.open() as bench:
            store: Locks = bench.store
            for number in range(30):
                asking = asyncio.ensure_future(store.acquire("app:lock", ttl=3600))
                await (asyncio.sleep(number / 5000) if number % 2 else turns(number))
                asking.cancel()
                (held,) = await asyncio.gather(asking, return_exceptions=True)
                if isinstance(held, Lease):
                    assert await store.release(held)
                lease = await store.acquire("app:lock", ttl=3600)
                assert lease is not None, number
                assert await store.release(lease)

    async def test_a_lock_and_a_value_may_have_one_key(self) -> None:
        async with self.open() as bench:
            assert await bench.store.acquire("app:key", ttl=3600)
            if isinstance(bench.store, Store):
                assert await bench.store.get("app:key") is None
                await bench.store.set("app:key", b"value")
                assert await bench.store.delete("app:key")
            assert await bench.store.acquire("app:key", ttl=3600) is None


class TagsContract(Contract):
    """Tags."""

    async def test_it_has_tags(self) -> None:
        async with self.open() as bench:
            assert isinstance(bench.store, Tags)

    async def test_everything_under_a_tag_is_forgotten_and_nothing_else(self) -> None:
        async with self.open() as bench:
            store, tags = bench.store, bench.store
            await tags.set_tagged("app:1", b"1", ["app:red"])
            await tags.set_tagged("app:2", b"2", ["app:red", "app:blue", "app:red"])
            await tags.set_tagged("app:3", b"3", ["app:blue"])
            await store.set("app:4", b"4")
            assert await tags.forget("app:none") == 0
            assert await tags.forget("app:red") == 2
            assert await tags.forget("app:red") == 0
            left = [await store.get(f"app:{number}") is not None for number in (1, 2, 3, 4)]
            assert left == [False, False, True, True]
            assert await tags.forget("app:blue") == 1

    async def test_what_is_forgotten_while_it_is_written_does_not_stay(self) -> None:
        async with self.open() as bench:
            store: Any = bench.store

            async def race(number: int) -> bool:
                """What a cache makes is good only if the mark from before was not forgotten meanwhile."""
                mark = await store.set_tagged(f"app:mark:{number}", b"", [f"app:tag:{number}"])

                async def make() -> bool:
                    await store.set_tagged(f"app:made:{number}", b"old", [f"app:tag:{number}"])
                    return bool(await store.delete(f"app:mark:{number}", if_version=mark))

                is_good, _ = await asyncio.gather(make(), store.forget(f"app:tag:{number}"))
                return is_good and await store.get(f"app:made:{number}") is not None

            assert not any(await at_once(race))

    async def test_the_tags_are_those_of_the_last_write(self) -> None:
        async with self.open() as bench:
            store, tags = bench.store, bench.store
            for key in ("app:1", "app:2"):
                await tags.set_tagged(key, b"1", ["app:red"])
            await store.set("app:1", b"2")
            version = await tags.set_tagged("app:2", b"2", ["app:blue"])
            assert await tags.forget("app:red") == 0
            assert (await store.get("app:2")).version == version
            assert await store.get("app:1") is not None

    async def test_what_is_over_is_not_counted(self) -> None:
        async with self.open() as bench:
            tags: Tags = bench.store
            await tags.set_tagged("app:1", b"1", ["app:red"], ttl=bench.unit)
            await tags.set_tagged("app:2", b"1", ["app:red"], ttl=3 * bench.unit)
            await bench.wait(1.1)
            assert await tags.forget("app:red") == 1
