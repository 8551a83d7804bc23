"""Memory: a broker inside one process."""

import asyncio
import threading
from typing import AsyncContextManager, Dict, Iterable, Sequence, Set

from microframe.broker import MAX_MESSAGE, MAX_QUEUE, Message, Subscription, check_channel, check_message
from microframe.brokers.following import Follower, followed

__all__ = ["MemoryBroker"]


class MemoryBroker:
    """Brings messages to subscribers in this process, on any of its threads and event loops."""

    is_shared = False
    """No other process hears what is published here."""

    def __init__(self, *, max_message: int = MAX_MESSAGE) -> None:
        self._max_message = max_message
        self._lock = threading.Lock()
        self._topics: Dict[str, Dict[Follower, None]] = {}
        self.followers: Set[Follower] = set()

    async def publish(self, channel: str, message: bytes) -> None:
        check_channel(channel)
        check_message(message, self._max_message)
        with self._lock:
            followers = tuple(self._topics.get(channel, ()))
            # Within the lock, so that two threads cannot be heard in another order by one than by another.
            given = Message(channel, bytes(message))
            for follower in followers:
                follower.queue.put(given)
        await asyncio.sleep(0)  # who publishes without end leaves the others time to read

    def subscribe(
        self, *channels: str, max_queue: int = MAX_QUEUE, gaps: bool = False
    ) -> AsyncContextManager[Subscription]:
        return followed(self, channels, max_queue, gaps=gaps)

    async def close(self) -> None:
        """End every subscription."""
        for follower in tuple(self.followers):
            follower.queue.end()

    async def join(self, follower: Follower, channels: Sequence[str]) -> None:
        """Bring a follower what is published on these channels."""
        with self._lock:
            for channel in channels:
                self._topics.setdefault(channel, {})[follower] = None

    def leave(self, follower: Follower, channels: Iterable[str]) -> None:
        """Bring it nothing of these any more."""
        with self._lock:
            for channel in channels:
                topic = self._topics.get(channel, {})
                topic.pop(follower, None)
                if not topic:
                    self._topics.pop(channel, None)
