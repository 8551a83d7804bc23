"""Messages: the shapes of ASGI, and the guard over the head of each message."""

from dataclasses import dataclass
from typing import Any, Awaitable, Callable, Dict, Mapping, MutableMapping, Optional, Set, Tuple, cast

from microframe.exceptions import (
    BadRequestException,
    HeadersTooLargeException,
    HTTPException,
    StatusException,
)
from microframe.http.client import Address
from microframe.http.headers import RawHeaders
from microframe.http.query import TooManyQueryParametersException
from microframe.http.url import parse_host

Scope = MutableMapping[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Dict[str, Any]]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

KNOWN_HOSTS = 256
LONGEST_HOST = 262


class UriTooLongException(StatusException):
    """The address of this request is too long."""

    status = 414


@dataclass(frozen=True)
class HeadLimits:
    """What the head of a message may hold."""

    count: int = 100
    size: int = 32_768
    path: int = 8_192
    query: int = 1_000
    """Parameters of the query."""


HeadCheck = Callable[[RawHeaders, str, bytes], Optional[HTTPException]]


def build_head_check(limits: HeadLimits) -> HeadCheck:
    """What refuses the heads that servers let through: no Host, two, a malformed one; too many or too large headers.

    Hosts found well-formed are remembered, a bounded number of them, so most requests pay for one look-up.
    """
    most, largest, longest, most_asked = limits.count, limits.size, limits.path, limits.query
    hosts: Set[bytes] = set()

    def check(headers: RawHeaders, path: str, query: bytes) -> Optional[HTTPException]:
        """What is wrong with a head (RFC 9112 §3.2, RFC 6585 §5), or None."""
        if len(headers) > most:
            return HeadersTooLargeException()
        host: Optional[bytes] = None
        size = 0
        for name, value in headers:
            size += len(name) + len(value)
            if name == b"host":
                if host is not None:
                    return BadRequestException("There is more than one Host header.")
                host = value
        if size > largest:
            return HeadersTooLargeException()
        if host not in hosts and not remember_host(host, hosts):
            return BadRequestException("The Host header is missing or malformed.")
        if len(path) + len(query) > longest:
            return UriTooLongException()
        if query and query.count(b"&") >= most_asked:
            return TooManyQueryParametersException(limit=most_asked)
        if path[:1] != "/":
            return BadRequestException("The path does not begin with a slash.")
        return None

    return check


def remember_host(host: Optional[bytes], known: Set[bytes]) -> bool:
    """Whether a Host header is well-formed; if so it is known from now on."""
    if host is None or len(host) > LONGEST_HOST or parse_host(host.decode("latin-1")) is None:
        return False
    if len(known) >= KNOWN_HOSTS:
        known.clear()
    known.add(host)
    return True


class ScopeEdge:
    """What a scope says of a connection, whichever protocol it speaks."""

    __slots__ = ("head",)

    default_scheme = "http"
    watched = False
    head: Mapping[str, Any]

    @property
    def scheme(self) -> str:
        return cast(str, self.head.get("scheme", self.default_scheme))

    @property
    def http_version(self) -> str:
        return cast(str, self.head.get("http_version", "1.1"))

    @property
    def client(self) -> Optional[Address]:
        client = self.head.get("client")
        return Address(client[0], client[1]) if client else None

    @property
    def server(self) -> Optional[Tuple[str, Optional[int]]]:
        return self.head.get("server")

    @property
    def extensions(self) -> Mapping[str, Any]:
        return self.head.get("extensions") or {}


def below(root_path: str, app: ASGIApp) -> ASGIApp:
    """An application behind a proxy that cuts `root_path` off, on a server that does not know of it."""

    async def rooted(scope: Scope, receive: Receive, send: Send) -> None:
        await app(scope if scope.get("root_path") else {**scope, "root_path": root_path}, receive, send)

    return rooted if root_path else app


def read_path(scope: Scope) -> Tuple[str, bool]:
    """The canonical path below `root_path`, and whether it keeps encoded slashes (see `Connection`)."""
    path: str = scope["path"]
    raw: Optional[bytes] = scope.get("raw_path")
    escaped = False
    if raw is not None and (raw.find(b"%2F") >= 0 or raw.find(b"%2f") >= 0):
        path = keep_slashes(raw)
        escaped = True
    root: str = scope.get("root_path") or ""
    if root and path.startswith(root) and path[len(root) : len(root) + 1] in ("", "/"):
        path = path[len(root) :] or "/"
    return path, escaped


def keep_slashes(raw: bytes) -> str:
    """Decode a raw path segment by segment; inside one, a slash stays `%2F` and a percent sign `%25`."""
    from urllib.parse import unquote

    parts = raw.partition(b"?")[0].decode("latin-1").split("/")
    decoded = (unquote(part, errors="replace") for part in parts)
    return "/".join(part.replace("%", "%25").replace("/", "%2F") for part in decoded)
