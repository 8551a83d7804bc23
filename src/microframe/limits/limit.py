"""Limit: how many calls may pass in how long, counted for whom, and where that is written down."""

import re
from dataclasses import dataclass, field
from typing import Any, Callable, Mapping, Optional, Sequence, Tuple, TypeVar, Union, cast

from microframe.exceptions import SetupError
from microframe.http.connection import Connection
from microframe.store import Algorithm

F = TypeVar("F", bound=Callable[..., Any])

Who = Union[str, Callable[[Connection], object]]
"""`client`, `user`, `key` or `route`, or a function that says who is counted."""

UNITS: Mapping[str, int] = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}
SPELLINGS: Mapping[str, int] = {
    **UNITS,
    **{f"{unit}s": seconds for unit, seconds in UNITS.items()},
    **{unit[0]: seconds for unit, seconds in UNITS.items()},
}
WRITTEN = re.compile(r"([0-9]{1,9}) *(?:/|per(?= )) *(?:([0-9]{1,6}) *)?([a-z]+)")
KINDS = ("client", "user", "key", "route")
ALGORITHMS = ("fixed_window", "sliding_window", "gcra")
LONGEST_NAME = 64
MARK = "__limits__"


@dataclass(frozen=True, eq=False)
class Limit:
    """`Limit("100/minute")`: how many calls may pass in how long, as `5/second` or `100 per 15 minutes`.

    `by` says who is counted: `client` (the address, behind trusted proxies the one they tell; of IPv6 its /64), `user`
    (who is logged in, else the client), `key` (the `X-API-Key` that is sent, else the client), `route` (everybody
    together), a function of the connection (async or not; None: this call is not counted), or several of them.

    A call is worth `cost`. `name` is what the count is kept under, and what clients are told. With `fail_closed` the
    answer is 503 while nobody can count; otherwise each process counts by itself then.

    One Limit is one count, wherever it is given; limits of one name are one count too.

    Raises:
        SetupError: it cannot be read, or nothing could ever pass.
    """

    rate: str
    by: Union[Who, Sequence[Who]] = "client"
    algorithm: Algorithm = "sliding_window"
    cost: int = 1
    name: str = ""
    fail_closed: bool = False
    quota: int = field(init=False)
    window: int = field(init=False)
    """Seconds."""

    def __post_init__(self) -> None:
        quota, window = parse_rate(self.rate)
        object.__setattr__(self, "quota", quota)
        object.__setattr__(self, "window", window)
        for who in self.counted_by:
            if not callable(who) and who not in KINDS:
                raise SetupError(f"{self}: by={who!r} is neither a function nor one of {', '.join(KINDS)}")
        if not self.counted_by:
            raise SetupError(f"{self}: by=() counts nobody")
        if self.algorithm not in ALGORITHMS:
            raise SetupError(
                f"{self}: there is no algorithm {self.algorithm!r}, only {', '.join(ALGORITHMS)}"
            )
        if type(self.cost) is not int or not 0 < self.cost <= quota:
            raise SetupError(f"{self}: a call costs 1 to {quota}, not {self.cost!r}")
        if len(self.name) > LONGEST_NAME or not (self.name.isascii() and self.name.isprintable()):
            raise SetupError(f"{self}: a name is at most {LONGEST_NAME} printable ASCII characters")

    @property
    def counted_by(self) -> Tuple[Who, ...]:
        """Who is counted; several of them stand together for one."""
        return (self.by,) if isinstance(self.by, str) or callable(self.by) else tuple(self.by)

    @property
    def title(self) -> str:
        """What clients are told that this is: its name, else what it says."""
        if self.name or self.by == "client":
            return self.name or self.rate
        by = "+".join(who if isinstance(who, str) else name_of(who) for who in self.counted_by)
        return f"{self.rate} by {by}"

    @property
    def words(self) -> str:
        """What it says, for people: `5/minute per client, sliding window`."""
        who = {"client": "per client", "user": "per user", "key": "per API key", "route": "for all together"}
        by = [who[one] if isinstance(one, str) else f"per {name_of(one)}" for one in self.counted_by]
        return f"{self.quota}/{period(self.window)} {' and '.join(by)}, {self.algorithm.replace('_', ' ')}"

    def __str__(self) -> str:
        return f"Limit({self.rate!r})"


LimitOption = Union[None, str, Limit, Sequence[Union[str, Limit]]]
"""What `limit=` takes: one or several, as text or as `Limit`; None for no limit, whatever is said around."""


def name_of(function: object) -> str:
    name = str(getattr(function, "__name__", type(function).__name__))
    return name.encode("ascii", "replace").decode()


def period(seconds: int) -> str:
    """Seconds in the largest unit that they fill: `minute`, `15 minutes`."""
    unit, size = next((unit, size) for unit, size in reversed([*UNITS.items()]) if seconds % size == 0)
    return unit if seconds == size else f"{seconds // size} {unit}s"


def parse_rate(rate: str) -> Tuple[int, int]:
    """How many, and in how many seconds: `100 per 15 minutes` is (100, 900).

    Raises:
        SetupError: it does not say so.
    """
    found = WRITTEN.fullmatch(str(rate).strip().lower())
    seconds = SPELLINGS.get(found[3], 0) if found else 0
    quota, window = (int(found[1]), int(found[2] or 1) * seconds) if found else (0, 0)
    if not quota or not window:
        raise SetupError(
            f"the limit {rate!r} cannot be read: write it as 100/minute, 5/second or 100 per 15 minutes "
            f"({', '.join(UNITS)}), several as a list"
        )
    return quota, window


def read_limits(given: LimitOption) -> Optional[Tuple[Limit, ...]]:
    """What was given as `limit=`, the shortest window first: what a flood is refused by then uses up no other.

    Raises:
        SetupError: it says no limit.
    """
    if given is None:
        return None
    each = (given,) if isinstance(given, (str, Limit)) else given
    try:
        limits = [one if isinstance(one, Limit) else Limit(one) for one in each]
    except TypeError:
        limits = []
    if not limits:
        raise SetupError(f"limit={given!r}: a limit is text such as '100/minute', a Limit, or a list of them")
    return tuple(sorted(limits, key=lambda limit: limit.window))


def limited(*limits: Union[str, Limit]) -> Callable[[F], F]:
    """`@limited("5/minute")` on a handler: the same as `limit=` of its route, in addition to it.

    Raises:
        SetupError: one cannot be read.
    """
    read = read_limits(limits)

    def note(handler: F) -> F:
        setattr(handler, MARK, (*limits_of(handler), *(read or ())))
        return handler

    return note


def limits_of(handler: object) -> Tuple[Limit, ...]:
    """What `limited` has said of a handler."""
    return cast("Tuple[Limit, ...]", getattr(handler, MARK, ()))


def with_limits_of(handler: object, policies: Mapping[str, Any]) -> Mapping[str, Any]:
    """The policies of a route, with what `limited` has said of its handler.

    Raises:
        SetupError: the route itself wants no limit.
    """
    marked = limits_of(handler)
    if not marked:
        return policies
    if "limit" in policies and policies["limit"] is None:
        raise SetupError("limit=None, but @limited says otherwise")
    return {**policies, "limit": read_limits((*marked, *policies.get("limit", ())))}
