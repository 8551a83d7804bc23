"""Dispatch: the matcher seen as an endpoint: finds the route, or says why there is none."""

from typing import Any, Awaitable, Callable, NamedTuple, Optional, Sequence, Set, Tuple, Union

from microframe.endpoint import Endpoint, Guard
from microframe.exceptions import ForbiddenException, MethodNotAllowedException, NotFoundException
from microframe.http.connection import Connection
from microframe.http.request import Request
from microframe.http.responses import Response, build_response
from microframe.http.url import parse_host, quote_path, quote_query
from microframe.routing.matcher import Matcher
from microframe.routing.route import Mount, Route
from microframe.websocket import WebSocket, is_foreign_origin

SocketHandler = Callable[[WebSocket], Awaitable[None]]


class Target(NamedTuple):
    """What the matcher finds: the compiled route, or what leads to the application mounted there."""

    endpoint: Endpoint
    route: Union[Route, Mount]


class SocketTarget(NamedTuple):
    """What the matcher for sockets finds."""

    handler: SocketHandler
    route: Union[Route, Mount]


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
            request.mounted_at = split_path(request, rest)
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


def split_path(connection: Connection, rest: str) -> Tuple[str, str]:
    """What a mount takes of the path, decoded and without a slash at its end, and what it leaves."""
    path = connection.path
    prefix = (path[: len(path) - len(rest)] if rest else path).rstrip("/")
    if connection.escaped:
        prefix = prefix.replace("%2F", "/").replace("%25", "%")
    return prefix, rest or "/"


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
            socket.mounted_at = split_path(socket, rest)
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


def refuse_foreign(handler: SocketHandler) -> SocketHandler:
    """Refuse a handshake from a page of another site, but for those that the applications around the handler allow."""

    async def own_only(socket: WebSocket) -> None:
        # Behind the guards of the application, because they may know the scheme that a proxy took the request with.
        if is_foreign_origin(socket, socket.allowed_origins):
            raise ForbiddenException("This origin may not open a socket here.")
        await handler(socket)

    return own_only
