"""Contract: what every broker must do, asked of each: give it a factory, and inherit.

Nothing here waits for something not to happen: a message that must not come is followed by one that must.
"""

import asyncio
import gc
import tracemalloc
from typing import Any, AsyncContextManager, Awaitable, Callable, Dict, List, TypeVar

import pytest

from microframe.broker import MAX_CHANNEL, Broker, BrokerUnavailable, Message, Subscription
from tests.wire import LIMIT

T = TypeVar("T")


async def soon(awaited: Awaitable[T]) -> T:
    return await asyncio.wait_for(awaited, LIMIT)


async def take(subscription: Subscription, count: int) -> List[bytes]:
    """The next messages, each taken as soon as it is there."""

    async def read() -> List[bytes]:
        return [(await subscription.__anext__()).data for _ in range(count)]

    return await soon(read())


async def until(holds: Callable[[], object]) -> None:
    async def wait() -> None:
        while not holds():
            await asyncio.sleep(0.01)

    await soon(wait())


class BrokerContract:
    """What every implementation says of itself, and what it must do."""

    def open(self, **options: Any) -> AsyncContextManager[Any]:
        raise NotImplementedError

    async def test_it_is_a_broker(self) -> None:
        async with self.open() as broker:
            assert isinstance(broker, Broker)

    async def test_what_is_published_once_the_block_is_entered_is_received_with_its_channel(self) -> None:
        async with self.open() as broker, broker.subscribe("app:a", "app:b") as messages:
            await broker.publish("app:b", b"1")
            assert await soon(messages.__anext__()) == Message("app:b", b"1")
            await broker.publish("app:a", b"2")
            assert await soon(messages.__anext__()) == Message("app:a", b"2")

    async def test_who_comes_later_never_gets_what_was_before(self) -> None:
        async with self.open() as broker:
            async with broker.subscribe("app:a"):
                await broker.publish("app:a", b"early")
            async with broker.subscribe("app:a") as messages:
                await broker.publish("app:a", b"late")
                assert await take(messages, 1) == [b"late"]

    async def test_every_subscriber_gets_each_message_once(self) -> None:
        async with self.open() as broker, broker.subscribe("app:a") as one:
            await broker.publish("app:a", b"0")
            async with broker.subscribe("app:a", "app:a") as other:
                for number in range(1, 4):
                    await broker.publish("app:a", b"%d" % number)
                assert await take(one, 4) == [b"0", b"1", b"2", b"3"]
                heard = await take(other, 1)
                while heard[-1] != b"3":
                    heard += await take(other, 1)
                # What was on its way when it joined may still come.
                assert heard in ([b"1", b"2", b"3"], [b"0", b"1", b"2", b"3"])

    @pytest.mark.parametrize("data", [b"", b"\x00\xff\r\n", bytes(range(256)) * 3900], ids=len)
    async def test_any_bytes_arrive_as_they_were(self, data: bytes) -> None:
        async with self.open() as broker, broker.subscribe("app:a") as messages:
            await broker.publish("app:a", data)
            assert await take(messages, 1) == [data]

    @pytest.mark.parametrize("channel", ["a", "*", "app:[a-z]?", "ä\r\n☃ ", "x" * MAX_CHANNEL], ids=len)
    async def test_a_channel_is_its_name_and_no_pattern(self, channel: str) -> None:
        async with self.open() as broker, broker.subscribe(channel) as messages:
            await broker.publish("app:a", b"another")
            await broker.publish(channel, b"1")
            assert await soon(messages.__anext__()) == Message(channel, b"1")

    @pytest.mark.parametrize("channel", ["", "x" * (MAX_CHANNEL + 1), "ä" * (MAX_CHANNEL // 2 + 1)], ids=len)
    async def test_what_can_be_no_channel_is_refused(self, channel: str) -> None:
        async with self.open() as broker:
            with pytest.raises(ValueError, match="channel"):
                await broker.publish(channel, b"")
            with pytest.raises(ValueError, match="channel"):
                async with broker.subscribe("app:a", channel):
                    pass
            async with broker.subscribe("app:a") as messages:
                with pytest.raises(ValueError, match="channel"):
                    await messages.add("app:b", channel)
                await broker.publish("app:b", b"not followed")
                await broker.publish("app:a", b"followed")
                assert await take(messages, 1) == [b"followed"]

    async def test_a_message_has_a_longest_length(self) -> None:
        async with self.open(max_message=1_000) as broker, broker.subscribe("app:a") as messages:
            with pytest.raises(ValueError, match="at most 1,000 bytes, not 1,001"):
                await broker.publish("app:a", b"x" * 1_001)
            await broker.publish("app:a", b"x" * 1_000)
            assert await take(messages, 1) == [b"x" * 1_000]

    async def test_a_queue_holds_something(self) -> None:
        async with self.open() as broker:
            with pytest.raises(ValueError, match="queue"):
                async with broker.subscribe("app:a", max_queue=0):
                    pass

    async def test_the_messages_of_each_publisher_come_in_their_order(self) -> None:
        async with self.open() as broker, broker.subscribe("app:a", max_queue=10_000) as messages:

            async def publish(who: int) -> None:
                for number in range(200):
                    await broker.publish("app:a", b"%d %d" % (who, number))

            await soon(asyncio.gather(*(publish(who) for who in range(5))))
            heard: Dict[bytes, List[int]] = {}
            for data in await take(messages, 1_000):
                who, _, number = data.partition(b" ")
                heard.setdefault(who, []).append(int(number))
            assert heard == {b"%d" % who: list(range(200)) for who in range(5)}

    async def test_who_reads_loses_nothing_however_much_is_published(self) -> None:
        async with self.open() as broker, broker.subscribe("app:a", max_queue=500) as messages:
            reading = asyncio.ensure_future(take(messages, 5_000))
            for number in range(5_000):
                await broker.publish("app:a", b"%d" % number)
            assert await soon(reading) == [b"%d" % number for number in range(5_000)]
            assert (messages.dropped, messages.gaps) == (0, 0)

    # Channels that come and go ---------------------------------------------------------------------------------------

    async def test_channels_come_and_go(self) -> None:
        async with self.open() as broker, broker.subscribe() as messages:
            await messages.add("app:a", "app:b")
            await broker.publish("app:a", b"1")
            await broker.publish("app:b", b"2")
            assert await take(messages, 2) == [b"1", b"2"]
            await broker.publish("app:b", b"waits already")
            await messages.remove("app:b", "app:never")
            await broker.publish("app:b", b"4")
            await broker.publish("app:a", b"5")
            assert await take(messages, 1) == [b"5"]
            await messages.add("app:b")
            await broker.publish("app:b", b"6")
            assert await take(messages, 1) == [b"6"]

    async def test_a_channel_that_one_leaves_others_still_follow(self) -> None:
        async with self.open() as broker, broker.subscribe("app:a") as one:
            async with broker.subscribe("app:a") as other:
                await other.remove("app:a")
                await broker.publish("app:a", b"1")
                assert await take(one, 1) == [b"1"]
            await broker.publish("app:a", b"2")
            assert await take(one, 1) == [b"2"]

    async def test_who_leaves_and_enters_again_and_again_is_always_heard(self) -> None:
        async with self.open() as broker, broker.subscribe("app:other"):
            for number in range(50):
                async with broker.subscribe("app:a") as messages:
                    await messages.remove("app:a")
                    await messages.add("app:a")
                    await broker.publish("app:a", b"%d" % number)
                    assert await take(messages, 1) == [b"%d" % number]

    async def test_many_enter_and_leave_the_same_channels_at_once(self) -> None:
        async with self.open() as broker:

            async def visit(who: int) -> None:
                own = f"app:own:{who}"
                for number in range(10):
                    async with broker.subscribe(f"app:{number % 3}", own, f"app:{who % 3}") as messages:
                        await broker.publish(own, b"%d" % number)
                        while (await soon(messages.__anext__())).channel != own:
                            pass

            async with broker.subscribe("app:0", "app:1", "app:2") as all_along:
                await soon(asyncio.gather(*(visit(who) for who in range(20))))
                for number in range(3):
                    await broker.publish(f"app:{number}", b"still")
                assert await take(all_along, 3) == [b"still"] * 3

    async def test_a_subscription_may_have_thousands_of_channels(self) -> None:
        names = [f"app:{number}" for number in range(2_500)]
        async with self.open() as broker, broker.subscribe(*names) as messages:
            await broker.publish(names[0], b"first")
            await broker.publish(names[-1], b"last")
            assert await take(messages, 2) == [b"first", b"last"]
            await messages.remove(*names[1:])
            await broker.publish(names[-1], b"gone")
            await broker.publish(names[0], b"there")
            assert await take(messages, 1) == [b"there"]

    # Who is slow -----------------------------------------------------------------------------------------------------

    async def test_who_is_slow_loses_the_oldest_and_nobody_else_does(self) -> None:
        async with self.open() as broker, broker.subscribe("app:a", max_queue=10) as slow:
            async with broker.subscribe("app:a") as quick:
                for number in range(100):
                    await broker.publish("app:a", b"%d" % number)
                    assert await take(quick, 1) == [b"%d" % number]
                assert quick.dropped == 0
            assert (slow.dropped, slow.gaps) == (90, 1)
            assert await take(slow, 10) == [b"%d" % number for number in range(90, 100)]
            await broker.publish("app:a", b"next")
            assert await take(slow, 1) == [b"next"]

    async def test_who_wants_to_know_is_told_where_messages_are_missing(self) -> None:
        async with self.open() as broker, broker.subscribe("app:a", max_queue=2, gaps=True) as messages:
            async with broker.subscribe("app:a") as other:
                for number in range(4):
                    await broker.publish("app:a", b"%d" % number)
                await take(other, 4)
            found = [await soon(messages.__anext__()) for _ in range(3)]
            assert [(one.is_gap, one.data) for one in found] == [(True, b""), (False, b"2"), (False, b"3")]
            await broker.publish("app:a", b"4")
            assert not (await soon(messages.__anext__())).is_gap

    async def test_a_subscriber_that_stands_still_keeps_only_so_much_in_memory(self) -> None:
        piece = b"x" * 500_000
        async with self.open() as broker, broker.subscribe("app:a") as slow:
            async with broker.subscribe("app:a") as quick:
                tracemalloc.start()
                try:
                    for _ in range(100):
                        await broker.publish("app:a", bytes(bytearray(piece)))
                        await take(quick, 1)
                    gc.collect()
                    kept, _ = tracemalloc.get_traced_memory()
                finally:
                    tracemalloc.stop()
            assert kept < 25_000_000
            assert slow.dropped == 100 - 32

    # Ending ----------------------------------------------------------------------------------------------------------

    async def test_who_is_cancelled_while_waiting_loses_nothing(self) -> None:
        async with self.open() as broker, broker.subscribe("app:a") as messages:
            for number in range(20):
                waiting = asyncio.ensure_future(messages.__anext__())
                await asyncio.sleep(0)
                waiting.cancel()
                await asyncio.wait([waiting])
                await broker.publish("app:a", b"%d" % number)
                assert await take(messages, 1) == [b"%d" % number]

    async def test_one_task_reads_a_subscription(self) -> None:
        async with self.open() as broker, broker.subscribe("app:a") as messages:
            reading = asyncio.ensure_future(messages.__anext__())
            await asyncio.sleep(0)
            with pytest.raises(RuntimeError, match="another task"):
                await messages.__anext__()
            await broker.publish("app:a", b"1")
            assert (await soon(reading)).data == b"1"

    async def test_closing_ends_every_subscription_and_the_broker_goes_on(self) -> None:
        async with self.open() as broker:
            async with broker.subscribe("app:a") as messages, broker.subscribe() as empty:
                reading = asyncio.ensure_future(self.read_all(empty))
                await broker.publish("app:a", b"1")
                await broker.publish("app:a", b"2")
                assert await take(messages, 2) == [b"1", b"2"]
                await broker.close()
                assert await soon(self.read_all(messages)) == []
                assert await soon(reading) == []
                with pytest.raises(BrokerUnavailable):
                    await messages.add("app:b")
            async with broker.subscribe("app:a") as messages:
                await broker.publish("app:a", b"3")
                assert await take(messages, 1) == [b"3"]

    async def test_a_subscription_is_over_when_its_block_is(self) -> None:
        async with self.open() as broker:
            async with broker.subscribe("app:a") as messages:
                await broker.publish("app:a", b"1")
            assert await soon(self.read_all(messages)) == []

    async def test_what_fails_inside_the_block_is_raised_from_it(self) -> None:
        async with self.open() as broker:
            with pytest.raises(LookupError):
                async with broker.subscribe("app:a"):
                    raise LookupError

    async def test_nothing_is_left_when_the_last_one_has_gone(self) -> None:
        async with self.open() as broker:
            before = asyncio.all_tasks()

            async def follow(number: int) -> None:
                async with broker.subscribe("app:a", f"app:{number}") as messages:
                    await messages.__anext__()

            following = [asyncio.ensure_future(follow(number)) for number in range(20)]
            async with broker.subscribe("app:other") as other:
                await broker.publish("app:other", b"")
                await take(other, 1)
            for one in following:
                one.cancel()
            await asyncio.wait(following)
            assert asyncio.all_tasks() == before

    @staticmethod
    async def read_all(messages: Subscription) -> List[bytes]:
        return [message.data async for message in messages]
