"""Following: a subscription as every broker has it, over a hub that knows who follows what."""

import asyncio
import contextlib
from typing import AsyncIterator, Iterable, Protocol, Sequence, Set

from microframe.broker import MAX_QUEUE_BYTES, BrokerUnavailable, Message, check_channel, check_queue
from microframe.brokers.queue import Queue


class Hub(Protocol):
    """What brings messages to those who follow a channel."""

    followers: "Set[Follower]"
    """Everybody who follows something, or may want to."""

    async def join(self, follower: "Follower", channels: Sequence[str]) -> None:
        """Bring the follower what is published on these from now on.

        Raises:
            BrokerUnavailable: it cannot be; the follower must leave them.
        """

    def leave(self, follower: "Follower", channels: Iterable[str]) -> None:
        """Bring nothing of these any more; channels that it does not follow may be among them."""


class Follower:
    """A subscription: the channels of one subscriber, and the queue of what has arrived."""

    def __init__(self, hub: Hub, queue: Queue) -> None:
        self._hub = hub
        self.queue = queue
        self._channels: Set[str] = set()
        self._changing = asyncio.Lock()

    @property
    def dropped(self) -> int:
        return self.queue.dropped

    @property
    def gaps(self) -> int:
        return self.queue.gaps

    async def add(self, *channels: str) -> None:
        for channel in channels:
            check_channel(channel)
        # One after the other: what another task adds meanwhile is not followed before the hub has said so.
        async with self._changing:
            if self.queue.is_ended:
                raise BrokerUnavailable("this subscription has ended")
            wanted = [channel for channel in dict.fromkeys(channels) if channel not in self._channels]
            self._channels.update(wanted)
            try:
                await self._hub.join(self, wanted)
            except BaseException:
                self._leave(wanted)
                raise

    async def remove(self, *channels: str) -> None:
        async with self._changing:
            self._leave(channels)

    def _leave(self, channels: Iterable[str]) -> None:
        gone = self._channels.intersection(channels)
        self._channels -= gone
        self._hub.leave(self, gone)

    def close(self) -> None:
        self.queue.end()
        self.queue.clear()
        self._leave(set(self._channels))

    def __aiter__(self) -> "Follower":
        return self

    async def __anext__(self) -> Message:
        while True:
            message = await self.queue.get()
            if message is None:
                raise StopAsyncIteration
            if message.is_gap or message.channel in self._channels:
                return message


@contextlib.asynccontextmanager
async def followed(
    hub: Hub, channels: Sequence[str], max_queue: int, *, gaps: bool
) -> AsyncIterator[Follower]:
    """A follower of these channels, as long as the block lasts."""
    check_queue(max_queue)
    follower = Follower(hub, Queue(max_queue, MAX_QUEUE_BYTES, gaps=gaps))
    hub.followers.add(follower)
    try:
        await follower.add(*channels)
        yield follower
    finally:
        follower.close()
        hub.followers.discard(follower)
