"""Values: what was made once, kept as JSON under a key, and made again when its time is over."""

import contextlib
import contextvars
import logging
import random
from dataclasses import dataclass
from typing import Any, Awaitable, Callable, Iterator, List, NamedTuple, Optional, Sequence, Type, TypeVar

from microframe import SetupError
from microframe.caching import Flights, Shelf, digest, tag_of
from microframe.exceptions import Invalid
from microframe.validation import Codecs, Encode, EncodeOptions

T = TypeVar("T")

logger = logging.getLogger("microframe.cache")

MAGIC = b"MFV1"
"""What begins every value of ours."""
MOST_PREFIXES = 16

Cached = Callable[[], Awaitable["ValueCache"]]

current: contextvars.ContextVar[Optional[Cached]] = contextvars.ContextVar(
    "microframe_value_cache", default=None
)
"""Where `cached` functions keep what they give; None: nowhere."""


@dataclass(frozen=True)
class Remembering:
    """How long a value is remembered: `ttl` seconds, up to the part `jitter` of them less, so that what was made at
    the same time does not end at the same time. None is remembered only where `negative_ttl` says for how long.

    Raises:
        SetupError: one of them is no such number.
    """

    ttl: float
    jitter: float = 0.1
    negative_ttl: Optional[float] = None

    def __post_init__(self) -> None:
        for seconds in (self.ttl, self.negative_ttl):
            if seconds is not None and not 0 < seconds < float("inf"):
                raise SetupError(f"{seconds!r} seconds are no time to remember something")
        if not 0 <= self.jitter < 1:
            raise SetupError(f"jitter={self.jitter!r} is a part of the time: from 0 to less than 1")

    def seconds(self, value: object) -> Optional[float]:
        """For how long this value is remembered; None: not at all."""
        seconds = self.negative_ttl if value is None else self.ttl
        return None if seconds is None else seconds * random.uniform(1 - self.jitter, 1)  # noqa: S311


class Format(NamedTuple):
    """How values of one type become JSON and back."""

    encode: Encode
    decode: Callable[[bytes], Any]


class Read(NamedTuple):
    """A value, and as it is kept."""

    raw: bytes
    value: Any


class Made(NamedTuple):
    """A value as it is kept; what was forgotten while it was made is only for who had it made."""

    raw: bytes
    is_current: bool = True


def format_of(kind: Any) -> Format:
    """The format of a type, by the codec of its model library.

    Raises:
        SetupError: nobody can read or write it.
    """
    codec = Codecs().for_annotation(kind)
    return Format(codec.encoder(kind, EncodeOptions()), codec.json_decoder(kind))


class ValueCache:
    """Values under keys, for all processes that share the store.

    Parts of a key stand between colons: `forget_prefix("board:7")` forgets `board:7` and `board:7:cards`, and not
    `board:70`. While the store is away everything is made anew, once for all who want it at the same time.
    """

    __provided__ = True
    __provided_by__ = "Application(plugins=[CachePlugin()]) does"

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._flights: Flights[Made] = Flights(shelf.locks, shelf.key("value"))

    async def remember(
        self,
        key: str,
        kind: Type[T],
        make: Callable[[], Awaitable[T]],
        how: Remembering,
        tags: Sequence[str] = (),
    ) -> T:
        """The value under a key, or what `make` gives, which is kept. Everybody gets a copy, as JSON gives it.

        What `make` raises is raised to all who wait for it, and not kept.

        Raises:
            TypeError: what `make` gives is not of this kind, or cannot be read again.
        """
        value: T = await self.find_or_make(key, format_of(kind), make, how, tags)
        return value

    async def find_or_make(
        self,
        key: str,
        form: Format,
        make: Callable[[], Awaitable[Any]],
        how: Remembering,
        tags: Sequence[str],
    ) -> Any:
        """`remember`, for who has the format of a kind already."""
        name = digest(key.encode("utf-8", "surrogatepass"))
        found = await self._read(name, form)
        if found is not None:
            return found.value

        async def look() -> Optional[Made]:
            found = await self._read(name, form)
            return None if found is None else Made(found.raw)

        async def make_and_keep() -> Made:
            known = [*key_tags(key), *(tag_of("tag", tag) for tag in tags)]
            mark = await self._shelf.mark(name, known)
            value = await make()
            raw = MAGIC + encoded(value, form, key)
            seconds = how.seconds(value)
            kept = None if seconds is None else await self._shelf.keep(name, raw, known, seconds, mark)
            return Made(raw, kept is not False)

        landed = await self._flights.once(name, look, make_and_keep)
        if landed.error is not None:
            raise landed.error.with_traceback(landed.trace)
        made: Made = landed.value
        if landed.is_own or made.is_current:
            return form.decode(made.raw[len(MAGIC) :])
        return await self.find_or_make(key, form, make, how, tags)

    async def _read(self, name: str, form: Format) -> Optional[Read]:
        """What is kept; None where there is nothing, or nothing that can be read."""
        raw = await self._shelf.find(name)
        if raw is None:
            return None
        try:
            if raw[: len(MAGIC)] == MAGIC:
                return Read(raw, form.decode(raw[len(MAGIC) :]))
        except Invalid:
            logger.warning("what is kept under %s is of another kind, and is made anew", name)
            return None
        logger.warning("what is kept under %s is no value of ours, and is not looked at", name)
        await self._shelf.drop(name)
        return None

    async def forget(self, *keys: str) -> None:
        """Forget the values under these keys, also what is being made now."""
        await self._shelf.forget([tag_of("key", key) for key in keys])

    async def forget_tags(self, *tags: str) -> None:
        """Forget all values of these tags."""
        await self._shelf.forget([tag_of("tag", tag) for tag in tags])

    async def forget_prefix(self, prefix: str) -> None:
        """Forget the values under a key and under all that begin with it and a colon.

        Raises:
            ValueError: there are more parts in it than are counted.
        """
        prefix = prefix.rstrip(":")
        if prefix.count(":") >= MOST_PREFIXES:
            raise ValueError(f"a prefix has up to {MOST_PREFIXES} parts: {prefix!r}")
        await self._shelf.forget([tag_of("below", prefix)])

    @contextlib.contextmanager
    def active(self) -> Iterator[None]:
        """Let `cached` functions that are called inside keep their values here: in jobs, commands and tests."""

        async def this() -> "ValueCache":
            return self

        token = current.set(this)
        try:
            yield
        finally:
            current.reset(token)


def encoded(value: object, form: Format, key: str) -> bytes:
    """A value as JSON that gives it again.

    Raises:
        TypeError: there is none.
    """
    try:
        raw = form.encode(value)
        form.decode(raw)
    except Invalid as exc:
        raise TypeError(f"what is made for {key!r} cannot be kept and read again: {exc.errors}") from exc
    return raw


def key_tags(key: str) -> List[str]:
    """By what a value is forgotten: its key, and what that begins with."""
    parts = key.split(":")[:MOST_PREFIXES]
    prefixes = [":".join(parts[: count + 1]) for count in range(len(parts))]
    return [tag_of("key", key), *(tag_of("below", prefix) for prefix in prefixes)]
