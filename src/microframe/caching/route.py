"""Route: the answers of one route, kept and sent again as a cache that people share may (RFC 9111)."""

import contextlib
import logging
from typing import Callable, Iterator, NamedTuple, Optional, Sequence

from microframe.caching.asked import CONDITIONAL, Asked, read_asked
from microframe.caching.detached import detached
from microframe.caching.kept import Kept, first_age, freshened, kept_headers, write_kept, write_pointer
from microframe.caching.keys import request_key
from microframe.caching.responses import Made, Names, ResponseCache, answer_tags
from microframe.caching.rules import may_keep, names_in, said_of, with_names
from microframe.endpoint import Endpoint
from microframe.exceptions import (
    ClientDisconnect,
    GatewayTimeoutException,
    HTTPException,
    status_of,
)
from microframe.http.cache_control import Cache
from microframe.http.headers import RawHeaders, find
from microframe.http.request import Request
from microframe.http.responses import Response, build_response
from microframe.http.selection import select_version, with_own_tag

logger = logging.getLogger("microframe.cache")

NAME = b"MicroFrame; "
"""What this cache is called in `Cache-Status` (RFC 9211)."""
FAILED = frozenset([500, 502, 503, 504])
"""Answers in whose place an older one may be sent (RFC 5861 §4)."""


class Plan(NamedTuple):
    """What is decided at build about the answers of one route."""

    policy: Cache
    route: bytes
    """Tells it from others at the same address."""
    tags: Sequence[str]
    clock: Callable[[], float]


class Visit(NamedTuple):
    """One request on its way through the cache, and what is kept for it."""

    request: Request
    cache: ResponseCache
    asked: Asked
    base: Names
    """The request headers on which answers depend, as far as it is known before one was seen."""
    names: Names
    key: str
    kept: Optional[Kept]
    began: float

    @property
    def is_for_all(self) -> bool:
        """Whether what is made for it may be kept at all."""
        return self.request.method == "GET" and not self.asked.no_store


class KeptRoute:
    """One route whose answers are kept."""

    def __init__(self, plan: Plan, endpoint: Endpoint) -> None:
        self.policy, self.route, self.tags, self.clock = plan
        self.endpoint = endpoint
        self.base = tuple(sorted(name.lower().encode("latin-1") for name in plan.policy.vary))
        shared = plan.policy.public or plan.policy.must_revalidate or plan.policy.s_maxage is not None
        self.passes_authorized = bool(plan.policy.header) and not shared

    async def answer(self, request: Request) -> Response:
        """What is kept for a request, or what the origin makes."""
        asked = read_asked(request.raw_headers)
        around = request._reply_headers
        if (asked.is_authorized and self.passes_authorized) or asked.is_demanding:
            return noted(said_of(request, await self.endpoint(request), self.policy), b"fwd=bypass")
        # What guards say of the answer to come is known already.
        base = tuple(sorted({*self.base, *names_in(around)})) if around else self.base
        cache = await request.resolve(ResponseCache)
        kept, names, key = await cache.find(request, self.route, base)
        now = self.clock()
        if kept is not None and not asked.may_have(kept):
            kept = None
        if kept is not None and asked.takes(kept, now):
            return show(request, kept, now)
        visit = Visit(request, cache, asked, base, names, key, kept, now)
        if kept is not None and asked.takes_while_revalidating(kept, now):
            return self.show_and_renew(visit, kept)
        if asked.only_if_cached:
            raise GatewayTimeoutException("It is not kept, and nothing else was asked for.")
        if kept is None and asked.is_part and not self.policy.header:
            # An origin of its own knows what parts are, and the whole may be large.
            return noted(said_of(request, await self.endpoint(request), self.policy), b"fwd=bypass")
        return await self.make(visit)

    # Behind an answer ------------------------------------------------------------------------------------------------

    def show_and_renew(self, visit: Visit, kept: Kept) -> Response:
        response = show(visit.request, kept, visit.began)
        if not visit.cache.flights.is_flying(visit.key):
            behind = Asked(is_authorized=visit.asked.is_authorized)

            async def renew() -> None:
                await self.renew(visit._replace(request=detached(visit.request), asked=behind))

            response.after = [renew]
        return response

    async def renew(self, visit: Visit) -> None:
        """Make a new answer behind one that was sent; a failure leaves the old one, and is logged."""
        failure: Optional[BaseException] = None
        try:
            if not visit.cache.flights.is_flying(visit.key):
                made = await self.make_once(visit)
                if made is not None and made.response is not None:
                    await leave(made.response)
        except BaseException as exc:  # also for who is cancelled, resources close
            failure = exc
        failure = await visit.request.close_resources(failure)
        if failure is not None and not isinstance(failure, Exception):
            raise failure
        if failure is not None:
            logger.warning("an answer could not be made anew, the old one stays", exc_info=failure)

    # From the origin -------------------------------------------------------------------------------------------------

    async def make(self, visit: Visit) -> Response:
        """The answer that all get who ask now, or one's own where that is not for others."""
        note = b"fwd=uri-miss"
        if visit.kept is not None:
            note = b"fwd=request" if visit.kept.left_at(visit.began) > 0 else b"fwd=stale"
        made: Optional[Made] = None
        is_personal = visit.asked.is_authorized and not self.policy.header
        if visit.is_for_all and not is_personal and not visit.cache.is_alone(visit.key, visit.began):
            made = await self.make_once(visit)
        if made is None:
            made = await self.fetch(visit)
        if made.kept is not None and made.response is None:
            return show(visit.request, made.kept, self.clock(), note + made.note)
        assert made.response is not None
        response = noted(made.response, note + made.note)
        if not isinstance(response.body, bytes):
            return response
        return select_version(visit.request, response) or response

    async def make_once(self, visit: Visit) -> Optional[Made]:
        """What whoever came first has made; None where that is not for others, or there is none."""

        async def look() -> Optional[Made]:
            kept, _, key = await visit.cache.find(visit.request, self.route, visit.names)
            if kept is None or not visit.asked.may_have(kept):
                return None
            is_new = kept.made >= visit.began and kept != visit.kept
            return Made(None, kept, key) if is_new or visit.asked.takes(kept, self.clock()) else None

        landed = await visit.cache.flights.once(visit.key, look, lambda: self.fetch(visit))
        made: Optional[Made] = landed.value
        if landed.is_own or made is None:
            return made
        kept = made.kept
        if kept is None or not visit.asked.may_have(kept):
            return None
        if request_key(visit.request, self.route, kept.names) != made.key:
            return None  # it is the answer to other headers
        return Made(None, kept, made.key, b"; collapsed")

    async def fetch(self, visit: Visit) -> Made:
        """Ask the origin: whether what is kept is still so, where it can say that, or for a new answer."""
        request, kept = visit.request, visit.kept
        tags = answer_tags(request, self.tags)
        mark = await visit.cache.shelf.mark(visit.key, tags) if visit.is_for_all else None
        began, before = self.clock(), len(request._reply_headers or ())
        headers = origin_headers(request, kept) if visit.is_for_all else request.raw_headers
        try:
            with asking(request, headers):
                response = await self.endpoint(request)
        except Exception as exc:
            if kept is None or not is_failure(exc) or not visit.asked.takes_on_error(kept, self.clock()):
                raise
            return Made(None, kept, visit.key, b"; detail=failed")
        now = self.clock()
        if kept is not None and response.status_code in FAILED and visit.asked.takes_on_error(kept, now):
            await leave(response)
            return Made(None, kept, visit.key, b"; detail=failed")
        if kept is not None and response.status_code == 304 and headers is not request.raw_headers:
            response = confirmed(kept, response)
        response = said_of(request, response, self.policy)
        found = self.describe(visit, response, began, before)
        if found is None:
            if visit.is_for_all and response.status_code < 500:
                visit.cache.leave_alone(visit.key, now)
            return Made(response)
        key = request_key(request, self.route, found.names)
        shelf = visit.cache.shelf
        stored = await shelf.keep(key, write_kept(found), tags, found.keeping, mark)
        if stored and found.names != visit.base:
            first = request_key(request, self.route, visit.base)
            await shelf.point(first, write_pointer(found.names), tags, found.keeping)
        return Made(response, None if stored is False else found, key, b"; stored" if stored else b"")

    def describe(self, visit: Visit, response: Response, began: float, before: int) -> Optional[Kept]:
        """What is kept of an answer, None where nothing may be. It gets a version where it says none."""
        now = self.clock()
        freshness = may_keep(visit.request, response, visit.asked, self.policy, now)
        if freshness is None or not isinstance(response.body, bytes):
            return None
        has_date = find(response.raw_headers, b"last-modified") is not None
        can_be_validated = has_date or find(response.raw_headers, b"etag") is not None
        if not has_date:
            with_own_tag(response)
        around = visit.request._reply_headers or []
        names = {*visit.names, *names_in(response.raw_headers), *names_in(around)}
        # What guards say goes with every answer; what was said while this one was made belongs to it.
        headers = with_names(kept_headers(response.raw_headers), names_in(around[before:]))
        age = first_age(response.raw_headers, began, now)
        found = Kept(
            response.status_code,
            headers,
            response.body,
            now,
            age,
            freshness,
            tuple(sorted(names)),
            can_be_validated,
        )
        return found if found.keeping > 0 else None


def show(request: Request, kept: Kept, now: float, note: bytes = b"") -> Response:
    """What is kept, or 304 to who has it."""
    response = kept.as_response(now, NAME + (note or b"hit; ttl=%d" % int(kept.left_at(now))))
    return select_version(request, response) or response


def noted(response: Response, note: bytes) -> Response:
    response.raw_headers = [*response.raw_headers, (b"cache-status", NAME + note)]
    return response


def confirmed(kept: Kept, answer: Response) -> Response:
    """The answer that a 304 says is still the same."""
    response = build_response(kept.status, freshened(kept.headers, answer.raw_headers), kept.body)
    response.after = answer.after
    return response


def origin_headers(request: Request, kept: Optional[Kept]) -> RawHeaders:
    """A request for the whole answer, or for a newer one than that which is kept (RFC 9111 §4.3.1)."""
    headers = [pair for pair in request.raw_headers if pair[0] not in CONDITIONAL]
    if kept is None or not kept.can_be_validated:
        return headers
    for name, known in ((b"if-none-match", b"etag"), (b"if-modified-since", b"last-modified")):
        value = find(kept.headers, known)
        if value is not None:
            headers.append((name, value))
    return headers


@contextlib.contextmanager
def asking(request: Request, headers: RawHeaders) -> Iterator[None]:
    """Let whoever answers a request see other headers."""
    own = request.raw_headers
    request.raw_headers, request._headers = headers, None
    try:
        yield
    finally:
        request.raw_headers, request._headers = own, None


def is_failure(exc: Exception) -> bool:
    """Whether the origin could not answer; what it refuses is an answer."""
    if isinstance(exc, ClientDisconnect):
        return False
    status = exc.status_code if isinstance(exc, HTTPException) else status_of(exc)
    return status is None or status >= 500


async def leave(response: Response) -> None:
    """Let go of an answer that nobody gets."""
    close = getattr(response.body, "aclose", None)
    if close is not None:
        await close()
