"""Virtual time: an event loop whose clock stands still while there is anything to do, and jumps when all wait."""

import asyncio
import selectors
from typing import Any, Callable, List, Optional, Tuple, TypeVar

T = TypeVar("T")
Events = List[Tuple[selectors.SelectorKey, int]]


class VirtualLoop(asyncio.SelectorEventLoop):
    """For tests marked `virtual_time`: what waits for seconds waits for no real ones, and a machine that stands still
    in the middle of a test makes nothing late.

    Time stands while a function runs in one of the loop's threads. It knows nothing of other threads and of
    other processes: what waits for those, or for a connection to them, is no case for it.
    """

    def __init__(self) -> None:
        self.now = 1000.0
        self.in_threads = 0
        super().__init__(Jumping(self))

    def time(self) -> float:
        return self.now

    def run_in_executor(  # type: ignore[override]  # typeshed has a TypeVarTuple here
        self, executor: Any, func: Callable[..., T], *args: Any
    ) -> "asyncio.Future[T]":
        running: asyncio.Future[T] = super().run_in_executor(executor, func, *args)
        self.in_threads += 1
        running.add_done_callback(self._back)
        return running

    def _back(self, _: Any) -> None:
        self.in_threads -= 1


class Jumping(selectors.DefaultSelector):
    """Does not sleep until the next timer is due, but tells the loop that the time until then has passed."""

    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: Optional[float] = None) -> Events:
        if timeout is None or timeout <= 0:
            found: Events = super().select(timeout)
            return found
        if self._loop.in_threads:
            return super().select(None)
        found = super().select(0)
        if not found:
            self._loop.now += timeout
        return found
