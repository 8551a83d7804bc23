"""Redis: a store that processes share, on Redis 6 or newer, or Valkey."""

import json
import math
from typing import Any, Awaitable, Callable, Iterable, List, Optional, Union

from microframe.extras import requires_extra
from microframe.redis_client import RedisClient, RedisFull, RedisUnavailable
from microframe.store import (
    MAX_COUNT,
    Algorithm,
    Entry,
    Lease,
    StoreFull,
    StoreUnavailable,
    Verdict,
    check_key,
    check_lifetime,
    check_limit,
)
from microframe.stores import asking
from microframe.stores import redis_scripts as scripts

with requires_extra("redis"):
    from redis import asyncio as client
    from redis.exceptions import ResponseError

__all__ = ["RedisStore"]

MICRO = 1_000_000
ALGORITHMS = ("fixed_window", "sliding_window", "gcra")
UNSURE = 1.0
"""Seconds that a lock lasts at first: where Redis gives it, and the answer is lost, nobody knows that it is held."""


class RedisStore:
    """Values, counters, limits, locks and tags in Redis, atomic and shared by every process that names the same URL.

    Nothing is connected before the first call. A call that takes longer than `timeout` seconds raises
    `StoreUnavailable`; after three in a row nobody asks for half a second. No call is sent twice. Redis must not evict
    (`maxmemory-policy noeviction`), or locks and limits are lost.

    `clock` (seconds) is what limits count by instead of the clock of Redis: for tests.

    Raises:
        SetupError: this is no URL of Redis.
    """

    is_shared = True
    """Other processes see what is in it."""

    def __init__(
        self,
        url: str,
        *,
        timeout: float = 0.1,
        max_connections: int = 50,
        protocol: int = 2,
        clock: Optional[Callable[[], float]] = None,
    ) -> None:
        self.client = RedisClient(url, timeout=timeout, max_connections=max_connections, protocol=protocol)
        self._clock = clock

    def __repr__(self) -> str:
        return "RedisStore(...)"  # an address may carry a password

    # Asking ----------------------------------------------------------------------------------------------------------

    async def _ask(self, question: Callable[["client.Redis"], Awaitable[Any]]) -> Any:
        try:
            return await self.client.ask(question)
        except RedisFull as exc:
            raise StoreFull(str(exc)) from exc
        except RedisUnavailable as exc:
            raise StoreUnavailable(str(exc)) from exc

    async def _run(self, script: str, *arguments: object) -> Any:
        given = [argument if isinstance(argument, bytes) else str(argument) for argument in arguments]
        return await self._ask(lambda redis: redis.register_script(script)(keys=(), args=given))

    # Values ----------------------------------------------------------------------------------------------------------

    async def get(self, key: str) -> Optional[Entry]:
        check_key(key)
        # What the client says of itself differs from release to release.
        ask: Callable[[Any], Awaitable[Any]] = lambda redis: redis.hmget(f"v:{key}", ["v", "n"])  # noqa: E731
        value, version = await self._ask(ask)
        return None if value is None else Entry(value, version.decode())

    async def set(
        self, key: str, value: bytes, *, ttl: Optional[float] = None, if_version: Optional[str] = None
    ) -> Optional[str]:
        check_key(key)
        version: Optional[bytes] = await self._run(
            scripts.SET, key, bytes(value), lifetime(ttl), *wanted(if_version), "[]"
        )
        return None if version is None else version.decode()

    async def delete(self, key: str, *, if_version: Optional[str] = None) -> bool:
        check_key(key)
        return bool(await self._run(scripts.DELETE, key, *wanted(if_version)))

    async def add(self, key: str, amount: int = 1, *, ttl: Optional[float] = None) -> int:
        check_key(key)
        try:
            return int(await self._run(scripts.ADD, key, int(amount), lifetime(ttl), MAX_COUNT))
        except ResponseError as exc:
            if "NOTANUMBER" in str(exc):
                raise ValueError(f"what is kept under {key!r} is no number") from exc
            if "TOOLARGE" in str(exc):
                raise ValueError(f"{key!r} would count past {MAX_COUNT}") from exc
            raise

    async def close(self) -> None:
        """Let go of the connections of this loop; the next call connects again."""
        await self.client.close()

    # Tags ------------------------------------------------------------------------------------------------------------

    async def set_tagged(
        self, key: str, value: bytes, tags: Iterable[str], *, ttl: Optional[float] = None
    ) -> str:
        check_key(key)
        names: List[str] = list(dict.fromkeys(tags))
        for tag in names:
            check_key(tag)
        written: bytes = await self._run(
            scripts.SET,
            key,
            bytes(value),
            lifetime(ttl),
            *wanted(None),
            json.dumps(names, ensure_ascii=False),
        )
        return written.decode()

    async def forget(self, tag: str) -> int:
        check_key(tag)
        return int(await self._run(scripts.FORGET, tag))

    # Limits ----------------------------------------------------------------------------------------------------------

    async def hit(
        self, key: str, *, algorithm: Algorithm, limit: int, window: float, cost: int = 1
    ) -> Verdict:
        check_key(key)
        check_limit(limit, window, cost)
        if algorithm not in ALGORITHMS:
            raise ValueError(f"there is no algorithm {algorithm!r}: {', '.join(ALGORITHMS)}")
        now = "" if self._clock is None else round(self._clock() * MICRO)
        micros = max(round(window * MICRO), 1)
        found = await self._run(scripts.HIT, key, algorithm, limit, micros, cost, now)
        allowed, remaining, reset, retry = map(int, found)
        return Verdict(bool(allowed), limit, remaining, reset / MICRO, retry / MICRO)

    # Locks -----------------------------------------------------------------------------------------------------------

    async def acquire(self, key: str, *, ttl: float, wait: float = 0.0) -> Optional[Lease]:
        check_key(key)
        check_lifetime(ttl)
        at_first = min(ttl, max(UNSURE, 2 * self.client.timeout))

        async def take() -> Union[Lease, float]:
            found = int(await self._run(scripts.ACQUIRE, key, lifetime(at_first)))
            if found <= 0:
                return -found / 1000
            lease = Lease(key, found)
            return lease if at_first == ttl or await self.renew(lease, ttl=ttl) else 0.0

        return await asking.acquire(take, self.release, wait)

    async def renew(self, lease: Lease, *, ttl: float) -> bool:
        return bool(await self._run(scripts.RENEW, lease.key, lease.fence, lifetime(ttl)))

    async def release(self, lease: Lease) -> bool:
        return bool(await self._run(scripts.RELEASE, lease.key, lease.fence))


def lifetime(seconds: Optional[float]) -> str:
    """Seconds as whole milliseconds, rounded up; nothing for what stays."""
    check_lifetime(seconds)
    return "" if seconds is None else str(max(math.ceil(seconds * 1000), 1))


def wanted(version: Optional[str]) -> "tuple[str, str]":
    return ("0", "") if version is None else ("1", version)
