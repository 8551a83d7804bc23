"""The broker over a real Redis: across processes, databases and loops, and while Redis is away."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from microframe import SetupError
from microframe.broker import BrokerUnavailable, Message, Subscription
from microframe.brokers.redis import RedisBroker
from microframe.store import StoreUnavailable
from microframe.stores.redis import RedisStore
from tests.brokers.contract import BrokerContract, soon, take, until
from tests.fault_proxy import fault_proxy
from tests.servers import RedisServer
from tests.wire import LIMIT

PATIENT = LIMIT
"""Seconds that a call may take where it must succeed; machines are busy while tests run."""


class TestRedisBroker(BrokerContract):
    """The contract."""

    @pytest.fixture(autouse=True)
    def _server(self, redis: RedisServer) -> None:
        self.url = redis.url

    @asynccontextmanager
    async def open(self, **options: Any) -> AsyncIterator[RedisBroker]:
        broker = RedisBroker(self.url, timeout=PATIENT, **options)
        yield broker
        await broker.close()
        assert not broker._listeners


async def connections(server: RedisServer) -> int:
    """How many connections Redis has, but for the one that asks."""
    store = RedisStore(server.url, timeout=PATIENT)
    try:
        return len(await store._ask(lambda redis: redis.client_list())) - 1
    finally:
        await store.close()


async def publish_until_heard(broker: RedisBroker, messages: Subscription) -> Message:
    """Publish until one arrives, as Redis may be coming back meanwhile; gives the first item that comes."""
    first = asyncio.ensure_future(messages.__anext__())
    number = 0

    async def publish() -> None:
        nonlocal number
        while not first.done():
            number += 1
            with suppress(BrokerUnavailable):
                await broker.publish("app:a", b"%d" % number)
            await asyncio.wait([first], timeout=0.02)

    await soon(publish())
    return first.result()


async def test_no_connection_is_left(own_redis: RedisServer) -> None:
    broker = RedisBroker(own_redis.url, timeout=PATIENT)
    async with broker.subscribe("app:a"):
        assert await connections(own_redis) == 1
        await broker.publish("app:a", b"")
        assert await connections(own_redis) == 2
    # It has one to publish, and none to listen.
    while await connections(own_redis) != 1:
        await asyncio.sleep(0.01)
    async with broker.subscribe("app:a"):
        await broker.close()
    while await connections(own_redis) != 0:
        await asyncio.sleep(0.01)


async def test_all_subscriptions_of_a_loop_have_one_connection(redis: RedisServer) -> None:
    with fault_proxy(redis.port) as proxy:
        broker = RedisBroker(proxy.url, timeout=PATIENT)

        async def follow(number: int) -> None:
            async with broker.subscribe(f"app:{number}", f"app:{number + 1}") as messages:
                await soon(messages.__anext__())

        async with broker.subscribe("app:all"):
            following = [asyncio.ensure_future(follow(number)) for number in range(0, 100, 2)]
            await until(lambda: len(broker._listener_here()._asked) == 101)
            assert proxy.accepted == 1
            sender = RedisBroker(redis.url, timeout=PATIENT)
            for number in range(1, 101, 2):
                await sender.publish(f"app:{number}", b"")
            await soon(asyncio.gather(*following))
            assert proxy.accepted == 1
            await sender.close()
        await broker.close()


async def test_databases_of_one_redis_do_not_hear_each_other(redis: RedisServer) -> None:
    here = RedisBroker(redis.url, timeout=PATIENT)
    there = RedisBroker(f"redis://127.0.0.1:{redis.port}/5", timeout=PATIENT)
    async with here.subscribe("app:a") as messages:
        await there.publish("app:a", b"of the other database")
        await here.publish("app:a", b"of this one")
        assert await take(messages, 1) == [b"of this one"]
    await here.close()
    await there.close()


async def test_an_address_may_say_how_long_to_wait(redis: RedisServer) -> None:
    with fault_proxy(redis.port) as proxy:
        proxy.be_slow(0.01)
        broker = RedisBroker(
            f"{proxy.url}?socket_timeout={LIMIT}&socket_connect_timeout={LIMIT}", timeout=0.001
        )
        async with broker.subscribe("app:a") as messages:
            await broker.publish("app:a", b"1")
            assert await take(messages, 1) == [b"1"]
        await broker.close()


def test_each_loop_has_connections_of_its_own(redis: RedisServer) -> None:
    broker = RedisBroker(redis.url, timeout=PATIENT)

    async def once() -> None:
        async with broker.subscribe("app:a") as messages:
            await broker.publish("app:a", b"1")
            assert await take(messages, 1) == [b"1"]
        await broker.close()

    asyncio.run(once())
    asyncio.run(once())


async def test_whoever_is_cancelled_the_others_hear_on(redis: RedisServer) -> None:
    with fault_proxy(redis.port) as proxy:
        broker, seed = RedisBroker(proxy.url, timeout=PATIENT, max_connections=4), random.Random(1)

        async def visit(number: int) -> None:
            async with broker.subscribe("app:a", f"app:{number % 5}") as messages:
                await broker.publish(f"app:{number % 5}", b"x" * 10_000)
                await messages.__anext__()

        async with broker.subscribe("app:all") as messages:
            heard_by = broker._listener_here()._connection
            for round_ in range(10):
                visits = [asyncio.ensure_future(visit(number)) for number in range(20)]
                for one in visits:
                    for _ in range(seed.randrange(3)):
                        await asyncio.sleep(0)
                    if seed.random() < 0.7:
                        one.cancel()
                await asyncio.wait(visits)
                await broker.publish("app:all", b"%d" % round_)
                assert await take(messages, 1) == [b"%d" % round_]
            assert messages.gaps == 0
            assert broker._listener_here()._connection is heard_by
        await broker.close()


# Redis is away --------------------------------------------------------------------------------------------------------


async def test_after_a_restart_it_hears_again_and_says_that_something_may_be_missing(
    own_redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    broker = RedisBroker(own_redis.url, timeout=PATIENT)
    async with broker.subscribe("app:a", "app:b", gaps=True) as messages, broker.subscribe("app:a") as plain:
        await broker.publish("app:a", b"before")
        assert await take(messages, 1) == await take(plain, 1) == [b"before"]
        for outage in (1, 2):
            own_redis.stop()
            for _ in range(5):
                with pytest.raises(BrokerUnavailable):
                    await broker.publish("app:a", b"meanwhile")
            own_redis.start()
            assert (await publish_until_heard(broker, messages)).is_gap
            assert messages.gaps == plain.gaps == outage
            await broker.publish("app:b", b"after")
            while (await soon(messages.__anext__())).data != b"after":
                pass
        assert messages.dropped == 0
    await broker.close()
    told = [record.getMessage() for record in caplog.records if record.name == "microframe.broker"]
    assert sum("may be lost" in message for message in told) == 2


async def test_while_it_is_away_nobody_can_enter_and_later_they_can(own_redis: RedisServer) -> None:
    broker = RedisBroker(own_redis.url, timeout=PATIENT)
    own_redis.stop()
    for _ in range(5):
        with pytest.raises(BrokerUnavailable):
            async with broker.subscribe("app:a"):
                raise AssertionError
    assert not broker._listeners
    own_redis.start()
    async with broker.subscribe("app:a", gaps=True) as messages:
        own_redis.stop()

        async def come_and_go() -> None:
            while True:  # until it has noticed
                await messages.add("app:b")
                await messages.remove("app:b")

        with pytest.raises(BrokerUnavailable):
            await soon(come_and_go())
        own_redis.start()

        async def add() -> None:
            while True:
                try:
                    return await messages.add("app:b")
                except BrokerUnavailable:
                    await asyncio.sleep(0.02)

        await soon(add())
        assert (await soon(messages.__anext__())).is_gap
        await broker.publish("app:b", b"1")
        assert await take(messages, 1) == [b"1"]
    await broker.close()


async def test_a_connection_that_was_closed_is_made_again(redis: RedisServer) -> None:
    with fault_proxy(redis.port) as proxy:
        broker = RedisBroker(proxy.url, timeout=PATIENT)
        async with broker.subscribe(*[f"app:{number}" for number in range(1_500)], gaps=True) as messages:
            for _ in range(3):
                proxy.drop()
                assert (await soon(messages.__anext__())).is_gap
                await broker.publish("app:1499", b"1")
                assert await take(messages, 1) == [b"1"]
        await broker.close()


async def test_a_connection_on_which_nothing_comes_any_more_is_noticed(redis: RedisServer) -> None:
    with fault_proxy(redis.port) as proxy:
        broker = RedisBroker(proxy.url, timeout=1.0, heartbeat=0.2)
        async with broker.subscribe("app:a", gaps=True) as messages:
            accepted = proxy.accepted
            proxy.fall_silent()
            # It is given up although nobody has closed it, and tried again in vain.
            await until(lambda: proxy.accepted > accepted)
            with pytest.raises(BrokerUnavailable):
                await broker.publish("app:a", b"1")
            with pytest.raises(BrokerUnavailable):
                await messages.add("app:b")
            proxy.recover()
            assert (await publish_until_heard(broker, messages)).is_gap
        await broker.close()


async def test_a_connection_that_is_only_quiet_stays(redis: RedisServer) -> None:
    with fault_proxy(redis.port) as proxy:
        broker = RedisBroker(proxy.url, timeout=PATIENT, heartbeat=0.01)
        async with broker.subscribe() as messages:
            await asyncio.sleep(0.1)  # pings that are answered before anything is followed
            await messages.add("app:a")
            await asyncio.sleep(0.1)
            sender = RedisBroker(redis.url, timeout=PATIENT)
            await sender.publish("app:a", b"1")
            assert await take(messages, 1) == [b"1"]
            await sender.close()
            assert (proxy.accepted, messages.gaps) == (1, 0)
        await broker.close()


async def test_a_slow_redis_is_told_within_the_time_that_it_has(redis: RedisServer) -> None:
    with fault_proxy(redis.port) as proxy:
        proxy.be_slow(5.0)
        broker = RedisBroker(proxy.url, timeout=0.05)
        for _ in range(3):
            with pytest.raises(BrokerUnavailable):
                await soon(broker.publish("app:a", b"1"))
            with pytest.raises(BrokerUnavailable):
                async with broker.subscribe("app:a"):
                    raise AssertionError
        accepted = proxy.accepted
        for _ in range(100):  # the breaker is open: they ask no more
            with pytest.raises(BrokerUnavailable):
                await broker.publish("app:a", b"1")
        assert proxy.accepted < accepted + 50
        await broker.close()


async def test_a_broker_may_share_the_connections_and_the_breaker_of_a_store(own_redis: RedisServer) -> None:
    store = RedisStore(own_redis.url, timeout=PATIENT)
    store.client.breaker._pause = 3600.0
    broker = RedisBroker(store.client)
    await store.set("app:k", b"1")
    await broker.publish("app:a", b"1")
    assert await connections(own_redis) == 1
    own_redis.stop()
    for _ in range(3):
        with pytest.raises(StoreUnavailable):
            await store.get("app:k")
    with pytest.raises(BrokerUnavailable, match="a moment ago"):
        await broker.publish("app:a", b"1")
    await broker.close()


async def test_what_redis_refuses_is_unavailable_and_shows_no_password(redis: RedisServer) -> None:
    broker = RedisBroker(f"redis://:hunter2@127.0.0.1:{redis.port}/0", timeout=PATIENT)
    assert "hunter2" not in repr(broker) + repr(broker.client)
    with pytest.raises(BrokerUnavailable) as published:
        await broker.publish("app:a", b"1")
    with pytest.raises(BrokerUnavailable) as entered:
        async with broker.subscribe("app:a"):
            raise AssertionError
    assert "hunter2" not in f"{published.value} {entered.value}"
    await broker.close()


async def test_where_listening_fails_in_a_way_that_nobody_knows_it_is_logged_and_tried_again(
    redis: RedisServer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = RedisBroker(redis.url, timeout=PATIENT)
    async with broker.subscribe("app:a", gaps=True) as messages:
        listener = broker._listener_here()
        monkeypatch.setattr(listener, "_take", lambda answer: answer.nonsense)
        await broker.publish("app:a", b"1")
        await until(lambda: any(record.exc_info for record in caplog.records))
        monkeypatch.undo()
        assert (await publish_until_heard(broker, messages)).is_gap
    await broker.close()


def test_what_is_no_url_of_redis_is_refused_without_telling_it() -> None:
    with pytest.raises(SetupError, match="no URL of Redis") as caught:
        RedisBroker("http://:hunter2@127.0.0.1")
    assert "hunter2" not in str(caught.value)
