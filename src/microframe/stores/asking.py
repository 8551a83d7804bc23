"""Asking: how a lock is waited for where a store can only be asked again whether it is free."""

import asyncio
import contextlib
import random
from typing import Awaitable, Callable, Optional, Union

from microframe.store import Lease, StoreUnavailable

FIRST_PAUSE, LONGEST_PAUSE = 0.005, 0.25
"""Seconds between two looks at a lock that somebody else holds."""

Take = Callable[[], Awaitable[Union[Lease, float]]]
"""Gives the lease, or in how many seconds the lock is free at the latest."""


async def acquire(take: Take, release: Callable[[Lease], Awaitable[bool]], wait: float) -> Optional[Lease]:
    """The lease, or None if it was not free in `wait` seconds."""
    clock = asyncio.get_running_loop().time
    end, pause = clock() + wait, FIRST_PAUSE
    while True:
        found = await _try(take, release)
        if isinstance(found, Lease):
            return found
        left = end - clock()
        if left <= 0:
            return None
        # Not all who wait at once, and no later than the lease is over.
        await asyncio.sleep(min(left, max(found, 0.001), pause * random.uniform(0.5, 1)))  # noqa: S311
        pause = min(pause * 1.5, LONGEST_PAUSE)


async def _try(take: Take, release: Callable[[Lease], Awaitable[bool]]) -> Union[Lease, float]:
    """One question. Who is cancelled meanwhile does not keep what it may have got."""
    asking = asyncio.ensure_future(take())
    try:
        return await asyncio.shield(asking)
    except asyncio.CancelledError:
        with contextlib.suppress(StoreUnavailable):
            found = await asking
            if isinstance(found, Lease):
                await release(found)
        raise
