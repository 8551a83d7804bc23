"""Flights: the same thing, wanted by many at once, is made once: in a process, and among processes by a lock."""

import asyncio
import contextlib
from types import TracebackType
from typing import (
    Any,
    AsyncIterator,
    Awaitable,
    Callable,
    Dict,
    Generic,
    NamedTuple,
    Optional,
    Tuple,
    TypeVar,
)

from microframe.concurrency import completed
from microframe.exceptions import ClientDisconnect
from microframe.store import Lease, Locks, StoreUnavailable

T = TypeVar("T")

LEASE = 10.0
"""Seconds after which the lock of a process that has died is free again."""
PATIENCE = 30.0
"""Seconds for which a process waits for what another one makes, before it makes it itself."""


class Landed(NamedTuple):
    """What came of a flight: a value, or the error that ended it."""

    value: Any
    error: Optional[BaseException] = None
    trace: Optional[TracebackType] = None
    """Where the error came from; raised again, each time would add to it."""
    is_own: bool = False
    """Whether who asks has made it."""


LOST = Landed(None)
"""Whoever led was cancelled: somebody else tries."""


class Flights(Generic[T]):
    """What is being made now. Who leads is who came first; the others wait for it, and when one of them is cancelled
    none of the others is: should it be the leader, the next one makes the thing itself."""

    def __init__(self, locks: Locks, name: str) -> None:
        self._locks, self._name = locks, name
        self._flying: Dict[Tuple[Any, str], asyncio.Future[Landed]] = {}

    def is_flying(self, key: str) -> bool:
        """Whether it is being made in this process."""
        return (asyncio.get_running_loop(), key) in self._flying

    async def once(
        self, key: str, find: Callable[[], Awaitable[Optional[T]]], make: Callable[[], Awaitable[T]]
    ) -> Landed:
        """What `make` gives to whoever comes first. `find` looks whether another process has made it meanwhile.

        An error of `make` is raised to the leader; the others get it as `error`.
        """
        here = (asyncio.get_running_loop(), key)
        while True:
            flight = self._flying.get(here)
            if flight is None:
                return await self._lead(here, find, make)
            await asyncio.wait([flight])
            landed = flight.result()
            if landed is not LOST:
                return landed

    async def _lead(
        self,
        here: Tuple[Any, str],
        find: Callable[[], Awaitable[Optional[T]]],
        make: Callable[[], Awaitable[T]],
    ) -> Landed:
        flight = self._flying[here] = here[0].create_future()
        landed = LOST
        try:
            async with self._alone(here[1]):
                found = await find()
                if found is not None:
                    landed = Landed(found)
                    return landed
                made = await make()
                landed = Landed(made)
                return Landed(made, is_own=True)
        except ClientDisconnect:
            raise  # of the leader alone
        except Exception as exc:
            landed = Landed(None, exc, exc.__traceback__)
            raise
        finally:
            del self._flying[here]
            flight.set_result(landed)

    @contextlib.asynccontextmanager
    async def _alone(self, key: str) -> AsyncIterator[None]:
        """Hold the lock, where there is one to be had: without it the thing is made all the same."""
        lease: Optional[Lease] = None
        with contextlib.suppress(StoreUnavailable):
            lease = await self._locks.acquire(f"{self._name}:making:{key}", ttl=LEASE, wait=PATIENCE)
        if lease is None:
            yield
            return
        renewing = asyncio.ensure_future(self._renew(lease))
        try:
            yield
        finally:
            await completed(self._let_go(lease, renewing))

    async def _renew(self, lease: Lease) -> None:
        while True:
            await asyncio.sleep(LEASE / 3)
            with contextlib.suppress(StoreUnavailable):
                await self._locks.renew(lease, ttl=LEASE)

    async def _let_go(self, lease: Lease, renewing: "asyncio.Future[None]") -> None:
        renewing.cancel()
        await asyncio.wait([renewing])
        with contextlib.suppress(StoreUnavailable):
            await self._locks.release(lease)
