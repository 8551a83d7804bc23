"""CSRF: no page of another origin makes a browser act with its user's cookies."""

import base64
import hashlib
import hmac
import html
import secrets
from typing import Any, Optional, Sequence, Tuple, Union, get_type_hints
from urllib.parse import urlsplit

from microframe.configurations.config import AppConfig
from microframe.configurations.keys import require_secret
from microframe.endpoint import Endpoint, Middleware
from microframe.exceptions import ForbiddenException, SetupError
from microframe.http.connection import Connection
from microframe.http.cookies import format_cookie
from microframe.http.forms import is_form
from microframe.http.headers import find
from microframe.http.media import is_token
from microframe.http.parts import FormParts
from microframe.http.request import Request
from microframe.http.responses import Response
from microframe.http.url import parse_host
from microframe.posture import Posture
from microframe.routing.route import Mount, Route
from microframe.sessions.session import Session
from microframe.signing import BadSignature, Signer

__all__ = ["CSRFMiddleware", "CsrfException", "CsrfToken"]

SAFE = frozenset(["GET", "HEAD", "OPTIONS", "QUERY", "TRACE"])
"""Methods that change nothing (RFC 9110 §9.2.1); QUERY cannot be sent by a form."""
AMBIENT = ("basic", "digest", "negotiate", "ntlm")
"""Schemes that browsers add by themselves; any other a program has added, which a foreign page cannot."""
SCRIPTED = (b"hx-request", b"x-requested-with")
"""Headers that no form can send, and no script of another origin without being let (CORS)."""
SIZE = 32
USUAL_PORTS = {"http": 80, "https": 443}


class CsrfException(ForbiddenException):
    """This request does not seem to come from a page of ours."""


class CsrfToken:
    """What a form or script of ours must send along; each reading is masked anew, so that its length tells nothing."""

    __provided__ = True
    __provided_by__ = "app.add_middleware(CSRFMiddleware) does, and SessionMiddleware"

    def __init__(self, secret: bytes, field_name: str) -> None:
        self._secret = secret
        self._field_name = field_name

    def __str__(self) -> str:
        mask = secrets.token_bytes(len(self._secret))
        return encode(mask + xor(mask, self._secret))

    def __html__(self) -> str:
        """The hidden field of a form."""
        return f'<input type="hidden" name="{html.escape(self._field_name)}" value="{self}">'

    def __repr__(self) -> str:
        return "CsrfToken(...)"


class CSRFMiddleware:
    """Refuse with 403 what a page of another origin sends in the name of its visitor.

    Where the browser says so (`Origin`, `Sec-Fetch-Site`), another origin is refused at once. Requests
    with cookies then need a token, in the header `x-csrf-token` or the form field `csrf_token`: it is signed
    and bound to the session, so one of another visitor, or planted by a neighbouring domain, is worth nothing. HTMX and
    other scripts of the page itself need no token. Requests without cookies, or with an `Authorization` that a
    program has added, are left alone. One that browsers add by themselves (Basic, Digest, Negotiate) is like a cookie:
    without one, `Origin` or `X-Requested-With` must say that no foreign page sends it. `trusted_origins` may send what
    they like.

    A route with `csrf=False` is not asked.

    Raises:
        SetupError: production has no secret key, or an origin that is none.
    """

    slot = "csrf"

    def __init__(
        self,
        trusted_origins: Sequence[str] = (),
        cookie_name: str = "csrf",
        header_name: str = "x-csrf-token",
        field_name: str = "csrf_token",
    ) -> None:
        if isinstance(trusted_origins, str):
            raise SetupError("CSRFMiddleware: trusted_origins is a list, not one text")
        for origin in trusted_origins:
            if origin_of(origin) != origin:
                raise SetupError(f"CSRFMiddleware: {origin!r} is no origin, such as https://app.example.com")
        if not is_token(header_name):
            raise SetupError(f"CSRFMiddleware: {header_name!r} cannot be the name of a header")
        self.trusted = frozenset(trusted_origins)
        self.cookie_name = cookie_name
        self.header = header_name.lower().encode()
        self.field_name = field_name
        self.secure = False
        self.knows_sessions = True
        self.signer: Signer

    def setup(self, host: Any) -> None:
        """Say where tokens come from; called when this is added."""
        config: AppConfig = host.config
        self.secure = config.is_production
        if self.secure:
            self.cookie_name = f"__Host-{self.cookie_name}"
        try:
            format_cookie(self.cookie_name, "x", secure=self.secure)
        except ValueError as exc:
            raise SetupError(f"CSRFMiddleware: {exc}") from exc
        self.signer = Signer(require_secret(config), ("csrf", self.cookie_name))
        host.provide(CsrfToken, self.issue, "request")

    def for_route(self, route: Route) -> Optional[Middleware]:
        if route.inherited.policies.get("csrf") is False or route.methods <= SAFE:
            return None
        return self if not takes_parts(route.handler) else self.with_header_alone

    def with_header_alone(self, endpoint: Endpoint) -> Endpoint:
        """The same for a handler that takes a form apart while it arrives: read here, nothing of it would be left."""
        return self.guard(endpoint, reads_forms=False)

    def for_mount(self, mount: Mount) -> Optional[Middleware]:
        return None if mount.inherited.policies.get("csrf") is False else self

    def posture_of(self, found: Union[Route, Mount]) -> Posture:
        """Whether it looks at requests to this route or mount."""
        is_off = found.inherited.policies.get("csrf") is False
        return Posture(csrf="off (csrf=False)" if is_off else "checked")

    def __call__(self, endpoint: Endpoint) -> Endpoint:
        return self.guard(endpoint, reads_forms=True)

    def guard(self, endpoint: Endpoint, reads_forms: bool) -> Endpoint:
        async def guarded(request: Request) -> Response:
            if request.method not in SAFE:
                await self.check(request, reads_forms)
            return await endpoint(request)

        return guarded

    # Checking --------------------------------------------------------------------------------------------------------

    async def check(self, request: Request, reads_forms: bool = True) -> None:
        """Nothing, for a request that comes from a page of ours or from no page at all.

        Raises:
            CsrfException: it does not; the text says why.
        """
        if is_programmed(request):
            return
        origin = sent_origin(request)
        if origin is not None and origin in self.trusted:
            return
        is_ours = origin is not None and origin == own_origin(request)
        site = find(request.raw_headers, b"sec-fetch-site")
        if (origin is not None and not is_ours) or (site in (b"cross-site", b"same-site") and not is_ours):
            raise CsrfException("This request comes from a page of another origin.")
        is_ours = is_ours or site == b"same-origin"
        is_scripted = any(find(request.raw_headers, name) for name in SCRIPTED)
        if find(request.raw_headers, b"cookie") is None:
            check_authorization(request, is_ours or is_scripted)
        elif not (is_ours and is_scripted):
            await self.check_token(request, reads_forms)

    async def check_token(self, request: Request, reads_forms: bool) -> None:
        kept, _ = await self.kept_secret(request)
        sent = find(request.raw_headers, self.header)
        if sent is None and not reads_forms:
            raise CsrfException(f"This endpoint takes its CSRF token in the header {self.header.decode()}.")
        token = sent.decode("latin-1") if sent is not None else await self.token_in_form(request)
        if not token:
            raise CsrfException("This request has no CSRF token.")
        if kept is None or not hmac.compare_digest(unmask(token), kept):
            raise CsrfException(
                "The CSRF token is of another visitor, or its time is over: load the page again."
            )

    async def token_in_form(self, request: Request) -> str:
        if not is_form(request.headers.get("content-type")):
            return ""
        value = (await request.form()).get(self.field_name)
        return value if isinstance(value, str) else ""

    # Issuing ---------------------------------------------------------------------------------------------------------

    async def issue(self, connection: Connection) -> CsrfToken:
        """The token of a visitor; where no cookie of the newest key remembers it, one goes with the answer."""
        secret, is_current = await self.kept_secret(connection)
        secret = secrets.token_bytes(SIZE) if secret is None else secret
        if not is_current:
            signed = self.signer.sign(secret + (await self.binding(connection)))
            cookie = format_cookie(
                self.cookie_name, signed, secure=self.secure, httponly=True, samesite="lax"
            )
            connection.reply_headers.append((b"set-cookie", cookie.encode()))
        connection.reply_headers.extend([(b"vary", b"Cookie"), (b"cache-control", b"no-store")])
        return CsrfToken(secret, self.field_name)

    async def kept_secret(self, connection: Connection) -> Tuple[Optional[bytes], bool]:
        """What the visitor's cookie holds (None where it is not ours, or was another session's), and whether the newest
        key has signed it."""
        try:
            verified = self.signer.check(connection.cookies.get(self.cookie_name, ""))
        except BadSignature:
            return None, False
        secret, bound = verified.payload[:SIZE], verified.payload[SIZE:]
        if not hmac.compare_digest(bound, await self.binding(connection)):
            return None, False
        return secret, not verified.outdated

    async def binding(self, connection: Connection) -> bytes:
        """What a token is bound to: the session, where somebody is logged in."""
        if not self.knows_sessions:
            return b""
        try:
            session = await connection.resolve(Session)
        except SetupError:
            self.knows_sessions = False  # the application has none, and will not have any
            return b""
        # The id itself may be all that is needed to be this visitor: it stands in no second cookie.
        return hashlib.blake2b(session.id.encode(), digest_size=SIZE).digest() if session.user else b""


def takes_parts(handler: Any) -> bool:
    """Whether a handler takes the parts of a form one by one."""
    try:
        hints = get_type_hints(handler)
    except (
        Exception
    ):  # names in quotes, which may be anything; whoever compiles the handler tells what is wrong
        return False
    return FormParts in hints.values()


def check_authorization(request: Request, is_told: bool) -> None:
    """Nothing, for a request without cookies that has nothing else to abuse, or that no foreign page has made.

    Raises:
        CsrfException: a browser may have added its `Authorization` for a page that nobody knows.
    """
    if not is_told and find(request.raw_headers, b"authorization") is not None:
        raise CsrfException(
            "Browsers add such an Authorization by themselves: say where this request comes from (Origin), or that no "
            "form has sent it (X-Requested-With)."
        )


def is_programmed(request: Request) -> bool:
    """Whether a program has said who it is: no browser adds such an `Authorization` by itself."""
    sent = find(request.raw_headers, b"authorization")
    return sent is not None and sent.partition(b" ")[0].lower().decode("latin-1") not in AMBIENT


def sent_origin(request: Request) -> Optional[str]:
    """Where a request says that it comes from; None where it does not say."""
    origin = find(request.raw_headers, b"origin")
    if origin is not None:
        return origin.decode("latin-1")
    referer = find(request.raw_headers, b"referer")
    return origin_of(referer.decode("latin-1")) if referer else None


def own_origin(request: Request) -> Optional[str]:
    return origin_of(f"{request.scheme}://{request.host}")


def origin_of(url: str) -> Optional[str]:
    """The origin of a URL as browsers write it (RFC 6454 §6.2); None for what has none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    host = parse_host(parts.netloc)
    if not parts.scheme or host is None:
        return None
    name, port = host
    usual = port is None or USUAL_PORTS.get(parts.scheme) == port
    return f"{parts.scheme}://{name}" if usual else f"{parts.scheme}://{name}:{port}"


def unmask(token: str) -> bytes:
    """The secret in a token; nothing of the right size where it is none."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), b"-_", validate=True)
    except ValueError:
        return b""
    half = len(raw) // 2
    return xor(raw[:half], raw[half:]) if len(raw) == 2 * SIZE else b""


def xor(left: bytes, right: bytes) -> bytes:
    return (int.from_bytes(left, "big") ^ int.from_bytes(right, "big")).to_bytes(len(left), "big")


def encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
