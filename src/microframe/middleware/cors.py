"""CORS: which pages of other origins may read the answers (Fetch standard §3.2)."""

import re
from typing import List, Optional, Pattern, Sequence, Union

from microframe.endpoint import Endpoint
from microframe.exceptions import ForbiddenException, SetupError
from microframe.http.headers import RawHeaders, check_header, find
from microframe.http.media import is_token
from microframe.http.request import Request
from microframe.http.responses import Response, build_response
from microframe.http.url import parse_host

ALL_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
SAFELISTED = ("accept", "accept-language", "content-language", "content-type")
"""Headers that a page may always send (Fetch §2.2.2), of some values at least."""
STRANGERS = ("https://stranger.example", "http://stranger.example:8080", "null")
DEFAULT_PORTS = {"http": "80", "https": "443"}
VARY_ORIGIN = (b"vary", b"Origin")
VARY_PREFLIGHT = (
    b"vary",
    b"Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
)


class OriginRefusedException(ForbiddenException):
    """Pages of this origin may not ask for this."""


class CORSMiddleware:
    """Let pages of other origins read the answers; nobody else needs to be let.

    `allow_origins` are compared whole, as browsers write them; `["*"]` is any of them, and then without
    credentials. `allow_origin_regex` must match the whole origin. Questions in advance (preflights) are answered
    here: no guard of a route, no handler sees them. Every answer says `Vary: Origin`, so that no cache gives one
    page what another may read.

    Raises:
        SetupError: an origin that no browser sends, credentials for everybody, a name that is none.
    """

    slot = "cors"

    def __init__(
        self,
        allow_origins: Sequence[str] = (),
        allow_methods: Sequence[str] = ("GET",),
        allow_headers: Sequence[str] = (),
        allow_credentials: bool = False,
        allow_origin_regex: Optional[str] = None,
        allow_private_network: bool = False,
        expose_headers: Sequence[str] = (),
        max_age: int = 600,
    ) -> None:
        if isinstance(allow_origins, str) and allow_origins != "*":
            raise SetupError("CORSMiddleware: allow_origins is a list, not one text")
        self.allows_all = "*" in allow_origins
        self.origins = frozenset(checked_origin(origin) for origin in allow_origins if origin != "*")
        self.pattern = checked_pattern(allow_origin_regex)
        self.credentials = allow_credentials
        self.private_network = allow_private_network
        if allow_credentials and (self.allows_all or self.lets_strangers()):
            raise SetupError(
                "CORSMiddleware: credentials for any origin would give every page the user's data: name them"
            )
        methods = ALL_METHODS if "*" in allow_methods else checked_names(allow_methods, "allow_methods")
        self.methods = frozenset(methods)
        self.any_header = "*" in allow_headers
        names = checked_names([name for name in allow_headers if name != "*"], "allow_headers")
        self.headers = frozenset(name.lower() for name in (*SAFELISTED, *names))
        self.granted = [(b"access-control-allow-methods", ", ".join(sorted(self.methods)).encode())]
        self.granted.append((b"access-control-max-age", b"%d" % max_age))
        exposed = checked_names(expose_headers, "expose_headers")
        self.always: RawHeaders = (
            [(b"access-control-allow-credentials", b"true")] if allow_credentials else []
        )
        self.exposed: RawHeaders = (
            [check_header("access-control-expose-headers", ", ".join(exposed))] if exposed else []
        )

    def __call__(self, endpoint: Endpoint) -> Endpoint:
        async def shared(request: Request) -> Response:
            origin = find(request.raw_headers, b"origin")
            if origin is not None and is_preflight(request):
                return self.answer_preflight(request, origin.decode("latin-1"))
            request.reply_headers.append(VARY_ORIGIN)
            if self.allows_all or (origin is not None and self.allows(origin.decode("latin-1"))):
                request.reply_headers.extend([self.allowed_origin(origin), *self.always, *self.exposed])
            return await endpoint(request)

        return shared

    def allows(self, origin: str) -> bool:
        """Whether pages of this origin are let."""
        if self.allows_all or origin in self.origins:
            return True
        return self.pattern is not None and self.pattern.fullmatch(origin) is not None

    def lets_strangers(self) -> bool:
        return any(self.allows(stranger) for stranger in STRANGERS)

    def allowed_origin(self, origin: Optional[bytes]) -> "tuple[bytes, bytes]":
        named = b"*" if self.allows_all or origin is None else origin
        return (b"access-control-allow-origin", named)

    def answer_preflight(self, request: Request, origin: str) -> Response:
        """Say what a page may send (Fetch §3.2.2).

        Raises:
            OriginRefusedException: the page may not do what it asks for; the text says which of it.
        """
        request.reply_headers.append(VARY_PREFLIGHT)
        if not self.allows(origin):
            raise OriginRefusedException()
        method = request.headers["access-control-request-method"]
        if method not in self.methods:
            raise OriginRefusedException("Pages of other origins may not use this method.")
        asked = requested_headers(request)
        if not self.any_header and any(name.lower() not in self.headers for name in asked):
            raise OriginRefusedException("Pages of other origins may not send one of these headers.")
        headers = [self.allowed_origin(origin.encode("latin-1")), *self.always, *self.granted]
        if asked:
            headers.append((b"access-control-allow-headers", ", ".join(asked).encode()))
        if (
            self.private_network
            and find(request.raw_headers, b"access-control-request-private-network") == b"true"
        ):
            headers.append((b"access-control-allow-private-network", b"true"))
        return build_response(204, headers, b"")


def is_preflight(request: Request) -> bool:
    return (
        request.method == "OPTIONS"
        and find(request.raw_headers, b"access-control-request-method") is not None
    )


def requested_headers(request: Request) -> List[str]:
    """The names of the headers that a page wants to send.

    Raises:
        OriginRefusedException: one of them is no name.
    """
    sent = find(request.raw_headers, b"access-control-request-headers")
    names = [name.strip(" \t") for name in sent.decode("latin-1").split(",")] if sent else []
    names = [name for name in names if name]
    if not all(map(is_token, names)):
        raise OriginRefusedException("One of these headers is none.")
    return names


def checked_origin(origin: str) -> str:
    """An origin as browsers write it: scheme, host, and the port where it is not the usual one (RFC 6454 §6.2)."""
    scheme, found, rest = str(origin).partition("://")
    host = parse_host(rest)
    if not found or not scheme.isascii() or not scheme.replace("-", "").isalnum() or host is None:
        raise SetupError(f"CORSMiddleware: {origin!r} is no origin, such as https://app.example.com")
    if origin != origin.lower() or DEFAULT_PORTS.get(scheme) == str(host[1]):
        raise SetupError(
            f"CORSMiddleware: browsers never write an origin as {origin!r}: lower-case, no usual port"
        )
    return origin


def checked_pattern(pattern: Union[str, Pattern[str], None]) -> Optional[Pattern[str]]:
    if pattern is None:
        return None
    try:
        return re.compile(pattern)
    except re.error as exc:
        raise SetupError(f"CORSMiddleware: allow_origin_regex {pattern!r}: {exc}") from exc


def checked_names(names: Sequence[str], option: str) -> Sequence[str]:
    if isinstance(names, str):
        raise SetupError(f"CORSMiddleware: {option} is a list, not one text")
    for name in names:
        if not is_token(name):
            raise SetupError(f"CORSMiddleware: {option}: {name!r} is no name")
    return names
