"""Installation: one plugin in one application: the host it is given, and what it has registered there."""

import contextlib
import inspect
from typing import (
    Any,
    Awaitable,
    Callable,
    Dict,
    List,
    Optional,
    Protocol,
    Type,
    TypeVar,
)

from microframe.assembly.layers import Place, Stack, checked_guard
from microframe.configurations.config import AppConfig
from microframe.configurations.options import read_section
from microframe.context import Context
from microframe.endpoint import Guard
from microframe.exceptions import SetupError
from microframe.injection.injector import Injector
from microframe.lifespan import Opening, Part
from microframe.markers import Scope
from microframe.plugin import Plugin
from microframe.routing.route import where_is
from microframe.routing.router import Router
from microframe.validation.codec import Codec

T = TypeVar("T")


class Base(Protocol):
    """What an installation needs of its application."""

    name: str
    config: AppConfig
    injector: Injector
    commands: Dict[str, Callable[..., Any]]


class Installation:
    """The host of one plugin. Everything is kept apart until all are set up, so the application's own words win."""

    def __init__(self, plugin: Plugin, application: Base, records: List[object]) -> None:
        self.plugin = plugin
        self.name = application.name
        self.router = Router()
        self.stack = Stack()
        self.guards: List[Guard] = []
        self.parts: List[Part] = []
        self.exception_handlers: Dict[Any, Callable[..., Any]] = {}
        self.commands: Dict[str, Callable[..., Any]] = {}
        self._application = application
        self._records = records
        self.is_closed = False
        """Whether the application is put together, so that nothing can be registered any more."""

    @property
    def config(self) -> AppConfig:
        return self._application.config

    def include_router(self, router: Router, *, prefix: str = "") -> None:
        self._registering("include_router")
        self.router.include_router(router, prefix=prefix)

    def mount(self, path: str, app: object, name: Optional[str] = None) -> None:
        self._registering("mount")
        self.router.mount(path, app, name)

    def add_middleware(
        self,
        middleware: Callable[..., Any],
        *,
        slot: str = "",
        before: str = "",
        after: str = "",
        **options: Any,
    ) -> None:
        self._registering("add_middleware")
        made = self.stack.add(middleware, (), options, Place(slot, before, after))
        if hasattr(made, "setup"):
            made.setup(self)

    def add_guard(self, guard: Guard) -> None:
        self._registering("add_guard")
        self.guards.append(checked_guard(guard))

    def provide(self, kind: Type[T], factory: Callable[..., Any], scope: Scope = "request") -> None:
        self._registering("provide")
        self._application.injector.providers.add(kind, factory, scope, by_plugin=True)

    def add_exception_handler(self, kind: Any, handler: Callable[..., Any]) -> None:
        self._registering("add_exception_handler")
        self.exception_handlers[kind] = handler

    def add_codec(self, codec: Codec) -> None:
        self._registering("add_codec")
        self._application.injector.codecs.add(codec)

    def add_lifespan(self, context: Opening) -> None:
        """A context manager without arguments, or a plain async generator; what it yields becomes state of requests."""
        self._registering("add_lifespan")
        made: Any = (
            contextlib.asynccontextmanager(context) if inspect.isasyncgenfunction(context) else context
        )
        self.parts.append(Part(f"the plugin {self.plugin.name!r}", made))

    def command(self, function: Callable[..., Any], name: Optional[str] = None) -> None:
        self._registering("command")
        self.commands[name or function.__name__.replace("_", "-")] = function

    def options(self, kind: Type[T]) -> T:
        """The plugin's own section of the configuration: `[plugins.<name>]`, `MICROFRAME_<NAME>__KEY`."""
        return read_section(self._application.config, self.plugin.name, kind)

    def resolver(self, kind: Type[T]) -> Callable[[Context], Awaitable[T]]:
        async def resolve(context: Context) -> T:
            return await context.resolve(kind)

        return resolve

    def contribute(self, record: object) -> None:
        """Leave a record for whoever gathers its type."""
        self._records.append(record)

    def contributions(self, kind: Type[T]) -> List[T]:
        """The records of a type left so far and later on: a live list is read when the application starts."""
        return [record for record in self._records if isinstance(record, kind)]

    def _registering(self, what: str) -> None:
        if self.is_closed:
            raise SetupError(
                f"the plugin {self.plugin.name!r}: {what}: too late, the application is already built"
            )


def install(plugin: Plugin, application: Base, records: List[object]) -> Installation:
    """Let a plugin register what it has.

    Raises:
        SetupError: it failed; the text names it, and its own error is the cause.
    """
    installation = Installation(plugin, application, records)
    try:
        plugin.setup(installation)
    except SetupError as exc:
        raise SetupError(f"the plugin {plugin.name!r}: {exc}") from exc
    except Exception as exc:
        where = where_is(plugin.setup)
        raise SetupError(
            f"the plugin {plugin.name!r} failed in {where}: {type(exc).__name__}: {exc}"
        ) from exc
    return installation
