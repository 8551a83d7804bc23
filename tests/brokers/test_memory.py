"""The broker inside one process, also between its threads."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, List

from microframe.brokers.memory import MemoryBroker
from tests.brokers.contract import BrokerContract, take
from tests.wire import LIMIT


class TestMemoryBroker(BrokerContract):
    """The contract."""

    @asynccontextmanager
    async def open(self, **options: Any) -> AsyncIterator[MemoryBroker]:
        broker = MemoryBroker(**options)
        yield broker
        await broker.close()
        assert not broker._topics


def test_no_other_process_hears_it() -> None:
    assert MemoryBroker.is_shared is False


def test_threads_hear_each_other() -> None:
    broker = MemoryBroker()
    is_ready, heard = threading.Event(), []

    async def follow() -> List[bytes]:
        async with broker.subscribe("app:a", max_queue=10_000) as messages:
            is_ready.set()
            return await take(messages, 4_000)

    async def publish(who: bytes) -> None:
        for _ in range(1_000):
            await broker.publish("app:a", who)

    listening = threading.Thread(target=lambda: heard.extend(asyncio.run(follow())))
    listening.start()
    assert is_ready.wait(LIMIT)
    publishing = [
        threading.Thread(target=lambda who=who: asyncio.run(publish(who))) for who in (b"1", b"2", b"3", b"4")
    ]
    for thread in publishing:
        thread.start()
    for thread in [*publishing, listening]:
        thread.join(LIMIT)
    assert sorted(heard) == sorted([b"1", b"2", b"3", b"4"] * 1_000)


def test_a_loop_that_has_ended_is_nobody_who_could_hear() -> None:
    broker = MemoryBroker()
    loop = asyncio.new_event_loop()
    block = broker.subscribe("app:a")
    messages: Any = loop.run_until_complete(block.__aenter__())
    loop.run_until_complete(asyncio.wait([loop.create_task(messages.__anext__())], timeout=0))
    loop.close()

    async def publish() -> None:
        async with broker.subscribe("app:a") as other:
            await broker.publish("app:a", b"1")
            assert await take(other, 1) == [b"1"]

    asyncio.run(publish())
    assert messages.queue._messages == type(messages.queue._messages)()
