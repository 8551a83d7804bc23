"""One process at one store: `benchmarks.stores` tells it what to repeat, for how long, and for how many at once."""

import asyncio
import gc
import itertools
import os
import sys
import time
import warnings
from typing import Any, Awaitable, Callable, Dict, List, Tuple

from benchmarks.driver import Exchange
from benchmarks.limits import resident
from benchmarks.worker import serve
from microframe import Application
from microframe.caching import Shelf
from microframe.http.cache_control import Cache
from microframe.limits.limit import Limit
from microframe.plugins.cache import Remembering, ValueCache
from microframe.plugins.cache.values import format_of
from microframe.sessions.keeper import Lifetimes
from microframe.sessions.session import Session
from microframe.sessions.stored import StoredKeeper
from microframe.stores.fallback import FallbackLimits
from microframe.stores.memory import MemoryStore

KEYS = 1000
"""Clients, values and sessions that are asked for in turn."""
VALUE = b"x" * 1000
PATIENCE = 10.0
"""Seconds that a store has for an answer: what is measured is not when it is given up."""
WARM_UP, PREPARING = 50, 20

FORM, HOUR = format_of(Dict[str, int]), Remembering(3600)

Operation = Callable[[int], Awaitable[Any]]
"""One operation by the client of a number; no two clients that ask at once have the same."""


def open_store(url: str) -> Any:
    """The store at an address, patient; `memory:` has none."""
    scheme = url.partition(":")[0]
    if scheme == "redis":
        from microframe.stores.redis import RedisStore

        return RedisStore(url, timeout=PATIENCE)
    if scheme == "postgresql":
        from microframe.stores.postgres import PostgresStore

        return PostgresStore(url, timeout=PATIENCE)
    if scheme == "sqlite":
        from microframe.stores.sqlite import SQLiteStore

        return SQLiteStore(url, timeout=PATIENCE)
    return MemoryStore()


class Operations:
    """What can be repeated at one store; names are those of `benchmarks.stores`."""

    def __init__(self, store: Any) -> None:
        self.store = store
        self._name = "bench%d" % os.getpid()
        self._numbers = itertools.count()
        self.values = ValueCache(Shelf(store, store, store, self._name))
        self.keeper = StoredKeeper(store, self._name, Lifetimes(3600, 7200))
        self._sessions: List[str] = []
        self._app = self._build()

    def _build(self) -> Any:
        app = Application(title=self._name, store=self.store)

        @app.get("/kept", cache=Cache(max_age=3600))
        async def kept() -> Dict[str, int]:
            return {"number": 1}

        return app.build()

    async def prepare(self) -> None:
        """Put there what is asked for."""
        self._sessions = [""] * KEYS
        await repeat(self._put, PREPARING, KEYS // PREPARING)

    async def _put(self, number: int) -> None:
        await self.store.set(self.key(number), VALUE, ttl=3600)
        session = Session({"visits": 1, "name": "Ada"}, time.time())
        self._sessions[number] = str(await self.keeper.save(session))

    def key(self, number: int) -> str:
        return "%s:value:%d" % (self._name, number)

    def hits(self, algorithm: Any) -> Operation:
        async def hit(number: int) -> None:
            key = "%s:%s:%d" % (self._name, algorithm, number)
            await self.store.hit(key, algorithm=algorithm, limit=100, window=60)

        return hit

    async def get(self, number: int) -> None:
        assert await self.store.get(self.key(number)) is not None

    async def set(self, number: int) -> None:
        await self.store.set(self.key(number), VALUE, ttl=3600)

    async def find_value(self, number: int) -> None:
        await self.values.find_or_make("found", FORM, make, HOUR, ())

    async def make_value(self, number: int) -> None:
        await self.values.find_or_make("made:%d" % next(self._numbers), FORM, make, HOUR, ())

    async def find_answer(self, number: int) -> None:
        exchange = Exchange(b"")
        await self._app(dict(SCOPE), exchange.receive, exchange.send)
        assert exchange.messages[0]["status"] == 200

    async def read_session(self, number: int) -> None:
        session = await self.keeper.load(self._sessions[number])
        assert session is not None

    async def change_session(self, number: int) -> None:
        session = await self.keeper.load(self._sessions[number])
        assert session is not None
        session["visits"] += 1
        assert await self.keeper.save(session)

    def all(self) -> Dict[str, Operation]:
        return {
            "fixed_window": self.hits("fixed_window"),
            "sliding_window": self.hits("sliding_window"),
            "gcra": self.hits("gcra"),
            "get": self.get,
            "set": self.set,
            "value": self.find_value,
            "value-made": self.make_value,
            "answer": self.find_answer,
            "session": self.read_session,
            "session-changed": self.change_session,
        }


async def make() -> Dict[str, int]:
    return {"number": 1}


SCOPE: Dict[str, Any] = {
    "type": "http",
    "asgi": {"version": "3.0"},
    "http_version": "1.1",
    "method": "GET",
    "scheme": "http",
    "path": "/kept",
    "raw_path": b"/kept",
    "query_string": b"",
    "root_path": "",
    "headers": [(b"host", b"api.example.com"), (b"accept", b"*/*")],
    "client": ("127.0.0.1", 50000),
    "server": ("127.0.0.1", 8000),
}


async def repeat(operation: Operation, clients: int, each: int) -> None:
    """So many clients at once, each so many times."""

    async def client(first: int) -> None:
        for turn in range(each):
            await operation((first + turn * clients) % KEYS)

    await asyncio.gather(*(client(number) for number in range(clients)))


class StoresWorker:
    """Does what `benchmarks.stores` says."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._operations: Dict[str, Operation] = {}

    async def obey(self, command: Dict[str, Any]) -> Any:
        if command["do"] == "fill":
            return await fill(command["workload"], command["clients"])
        if not self._operations:
            operations = Operations(open_store(self._url))
            await operations.prepare()
            self._operations = operations.all()
        operation = self._operations[command["workload"]]
        return await measure(operation, command["clients"], command["seconds"])


async def measure(operation: Operation, clients: int, seconds: float) -> Tuple[float, float]:
    """Operations per second, and seconds of this process' CPU for one."""
    began = time.perf_counter()
    await repeat(operation, clients, max(WARM_UP // clients, 1))
    done = max(WARM_UP // clients, 1) * clients
    each = max(int(seconds * done / (time.perf_counter() - began) / clients), 1)
    gc.collect()
    began, cpu = time.perf_counter(), time.process_time()
    await repeat(operation, clients, each)
    took = time.perf_counter() - began
    return each * clients / took, (time.process_time() - cpu) / (each * clients)


async def fill(algorithm: Any, clients: int) -> Tuple[float, float, int]:
    """So many clients, one call each: megabytes that takes (Linux), seconds of CPU for a call, counts that are kept."""
    store, limits = MemoryStore(), FallbackLimits()
    limit = Limit("100/hour", algorithm=algorithm)
    before, began = resident(), time.process_time()
    for number in range(clients):
        who = "%d.%d.%d.%d" % (10 + (number >> 24), number >> 16 & 255, number >> 8 & 255, number & 255)
        await limits.hit(store, "bench:limit", who, limit)
    return resident() - before, (time.process_time() - began) / clients, len(store)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    asyncio.run(serve(StoresWorker(sys.argv[1])))
