"""Site: what a graph is compiled for, and whom it asks for what it cannot know itself."""

from dataclasses import dataclass
from typing import Any, Callable, FrozenSet, Optional, Protocol

from microframe.concurrency import Threads
from microframe.injection.providers import Provider
from microframe.validation.registry import Codecs

KIND_NAMES = {
    "http": "a request",
    "socket": "a WebSocket",
    "work": "a job or command",
    "app": "the application",
}


@dataclass(frozen=True)
class Site:
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

    def provider_of(self, kind: Any) -> Optional[Provider[Any]]: ...

    def provided_source(self, provider: Provider[Any], site: Site) -> Callable[[Any], Any]:
        """An async function from a context to the provided value."""
