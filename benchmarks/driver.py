"""The in-process ASGI driver: calls an application as uvicorn would, with no socket and no server."""

import asyncio
import gc
import time
from dataclasses import dataclass
from typing import Any, Awaitable, Callable, Dict, List, MutableMapping, Optional, Tuple

from benchmarks.workloads import WEBSOCKET_MESSAGES, Workload

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApplication = Callable[[Scope, Receive, Send], Awaitable[None]]

HOST = "127.0.0.1:8000"
TALK = "hello over there"
PIECE = 65_536
"""Bytes of a body that a server hands on at once, at most."""


@dataclass(frozen=True)
class Sample:
    """Seconds of CPU (all threads) and of wall clock for `count` requests."""

    cpu: float
    wall: float
    count: int


class Exchange:
    """One request: `receive` gives the body, then blocks until the answer is complete, as uvicorn does."""

    __slots__ = ("_at", "_body", "_complete", "_waiter", "messages")

    def __init__(self, body: bytes) -> None:
        self._body: Optional[bytes] = body
        self._at = 0
        self._complete = False
        self._waiter: Optional[asyncio.Future[None]] = None
        self.messages: List[Message] = []

    async def receive(self) -> Message:
        body = self._body
        if body is not None:
            at = self._at
            if at + PIECE < len(body):
                self._at = at + PIECE
                return {"type": "http.request", "body": body[at : self._at], "more_body": True}
            self._body = None
            return {"type": "http.request", "body": body[at:], "more_body": False}
        if not self._complete:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.messages.append(message)
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            self._complete = True
            if self._waiter is not None and not self._waiter.done():
                self._waiter.set_result(None)

    def answer(self) -> Tuple[int, Dict[str, str], bytes]:
        """Status, headers and body of the collected messages."""
        start = next(message for message in self.messages if message["type"] == "http.response.start")
        headers = {
            bytes(name).decode().lower(): bytes(value).decode("latin-1") for name, value in start["headers"]
        }
        body = b"".join(m.get("body", b"") for m in self.messages if m["type"] == "http.response.body")
        return start["status"], headers, body


class Conversation:
    """One WebSocket: the handshake, texts each sent when the last came back, then the client's close."""

    __slots__ = ("_echo", "_left", "_opened", "_sent", "echoed")

    def __init__(self, count: int) -> None:
        self._left = count
        self._opened = False
        self._sent = 0
        self._echo: Optional[asyncio.Future[None]] = None
        self.echoed = 0

    async def receive(self) -> Message:
        if not self._opened:
            self._opened = True
            return {"type": "websocket.connect"}
        if self.echoed < self._sent:
            self._echo = asyncio.get_running_loop().create_future()
            await self._echo
        if self._left:
            self._left -= 1
            self._sent += 1
            return {"type": "websocket.receive", "text": TALK}
        return {"type": "websocket.disconnect", "code": 1000, "reason": ""}

    async def send(self, message: Message) -> None:
        if message["type"] == "websocket.send" and message.get("text") == TALK:
            self.echoed += 1
            if self._echo is not None and not self._echo.done():
                self._echo.set_result(None)


class Driver:
    """Runs one application's lifespan, then requests. Use as an async context manager."""

    def __init__(self, app: ASGIApplication) -> None:
        self._app = app
        self._state: Dict[str, Any] = {}
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._outbox: asyncio.Queue[Message] = asyncio.Queue()
        self._lifespan: Optional[asyncio.Future[None]] = None

    async def __aenter__(self) -> "Driver":
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self._state}
        self._lifespan = asyncio.ensure_future(self._app(scope, self._inbox.get, self._outbox.put))
        await self._step("startup")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._step("shutdown")

    async def _step(self, name: str) -> None:
        assert self._lifespan is not None
        await self._inbox.put({"type": "lifespan." + name})
        reply: asyncio.Future[Message] = asyncio.ensure_future(self._outbox.get())
        waiting: List[asyncio.Future[Any]] = [reply, self._lifespan]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if not reply.done():
            reply.cancel()
            raise RuntimeError("the lifespan ended during %s: %r" % (name, self._lifespan.exception()))
        message = reply.result()
        if message["type"] != "lifespan.%s.complete" % name:
            raise RuntimeError("%(type)s: %(message)s" % {"message": "", **message})

    def template(self, workload: Workload) -> Dict[str, Any]:
        """The scope of a workload; what each request gets a fresh copy of."""
        scope: Dict[str, Any] = {
            "type": "http",
            "http_version": "1.1",
            "server": ("127.0.0.1", 8000),
            "client": ("127.0.0.1", 50000),
            "scheme": "http",
            "root_path": "",
            "method": workload.method,
            "path": workload.path,
            "raw_path": workload.path.encode(),
            "query_string": workload.query.encode(),
        }
        if workload.websocket:
            del scope["method"]
            scope.update(
                type="websocket", scheme="ws", subprotocols=[], extensions={"websocket.http.response": {}}
            )
        return scope

    async def ask(self, workload: Workload) -> Tuple[int, Dict[str, str], bytes]:
        """One request, and what came back."""
        exchange = Exchange(workload.body)
        await self._requests(workload, 1, lambda _body: exchange)
        return exchange.answer()

    async def converse(self, workload: Workload) -> int:
        """One WebSocket conversation; how many messages were echoed."""
        conversation = Conversation(WEBSOCKET_MESSAGES)
        await self._conversations(workload, 1, lambda _count: conversation)
        return conversation.echoed

    async def measure(self, workload: Workload, count: int) -> Sample:
        """`count` requests, one after the other."""
        gc.collect()
        cpu, wall = time.process_time(), time.perf_counter()
        if workload.websocket:
            await self._conversations(workload, count, Conversation)
        else:
            await self._requests(workload, count, Exchange)
        sample = Sample(time.process_time() - cpu, time.perf_counter() - wall, count)
        await asyncio.sleep(0)
        return sample

    async def _requests(self, workload: Workload, count: int, make: Callable[[bytes], Exchange]) -> None:
        app, state, body = self._app, self._state, workload.body
        template, headers = self.template(workload), workload.headers(HOST)
        for _ in range(count):
            scope = template.copy()
            scope["asgi"] = {"version": "3.0", "spec_version": "2.3"}
            scope["headers"] = headers.copy()
            scope["state"] = state.copy()
            exchange = make(body)
            await app(scope, exchange.receive, exchange.send)

    async def _conversations(
        self, workload: Workload, count: int, make: Callable[[int], Conversation]
    ) -> None:
        app, state = self._app, self._state
        template, headers = self.template(workload), workload.headers(HOST)
        for _ in range(count):
            scope = template.copy()
            scope["asgi"] = {"version": "3.0", "spec_version": "2.4"}
            scope["headers"] = headers.copy()
            scope["state"] = state.copy()
            conversation = make(WEBSOCKET_MESSAGES)
            await app(scope, conversation.receive, conversation.send)
