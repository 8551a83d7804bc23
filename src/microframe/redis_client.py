"""Redis client: the connections to one Redis, of each event loop its own, and whether it has answered lately."""

import asyncio
import contextlib
import re
from typing import Any, AsyncIterator, Awaitable, Callable, Dict, Mapping, NamedTuple
from weakref import WeakKeyDictionary

from microframe.breaker import Breaker
from microframe.exceptions import SetupError
from microframe.extras import requires_extra

with requires_extra("redis"):
    from redis import asyncio as client
    from redis.asyncio.connection import parse_url
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff
    from redis.exceptions import ConnectionError as NotConnected
    from redis.exceptions import MasterDownError, OutOfMemoryError, ReadOnlyError, RedisError
    from redis.exceptions import TimeoutError as TookTooLong

AWAY = (NotConnected, TookTooLong, OSError, asyncio.TimeoutError)
"""What is raised where a Redis cannot be reached, or does not answer in time."""
REFUSAL = re.compile(r"(?:^|[ -])(OOM|LOADING|READONLY|MASTERDOWN|NOAUTH|WRONGPASS|MISCONF) ")
"""What the answers of a Redis have that is there, and can or will do nothing."""
CONNECTING = 4
"""Calls of one event loop that may connect at once. The loop works for all of them in turn while the time of each
runs: were they fifty, the first calls of a new process would time out, and Redis would be said to be away."""


class RedisUnavailable(Exception):
    """This Redis cannot be asked now."""


class RedisFull(RedisUnavailable):
    """It has no memory left."""


class Lines(NamedTuple):
    """The connections of one event loop, and how many more calls may use one."""

    redis: "client.Redis"
    free: asyncio.Semaphore
    connecting: asyncio.Semaphore
    closed: asyncio.Event

    @contextlib.asynccontextmanager
    async def one(self) -> AsyncIterator["client.Redis"]:
        """One of the connections. Who finds none that is free is one of the few that may connect."""
        async with self.free:
            if self.redis.connection_pool._available_connections:
                yield self.redis
            else:
                async with self.connecting:
                    yield self.redis


class RedisClient:
    """What asks one Redis: `max_connections` of each event loop, `timeout` seconds for an answer, and one breaker.

    Nothing is connected before the first call. No call is sent twice.

    Raises:
        SetupError: this is no URL of Redis.
    """

    def __init__(
        self, url: str, *, timeout: float = 0.1, max_connections: int = 50, protocol: int = 2
    ) -> None:
        try:
            said: Mapping[str, Any] = parse_url(url)
            self.database = int(said.get("db", 0))
        except ValueError as exc:
            raise SetupError(
                "this is no URL of Redis such as redis://127.0.0.1:6379/0 or rediss://…"
            ) from exc
        self.url = url
        self.timeout: float = said.get("socket_timeout", timeout)
        """What an address says (`?socket_timeout=1`) goes before the option, as in the client itself."""
        self._options: Dict[str, Any] = {
            "socket_timeout": timeout,
            "socket_connect_timeout": timeout,
            "max_connections": max_connections,
            "protocol": protocol,
            # A counter must not count twice because the answer was lost.
            "retry": Retry(NoBackoff(), 0),
        }
        self.breaker = Breaker("Redis", RedisUnavailable)
        self._lines: WeakKeyDictionary[asyncio.AbstractEventLoop, Lines] = WeakKeyDictionary()

    def __repr__(self) -> str:
        return "RedisClient(...)"  # an address may carry a password

    async def ask(self, question: Callable[["client.Redis"], Awaitable[Any]]) -> Any:
        """What Redis answers, on a connection that nobody else uses meanwhile.

        Raises:
            RedisUnavailable: it cannot be reached, or refuses everything.
            RedisError: it refuses this.
        """
        lines = self._lines_here()
        async with lines.one() as redis:
            self.breaker.check()
            try:
                answer = await question(redis)
            except AWAY as exc:
                self.breaker.failed()
                await close_idle(redis.connection_pool)
                raise RedisUnavailable(f"Redis cannot be reached: {type(exc).__name__}") from exc
            except RedisError as exc:
                self.breaker.answered()
                raise meaning(exc) from exc
            finally:
                if lines.closed.is_set():  # meanwhile
                    await close_idle(redis.connection_pool)
            self.breaker.answered()
            return answer

    def _lines_here(self) -> Lines:
        """The connections of the running loop: those of another one are of no use here."""
        loop = asyncio.get_running_loop()
        found = self._lines.get(loop)
        if found is None:
            redis = client.Redis.from_url(self.url, **self._options)
            free = asyncio.Semaphore(self._options["max_connections"])
            found = self._lines[loop] = Lines(redis, free, asyncio.Semaphore(CONNECTING), asyncio.Event())
        return found

    def new_connection(self) -> "client.Connection":
        """One more connection, for who listens; not connected yet."""
        pool: Any = client.ConnectionPool.from_url(self.url, **self._options)
        # Older than what calls may speak, and the same from every Redis to those who listen.
        pool.connection_kwargs.update(protocol=2, decode_responses=False)
        connection: client.Connection = pool.make_connection()
        return connection

    async def close(self) -> None:
        """Let go of the connections of this loop, those in use after their call; the next call connects again."""
        found = self._lines.pop(asyncio.get_running_loop(), None)
        if found is not None:
            found.closed.set()
            await close_idle(found.redis.connection_pool)
            await asyncio.sleep(0)  # until they are


async def close_idle(pool: Any) -> None:
    """Close the connections that nobody uses: they are gone too, and after a restart each would fail once.

    At once, and waiting for nothing: as the pool does it, somebody could take one while it is closed, and who closes
    what somebody else closes too would be cancelled.
    """
    for connection in tuple(pool._available_connections):
        await connection.disconnect(nowait=True)


def meaning(exc: RedisError) -> Exception:
    """What a refusal of Redis means to who asked. The client knows most of them by their first word, and cuts it off;
    where a script was refused, an older Redis has it in the middle."""
    found = REFUSAL.search(str(exc))
    word = found[1] if found is not None else ""
    if isinstance(exc, OutOfMemoryError) or word == "OOM":
        return RedisFull("Redis has no memory left")
    if isinstance(exc, (ReadOnlyError, MasterDownError)) or word:
        return RedisUnavailable(f"Redis refuses: {word or type(exc).__name__}")
    return exc
