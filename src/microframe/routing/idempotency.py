"""Idempotency: what a route may say of requests that are sent again."""

from dataclasses import dataclass
from typing import Awaitable, Callable, Optional, Sequence

from microframe.http.request import Request


@dataclass(frozen=True)
class Idempotency:
    """How requests with an `Idempotency-Key` are answered: the first one runs, and those like it get its answer.

    `idempotency=True` is this with its defaults.
    """

    wait: float = 30.0
    """Seconds that a request waits for one like it that still runs; then it is a 409."""

    ttl: float = 86_400.0
    """Seconds that an answer is kept."""

    required: bool = False
    """Whether a request without a key is a 400."""

    lease: float = 60.0
    """Seconds after which another may run where the process of the first one died; a living one holds on."""

    max_answer: int = 1_000_000
    """The largest answer that is kept, in bytes."""

    headers: Sequence[str] = ()
    """More headers that say who is calling, besides `Authorization`, `Cookie` and `X-API-Key`."""

    caller: Optional[Callable[[Request], Awaitable[str]]] = None
    """Says who is calling, where neither an `Identity` nor headers do."""
