"""Counting: the algorithms of limits, each over the state of one key, for a store that counts in the process."""

from typing import Callable, Dict, List, Protocol, Tuple

from microframe.store import Verdict

MICRO = 1_000_000


SET_BACK = 2
"""Windows from now. What would last longer is of a clock that was set back since, and is forgotten: it would keep
somebody out until the clock has caught up. Less is forgiven, since two who count read the clock one after the other."""


class Counted(Protocol):
    """The state of one limit."""

    expires: float
    """When the state says nothing any more, and may be forgotten."""

    def hit(self, now: float, cost: int) -> Verdict:
        """Count what may pass."""

    @property
    def calls(self) -> int:
        """How many calls are remembered, each in room of its own."""

    def grows(self, now: float, cost: int) -> bool:
        """Whether counting this would take more room."""

    def state(self) -> List[float]:
        """All it remembers, to be kept elsewhere."""

    def restore(self, state: List[float]) -> None:
        """Go on from what another one remembered."""


class FixedWindow:
    """`limit` from the first call on, until the window is over."""

    __slots__ = ("_limit", "_used", "_window", "expires")

    def __init__(self, limit: int, window: float) -> None:
        self._limit, self._window = limit, window
        self._used = 0
        self.expires = 0.0

    def hit(self, now: float, cost: int) -> Verdict:
        if now >= self.expires or self.expires > now + SET_BACK * self._window:
            self._used, self.expires = 0, now + self._window
        allowed = self._used + cost <= self._limit
        if allowed:
            self._used += cost
        left = self.expires - now
        return Verdict(allowed, self._limit, self._limit - self._used, left, 0.0 if allowed else left)

    @property
    def calls(self) -> int:
        return 1

    def grows(self, now: float, cost: int) -> bool:
        return False

    def state(self) -> List[float]:
        return [self._used, self.expires]

    def restore(self, state: List[float]) -> None:
        self._used, self.expires = int(state[0]), state[1]


class SlidingWindow:
    """`limit` in any window: every call is remembered until its window is over."""

    __slots__ = ("_limit", "_passed", "_used", "_window", "expires")

    def __init__(self, limit: int, window: float) -> None:
        self._limit, self._window = limit, window
        # A list: an empty deque alone takes 760 bytes, and most clients call seldom.
        self._passed: List[Tuple[float, int]] = []
        """When each window of a call ends, and what the call was worth."""
        self._used = 0
        self.expires = 0.0

    def hit(self, now: float, cost: int) -> Verdict:
        passed, over = self._passed, 0
        if self.expires > now + SET_BACK * self._window:
            passed.clear()
            self._used, self.expires = 0, 0.0
        for ends, worth in passed:
            if ends > now:
                break
            self._used -= worth
            over += 1
        if over:
            del passed[:over]
        allowed = self._used + cost <= self._limit
        if allowed:
            self._used += cost
            self.expires = now + self._window
            passed.append((self.expires, cost))
        retry = 0.0 if allowed else self._until(self._used + cost - self._limit, now)
        return Verdict(allowed, self._limit, self._limit - self._used, max(self.expires - now, 0.0), retry)

    def _until(self, wanted: int, now: float) -> float:
        """Seconds until so much is free again; a whole window where it never is."""
        for ends, cost in self._passed:
            wanted -= cost
            if wanted <= 0:
                return ends - now
        return self._window

    @property
    def calls(self) -> int:
        return len(self._passed)

    def grows(self, now: float, cost: int) -> bool:
        return self._used + cost <= self._limit and not (self._passed and self._passed[0][0] <= now)

    def state(self) -> List[float]:
        return [number for call in self._passed for number in call]

    def restore(self, state: List[float]) -> None:
        self._passed = [(ends, int(worth)) for ends, worth in zip(state[::2], state[1::2])]
        self._used = sum(worth for _, worth in self._passed)
        self.expires = self._passed[-1][0]


class Gcra:
    """`limit` at once, then evenly: one number, the time by which all that has passed would have passed evenly.

    It is kept in whole millionths of a second, `limit` times as large, so that nothing is ever rounded.
    """

    __slots__ = ("_arrival", "_limit", "_window", "expires")

    def __init__(self, limit: int, window: float) -> None:
        self._limit, self._window = limit, max(round(window * MICRO), 1)
        self._arrival = 0
        self.expires = 0.0

    def hit(self, now: float, cost: int) -> Verdict:
        limit, window = self._limit, self._window
        begun = round(now * MICRO) * limit
        ahead = max(self._arrival - begun, 0)
        if ahead > SET_BACK * window * limit:
            ahead = 0
        wanted = ahead + cost * window
        over = wanted - window * limit
        if over <= 0:
            ahead = wanted
            self._arrival = begun + ahead
            self.expires = now + seconds(ahead, limit)
        remaining = (window * limit - ahead) // window
        retry = seconds(over, limit) if over > 0 else 0.0
        return Verdict(over <= 0, limit, remaining, seconds(ahead, limit), retry)

    @property
    def calls(self) -> int:
        return 1

    def grows(self, now: float, cost: int) -> bool:
        return False

    def state(self) -> List[float]:
        return [self._arrival, self.expires]

    def restore(self, state: List[float]) -> None:
        self._arrival, self.expires = int(state[0]), state[1]


def seconds(amount: int, limit: int) -> float:
    """So much of a `Gcra` in seconds, rounded up to a millionth: who comes back then is not too early."""
    return -(-amount // limit) / MICRO


ALGORITHMS: Dict[str, Callable[[int, float], Counted]] = {
    "fixed_window": FixedWindow,
    "sliding_window": SlidingWindow,
    "gcra": Gcra,
}
