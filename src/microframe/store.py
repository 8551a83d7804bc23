"""Store: the contract for what processes share: values with a lifetime, counters, limits, locks, tags."""

from dataclasses import dataclass
from typing import Iterable, Optional, Protocol


@dataclass(frozen=True)
class Entry:
    """A stored value. `version` changes with every write; give it back as `if_version` to write only if nobody has."""

    value: bytes
    version: str


class Store(Protocol):
    """Bytes under keys, for as long as they are wanted.

    Keys begin with the application's name. Lifetimes are seconds, counted by the store's own clock. Nothing is
    connected before the first call. An unreachable store raises `StoreUnavailable`.
    """

    async def get(self, key: str) -> Optional[Entry]: ...

    async def set(
        self, key: str, value: bytes, *, ttl: Optional[float] = None, if_version: Optional[str] = None
    ) -> Optional[str]:
        """Write, and give the new version; None where `if_version` no longer holds (`""`: where the key exists)."""

    async def delete(self, key: str) -> bool:
        """Whether there was something to delete."""

    async def add(self, key: str, amount: int = 1, *, ttl: Optional[float] = None) -> int:
        """Add to a counter and give its new value; a lifetime is set only when the counter is made."""

    async def close(self) -> None: ...


@dataclass(frozen=True)
class Verdict:
    """What a limit says: whether the call may pass, how many may follow, and after how many seconds to come back."""

    allowed: bool
    limit: int
    remaining: int
    reset_after: float
    retry_after: float


class Limits(Protocol):
    """A store that counts calls exactly, across processes, by its own clock."""

    async def hit(self, key: str, *, algorithm: str, limit: int, window: float, cost: int = 1) -> Verdict: ...


@dataclass(frozen=True)
class Lease:
    """A lock that is held. `fence` grows with every holder, so that what it protects can refuse a late one."""

    key: str
    fence: int


class Locks(Protocol):
    """A store that lets one holder in at a time; a lease not renewed within `ttl` seconds is free again."""

    async def acquire(self, key: str, *, ttl: float, wait: float = 0.0) -> Optional[Lease]: ...

    async def renew(self, lease: Lease, *, ttl: float) -> bool: ...

    async def release(self, lease: Lease) -> bool: ...


class Tags(Protocol):
    """A store that forgets every key written under a tag."""

    async def set_tagged(
        self, key: str, value: bytes, tags: Iterable[str], *, ttl: Optional[float] = None
    ) -> None: ...

    async def forget(self, tag: str) -> int:
        """Delete every key under the tag, and give their number."""


class StoreUnavailable(Exception):
    """The store cannot be reached now; answered with 503 where nothing better is known."""

    http_status = 503
