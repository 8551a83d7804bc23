"""Mounts: what answers below a mounted path, whatever kind of application it is."""

from functools import partial
from typing import Any, AsyncContextManager, Awaitable, Callable, Dict, NamedTuple, Optional

from microframe.asgi.lifespan import lifespan_of
from microframe.asgi.messages import ASGIApp
from microframe.asgi.mounted import as_endpoint, as_socket_handler
from microframe.context import Owner
from microframe.endpoint import Endpoint
from microframe.exceptions import SetupError
from microframe.http.request import Request
from microframe.http.responses import Response
from microframe.injection.injector import Injector
from microframe.injection.signature import count_arguments
from microframe.routing.dispatch import SocketHandler
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


def lower_limit(endpoint: Endpoint, limit: int) -> Endpoint:
    """An application's own limit on bodies, where it is mounted in another: the smaller one counts."""

    def limited(request: Request) -> Awaitable[Response]:
        request.body_limit = min(request.body_limit, limit)
        return endpoint(request)

    return limited
