"""Program: an application put together: what answers its requests and sockets, and what lives as long as it does."""

from typing import (
    Any,
    AsyncContextManager,
    Callable,
    Dict,
    Iterable,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Protocol,
    Sequence,
    Tuple,
)

from microframe.asgi.messages import ASGIApp, Receive, Scope, Send
from microframe.asgi.socket import build_mounted_socket
from microframe.assembly.brokers import OwnBroker
from microframe.assembly.caching import keep_answers
from microframe.assembly.commands import check_commands, gather_commands
from microframe.assembly.documents import Document, check_operation_ids, documentation_router
from microframe.assembly.edge import Served, build_edge, configured_debug_page, configured_limits
from microframe.assembly.guards import gather_guards
from microframe.assembly.installation import Base, Installation, install
from microframe.assembly.layers import Layer, Made, Stack, layers_around, order_layers
from microframe.assembly.mounts import Opened, keep_limits, open_asgi
from microframe.assembly.parts import gather_parts
from microframe.assembly.protection import hold_to_limits, protect_sessions, says_headers
from microframe.assembly.stores import OwnStore
from microframe.assembly.table import Found, Table, Workshop
from microframe.assembly.versions import dispatch_requests, dispatch_sockets
from microframe.configurations.options import refuse_unknown_sections
from microframe.endpoint import Endpoint, Guard, fold, guarded
from microframe.http.problems import ProblemFormat, ProblemPages
from microframe.lifespan import Lifespan
from microframe.middleware.errors import Errors
from microframe.plugin import Plugin, order_plugins
from microframe.routing.converters import Converters
from microframe.routing.dispatch import SocketHandler
from microframe.routing.route import Inherited
from microframe.routing.router import Router
from microframe.routing.versions import Versions


class Assembled(Base, Served, Protocol):
    """What an application gives of itself to be put together."""

    def walk(self, around: Inherited = ...) -> Iterator[Found]: ...

    def routers(self) -> Iterator[Router]: ...

    def lifespan_context(self) -> AsyncContextManager[None]: ...

    shared: OwnStore

    own_broker: OwnBroker

    webhooks: Router

    def openapi(self) -> Document: ...

    def openapi_of(self, version: str) -> Document: ...

    @property
    def versioning(self) -> Optional[Versions]: ...

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...


class Registered(NamedTuple):
    """What was registered with an application besides its routes."""

    plugins: Sequence[Plugin]
    records: List[object]
    stack: Stack
    guards: Sequence[Guard]
    handlers: Mapping[Any, Callable[..., Any]]
    converters: Converters
    is_mounted: bool
    """Whether another application stands around this one."""


class Program(NamedTuple):
    """Everything that is decided at build."""

    table: Table
    endpoint: Endpoint
    lifespan: Lifespan
    edge: ASGIApp
    http: Optional[ASGIApp]
    """What serves requests alone, where nothing stands around the edge."""
    mounted: Opened
    guards: Sequence[Guard]
    """Those that are asked about everything."""
    layers: Sequence[Layer]
    """The middleware of the application, plugins' included, the outermost first."""
    made: Sequence[Made]
    """Everything that was added as middleware, also what surrounds nothing itself."""
    handlers: Mapping[Any, Callable[..., Any]]

    @property
    def around(self) -> Sequence[Any]:
        """The guards and middleware that stand before every route."""
        return [*self.guards, *(layer.middleware for layer in self.layers)]


def build_program(application: Assembled, registered: Registered) -> Program:
    """Put an application together.

    Raises:
        SetupError: there is a mistake in the program, whatever it is.
    """
    return Assembly(application, registered).build()


def describe_program(application: Assembled, program: Program, version: Optional[str] = None) -> Document:
    """The API document of an application that is put together, or of one version of it.

    Most of what it needs is imported for it alone.
    """
    from microframe.openapi.document import Subject, build_document
    from microframe.openapi.versions import routes_of_version

    routes = program.table.routes if version is None else routes_of_version(program.table.routes, version)
    subject = Subject(
        application.config,
        application.injector,
        routes,
        application.webhooks.routes,
        program.around,
        program.handlers,
        application.versioning,
    )
    return build_document(subject)


class Assembly:
    """One application while it is put together."""

    def __init__(self, application: Assembled, registered: Registered) -> None:
        self.application = application
        self.config = application.config
        self.registered = registered
        self.installations: List[Installation] = []

    def build(self) -> Program:
        self.set_up_plugins()
        protect_sessions(self.application, self.stacks)
        found, from_plugins = list(self.application.walk()), list(self.walk_plugins())
        self.provide_shared()
        hold_to_limits(self.application, self.stacks, [*found, *from_plugins])
        keep_answers(self.application, self.stacks, [*found, *from_plugins])
        self.application.injector.prepare()
        check_commands(self.application.commands, self.application.injector)
        layers = order_layers([layer for stack in self.stacks for layer in stack.layers])
        form = ProblemFormat(self.config.problem_base, self.config.error_format)
        handlers = self.exception_handlers()
        errors = Errors(handlers, form, configured_debug_page(self.config))
        pages = list(documentation_router(self.application).walk())
        table = self.workshop(layers, errors).build_table(found, from_plugins, pages)
        check_operation_ids(table.routes)
        guards = gather_guards(self.config, self.installations, self.registered.guards)
        inner = self.build_endpoint(table, layers, guards, errors)
        endpoint = errors(inner)
        socket = dispatch_sockets(table.sockets, self.application.versioning)
        limits = configured_limits(self.config, says_headers(self.stacks))
        edge = build_edge(self.application, inner, socket, errors, guards, limits)
        protocol = edge.protocol
        for wrap in self.around:
            protocol = wrap(protocol)
        return Program(
            table,
            endpoint,
            self.build_lifespan(table),
            protocol,
            None if self.around else edge.http,
            self.open_mounted(
                table,
                errors(keep_limits(inner, limits)),
                build_mounted_socket(socket, guards, errors, limits.socket) if table.sockets else None,
            ),
            guards,
            layers,
            [made for stack in self.stacks for made in stack.made],
            handlers,
        )

    def provide_shared(self) -> None:
        """Give who asks what the processes of the application share."""
        for own in (self.application.shared, self.application.own_broker):
            own.provide(self.application.injector.providers)

    def set_up_plugins(self) -> None:
        application, registered = self.application, self.registered
        for plugin in order_plugins(registered.plugins):
            self.installations.append(install(plugin, application, registered.records))
        if not registered.is_mounted:  # its environment may hold what is meant for the application around it
            refuse_unknown_sections(self.config, [one.plugin.name for one in self.installations])
        for installation in self.installations:
            installation.is_closed = True
        gather_commands(application.commands, self.installations)

    @property
    def stacks(self) -> List[Stack]:
        """Everybody's middleware, plugins' further inside than the application's own."""
        return [*(installation.stack for installation in self.installations), self.registered.stack]

    @property
    def around(self) -> List[Callable[[ASGIApp], ASGIApp]]:
        """The ASGI middleware, which stands around the edge."""
        return [wrap for stack in self.stacks for wrap in stack.around]

    def workshop(self, layers: Sequence[Layer], errors: Errors) -> Workshop:
        config = self.config
        defaults = Inherited(
            cancel_on_disconnect=config.cancel_on_disconnect or None,
            policies={"timeout": config.request_timeout} if config.request_timeout else {},
        )
        application = self.application
        return Workshop(
            application.injector,
            self.registered.converters,
            layers,
            self.config.strict,
            defaults,
            application.versioning,
            application.name,
            errors.answer,
        )

    def walk_plugins(self) -> Iterable[Found]:
        for installation in self.installations:
            yield from installation.router.walk()

    def exception_handlers(self) -> Dict[Any, Callable[..., Any]]:
        handlers: Dict[Any, Callable[..., Any]] = {}
        for installation in self.installations:
            handlers.update(installation.exception_handlers)
        return {**handlers, **self.registered.handlers}

    def build_endpoint(
        self, table: Table, layers: Sequence[Layer], guards: Tuple[Guard, ...], errors: Errors
    ) -> Endpoint:
        """Guards, middleware and the match; errors outside the middleware are left to the edge."""
        pages = ProblemPages(self.config.problem_base)
        versions, slashes = self.application.versioning, self.config.redirect_slashes
        inner = dispatch_requests(table.requests, versions, slashes, pages.answer)
        around = layers_around(layers)
        if around:
            # A boundary of its own, so that middleware sees every answer, errors included.
            inner = fold(around, errors(inner))
        return guarded(guards, inner)

    def build_lifespan(self, table: Table) -> Lifespan:
        application = self.application
        parts = gather_parts(application, application.routers(), self.installations, table.lifespans)
        return Lifespan([application.shared.part(), application.own_broker.part(), *parts])

    def open_mounted(self, table: Table, endpoint: Endpoint, socket: Optional[SocketHandler]) -> Opened:
        """This application as another one mounts it."""
        application = self.application
        if self.around:
            # They speak the protocol, so wherever they stand, this is an application like any other.
            opened = open_asgi(application)
            return opened._replace(names=table.names, lifespan=application.lifespan_context)
        return Opened(endpoint, socket, application, table.names, application.lifespan_context)
