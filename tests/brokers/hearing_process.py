"""One process of an application that hears what others publish over Redis.

`python -m tests.brokers.hearing_process URL`: it says `ready`, then each message that it hears on `board:news`, and
`gap` where some may be missing. Each line on its standard input it publishes on `board:echo`.
"""

import asyncio
import sys

from microframe.broker import BrokerUnavailable
from microframe.brokers.redis import RedisBroker
from tests.wire import LIMIT


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def hear(broker: RedisBroker) -> None:
    async with broker.subscribe("board:news", gaps=True) as messages:
        say("ready")
        async for message in messages:
            say("gap" if message.is_gap else message.data.decode())


async def publish(broker: RedisBroker) -> None:
    while True:
        line = await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
        if not line:
            return
        try:
            await broker.publish("board:echo", line.strip().encode())
        except BrokerUnavailable:
            say("unavailable")


async def run(url: str) -> None:
    broker = RedisBroker(url, timeout=LIMIT)
    hearing = asyncio.ensure_future(hear(broker))
    await publish(broker)
    await broker.close()
    await hearing


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1]))
