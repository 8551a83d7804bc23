"""Idempotency: of requests with one `Idempotency-Key` the first runs, and those like it get its answer."""

import asyncio
import logging
import math
import re
from typing import Awaitable, Callable, FrozenSet, List, NamedTuple, Optional, Tuple

from microframe.concurrency import completed
from microframe.endpoint import Endpoint
from microframe.exceptions import BadRequestException, SetupError, StatusException, ValidationException
from microframe.http.headers import Headers, find
from microframe.http.kept import Kept, can_be_kept, digest, pack, unpack
from microframe.http.request import Request
from microframe.http.responses import Response
from microframe.identity import Identity
from microframe.routing.idempotency import Idempotency
from microframe.routing.route import Route
from microframe.sessions.session import Session
from microframe.store import Lease, Locks, Store, StoreUnavailable

logger = logging.getLogger("microframe.idempotency")

Answer = Callable[[Request, Exception], Awaitable[Response]]
"""How an exception becomes an answer."""

HEADER = "idempotency-key"
LONGEST_KEY = 255
SAFE = frozenset(["GET", "HEAD", "OPTIONS", "QUERY", "TRACE"])
QUOTED = re.compile(r'"(?:[^"\\]|\\["\\])+"')
ESCAPED = re.compile(r'\\(["\\])')
CREDENTIALS = (b"authorization", b"cookie", b"proxy-authorization", b"x-api-key")
NOT_NOW = frozenset([401, 407, 408, 425, 429])
"""Answers that ask for the same request once more: they are no answers to it."""


class IdempotencyKeyMissingException(BadRequestException):
    """This request must have an Idempotency-Key header."""


class IdempotencyKeyInvalidException(BadRequestException):
    """The Idempotency-Key header must be one text of 1 to 255 printable ASCII characters."""


class IdempotencyKeyReusedException(StatusException):
    """This Idempotency-Key belongs to another request."""

    status = 422


class IdempotentRequestRunningException(StatusException):
    """The first request with this Idempotency-Key is still running."""

    status = 409


class IdempotentAnswerNotKeptException(StatusException):
    """The first request with this Idempotency-Key was answered; its answer cannot be given again."""

    status = 409


class Known(NamedTuple):
    """What is known of a route at build."""

    application: str
    knows_identity: bool
    """Whether somebody provides an `Identity`."""
    knows_sessions: bool
    credentials: FrozenSet[bytes]
    """The headers in which its security schemes want credentials."""
    asked: Tuple[bytes, ...]
    """The headers that its handler and its dependencies read."""


def read_option(route: Route) -> Optional[Idempotency]:
    """What a route says of requests that are sent again; None for nothing, or where no method changes anything.

    Raises:
        SetupError: a value it cannot have, or the route itself says it where no method changes anything.
    """
    said = route.inherited.policies.get("idempotency")
    if said is None or said is False:
        return None
    if route.methods <= SAFE:
        if route.options.get("idempotency"):
            raise SetupError(
                f"idempotency= of {route}: its requests change nothing, however often they are sent"
            )
        return None
    said = Idempotency() if said is True else said
    if not isinstance(said, Idempotency):
        raise SetupError(f"idempotency={said!r} of {route} is neither True, False nor an Idempotency")
    for name in ("wait", "ttl", "lease", "max_answer"):
        value = getattr(said, name)
        if not 0 <= value < math.inf or (value == 0 and name in ("ttl", "lease")):
            raise SetupError(f"Idempotency({name}={value!r}) of {route} is no such number")
    return said


def run_once(endpoint: Endpoint, answer: Answer, route: Route, option: Idempotency, known: Known) -> Endpoint:
    """Run an endpoint once for each `Idempotency-Key`; what it raises becomes an answer here, which can be kept."""
    prefix = f"{known.application[:100]}:idempotency:"

    async def once(request: Request) -> Response:
        if request.method in SAFE:
            return await endpoint(request)
        sent = read_key(request)
        if sent is None:
            if option.required:
                raise IdempotencyKeyMissingException()
            return await endpoint(request)
        caller, is_sure = await caller_of(request, option, known)
        name = prefix + digest([known.application.encode(), *place_of(request, route), *caller, sent])
        fingerprint = digest(await content_of(request, () if is_sure else known.asked))
        store, locks = await request.resolve(Store), await request.resolve(Locks)  # type: ignore[type-abstract]  # a contract
        found = await find_answer(store, name)
        if found is not None:
            return again(found, fingerprint)
        lease = await locks.acquire(name, ttl=option.lease, wait=option.wait)
        if lease is None:
            raise IdempotentRequestRunningException(headers={"Retry-After": str(max(1, round(option.wait)))})
        async with Holding(locks, lease, option.lease):
            found = await find_answer(store, name)
            if found is not None:
                return again(found, fingerprint)
            is_answer = True
            try:
                response = await endpoint(request)
            except Exception as exc:
                response = await answer(request, exc)
                is_answer = not isinstance(exc, ValidationException)  # the handler has not run
            if is_answer and response.status_code < 500 and response.status_code not in NOT_NOW:
                kept = Kept(fingerprint, response if can_be_kept(response, option.max_answer) else None)
                # Who is cancelled now has been served: the same request must not run again.
                await completed(keep(store, name, kept, option.ttl))
            return response

    return once


def again(kept: Kept, fingerprint: str) -> Response:
    """The answer that the first one got.

    Raises:
        IdempotencyKeyReusedException: the first one was another request.
        IdempotentAnswerNotKeptException: it cannot be given again.
    """
    if kept.fingerprint != fingerprint:
        raise IdempotencyKeyReusedException()
    if kept.response is None:
        raise IdempotentAnswerNotKeptException()
    kept.response.raw_headers.append((b"idempotency-replayed", b"true"))
    return kept.response


# Keys ----------------------------------------------------------------------------------------------------------------


def read_key(request: Request) -> Optional[bytes]:
    """The key that was sent: a string as in RFC 9651 §3.3.3, or the bare text that many clients send.

    Raises:
        IdempotencyKeyInvalidException: it cannot be one.
    """
    sent = Headers(request.raw_headers).getlist(HEADER)
    if not sent:
        return None
    key = sent[0]
    if len(sent) > 1 or not 0 < len(key) <= LONGEST_KEY or not (key.isascii() and key.isprintable()):
        raise IdempotencyKeyInvalidException()
    if key[0] == '"':
        if QUOTED.fullmatch(key) is None:
            raise IdempotencyKeyInvalidException()
        key = ESCAPED.sub(r"\1", key[1:-1])
    return key.encode()


def place_of(request: Request, route: Route) -> List[bytes]:
    """Which route, with which parameters."""
    host = route.inherited.host or ""
    names = sorted(request.path_params)
    parts = [request.method, request.root_path, host, request.api_version, route.path, str(len(names))]
    for name in names:
        parts += [name, str(request.path_params[name])]
    return [part.encode("utf-8", "surrogatepass") for part in parts]


async def caller_of(request: Request, option: Idempotency, known: Known) -> Tuple[List[bytes], bool]:
    """Who is calling, as well as can be known, and whether that is more than an address."""
    if option.caller is not None:
        return [b"caller", (await option.caller(request)).encode()], True
    if known.knows_identity:
        identity: Optional[Identity] = await request.resolve(Identity)
        if identity is not None:
            return [b"identity", str(identity.id).encode()], True
    names = known.credentials
    user = (await request.resolve(Session)).user if known.knows_sessions else ""
    if user:
        names -= {b"cookie"}  # it changes with every cookie that something else on the page sets
    credentials = [part for pair in request.raw_headers if pair[0] in names for part in pair]
    if user:
        credentials += [b"user", user.encode()]
    if credentials:
        return [b"credentials", digest(credentials).encode()], True
    client = request.client
    return [b"address", client.host.encode() if client is not None else b""], False


async def content_of(request: Request, asked: Tuple[bytes, ...]) -> List[bytes]:
    """What makes a request the same as another: its query, its body and what that is, and headers that are read."""
    parts = [request.query_string, find(request.raw_headers, b"content-type") or b"", await request.body()]
    for name in asked:
        values = [value for key, value in request.raw_headers if key == name]
        parts += [name, b"%d" % len(values), *values]
    return parts


# Holding and keeping -------------------------------------------------------------------------------------------------


class Holding:
    """Holds a lease for as long as something takes, and lets go of it."""

    __slots__ = ("_lease", "_locks", "_loop", "_renewing", "_seconds", "_timer")

    def __init__(self, locks: Locks, lease: Lease, seconds: float) -> None:
        self._locks, self._lease, self._seconds = locks, lease, seconds
        self._loop = asyncio.get_running_loop()
        self._renewing: Optional[asyncio.Task[None]] = None
        self._timer = self._loop.call_later(seconds / 3, self._renew)

    def _renew(self) -> None:
        self._renewing = self._loop.create_task(renew(self._locks, self._lease, self._seconds))

    async def __aenter__(self) -> None:
        """Nothing: it holds it already."""

    async def __aexit__(self, *exc: object) -> None:
        self._timer.cancel()
        if self._renewing is not None:
            self._renewing.cancel()
        await completed(self._release())

    async def _release(self) -> None:
        try:
            await self._locks.release(self._lease)
        except StoreUnavailable:
            logger.warning("the lock %s could not be released: it ends by itself", self._lease.key)


async def renew(locks: Locks, lease: Lease, seconds: float) -> None:
    while True:
        try:
            if not await locks.renew(lease, ttl=seconds):
                logger.warning("the lock %s was lost while its request ran", lease.key)
                return
        except StoreUnavailable:
            logger.warning("the lock %s could not be renewed", lease.key)
        await asyncio.sleep(seconds / 3)


async def find_answer(store: Store, name: str) -> Optional[Kept]:
    """What is kept of an answer. What somebody else has put there is removed, and is no answer."""
    entry = await store.get(name)
    if entry is None:
        return None
    kept = unpack(entry.value)
    if kept is None:
        logger.warning("what is kept under %s is no answer of ours, and is not looked at", name)
        await store.delete(name, if_version=entry.version)
    return kept


async def keep(store: Store, name: str, kept: Kept, ttl: float) -> None:
    try:
        # Who has lost the lock must not write over the answer of who had it next.
        await store.set(name, pack(kept), ttl=ttl, if_version="")
    except StoreUnavailable:
        logger.exception("the answer of %s could not be kept: sent again, the request runs again", name)
