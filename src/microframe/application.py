"""Application: a router with a configuration, plugins and a lifespan, served over ASGI."""

import contextlib
from types import TracebackType
from typing import (
    Any,
    AsyncIterator,
    Awaitable,
    Callable,
    ContextManager,
    Dict,
    Iterable,
    List,
    Mapping,
    Optional,
    Sequence,
    Tuple,
    Type,
    TypeVar,
)

from typing_extensions import Unpack

from microframe.asgi.lifespan import serve_lifespan
from microframe.asgi.messages import ASGIApp, Receive, Scope, Send
from microframe.asgi.socket import build_mounted_socket
from microframe.assembly.edge import build_edge, configured_debug_page
from microframe.assembly.guards import gather_guards
from microframe.assembly.installation import Installation, gather_commands, install
from microframe.assembly.layers import (
    Layer,
    Place,
    Stack,
    checked_guard,
    layers_around,
    name_of,
    order_layers,
)
from microframe.assembly.mounts import Opened, lower_limit, open_asgi
from microframe.assembly.parts import gather_parts
from microframe.assembly.table import Workshop
from microframe.assembly.versions import dispatch_requests, dispatch_sockets
from microframe.configurations.config import AppConfig, ConfigOptions
from microframe.configurations.load import load_config
from microframe.configurations.options import refuse_unknown_sections
from microframe.context import Context, State
from microframe.endpoint import Endpoint, Guard, fold, guarded
from microframe.exceptions import SetupError, fill
from microframe.http.problems import ProblemFormat, ProblemPages
from microframe.http.request import Request
from microframe.http.responses import Response
from microframe.injection.injector import Injector
from microframe.injection.signature import read_signature
from microframe.injection.site import Site
from microframe.lifespan import Lifespan
from microframe.markers import Scope as Lifetime
from microframe.middleware.errors import Errors
from microframe.plugin import Plugin, order_plugins
from microframe.routing.converters import Converter, Converters
from microframe.routing.dispatch import SocketHandler
from microframe.routing.route import Inherited, Mount, Route, where_is
from microframe.routing.router import EventFunction, LifespanFunction, Router, SharedOptions
from microframe.routing.urls import NoMatchFound, RouteNames
from microframe.routing.versions import Versions

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


class ApplicationOptions(SharedOptions, ConfigOptions, total=False):
    """The fields of `AppConfig` and what a router takes."""


class Application(Router):
    """The whole program: `Application(title="Team board")`, or `Application(AppConfig(…))`.

    Registered first, built once (at the lifespan's start or the first request), then served; from then on nothing can
    be registered. Given keywords it reads the environment too (`load_config`); a configuration given whole stays.
    """

    handles_everything = True

    def __init__(
        self,
        config: Optional[AppConfig] = None,
        *,
        plugins: Sequence[Plugin] = (),
        lifespan: Optional[LifespanFunction] = None,
        on_startup: Sequence[EventFunction] = (),
        on_shutdown: Sequence[EventFunction] = (),
        versioning: Optional[Versions] = None,
        **options: Unpack[ApplicationOptions],
    ) -> None:
        fields: Any = {key: value for key, value in options.items() if key in ConfigOptions.__annotations__}
        shared: Any = {key: value for key, value in options.items() if key not in fields}
        wrapping = shared.pop("middleware", ())
        guards = shared.pop("guards", ())
        super().__init__(lifespan=lifespan, on_startup=on_startup, on_shutdown=on_shutdown, **shared)
        if config is None:
            config = load_config(**fields)
        elif fields:
            config = config.replace(**fields)
        self.config = config
        self.name = config.title
        self.versioning = versioning
        self.state = State()
        self.injector = Injector()
        self.injector.threads.size = config.threads
        self.commands: Dict[str, Callable[..., Any]] = {}
        self.routes: List[Route] = []
        self.mounts: List[Mount] = []
        self._plugins = list(plugins)
        self._installations: List[Installation] = []
        self.records: List[object] = []
        self._converters = Converters()
        self._stack = Stack()
        self._guards: List[Guard] = [checked_guard(guard) for guard in guards]
        self._names = RouteNames()
        self._context = Context(self)
        self._lifespan: Optional[Lifespan] = None
        self._built: Optional[Endpoint] = None
        self._mounted: Optional[Opened] = None
        self._broken: Optional[Exception] = None
        self._broken_at: Optional[TracebackType] = None
        self._is_mounted = False
        self._socket: Optional[SocketHandler] = None
        self._http: Optional[Callable[..., Awaitable[None]]] = None
        self._edge: Optional[ASGIApp] = None
        for middleware in reversed(list(wrapping)):
            self.add_middleware(middleware)
        self.injector.owner_context = self._context
        self.injector.providers.add(AppConfig, lambda: config, "app", by_plugin=True)

    # Registering -----------------------------------------------------------------------------------------------------

    @property
    def dependency_overrides(self) -> Dict[Any, Callable[..., Any]]:
        """What is called instead of a dependency or provider; live, also while requests are served."""
        return self.injector.overrides

    @dependency_overrides.setter
    def dependency_overrides(self, overrides: Mapping[Any, Callable[..., Any]]) -> None:
        self.injector.overrides.clear()
        self.injector.overrides.update(overrides)

    def override(self, replacements: Mapping[Any, Callable[..., Any]]) -> ContextManager[None]:
        """Replace dependencies and provided types for what runs inside `with`, in this context only."""
        return self.injector.override(replacements)

    def provide(self, kind: Any, factory: Callable[..., Any], scope: Lifetime = "request") -> None:
        """Say who makes the values of a type, and how long each lives."""
        self._registering(f"provide({getattr(kind, '__name__', kind)!r})")
        self.injector.providers.add(kind, factory, scope)

    def add_converter(self, name: str, converter: Converter) -> None:
        """Make `{parameter:name}` mean this converter in every path of the application."""
        self._registering(f"add_converter({name!r})")
        self._converters.add(name, converter)

    def add_guard(self, guard: Guard) -> None:
        """Ask this guard about every request and socket, after those added before it."""
        self._registering(f"add_guard({where_is(guard)})")
        self._guards.append(checked_guard(guard))

    def add_middleware(
        self,
        middleware: Any,
        *args: Any,
        slot: str = "app",
        before: str = "",
        after: str = "",
        **options: Any,
    ) -> None:
        """Put middleware around every request; the last one added is the outermost of its slot.

        A class whose instances are ASGI applications stands outside all others; anything else is called with
        `options`, if there are any, and then with the endpoint it surrounds.
        """
        self._registering(f"add_middleware({name_of(middleware)})")
        self._stack.add(middleware, args, options, Place(slot, before, after))

    def middleware(self, kind: str) -> Callable[[F], F]:
        """`@app.middleware("http")` on a function of `(request, call_next)`."""
        if kind != "http":
            raise SetupError(f"there is no middleware for {kind!r}: only http")

        def register(function: F) -> F:
            def around(endpoint: Endpoint) -> Endpoint:
                async def surrounded(request: Request) -> Response:
                    response: Response = await function(request, endpoint)
                    return response

                return surrounded

            around.__name__ = getattr(function, "__name__", "middleware")
            self.add_middleware(around)
            return function

        return register

    def command(self, function: Callable[..., Any], name: Optional[str] = None) -> None:
        """Make a function a command of the command line; what it asks for is injected."""
        self._registering(f"command({where_is(function)})")
        self.commands[name or function.__name__.replace("_", "-")] = function

    # Building --------------------------------------------------------------------------------------------------------

    def build(self) -> "Application":
        """Put everything together. Every mistake in the program is a `SetupError` here."""
        if self._built is not None:
            return self
        if self._broken is not None:
            # With the traceback that it had: each raise would add to it.
            raise self._broken.with_traceback(self._broken_at)
        try:
            self._put_together()
        except Exception as exc:
            # Half of it may be registered: what is told again is the mistake itself, not what follows from it.
            self._broken, self._broken_at = exc, exc.__traceback__
            raise
        return self

    def _put_together(self) -> None:
        for plugin in order_plugins(self._plugins):
            self._installations.append(install(plugin, self, self.records))
        if not self._is_mounted:  # its environment may hold what is meant for the application around it
            refuse_unknown_sections(self.config, [one.plugin.name for one in self._installations])
        for installation in self._installations:
            installation.is_closed = True
        gather_commands(self.commands, self._installations)
        self.injector.prepare()
        layers = order_layers([layer for stack in self._stacks() for layer in stack.layers])
        table = self._workshop(layers).build_table(self.walk(), self._walk_plugins())
        self.routes, self.mounts, self._names = table.routes, table.mounts, table.names
        form = ProblemFormat(self.config.problem_base, self.config.error_format)
        errors = Errors(self._all_handlers(), form, configured_debug_page(self.config))
        guards = gather_guards(self.config, self._installations, self._guards)
        pages = ProblemPages(self.config.problem_base)
        inner = dispatch_requests(table.requests, self.versioning, self.config.redirect_slashes, pages.answer)
        around = layers_around(layers)
        if around:
            # A boundary of its own, so that middleware sees every answer, errors included.
            inner = fold(around, errors(inner))
        inner = guarded(guards, inner)
        self._socket = dispatch_sockets(table.sockets, self.versioning)
        self._lifespan = Lifespan(gather_parts(self, self._installations, table.lifespans))
        self._built = errors(inner)
        self._open_edge(inner, errors, guards, form)

    def _workshop(self, layers: Sequence[Layer]) -> Workshop:
        defaults = Inherited(cancel_on_disconnect=self.config.cancel_on_disconnect or None)
        return Workshop(
            self.injector, self._converters, layers, self.config.strict, defaults, self.versioning
        )

    def _stacks(self) -> List[Stack]:
        """Everybody's middleware, plugins' further inside than the application's own."""
        return [*(installation.stack for installation in self._installations), self._stack]

    def _walk_plugins(self) -> Iterable[Any]:
        for installation in self._installations:
            yield from installation.router.walk()

    def _all_handlers(self) -> Dict[Any, Callable[..., Any]]:
        handlers: Dict[Any, Callable[..., Any]] = {}
        for installation in self._installations:
            handlers.update(installation.exception_handlers)
        return {**handlers, **self._handlers}

    def _open_edge(
        self, endpoint: Endpoint, errors: Errors, guards: Tuple[Guard, ...], form: ProblemFormat
    ) -> None:
        assert self._socket is not None
        edge = build_edge(self, endpoint, self._socket, errors, guards)
        around = [wrap for stack in self._stacks() for wrap in stack.around]
        self._edge = edge.protocol
        for wrap in around:
            self._edge = wrap(self._edge)
        if not around:
            self._http = edge.http
        self._mounted = self._open_mounted(guards, errors)

    def _open_mounted(self, guards: Tuple[Guard, ...], errors: Errors) -> Opened:
        if any(stack.around for stack in self._stacks()):
            # They speak the protocol, so wherever they stand, this is an application like any other.
            return open_asgi(self)._replace(names=self._names, lifespan=self.lifespan_context)
        assert self._built is not None
        assert self._socket is not None
        endpoint = lower_limit(self._built, self.config.max_body_size)
        limit = self.config.websocket_max_message_size
        handler = build_mounted_socket(self._socket, guards, errors, limit)
        return Opened(endpoint, handler, self, self._names, self.lifespan_context)

    # Serving ---------------------------------------------------------------------------------------------------------

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection (ASGI 3)."""
        if self._http is not None and scope["type"] == "http":
            await self._http(scope, receive, send)
            return
        edge = self._edge
        if edge is None:
            if scope["type"] == "lifespan":
                # A program that cannot be built is told to the server as a start-up that failed.
                await serve_lifespan(self.start, self.stop, scope, receive, send)
                return
            self.build()
            edge = self._edge
        assert edge is not None
        await edge(scope, receive, send)

    async def endpoint(self, request: Request) -> Response:
        """The application as an endpoint: guards, middleware, match, handler."""
        if self._built is None:
            self.build()
        assert self._built is not None
        return await self._built(request)

    def build_mounted(self) -> Opened:
        """What another application mounts: the endpoint, the sockets, this owner, and the names of its routes."""
        self._is_mounted = True
        self.build()
        assert self._mounted is not None
        return self._mounted

    async def start(self) -> Mapping[str, Any]:
        """Build, and open everything that lives as long as the application; gives the state that was yielded."""
        self.build()
        assert self._lifespan is not None
        try:
            return await self._lifespan.start()
        except BaseException:
            if not self._lifespan.users:
                await self._context.close_resources()
                self._forget_values()
            raise

    async def stop(self) -> None:
        """Close everything in reverse: values of scope `app`, then what `start` opened, then the threads."""
        assert self._lifespan is not None
        last = self._lifespan.users <= 1
        try:
            failure = await self._context.close_resources() if last else None
            await self._lifespan.stop()
            if failure is not None:
                raise failure
        finally:
            if last:
                self._forget_values()

    def _forget_values(self) -> None:
        self._context.values.clear()
        self.injector.threads.close()

    @contextlib.asynccontextmanager
    async def lifespan_context(self) -> AsyncIterator[None]:
        """`start` and `stop` as a context."""
        await self.start()
        try:
            yield
        finally:
            await self.stop()

    async def call(self, function: Callable[..., Awaitable[T]]) -> T:
        """Run a function outside any request, with what it asks for injected: a command, a job, a script."""
        self.build()
        run = self.injector.compile(read_signature(function), Site("work", where_is(function)))
        async with Context(self) as context:
            value: T = await run(context)
        return value

    # What a context knows of its application -------------------------------------------------------------------------

    def new_state(self) -> State:
        return State(dict(self._lifespan.state) if self._lifespan is not None else {})

    async def provide_for(self, context: Context, kind: Type[T]) -> T:
        return await self.injector.resolve(context, kind)

    def url_path_for(
        self, name: str, /, *, _query: Optional[Mapping[str, object]] = None, **params: object
    ) -> str:
        """The path of a named route, with `_query` if it is given; without scheme, host and `root_path`.

        Raises:
            LookupError: no route has this name, or not with these parameters.
        """
        if self._built is None:
            raise NoMatchFound(f"{name!r}: the application is not built yet: build() it first")
        return self._names.path_for(name, params, _query)

    def translate(self, code: str, message: str, fields: Mapping[str, Any], context: Context) -> str:
        """A message for the reader; what i18n replaces."""
        return fill(message, fields)
