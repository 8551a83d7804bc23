"""Router: where handlers are registered, with what they share; nests to any depth."""

from typing import (
    Any,
    AsyncContextManager,
    AsyncIterator,
    Callable,
    Dict,
    Iterable,
    Iterator,
    List,
    Mapping,
    Optional,
    Sequence,
    Tuple,
    Type,
    TypeVar,
    Union,
)

from typing_extensions import Literal, TypedDict, Unpack

from microframe.endpoint import Guard, Middleware
from microframe.exceptions import SetupError
from microframe.http.cache_control import Cache
from microframe.http.form_limits import FormLimits
from microframe.http.media import is_token
from microframe.http.responses import Response
from microframe.limits.limit import LimitOption, with_limits_of
from microframe.routing.controller import Controller, controller_routes
from microframe.routing.idempotency import Idempotency
from microframe.routing.route import Inherited, Mount, Route, RouteOptions, inherit_options, where_is
from microframe.routing.versions import Deprecation

F = TypeVar("F", bound=Callable[..., Any])
C = TypeVar("C", bound=Type[Controller])
EventFunction = Callable[[], Any]
LifespanFunction = Callable[[Any], Union[AsyncContextManager[Any], AsyncIterator[Any]]]


class SharedOptions(TypedDict, total=False):
    """What the routes of a router share, an application's included; FastAPI's names where it has them."""

    tags: Sequence[str]
    dependencies: Sequence[Any]
    responses: Mapping[Union[int, str], Mapping[str, Any]]
    deprecated: Union[bool, Deprecation]
    include_in_schema: bool
    default_response_class: Type[Response]
    response_model_include: Any
    response_model_exclude: Any
    response_model_by_alias: bool
    response_model_exclude_unset: bool
    response_model_exclude_defaults: bool
    response_model_exclude_none: bool
    middleware: Sequence[Middleware]
    guards: Sequence[Guard]
    raises: Sequence[Type[Exception]]
    metadata: Sequence[object]
    csrf: bool
    idempotency: Union[bool, Idempotency]
    limit: LimitOption
    cache: Union[Cache, Literal[False]]
    callbacks: Iterable[Route]
    generate_unique_id_function: Callable[[Route], str]
    exception_handlers: Mapping[Union[int, Type[BaseException]], Callable[..., Any]]


class RouterOptions(SharedOptions, total=False):
    """What a router, or one inclusion of it, may say besides; of an application its configuration says it."""

    max_body_size: int
    form_limits: FormLimits
    cancel_on_disconnect: bool
    timeout: float
    versions: Sequence[str]
    host: str


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


def check_methods(methods: Sequence[str], handler: Callable[..., Any]) -> "frozenset[str]":
    """Methods in capitals; each is a token (RFC 9110 §9.1)."""
    if isinstance(methods, str):
        raise SetupError(f"methods are a list, not one text: [{methods!r}] ({where_is(handler)})")
    wrong = [method for method in methods if not is_token(method)]
    if wrong:
        raise SetupError(f"{wrong[0]!r} is no method ({where_is(handler)})")
    return frozenset(method.upper() for method in methods)


def build_route(
    path: str,
    methods: "frozenset[str]",
    handler: Callable[..., Any],
    options: RouteOptions,
    controller: Optional[type] = None,
) -> Route:
    if not callable(handler):
        raise SetupError(f"the handler of {path!r} cannot be called: {handler!r}")
    unknown = set(options) - set(RouteOptions.__annotations__)
    if unknown:
        raise SetupError(f"unknown route option {', '.join(sorted(unknown))} ({where_is(handler)})")
    name = str(options.get("name") or getattr(handler, "__name__", type(handler).__name__))
    try:
        inherited = inherit_options(options)
    except SetupError as exc:
        raise SetupError(f"{exc} ({where_is(handler)})") from exc
    return Route(path, methods, handler, name, options, inherited, controller)


def check_called(path: object) -> None:
    """Refuse `@app.get` without parentheses: the handler would be taken for the path, and no route be made."""
    if not isinstance(path, str):
        raise SetupError(f'{where_is(path)}: a decorator wants its path, as in @app.get("/cards")')


def complete(entry: Union[Route, Mount], around: Inherited) -> Union[Route, Mount]:
    path = around.prefix + entry.path
    if isinstance(entry, Mount):
        return Mount(path, entry.app, entry.name, around.within(entry.inherited))
    inherited = around.within(with_marks(entry))
    return Route(
        path or "/", entry.methods, entry.handler, entry.name, entry.options, inherited, entry.controller
    )


def with_marks(route: Route) -> Inherited:
    """What a route says itself, and what decorators have said of its handler."""
    own = route.inherited
    try:
        policies = with_limits_of(route.handler, own.policies)
    except SetupError as exc:
        raise SetupError(f"{exc} ({route})") from exc
    return own if policies is own.policies else own._replace(policies=policies)


def shared_options(prefix: str, options: RouterOptions, owner: str = "") -> Inherited:
    unknown = set(options) - set(RouterOptions.__annotations__)
    if unknown:
        names = ", ".join(sorted(unknown))
        if owner:
            raise SetupError(f"{owner} has no option {names}")
        raise SetupError(f"unknown router option {names} (prefix {prefix!r})")
    # A TypedDict loses its types in a comprehension.
    route_like: RouteOptions = {k: v for k, v in options.items() if k in RouteOptions.__annotations__}  # type: ignore[assignment]
    try:
        inherited = inherit_options(route_like)
    except SetupError as exc:
        raise SetupError(f"{exc} (prefix {prefix!r})") from exc
    return Inherited(
        **{
            **inherited._asdict(),
            "prefix": prefix,
            "host": options.get("host"),
            "response_class": options.get("default_response_class"),
        }
    )


def check_prefix(prefix: str) -> str:
    """A prefix begins with a slash and ends without one."""
    if prefix and not prefix.startswith("/"):
        raise SetupError(f"the prefix {prefix!r} must begin with a slash")
    return prefix.rstrip("/")
