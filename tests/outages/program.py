"""Program: an application that needs its store for everything, and counts what its origin made."""

import asyncio
from collections import Counter
from typing import Any, Awaitable, Callable, Dict, Optional

from microframe import (
    Application,
    Cache,
    Request,
    Response,
    WebSocket,
)
from microframe.broker import Broker
from microframe.brokers.redis import RedisBroker
from microframe.middleware.csrf import CsrfToken
from microframe.middleware.rate_limit import Limit
from microframe.middleware.sessions import SessionMiddleware
from microframe.plugins.cache import CachePlugin, cached
from microframe.sessions import Session
from microframe.stores.redis import RedisStore

QUOTA = 5
"""What each limit lets pass in an hour."""


class Origin:
    """What is expensive: how often it was made of each key, and how many at once at most."""

    def __init__(self) -> None:
        self.made: Counter[str] = Counter()
        self.at_once: Counter[str] = Counter()
        self._running: Counter[str] = Counter()
        self.received = 0
        self.waits_for = 0
        """So many requests must have been received before anything is finished."""

    async def make(self, key: str) -> str:
        self.made[key] += 1
        self._running[key] += 1
        self.at_once[key] = max(self.at_once[key], self._running[key])
        await asyncio.sleep(0.01)
        while self.received < self.waits_for:
            await asyncio.sleep(0.01)
        self._running[key] -= 1
        return key


def build(url: str, *, timeout: Optional[float] = None) -> "tuple[Application, Origin]":
    """The application on a Redis: configured as a user would, or with a store of more patience."""
    own: Dict[str, Any] = {}
    if timeout is not None:
        store = RedisStore(url, timeout=timeout)
        own = {"store": store, "broker": RedisBroker(store.client)}
    app = Application(title="Outage", redis_url=url, plugins=[CachePlugin()], secret_key="s" * 40, **own)
    app.add_middleware(SessionMiddleware)
    origin = Origin()
    add_reads(app, origin)
    add_visitors(app)
    add_writes(app, origin)
    return app, origin


def add_reads(app: Application, origin: Origin) -> None:
    @app.middleware("http")
    async def count(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        origin.received += 1
        return await call_next(request)

    @cached(ttl=60)
    async def find_value(key: str) -> str:
        return await origin.make(f"value {key}")

    @app.get("/plain")
    async def plain() -> str:
        return "plain"

    @app.get("/answer/{key}", cache=Cache(max_age=60))
    async def answer(key: str) -> str:
        return await origin.make(f"answer {key}")

    @app.get("/value/{key}")
    async def value(key: str) -> str:
        return await find_value(key)

    @app.get("/limited", limit=f"{QUOTA}/hour")
    async def limited() -> str:
        return "passed"

    @app.get("/strict", limit=Limit(f"{QUOTA}/hour", fail_closed=True))
    async def strict() -> str:
        return "passed"


def add_visitors(app: Application) -> None:
    @app.post("/login/{user}", csrf=False)
    async def login(session: Session, user: str) -> None:
        session.login(user)

    @app.get("/who")
    async def who(session: Session) -> str:
        return session.user

    @app.get("/token")
    async def token(token: CsrfToken) -> str:
        return str(token)

    @app.websocket("/socket")
    async def socket(socket: WebSocket, session: Session) -> None:
        await socket.accept()
        await socket.send_text(session.user)


def add_writes(app: Application, origin: Origin) -> None:
    @app.post("/note")
    async def note() -> str:
        return "noted"

    @app.post("/pay/{order}", idempotency=True, csrf=False)
    async def pay(order: str) -> str:
        return await origin.make(f"order {order}")

    @app.post("/publish", csrf=False)
    async def publish(broker: Broker) -> None:
        await broker.publish("outage:events", b"news")
