"""Mounts: what answers below a mounted path, whatever kind of application it is, and what stands around it."""

from functools import partial
from typing import Any, AsyncContextManager, Awaitable, Callable, Dict, NamedTuple, Optional

from microframe.asgi.lifespan import lifespan_of
from microframe.asgi.messages import ASGIApp
from microframe.asgi.mounted import as_endpoint, as_socket_handler
from microframe.assembly.edge import Limits
from microframe.context import Owner
from microframe.endpoint import Endpoint, fold, guarded
from microframe.exceptions import SetupError
from microframe.http.request import Request
from microframe.http.responses import Response
from microframe.injection.handler import (
    depend,
    depend_socket,
    refuse_asgi,
)
from microframe.injection.injector import Injector
from microframe.injection.leaving import cancel_on_disconnect
from microframe.injection.signature import count_arguments
from microframe.injection.site import Site
from microframe.middleware.errors import handle_sockets, handle_some
from microframe.routing.below import enter_mount, enter_socket_mount
from microframe.routing.dispatch import SocketHandler, guarded_socket, refuse_foreign
from microframe.routing.route import Mount
from microframe.routing.urls import RouteNames
from microframe.wsgi import as_wsgi_endpoint, is_wsgi


class Opened(NamedTuple):
    """How a mounted application is reached: its requests, its sockets, whom they belong to where it is one of ours,
    the names of its routes, and how it starts and stops."""

    endpoint: Endpoint
    handler: Optional[SocketHandler] = None
    owner: Optional[Owner] = None
    names: Optional[RouteNames] = None
    lifespan: Optional[Callable[[], AsyncContextManager[Any]]] = None


def open_mount(mount: Mount, injector: Injector) -> Opened:
    """What answers below a mount: one of our applications, an endpoint, or an ASGI or WSGI application.

    Raises:
        SetupError: it is none of these.
    """
    app = mount.app
    if isinstance(app, type) or not callable(app):
        raise SetupError(f"{mount}: {app!r} is no application")
    built = getattr(app, "build_mounted", None)
    if built is not None:
        opened: Opened = built()
        return opened
    wanted = count_arguments(app)
    if wanted == 1:
        return Opened(app)
    if is_wsgi(app):
        return Opened(as_wsgi_endpoint(app, injector.threads))
    if wanted != 3:
        raise SetupError(f"{mount}: {app!r} is neither an endpoint nor an ASGI or WSGI application")
    return open_asgi(app)


def open_asgi(app: ASGIApp) -> Opened:
    """An ASGI application that nothing more is known of."""
    state: Dict[str, Any] = {}
    lifespan = partial(lifespan_of, app, state)
    return Opened(as_endpoint(app, state), as_socket_handler(app, state), lifespan=lifespan)


def keep_limits(endpoint: Endpoint, limits: Limits) -> Endpoint:
    """An application's own limits, where it is mounted in another: the smaller ones count."""
    head, body, form = limits.head, limits.body, limits.form

    def limited(request: Request) -> Awaitable[Response]:
        refusal = head(request.raw_headers, request.path, request.query_string)
        if refusal is not None:
            raise refusal
        request.body_limit = min(request.body_limit, body)
        if request.form_limits is not form:
            request.form_limits = form.at_most(request.form_limits)
        return endpoint(request)

    return limited


# What stands around a mount ------------------------------------------------------------------------------------------


def surround_mount(mount: Mount, opened: Opened, injector: Injector, site: Site) -> Endpoint:
    """What a mounted application inherits from the routers around it, as the routes beside it do.

    All of it sees the request as those routes see it: the whole path, and the application around the mount.
    """
    inherited = mount.inherited
    endpoint = enter_mount(mount, opened.endpoint, opened.owner)
    if inherited.dependencies:
        endpoint = depend(endpoint, inherited.dependencies, injector, site)
    if inherited.cancel_on_disconnect:
        endpoint = cancel_on_disconnect(endpoint, injector.watch)
    for handlers in reversed(inherited.exception_handlers):
        endpoint = handle_some(handlers)(endpoint)
    for middleware in inherited.middleware:
        refuse_asgi(middleware, mount)
    return guarded(inherited.guards, fold(inherited.middleware, endpoint))


def surround_socket_mount(
    mount: Mount, opened: Opened, injector: Injector, site: Site
) -> Optional[SocketHandler]:
    """The same for its sockets, if it has any; an application of ours decides itself whose pages may open them.

    Whether an ASGI application has sockets nobody knows: where a dependency cannot be asked about one, because it wants
    a Request, none is let through.

    Raises:
        SetupError: an application of ours has sockets, and a dependency around it cannot be asked about them.
    """
    if opened.handler is None:
        return None
    inherited = mount.inherited
    handler = enter_socket_mount(opened.handler, opened.owner)
    if inherited.dependencies:
        try:
            handler = depend_socket(handler, inherited.dependencies, injector, site)
        except SetupError:
            if opened.owner is not None:
                raise
            return None
    for handlers in reversed(inherited.exception_handlers):
        handler = handle_sockets(handlers)(handler)
    handler = guarded_socket(inherited.guards, handler)
    return handler if opened.owner is not None else refuse_foreign(handler)
