"""Site: what a graph is compiled for, and whom it asks for what it cannot know itself."""

from typing import Any, Callable, FrozenSet, Mapping, NamedTuple, Optional, Protocol

from microframe.concurrency import Threads
from microframe.injection.plan import Plan
from microframe.injection.providers import Provider
from microframe.validation.registry import Codecs

KIND_NAMES = {
    "http": "a request",
    "socket": "a WebSocket",
    "work": "a job or command",
    "app": "the application",
}


Replace = Mapping[Any, Callable[..., Any]]


class Site(NamedTuple):
    """What a graph is compiled for: the kind of context, the names in the path, and who is named in errors."""

    kind: str
    where: str
    path_names: FrozenSet[str] = frozenset()
    strict: bool = False
    scope: str = "request"
    """The longest scope that what is compiled may not outlive."""


class Supplier(Protocol):
    """What the graph asks its surroundings for: codecs, threads, and who provides a type."""

    codecs: Codecs
    threads: Threads

    def provider_of(self, kind: Any, replaced: Replace = ...) -> Optional[Provider[Any]]:
        """Who makes the values of a type where some callables are replaced by others."""

    def provided_source(self, provider: Provider[Any], site: Site) -> Callable[[Any], Any]:
        """An async function from a context to the provided value."""

    def reached_by(self, provider: Provider[Any]) -> FrozenSet[object]:
        """What a provider draws on, and could be replaced."""

    def is_shared(self, call: Any) -> bool:
        """Whether the value of this dependency is one for the whole context, because providers ask for it too."""

    def shared_source(self, key: object, plan: Plan) -> Callable[[Any], Any]:
        """An async function from a context to that one value."""
