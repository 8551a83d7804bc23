"""Listening: one connection to Redis that hears every channel which somebody on an event loop follows."""

import asyncio
import logging
import random
from typing import Any, Dict, Iterable, List, Optional, Sequence, Set, Tuple

from microframe.broker import BrokerUnavailable, Message
from microframe.brokers.following import Follower
from microframe.extras import requires_extra
from microframe.redis_client import AWAY, RedisClient

with requires_extra("redis"):
    from redis import asyncio as client
    from redis.exceptions import RedisError
    from redis.exceptions import TimeoutError as TookTooLong

logger = logging.getLogger("microframe.broker")

FIRST_PAUSE, LONGEST_PAUSE = 0.05, 0.5
"""Seconds until it connects again, growing from try to try."""
AT_ONCE = 1_000
"""The most channels that one command names."""
TURN = 64
"""Messages that are taken until others on the event loop have their turn."""

Outcome = Optional[BrokerUnavailable]


class Topic:
    """One channel: who follows it, and whether Redis has said that it is heard."""

    __slots__ = ("followers", "heard", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self.followers: Dict[Follower, None] = {}
        self.unheard()

    @property
    def is_heard(self) -> bool:
        return self.heard.done()

    def unheard(self) -> None:
        self.heard: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

    def settle(self, outcome: Outcome) -> None:
        """Tell those who wait; after a failure others may wait for what follows."""
        if not self.heard.done():
            self.heard.set_result(outcome)
        if outcome is not None:
            self.unheard()


class Listener:
    """Connects as soon as it is made, and again whenever the connection is lost, until it is closed.

    Calls that change what is heard only note it; one task at a time tells Redis. So nobody who is cancelled leaves half
    a command behind, and what changes at once is said at once.
    """

    def __init__(self, redis: RedisClient, prefix: bytes, heartbeat: float) -> None:
        self._redis, self._prefix, self._heartbeat = redis, prefix, heartbeat
        self.followers: Set[Follower] = set()
        self._topics: Dict[bytes, Topic] = {}
        self._connection: Optional[client.Connection] = None
        self._asked: Set[bytes] = set()
        """The channels that this connection was told to hear."""
        self._open: Dict[bytes, int] = {}
        """How many answers to that are still to come."""
        self._changed: Dict[bytes, None] = {}
        """Channels that somebody has joined or left since Redis was told."""
        self._torn: Set[Follower] = set()
        """Who may have lost something when the last connection was lost, and was not told yet."""
        self._awaited: Set[bytes] = set()
        """Channels that must be heard again first."""
        self._telling: Optional[asyncio.Task[None]] = None
        self._pause = FIRST_PAUSE
        self._is_closed = False
        self._listening = asyncio.ensure_future(self._listen())

    # Who follows what ------------------------------------------------------------------------------------------------

    async def join(self, follower: Follower, channels: Sequence[str]) -> None:
        """Bring a follower these channels; returns once Redis has said that it will."""
        waiting: List[asyncio.Future[Outcome]] = []
        for channel in channels:
            name = self._prefix + channel.encode()
            topic = self._topics.get(name)
            if topic is None:
                topic = self._topics[name] = Topic(channel)
                self._changed[name] = None
            topic.followers[follower] = None
            waiting.append(topic.heard)
        self._tell_changes()
        if not waiting:
            return
        await asyncio.wait(waiting, timeout=self._redis.timeout)
        for heard in waiting:
            if not heard.done():
                raise BrokerUnavailable("Redis does not answer in time")
            failure = heard.result()
            if failure is not None:
                raise failure

    def leave(self, follower: Follower, channels: Iterable[str]) -> None:
        """Bring a follower nothing of these any more."""
        for channel in channels:
            name = self._prefix + channel.encode()
            topic = self._topics.get(name)
            if topic is None:
                continue
            topic.followers.pop(follower, None)
            if not topic.followers:
                del self._topics[name]
                self._changed[name] = None
                self._forget_awaited(name)
        self._tell_changes()

    async def close(self) -> None:
        """End every subscription, and the connection."""
        for follower in self.followers:
            follower.queue.end()
        # Before Python 3.11 a time-out of the client at the same moment takes the place of the cancellation.
        self._is_closed = True
        self._listening.cancel()
        await asyncio.wait([self._listening])
        self._fail_waiting(BrokerUnavailable("the broker is closed"))

    # Telling Redis ---------------------------------------------------------------------------------------------------

    def _tell_changes(self) -> None:
        """See to it that Redis is told of what has changed."""
        is_told = self._telling is not None and not self._telling.done()
        if self._changed and not is_told and self._connection is not None:
            self._telling = asyncio.ensure_future(self._tell(self._connection))

    async def _tell(self, connection: "client.Connection") -> None:
        try:
            while self._changed and self._connection is connection:
                names = list(self._changed)[:AT_ONCE]
                for name in names:
                    del self._changed[name]
                gone, new = self._sort(names)
                if gone:
                    await connection.send_command("UNSUBSCRIBE", *gone)
                if new:
                    await connection.send_command("SUBSCRIBE", *new)
        except Exception:
            # Whatever the client raises where the connection breaks meanwhile: who reads from it finds it lost.
            await connection.disconnect(nowait=True)

    def _sort(self, names: Sequence[bytes]) -> Tuple[List[bytes], List[bytes]]:
        """Of these channels, those to hear no longer and those to hear."""
        gone = [name for name in names if name in self._asked and name not in self._topics]
        new = [name for name in names if name not in self._asked and name in self._topics]
        for name in names:
            # Left and joined again before Redis was told: it hears it all the while.
            if name in self._asked and name in self._topics and name not in self._open:
                self._hears(name)
        self._asked.difference_update(gone)
        self._asked.update(new)
        for name in new:
            self._open[name] = self._open.get(name, 0) + 1
        return gone, new

    # Hearing Redis ---------------------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        while not self._is_closed:
            try:
                await self._hear()
            except Exception as exc:
                self._lose(exc)
            await asyncio.sleep(self._pause * random.uniform(0.5, 1))  # noqa: S311
            self._pause = min(self._pause * 2, LONGEST_PAUSE)

    async def _hear(self) -> None:
        """Connect, and bring to everybody what comes, until the connection is lost."""
        connection: Any = self._redis.new_connection()
        try:
            await connection.connect()
            self._redis.breaker.answered()
            self._connection = connection
            self._asked, self._open = set(), {}
            self._changed = dict.fromkeys(self._topics)
            self._tell_changes()
            await self._read(connection)
        finally:
            self._connection = None
            telling, self._telling = self._telling, None
            if telling is not None:
                telling.cancel()
                await asyncio.wait([telling])
            await connection.disconnect(nowait=True)

    async def _read(self, connection: "client.Connection") -> None:
        count, is_asked = 0, False
        while not self._is_closed:
            patience = max(self._redis.timeout, self._heartbeat / 2) if is_asked else self._heartbeat
            answer = await connection.read_response(timeout=patience, disconnect_on_error=False)
            if answer is not None:
                is_asked = False
                self._take(answer)
            elif is_asked or not connection.is_connected:
                raise TookTooLong("Redis says nothing any more")
            else:
                is_asked = True
                await connection.send_command("PING")
            count += 1
            if count % TURN == 0:
                await asyncio.sleep(0)

    def _take(self, answer: Any) -> None:
        kind, name = answer[:2]
        if kind == b"message":
            topic = self._topics.get(name)
            if topic is not None:
                message = Message(topic.name, answer[2])
                for follower in topic.followers:
                    follower.queue.put(message)
        elif kind == b"subscribe":
            self._pause = FIRST_PAUSE
            self._open[name] -= 1
            if not self._open[name]:
                del self._open[name]
                self._hears(name)

    def _hears(self, name: bytes) -> None:
        topic = self._topics.get(name)
        if topic is not None:
            topic.settle(None)
        self._forget_awaited(name)

    def _forget_awaited(self, name: bytes) -> None:
        """When all is heard again that was heard before, those who may have lost something are told."""
        self._awaited.discard(name)
        if self._awaited or not self._torn:
            return
        logger.info("messages come from Redis again")
        torn, self._torn = self._torn, set()
        for follower in torn:
            follower.queue.put_gap()

    # Losing it -------------------------------------------------------------------------------------------------------

    def _lose(self, exc: Exception) -> None:
        """Note who may lose messages until it is heard again, and tell those who wait that it is not."""
        if not isinstance(exc, (*AWAY, RedisError)):
            logger.error("listening to Redis failed", exc_info=exc)
        heard = {name: topic for name, topic in self._topics.items() if topic.is_heard}
        if heard:
            logger.warning("messages may be lost until Redis is back: %s", type(exc).__name__)
        for topic in heard.values():
            self._torn.update(topic.followers)
            topic.unheard()
        self._awaited.update(heard)
        self._fail_waiting(BrokerUnavailable(f"Redis cannot be reached: {type(exc).__name__}"))

    def _fail_waiting(self, failure: BrokerUnavailable) -> None:
        for topic in self._topics.values():
            topic.settle(failure)
