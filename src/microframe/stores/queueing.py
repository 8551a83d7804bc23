"""Queueing: who waits for a lock of this process, on whichever event loop, in the order in which they came."""

import asyncio
from collections import deque
from typing import Deque, Dict, Optional


class Waiting:
    """One who waits, until it is woken or will not wait any longer."""

    __slots__ = ("_future", "_loop")

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._future: asyncio.Future[None] = self._loop.create_future()

    async def sleep(self, seconds: float) -> None:
        await asyncio.wait([self._future], timeout=seconds)

    def wake(self) -> bool:
        """Whether there is still a loop on which it can wake up."""
        try:
            self._loop.call_soon_threadsafe(self._wake)
        except RuntimeError:  # its loop is closed
            return False
        return True

    def _wake(self) -> None:
        if not self._future.done():
            self._future.set_result(None)


class Queues:
    """Who waits for which key. The caller sees to it that one thread at a time is in here."""

    def __init__(self) -> None:
        self._queues: Dict[str, Deque[Waiting]] = {}

    def join(self, key: str) -> Waiting:
        waiting = Waiting()
        self._queues.setdefault(key, deque()).append(waiting)
        return waiting

    def leave(self, key: str, waiting: Waiting) -> bool:
        """Wait no longer; gives whether one was woken already, and must pass on what it does not take."""
        queue: Optional[Deque[Waiting]] = self._queues.get(key)
        if queue is None or waiting not in queue:
            return True
        queue.remove(waiting)
        if not queue:
            del self._queues[key]
        return False

    def wake_next(self, key: str) -> None:
        queue = self._queues.get(key)
        while queue:
            if queue.popleft().wake():
                break
        if queue is not None and not queue:
            del self._queues[key]

    def wake_all(self) -> None:
        for queue in self._queues.values():
            for waiting in queue:
                waiting.wake()
        self._queues.clear()
