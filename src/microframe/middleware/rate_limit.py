"""Rate limits: who asks too often is answered with 429, and told when to come back."""

from inspect import isawaitable
from typing import Any, Awaitable, Callable, Dict, NamedTuple, Optional, Sequence, Set, Tuple, Type, Union
from weakref import WeakKeyDictionary

from microframe.configurations.config import AppConfig
from microframe.endpoint import Endpoint, Guard, Middleware
from microframe.exceptions import SetupError, TooManyRequestsException, UnauthorizedException
from microframe.http.client import parse_networks
from microframe.http.connection import Connection
from microframe.http.request import Request
from microframe.http.responses import Response
from microframe.identity import Identity
from microframe.limits.asking import Counters, Names, hold
from microframe.limits.limit import Limit, LimitOption, limited, read_limits
from microframe.posture import LimitStance, Posture
from microframe.routing.route import Mount, Route
from microframe.sessions.session import Session
from microframe.store import Limits, check_store
from microframe.stores.fallback import FallbackLimits

__all__ = ["Limit", "RateLimit", "RateLimitMiddleware", "TooManyRequestsException", "limited"]

Is = Callable[[Connection], Union[bool, Awaitable[bool]]]
Exemption = Union[str, Is]
"""A path (with what is below it), an address or network, or a function that says whether."""
Check = Callable[[Connection], Awaitable[None]]


class RateLimitMiddleware:
    """See to the limits of routes (`limit=`, `@limited`); an application where a route has one adds it by itself.

    `default` is for routes and mounts that say nothing of limits, all of them in one count. `exempt` is not counted at
    all: a path with what is below it, an address or network, a function of the connection (async or not), or a list
    of them. Limits are counted in the application's store, or in `store`.

    Raises:
        SetupError: a limit or an exemption cannot be read.
    """

    slot = "limit"

    def __init__(
        self,
        default: LimitOption = None,
        *,
        exempt: Union[Exemption, Sequence[Exemption]] = (),
        store: Optional[Limits] = None,
    ) -> None:
        self._default = read_limits(default)
        self._exempt = read_exemptions([exempt] if isinstance(exempt, str) or callable(exempt) else exempt)
        if store is not None:
            check_store(store, Limits, "RateLimitMiddleware: ")
        self.store = store
        """What counts, if it is not the application's store."""
        self.__raises__ = (TooManyRequestsException,) if self._default else ()
        """What the API document tells of every route; of a limit of its own it knows otherwise."""
        self._asking = Asking(store)
        self._names: Names

    def setup(self, host: Any) -> None:
        """Learn the name of the application; called when this is added."""
        config: AppConfig = host.config
        self._names = Names(config.title, self._asking.user_of)

    def __call__(self, endpoint: Endpoint) -> Endpoint:
        raise SetupError("RateLimitMiddleware is added to an application; a router or a route has limit=")

    def for_route(self, route: Route) -> Optional[Middleware]:
        check = self._check_of(route)
        return None if check is None else behind(check)

    def for_mount(self, mount: Mount) -> Optional[Middleware]:
        check = self._check_of(mount)
        return None if check is None else behind(check)

    def for_socket(self, found: Union[Route, Mount]) -> Optional[Guard]:
        """What is asked about a handshake, once it is known where it goes."""
        check = self._check_of(found)
        if check is None:
            return None
        ask = check

        async def guard(connection: Connection) -> Optional[Response]:
            await ask(connection)
            return None

        return guard

    def posture_of(self, found: Union[Route, Mount]) -> Posture:
        """The limits that are kept here; none for a path that is exempt."""
        limits = () if is_within(found.path, self._exempt.paths) else self._limits_of(found) or ()
        return Posture(limits=stances_of(limits, self.store))

    def _limits_of(self, found: Union[Route, Mount]) -> Optional[Tuple[Limit, ...]]:
        limits: Optional[Tuple[Limit, ...]] = found.inherited.policies.get("limit", self._default)
        return limits

    def _check_of(self, found: Union[Route, Mount]) -> Optional[Check]:
        limits = self._limits_of(found)
        if limits is None:
            return None
        check = self._asking.build_check(self._names.counters(place_of(found), limits))
        return unless(self._exempt.asked, check) if self._exempt.asked else check


def place_of(found: Union[Route, Mount]) -> str:
    methods = "+".join(sorted(found.methods)) or "WEBSOCKET" if isinstance(found, Route) else "MOUNT"
    return f"{methods} {found.inherited.host or ''}{found.path or '/'}"


def stances_of(limits: Sequence[Limit], store: Optional[Limits]) -> Tuple[LimitStance, ...]:
    return tuple(LimitStance(limit.words, limit.fail_closed, store) for limit in limits)


def behind(check: Check) -> Middleware:
    """Answer what a check lets through."""

    def around(endpoint: Endpoint) -> Endpoint:
        async def limited_endpoint(request: Request) -> Response:
            await check(request)
            return await endpoint(request)

        return limited_endpoint

    return around


class RateLimit:
    """Limits as a dependency: `Depends(RateLimit("5/minute"))`.

    It learns where it stands only when it is asked, so it counts each route by itself; limits with a name are one count
    wherever they are.

    Raises:
        SetupError: a limit cannot be read.
    """

    __raises__ = (TooManyRequestsException,)

    def __init__(self, *limits: Union[str, Limit]) -> None:
        self._limits = read_limits(limits) or ()
        self._asking = Asking(None)
        self._known: Dict[Tuple[str, str], Check] = {}
        self.__posture__ = Posture(limits=stances_of(self._limits, None))

    async def __call__(self, connection: Connection, config: AppConfig) -> None:
        route = connection.route
        at = (config.title, "" if route is None else f"{route.name} {route.path}")
        check = self._known.get(at)
        if check is None:
            names = Names(config.title, self._asking.user_of)
            check = self._asking.build_check(names.counters(f"DEPENDS {at[1]}", self._limits))
            self._known[at] = check
        await check(connection)


class Asking:
    """Whom limits ask: the store that counts, and whoever knows who is logged in."""

    def __init__(self, store: Optional[Limits]) -> None:
        self._store = store
        self._hit = FallbackLimits().hit
        self._unknown: WeakKeyDictionary[Any, Set[Tuple[Type[Any], Type[Connection]]]] = WeakKeyDictionary()
        """What each application does not provide: one `RateLimit` may stand in several."""

    def build_check(self, counters: Counters) -> Check:
        store, hit = self._store, self._hit
        if store is not None:
            chosen = store
            return lambda connection: hold(connection, counters, chosen, hit)

        async def check(connection: Connection) -> None:
            await hold(connection, counters, await connection.resolve(Limits), hit)  # type: ignore[type-abstract]  # a contract

        return check

    async def user_of(self, connection: Connection) -> Optional[str]:
        """The id of who is logged in, as an identity or as the user of a session."""
        try:
            identity = await self._provided(connection, Identity)
        except UnauthorizedException:
            identity = None  # nobody, and that is for the handler to refuse
        if identity is not None:
            return f"identity {identity.id}"
        session = await self._provided(connection, Session)
        return f"session {session.user}" if session is not None and session.user else None

    async def _provided(self, connection: Connection, kind: Any) -> Any:
        """What the application provides, or None where it does not, and never will."""
        asked, unknown = (kind, type(connection)), self._unknown.get(connection.app, ())
        if asked in unknown:
            return None
        try:
            return await connection.resolve(kind)
        except SetupError:
            self._unknown.setdefault(connection.app, set()).add(asked)
            return None


# Exemptions ----------------------------------------------------------------------------------------------------------


class Exempt(NamedTuple):
    """What is not counted: functions that say whether, and the paths among them."""

    asked: Tuple[Is, ...]
    paths: Tuple[str, ...]


def read_exemptions(given: Sequence[Exemption]) -> Exempt:
    """What was given as `exempt=`.

    Raises:
        SetupError: one is neither a path, an address, a network nor a function.
    """
    functions = [one for one in given if callable(one)]
    texts = [one for one in given if not callable(one)]
    paths = tuple(str(one).rstrip("/") for one in texts if str(one).startswith("/"))
    others = [one for one in texts if not str(one).startswith("/")]
    try:
        networks = parse_networks(others)
    except (AttributeError, ValueError) as exc:
        raise SetupError(
            f"RateLimitMiddleware: exempt={others!r}: a path begins with a slash, a client is an address or a "
            f"network, anything else a function: {exc}"
        ) from exc

    def is_below(connection: Connection) -> bool:
        return is_within(connection.path, paths)

    def is_among(connection: Connection) -> bool:
        client = connection.client
        return client is not None and networks.lists(client.host)

    return Exempt((*([is_below] if paths else ()), *([is_among] if networks else ()), *functions), paths)


def is_within(path: str, paths: Sequence[str]) -> bool:
    """Whether a path is one of these, or stands below one."""
    return any(path == one or path.startswith(f"{one}/") for one in paths)


def unless(exempt: Sequence[Is], check: Check) -> Check:
    async def check_others(connection: Connection) -> None:
        for is_exempt in exempt:
            answer = is_exempt(connection)
            if await answer if isawaitable(answer) else answer:
                return
        await check(connection)

    return check_others
