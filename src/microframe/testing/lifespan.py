"""Lifespan: the application started before the first request and shut down after the last."""

import asyncio
from typing import Dict, Optional

from microframe.testing.failures import ProtocolError
from microframe.testing.protocol import kind_of
from microframe.testing.waiting import LAST_GRACE, ASGIApplication, Message, Run, Scope

STARTUP, SHUTDOWN = "startup", "shutdown"

SETTLING = 0.1
"""Seconds for the end of the call when the shutdown is complete."""


class Lifespan(Run):
    """The one call of the application that lasts as long as the client."""

    def __init__(self) -> None:
        super().__init__("lifespan")
        self._phase = STARTUP
        self._failures: Dict[str, Optional[str]] = {}
        """The outcome of each phase: None when it is complete, a message when it failed."""
        self._asked: asyncio.Queue[str] = asyncio.Queue()

    async def give(self) -> Message:
        return {"type": f"lifespan.{await self._asked.get()}"}

    async def take(self, message: Message) -> None:
        kind = kind_of(message)
        known = (f"lifespan.{self._phase}.complete", f"lifespan.{self._phase}.failed")
        if kind not in known or self._phase in self._failures:
            raise ProtocolError(f"the application sent {kind} during lifespan.{self._phase}")
        self._failures[self._phase] = str(message.get("message", "")) if kind == known[1] else None
        self.news.set()

    def lacks(self) -> str:
        return f"the {self._phase} of the application is not complete"

    async def startup(self, app: ASGIApplication, scope: Scope, seconds: Optional[float]) -> None:
        """Start the application.

        Raises:
            RuntimeError: it says that it failed, or ends without a word; where it raised, that exception.
        """
        self.start(app, scope)
        await self._tell(STARTUP, seconds)
        if self._failures.get(STARTUP, "it ended without a word") is not None:
            await self._end(STARTUP)
            raise RuntimeError(
                f"the startup failed: {self._failures.get(STARTUP, 'it ended without a word')}"
            )

    async def shutdown(self, seconds: Optional[float]) -> None:
        """Shut the application down; raises as `startup` does."""
        if not self.ended:
            await self._tell(SHUTDOWN, seconds)
        await self._end(SHUTDOWN)
        if self._failures.get(SHUTDOWN) is not None:
            raise RuntimeError(f"the shutdown failed: {self._failures[SHUTDOWN]}")

    async def _tell(self, phase: str, seconds: Optional[float]) -> None:
        self._phase = phase
        self._asked.put_nowait(phase)
        try:
            await self.until(lambda: phase in self._failures, seconds)
        except BaseException:
            await self.stop()
            raise

    async def _end(self, phase: str) -> None:
        # The exception behind a failure comes with the end of the call, which some applications never end.
        patience = SETTLING if self._failures.get(phase, "") is None else LAST_GRACE
        if self.task is not None:
            await asyncio.wait([self.task], timeout=patience)
        if self.ended:
            self.raise_failure(True)
        await self.stop()
