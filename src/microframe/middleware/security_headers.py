"""Security headers: what browsers are told to refuse on behalf of a page."""

import secrets
from typing import Dict, List, Mapping, Optional, Sequence, Union

from microframe.endpoint import Endpoint
from microframe.exceptions import SetupError
from microframe.http.connection import Connection
from microframe.http.headers import RawHeaders, check_header
from microframe.http.request import Request
from microframe.http.responses import Response

__all__ = ["STRICT_POLICY", "SecurityHeadersMiddleware", "csp_nonce"]

Directives = Mapping[str, Union[str, Sequence[str]]]

NONCE = "'nonce-{nonce}'"
"""Where the nonce of an answer stands in a policy."""

STRICT_POLICY: Directives = {
    "default-src": "'self'",
    "script-src": ("'self'", NONCE),
    "style-src": ("'self'", NONCE),
    "img-src": ("'self'", "data:"),
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
"""Nothing from elsewhere, no script or style in the page but those with its nonce, and no frame around it."""

FETCHES = (
    "default",
    "script",
    "style",
    "img",
    "font",
    "connect",
    "media",
    "object",
    "frame",
    "child",
    "worker",
)
DIRECTIVES = frozenset(
    (
        *(f"{name}-src" for name in (*FETCHES, "manifest", "fenced-frame", "prefetch")),
        *("script-src-elem", "script-src-attr", "style-src-elem", "style-src-attr"),
        *("base-uri", "form-action", "frame-ancestors", "navigate-to", "sandbox", "plugin-types"),
        *("report-uri", "report-to", "require-sri-for", "require-trusted-types-for", "trusted-types"),
        *("upgrade-insecure-requests", "block-all-mixed-content"),
    )
)
"""What a policy may speak of (CSP 3 §6, and what came beside it)."""
KEYWORDS = frozenset(
    ("self", "none", "unsafe-inline", "unsafe-eval", "unsafe-hashes", "strict-dynamic", "report-sample")
)

NO_PERMISSIONS = (
    "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), "
    "microphone=(), midi=(), payment=(), usb=()"
)
YEAR = 31_536_000


def csp_nonce(connection: Connection) -> str:
    """The nonce that scripts and styles of this answer must carry: `<script nonce="…">`. 128 bits, made when asked."""
    if "csp_nonce" not in connection.state:
        connection.state.csp_nonce = secrets.token_urlsafe(16)
    nonce: str = connection.state.csp_nonce
    return nonce


class SecurityHeadersMiddleware:
    """Put the headers of a policy on every answer that does not set them itself; None leaves one out.

    `csp` is a Content-Security-Policy as text or as directives; `{nonce}` in it is what `csp_nonce(request)`
    gives. `hsts` (seconds) goes out over https only (RFC 6797 §7.2). `Application()` sends
    `X-Content-Type-Options`, `X-Frame-Options` and `Referrer-Policy` by itself; what it says besides on pages, and
    over https in production, this says instead.

    Raises:
        SetupError: a value cannot stand in a header.
    """

    slot = "headers"

    def __init__(
        self,
        csp: Union[str, Directives, None] = STRICT_POLICY,
        csp_report_only: bool = False,
        hsts: Optional[int] = YEAR,
        hsts_include_subdomains: bool = True,
        hsts_preload: bool = False,
        frame_options: Optional[str] = "DENY",
        referrer_policy: Optional[str] = "strict-origin-when-cross-origin",
        permissions_policy: Optional[str] = NO_PERMISSIONS,
        cross_origin_opener_policy: Optional[str] = "same-origin",
        cross_origin_resource_policy: Optional[str] = "same-origin",
        cross_origin_embedder_policy: Optional[str] = None,
    ) -> None:
        if hsts_preload and (not hsts_include_subdomains or (hsts or 0) < YEAR):
            raise SetupError(
                "SecurityHeadersMiddleware: preloading needs subdomains and a year (hstspreload.org)"
            )
        if hsts is not None and (type(hsts) is not int or hsts < 0):
            raise SetupError(f"SecurityHeadersMiddleware: hsts is seconds or None, not {hsts!r}")
        given: Dict[str, Optional[str]] = {
            "x-content-type-options": "nosniff",
            "x-frame-options": frame_options,
            "referrer-policy": referrer_policy,
            "permissions-policy": permissions_policy,
            "cross-origin-opener-policy": cross_origin_opener_policy,
            "cross-origin-resource-policy": cross_origin_resource_policy,
            "cross-origin-embedder-policy": cross_origin_embedder_policy,
        }
        self.constant = [checked(name, value) for name, value in given.items() if value is not None]
        self.secure: RawHeaders = []
        if hsts is not None:
            said = [f"max-age={hsts}"]
            said += ["includeSubDomains"] if hsts_include_subdomains else []
            said += ["preload"] if hsts_preload else []
            self.secure = [checked("strict-transport-security", "; ".join(said))]
        self.policy_name = b"content-security-policy" + (b"-report-only" if csp_report_only else b"")
        self.policy = b"" if csp is None else checked("csp", format_policy(csp))[1]
        self.without_nonce = self.policy.replace(b" " + NONCE.encode(), b"")

    def __call__(self, endpoint: Endpoint) -> Endpoint:
        without_nonce = [(self.policy_name, self.without_nonce)] if self.policy else []
        plain = [*self.constant, *without_nonce]
        secure = [*self.constant, *self.secure, *without_nonce]
        names = frozenset(name for name, _ in secure)
        has_nonce = b"{nonce}" in self.policy

        async def protected(request: Request) -> Response:
            response = await endpoint(request)
            headers = secure if request.scheme == "https" else plain
            state = request._state
            if has_nonce and state is not None and "csp_nonce" in state:
                headers = [*headers[:-1], (self.policy_name, self.with_nonce(request))]
            reply = request.reply_headers
            sent = {name for name, _ in response.raw_headers}
            sent.update([name for name, _ in reply])
            reply.extend(
                headers if names.isdisjoint(sent) else [pair for pair in headers if pair[0] not in sent]
            )
            return response

        return protected

    def with_nonce(self, request: Request) -> bytes:
        """The policy with the nonce of this answer."""
        return self.policy.replace(b"{nonce}", csp_nonce(request).encode())


def format_policy(policy: Union[str, Directives]) -> str:
    """Directives as the header has them (CSP 3 §2.2)."""
    if isinstance(policy, str):
        return policy
    written: List[str] = []
    for name, sources in policy.items():
        text = sources if isinstance(sources, str) else " ".join(sources)
        check_directive(name, text)
        if ";" in text or "," in text:
            raise SetupError(f"SecurityHeadersMiddleware: {name} has a separator in it: {text!r}")
        written.append(f"{name} {text}".strip())
    return "; ".join(written)


def check_directive(name: str, text: str) -> None:
    """Refuse what browsers would pass over in silence, and protect less than was meant.

    Raises:
        SetupError: there is no such directive, or a keyword stands without its quotes, as if it were a host.
    """
    if name not in DIRECTIVES:
        raise SetupError(
            f"SecurityHeadersMiddleware: csp has no directive {name!r}; one that is newer can stand in a text"
        )
    for word in KEYWORDS.intersection(text.split()):
        raise SetupError(
            f"SecurityHeadersMiddleware: {name}: {word} is a host; write \"'{word}'\" for the keyword"
        )


def checked(name: str, value: str) -> "tuple[bytes, bytes]":
    try:
        return check_header(name, value)
    except ValueError as exc:
        raise SetupError(f"SecurityHeadersMiddleware: {exc}") from exc
