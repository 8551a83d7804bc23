"""Rules: which answers a cache that people share may keep. What is not plainly allowed is not kept (RFC 9111 §3)."""

from typing import Optional, Sequence, Tuple

from microframe.caching.asked import Asked
from microframe.caching.kept import Freshness, freshness_of
from microframe.http.cache_control import Cache, Directives, listed, parse_cache_control
from microframe.http.headers import RawHeaders, find
from microframe.http.request import Request
from microframe.http.responses import Response, build_response

STORABLE = frozenset([200, 203, 204, 300, 301, 302, 307, 308, 404, 405, 410, 414, 501])
"""What may be kept where the answer says for how long; never a part (206), and no failure that passes."""
PLANNED = frozenset([200, 203, 204, 300, 301, 308])
"""What a route means by `cache=`; other answers are kept only where they say so themselves."""
FORBIDDING = ("no-store", "private", "no-cache")
PERSONAL = (b"cache-control", b"private, no-store")


def is_personal(request: Request, headers: RawHeaders, policy: Cache) -> bool:
    """Whether an answer is meant for who asked: it brings a cookie or a nonce, or cookies were read to make it.

    `headers` are all that will be sent. Cookies may have been read where the policy is `public`, or the answer says
    that it depends on them.
    """
    if any(name == b"set-cookie" for name, _ in headers):
        return True
    if request._state is not None and "csp_nonce" in request._state:
        return True
    if request._cookies is None or policy.public:
        return False
    return "cookie" not in listed(headers, b"vary")


def said_of(request: Request, response: Response, policy: Cache) -> Response:
    """An answer that says what caches may do with it: what it says itself, or else what its route says.

    It is another object: a handler may give the same one again.
    """
    around = request._reply_headers or []
    headers = with_vary(response.raw_headers, policy)
    said = find(headers, b"cache-control") is not None or any(
        name in parse_cache_control(around) for name in FORBIDDING
    )
    if policy.header and not said and response.status_code in PLANNED:
        personal = policy.is_shared and is_personal(request, headers + around, policy)
        headers = [*headers, PERSONAL if personal else (b"cache-control", policy.header)]
    copy = build_response(response.status_code, headers, response.body)
    copy.after = response.after
    return copy


def with_vary(headers: RawHeaders, policy: Cache) -> RawHeaders:
    return with_names(headers, [name.encode("latin-1") for name in policy.vary]) if policy.vary else headers


def with_names(headers: RawHeaders, names: Sequence[bytes]) -> RawHeaders:
    """Headers that say of an answer that it depends on these of the request (RFC 9110 §12.5.5)."""
    known = listed(headers, b"vary")
    missing = [name for name in names if name.decode("latin-1").lower() not in known]
    return headers if not missing or "*" in known else [*headers, (b"vary", b", ".join(missing))]


def names_in(headers: RawHeaders) -> Tuple[bytes, ...]:
    """The request headers on which an answer says that it depends."""
    return tuple(name.encode("latin-1") for name in listed(headers, b"vary"))


def may_keep(
    request: Request, response: Response, asked: Asked, policy: Cache, now: float
) -> Optional[Freshness]:
    """How fresh an answer is that may be kept; None for any other."""
    headers = response.raw_headers + (request._reply_headers or [])
    body = response.body
    if request.method != "GET" or asked.no_store or response.status_code not in STORABLE:
        return None
    if not isinstance(body, bytes) or len(body) > policy.max_size:
        return None
    if "*" in listed(headers, b"vary") or find(headers, b"content-range") is not None:
        return None
    if is_personal(request, headers, policy):
        return None
    directives: Directives = parse_cache_control(headers)
    if any(name in directives for name in FORBIDDING):
        return None
    freshness = freshness_of(directives, response.raw_headers, now)
    if freshness is None or (asked.is_authorized and not freshness.for_authorized):
        return None
    return freshness if freshness.lifetime + freshness.while_revalidate + freshness.if_error > 0 else None
