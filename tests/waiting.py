"""Waiting: on the event loop of a test, for what is to come about; never for a time that is thought to be enough."""

import asyncio
import time
from typing import Callable

from tests.wire import LIMIT


async def until(holds: Callable[[], object], seconds: float = LIMIT) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come to pass in time"
        await asyncio.sleep(0.001)


async def turns(number: int = 50) -> None:
    """Let all that is ready run, until each task waits for something; however slow the machine is, none is left out."""
    for _ in range(number):
        await asyncio.sleep(0)
