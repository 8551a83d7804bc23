"""Mounted applications: any ASGI application seen as an endpoint, so that middleware and guards cover it."""

import asyncio
import contextlib
from typing import Any, AsyncIterator, Dict, Mapping, Optional

from microframe.asgi.messages import ASGIApp, Receive
from microframe.asgi.socket import AsgiSocketEdge
from microframe.endpoint import Endpoint
from microframe.http.connection import Connection
from microframe.http.request import Request
from microframe.http.responses import Response, build_response
from microframe.http.url import quote_path
from microframe.routing.dispatch import SocketHandler
from microframe.websocket import WebSocket


def as_endpoint(app: ASGIApp) -> Endpoint:
    """An ASGI application as an endpoint: its messages become a Response whose body streams, one piece at a time.

    It runs in a task of its own that ends with the request, whatever becomes of the Response.
    """

    async def endpoint(request: Request) -> Response:
        exchange = Exchange(request)
        task = asyncio.ensure_future(app(inner_scope(request, "http"), exchange.receive, exchange.send))

        async def end(error: Optional[BaseException]) -> None:
            exchange.left.set()
            if error is not None:
                task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

        request.on_close(end)
        message = await exchange.next_message(task)
        if message is None:
            await task  # it raised, and that is the request's failure too
            raise RuntimeError("a mounted application ended without an answer")
        headers = [(bytes(name), bytes(value)) for name, value in message.get("headers") or ()]
        return build_response(message["status"], headers, exchange.pieces(task))

    return endpoint


class Exchange:
    """The messages between one request and the application that answers it; never more than one waits."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.left = asyncio.Event()
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
        if not self.left.is_set():
            await self._messages.put(message)

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
                await task
                raise RuntimeError("a mounted application ended in the middle of its answer")
            if message["type"] == "http.response.pathsend":
                raise RuntimeError("a mounted application used an extension that it was not offered")
            if message.get("body"):
                yield message["body"]
            if not message.get("more_body", False):
                return


def inner_scope(connection: Connection, kind: str) -> Dict[str, Any]:
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
        "state": dict(connection.state.items()),
        "path_params": connection.path_params,
        "extensions": {},
    }
    if isinstance(connection, Request):
        scope["method"] = connection.method
    return scope


def as_socket_handler(app: ASGIApp) -> SocketHandler:
    """The same for sockets: the application speaks with the server itself."""

    async def handle(socket: WebSocket) -> None:
        edge = socket.edge
        if not isinstance(edge, AsgiSocketEdge):
            raise RuntimeError("this server cannot hand a socket to a mounted ASGI application")
        receive: Receive = edge.channel[0]
        socket.socket_state = "closed"  # from here on it is not ours to end
        await app(inner_scope(socket, "websocket"), receive, edge.channel[1])

    return handle
