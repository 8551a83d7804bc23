"""Store: the contract for what processes share: values with a lifetime, counters, limits, locks, tags.

Every implementation keeps to these rules, and `tests/stores/contract.py` asks each of them whether it does:

- A call is atomic, whoever else calls at the same time, in this process or another.
- Lifetimes, windows and waits are seconds. What has a lifetime is there before it is over, and not from then on, by the
  clock of the store; nothing else decides. A store may round a lifetime up to its next millisecond.
- A key is text of 1 to 512 bytes (UTF-8), and begins with the application's name. Values, limits and locks have keys of
  their own: a lock and a value may have the same one.
- Nothing is connected before the first call. After `close` the next call connects again.
- A store that cannot be reached raises `StoreUnavailable`, and one without room `StoreFull`. What has been promised is
  kept: to make room, a store may forget values, as if their time were over, and never a counter, a limit or a lock.
"""

from dataclasses import dataclass
from typing import Iterable, Optional, Protocol, runtime_checkable

from typing_extensions import Literal

from microframe.exceptions import SetupError

MAX_KEY = 512
"""The longest key, in bytes."""

MAX_COUNT = 2**53 - 1
"""The largest number a counter may reach, either way: what every store can count exactly."""


@dataclass(frozen=True)
class Entry:
    """A stored value. `version` changes with every write; give it back as `if_version` to write only if nobody has."""

    value: bytes
    version: str


@runtime_checkable
class Store(Protocol):
    """Bytes under keys, for as long as they are wanted."""

    async def get(self, key: str) -> Optional[Entry]:
        """The value, or None. A counter is its decimal digits."""

    async def set(
        self, key: str, value: bytes, *, ttl: Optional[float] = None, if_version: Optional[str] = None
    ) -> Optional[str]:
        """Write, and give the new version; None where `if_version` no longer holds (`""`: where the key exists).

        The lifetime is that of this write: without `ttl` the value stays until it is deleted, or forgotten for room.
        """

    async def delete(self, key: str, *, if_version: Optional[str] = None) -> bool:
        """Whether there was something to delete, of that version if one is given."""

    async def add(self, key: str, amount: int = 1, *, ttl: Optional[float] = None) -> int:
        """Add to a counter and give its new value; a lifetime is set only when the counter is made.

        Raises:
            ValueError: there is a value that is no number, or the number would be past `MAX_COUNT`.
        """

    async def close(self) -> None:
        """Let go of connections; what is kept in the process itself is forgotten."""


Algorithm = Literal["fixed_window", "sliding_window", "gcra"]
"""How calls are counted.

- `fixed_window`: a window begins with the first call after the last one; in each, `limit` may pass.
- `sliding_window`: in any `window` seconds, wherever they begin, `limit` may pass. It remembers each call.
- `gcra`: `limit` at once, then one every `window / limit` seconds. It remembers one number.
"""


@dataclass(frozen=True)
class Verdict:
    """What a limit says: whether the call may pass, how many may follow, and after how many seconds to come back.

    `reset_after` is when all of `limit` may pass again if nobody calls; `retry_after` is when this very call might, 0
    where it has passed.
    """

    allowed: bool
    limit: int
    remaining: int
    reset_after: float
    retry_after: float


@runtime_checkable
class Limits(Protocol):
    """A store that counts calls exactly, across processes, by its own clock."""

    async def hit(
        self, key: str, *, algorithm: Algorithm, limit: int, window: float, cost: int = 1
    ) -> Verdict:
        """Count a call that is worth `cost`, if it may pass; one that may not is not counted.

        What costs more than `limit` never passes. Another limit, window or algorithm under a key is another limit, with
        a count of its own.

        Raises:
            ValueError: an algorithm that does not exist, or a limit, a window or a cost that is not above zero.
        """


@dataclass(frozen=True)
class Lease:
    """A lock that is held. `fence` grows with every holder, so that what it protects can refuse a late one."""

    key: str
    fence: int


@runtime_checkable
class Locks(Protocol):
    """A store that lets one holder in at a time; a lease not renewed within `ttl` seconds is free again."""

    async def acquire(self, key: str, *, ttl: float, wait: float = 0.0) -> Optional[Lease]:
        """The lease, or None if it was not free in `wait` seconds. Where a store can only ask again, it asks less and
        less often."""

    async def renew(self, lease: Lease, *, ttl: float) -> bool:
        """Hold it for `ttl` seconds from now; False where it has been lost."""

    async def release(self, lease: Lease) -> bool:
        """Let the next one in; False where it has been lost."""


@runtime_checkable
class Tags(Protocol):
    """A store that forgets every key written under a tag."""

    async def set_tagged(
        self, key: str, value: bytes, tags: Iterable[str], *, ttl: Optional[float] = None
    ) -> str:
        """Write like `set`, and give the new version. The tags are those of this write; a plain `set` leaves none."""

    async def forget(self, tag: str) -> int:
        """Delete every key under the tag, and give their number."""


class StoreUnavailable(Exception):
    """The store cannot be reached now; answered with 503 where nothing better is known."""

    http_status = 503
    retry_after = 1
    """Seconds: by then it is asked anew."""


class StoreFull(StoreUnavailable):
    """The store has no room, and nothing left that it may forget."""


# What implementations check ------------------------------------------------------------------------------------------


def check_store(given: object, contract: type, place: str) -> None:
    """Refuse what is no store.

    Raises:
        SetupError: it is something else, such as the address or the class of one.
    """
    if isinstance(given, type) or not isinstance(given, contract):
        raise SetupError(
            f"{place}store={given!r} is no store: give one that is made, as in store=MemoryStore()"
        )


def check_key(key: str) -> None:
    """Nothing, for what can be a key.

    Raises:
        ValueError: it is empty or too long.
    """
    if not 0 < len(key) <= MAX_KEY or len(key.encode()) > MAX_KEY:
        raise ValueError(f"a key has 1 to {MAX_KEY} bytes, not {key[:40]!r}…")


def check_lifetime(seconds: Optional[float]) -> None:
    """Nothing, for None and for a finite number above zero.

    Raises:
        ValueError: it is anything else.
    """
    if seconds is not None and not 0 < seconds < float("inf"):
        raise ValueError(f"a lifetime is some seconds above zero, not {seconds!r}")


def check_limit(limit: int, window: float, cost: int) -> None:
    """Nothing, for numbers above zero.

    Raises:
        ValueError: one is not.
    """
    check_lifetime(window)
    if limit < 1 or cost < 1:
        raise ValueError(f"a limit and a cost are at least 1, not {limit!r} and {cost!r}")
