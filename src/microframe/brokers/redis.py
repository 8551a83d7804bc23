"""Redis: a broker that processes share, on Redis 6 or newer, or Valkey."""

import asyncio
import contextlib
from typing import AsyncIterator, Union
from weakref import WeakKeyDictionary

from microframe.broker import (
    MAX_MESSAGE,
    MAX_QUEUE,
    BrokerUnavailable,
    Subscription,
    check_channel,
    check_message,
)
from microframe.brokers.following import followed
from microframe.brokers.listening import Listener
from microframe.redis_client import RedisClient, RedisUnavailable

__all__ = ["RedisBroker"]


class RedisBroker:
    """Brings messages to subscribers in every process that names the same URL.

    One connection of each event loop hears everything that is followed there, from the first subscription to the last.
    When it is lost, it is made again as soon as Redis is back, and subscribers that want gaps are told; one that says
    nothing is noticed by a ping every `heartbeat` seconds. `publish` and entering a subscription take at most about
    `timeout` seconds. Instead of a URL it takes the client of a `RedisStore`, and shares its connections and breaker.

    Raises:
        SetupError: this is no URL of Redis.
    """

    is_shared = True
    """Other processes hear what is published here."""

    def __init__(
        self,
        redis: Union[str, RedisClient],
        *,
        timeout: float = 0.1,
        max_connections: int = 50,
        max_message: int = MAX_MESSAGE,
        heartbeat: float = 2.0,
    ) -> None:
        if isinstance(redis, str):
            redis = RedisClient(redis, timeout=timeout, max_connections=max_connections)
        self.client = redis
        self._max_message = max_message
        self._heartbeat = heartbeat
        # What Redis calls a channel is the same in all its databases.
        self._prefix = f"{redis.database}:".encode()
        self._listeners: WeakKeyDictionary[asyncio.AbstractEventLoop, Listener] = WeakKeyDictionary()

    def __repr__(self) -> str:
        return "RedisBroker(...)"  # an address may carry a password

    async def publish(self, channel: str, message: bytes) -> None:
        check_channel(channel)
        check_message(message, self._max_message)
        name = self._prefix + channel.encode()
        try:
            await self.client.ask(lambda redis: redis.publish(name, bytes(message)))
        except RedisUnavailable as exc:
            raise BrokerUnavailable(str(exc)) from exc

    @contextlib.asynccontextmanager
    async def subscribe(
        self, *channels: str, max_queue: int = MAX_QUEUE, gaps: bool = False
    ) -> AsyncIterator[Subscription]:
        listener = self._listener_here()
        try:
            async with followed(listener, channels, max_queue, gaps=gaps) as follower:
                yield follower
        finally:
            if not listener.followers:
                await self._end(listener)

    def _listener_here(self) -> Listener:
        """What hears for the running loop."""
        loop = asyncio.get_running_loop()
        found = self._listeners.get(loop)
        if found is None:
            found = self._listeners[loop] = Listener(self.client, self._prefix, self._heartbeat)
        return found

    async def _end(self, listener: Listener) -> None:
        loop = asyncio.get_running_loop()
        if self._listeners.get(loop) is listener:
            del self._listeners[loop]
        await listener.close()

    async def close(self) -> None:
        """End the subscriptions of this loop and let go of its connections; the next call connects again."""
        listener = self._listeners.get(asyncio.get_running_loop())
        if listener is not None:
            await self._end(listener)
        await self.client.close()
