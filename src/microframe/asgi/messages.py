"""Messages: the shapes of ASGI, and the guard over the head of each message."""

from dataclasses import dataclass
from typing import Any, Awaitable, Callable, Dict, Mapping, MutableMapping, Optional, Set, Tuple

from microframe.exceptions import BadRequestException, HeadersTooLargeException, HTTPException, StatusException
from microframe.http.headers import RawHeaders
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


class HeadGuard:
    """Refuses what servers let through: no Host, two of them, a malformed one, too many or too large headers.

    Hosts that were found well-formed are remembered, a bounded number of them, so most requests pay for one look-up.
    """

    def __init__(self, limits: HeadLimits) -> None:
        self.limits = limits
        self._hosts: Set[bytes] = set()

    def check(self, headers: RawHeaders, path: str, query: bytes) -> Optional[HTTPException]:
        """What is wrong with a head (RFC 9112 §3.2, RFC 6585 §5), or None."""
        limits = self.limits
        if len(headers) > limits.count:
            return HeadersTooLargeException()
        host: Optional[bytes] = None
        size = 0
        for name, value in headers:
            size += len(name) + len(value)
            if name == b"host":
                if host is not None:
                    return BadRequestException("There is more than one Host header.")
                host = value
        if size > limits.size:
            return HeadersTooLargeException()
        if host not in self._hosts and not self._is_well_formed(host):
            return BadRequestException("The Host header is missing or malformed.")
        if len(path) + len(query) > limits.path:
            return UriTooLongException()
        if path[:1] != "/":
            return BadRequestException("The path does not begin with a slash.")
        return None

    def _is_well_formed(self, host: Optional[bytes]) -> bool:
        if host is None or len(host) > LONGEST_HOST or parse_host(host.decode("latin-1")) is None:
            return False
        if len(self._hosts) >= KNOWN_HOSTS:
            self._hosts.clear()
        self._hosts.add(host)
        return True


def read_path(scope: Scope) -> Tuple[str, bool]:
    """The canonical path below `root_path`, and whether it keeps encoded slashes (see `Connection`)."""
    path: str = scope["path"]
    raw: Optional[bytes] = scope.get("raw_path")
    escaped = False
    if raw is not None and b"%" in raw and (b"%2F" in raw or b"%2f" in raw):
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
