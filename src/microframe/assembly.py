"""Assembly: puts an application together, once: routes to endpoints, middleware around them, the edge around all."""

from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from typing import Any, AsyncContextManager, Callable, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple, Union

from microframe.asgi.lifespan import lifespan_of
from microframe.asgi.mounted import as_endpoint, as_socket_handler
from microframe.context import Owner
from microframe.endpoint import Endpoint, Middleware, fold, guarded
from microframe.exceptions import SetupError
from microframe.injection.handler import build_endpoint, build_socket_handler, refuse_asgi
from microframe.injection.injector import Injector
from microframe.middleware.errors import handle_some
from microframe.routing.converters import Converter
from microframe.routing.dispatch import MountTarget, SocketHandler, SocketTarget, Target
from microframe.routing.matcher import Entry
from microframe.routing.path import parse_host, parse_path
from microframe.routing.route import Inherited, Mount, Route, where_is
from microframe.routing.urls import RouteNames

SLOTS = ("errors", "trace", "headers", "cors", "compress", "session", "csrf", "limit", "cache", "app")


# Middleware ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Layer:
    """One middleware of the application, and where it wants to stand."""

    name: str
    middleware: Any
    slot: str = "app"
    before: str = ""
    after: str = ""


def order_layers(layers: Sequence[Layer]) -> List[Layer]:
    """The outermost first: by slot, in a slot the last added first; `before` stands outside what it names.

    Raises:
        SetupError: a slot or a name that does not exist, or wishes that contradict each other.
    """
    for layer in layers:
        if layer.slot not in SLOTS:
            raise SetupError(f"the middleware {layer.name} names the slot {layer.slot!r}: there is {', '.join(SLOTS)}")
    ranked = sorted(reversed(list(enumerate(layers))), key=lambda item: SLOTS.index(item[1].slot))
    order = [number for number, _ in ranked]
    names = {layer.name: number for number, layer in enumerate(layers)}
    graph: Dict[int, List[int]] = {number: [] for number in order}
    for number, layer in enumerate(layers):
        for name, outside in ((layer.before, True), (layer.after, False)):
            if name and name not in names:
                raise SetupError(f"the middleware {layer.name} wants to stand beside {name!r}, which is not there")
            if name:
                graph[names[name] if outside else number].append(number if outside else names[name])
    moved = {layer.name for layer in layers if layer.before or layer.after}
    for one, other in zip(order, order[1:]):
        if layers[one].name not in moved and layers[other].name not in moved:
            graph[other].append(one)
    try:
        return [layers[number] for number in TopologicalSorter(graph).static_order()]
    except CycleError as exc:
        circle = " -> ".join(layers[number].name for number in exc.args[1])
        raise SetupError(f"the middleware cannot be ordered: {circle}") from None


def layers_around(layers: Sequence[Layer]) -> Tuple[Middleware, ...]:
    """The middleware that surrounds the match; what depends on the route is put around each route instead."""
    return tuple(layer.middleware for layer in layers if not hasattr(layer.middleware, "for_route"))


def layers_of_route(layers: Sequence[Layer], route: Route) -> Tuple[Middleware, ...]:
    """What the application's middleware is for one route: asked once, and nothing where the answer is None."""
    asked = (layer.middleware.for_route(route) for layer in layers if hasattr(layer.middleware, "for_route"))
    return tuple(middleware for middleware in asked if middleware is not None)


# Routes --------------------------------------------------------------------------------------------------------------

Found = Union[Route, Mount]


@dataclass(frozen=True)
class Table:
    """Everything that can be matched, and how it is called."""

    requests: List[Entry[Any]]
    sockets: List[Entry[Any]]
    names: RouteNames
    routes: List[Route]
    mounts: List[Mount]


@dataclass(frozen=True)
class Workshop:
    """What compiling a route draws on."""

    injector: Injector
    converters: Mapping[str, Converter]
    layers: Sequence[Layer]
    strict: bool
    defaults: Inherited

    def build_table(self, found: Iterable[Found], from_plugins: Iterable[Found]) -> Table:
        """Compile every route; where a plugin's equals one of the application's, the application's stands."""
        own = [self.complete(item) for item in found]
        taken = {key for item in own for key in keys_of(item)}
        others = [self.complete(item) for item in from_plugins]
        everything = own + [item for item in others if not taken & set(keys_of(item))]
        table = Table([], [], RouteNames(), [], [])
        for item in everything:
            if isinstance(item, Route):
                self.add_route(table, item)
            else:
                self.add_mount(table, item)
        return table

    def complete(self, item: Found) -> Found:
        """With its path and host taken apart, and the application's defaults beneath what it says itself."""
        inherited = self.defaults.within(item.inherited)
        try:
            if inherited.host is not None:
                inherited = replace(inherited, host_pattern=parse_host(inherited.host, self.converters))
            if isinstance(item, Route):
                return replace(item, inherited=inherited, pattern=parse_path(item.path, self.converters))
        except SetupError as exc:
            raise SetupError(f"{exc} ({item})") from exc
        return replace(item, inherited=inherited)

    def add_route(self, table: Table, route: Route) -> None:
        pattern, host = route.pattern, route.inherited.host_pattern
        assert pattern is not None
        table.routes.append(route)
        table.names.add(route.name, pattern)
        if route.is_socket:
            handler = build_socket_handler(route, self.injector, self.strict)
            table.sockets.append(Entry(pattern, SocketTarget(handler, route), host=host))
            return
        endpoint = fold(layers_of_route(self.layers, route), build_endpoint(route, self.injector, self.strict))
        implied = frozenset({"HEAD"}) if "GET" in route.methods else frozenset()
        table.requests.append(Entry(pattern, Target(endpoint, route), route.methods, implied, host))

    def add_mount(self, table: Table, mount: Mount) -> None:
        pattern, host = parse_path(mount.path or "/", self.converters), mount.inherited.host_pattern
        endpoint, handler, owner, names = open_mount(mount, self.injector)
        table.mounts.append(mount)
        table.names.mount(mount.name, pattern, names)
        for handlers in reversed(mount.inherited.exception_handlers):
            endpoint = handle_some(handlers)(endpoint)
        for middleware in mount.inherited.middleware:
            refuse_asgi(middleware, mount)
        endpoint = guarded(mount.inherited.guards, fold(mount.inherited.middleware, endpoint))
        table.requests.append(Entry(pattern, MountTarget(endpoint, mount, owner), host=host, mount=True))
        if handler is not None:
            table.sockets.append(Entry(pattern, SocketTarget(handler, mount, owner), host=host, mount=True))


def keys_of(item: Found) -> List[object]:
    """What two routes have in common that answer the same requests."""
    if isinstance(item, Mount):
        return [("mount", item.path, item.inherited.host)]
    shape = tuple(segment.shape for segment in item.pattern.segments) if item.pattern else ()
    return [(method, shape, item.inherited.host) for method in item.methods or {"websocket"}]


Opened = Tuple[Endpoint, Optional[SocketHandler], Optional[Owner], Optional[RouteNames]]


def open_mount(mount: Mount, injector: Injector) -> Opened:
    """What answers below a mount: one of our applications, an endpoint, or an ASGI or WSGI application.

    Raises:
        SetupError: it is none of these.
    """
    from microframe.wsgi import as_wsgi_endpoint, is_wsgi

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
