"""Connections: requests and sockets made without a server, for what is called directly in a test."""

import asyncio
from typing import Any, Iterable, List, Mapping, Optional, Sequence, Tuple, Type, TypeVar, Union

from microframe.context import Context, State
from microframe.exceptions import ClientDisconnect, WebSocketDisconnect, fill
from microframe.http.client import Address
from microframe.http.headers import Headers, RawHeaders
from microframe.http.request import DEFAULT_BODY_LIMIT, Request
from microframe.http.responses import Response
from microframe.websocket import WebSocket

T = TypeVar("T")

Fields = Union[Mapping[str, str], Iterable[Tuple[str, str]]]


class StandInOwner:
    """An application that has nothing but state."""

    def __init__(self) -> None:
        self.state = State()

    def new_state(self) -> State:
        return State(dict(self.state.items()))

    async def provide_for(self, context: Context, kind: Type[T]) -> T:
        raise LookupError(kind)

    def url_path_for(
        self, name: str, /, *, _query: Optional[Mapping[str, object]] = None, **params: object
    ) -> str:
        raise LookupError(name)

    def translate(self, code: str, message: str, fields: Mapping[str, Any], context: Context) -> str:
        return fill(message, fields)


class StandInEdge:
    """A server that has the body in pieces; `None` among them is a client that leaves."""

    def __init__(self, scheme: str, client: Optional[str], body: Sequence[Optional[bytes]] = ()) -> None:
        self.scheme = scheme
        self.http_version = "1.1"
        self.client = None if client is None else Address(client, 50000)
        self.server: Optional[Tuple[str, Optional[int]]] = ("127.0.0.1", 8000)
        self.extensions: Mapping[str, Any] = {}
        self.head: Mapping[str, Any] = {}
        self.denied: Optional[Response] = None
        self.watched = False
        self.subprotocols: Sequence[str] = ()
        self._body: List[Optional[bytes]] = list(body)

    @property
    def body_is_read(self) -> bool:
        return not self._body

    async def read(self) -> Tuple[bytes, bool]:
        piece = self._body.pop(0) if self._body else b""
        if piece is None:
            raise ClientDisconnect()
        return piece, bool(self._body)

    async def disconnected(self) -> None:
        await asyncio.Event().wait()  # it stays

    async def early_hints(self, headers: RawHeaders) -> None:
        return None

    async def accept(self, subprotocol: Optional[str], headers: RawHeaders) -> None:
        return None

    async def deny(self, response: Response) -> None:
        self.denied = response

    async def receive(self) -> Union[str, bytes]:
        raise WebSocketDisconnect()

    async def send(self, data: Union[str, bytes]) -> None:
        return None

    async def close(self, code: int, reason: str) -> None:
        return None


def raw_headers(fields: Fields, host: Optional[str] = "example.com") -> RawHeaders:
    """Headers as a server gives them: the host first, names in lower case, nothing checked."""
    pairs = fields.items() if isinstance(fields, Mapping) else fields
    raw = [] if host is None else [(b"host", host.encode("latin-1"))]
    return [*raw, *((name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in pairs)]


def make_request(
    path: str = "/",
    method: str = "GET",
    headers: Fields = (),
    *,
    host: Optional[str] = "example.com",
    client: Optional[str] = "203.0.113.7",
    scheme: str = "http",
    query: bytes = b"",
    root_path: str = "",
    body: Sequence[Optional[bytes]] = (),
    body_limit: int = DEFAULT_BODY_LIMIT,
) -> Request:
    edge = StandInEdge(scheme, client, body)
    return Request(
        StandInOwner(), edge, method, path, query, raw_headers(headers, host), root_path, body_limit
    )


def make_socket(
    path: str = "/",
    headers: Fields = (),
    *,
    host: Optional[str] = "example.com",
    client: Optional[str] = "203.0.113.7",
    scheme: str = "ws",
) -> WebSocket:
    return WebSocket(StandInOwner(), StandInEdge(scheme, client), path, b"", raw_headers(headers, host))


async def body_of(response: Response) -> bytes:
    """The whole body of a response, whatever it is made of."""
    return b"".join([piece async for piece in response.chunks()])


def header_of(response: Response, name: str) -> Optional[str]:
    return Headers(response.raw_headers).get(name)
