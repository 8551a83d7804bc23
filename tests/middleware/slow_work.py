"""Slow work: handlers that take their time, in the loop or in a thread, and what became of them."""

import asyncio
import threading
from typing import Any, AsyncIterator, Dict, List

from microframe import Application
from microframe.testing import AsyncTestClient
from tests.wire import LIMIT

AGES = 3600.0
"""Seconds; more than anything takes."""


class Work:
    """Handlers that take their time, and what became of them."""

    def __init__(self, **options: Any) -> None:
        self.app = Application(**options)
        self.events: List[str] = []
        self.entered, self.go_on = threading.Event(), threading.Event()

    async def wait(self) -> str:
        try:
            await asyncio.sleep(AGES)
        except asyncio.CancelledError:
            self.events.append("cancelled")
            raise
        return "done"

    def block(self) -> str:
        self.entered.set()
        self.go_on.wait(LIMIT)
        self.events.append("thread ended")
        return "done"

    async def resource(self) -> AsyncIterator[str]:
        self.events.append("open")
        try:
            yield "value"
        except BaseException as exc:
            self.events.append(type(exc).__name__)
            raise
        finally:
            await asyncio.sleep(0.001)
            self.events.append("closed")

    async def ask(self, path: str = "/") -> Any:
        return await AsyncTestClient(self.app, raise_server_exceptions=False).get(path)


async def call(app: Any, events: List[str]) -> "asyncio.Task[None]":
    """A request as a server makes it: the answer is noted when it goes out, not when everything has closed."""

    async def receive() -> Dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            events.append(str(message["status"]))

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "query_string": b"",
        "headers": [(b"host", b"x")],
        "client": None,
    }

    async def run() -> None:
        await app(scope, receive, send)

    return asyncio.ensure_future(run())
