"""Address: the URL a test writes, as it goes on the wire."""

import re
from typing import Iterable, Mapping, Optional, Sequence, Tuple, Union
from urllib.parse import quote, urlencode, urljoin

from microframe.http.url import URL
from microframe.testing.failures import ProtocolError

Value = Union[str, bytes, int, float, bool, None]
Params = Union[Mapping[str, Union[Value, Sequence[Value]]], Iterable[Tuple[str, Value]], str]

PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))
# What the URL standard leaves as it is; a `%` that begins no escape is encoded before.
PATH_SAFE = "".join(character for character in PRINTABLE if character not in '"#<>?`{}')
QUERY_SAFE = "".join(character for character in PRINTABLE if character not in '"#<>')

ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
PLAIN = re.compile(r"/[A-Za-z0-9/_.~-]*")
LONE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
CONTROL = re.compile(r"[\x00-\x1f\x7f]")

SOCKET_SCHEMES = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}
PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}


def resolve(base: URL, text: str, params: Optional[Params] = None) -> URL:
    """The URL that a test means: one with a scheme as it is, any other a path below the base.

    Nothing is normalised: `/a/../b`, `//a` and `/a%2Fb` are sent as they are written.

    Raises:
        ValueError: it has control characters in it, or is for no web server.
    """
    if not params and PLAIN.fullmatch(text):
        return URL(base.scheme, base.netloc, base.path.rstrip("/") + text, "", "")
    if CONTROL.search(text):
        raise ValueError(f"the URL {text!r} has control characters in it")
    rest, _, fragment = text.partition("#")
    rest, _, query = rest.partition("?")
    scheme, netloc, path = base.scheme, base.netloc, base.path.rstrip("/")
    if ABSOLUTE.match(rest):
        scheme, _, rest = rest.partition("://")
        netloc, slash, rest = rest.partition("/")
        scheme, netloc, path, rest = scheme.lower(), ascii_host(netloc), "", slash + rest
    if scheme not in PORTS:
        raise ValueError(f"the client speaks HTTP, not {scheme!r}")
    path += escape(rest if rest[:1] == "/" else f"/{rest}", PATH_SAFE)
    query = "&".join(filter(None, [escape(query, QUERY_SAFE), format_params(params)]))
    return URL(scheme, netloc, path, query, escape(fragment, QUERY_SAFE))


def follow(url: URL, location: str) -> URL:
    """Where a Location header leads to (RFC 9110 §10.2.2); the fragment stays unless there is a new one.

    Raises:
        ProtocolError: to nothing that speaks HTTP.
    """
    try:
        joined = urljoin(str(url), as_utf8(location))
        if not ABSOLUTE.match(joined):
            raise ValueError("the client speaks HTTP alone")
        target = resolve(url, joined)
    except ValueError as exc:
        raise ProtocolError(f"the application redirects to {location!r}: {exc}") from exc
    return target if target.fragment or not url.fragment else target.replace(fragment=url.fragment)


def as_utf8(header: str) -> str:
    """A header read as UTF-8 where it is, as browsers do; headers are latin-1."""
    try:
        return header.encode("latin-1").decode()
    except UnicodeError:
        return header


def escape(text: str, safe: str) -> str:
    """Percent-encode what cannot stand in this part of a URL; what is encoded already stays."""
    return quote(LONE_PERCENT.sub("%25", text), safe=safe)


def ascii_host(netloc: str) -> str:
    """A host name in any script, as the DNS writes it."""
    return netloc if netloc.isascii() else netloc.encode("idna").decode("ascii")


def format_params(params: Optional[Params]) -> str:
    """Parameters as a query: a list is repeated, None is empty, truth is `true` and `false`."""
    if not params:
        return ""
    return params.lstrip("?") if isinstance(params, str) else urlencode(flatten(params))


def flatten(
    values: Union[Mapping[str, Union[Value, Sequence[Value]]], Iterable[Tuple[str, Value]]],
) -> "list[Tuple[str, bytes]]":
    """Names and values, those of a list each by itself, as bytes."""
    pairs: list[Tuple[str, bytes]] = []
    for name, value in values.items() if isinstance(values, Mapping) else values:
        if isinstance(value, (list, tuple)):
            pairs.extend((str(name), as_bytes(one)) for one in value)
        else:
            pairs.append((str(name), as_bytes(value)))
    return pairs


def as_bytes(value: object) -> bytes:
    """A scalar as a form writes it."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, bool):
        return b"true" if value else b"false"
    return b"" if value is None else str(value).encode()


def host_of(url: URL) -> str:
    """The Host header for a URL: without user, and without the scheme's own port."""
    host, port = url.hostname or "", url.port
    name = f"[{host}]" if ":" in host else host
    return name if port is None or port == PORTS[url.scheme] else f"{name}:{port}"


def origin_of(url: URL) -> Tuple[str, Optional[str], int]:
    """Scheme, host and port: what two URLs share that may see each other's credentials."""
    return url.scheme, url.hostname, url.port or PORTS[url.scheme]
