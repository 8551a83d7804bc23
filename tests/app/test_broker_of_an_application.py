"""Broker of an application: one for all of it, in memory by default, given to who asks, closed at the end."""

from typing import Any, AsyncContextManager, AsyncIterator, Iterator, List

import pytest

from microframe import AppConfig, Application, EventSourceResponse, Provided, ServerSentEvent, SetupError
from microframe.broker import Broker, Subscription
from microframe.brokers.memory import MemoryBroker
from microframe.testing import AsyncTestClient, TestClient
from tests.servers import RedisServer, redis_server
from tests.wire import eventually, get, served


class Counted:
    """A broker that says nothing of itself and counts how often it was closed."""

    def __init__(self) -> None:
        self.inner = MemoryBroker()
        self.closed = 0

    async def publish(self, channel: str, message: bytes) -> None:
        await self.inner.publish(channel, message)

    def subscribe(
        self, *channels: str, max_queue: int = 10, gaps: bool = False
    ) -> AsyncContextManager[Subscription]:
        return self.inner.subscribe(*channels, max_queue=max_queue, gaps=gaps)

    async def close(self) -> None:
        self.closed += 1


def board(app: Application) -> Application:
    @app.post("/notes", csrf=False)
    async def add(text: str, broker: Broker) -> None:
        await broker.publish("board:notes", text.encode())

    @app.get("/notes", response_class=EventSourceResponse)
    async def follow(broker: Broker) -> AsyncIterator[ServerSentEvent]:
        async with broker.subscribe("board:notes") as messages:
            yield ServerSentEvent(event="ready")
            async for message in messages:
                yield ServerSentEvent(data=message.data.decode())

    return app


def test_every_part_of_the_program_is_given_the_same_one() -> None:
    app = Application()

    @app.get("/")
    async def show(one: Broker, other: Provided[Broker]) -> bool:
        return one is other is app.broker

    with TestClient(app) as client:
        assert client.get("/").json() is True


async def test_one_that_is_given_is_the_one_and_closes_after_everything_else() -> None:
    broker, seen = Counted(), []

    async def lifespan(app: Any) -> Any:
        yield
        seen.append(broker.closed)

    app = board(Application(broker=broker, lifespan=lifespan))
    assert app.broker is broker
    async with app.lifespan_context(), broker.subscribe("board:notes") as messages:
        assert (await AsyncTestClient(app).post("/notes?text=hello")).status_code == 200
        assert (await messages.__anext__()).data == b"hello"
    assert (seen, broker.closed) == ([0], 1)


def test_one_that_nobody_asked_for_is_not_made() -> None:
    app = Application()
    with TestClient(app) as client:
        client.get("/")
    assert app.own_broker._broker is None


async def test_another_provider_wins_and_a_test_may_put_another_in_its_place() -> None:
    app, provided, replaced = Application(), MemoryBroker(), MemoryBroker()
    app.provide(Broker, lambda: provided, scope="app")

    @app.get("/")
    async def show(broker: Broker) -> List[bool]:
        return [broker is provided, broker is replaced]

    assert (await AsyncTestClient(app).get("/")).json() == [True, False]
    with app.override({Broker: lambda: replaced}):
        assert (await AsyncTestClient(app).get("/")).json() == [False, True]


@pytest.mark.parametrize("wrong", [MemoryBroker, "redis://", object()], ids=["class", "text", "object"])
def test_what_is_no_broker_is_refused(wrong: Any) -> None:
    with pytest.raises(SetupError, match="broker"):
        Application(broker=wrong)


# By its address -----------------------------------------------------------------------------------------------------


def test_a_memory_broker_is_not_shared_and_any_that_says_nothing_is() -> None:
    assert Application().own_broker.is_shared is False
    assert Application(broker=MemoryBroker()).own_broker.is_shared is False
    assert Application(broker=Counted()).own_broker.is_shared is True
    assert isinstance(
        Application(broker_url="memory://", redis_url="redis://cache.test").broker, MemoryBroker
    )


def test_in_the_redis_of_the_store_they_share_what_they_know_of_it() -> None:
    pytest.importorskip("redis")
    one: Any = Application(redis_url="redis://cache.test")
    assert one.own_broker.is_shared is True
    assert one.broker.client is one.store.client
    other: Any = Application(broker_url="redis://events.test", redis_url="redis://cache.test")
    assert other.broker.client.url == "redis://events.test"
    alone: Any = Application(broker_url="redis://events.test")
    assert alone.own_broker.is_shared is True
    assert alone.shared._store is None


@pytest.mark.parametrize("url", ["mongodb://u:hunter2@h", "board.db", "redis:h", "redis://h/\n", "://"])
def test_an_address_of_no_broker_is_refused_by_its_setting_and_not_told(url: str) -> None:
    with pytest.raises(SetupError, match=r"^broker_url: expected an address such as") as caught:
        AppConfig(broker_url=url)
    assert "hunter2" not in str(caught.value)


def test_a_mistake_in_an_address_names_its_setting() -> None:
    pytest.importorskip("redis")
    with pytest.raises(SetupError, match=r"^broker_url: this is no URL of Redis") as caught:
        Application(AppConfig(broker_url="redis://:hunter2@h:port"))
    assert "hunter2" not in str(caught.value)


# Over HTTP ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def own_redis() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


@pytest.mark.parametrize("of", ["memory", "redis"])
def test_a_stream_follows_a_channel_and_its_subscription_ends_with_its_client(of: str, request: Any) -> None:
    url = request.getfixturevalue("own_redis").patient_url if of == "redis" else "memory://"
    app = board(Application(broker_url=url))

    def followers() -> int:
        broker: Any = app.broker
        hubs = [broker] if of == "memory" else broker._listeners.values()
        return sum(len(hub.followers) for hub in hubs)

    with served(app) as server:
        with server.connect() as one, server.connect() as other:
            for wire in (one, other):
                wire.send(get("/notes"))
                assert b"event: ready" in until(wire, b"ready\n")
            assert followers() == 2
            server.ask(
                b"POST /notes?text=hello HTTP/1.1\r\nHost: testserver\r\nContent-Length: 0\r\n\r\n", "POST"
            )
            for wire in (one, other):
                assert b'data: "hello"' in until(wire, b'hello"\n')
        eventually(lambda: followers() == 0)


def until(wire: Any, end: bytes) -> bytes:
    """What comes up to these bytes."""
    found = b""
    while end not in found:
        line = wire._incoming.readline()
        assert line, f"it ended with {found!r}"
        found += line
    return found


def test_without_its_redis_a_stream_is_refused_and_a_message_is_not_sent(own_redis: RedisServer) -> None:
    app = board(Application(redis_url=own_redis.patient_url))
    with TestClient(app, raise_server_exceptions=False) as client:
        own_redis.stop()
        for answer in (client.get("/notes"), client.post("/notes?text=hello")):
            assert answer.status_code == 503
            assert answer.headers["content-type"] == "application/problem+json"
