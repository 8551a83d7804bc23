"""PostgreSQL lines: the connections of one event loop, each for one call at a time, and what their failures mean."""

import asyncio
from contextlib import asynccontextmanager
from typing import Any, AsyncIterator, Awaitable, Callable, List

from microframe.extras import requires_extra
from microframe.store import StoreFull, StoreUnavailable

with requires_extra("postgres"):
    import asyncpg

FAILURES = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, asyncio.TimeoutError)
GONE = (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, OSError, asyncio.TimeoutError)
NO_ROOM = ("53100", "53200")  # disk, memory
MISSING = ("3F000", "42P01", "42883")  # schema, table, function


class Lines:
    """At most `most` connections, made when they are needed and kept until one fails."""

    def __init__(self, check: Callable[[], None], connect: Callable[[], Awaitable[Any]], most: int) -> None:
        self._check, self._connect = check, connect
        self._free: List[Any] = []
        self._room = asyncio.Semaphore(most)
        self._is_closed = False

    @asynccontextmanager
    async def one(self) -> AsyncIterator[Any]:
        """A connection of one's own. One that was left in the middle of a call is nobody's any more."""
        async with self._room:
            self._check()
            connection = await self._taken()
            try:
                yield connection
            except BaseException as exc:
                if not isinstance(exc, asyncpg.PostgresError) or isinstance(exc, GONE):
                    connection.terminate()
                self._give_back(connection)
                raise
            self._give_back(connection)

    async def _taken(self) -> Any:
        while self._free:
            connection = self._free.pop()
            if not connection.is_closed():
                return connection
        return await self._connect()

    def _give_back(self, connection: Any) -> None:
        if self._is_closed:
            connection.terminate()
        elif not connection.is_closed():
            self._free.append(connection)

    def drop(self) -> None:
        """Forget those that nobody uses: after a restart each would fail once."""
        while self._free:
            self._free.pop().terminate()

    async def close(self, timeout: float) -> None:
        """Say goodbye; those that are in use are dropped when they come back."""
        self._is_closed = True
        while self._free:
            connection = self._free.pop()
            try:
                await connection.close(timeout=timeout)
            except FAILURES:
                connection.terminate()


def is_away(exc: BaseException) -> bool:
    """Whether the server could not be reached, or sends everybody away."""
    return isinstance(exc, GONE) or str(getattr(exc, "sqlstate", "")).startswith(("08", "53300", "57P"))


def translated(exc: BaseException) -> StoreUnavailable:
    """What a failure means to who asked; without its text, which may tell addresses and names."""
    code = getattr(exc, "sqlstate", None) or ""
    if code in NO_ROOM:
        return StoreFull("PostgreSQL has no room left")
    if code == "42501":
        return StoreUnavailable(
            "PostgreSQL does not let this user make or use the store's schema: create it, and grant usage and create"
        )
    if not code or is_away(exc):
        return StoreUnavailable(f"PostgreSQL cannot be reached: {type(exc).__name__}")
    return StoreUnavailable(f"PostgreSQL refuses: {type(exc).__name__} ({code})")
