"""Breaker: stops asking a server that does not answer, and notices that it is back."""

import time
from typing import Callable, Type


class Breaker:
    """After `failures` in a row nobody asks the server for `pause` seconds; then one call tries again."""

    def __init__(
        self,
        server: str,
        error: Type[Exception],
        *,
        failures: int = 3,
        pause: float = 0.5,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._server, self._error = server, error
        self._most, self._pause, self._clock = failures, pause, clock
        self._failed = 0
        self._closed_until = 0.0

    def check(self) -> None:
        """Nothing, for who may ask; an `error` for who may not, for it did not answer a moment ago."""
        if self._failed >= self._most:
            now = self._clock()
            if now < self._closed_until:
                raise self._error(f"{self._server} did not answer a moment ago")
            self._closed_until = now + self._pause  # this call tries, others wait for what it finds

    def answered(self) -> None:
        """It is there."""
        self._failed = 0

    def failed(self) -> None:
        """It was not there, or not in time."""
        self._failed += 1
        self._closed_until = self._clock() + self._pause
