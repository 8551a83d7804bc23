"""Asking: what a connection is held to: each of its limits counts it, and the answer tells what is left."""

from dataclasses import dataclass
from math import ceil
from typing import Awaitable, Callable, Dict, Optional, Sequence, Tuple

from microframe.exceptions import StatusException, TooManyRequestsException
from microframe.http.connection import Connection
from microframe.limits.headers import format_policy, format_state, more_after, quoted
from microframe.limits.keys import Counted, build_key, digest
from microframe.limits.limit import Limit
from microframe.store import Limits, StoreUnavailable, Verdict

Hit = Callable[[Limits, str, str, Limit], Awaitable[Verdict]]
"""Counts a call: in which store, under which name, of whom, by which limit."""

LONGEST_NAME = 300
"""Bytes of what a count is kept under before its digest stands for it: a store has longest keys."""


class UncountedException(StatusException):
    """A limit that must count cannot be counted now: its store is away."""

    status = http_status = 503
    code, message = "service_unavailable", ""


@dataclass(frozen=True)
class Counter:
    """One limit as an application counts it."""

    limit: Limit
    name: str
    who: Counted
    title: bytes
    """What clients are told that it is."""


@dataclass(frozen=True)
class Counters:
    """The limits of one route, the shortest window first, and what every answer tells of them."""

    each: Tuple[Counter, ...]
    policy: Tuple[bytes, bytes]


class Names:
    """What each limit of one application is kept under: the same in every process of one program."""

    def __init__(self, application: str, user_of: Counted) -> None:
        self._application = application
        self._user_of = user_of
        self._known: Dict[Limit, Counter] = {}
        self._named_after: Dict[str, int] = {}

    def counters(self, place: str, limits: Sequence[Limit]) -> Counters:
        """The limits of what stands at a place; one without a name is called after the first place where it is met."""
        return Counters(tuple(self._counter(place, limit) for limit in limits), format_policy(limits))

    def _counter(self, place: str, limit: Limit) -> Counter:
        known = self._known.get(limit)
        if known is None:
            name = f"limit:{limit.name}" if limit.name else f"limit@{self._number(place)}"
            known = self._known[limit] = Counter(
                limit,
                shortened(f"{self._application}:{name}"),
                build_key(limit, self._user_of),
                quoted(limit.title).encode(),
            )
        return known

    def _number(self, place: str) -> str:
        number = self._named_after[place] = self._named_after.get(place, 0) + 1
        return place if number == 1 else f"{place}#{number}"


def shortened(name: str) -> str:
    return name if len(name.encode("utf-8", "surrogatepass")) <= LONGEST_NAME else digest(name)


async def hold(connection: Connection, counters: Counters, store: Limits, hit: Hit) -> None:
    """Count a connection by each of its limits, until one refuses it; tell the answer of the tightest.

    Raises:
        TooManyRequestsException: one of them refuses.
        UncountedException: one of them must count, and cannot.
    """
    tightest: Optional[Tuple[Counter, Verdict]] = None
    for counter in counters.each:
        who = await counter.who(connection)
        if who is None:
            continue
        try:
            verdict = await hit(store, counter.name, who, counter.limit)
        except StoreUnavailable:
            # Why is in the log already, once.
            raise UncountedException(headers={"Retry-After": "1"}) from None
        if not verdict.allowed:
            tell(connection, counters, counter, verdict)
            seconds = max(ceil(verdict.retry_after), 1)
            raise TooManyRequestsException(headers={"Retry-After": str(seconds)})
        if tightest is None or is_tighter(counter, verdict, tightest):
            tightest = counter, verdict
    if tightest is not None:
        tell(connection, counters, *tightest)


def is_tighter(counter: Counter, verdict: Verdict, than: Tuple[Counter, Verdict]) -> bool:
    """Whether fewer may follow, or as many, but later."""
    if verdict.remaining != than[1].remaining:
        return verdict.remaining < than[1].remaining
    return more_after(counter.limit, verdict) > more_after(than[0].limit, than[1])


def tell(connection: Connection, counters: Counters, counter: Counter, verdict: Verdict) -> None:
    connection.reply_headers.extend((counters.policy, format_state(counter.title, counter.limit, verdict)))
