"""Fallback: limits that this process counts by itself while the store that counts for all cannot be asked."""

import logging
import time
from hashlib import blake2b
from typing import Dict, Type

from microframe.limits.limit import Limit
from microframe.store import Limits, StoreFull, StoreUnavailable, Verdict
from microframe.stores.memory import MemoryStore
from microframe.stores.room import Clock

logger = logging.getLogger("microframe.limits")

SHARES = 1024
"""Counts of one limit for those that there is no room for: clients share them, so there are never more."""
UNBOUNDED = 2**62
QUIET = 60.0
"""Seconds that must pass until the same is logged again, however often a store comes and goes."""


class FallbackLimits:
    """Asks a store, and counts in this process while it cannot be reached; an outage is logged once.

    Where there is no room, for too many clients call at once, those that have none share 1,024 counts of each limit:
    some are then refused early, and nobody is without a limit.
    """

    def __init__(self, *, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._own = MemoryStore(clock=clock)
        # Full it cannot be: the number of its keys is bounded, and each keeps one number.
        self._shared = MemoryStore(max_entries=UNBOUNDED, max_bytes=UNBOUNDED, clock=clock)
        self._is_out = False
        self._told: Dict[Type[StoreUnavailable], float] = {StoreFull: -QUIET, StoreUnavailable: -QUIET}
        """When each was logged last."""

    async def hit(self, store: Limits, name: str, who: str, limit: Limit) -> Verdict:
        """Count a call of somebody under the name of a limit, whatever the store can do.

        Raises:
            StoreUnavailable: it can do nothing, and this limit is not to be counted anywhere else.
        """
        try:
            verdict = await ask(store, f"{name}:{who}", limit)
        except StoreUnavailable as exc:
            self._note(exc)
            if limit.fail_closed:
                raise
            is_ours = isinstance(exc, StoreFull) and isinstance(store, MemoryStore)
            return await (self._share(name, who, limit) if is_ours else self._hit_here(name, who, limit))
        if self._is_out:
            self._is_out = False
            logger.info("rate limits are counted in their store again")
        return verdict

    async def _hit_here(self, name: str, who: str, limit: Limit) -> Verdict:
        try:
            return await ask(self._own, f"{name}:{who}", limit)
        except StoreFull as exc:
            self._note(exc)
            return await self._share(name, who, limit)

    async def _share(self, name: str, who: str, limit: Limit) -> Verdict:
        """Count a client with others, where this process has no room for more."""
        share = int.from_bytes(blake2b(who.encode(), digest_size=4).digest(), "big") % SHARES
        return await self._shared.hit(
            f"{name}:{share}", algorithm="gcra", limit=limit.quota, window=limit.window, cost=limit.cost
        )

    def _note(self, exc: StoreUnavailable) -> None:
        if isinstance(exc, StoreFull):
            self._tell(StoreFull, "there are too many clients to count each by itself: %s", exc)
        elif not self._is_out:
            self._is_out = True
            self._tell(StoreUnavailable, "each process counts rate limits by itself: %s", exc)

    def _tell(self, kind: Type[StoreUnavailable], message: str, exc: StoreUnavailable) -> None:
        now = self._clock()
        if now - self._told[kind] >= QUIET:
            self._told[kind] = now
            logger.warning(message, exc)


async def ask(store: Limits, key: str, limit: Limit) -> Verdict:
    return await store.hit(
        key, algorithm=limit.algorithm, limit=limit.quota, window=limit.window, cost=limit.cost
    )
