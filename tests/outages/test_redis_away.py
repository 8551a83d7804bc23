"""Redis is away, slow or silent in the middle of traffic: each part does what it says, and nothing is a 500."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Callable, Dict, List, NamedTuple, Optional

import pytest

from tests.fault_proxy import fault_proxy
from tests.outages.kinds import MADE_ANEW, everything, visitor
from tests.outages.program import QUOTA, Origin, build
from tests.outages.traffic import Kind, Seen, Traffic
from tests.servers import redis_server
from tests.wire import served


class Fault(NamedTuple):
    """What happens to Redis, and how it ends."""

    url: str
    begin: Callable[[], None]
    end: Callable[[], None]
    forgets: bool
    """Whether it is empty afterwards."""
    timeout: Optional[float]
    """Seconds that a call may take, where not the usual 0.1 s."""


@contextmanager
def killed() -> Iterator[Fault]:
    """The process of Redis is killed, and another one started."""
    with redis_server() as server:
        # Nothing waits for one that refuses: so there is patience while it is there, on a busy machine.
        yield Fault(server.url, server.stop, server.start, forgets=True, timeout=10.0)


@contextmanager
def silent() -> Iterator[Fault]:
    """Connections stay open, and nothing comes on them any more (half-open)."""
    with redis_server() as server, fault_proxy(server.port) as proxy:
        yield Fault(proxy.url, proxy.fall_silent, proxy.recover, forgets=False, timeout=None)


@contextmanager
def slow() -> Iterator[Fault]:
    """Every answer comes much too late, and what was asked is done."""
    with redis_server() as server, fault_proxy(server.port) as proxy:
        yield Fault(proxy.url, lambda: proxy.be_slow(5.0), proxy.recover, forgets=False, timeout=None)


FAULTS = {"killed": killed, "silent": silent, "slow": slow}
each_fault = pytest.mark.parametrize("name", FAULTS)


class Outages:
    """Traffic while Redis is there, away, and there again, some rounds of it."""

    def __init__(self, fault: Fault, lines: int, count: int, rounds: int) -> None:
        self.fault, self._lines, self._count, self._rounds = fault, lines, count, rounds
        self.phases = ["there 0"]
        self.recoveries: List[float] = []
        """Seconds from the end of each fault until everything was answered as before."""
        self.traffic: Traffic
        self.origin: Origin

    def is_usual(self, seen: Seen) -> bool:
        if seen.kind.name == "form" and self.fault.forgets and seen.phase != "there 0":
            return seen.got.status == 403  # a token is worth nothing without the session that it is bound to
        return seen.got.status in seen.kind.usual

    async def run(self) -> None:
        app, self.origin = build(self.fault.url, timeout=self.fault.timeout)
        with served(app) as server:
            self.traffic = Traffic(server.port, everything(await visitor(server.port)), self._lines)
            async with self.traffic.running():
                await self.traffic.enough("there 0", self._count, self.is_usual)
                for number in range(1, self._rounds + 1):
                    await self.outage(number)

    async def outage(self, number: int) -> None:
        away, there = f"away {number}", f"there {number}"
        self.phases += [away, there]
        self.traffic.phase = "between"
        self.fault.begin()
        await self.traffic.enough(away, self._count)
        self.traffic.phase = "between"
        self.fault.end()
        began = time.monotonic()
        await self.traffic.enough(there, 1, self.is_usual)
        self.recoveries.append(time.monotonic() - began)
        await self.traffic.enough(there, self._count, self.is_usual)

    # What came -------------------------------------------------------------------------------------------------------

    def check(self) -> None:
        for kind in self.traffic.kinds:
            self.check_kind(kind)
        self.check_origin()
        self.check_limits()
        self.check_orders()

    def check_kind(self, kind: Kind) -> None:
        """While Redis is away, each answer is what it has to be; while it comes or goes, it is one or the other."""
        for seen in self.traffic.seen:
            if seen.kind is not kind:
                continue
            if seen.phase.startswith("away"):
                assert seen.got.status in kind.away, seen
            else:
                assert seen.got.status in kind.away or self.is_usual(seen) or seen.phase == "between", seen
            assert seen.got.status < 500 or seen.got.status == 503, seen
            if seen.got.status == 503:
                assert seen.got.headers["retry-after"] == "1", seen
                assert seen.got.headers["content-type"] == "application/problem+json", seen

    def check_origin(self) -> None:
        """Of what is kept, one is made at a time, also without the store."""
        for name in MADE_ANEW:
            assert self.origin.at_once[f"{name} one"] == 1

    def check_limits(self) -> None:
        """Each Redis lets a quota pass, and each process one while there is none."""
        lives = 1 + self._rounds * self.fault.forgets
        passed = Counter(seen.kind.name for seen in self.traffic.seen if seen.got.status == 200)
        assert QUOTA < passed["limited"] <= (lives + 1) * QUOTA
        assert 0 < passed["strict"] <= lives * QUOTA

    def check_orders(self) -> None:
        """Nothing runs that could run twice; where Redis was there all the time, what is sent again gets its answer."""
        pairs: Dict[int, List[Seen]] = {}
        for seen in self.traffic.seen:
            if seen.kind.name == "pay":
                pairs.setdefault(seen.number, []).append(seen)
        for number, pair in pairs.items():
            made = self.origin.made[f"order {number}"]
            if all(seen.phase.startswith("away") for seen in pair):
                assert made == 0, pair
            elif len(pair) == 2 and all(seen.got.status == 200 for seen in pair) and self.fault.timeout:
                is_same = pair[0].phase == pair[1].phase != "between"
                assert not is_same or (made, pair[1].got.headers.get("idempotency-replayed")) == (
                    1,
                    "true",
                ), pair


@pytest.mark.timeout(300)
@each_fault
async def test_each_part_does_what_it_says_while_redis_is_away(name: str) -> None:
    with FAULTS[name]() as fault:
        outages = Outages(fault, lines=2, count=15, rounds=1)
        await outages.run()
    outages.check()


@pytest.mark.soak
@each_fault
async def test_each_part_does_what_it_says_however_often_redis_goes_and_comes(name: str) -> None:
    with FAULTS[name]() as fault:
        outages = Outages(fault, lines=4, count=300, rounds=3)
        await outages.run()
    outages.check()
    seen = outages.traffic.seen
    away = [one.seconds for one in seen if one.phase.startswith("away")]
    print(
        f"{name}: {len(seen)} answers, {len(away)} while it was away, the slowest of those after "
        f"{max(away):.2f} s (99 %: {sorted(away)[len(away) * 99 // 100]:.3f} s); "
        f"recovered after {', '.join(f'{one:.2f}' for one in outages.recoveries)} s"
    )
