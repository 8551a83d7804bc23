"""Following: subscriptions that several tasks change at once, over a hub that takes its time."""

import asyncio
from typing import Iterable, Sequence, Set

from microframe.broker import Message
from microframe.brokers.following import Follower, followed
from microframe.brokers.memory import MemoryBroker


class SlowHub:
    """Brings messages as soon as it is let to."""

    def __init__(self) -> None:
        self.broker = MemoryBroker()
        self.followers: Set[Follower] = set()
        self.may_go_on = asyncio.Event()

    async def join(self, follower: Follower, channels: Sequence[str]) -> None:
        await self.may_go_on.wait()
        await self.broker.join(follower, channels)

    def leave(self, follower: Follower, channels: Iterable[str]) -> None:
        self.broker.leave(follower, channels)


async def test_who_adds_a_channel_that_another_task_is_adding_waits_for_it_too() -> None:
    hub = SlowHub()
    hub.may_go_on.set()
    async with followed(hub, ["app:a"], 10, gaps=False) as messages:
        hub.may_go_on.clear()
        first, second = [asyncio.ensure_future(messages.add("app:b")) for _ in range(2)]
        for _ in range(10):
            await asyncio.sleep(0)
        assert not second.done()
        first.cancel()  # it is not the only one who wants it
        hub.may_go_on.set()
        await second
        await hub.broker.publish("app:b", b"heard")
        assert await messages.__anext__() == Message("app:b", b"heard")


async def test_who_leaves_a_channel_that_is_being_added_has_left_it() -> None:
    hub = SlowHub()
    hub.may_go_on.set()
    async with followed(hub, ["app:a"], 10, gaps=False) as messages:
        hub.may_go_on.clear()
        adding = asyncio.ensure_future(messages.add("app:b"))
        await asyncio.sleep(0)
        leaving = asyncio.ensure_future(messages.remove("app:b"))
        await asyncio.sleep(0)
        hub.may_go_on.set()
        await asyncio.gather(adding, leaving)
        await hub.broker.publish("app:b", b"not heard")
        await hub.broker.publish("app:a", b"heard")
        assert await messages.__anext__() == Message("app:a", b"heard")
        assert messages.dropped == 0
