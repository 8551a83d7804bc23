"""Heads: what answers say besides what their handlers said: what is the same for all, for pages, and their length."""

from typing import Callable, Optional

from microframe.http.headers import RawHeaders, find
from microframe.http.request import Request
from microframe.http.responses import Response

CONSTANT_HEADERS: RawHeaders = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
]
POLICY = b"content-security-policy"
PAGE_HEADERS: RawHeaders = [
    (POLICY, b"object-src 'none'; base-uri 'none'; frame-ancestors 'none'"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (
        b"permissions-policy",
        b"camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
]
"""What only means something to who shows a page: no plug-ins, no other base, no frame around it, no other window that
holds on to it, and nothing of the visitor's machine."""
FRAMED_POLICY = (POLICY, b"object-src 'none'; base-uri 'none'")
"""The same where `X-Frame-Options` says who may put the page into a frame: a policy would count more than that."""
SECURE_HEADERS: RawHeaders = [(b"strict-transport-security", b"max-age=31536000")]
"""What goes out over https in production (RFC 6797 §7.2)."""

CHECKED = frozenset(name for name, _ in [*CONSTANT_HEADERS, *SECURE_HEADERS, *PAGE_HEADERS]) | {
    b"content-length",
    b"transfer-encoding",
}
"""What an answer seldom says itself; the heads of others need only be added to."""
KEPT = 1024
LENGTHS = tuple((b"content-length", b"%d" % length) for length in range(KEPT))
NO_BODY = (204, 304)
"""What a server writes after the head of such an answer, a client takes for the next one (RFC 9112 §6.3)."""
HTML = b"text/html"
NO_PAGES = frozenset([b"application/json", b"text/plain; charset=utf-8"])
"""What most answers are: looked up in half the time that cutting the type out takes."""


class Heads:
    """What is added to the heads of one application's answers: `page` goes with pages, `secure` over https."""

    __slots__ = ("page", "secure", "whole")

    def __init__(self, page: RawHeaders, secure: RawHeaders) -> None:
        self.page = page
        self.secure = secure
        self.whole = build_whole(self)
        """The headers of an answer whose body is there."""

    def complete(
        self, request: Request, raw: RawHeaders, length: Optional[int], keeps_length: bool = False
    ) -> RawHeaders:
        """Headers with those that they lack, and the length that the body really has."""
        added = self.page if (find(raw, b"content-type") or b"")[:9] == HTML else []
        if added and find(raw, b"x-frame-options") is not None:
            added = [FRAMED_POLICY if pair[0] == POLICY else pair for pair in added]
        if self.secure and request.scheme == "https":
            added = [*self.secure, *added]
        return complete_headers(raw, length, keeps_length, added)

    def bodiless(self, request: Request, raw: RawHeaders) -> RawHeaders:
        """The same for an answer that has no body."""
        return [pair for pair in self.complete(request, raw, None) if pair[0] != b"content-length"]


def build_whole(heads: Heads) -> Callable[[Request, Response, int], RawHeaders]:
    """What gives the headers of an answer whose body is there: its own, those for all, and the length."""
    complete, bodiless, secure = heads.complete, heads.bodiless, heads.secure
    constant, with_page = tuple(CONSTANT_HEADERS), (*CONSTANT_HEADERS, *heads.page)

    def whole_headers(request: Request, response: Response, length: int) -> RawHeaders:
        raw = response.raw_headers
        if request._reply_headers:
            raw = raw + request._reply_headers
        if response.status_code < 200 or response.status_code in NO_BODY:
            return bodiless(request, raw)
        added = constant
        for name, value in raw:
            if name in CHECKED:
                return complete(request, raw, length, request.method == "HEAD" and not length)
            if value not in NO_PAGES and value[:9] == HTML:
                added = with_page
        last = LENGTHS[length] if length < KEPT else (b"content-length", b"%d" % length)
        if secure and request.scheme == "https":
            return [*raw, *secure, *added, last]
        return [*raw, *added, last]

    return whole_headers


def complete_headers(
    raw: RawHeaders, length: Optional[int], keeps_length: bool = False, added: Optional[RawHeaders] = None
) -> RawHeaders:
    """Add the headers that the answer does not set itself, and the length that the body really has."""
    names = {name for name, _ in raw}
    dropped = (
        (b"transfer-encoding",)
        if keeps_length or length is None
        else (b"content-length", b"transfer-encoding")
    )
    headers = [pair for pair in raw if pair[0] not in dropped]
    headers += [pair for pair in [*CONSTANT_HEADERS, *(added or [])] if pair[0] not in names]
    if length is not None and not (keeps_length and b"content-length" in names):
        headers.append((b"content-length", b"%d" % length))
    return headers
