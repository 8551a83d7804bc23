"""SQLite file: where it is, who may read it, and a connection to it that works in a thread of its own."""

import functools
import os
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Callable, Iterator, Optional, TypeVar, Union
from urllib.parse import unquote

from microframe.breaker import Breaker
from microframe.concurrency import in_thread
from microframe.exceptions import SetupError
from microframe.store import StoreFull, StoreUnavailable
from microframe.stores.sqlite_rows import HAS_TABLES, TABLES

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]

OLDEST = (3, 24)
"""The SQLite that learned `ON CONFLICT … DO UPDATE`."""
PAGE = 4096
URL = "sqlite:///"


class SQLiteFile:
    """A file for a store, made for its owner alone when it is first opened.

    Raises:
        SetupError: there is no such folder, or this SQLite is too old.
    """

    def __init__(self, address: Union[str, "os.PathLike[str]"], timeout: float, max_bytes: int) -> None:
        if sqlite3.sqlite_version_info < OLDEST:
            raise SetupError(f"a SQLite store needs SQLite 3.24, and this is {sqlite3.sqlite_version}")
        self.path = Path(path_of(os.fspath(address))).absolute()
        if not self.path.parent.is_dir():
            raise SetupError(f"there is no folder {self.path.parent} for a SQLite store")
        self.timeout = timeout
        self.max_bytes = max_bytes

    def open(self) -> sqlite3.Connection:
        """A connection for the thread that calls; the tables are there.

        Raises:
            OSError: the file cannot be made.
            sqlite3.Error: it is no database, or locked for too long.
            StoreUnavailable: others could read or change it.
        """
        self._make_private()
        connection = sqlite3.connect(str(self.path), timeout=self.timeout, isolation_level=None)
        try:
            connection.execute(f"PRAGMA max_page_count = {max(self.max_bytes // PAGE, 1)}")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA synchronous = NORMAL")
            if connection.execute(HAS_TABLES).fetchone() is None:
                self._make_tables(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _make_private(self) -> None:
        # Opened only where nobody has it open: closing a file takes away the locks that SQLite holds on it.
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            self._check_owner()
            return
        try:
            if os.name == "posix":
                os.fchmod(
                    descriptor, 0o600
                )  # whatever the umask took away; SQLite's other files follow this one
        finally:
            os.close(descriptor)

    def _check_owner(self) -> None:
        if os.name != "posix":
            return
        found = self.path.stat()
        if found.st_mode & 0o002 or (os.geteuid() != 0 and found.st_uid != os.geteuid()):
            raise StoreUnavailable(f"{self.path} belongs to somebody else, or anybody may write to it")

    def _make_tables(self, connection: sqlite3.Connection) -> None:
        deadline = time.monotonic() + self.timeout
        while True:
            try:  # SQLite does not wait by itself where several processes do this at once
                connection.execute("PRAGMA journal_mode = WAL")
                break
            except sqlite3.OperationalError as exc:
                if not is_locked(exc) or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
        with transaction(connection):
            for statement in filter(str.strip, TABLES.split(";")):
                connection.execute(statement)


class Line:
    """One connection to a file; the first call opens it, and calls wait for each other."""

    def __init__(self, file: SQLiteFile) -> None:
        self._file = file
        self._breaker = Breaker(str(file.path), StoreUnavailable)
        self._worker: Optional[Worker] = None

    async def run(self, work: Work[T]) -> T:
        """Do this with the connection. Who is cancelled before its turn leaves nothing done, and later all of it."""
        if self._worker is None:
            self._worker = Worker(self._file, self._breaker)
        return await self._worker.run(work)

    async def close(self) -> None:
        """After the calls that are waiting, let go of file and thread; the next call opens it again."""
        if self._worker is not None:
            worker, self._worker = self._worker, None
            await worker.close()


class Worker:
    """A thread with a connection that is its own: SQLite lets no other one use it."""

    def __init__(self, file: SQLiteFile, breaker: Breaker) -> None:
        self._file, self._breaker = file, breaker
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="microframe-sqlite")
        self._connection: Optional[sqlite3.Connection] = None

    async def run(self, work: Work[T]) -> T:
        return await in_thread(self._pool, functools.partial(self._do, work))

    def _do(self, work: Work[T]) -> T:
        self._breaker.check()
        try:
            if self._connection is None:
                self._connection = self._file.open()
            answer = work(self._connection)
        except sqlite3.ProgrammingError:  # a mistake of ours
            raise
        except (sqlite3.Error, OSError) as exc:
            raise self._failure(exc) from exc
        self._breaker.answered()
        return answer

    def _failure(self, exc: Exception) -> StoreUnavailable:
        if is_full(exc):
            return StoreFull(f"{self._file.path} has no room left")
        self._breaker.failed()
        if not is_locked(exc):
            self._drop()  # whatever it was, the next call begins anew
        return StoreUnavailable(f"{self._file.path} cannot be used: {exc}")

    def _drop(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            connection.close()

    async def close(self) -> None:
        """After the calls that are waiting, let go of file and thread."""
        try:
            await in_thread(self._pool, self._drop)
        finally:
            self._pool.shutdown(wait=False)


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of it or nothing, and nobody else's writes meanwhile."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def path_of(address: str) -> str:
    """The path in `sqlite:///relative.db` or `sqlite:////absolute.db`; any other text is a path itself.

    Raises:
        SetupError: it names no file.
    """
    path = unquote(address[len(URL) :]) if address.startswith(URL) else address
    if not path or path.startswith(("sqlite:", ":memory:")) or "?" in path or "\0" in path:
        raise SetupError(
            "a SQLite store needs a file, as in sqlite:///board.db or sqlite:////var/lib/board.db"
        )
    return path


def is_full(exc: Exception) -> bool:
    return "is full" in str(exc)


def is_locked(exc: Exception) -> bool:
    return "is locked" in str(exc)
