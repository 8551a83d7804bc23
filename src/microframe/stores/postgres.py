"""PostgreSQL: a store that processes share, in a schema of its own, on PostgreSQL 12 or newer."""

import asyncio
import contextlib
import math
import re
from hashlib import blake2b
from typing import Any, Awaitable, Callable, Iterable, Optional, Union
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from microframe.breaker import Breaker
from microframe.concurrency import ended
from microframe.exceptions import SetupError
from microframe.extras import requires_extra
from microframe.store import (
    MAX_COUNT,
    Algorithm,
    Entry,
    Lease,
    StoreUnavailable,
    Verdict,
    check_key,
    check_lifetime,
    check_limit,
)
from microframe.stores import asking
from microframe.stores import postgres_functions as sql
from microframe.stores.counting import ALGORITHMS, MICRO
from microframe.stores.postgres_lines import FAILURES, MISSING, Lines, is_away, translated
from microframe.stores.room import Clock

with requires_extra("postgres"):
    import asyncpg

__all__ = ["PostgresStore"]

SWEEP_EVERY, SWEEP = 64, 256
"""After so many writes, so many rows of each table that are over are deleted: more than can have been added."""


class PostgresStore:
    """Values, counters, limits, locks and tags in PostgreSQL, shared by every process that names the same database.

    The first call makes the schema and what is in it, if it is not there. Each call is one statement and one round
    trip, and none is sent twice. One that takes longer than `timeout` seconds raises `StoreUnavailable`; after three in
    a row nobody asks for half a second. `prepare=False` is for a PgBouncer that keeps no prepared statements. `clock`
    (seconds) takes the place of the server's: for tests.

    Raises:
        SetupError: this is no URL of PostgreSQL, or no name of a schema.
    """

    is_shared = True
    """Other processes see what is in it."""

    def __init__(
        self,
        url: str,
        *,
        schema: str = "microframe",
        timeout: float = 1.0,
        max_connections: int = 10,
        prepare: bool = True,
        clock: Optional[Clock] = None,
    ) -> None:
        check_url(url)
        if not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", schema):
            raise SetupError(f"{schema!r} is no name of a schema: small letters, digits and underscores")
        self._url, self._schema = url, schema
        self._timeout, self._most = timeout, max_connections
        self._statement_cache = 100 if prepare else 0
        self._clock = clock
        self._breaker = Breaker("PostgreSQL", StoreUnavailable)
        self._lines: WeakKeyDictionary[asyncio.AbstractEventLoop, Lines] = WeakKeyDictionary()
        self._is_set_up = False
        self._until_sweep = 0

    def __repr__(self) -> str:
        return "PostgresStore(...)"  # an address may carry a password

    # Asking ----------------------------------------------------------------------------------------------------------

    def _lines_here(self) -> Lines:
        """The connections of the running loop: those of another one are of no use here."""
        loop = asyncio.get_running_loop()
        found = self._lines.get(loop)
        if found is None:
            found = self._lines[loop] = Lines(self._breaker.check, self._connect, self._most)
        return found

    async def _connect(self) -> Any:
        return await asyncpg.connect(
            self._url,
            timeout=self._timeout,
            statement_cache_size=self._statement_cache,
            server_settings={"application_name": "microframe"},
        )

    async def _ask(self, question: Callable[[Any], Awaitable[Any]]) -> Any:
        """Ask, and wait for the end even if cancelled: the connection is given on as clean as it was, and PostgreSQL is
        not asked to stop what is done in a moment, which would take a connection more."""
        asked = asyncio.ensure_future(self._answer(question))
        try:
            return await asyncio.shield(asked)
        except asyncio.CancelledError:
            await ended(asked)
            raise

    async def _answer(self, question: Callable[[Any], Awaitable[Any]]) -> Any:
        lines = self._lines_here()
        try:
            async with lines.one() as connection:
                if not self._is_set_up:
                    await self._set_up(connection)
                answer = await question(connection)
        except FAILURES as exc:
            if is_away(exc):
                self._breaker.failed()
                lines.drop()
            elif getattr(exc, "sqlstate", "") in MISSING:
                self._is_set_up = False  # somebody took it away: the next call makes it again
            raise translated(exc) from exc
        self._breaker.answered()
        return answer

    async def _row(self, statement: str, *arguments: object) -> Any:
        """The first row that a statement finds, or None."""
        text = sql.filled(statement, self._schema)
        now = None if self._clock is None else round(self._clock() * MICRO)
        ask: Callable[[Any], Awaitable[Any]] = lambda connection: connection.fetchrow(  # noqa: E731
            text, now, *arguments, timeout=self._timeout
        )
        return await self._ask(ask)

    async def _write(self, statement: str, *arguments: object) -> Any:
        """The same, for what leaves rows behind that are over one day."""
        row = await self._row(statement, *arguments)
        self._until_sweep -= 1
        if self._until_sweep < 0:
            self._until_sweep = SWEEP_EVERY
            with contextlib.suppress(StoreUnavailable):  # what was asked for is done; the next call is told
                await self._row(sql.CALL_SWEEP, SWEEP)
        return row

    async def _set_up(self, connection: Any) -> None:
        async def ask(method: Callable[..., Awaitable[Any]], statement: str) -> Any:
            return await method(sql.filled(statement, self._schema), timeout=self._timeout)

        async def make() -> None:
            await ask(connection.execute, sql.ONE_AT_A_TIME)
            if await ask(connection.fetchval, sql.IS_SET_UP):
                return  # somebody else was first, and may be writing by now: again would be in their way
            if not await ask(connection.fetchval, sql.HAS_SCHEMA):
                await ask(connection.execute, "CREATE SCHEMA {s}")
            for statement in sql.everything():
                await ask(connection.execute, statement)

        if not await ask(connection.fetchval, sql.IS_SET_UP):
            async with connection.transaction():
                await make()
        self._is_set_up = True

    async def close(self) -> None:
        """Let go of the connections of this loop; the next call connects again."""
        found = self._lines.pop(asyncio.get_running_loop(), None)
        if found is not None:
            await found.close(self._timeout)

    # Values ----------------------------------------------------------------------------------------------------------

    async def get(self, key: str) -> Optional[Entry]:
        check_key(key)
        row = await self._row(sql.GET, key.encode())
        return None if row is None else Entry(row["value"], str(row["version"]))

    async def set(
        self, key: str, value: bytes, *, ttl: Optional[float] = None, if_version: Optional[str] = None
    ) -> Optional[str]:
        check_key(key)
        given = (key.encode(), bytes(value), micros(ttl))
        if if_version:
            version = number_of(if_version)
            row = None if version is None else await self._write(sql.SET_VERSION, *given, version)
        else:
            row = await self._write(sql.SET if if_version is None else sql.SET_NEW, *given, None)
        return None if row is None else str(row["version"])

    async def delete(self, key: str, *, if_version: Optional[str] = None) -> bool:
        check_key(key)
        version = None if if_version is None else number_of(if_version)
        if version is None and if_version is not None:
            return False
        return await self._row(sql.DELETE, key.encode(), version) is not None

    async def add(self, key: str, amount: int = 1, *, ttl: Optional[float] = None) -> int:
        check_key(key)
        lasts = micros(ttl)
        if abs(amount) > 2 * MAX_COUNT:
            raise ValueError(f"{key!r} would count past {MAX_COUNT}")
        row = await self._write(sql.CALL_ADD, key.encode(), amount, lasts, MAX_COUNT)
        if row["problem"] == "no number":
            raise ValueError(f"the value of {key!r} is no number")
        if row["problem"]:
            raise ValueError(f"{key!r} would count past {MAX_COUNT}")
        return int(row["total"])

    # Tags ------------------------------------------------------------------------------------------------------------

    async def set_tagged(
        self, key: str, value: bytes, tags: Iterable[str], *, ttl: Optional[float] = None
    ) -> str:
        check_key(key)
        names = list(dict.fromkeys(tags))
        for tag in names:
            check_key(tag)
        given = (key.encode(), bytes(value), micros(ttl), [tag.encode() for tag in names] or None)
        return str((await self._write(sql.SET, *given))["version"])

    async def forget(self, tag: str) -> int:
        check_key(tag)
        return int((await self._row(sql.CALL_FORGET, tag.encode()))[0])

    # Limits ----------------------------------------------------------------------------------------------------------

    async def hit(
        self, key: str, *, algorithm: Algorithm, limit: int, window: float, cost: int = 1
    ) -> Verdict:
        check_key(key)
        check_limit(limit, window, cost)
        if algorithm not in ALGORITHMS:
            raise ValueError(f"there is no algorithm {algorithm!r}: {', '.join(ALGORITHMS)}")
        span = max(round(window * MICRO), 1)
        name = f"{algorithm}:{limit}:{span}:{key}".encode()
        row = await self._write(sql.CALL_HIT, name, guard(b"c", name), algorithm, limit, span, cost)
        return Verdict(row["allowed"], limit, row["remaining"], row["reset"] / MICRO, row["retry"] / MICRO)

    # Locks -----------------------------------------------------------------------------------------------------------

    async def acquire(self, key: str, *, ttl: float, wait: float = 0.0) -> Optional[Lease]:
        check_key(key)
        name, lasts = key.encode(), micros(ttl)

        async def take() -> Union[Lease, float]:
            found = int((await self._write(sql.CALL_ACQUIRE, name, guard(b"l", name), lasts))[0])
            return Lease(key, found) if found > 0 else -found / MICRO

        return await asking.acquire(take, self.release, wait)

    async def renew(self, lease: Lease, *, ttl: float) -> bool:
        return await self._row(sql.RENEW, lease.key.encode(), lease.fence, micros(ttl)) is not None

    async def release(self, lease: Lease) -> bool:
        return await self._row(sql.RELEASE, lease.key.encode(), lease.fence) is not None


def check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        is_one = parts.scheme in ("postgresql", "postgres") and (parts.port or 1) > 0
    except ValueError:
        is_one = False
    if not is_one:
        raise SetupError("this is no URL of PostgreSQL such as postgresql://user@db.internal:5432/board")


def micros(seconds: Optional[float]) -> Optional[int]:
    """Seconds as whole microseconds, rounded up; None for what stays."""
    check_lifetime(seconds)
    return None if seconds is None else max(math.ceil(seconds * MICRO), 1)


def number_of(version: str) -> Optional[int]:
    """The version as a number; None for what was never one."""
    return int(version) if re.fullmatch("[0-9]{1,18}", version) else None


def guard(kind: bytes, name: bytes) -> int:
    """Who waits for whom: a number for PostgreSQL's own locks."""
    return int.from_bytes(blake2b(name, digest_size=8, person=kind).digest(), "big", signed=True)
