"""Description: where each parameter of a route comes from, told by the graph that compiles it."""

from dataclasses import dataclass
from typing import Any, List, Optional, Tuple

from microframe.injection.checks import is_framework
from microframe.injection.graph import GraphBuilder, Unbound
from microframe.injection.handler import site_of
from microframe.injection.injector import Injector
from microframe.injection.providers import type_name
from microframe.injection.signature import Asked, Signature, read_signature
from microframe.injection.sources import sent_name
from microframe.markers import Dependency
from microframe.routing.route import Route, where_is


@dataclass(frozen=True)
class Note:
    """One parameter and its source; `depth` counts the dependencies around it, `name` is empty for those of a
    route, which nobody gets."""

    depth: int
    name: str
    type: str
    source: str
    """path, query, header, cookie, body, dependency, provided, framework or default."""
    detail: str = ""
    """The name it is sent by where that is another one; for dependency and provided what makes the value."""


def describe(route: Route, injector: Injector) -> List[Note]:
    """Every parameter of a route's handler and of its dependencies, in the order in which they are made."""
    recorder = Recorder(injector, site_of(route, "socket" if route.is_socket else "http", False))
    recorder.build(read_signature(route.handler, route.controller), route.inherited.dependencies)
    return recorder.notes


class Recorder(GraphBuilder):
    """Builds the graph of a route once more, and writes down what it decides."""

    notes: List[Note]
    handler: Any

    def note(self, asked: Asked, source: str, detail: str = "") -> None:
        depth = len(self._path) - (self._path[:1] == [self.handler])
        self.notes.append(Note(depth, asked.name, type_name(asked.annotation), source, detail))

    def build(self, signature: Signature, dependencies: Any = ()) -> Any:
        self.notes, self.handler = [], signature.call
        return super().build(signature, dependencies)

    def add_dependency(
        self,
        marker: Dependency,
        annotation: Any,
        scopes: Tuple[str, ...],
        where: str,
        outer_scope: str = "function",
        name: str = "",
    ) -> int:
        call = marker.call if marker.call is not None else annotation
        self.note(Asked(name, annotation, marker, None), "dependency", where_is(call))
        return super().add_dependency(marker, annotation, scopes, where, outer_scope, name)

    def add_provided(self, asked: Asked, scope: str, owner: Signature) -> int:
        provider = self.supplier.provider_of(asked.annotation)
        self.note(asked, "provided", f"{provider.scope}: {provider.where}" if provider else "")
        return super().add_provided(asked, scope, owner)

    def source_for(self, asked: Asked, scopes: Tuple[str, ...], owner: Signature) -> Any:
        marker: Optional[Any] = asked.marker
        if marker is None and is_framework(asked.annotation):
            self.note(asked, "framework")
        else:
            marker = marker or self.guess(asked, owner)
            if isinstance(marker, Unbound):
                self.note(asked, "default")
            else:
                sent = sent_name(asked, marker)
                self.note(asked, marker.place, "" if sent == asked.name else sent)
        return super().source_for(asked, scopes, owner)
