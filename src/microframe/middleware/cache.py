"""Response cache: answers of routes with `cache=` are kept for others, as a cache that people share may (RFC 9111)."""

import string
import time
from typing import Any, Callable, Optional, Sequence, Union

from microframe.caching.keys import digest
from microframe.caching.responses import ResponseCache, named_tags
from microframe.caching.route import KeptRoute, Plan
from microframe.caching.rules import said_of
from microframe.caching.shelf import Shelf
from microframe.concurrency import completed
from microframe.endpoint import Endpoint, Middleware
from microframe.exceptions import SetupError
from microframe.http.cache_control import Cache
from microframe.http.request import Request
from microframe.http.responses import Response
from microframe.posture import Posture
from microframe.routing.route import Mount, Route
from microframe.store import Locks, Store, Tags

__all__ = ["CacheMiddleware"]

CHANGING = frozenset(["DELETE", "PATCH", "POST", "PUT"])
"""Methods after which what was kept may no longer be true (RFC 9111 §4.4)."""


class CacheMiddleware:
    """Keeps answers of routes with `cache=`, and nothing else; it is there by itself where a route has one.

    Answers are kept in the store of the application, so all of its processes share them, and what many ask for at once
    is made once. Guards, and the middleware of routers and routes, stand outside and see every request; an answer that
    is kept is sent without the route's dependencies and its handler.
    """

    slot = "cache"
    is_innermost = True

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock

    def setup(self, host: Any) -> None:
        """Say where answers are kept; called when this is added."""
        host.provide(ResponseCache, self.opener(host.config.title), "app")

    def opener(self, name: str) -> Callable[..., ResponseCache]:
        """What makes the cache of an application out of its store."""

        def open_cache(store: Store, tags: Tags, locks: Locks) -> ResponseCache:
            return ResponseCache(Shelf(store, tags, locks, f"{name}:answers"))

        return open_cache

    def posture_of(self, found: Union[Route, Mount]) -> Posture:
        """What a route says of its answers."""
        # Of a route that changes something the policy says what is forgotten.
        policy = read_policy(found) if isinstance(found, Route) and "GET" in found.methods else None
        return Posture(cache="" if policy is None else policy.header.decode() or "as answers say themselves")

    def for_route(self, route: Route) -> Optional[Middleware]:
        policy = read_policy(route)
        reads = policy is not None and "GET" in route.methods
        if not reads and not route.methods & CHANGING:
            return None
        tags = () if policy is None else tuple(policy.tags)
        check_tags(tags, route)

        def around(endpoint: Endpoint) -> Endpoint:
            changing = change_with(endpoint, tags)
            if policy is None or not reads:
                return changing
            plan = Plan(policy, name_of(route), tags, self.clock)
            reading = KeptRoute(plan, endpoint).answer if policy.is_shared else say_with(endpoint, policy)

            async def cached(request: Request) -> Response:
                method = request.method
                return await (reading if method == "GET" or method == "HEAD" else changing)(request)

            return cached

        return around


def read_policy(route: Route) -> Optional[Cache]:
    given = route.inherited.policies.get("cache")
    if given is None or given is False:
        return None
    if not isinstance(given, Cache):
        raise SetupError(f"cache={given!r} of {route.where} is no Cache(…)")
    return given


def check_tags(tags: Sequence[str], route: Route) -> None:
    for tag in tags:
        names = {name for _, name, _, _ in string.Formatter().parse(tag) if name is not None}
        unknown = sorted(names - route.names)
        if unknown:
            raise SetupError(f"Cache(tags=…) of {route.where}: its path has no {', '.join(unknown)}: {tag!r}")


def name_of(route: Route) -> bytes:
    """What tells a route from others at the same address: versions and hosts have routes of their own."""
    handler = route.handler
    said = (
        getattr(handler, "__module__", ""),
        getattr(handler, "__qualname__", type(handler).__qualname__),
        route.path,
        route.inherited.host or "",
        *(route.inherited.versions or ()),
    )
    return digest(*(part.encode() for part in said)).encode()


# Answers that are not kept -------------------------------------------------------------------------------------------


def say_with(endpoint: Endpoint, policy: Cache) -> Endpoint:
    """Answers for the visitor alone: caches are told, and nothing is kept here."""

    async def saying(request: Request) -> Response:
        return said_of(request, await endpoint(request), policy)

    return saying


def change_with(endpoint: Endpoint, tags: Sequence[str]) -> Endpoint:
    """What changes something: the answers that showed it before are forgotten."""

    async def changing(request: Request) -> Response:
        response = await endpoint(request)
        if request.method in CHANGING and response.status_code < 400:
            cache = await request.resolve(ResponseCache)
            # Who is cancelled now has changed it.
            await completed(cache.has_changed(request, response, named_tags(tags, request.path_params)))
        return response

    return changing
