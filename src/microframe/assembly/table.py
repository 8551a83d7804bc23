"""Table: every route and mount of an application, compiled, for the matchers and for who wants to know."""

from dataclasses import replace
from typing import (
    Any,
    Iterable,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Set,
    Union,
)

from microframe.assembly.caching import with_what_it_reads
from microframe.assembly.layers import (
    Layer,
    check_surroundings,
    guards_of_socket,
    layers_of_mount,
    layers_of_route,
)
from microframe.assembly.mounts import open_mount, surround_mount, surround_socket_mount
from microframe.assembly.repeats import Answer, build_once
from microframe.assembly.versions import deprecated, deprecation_of, names_of, spread
from microframe.endpoint import Endpoint, fold
from microframe.exceptions import SetupError
from microframe.injection.handler import (
    build_endpoint,
    build_socket_handler,
    limited,
)
from microframe.injection.injector import Injector
from microframe.injection.site import Site
from microframe.lifespan import Part
from microframe.middleware.errors import handle_sockets
from microframe.middleware.timeout import check_seconds, keep_deadline
from microframe.routing.converters import Converter
from microframe.routing.dispatch import SocketTarget, Target, guarded_socket, refuse_foreign
from microframe.routing.matcher import Entry
from microframe.routing.path import parse_host, parse_path
from microframe.routing.route import Inherited, Mount, Route
from microframe.routing.urls import RouteNames
from microframe.routing.versions import Versions

Found = Union[Route, Mount]

OF_REQUESTS = (
    *("timeout", "idempotency", "cache", "csrf", "etag", "last_modified", "require_precondition"),
    *("max_body_size", "form_limits", "status_code", "response_model", "response_class"),
)
"""Options that mean nothing to a WebSocket."""


class Table(NamedTuple):
    """Everything that can be matched, and how it is called."""

    requests: List[Entry[Any]]
    sockets: List[Entry[Any]]
    names: RouteNames
    routes: List[Route]
    mounts: List[Mount]
    lifespans: List[Part]
    """How mounted applications start and stop: each once, wherever it is mounted."""


class Workshop(NamedTuple):
    """What compiling a route draws on."""

    injector: Injector
    converters: Mapping[str, Converter]
    layers: Sequence[Layer]
    strict: bool
    defaults: Inherited
    versioning: Optional[Versions]
    name: str
    answer: Answer

    def build_table(
        self, found: Iterable[Found], from_plugins: Iterable[Found], pages: Iterable[Found] = ()
    ) -> Table:
        """Compile every route; where a plugin's equals one of the application's, the application's stands.

        `pages` are the framework's own: they stand where nobody else does, and are in no list of routes.
        """
        everything = list(self.completed(found))
        for others in (from_plugins, pages):
            taken = {key for item in everything for key in keys_of(item)}
            completed = list(self.completed(others))
            everything += [left for item in completed for left in what_is_left(item, taken)]
        own = {id(page.handler) for page in pages if isinstance(page, Route)}
        table = Table([], [], RouteNames(), [], [], [])
        for item in everything:
            if not isinstance(item, Route):
                self.add_mount(table, item)
                continue
            self.add_route(table, item)
            if id(item.handler) not in own:
                table.routes.append(item)
        return table

    def completed(self, found: Iterable[Found]) -> Iterator[Found]:
        """Everything with the application's defaults beneath what it says itself, at every path where it stands."""
        for item in found:
            item = replace(item, inherited=self.defaults.within(item.inherited))
            for placed in spread(item, self.versioning):
                yield self.complete(placed)

    def complete(self, item: Found) -> Found:
        """With its path and host taken apart."""
        inherited = item.inherited
        try:
            check_surroundings(inherited)
            if inherited.host is not None:
                inherited = inherited._replace(host_pattern=parse_host(inherited.host, self.converters))
            if isinstance(item, Route):
                return replace(item, inherited=inherited, pattern=parse_path(item.path, self.converters))
        except SetupError as exc:
            raise SetupError(f"{exc} ({item})") from exc
        return replace(item, inherited=inherited)

    def add_route(self, table: Table, route: Route) -> None:
        pattern, host = route.pattern, route.inherited.host_pattern
        assert pattern is not None
        for name in names_of(route, self.versioning):
            table.names.add(name, pattern)
        if route.is_socket:
            refuse_for_sockets(route)
            handler = build_socket_handler(route, self.injector, self.strict)
            for handlers in reversed(route.inherited.exception_handlers):
                handler = handle_sockets(handlers)(handler)
            handler = guarded_socket(guards_of_socket(self.layers, route), handler)
            table.sockets.append(Entry(pattern, SocketTarget(refuse_foreign(handler), route), host=host))
            return
        once = build_once(route, self.injector, self.answer, self.name)
        route = with_what_it_reads(route, self.injector)
        around = layers_of_route(self.layers, route, innermost=True)
        endpoint = build_endpoint(route, self.injector, self.strict, once, around)
        endpoint = fold(layers_of_route(self.layers, route), endpoint)
        endpoint = timed(route, limited(route.inherited, endpoint))
        deprecation = deprecation_of(route, self.versioning)
        if deprecation is not None:
            endpoint = deprecated(endpoint, deprecation)
        implied = frozenset({"HEAD"}) if "GET" in route.methods else frozenset()
        table.requests.append(Entry(pattern, Target(endpoint, route), route.methods, implied, host))

    def add_mount(self, table: Table, mount: Mount) -> None:
        pattern, host = parse_path(mount.path or "/", self.converters), mount.inherited.host_pattern
        opened = open_mount(mount, self.injector)
        table.mounts.append(mount)
        table.names.mount(mount.name, pattern, opened.names)
        again = any(mount.app is other.app for other in table.mounts[:-1])
        if opened.lifespan is not None and not again:
            table.lifespans.append(Part(str(mount), opened.lifespan))
        names = frozenset(pattern.names + (host.names if host else ()))
        site = Site("http", str(mount), names, self.strict)
        endpoint = surround_mount(mount, opened, self.injector, site)
        endpoint = limited(mount.inherited, fold(layers_of_mount(self.layers, mount), endpoint))
        endpoint = timed(mount, endpoint)
        table.requests.append(Entry(pattern, Target(endpoint, mount), host=host, mount=True))
        handler = surround_socket_mount(mount, opened, self.injector, site._replace(kind="socket"))
        if handler is not None:
            handler = guarded_socket(guards_of_socket(self.layers, mount), handler)
            table.sockets.append(Entry(pattern, SocketTarget(handler, mount), host=host, mount=True))


def timed(item: Found, endpoint: Endpoint) -> Endpoint:
    """With the deadline that a route or mount has, if it has any."""
    seconds = check_seconds(item.inherited.policies.get("timeout", 0), item)
    return keep_deadline(seconds)(endpoint) if seconds else endpoint


def refuse_for_sockets(route: Route) -> None:
    """Nothing, where a WebSocket is not given what only requests have."""
    for name in OF_REQUESTS:
        if name in route.options:
            raise SetupError(f"{name}= is for requests: {route} cannot have it")


def what_is_left(item: Found, taken: Set[object]) -> List[Found]:
    """A plugin's route or mount without what the application answers itself; of a route some methods may be left."""
    if not isinstance(item, Route) or item.is_socket:
        return [] if taken & set(keys_of(item)) else [item]
    methods = frozenset(
        method
        for method in item.methods
        if not taken & set(keys_of(replace(item, methods=frozenset({method}))))
    )
    return [replace(item, methods=methods)] if methods else []


def keys_of(item: Found) -> List[object]:
    """What two routes have in common that answer the same requests."""
    if isinstance(item, Mount):
        return [("mount", item.path, item.inherited.host, item.inherited.versions)]
    shape = tuple(segment.shape for segment in item.pattern.segments) if item.pattern else ()
    # What is in no version may not be hidden by what is in one.
    versions = item.inherited.versions
    return [(method, shape, item.inherited.host, versions) for method in item.methods or {"websocket"}]
