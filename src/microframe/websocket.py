"""WebSocket: one connection that both sides write to (RFC 6455)."""

import contextlib
import json
from typing import Any, AsyncIterator, Mapping, Optional, Protocol, Sequence, Tuple, Union

from typing_extensions import Literal

from microframe.context import Owner
from microframe.exceptions import WebSocketDisconnect
from microframe.http.connection import Connection, Edge
from microframe.http.headers import RawHeaders, check_header, find
from microframe.http.responses import Response, build_response


class SocketEdge(Edge, Protocol):
    """The server's side of one WebSocket."""

    @property
    def subprotocols(self) -> Sequence[str]: ...

    async def accept(self, subprotocol: Optional[str], headers: RawHeaders) -> None: ...

    async def deny(self, response: Response) -> None:
        """Answer the handshake with an HTTP response, or with a plain 403 where the server cannot."""

    async def receive(self) -> Union[str, bytes]:
        """The next message; raises `WebSocketDisconnect`."""

    async def send(self, data: Union[str, bytes]) -> None: ...

    async def close(self, code: int, reason: str) -> None: ...


SocketState = Literal["connecting", "open", "closed", "denied"]


class WebSocket(Connection):
    """One WebSocket. Nothing is accepted before the handler, or something it depends on, calls `accept`."""

    __slots__ = ("_socket", "socket_state", "subprotocol")

    method = "GET"
    allowed_origins: Tuple[str, ...] = ()
    """The sites besides its own that may open it: what every application around its handler allows, taken together."""

    def __init__(
        self,
        app: Owner,
        edge: SocketEdge,
        path: str,
        query_string: bytes,
        raw_headers: RawHeaders,
        root_path: str = "",
    ) -> None:
        super().__init__(app, edge, path, query_string, raw_headers, root_path)
        self._socket = edge
        self.socket_state: SocketState = "connecting"
        self.subprotocol: Optional[str] = None

    @property
    def subprotocols(self) -> Sequence[str]:
        """What the client offers, in its order of preference."""
        return self._socket.subprotocols

    async def accept(
        self, subprotocol: Optional[str] = None, headers: Optional[Mapping[str, str]] = None
    ) -> None:
        """Complete the handshake.

        Raises:
            ValueError: a subprotocol that the client did not offer (RFC 6455 §4.2.2).
            RuntimeError: it is already accepted or ended.
            WebSocketDisconnect: the peer has left meanwhile.
        """
        self._demand("connecting", "accept")
        if subprotocol is not None and subprotocol not in self.subprotocols:
            raise ValueError(f"the client did not offer the subprotocol {subprotocol!r}")
        extra = [check_header(name, value) for name, value in (headers or {}).items()]
        self.socket_state = "open"
        self.subprotocol = subprotocol
        try:
            await self._socket.accept(subprotocol, [*extra, *self.reply_headers])
        except WebSocketDisconnect:
            self.socket_state = "closed"
            raise

    async def deny(self, response: Response) -> None:
        """Refuse the handshake with an HTTP response."""
        self._demand("connecting", "deny")
        self.socket_state = "denied"
        # A response may be one that answers many.
        headers = [*response.raw_headers, *self.reply_headers]
        await self._socket.deny(build_response(response.status_code, headers, response.body))

    async def receive(self) -> Union[str, bytes]:
        """The next message, text or bytes.

        Raises:
            WebSocketDisconnect: the peer has closed.
        """
        if self.socket_state != "open":
            self._demand_open("receive")
        try:
            return await self._socket.receive()
        except WebSocketDisconnect:
            self.socket_state = "closed"
            raise

    async def receive_text(self) -> str:
        """The next message as text; bytes that are not UTF-8 close the socket with 1007 (RFC 6455 §8.1)."""
        message = await self.receive()
        if isinstance(message, str):
            return message
        try:
            return message.decode()
        except UnicodeDecodeError:
            await self.close(1007, "not UTF-8")
            raise WebSocketDisconnect(1007, "not UTF-8") from None

    async def receive_bytes(self) -> bytes:
        message = await self.receive()
        return message.encode() if isinstance(message, str) else message

    async def receive_json(self, mode: Literal["text", "binary"] = "text") -> Any:
        """The next message as JSON; one that is not closes the socket with 1003."""
        message = await self.receive()
        try:
            return json.loads(message)
        except (ValueError, RecursionError):
            await self.close(1003, "not JSON")
            raise WebSocketDisconnect(1003, "not JSON") from None

    async def send(self, data: Union[str, bytes]) -> None:
        """Send a message. Past the end nobody reads it: that is a `WebSocketDisconnect` too."""
        if self.socket_state != "open":
            self._demand_open("send")
        try:
            await self._socket.send(data)
        except WebSocketDisconnect:
            self.socket_state = "closed"
            raise

    send_text = send
    send_bytes = send

    async def send_json(self, data: Any, mode: Literal["text", "binary"] = "text") -> None:
        text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        await self.send(text.encode() if mode == "binary" else text)

    async def iter_text(self) -> AsyncIterator[str]:
        """Messages as text until the peer closes."""
        with contextlib.suppress(WebSocketDisconnect):
            while True:
                yield await self.receive_text()

    async def iter_bytes(self) -> AsyncIterator[bytes]:
        async for message in self:
            yield message.encode() if isinstance(message, str) else message

    async def iter_json(self) -> AsyncIterator[Any]:
        """Messages as JSON until the peer closes, or sends what is not JSON."""
        with contextlib.suppress(WebSocketDisconnect):
            while True:
                yield await self.receive_json()

    async def __aiter__(self) -> AsyncIterator[Union[str, bytes]]:
        try:
            while True:
                yield await self.receive()
        except WebSocketDisconnect:
            return

    async def close(self, code: int = 1000, reason: Optional[str] = None) -> None:
        """Close with a code (RFC 6455 §7.4); before `accept` the handshake is refused with 403. Twice is once.

        Raises:
            ValueError: a code that must not be sent, or a reason of more than 123 bytes.
        """
        check_close(code, reason or "")
        if self.socket_state in ("closed", "denied"):
            return
        self.socket_state = "closed" if self.socket_state == "open" else "denied"
        await self._socket.close(code, reason or "")

    def _demand_open(self, doing: str) -> None:
        if self.socket_state == "closed":
            raise WebSocketDisconnect(1006)
        self._demand("open", doing)

    def _demand(self, state: SocketState, doing: str) -> None:
        if self.socket_state != state:
            raise RuntimeError(f"cannot {doing}: this socket is {self.socket_state}")


def check_close(code: int, reason: str) -> None:
    if code not in (1000, 1001, 1002, 1003, *range(1007, 1015), *range(3000, 5000)):
        raise ValueError(f"{code} is no close code that may be sent (RFC 6455 §7.4)")
    if len(reason.encode()) > 123:
        raise ValueError("a close reason has at most 123 bytes (RFC 6455 §5.5)")


def is_foreign_origin(socket: Connection, allowed: Tuple[str, ...] = ()) -> bool:
    """Whether a browser page of another site opened this socket with the user's cookies (RFC 6455 §10.2).

    Browsers always send Origin; who sends cookies without it is treated as foreign too.
    """
    if find(socket.raw_headers, b"cookie") is None:
        return False
    sent = find(socket.raw_headers, b"origin")
    origin = sent.decode("latin-1").lower() if sent is not None else ""
    if "*" in allowed or origin in allowed:
        return False
    scheme, _, host = origin.partition("://")
    own = "https" if socket.scheme in ("https", "wss") else "http"
    return scheme != own or host != socket.host.lower()
