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
from microframe.assembly.brokers import OwnBroker
from microframe.assembly.layers import Place, Stack, around_next, checked_guard, name_of
from microframe.assembly.mounts import Opened
from microframe.assembly.program import Program, Registered, build_program, describe_program
from microframe.assembly.stores import OwnStore
from microframe.broker import Broker
from microframe.configurations.config import AppConfig, ConfigOptions
from microframe.configurations.load import load_config
from microframe.context import Context, State
from microframe.endpoint import Endpoint, Guard
from microframe.exceptions import SetupError, fill
from microframe.http.request import Request
from microframe.http.responses import Response
from microframe.injection.injector import Injector
from microframe.injection.signature import read_signature
from microframe.injection.site import Site
from microframe.lifespan import Lifespan
from microframe.markers import Scope as Lifetime
from microframe.plugin import Plugin
from microframe.routing.converters import Converter, Converters
from microframe.routing.place import place_of_call
from microframe.routing.route import Mount, Route, where_is
from microframe.routing.router import EventFunction, LifespanFunction, Router, Webhooks
from microframe.routing.shared import SharedOptions
from microframe.routing.urls import NoMatchFound, RouteNames
from microframe.routing.versions import Versions
from microframe.store import Store

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


class ApplicationOptions(SharedOptions, ConfigOptions, total=False):
    """The fields of `AppConfig`, what a router takes, where what its processes share is kept, and how they tell each
    other."""

    store: Store
    broker: Broker


class Application(Router):
    """The whole program: `Application(title="Team board")`, or `Application(AppConfig(…))`.

    Registered first, built once (at the lifespan's start or the first request), then served; from then on nothing can
    be registered. Given keywords it reads the environment too (`load_config`); a configuration given whole stays.
    """

    handles_everything = True
    made_at: Tuple[str, int]
    """The file and line where it is made, for what is told of it."""

    _program: Optional[Program] = None
    """What it is once it is put together."""

    def __init__(
        self,
        config: Optional[AppConfig] = None,
        *,
        plugins: Sequence[Plugin] = (),
        lifespan: Optional[LifespanFunction] = None,
        on_startup: Sequence[EventFunction] = (),
        on_shutdown: Sequence[EventFunction] = (),
        versioning: Optional[Versions] = None,
        webhooks: Optional[Router] = None,
        **options: Unpack[ApplicationOptions],
    ) -> None:
        fields: Any = {key: value for key, value in options.items() if key in ConfigOptions.__annotations__}
        shared: Any = {key: value for key, value in options.items() if key not in fields}
        wrapping, guards = shared.pop("middleware", ()), shared.pop("guards", ())
        store, broker = shared.pop("store", None), shared.pop("broker", None)
        super().__init__(lifespan=lifespan, on_startup=on_startup, on_shutdown=on_shutdown, **shared)
        if config is None:
            config = load_config(**fields)
        elif fields:
            config = config.replace(**fields)
        self.config = config
        self.shared = OwnStore(store, config)
        self.own_broker = OwnBroker(broker, config, self.shared)
        self.name = config.title
        self.versioning = versioning
        self.webhooks = Webhooks() if webhooks is None else webhooks
        self.openapi_schema: Optional[Dict[str, Any]] = None
        self.state, self.injector = State(), Injector()
        self.injector.threads.size = config.threads
        self.commands: Dict[str, Callable[..., Any]] = {}
        self.mounts: List[Mount] = []
        self._plugins = list(plugins)
        self.records: List[object] = []
        self._converters = Converters()
        self._stack = Stack()
        self._guards: List[Guard] = [checked_guard(guard) for guard in guards]
        self.made_at = place_of_call()
        self._names = RouteNames()
        self._context = Context(self)
        self._lifespan: Optional[Lifespan] = None
        self._built: Optional[Endpoint] = None
        self._mounted: Optional[Opened] = None
        self._broken: Optional[Exception] = None
        self._broken_at: Optional[TracebackType] = None
        self._is_mounted = False
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

    @property
    def store(self) -> Store:
        """What its processes share; in memory, for one process, unless it was given another one."""
        return self.shared.get()

    @property
    def broker(self) -> Broker:
        """What carries messages between its processes; in this one alone unless it was given another one."""
        return self.own_broker.get()

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
        slot: str = "",
        before: str = "",
        after: str = "",
        **options: Any,
    ) -> None:
        """Put middleware around every request; the last one added is the outermost of its slot.

        A class whose instances are ASGI applications stands outside all others; anything else is called with
        `options`, if there are any, and then with the endpoint it surrounds. Where it has a method `setup`, that is
        called with the application, to register what else it needs: a guard, a provided type, other middleware.
        """
        self._registering(f"add_middleware({name_of(middleware)})")
        made = self._stack.add(middleware, args, options, Place(slot, before, after))
        if hasattr(made, "setup"):
            made.setup(self)

    def middleware(self, kind: str) -> Callable[[F], F]:
        """`@app.middleware("http")` on a function of `(request, call_next)`."""
        if kind != "http":
            raise SetupError(f"there is no middleware for {kind!r}: only http")

        def register(function: F) -> F:
            self.add_middleware(around_next(function))
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
            if not self._is_mounted and self.is_strict:
                from microframe.checks.weaknesses import refuse_weaknesses

                refuse_weaknesses(self)
        except Exception as exc:
            # Half of it may be registered: what is told again is the mistake itself, not what follows from it.
            self._broken, self._broken_at = exc, exc.__traceback__
            raise
        return self

    def _put_together(self) -> None:
        registered = Registered(
            self._plugins,
            self.records,
            self._stack,
            self._guards,
            self._handlers,
            self._converters,
            self._is_mounted,
        )
        program = build_program(self, registered)
        self.mounts, self._names = program.table.mounts, program.table.names
        self._lifespan = program.lifespan
        self._mounted = program.mounted
        self._edge, self._http = program.edge, program.http
        self._built = program.endpoint
        self._program = program

    @property
    def is_strict(self) -> bool:
        """Whether it, or an application that it mounts, starts only where nothing of it is weak."""
        inner = [mount.app for mount in self.mounts if isinstance(mount.app, Application)]
        return self.config.strict or any(app.is_strict for app in inner)

    @property
    def routes(self) -> List[Route]:
        """Every route, plugins' included once the application is built; not those of the API document."""
        return super().routes if self._program is None else self._program.table.routes

    def openapi(self) -> Dict[str, Any]:
        """The API document, made at the first call and kept in `openapi_schema`. Another function may stand here."""
        self.build()
        assert self._program is not None
        if self.openapi_schema is None:
            self.openapi_schema = describe_program(self, self._program)
        return self.openapi_schema

    def openapi_of(self, version: str) -> Dict[str, Any]:
        """The document of one version of the API alone, with what is in no version; made anew by each call.

        Raises:
            SetupError: there is no such version.
        """
        self.build()
        assert self._program is not None
        if self.versioning is None:
            raise SetupError(f"openapi_of({version!r}): this application has no versions (versioning=)")
        self.versioning.check(version, "openapi_of")
        return describe_program(self, self._program, version)

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
