"""Handler: what a user writes, compiled to an endpoint."""

import asyncio
from typing import Any, Awaitable, Callable, Optional, Sequence, Tuple

from microframe.endpoint import Endpoint, Middleware, fold, guarded
from microframe.exceptions import ClientDisconnect, SetupError
from microframe.http.form_limits import DEFAULT_FORM_LIMITS, FormLimits
from microframe.http.request import Request
from microframe.http.responses import Response
from microframe.injection.injector import Injector
from microframe.injection.leaving import Watch, cancel_on_disconnect
from microframe.injection.preconditions import read_preconditions
from microframe.injection.reply import build_reply, describe_reply
from microframe.injection.signature import Asked, Signature, read_signature
from microframe.injection.site import Site
from microframe.injection.streams import StreamReply, build_stream
from microframe.injection.writers import Reply, add_own_parts
from microframe.markers import MISSING
from microframe.middleware.errors import handle_some
from microframe.routing.dispatch import SocketHandler, guarded_socket
from microframe.routing.route import Inherited, Route
from microframe.websocket import WebSocket


def build_endpoint(
    route: Route,
    injector: Injector,
    strict: bool = False,
    once: Optional[Middleware] = None,
    around: Tuple[Middleware, ...] = (),
) -> Endpoint:
    """Compile a route: its handler with everything it needs, what it answers, and what surrounds it.

    `once` answers requests that are sent again; it stands within the guards, for who may not ask gets no answer twice.
    `around` stands closest to the handler, behind the middleware of the route too.
    """
    inherited = route.inherited
    signature = read_signature(route.handler, route.controller)
    preconditions = read_preconditions(route)
    if preconditions is not None:
        signature = preconditions.before(signature)
    run = injector.compile(signature, site_of(route, "http", strict), inherited.dependencies)
    shape, watch = describe_reply(route, signature.returns), injector.watch
    if shape.is_stream:
        endpoint = stream_with(run, build_stream(route, shape, injector.codecs, injector.threads))
        if inherited.cancel_on_disconnect:
            endpoint = cancel_on_disconnect(endpoint, watch)
    elif inherited.cancel_on_disconnect:
        endpoint = answer_while_there(run, build_reply(route, shape, injector.codecs), watch)
    else:
        endpoint = answer_with(run, build_reply(route, shape, injector.codecs))
    if preconditions is not None:
        endpoint = preconditions.around(endpoint)
    return surround(route, fold(around, endpoint), once)


def site_of(route: Route, kind: str, strict: bool) -> Site:
    return Site(kind, str(route), route.names, strict)


def answer_with(run: Callable[[Any], Awaitable[Any]], reply: Reply) -> Endpoint:
    """Run the plan and make its answer; when that fails, resources close before the error is looked at."""

    async def endpoint(request: Request) -> Response:
        try:
            value = await run(request)
            response = reply(request, value)
            if request._values is not None:
                add_own_parts(request, response, value)
                await settle(request)
            return response
        except BaseException as exc:
            if request._resources or request._values is not None:
                await unwind(request, exc)
            raise

    return endpoint


def stream_with(run: Callable[[Any], Awaitable[Any]], reply: StreamReply) -> Endpoint:
    """Run the plan and begin the stream; its resources, those of scope `function` too, close when it has ended."""

    async def endpoint(request: Request) -> Response:
        try:
            value = await run(request)
            response = await reply(request, value)
            if request._values is not None:
                add_own_parts(request, response, value)
                if response is value:
                    await settle(request)
            return response
        except BaseException as exc:
            if request._resources or request._values is not None:
                await unwind(request, exc)
            raise

    return endpoint


def answer_while_there(run: Callable[[Any], Awaitable[Any]], reply: Reply, watch: Watch) -> Endpoint:
    """The same for a handler that is cancelled when its client leaves; one more coroutine around it would be felt."""
    current_task = asyncio.current_task

    async def endpoint(request: Request) -> Response:
        request.task = current_task()
        if watch.newest is not None:
            watch.remember(watch.newest)
        watch.newest = request
        try:
            value = await run(request)
            if watch.newest is request:
                watch.newest = None
            else:
                watch.leave(request)
            response = reply(request, value)
            if request._values is not None:
                add_own_parts(request, response, value)
                await settle(request)
            return response
        except BaseException as exc:
            gone = watch.leave(request)
            if request._resources or request._values is not None:
                await unwind(request, exc)
            if gone and isinstance(exc, asyncio.CancelledError):
                raise ClientDisconnect() from None
            raise

    return endpoint


async def settle(request: Request) -> None:
    """Close the resources of scope `function`: a failure there is the answer."""
    failure = await request.close_function_resources()
    if failure is not None:
        raise failure


async def unwind(request: Request, exc: BaseException) -> None:
    """Tell every resource what happened; one that raises something else has the last word.

    Values made of them are forgotten, so that whoever answers the error gets others, which are open.
    """
    left: Optional[BaseException] = exc
    around = [request]
    while around[-1]._outer is not None:
        around.append(around[-1]._outer)
    for one in around:
        left = await one.close_function_resources(left)
    left = await request.close_resources(left)
    for one in around:
        one._values = None
    if left is not None and left is not exc:
        raise left


def depend(endpoint: Endpoint, dependencies: Sequence[Any], injector: Injector, site: Site) -> Endpoint:
    """Run dependencies, whose values nobody gets, before an endpoint that is no handler: that of a mount."""

    async def enter(request: Request) -> Response:
        return await endpoint(request)

    run = compile_dependencies(enter, Request, dependencies, injector, site)
    return answer_with(run, lambda request, response: response)


def depend_socket(
    handler: SocketHandler, dependencies: Sequence[Any], injector: Injector, site: Site
) -> SocketHandler:
    """The same for sockets."""

    async def enter(socket: WebSocket) -> None:
        await handler(socket)

    return closing(compile_dependencies(enter, WebSocket, dependencies, injector, site))


def compile_dependencies(
    enter: Callable[[Any], Awaitable[Any]],
    kind: type,
    dependencies: Sequence[Any],
    injector: Injector,
    site: Site,
) -> Callable[[Any], Awaitable[Any]]:
    signature = Signature(enter, (Asked("connection", kind, None, MISSING, True),), None, "async")
    try:
        return injector.compile(signature, site, dependencies)
    except SetupError as exc:
        raise SetupError(f"{exc} ({site.where})") from exc


def surround(route: Route, endpoint: Endpoint, once: Optional[Middleware]) -> Endpoint:
    """Exception handlers, middleware and guards of the route and its routers, the outermost router's outermost."""
    for handlers in reversed(route.inherited.exception_handlers):
        endpoint = handle_some(handlers)(endpoint)
    for middleware in route.inherited.middleware:
        refuse_asgi(middleware, route)
    endpoint = fold(route.inherited.middleware, endpoint)
    return guarded(route.inherited.guards, endpoint if once is None else once(endpoint))


def refuse_asgi(middleware: Any, route: object) -> None:
    if is_asgi_middleware(middleware):
        name = getattr(middleware, "__name__", repr(middleware))
        raise SetupError(
            f"{name} is ASGI middleware, which can only stand around the whole application: "
            f"app.add_middleware({name}), not around {route}"
        )


def is_asgi_middleware(middleware: Any) -> bool:
    """Whether this is a class whose instances are ASGI applications: their `__call__` takes three arguments."""
    import inspect

    if not inspect.isclass(middleware):
        return False
    call = inspect.signature(middleware.__call__)
    wanted = [p for p in call.parameters.values() if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return len(wanted) == 4


def limited(inherited: Inherited, endpoint: Endpoint) -> Endpoint:
    """Hold whoever reads the body to the limits of a route: middleware may be the first who does."""
    if inherited.form_limits is not None:
        endpoint = limit_forms(endpoint, inherited.form_limits)
    if inherited.max_body_size is None:
        return endpoint
    limit = inherited.max_body_size

    def within_limits(request: Request) -> Awaitable[Response]:
        request.body_limit = limit
        return endpoint(request)

    return within_limits


def limit_forms(endpoint: Endpoint, limits: FormLimits) -> Endpoint:
    """Limits on forms; what they leave open is as it is around them, which hardly ever changes."""
    known = (DEFAULT_FORM_LIMITS, limits.over(DEFAULT_FORM_LIMITS))

    def within_limits(request: Request) -> Awaitable[Response]:
        nonlocal known
        if request.form_limits is not known[0]:
            known = (request.form_limits, limits.over(request.form_limits))
        request.form_limits = known[1]
        return endpoint(request)

    return within_limits


def build_socket_handler(route: Route, injector: Injector, strict: bool = False) -> SocketHandler:
    """Compile a WebSocket route: guards, then dependencies, then the handler, which accepts."""
    for middleware in route.inherited.middleware:
        refuse_asgi(middleware, route)
    signature = read_signature(route.handler, route.controller)
    run = injector.compile(signature, site_of(route, "socket", strict), route.inherited.dependencies)
    return guarded_socket(route.inherited.guards, closing(run))


def closing(run: Callable[[Any], Awaitable[Any]]) -> SocketHandler:
    """Run a plan for a socket; when it fails, resources close before the error is looked at."""

    async def handle(socket: WebSocket) -> None:
        try:
            await run(socket)
        except BaseException as exc:
            left = await socket.close_resources(exc)
            if left is not None and left is not exc:
                raise left from None
            raise

    return handle
