"""Dispatch: the matcher seen as an endpoint: finds the route, or says why there is none."""

from typing import (
    Any,
    Awaitable,
    Callable,
    Dict,
    Iterator,
    MutableMapping,
    NamedTuple,
    Optional,
    Sequence,
    Set,
)

from microframe.context import Owner, State
from microframe.endpoint import Endpoint, Guard
from microframe.exceptions import MethodNotAllowedException, NotFoundException
from microframe.http.connection import Connection
from microframe.http.request import Request
from microframe.http.responses import Response, build_response
from microframe.http.url import parse_host, quote_path, quote_query
from microframe.routing.matcher import Matcher
from microframe.routing.route import Mount, Route
from microframe.websocket import WebSocket

SocketHandler = Callable[[WebSocket], Awaitable[None]]


class Target(NamedTuple):
    """What the matcher finds: the compiled route, or the application mounted there."""

    endpoint: Endpoint
    route: Route


class MountTarget(NamedTuple):
    """A mounted application; `owner` is what its requests belong to, None for one that is not ours."""

    endpoint: Endpoint
    mount: Mount
    owner: Optional[Owner]


class SocketTarget(NamedTuple):
    """What the matcher for sockets finds."""

    handler: SocketHandler
    route: Any
    owner: Optional[Owner] = None


Missing = Callable[[Request], Optional[Response]]
"""A last word on a path that nobody answers."""


def build_dispatch(
    matcher: "Matcher[Any]", redirect_slashes: bool, last_word: Missing, by_host: bool
) -> Endpoint:
    """The endpoint that all requests reach after guards and middleware.

    It is a plain function: what it returns is awaited by its caller, so matching costs no coroutine.
    """
    static, match = matcher.static, matcher.match

    def dispatch(request: Request) -> Awaitable[Response]:
        table = static.get(request.path)
        if table is not None:
            target = table.get(request.method)
            if target is not None:
                request.route = target[1]
                endpoint: Endpoint = target[0]
                return endpoint(request)
        host = host_name(request.host) if by_host else ""
        found = match(request.method, request.path, request.escaped, host)
        if found is None:
            return miss(request, host)
        target, params, rest = found
        request.route = target[1]
        if rest is not None:
            return enter_mount(request, target, params, rest)
        # Below a mount there are those of its path already.
        request.path_params = {**request.path_params, **params} if request.path_params else params
        endpoint = target[0]
        return endpoint(request)

    async def miss(request: Request, host: str) -> Response:
        allowed = matcher.allowed(request.path, request.escaped, host)
        if allowed:
            return answer_method(request.method, allowed)
        if redirect_slashes:
            redirect = toggled(request, matcher, host)
            if redirect is not None:
                return redirect
        answer = last_word(request)
        if answer is None:
            raise NotFoundException()
        return answer

    return dispatch


def host_name(header: str) -> str:
    parsed = parse_host(header)
    return parsed[0] if parsed is not None else ""


def enter_mount(
    request: Request, target: MountTarget, params: Dict[str, Any], rest: str
) -> Awaitable[Response]:
    inner = request.below(prefix_of(request, rest), rest or "/", target.owner or request.app)
    if target.owner is not None:
        inner._state = state_below(request, target.owner)
    inner.path_params = {**request.path_params, **params} if params else request.path_params
    inner.route = target.mount
    return target.endpoint(inner)


def prefix_of(connection: Connection, rest: str) -> str:
    """What a mount takes of the path, decoded, without a slash at its end."""
    path = connection.path
    prefix = (path[: len(path) - len(rest)] if rest else path).rstrip("/")
    return prefix.replace("%2F", "/").replace("%25", "%") if connection.escaped else prefix


def state_below(connection: Connection, owner: Owner) -> State:
    """The state that a mounted application sees: its own lifespan's, and what this request has noted so far.

    What it notes is noted outside too. Where two lifespans left something under one name, each sees its own.
    """
    own, noted = owner.new_state(), connection.state
    left = connection.app.new_state() if len(own) else own
    shown = {
        name: value
        for name, value in own.items()
        if name not in noted or (name in left and noted[name] is left[name])
    }
    return State(Below(noted, shown)) if shown else noted


class Below(MutableMapping[str, Any]):
    """Values that hide those of the state around them, until others are written over them."""

    def __init__(self, around: State, own: Dict[str, Any]) -> None:
        self.around = around
        self.own = own

    def __getitem__(self, name: str) -> Any:
        return self.own[name] if name in self.own else self.around[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self.own.pop(name, None)
        self.around[name] = value

    def __delitem__(self, name: str) -> None:
        if name in self.own:
            del self.own[name]
        elif name in self.around:
            delattr(self.around, name)
        else:
            raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys([*self.around, *self.own]))

    def __len__(self) -> int:
        return len({*self.around, *self.own})


def answer_method(method: str, allowed: Set[str]) -> Response:
    """A path that exists, asked with a method that does not (RFC 9110 §15.5.6: a 405 must say what is allowed)."""
    allow = ", ".join(sorted(allowed | {"OPTIONS"}))
    if method == "OPTIONS":
        return build_response(204, [(b"allow", allow.encode())], b"")
    raise MethodNotAllowedException(headers={"Allow": allow})


def toggled(request: Request, matcher: "Matcher[Any]", host: str) -> Optional[Response]:
    """A redirect to the same path with or without its last slash, where that one is answered.

    The location has no scheme and no host, so it can neither downgrade nor leave; what a browser would take for a host
    (`//evil.example/`) is not redirected at all.
    """
    path = request.path
    other = path[:-1] if path.endswith("/") else path + "/"
    if len(path) < 2 or path.startswith("//") or "\\" in path or request.escaped:
        return None
    if matcher.match(request.method, other, False, host) is None:
        return None
    query = "?" + quote_query(request.query_string.decode("latin-1")) if request.query_string else ""
    location = quote_path(request.root_path + other) + query
    return build_response(307, [(b"location", location.encode("latin-1"))], b"")


def build_socket_dispatch(matcher: "Matcher[Any]", by_host: bool) -> SocketHandler:
    """The same for sockets: a path that nobody answers is a 404 to the handshake."""

    def dispatch(socket: WebSocket) -> Awaitable[None]:
        host = host_name(socket.host) if by_host else ""
        found = matcher.match("GET", socket.path, socket.escaped, host)
        if found is None:
            raise NotFoundException()
        target, params, rest = found
        socket.route = target.route
        socket.path_params = {**socket.path_params, **params}
        if rest is not None:
            socket.root_path += prefix_of(socket, rest)
            socket.path = rest or "/"
            if target.owner is not None:
                socket._state = state_below(socket, target.owner)
                socket.app = target.owner
        handled: Awaitable[None] = target.handler(socket)
        return handled

    return dispatch


def guarded_socket(guards: Sequence[Guard], handler: SocketHandler) -> SocketHandler:
    """Ask the guards in turn about a socket; the first Response denies the handshake."""
    if not guards:
        return handler

    async def guarded(socket: WebSocket) -> None:
        for guard in guards:
            answer = await guard(socket)
            if answer is not None:
                await socket.deny(answer)
                return
        await handler(socket)

    return guarded
