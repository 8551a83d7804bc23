"""Pausing: a store that lets others have their turn before and after each call, and work that is cancelled there."""

import asyncio
import itertools
from typing import Any, Awaitable, Callable

from microframe.stores.memory import MemoryStore


def pausing(name: str) -> Any:
    async def call(self: "PausingStore", *args: Any, **options: Any) -> Any:
        await asyncio.sleep(0)
        answer = await getattr(MemoryStore, name)(self, *args, **options)
        await asyncio.sleep(0)
        return answer

    return call


class PausingStore(MemoryStore):
    """Waits before and after each call, as for a network: who is cancelled does not know whether it was done."""

    get = pausing("get")
    set = pausing("set")
    delete = pausing("delete")
    set_tagged = pausing("set_tagged")
    forget = pausing("forget")
    release = pausing("release")


Cut = Callable[[Awaitable[object]], Awaitable[None]]
"""Does some work, and cancels it."""


async def at_each_turn(check: Callable[[Cut], Awaitable[None]]) -> int:
    """Ask for a check again and again, which does some work that is cancelled one turn of the loop later each time,
    until the work is done before that; gives how often."""
    for turns in itertools.count():
        cut = Cutting(turns)
        await check(cut)
        if not cut.was_cancelled:
            return turns
    raise AssertionError


class Cutting:
    """Cancels work after so many turns of the event loop."""

    def __init__(self, turns: int) -> None:
        self.turns = turns
        self.was_cancelled = False

    async def __call__(self, work: Awaitable[object]) -> None:
        task = asyncio.ensure_future(work)
        for _ in range(self.turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        self.was_cancelled = task.cancelled()
        if not self.was_cancelled:
            task.result()
