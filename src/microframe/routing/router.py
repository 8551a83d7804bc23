"""Router: where handlers are registered, with what they share; nests to any depth."""

from typing import (
    Any,
    AsyncContextManager,
    AsyncIterator,
    Callable,
    Dict,
    Iterator,
    List,
    Optional,
    Sequence,
    Tuple,
    Type,
    TypeVar,
    Union,
)

from typing_extensions import Unpack

from microframe.exceptions import SetupError
from microframe.routing.controller import Controller, controller_routes
from microframe.routing.registration import build_route, check_called, check_methods, complete
from microframe.routing.route import Inherited, Mount, Route, RouteOptions, where_is
from microframe.routing.shared import RouterOptions, check_prefix, shared_options

F = TypeVar("F", bound=Callable[..., Any])
C = TypeVar("C", bound=Type[Controller])
EventFunction = Callable[[], Any]
LifespanFunction = Callable[[Any], Union[AsyncContextManager[Any], AsyncIterator[Any]]]


Entry = Union[Route, Mount, Tuple["Router", Inherited]]


class Router:
    """Routes with a common prefix, dependencies, guards, middleware and exception handlers."""

    handles_everything = False
    """Whether its exception handlers stand around more than its routes."""

    def __init__(
        self,
        prefix: str = "",
        *,
        lifespan: Optional[LifespanFunction] = None,
        on_startup: Sequence[EventFunction] = (),
        on_shutdown: Sequence[EventFunction] = (),
        **options: Unpack[RouterOptions],
    ) -> None:
        self.prefix = check_prefix(prefix)
        self._shared = shared_options(self.prefix, options, "Application" if self.handles_everything else "")
        self._handlers: Dict[Union[int, Type[BaseException]], Callable[..., Any]] = dict(
            options.get("exception_handlers") or {}
        )
        self._entries: List[Entry] = []
        self._lifespans: List[LifespanFunction] = [lifespan] if lifespan else []
        self._events: Dict[str, List[EventFunction]] = {
            "startup": list(on_startup),
            "shutdown": list(on_shutdown),
        }
        self._frozen = False

    # Routes ----------------------------------------------------------------------------------------------------------

    def add_api_route(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        methods: Optional[Sequence[str]] = None,
        **options: Unpack[RouteOptions],
    ) -> None:
        """Register a handler for `methods` (default GET) at `path`."""
        self._registering(f"{path} -> {where_is(endpoint)}")
        self._check_path(path, endpoint)
        self._entries.append(
            build_route(path, check_methods(methods or ("GET",), endpoint), endpoint, options)
        )

    def api_route(
        self, path: str, *, methods: Optional[Sequence[str]] = None, **options: Unpack[RouteOptions]
    ) -> Callable[[F], F]:
        check_called(path)

        def register(function: F) -> F:
            self.add_api_route(path, function, methods=methods, **options)
            return function

        return register

    def get(self, path: str = "", **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        return self.api_route(path, methods=("GET",), **options)

    def post(self, path: str = "", **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        return self.api_route(path, methods=("POST",), **options)

    def put(self, path: str = "", **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        return self.api_route(path, methods=("PUT",), **options)

    def patch(self, path: str = "", **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        return self.api_route(path, methods=("PATCH",), **options)

    def delete(self, path: str = "", **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        return self.api_route(path, methods=("DELETE",), **options)

    def head(self, path: str = "", **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        return self.api_route(path, methods=("HEAD",), **options)

    def options(self, path: str = "", **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        return self.api_route(path, methods=("OPTIONS",), **options)

    def query(self, path: str = "", **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """QUERY: safe and idempotent like GET, with a body that says what is looked for."""
        return self.api_route(path, methods=("QUERY",), **options)

    def trace(self, path: str = "", **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        return self.api_route(path, methods=("TRACE",), **options)

    def add_api_websocket_route(
        self, path: str, endpoint: Callable[..., Any], **options: Unpack[RouteOptions]
    ) -> None:
        self._registering(f"{path} -> {where_is(endpoint)}")
        self._check_path(path, endpoint)
        self._entries.append(build_route(path, frozenset(), endpoint, options))

    def websocket(self, path: str = "", **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Register a handler for sockets; its dependencies run before `accept`."""
        check_called(path)

        def register(function: F) -> F:
            self.add_api_websocket_route(path, function, **options)
            return function

        return register

    def controller(self, path: str = "", **options: Unpack[RouterOptions]) -> Callable[[C], C]:
        """Register the marked methods of a class, made anew for each request with its own dependencies."""

        def register(kind: C) -> C:
            router = Router(path, **options)
            router._entries.extend(controller_routes(kind))
            self.include_router(router)
            return kind

        return register

    # Other routers and applications ----------------------------------------------------------------------------------

    def include_router(self, router: "Router", *, prefix: str = "", **options: Unpack[RouterOptions]) -> None:
        """Serve another router's routes below `prefix`, whatever is added to it later on included."""
        self._registering(f"include_router({router!r})")
        if not isinstance(router, Router):
            raise SetupError(f"include_router takes a Router, not {router!r}")
        if router.handles_everything:
            raise SetupError(f"an application is mounted, not included: mount({prefix or '/'!r}, …)")
        if router is self or router.includes(self):
            raise SetupError(f"a router cannot include itself (prefix {router.prefix!r})")
        shared = shared_options(check_prefix(prefix), options)
        handlers = options.get("exception_handlers")
        if handlers:
            shared = shared.within(Inherited(exception_handlers=(dict(handlers),)))
        self._entries.append((router, shared))

    def includes(self, other: "Router") -> bool:
        inner = [entry[0] for entry in self._entries if isinstance(entry, tuple)]
        return any(router is other or router.includes(other) for router in inner)

    def mount(self, path: str, app: object, name: Optional[str] = None) -> None:
        """Give everything below `path` to another application: ours, any ASGI or WSGI one, or static files."""
        self._registering(f"mount({path!r})")
        self._entries.append(Mount(check_prefix(path.rstrip("/")), app, name or "", Inherited()))

    def host(self, host: str, router: "Router") -> None:
        """Serve a router's routes only under this host name: `api.example.com`, `{tenant}.example.com`."""
        self.include_router(router, host=host)

    # What surrounds them ---------------------------------------------------------------------------------------------

    def add_exception_handler(
        self, kind: Union[int, Type[BaseException]], handler: Callable[..., Any]
    ) -> None:
        """Answer exceptions of this type, or HTTP errors of this status, from these routes."""
        self._registering(f"add_exception_handler({kind!r})")
        self._handlers[kind] = handler

    def exception_handler(self, kind: Union[int, Type[BaseException]]) -> Callable[[F], F]:
        def register(function: F) -> F:
            self.add_exception_handler(kind, function)
            return function

        return register

    def on_event(self, event: str) -> Callable[[F], F]:
        """Call a function at `startup` or `shutdown`."""

        def register(function: F) -> F:
            self.add_event_handler(event, function)
            return function

        return register

    def add_event_handler(self, event: str, function: Callable[[], Any]) -> None:
        self._registering(f"on_event({event!r})")
        if event not in self._events:
            raise SetupError(f"there is no event {event!r}: only startup and shutdown ({where_is(function)})")
        self._events[event].append(function)

    # Read at build ---------------------------------------------------------------------------------------------------

    def walk(self, around: Inherited = Inherited()) -> Iterator[Union[Route, Mount]]:
        """Every route and mount below this router, complete with what it inherits; closes the router to changes."""
        for router in self.routers():
            router._frozen = True
        return self._walk(around)

    @property
    def routes(self) -> List[Route]:
        """Every route below this router so far: `callbacks=invoice_events.routes`."""
        return [entry for entry in self._walk(Inherited()) if isinstance(entry, Route)]

    def _walk(self, around: Inherited) -> Iterator[Union[Route, Mount]]:
        here = around.within(self._shared)
        if self._handlers and not self.handles_everything:
            here = here.within(Inherited(exception_handlers=(self._handlers,)))
        for entry in self._entries:
            if isinstance(entry, tuple):
                router, shared = entry
                yield from router._walk(here.within(shared))
            else:
                yield complete(entry, here)

    def routers(self) -> Iterator["Router"]:
        """This router and every one below it, each once."""
        seen: List[Router] = []
        waiting: List[Router] = [self]
        while waiting:
            router = waiting.pop(0)
            if all(router is not other for other in seen):
                seen.append(router)
                waiting.extend(entry[0] for entry in router._entries if isinstance(entry, tuple))
        return iter(seen)

    def _check_path(self, path: str, handler: Callable[..., Any]) -> None:
        # A callback's begins with an expression: `{$request.body.url}/paid`.
        if path and not path.startswith(("/", "{$")):
            raise SetupError(f"the path {path!r} must begin with a slash ({where_is(handler)})")

    def _registering(self, what: str) -> None:
        if self._frozen:
            raise SetupError(f"{what}: too late, the application is already built")

    def __repr__(self) -> str:
        return f"{type(self).__name__}(prefix={self.prefix!r})"


class Webhooks(Router):
    """Requests that the application sends to others, for its API document: each has a name instead of a path."""

    def _check_path(self, path: str, handler: Callable[..., Any]) -> None:
        if not path:
            raise SetupError(f"a webhook has a name: {where_is(handler)}")
