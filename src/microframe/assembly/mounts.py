"""Mounts: what answers below a mounted path, whatever kind of application it is."""

from typing import Any, AsyncContextManager, Callable, Optional, Tuple

from microframe.asgi.lifespan import lifespan_of
from microframe.asgi.mounted import as_endpoint, as_socket_handler
from microframe.context import Owner
from microframe.endpoint import Endpoint
from microframe.exceptions import SetupError
from microframe.injection.injector import Injector
from microframe.routing.dispatch import SocketHandler
from microframe.routing.route import Mount, where_is
from microframe.routing.urls import RouteNames
from microframe.wsgi import as_wsgi_endpoint, is_wsgi

Opened = Tuple[Endpoint, Optional[SocketHandler], Optional[Owner], Optional[RouteNames]]


def open_mount(mount: Mount, injector: Injector) -> Opened:
    """What answers below a mount: one of our applications, an endpoint, or an ASGI or WSGI application.

    Raises:
        SetupError: it is none of these.
    """
    app = mount.app
    built = getattr(app, "build_mounted", None)
    if built is not None:
        opened: Opened = built()
        return opened
    if isinstance(app, type) or not callable(app):
        raise SetupError(f"{mount}: {app!r} is no application")
    wanted = count_arguments(app)
    if wanted == 1:
        return app, None, None, None
    if is_wsgi(app):
        return as_wsgi_endpoint(app, injector.threads), None, None, None
    if wanted != 3:
        raise SetupError(f"{mount}: {app!r} is neither an endpoint nor an ASGI or WSGI application")
    return as_endpoint(app), as_socket_handler(app), None, None


def mounted_lifespan(app: Any) -> Optional[Callable[[], AsyncContextManager[None]]]:
    """How a mounted application starts and stops; None for what has no lifespan to run."""
    if hasattr(app, "build_mounted"):
        return lambda: app.lifespan_context()
    if callable(app) and not isinstance(app, type) and count_arguments(app) == 3:
        return lambda: lifespan_of(app)
    return None


def count_arguments(function: Callable[..., Any]) -> int:
    """How many positional arguments a callable must be given."""
    import inspect

    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError) as exc:
        raise SetupError(f"the signature of {where_is(function)} cannot be read: {exc}") from exc
    wanted = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return 3
    return len([p for p in wanted if p.default is p.empty])
