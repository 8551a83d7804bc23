"""Sockets: one WebSocket from the server's messages to the handler, and what its failures become."""

import contextlib
from typing import Any, Awaitable, Callable, Dict, Optional, Sequence, Tuple, Union

from microframe.asgi.ends import finish
from microframe.asgi.heads import complete_headers
from microframe.asgi.http import RAISE
from microframe.asgi.messages import HeadCheck, Receive, Scope, ScopeEdge, Send, read_path
from microframe.context import Owner
from microframe.endpoint import Guard
from microframe.exceptions import WebSocketDisconnect
from microframe.http.headers import RawHeaders
from microframe.http.responses import Response
from microframe.middleware.errors import Errors
from microframe.routing.dispatch import SocketHandler, guarded_socket
from microframe.websocket import WebSocket

GONE = (OSError, RuntimeError)
"""How servers say that nobody is there to send to."""


class AsgiSocketEdge(ScopeEdge):
    """The server's side of one WebSocket."""

    __slots__ = ("channel", "limit")

    default_scheme = "ws"
    body_is_read = True

    def __init__(self, scope: Scope, receive: Receive, send: Send, limit: int) -> None:
        self.head = scope
        self.channel: Tuple[Receive, Send] = (receive, send)
        self.limit = limit

    @property
    def subprotocols(self) -> Sequence[str]:
        return tuple(self.head.get("subprotocols") or ())

    async def read(self) -> Tuple[bytes, bool]:
        return b"", False

    async def disconnected(self) -> None:
        raise RuntimeError("a WebSocket tells of its end through receive()")

    async def early_hints(self, headers: RawHeaders) -> None:
        return None

    async def accept(self, subprotocol: Optional[str], headers: RawHeaders) -> None:
        message = await self.channel[0]()
        if message["type"] != "websocket.connect":
            raise WebSocketDisconnect(1006)
        try:
            await self.channel[1](
                {"type": "websocket.accept", "subprotocol": subprotocol, "headers": headers}
            )
        except GONE as exc:  # it left while dependencies were made
            raise WebSocketDisconnect(1006) from exc

    async def deny(self, response: Response) -> None:
        if "websocket.http.response" not in self.extensions:
            await self.close(1008, "")
            return
        start = {"type": "websocket.http.response.start", "status": response.status_code}
        body = b"".join([piece async for piece in response.chunks()])
        headers = complete_headers(response.raw_headers, len(body))
        with contextlib.suppress(*GONE):
            await self.channel[1]({**start, "headers": headers})
            await self.channel[1]({"type": "websocket.http.response.body", "body": body})

    async def receive(self) -> Union[str, bytes]:
        message = await self.channel[0]()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code") or 1005, message.get("reason"))
        text: Optional[str] = message.get("text")
        data: Union[str, bytes] = text if text is not None else message.get("bytes") or b""
        if is_larger(data, self.limit):
            await self.close(1009, "message too big")
            raise WebSocketDisconnect(1009, "message too big")
        return data

    async def send(self, data: Union[str, bytes]) -> None:
        if isinstance(data, str):
            message: Dict[str, Any] = {"type": "websocket.send", "text": data}
        elif isinstance(data, (bytes, bytearray, memoryview)):
            message = {"type": "websocket.send", "bytes": bytes(data)}
        else:
            raise TypeError(f"a WebSocket sends str or bytes, not {type(data).__name__}")
        try:
            await self.channel[1](message)
        except GONE as exc:
            raise WebSocketDisconnect(1006) from exc

    async def close(self, code: int, reason: str) -> None:
        with contextlib.suppress(*GONE):
            await self.channel[1]({"type": "websocket.close", "code": code, "reason": reason})


def is_larger(data: Union[str, bytes], limit: int) -> bool:
    """Whether a message has more bytes than allowed; text counts as what it is on the wire, UTF-8."""
    if isinstance(data, bytes) or len(data) * 4 <= limit:
        return len(data) > limit
    return len(data) > limit or len(data.encode("utf-8", "surrogatepass")) > limit


class SocketLimits:
    """What one application allows its sockets: heads, the size of a message in bytes, origins besides its own."""

    def __init__(self, head: HeadCheck, message: int, origins: Sequence[str] = ()) -> None:
        self.head = head
        self.message = message
        self.origins = tuple(origin.lower().rstrip("/") for origin in origins)

    def admit(self, socket: WebSocket) -> None:
        """Check the head of a socket, and let those open it that are allowed here.

        Raises:
            HTTPException: what is wrong with the head.
        """
        refusal = self.head(socket.raw_headers, socket.path, socket.query_string)
        if refusal is not None:
            raise refusal
        socket.allowed_origins += self.origins


def build_socket(
    owner: Owner, handler: SocketHandler, guards: Sequence[Guard], errors: Errors, limits: SocketLimits
) -> Callable[..., Awaitable[None]]:
    """The part of the edge that serves WebSockets."""
    admitted = guarded_socket(guards, handler)

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        path, escaped = read_path(scope)
        edge = AsgiSocketEdge(scope, receive, send, limits.message)
        headers: RawHeaders = scope["headers"]
        socket = WebSocket(owner, edge, path, scope["query_string"], headers, scope.get("root_path") or "")
        socket.escaped = escaped
        failure: Optional[BaseException] = None
        try:
            limits.admit(socket)
            await admitted(socket)
        except BaseException as exc:
            failure = exc
        failure = await socket.close_resources(failure)
        await finish(socket, failure, errors)
        if socket.failure is not None and RAISE in edge.extensions:
            raise socket.failure

    return serve


def build_mounted_socket(
    handler: SocketHandler, guards: Sequence[Guard], errors: Errors, limits: SocketLimits
) -> SocketHandler:
    """The sockets of an application that is mounted in another: its own guards, errors and limits hold there too."""
    guarded = guarded_socket(guards, handler)

    async def mounted(socket: WebSocket) -> None:
        edge = socket.edge
        if isinstance(edge, AsgiSocketEdge):
            edge.limit = min(edge.limit, limits.message)
        try:
            limits.admit(socket)
            await guarded(socket)
        except WebSocketDisconnect:
            raise
        except Exception as exc:
            await finish(socket, exc, errors)

    return mounted
