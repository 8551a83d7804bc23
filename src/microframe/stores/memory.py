"""Memory: the store of one process, for everything the contract knows, so a first step needs no service."""

import asyncio
import threading
import time
from typing import Hashable, Iterable, Optional, Tuple, Union

from microframe.store import (
    MAX_COUNT,
    Algorithm,
    Entry,
    Lease,
    Verdict,
    check_key,
    check_lifetime,
    check_limit,
)
from microframe.stores.counting import ALGORITHMS, Counted
from microframe.stores.queueing import Queues, Waiting
from microframe.stores.room import NEVER, OVERHEAD, PER_TAG, Clock, Item, Room

PER_CALL = 120
"""Bytes that a sliding window takes for each call it remembers, about."""


class MemoryStore:
    """Values, counters, limits, locks and tags in this process, for one process alone.

    It holds at most `max_entries` things in about `max_bytes` bytes. To make room it forgets what is over, then the
    values that nobody has asked for longest; counters, limits and locks it never forgets before their time, and where
    they leave no room it raises `StoreFull`. `clock` gives seconds and never goes backwards.

    Any thread may use it, on any event loop.
    """

    is_shared = False
    """No other process sees what is in it."""

    def __init__(
        self,
        *,
        max_entries: int = 100_000,
        max_bytes: int = 64 * 1024 * 1024,
        clock: Clock = time.monotonic,
    ) -> None:
        self._room = Room(max_entries, max_bytes)
        self._clock = clock
        self._lock = threading.Lock()
        self._queues = Queues()
        self._last = 0
        """The last version and fence given out."""

    def __len__(self) -> int:
        """How many things it holds, those included that are over and not yet forgotten."""
        return len(self._room)

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        return self._room.size

    def _next(self) -> int:
        self._last += 1
        return self._last

    # Values ----------------------------------------------------------------------------------------------------------

    async def get(self, key: str) -> Optional[Entry]:
        check_key(key)
        with self._lock:
            item = self._room.find(key, self._clock())
            if item is None:
                return None
            if key in self._room.values:
                self._room.values.move_to_end(key)
            value, version = item.body
        return Entry(value if isinstance(value, bytes) else b"%d" % value, str(version))

    async def set(
        self, key: str, value: bytes, *, ttl: Optional[float] = None, if_version: Optional[str] = None
    ) -> Optional[str]:
        check_key(key)
        check_lifetime(ttl)
        with self._lock:
            now = self._clock()
            if if_version is not None and if_version != version_of(self._room.find(key, now)):
                return None
            return self._write(key, value, now, ttl, ())

    def _write(self, key: str, value: bytes, now: float, ttl: Optional[float], tags: Tuple[str, ...]) -> str:
        version = self._next()
        size = size_of(key) + len(value) + sum(PER_TAG + len(tag) for tag in tags)
        # A copy: whoever gave it may change a bytearray, and a memoryview keeps more than itself.
        item = Item((bytes(value), version), NEVER if ttl is None else now + ttl, size, tags)
        self._room.keep(key, item, now, promised=False)
        return str(version)

    async def delete(self, key: str, *, if_version: Optional[str] = None) -> bool:
        check_key(key)
        with self._lock:
            item = self._room.find(key, self._clock())
            if item is None or (if_version is not None and if_version != version_of(item)):
                return False
            self._room.drop(key)
            return True

    async def add(self, key: str, amount: int = 1, *, ttl: Optional[float] = None) -> int:
        check_key(key)
        check_lifetime(ttl)
        with self._lock:
            now = self._clock()
            item = self._room.find(key, now)
            total = amount + (0 if item is None else number_of(key, item.body[0]))
            if abs(total) > MAX_COUNT:
                raise ValueError(f"{key!r} would count past {MAX_COUNT}")
            ends = (NEVER if ttl is None else now + ttl) if item is None else item.expires
            counter = Item((total, self._next()), ends, size_of(key), item.tags if item is not None else ())
            self._room.keep(key, counter, now, promised=True)
            return total

    async def close(self) -> None:
        with self._lock:
            self._room.clear()
            self._queues.wake_all()

    # Tags ------------------------------------------------------------------------------------------------------------

    async def set_tagged(
        self, key: str, value: bytes, tags: Iterable[str], *, ttl: Optional[float] = None
    ) -> str:
        check_key(key)
        check_lifetime(ttl)
        wanted = tuple(dict.fromkeys(tags))
        for tag in wanted:
            check_key(tag)
        with self._lock:
            return self._write(key, value, self._clock(), ttl, wanted)

    async def forget(self, tag: str) -> int:
        with self._lock:
            now = self._clock()
            keys = list(self._room.tagged.get(tag, ()))
            found = sum(self._room.find(key, now) is not None for key in keys)
            for key in keys:
                self._room.drop(key)
            return found

    # Limits ----------------------------------------------------------------------------------------------------------

    async def hit(
        self, key: str, *, algorithm: Algorithm, limit: int, window: float, cost: int = 1
    ) -> Verdict:
        check_key(key)
        check_limit(limit, window, cost)
        if algorithm not in ALGORITHMS:
            raise ValueError(f"there is no algorithm {algorithm!r}: {', '.join(ALGORITHMS)}")
        name: Hashable = (key, algorithm, limit, window)
        with self._lock:
            now = self._clock()
            item = self._room.find(name, now)
            if item is None:
                counted: Counted = ALGORITHMS[algorithm](limit, window)
                verdict = counted.hit(now, cost)
                # Only what finds room has been counted.
                if verdict.allowed:
                    item = Item(counted, counted.expires, size_of(key) + PER_CALL)
                    self._room.keep(name, item, now, promised=True)
                return verdict
            counted = item.body
            if counted.grows(now, cost):
                self._room.grow(item, PER_CALL, now)
            verdict = counted.hit(now, cost)
            item.expires = counted.expires
            unused = item.size - size_of(key) - PER_CALL * max(counted.calls, 1)
            if unused:
                self._room.shrink(item, unused)
            return verdict

    # Locks -----------------------------------------------------------------------------------------------------------

    async def acquire(self, key: str, *, ttl: float, wait: float = 0.0) -> Optional[Lease]:
        check_key(key)
        check_lifetime(ttl)
        loop = asyncio.get_running_loop()
        end = loop.time() + wait
        while True:
            with self._lock:
                lease, free_in = self._take(key, ttl)
                left = end - loop.time()
                if lease is not None or left <= 0:
                    return lease
                waiting = self._queues.join(key)
            await self._wait(key, waiting, min(left, free_in))

    async def _wait(self, key: str, waiting: Waiting, seconds: float) -> None:
        try:
            await waiting.sleep(seconds)
        except asyncio.CancelledError:
            with self._lock:
                if self._queues.leave(key, waiting):  # woken for nothing: the next one's turn
                    self._queues.wake_next(key)
            raise
        with self._lock:
            self._queues.leave(key, waiting)

    def _take(self, key: str, ttl: float) -> Tuple[Optional[Lease], float]:
        """The lease, or in how many seconds it is free at the latest, if its holder does not renew it."""
        name, now = ("lock", key), self._clock()
        held = self._room.find(name, now)
        if held is not None:
            return None, held.expires - now
        fence = self._next()
        self._room.keep(name, Item(fence, now + ttl, size_of(key)), now, promised=True)
        return Lease(key, fence), 0.0

    async def renew(self, lease: Lease, *, ttl: float) -> bool:
        check_lifetime(ttl)
        with self._lock:
            now = self._clock()
            held = self._held(lease, now)
            if held is None:
                return False
            self._room.keep(("lock", lease.key), Item(lease.fence, now + ttl, held.size), now, promised=True)
            return True

    async def release(self, lease: Lease) -> bool:
        with self._lock:
            if self._held(lease, self._clock()) is None:
                return False
            self._room.drop(("lock", lease.key))
            self._queues.wake_next(lease.key)
            return True

    def _held(self, lease: Lease, now: float) -> Optional[Item]:
        item = self._room.find(("lock", lease.key), now)
        return item if item is not None and item.body == lease.fence else None


def size_of(key: str) -> int:
    return OVERHEAD + len(key)


def number_of(key: str, value: Union[int, bytes]) -> int:
    if isinstance(value, int):
        return value
    if not value.lstrip(b"-").isdigit():
        raise ValueError(f"the value of {key!r} is no number")
    return int(value)


def version_of(item: Optional[Item]) -> str:
    """The version of what is there, `""` where there is nothing."""
    return "" if item is None else str(item.body[1])
