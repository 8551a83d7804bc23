"""Shelf: where a cache keeps what it has, in a store; while that is away nothing is kept, and nothing fails."""

import contextlib
import logging
import secrets
from typing import Iterable, List, NamedTuple, Optional, Sequence

from microframe.concurrency import completed
from microframe.store import Locks, Store, StoreUnavailable, Tags

logger = logging.getLogger("microframe.cache")

MARK_LASTS = 300.0
"""Seconds that making something may take, for it to be kept."""


class Mark(NamedTuple):
    """Says that something is being made; it is gone when that was forgotten meanwhile."""

    key: str
    version: str


class Shelf:
    """Bytes under keys, for some seconds, known by tags. `name` begins every key."""

    def __init__(self, store: Store, tags: Tags, locks: Locks, name: str) -> None:
        self._store, self._tags = store, tags
        self.locks = locks
        self._name = name
        self._is_away = False

    def key(self, key: str) -> str:
        return f"{self._name}:{key}"

    async def find(self, key: str) -> Optional[bytes]:
        """What is kept under a key; None where nothing is, or nobody knows."""
        try:
            entry = await self._store.get(self.key(key))
        except StoreUnavailable as exc:
            self._is_gone(exc)
            return None
        self._is_back()
        return None if entry is None else entry.value

    async def mark(self, key: str, tags: Iterable[str]) -> Optional[Mark]:
        """Say that something is being made: forgotten before it is there, it will not be kept. None: it cannot be."""
        mark = self.key(f"{key}:{secrets.token_hex(8)}")
        try:
            version = await self._tags.set_tagged(mark, b"", self._keys(tags), ttl=MARK_LASTS)
        except StoreUnavailable as exc:
            self._is_gone(exc)
            return None
        return Mark(mark, version)

    async def keep(
        self, key: str, value: bytes, tags: Iterable[str], ttl: float, mark: Optional[Mark]
    ) -> Optional[bool]:
        """Keep what has been made since the mark; whether it is kept. None: it cannot be, but it is good.

        Done to its end also where whoever keeps it is cancelled.
        """
        if mark is None or ttl <= 0:
            return None
        return await completed(self._keep(self.key(key), value, self._keys(tags), ttl, mark))

    async def _keep(
        self, key: str, value: bytes, tags: Sequence[str], ttl: float, mark: Mark
    ) -> Optional[bool]:
        # Looked at in this order, what is forgotten at the same moment is found here, or its mark is gone.
        try:
            await self._tags.set_tagged(key, value, tags, ttl=ttl)
            if await self._store.delete(mark.key, if_version=mark.version):
                return True
            await self._store.delete(key)
        except StoreUnavailable as exc:
            self._is_gone(exc)
            # It may be there all the same, and nobody knows whether it was forgotten before that.
            with contextlib.suppress(StoreUnavailable):
                await self._store.delete(key)
            return None
        return False

    async def point(self, key: str, value: bytes, tags: Iterable[str], ttl: float) -> None:
        """Keep what only leads to something else, and does no harm when that was forgotten."""
        try:
            await self._tags.set_tagged(self.key(key), value, self._keys(tags), ttl=ttl)
        except StoreUnavailable as exc:
            self._is_gone(exc)

    async def forget(self, tags: Iterable[str]) -> None:
        """Forget what is known by any of these tags, also what is being made now."""
        try:
            for tag in self._keys(tags):
                await self._tags.forget(tag)
        except StoreUnavailable as exc:
            self._is_gone(exc)
            logger.warning("what has changed could not be forgotten, and is sent until its time is over")

    async def drop(self, key: str) -> None:
        """Forget one thing."""
        try:
            await self._store.delete(self.key(key))
        except StoreUnavailable as exc:
            self._is_gone(exc)

    def _keys(self, tags: Iterable[str]) -> List[str]:
        return [f"{self._name}:tag:{tag}" for tag in tags]

    # Once for each time it goes, and not for each request.

    def _is_gone(self, exc: StoreUnavailable) -> None:
        if not self._is_away:
            self._is_away = True
            logger.warning("the cache is away, everything is made anew: %s", exc)

    def _is_back(self) -> None:
        if self._is_away:
            self._is_away = False
            logger.warning("the cache is back")
