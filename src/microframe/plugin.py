"""Plugin: the contract of a battery: a name, what it needs, and `setup(host)`, with the verbs a host offers."""

from dataclasses import dataclass, field
from typing import (
    Any,
    Awaitable,
    Callable,
    Dict,
    List,
    Mapping,
    Optional,
    Protocol,
    Sequence,
    Tuple,
    Type,
    TypeVar,
    Union,
    runtime_checkable,
)

from typing_extensions import Literal

from microframe.configurations.config import AppConfig
from microframe.context import Context
from microframe.endpoint import Guard
from microframe.exceptions import SetupError
from microframe.lifespan import Opening
from microframe.markers import Scope
from microframe.routing.router import Router
from microframe.validation.codec import Codec

T = TypeVar("T")
Severity = Literal["error", "warning", "note"]


class Host(Protocol):
    """What a plugin may do to the application it is given to; `assembly.Installation` is one, made for each plugin."""

    name: str

    @property
    def config(self) -> AppConfig:
        """The application's configuration, to read only."""

    def include_router(self, router: Router, *, prefix: str = "") -> None: ...
    def mount(self, path: str, app: object, name: Optional[str] = None) -> None: ...
    def add_middleware(
        self,
        middleware: Callable[..., Any],
        *,
        slot: str = "",
        before: str = "",
        after: str = "",
        **options: Any,
    ) -> None: ...
    def add_guard(self, guard: Guard) -> None: ...
    def provide(self, kind: Type[T], factory: Callable[..., Any], scope: Scope = "request") -> None: ...
    def add_exception_handler(self, kind: Any, handler: Callable[..., Any]) -> None: ...
    def add_codec(self, codec: Codec) -> None: ...
    def add_lifespan(self, context: Opening) -> None: ...
    def command(self, function: Callable[..., Any], name: Optional[str] = None) -> None: ...
    def options(self, kind: Type[T]) -> T: ...
    def resolver(self, kind: Type[T]) -> Callable[[Context], Awaitable[T]]: ...
    def contribute(self, record: object) -> None: ...
    def contributions(self, kind: Type[T]) -> List[T]: ...


@runtime_checkable
class Plugin(Protocol):
    """A battery. `requires` names plugins that must be there, `"templates>=3"` with the least major version;
    `after` those that come first if they are. `options` is a type whose fields configure it."""

    name: str

    def setup(self, host: Host) -> None: ...


# Records that batteries share, so that none needs to import another --------------------------------------------------


@dataclass(frozen=True)
class HealthCheck:
    """One thing that must be well for the application to be ready; `check` raises when it is not."""

    name: str
    check: Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Finding:
    """Something that `microframe check` has found; `code` says what kind of thing it is, `file` and `line` where."""

    code: str
    message: str
    file: str = ""
    line: int = 0
    severity: Severity = "error"
    remedy: str = ""
    """How to mend it, in a sentence."""


@dataclass(frozen=True)
class Check:
    """Something that `microframe check` looks for, once the application is built.

    `find` gives what is wrong: a `Finding`, or a text, which is an error under the name of the check. Nothing when
    all is well.
    """

    name: str
    find: Callable[[], Sequence[Union[str, Finding]]]


@dataclass(frozen=True)
class TemplateFolder:
    """A folder of templates, under a namespace."""

    path: str
    namespace: str = ""


@dataclass(frozen=True)
class Catalog:
    """A folder of message catalogues."""

    path: str
    domain: str = "messages"


# Order ---------------------------------------------------------------------------------------------------------------


@dataclass
class _Needs:
    plugin: Plugin
    requires: Dict[str, str] = field(default_factory=dict)
    after: Tuple[str, ...] = ()


def order_plugins(plugins: Sequence[Plugin]) -> List[Plugin]:
    """Each plugin after those it requires or names in `after`; otherwise as they were given.

    Raises:
        SetupError: a plugin twice, one that is required and missing or too old, or a circle.
    """
    needs: Dict[str, _Needs] = {}
    for plugin in plugins:
        _check_shape(plugin)
        if plugin.name in needs:
            raise SetupError(f"the plugin {plugin.name!r} is given twice")
        requires = dict(_parse_requirement(text) for text in getattr(plugin, "requires", ()))
        needs[plugin.name] = _Needs(plugin, requires, tuple(getattr(plugin, "after", ())))
    for name, need in needs.items():
        for other, least in need.requires.items():
            _check_requirement(name, other, least, needs)
    graph = {
        name: [other for other in needs if other in need.requires or other in need.after]
        for name, need in needs.items()
    }
    if not graph:
        return []
    from graphlib import CycleError, TopologicalSorter

    try:
        return [needs[name].plugin for name in TopologicalSorter(graph).static_order()]
    except CycleError as exc:
        raise SetupError(f"plugins want to come before each other: {' -> '.join(exc.args[1])}") from None


def _check_shape(plugin: object) -> None:
    if isinstance(plugin, type):
        raise SetupError(f"{plugin.__name__} is a class: give the application a plugin made from it")
    if not isinstance(plugin, Plugin) or not isinstance(plugin.name, str):
        raise SetupError(f"{plugin!r} is no plugin: it needs a name and setup(host)")


def _parse_requirement(text: str) -> Tuple[str, str]:
    name, _, least = text.partition(">=")
    return name.strip(), least.strip()


def _check_requirement(name: str, other: str, least: str, needs: Mapping[str, _Needs]) -> None:
    if other not in needs:
        raise SetupError(f"the plugin {name!r} requires {other!r}, which is not given")
    version = str(getattr(needs[other].plugin, "version", "0"))
    if least and _numbers(version) < _numbers(least):
        raise SetupError(f"the plugin {name!r} requires {other}>={least}, but {other} {version} is given")


def _numbers(version: str) -> Tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())
