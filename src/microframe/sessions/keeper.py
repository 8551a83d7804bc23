"""Keeper: the contract of what keeps sessions between requests."""

from dataclasses import dataclass
from typing import Optional, Protocol

from microframe.sessions.session import Session


@dataclass(frozen=True)
class Lifetimes:
    """How long a session lasts: `idle` seconds without a request, `absolute` seconds whatever happens."""

    idle: float
    absolute: float

    def left(self, created: float, seen: float, now: float) -> float:
        """Seconds until a session ends; not positive once it has."""
        return min(seen + self.idle, created + self.absolute) - now

    def is_stale(self, seen: float, now: float) -> bool:
        """Whether it is time to note that the visitor was here; noting it each time would be a write each time."""
        return now - seen >= self.idle / 10


class Keeper(Protocol):
    """Keeps sessions; what the browser holds is either the session itself, signed, or its id."""

    async def load(self, sent: str) -> Optional[Session]:
        """The session of a cookie; None for one that is over, or was never ours."""

    async def save(self, session: Session) -> Optional[str]:
        """Keep what changed, and give the new value of the cookie; None where the browser's is still good."""

    async def discard(self, session: Session) -> None:
        """Forget a session that has nothing in it."""
