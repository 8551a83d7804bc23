"""SQLite: a store in one file, for the processes of one machine; nothing but Python is needed."""

import functools
import os
import sqlite3
import time
from typing import Callable, Iterable, Optional, TypeVar, Union

from microframe.store import (
    MAX_COUNT,
    Algorithm,
    Entry,
    Lease,
    StoreFull,
    Verdict,
    check_key,
    check_lifetime,
    check_limit,
)
from microframe.stores import asking, sqlite_rows
from microframe.stores.counting import ALGORITHMS
from microframe.stores.memory import number_of
from microframe.stores.room import Clock
from microframe.stores.sqlite_file import Line, SQLiteFile, is_full, transaction

__all__ = ["SQLiteStore"]

T = TypeVar("T")
Change = Callable[[sqlite3.Connection, float], T]
"""What one call does, in a transaction, at a time."""

SWEEP_EVERY, SWEEP = 64, 256
"""After so many writes, so many rows of each table that are over are deleted: more than can have been added."""


class SQLiteStore:
    """Values, counters, limits, locks and tags in a file, for every process of this machine that names it.

    `address` is a path or a URL: `board.db`, `sqlite:///board.db`, `sqlite:////var/lib/board.db`. The file is made by
    the first call, readable by its owner alone. Who finds it locked for longer than `timeout` seconds is told
    `StoreUnavailable`. It grows to `max_bytes`: then what is over is forgotten, then the values written longest ago,
    and `StoreFull` says that there is nothing left to forget. `clock` (seconds) is for tests.

    Raises:
        SetupError: this names no file, or its folder does not exist.
    """

    is_shared = True
    """Other processes see what is in it."""

    def __init__(
        self,
        address: "Union[str, os.PathLike[str]]",
        *,
        timeout: float = 2.0,
        max_bytes: int = 1024**3,
        clock: Clock = time.time,
    ) -> None:
        self._file = SQLiteFile(address, timeout, max_bytes)
        self._clock = clock
        # Who reads waits for nobody who writes.
        self._reading, self._writing = Line(self._file), Line(self._file)
        self._until_sweep = 0

    def __repr__(self) -> str:
        return f"SQLiteStore({str(self._file.path)!r})"

    async def _change(self, change: Change[T]) -> T:
        return await self._writing.run(functools.partial(self._with_room, change))

    def _with_room(self, change: Change[T], connection: sqlite3.Connection) -> T:
        most = SWEEP
        while True:
            try:
                return self._transact(change, connection)
            except sqlite3.OperationalError as exc:
                room = functools.partial(make_room, most)
                if not is_full(exc) or not self._transact(room, connection):
                    raise
                most *= 2  # a large value needs the room of many small ones

    def _transact(self, change: Change[T], connection: sqlite3.Connection) -> T:
        with transaction(connection):
            now = self._clock()
            answer = change(connection, now)
            self._until_sweep -= 1
            if self._until_sweep < 0:
                self._until_sweep = SWEEP_EVERY
                sqlite_rows.sweep(connection, now, SWEEP)
            return answer

    async def close(self) -> None:
        """Let go of the file, after the calls that are on their way."""
        await self._reading.close()
        await self._writing.close()

    # Values ----------------------------------------------------------------------------------------------------------

    async def get(self, key: str) -> Optional[Entry]:
        check_key(key)
        row = await self._reading.run(lambda connection: sqlite_rows.find(connection, self._clock(), key))
        return None if row is None else Entry(bytes(row[0]), str(row[1]))

    async def set(
        self, key: str, value: bytes, *, ttl: Optional[float] = None, if_version: Optional[str] = None
    ) -> Optional[str]:
        check_key(key)
        self._check_value(value, ttl)

        def change(connection: sqlite3.Connection, now: float) -> Optional[str]:
            if if_version is not None:
                row = sqlite_rows.find(connection, now, key)
                if if_version != sqlite_rows.version_of(row):
                    return None
            return sqlite_rows.write(connection, key, value, end_of(now, ttl))

        return await self._change(change)

    async def delete(self, key: str, *, if_version: Optional[str] = None) -> bool:
        check_key(key)

        def change(connection: sqlite3.Connection, now: float) -> bool:
            row = sqlite_rows.find(connection, now, key)
            if row is None or (if_version is not None and if_version != sqlite_rows.version_of(row)):
                return False
            sqlite_rows.delete(connection, key)
            return True

        return await self._change(change)

    async def add(self, key: str, amount: int = 1, *, ttl: Optional[float] = None) -> int:
        check_key(key)
        check_lifetime(ttl)

        def change(connection: sqlite3.Connection, now: float) -> int:
            row = sqlite_rows.find(connection, now, key)
            total = amount + (0 if row is None else number_of(key, bytes(row[0])))
            if abs(total) > MAX_COUNT:
                raise ValueError(f"{key!r} would count past {MAX_COUNT}")
            sqlite_rows.write_count(connection, key, total, end_of(now, ttl) if row is None else row[2])
            return total

        return await self._change(change)

    def _check_value(self, value: bytes, ttl: Optional[float]) -> None:
        check_lifetime(ttl)
        if len(value) >= self._file.max_bytes:
            raise StoreFull(f"{self._file.path} has less room than this one value takes")

    # Tags ------------------------------------------------------------------------------------------------------------

    async def set_tagged(
        self, key: str, value: bytes, tags: Iterable[str], *, ttl: Optional[float] = None
    ) -> str:
        check_key(key)
        self._check_value(value, ttl)
        names = tuple(dict.fromkeys(tags))
        for tag in names:
            check_key(tag)
        return await self._change(
            lambda connection, now: sqlite_rows.write(connection, key, value, end_of(now, ttl), names)
        )

    async def forget(self, tag: str) -> int:
        check_key(tag)
        return await self._change(lambda connection, now: sqlite_rows.forget(connection, now, tag))

    # Limits ----------------------------------------------------------------------------------------------------------

    async def hit(
        self, key: str, *, algorithm: Algorithm, limit: int, window: float, cost: int = 1
    ) -> Verdict:
        check_key(key)
        check_limit(limit, window, cost)
        if algorithm not in ALGORITHMS:
            raise ValueError(f"there is no algorithm {algorithm!r}: {', '.join(ALGORITHMS)}")
        name = f"{algorithm}:{limit}:{float(window)}:{key}"

        def change(connection: sqlite3.Connection, now: float) -> Verdict:
            counted = ALGORITHMS[algorithm](limit, window)
            return sqlite_rows.count(connection, now, name, counted, cost)

        return await self._change(change)

    # Locks -----------------------------------------------------------------------------------------------------------

    async def acquire(self, key: str, *, ttl: float, wait: float = 0.0) -> Optional[Lease]:
        check_key(key)
        check_lifetime(ttl)

        async def take() -> Union[Lease, float]:
            return await self._change(lambda connection, now: sqlite_rows.take(connection, now, key, ttl))

        return await asking.acquire(take, self.release, wait)

    async def renew(self, lease: Lease, *, ttl: float) -> bool:
        check_lifetime(ttl)
        return await self._change(lambda connection, now: sqlite_rows.prolong(connection, now, lease, ttl))

    async def release(self, lease: Lease) -> bool:
        return await self._change(lambda connection, now: sqlite_rows.let_go(connection, now, lease))


def make_room(most: int, connection: sqlite3.Connection, now: float) -> int:
    """Forget what is over, or else the oldest values; gives how much it was."""
    return sqlite_rows.sweep(connection, now, most) or sqlite_rows.forget_oldest(connection, most)


def end_of(now: float, ttl: Optional[float]) -> Optional[float]:
    return None if ttl is None else now + ttl
