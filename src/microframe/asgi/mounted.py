"""Mounted applications: any ASGI application seen as an endpoint, so that middleware and guards cover it."""

import asyncio
import contextlib
from typing import Any, AsyncIterator, Dict, Mapping, Optional

from microframe.asgi.messages import ASGIApp
from microframe.asgi.socket import AsgiSocketEdge
from microframe.endpoint import Endpoint
from microframe.http.connection import Connection
from microframe.http.request import Request
from microframe.http.responses import Response, build_response
from microframe.http.url import quote_path
from microframe.routing.dispatch import SocketHandler
from microframe.websocket import WebSocket

GRACE = 5.0
"""Seconds that an application has to end once nobody takes its answer any more."""


def as_endpoint(app: ASGIApp, state: Optional[Mapping[str, Any]] = None) -> Endpoint:
    """An ASGI application as an endpoint: its messages become a Response whose body streams, one piece at a time.

    It runs in a task of its own that ends with the request, whatever becomes of the Response. `state` is what its
    lifespan has left for its requests.
    """

    async def endpoint(request: Request) -> Response:
        exchange = Exchange(request)
        scope = inner_scope(request, "http", state)
        task = asyncio.ensure_future(app(scope, exchange.receive, exchange.send))
        request.on_close(lambda error: exchange.end(task, error))
        message = await exchange.next_message(task)
        if message is None:
            exchange.raise_failure(task)
            raise RuntimeError("a mounted application ended without an answer")
        headers = [(bytes(name).lower(), bytes(value)) for name, value in message.get("headers") or ()]
        return build_response(message["status"], headers, exchange.pieces(task))

    return endpoint


class Dropped(OSError):
    """Nobody takes this answer any more."""


class Exchange:
    """The messages between one request and the application that answers it; never more than one waits."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.left = asyncio.Event()
        self.complete = False
        """Whether the application has said all of its answer; what it does then is its own affair."""
        self._told: Optional[BaseException] = None
        self._body: Optional[AsyncIterator[bytes]] = None
        self._messages: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue(maxsize=1)

    async def receive(self) -> Dict[str, Any]:
        if self._body is None:
            self._body = self.request.stream().__aiter__()
        async for piece in self._body:
            return {"type": "http.request", "body": piece, "more_body": True}
        if not self.left.is_set() and not self._ended:
            self._ended = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.left.wait()
        return {"type": "http.disconnect"}

    _ended = False

    async def send(self, message: Mapping[str, Any]) -> None:
        more = message["type"] != "http.response.body" or message.get("more_body", False)
        if not more:
            self.complete = True
        elif self.left.is_set():
            raise Dropped()
        if not self.left.is_set():
            await self._messages.put(message)

    async def end(self, task: "asyncio.Future[None]", error: Optional[BaseException]) -> None:
        """See the application end: one that still had something to say is told that nobody listens, or cancelled."""
        self.left.set()
        while not self._messages.empty():
            self._messages.get_nowait()  # whoever waits to send goes on
        if error is not None and not (self.complete and isinstance(error, Exception)):
            task.cancel()
        try:
            await asyncio.wait([task], timeout=None if self.complete else GRACE)
            if not task.done() and not self.complete:
                task.cancel()
            await asyncio.wait([task])
        except asyncio.CancelledError:
            task.cancel()
            raise
        self.raise_failure(task)

    def raise_failure(self, task: "asyncio.Future[None]") -> None:
        """Raise what the application raised, unless that is told already, or only says that nobody listens."""
        failure = None if not task.done() or task.cancelled() else task.exception()
        if failure is not None and failure is not self._told and not is_about_leaving(failure):
            self._told = failure
            raise failure

    async def next_message(self, task: "asyncio.Future[None]") -> Optional[Mapping[str, Any]]:
        """The application's next message; None when it has ended."""
        if not self._messages.empty():
            return self._messages.get_nowait()
        getting = asyncio.ensure_future(self._messages.get())
        try:
            waiting: list[asyncio.Future[Any]] = [getting, task]
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if getting.done():
                return getting.result()
            return None if self._messages.empty() else self._messages.get_nowait()
        finally:
            if not getting.done():
                getting.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await getting

    async def pieces(self, task: "asyncio.Future[None]") -> AsyncIterator[bytes]:
        while True:
            message = await self.next_message(task)
            if message is None:
                self.raise_failure(task)
                raise RuntimeError("a mounted application ended in the middle of its answer")
            if message["type"] == "http.response.pathsend":
                raise RuntimeError("a mounted application used an extension that it was not offered")
            if message.get("body"):
                yield message["body"]
            if not message.get("more_body", False):
                return


def is_about_leaving(failure: Optional[BaseException]) -> bool:
    """Whether an exception only passes on that nobody takes the answer."""
    while failure is not None and not isinstance(failure, Dropped):
        failure = failure.__cause__ or failure.__context__
    return failure is not None


def inner_scope(
    connection: Connection, kind: str, state: Optional[Mapping[str, Any]] = None
) -> Dict[str, Any]:
    """The scope as the mounted application must see it: `path` is whole, `root_path` says where it begins (ASGI 3)."""
    path = connection.root_path + connection.plain_path
    scope: Dict[str, Any] = {
        **connection.scope,
        "type": kind,
        "path": path,
        "raw_path": quote_path(path).encode("latin-1"),
        "root_path": connection.root_path,
        "headers": connection.raw_headers,
        "query_string": connection.query_string,
        "scheme": connection.scheme,
        "client": connection.client,
        "state": {**dict(connection.state.items()), **(state or {})},
        "path_params": connection.path_params,
        "extensions": {},
    }
    if isinstance(connection, Request):
        scope["method"] = connection.method
    return scope


def as_socket_handler(app: ASGIApp, state: Optional[Mapping[str, Any]] = None) -> SocketHandler:
    """The same for sockets: the application speaks with the server itself, and is only listened to."""

    async def handle(socket: WebSocket) -> None:
        edge = socket.edge
        if not isinstance(edge, AsgiSocketEdge):
            raise RuntimeError("this server cannot hand a socket to a mounted ASGI application")
        outer_receive, outer_send = edge.channel

        async def receive() -> Dict[str, Any]:
            message = await outer_receive()
            if message["type"] == "websocket.disconnect":
                socket.socket_state = "closed"
            return message

        async def send(message: Mapping[str, Any]) -> None:
            kind = message["type"]
            if kind == "websocket.accept":
                socket.socket_state = "open"
                message = {**message, "headers": [*message.get("headers", ()), *socket.reply_headers]}
            elif kind == "websocket.close":
                socket.socket_state = "closed"
            await outer_send(message)

        await app(inner_scope(socket, "websocket", state), receive, send)

    return handle
