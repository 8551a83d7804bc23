"""Description: what a route asks for and where each value comes from, told by the graph that compiles it."""

from dataclasses import dataclass, field
from functools import partial
from typing import Any, Callable, FrozenSet, Iterator, List, Optional, Sequence, Tuple, Type

from microframe.http.forms import FormData
from microframe.http.parts import FormParts
from microframe.injection.body_parameter import BodyParameter
from microframe.injection.checks import is_framework
from microframe.injection.graph import GraphBuilder, Unbound
from microframe.injection.handler import site_of
from microframe.injection.injector import Injector
from microframe.injection.providers import Provider, type_name
from microframe.injection.signature import Asked, Signature, read_signature
from microframe.injection.site import Site, Supplier
from microframe.injection.sources import sent_name
from microframe.markers import Dependency, Parameter
from microframe.routing.route import Route, where_is
from microframe.security.scheme import SecurityScheme


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


@dataclass
class Call:
    """One callable of a graph: what it reads from the message itself, and the calls it depends on."""

    call: Any
    parameters: List[Tuple[Asked, Parameter]] = field(default_factory=list)
    body: List[BodyParameter] = field(default_factory=list)
    inner: List["Call"] = field(default_factory=list)
    reads_form: bool = False

    def walk(self) -> Iterator["Call"]:
        """This call and all below it, in the order of what is written."""
        yield self
        for one in self.inner:
            yield from one.walk()


@dataclass(frozen=True)
class Description:
    """What a route asks for, its handler first, then its dependencies and providers at any depth."""

    notes: Sequence[Note]
    parameters: Sequence[Tuple[Asked, Parameter]]
    body: Sequence[BodyParameter]
    schemes: Sequence[Tuple[SecurityScheme, Tuple[str, ...]]]
    """Each with the scopes that its use needs."""
    raises: Sequence[Type[BaseException]]
    """What the calls say that they raise (`@raises`)."""
    returns: Any
    reads_form: bool
    """Whether a callable takes the form as it is, with any fields there are."""

    calls: Sequence[Any]
    """What is called before the handler: its dependencies, and what provides values to any of them."""

    reaches: FrozenSet[object]
    """Every callable and provided type that it draws on."""


def describe(route: Route, injector: Injector) -> Description:
    """Everything that a route's handler and its dependencies ask for."""
    recorder = Recorder(injector, site_of(route, "socket" if route.is_socket else "http", False))
    signature = read_signature(route.handler, route.controller)
    recorder.build(signature, route.inherited.dependencies)
    *dependencies, handler = recorder.root.inner
    handler.inner[:0] = dependencies
    calls = [*handler.walk()]
    return Description(
        notes=recorder.notes,
        parameters=[parameter for call in calls for parameter in call.parameters],
        body=[parameter for call in calls for parameter in call.body],
        schemes=recorder.schemes,
        raises=[kind for call in calls for kind in raised_by(call.call)],
        returns=signature.returns,
        reads_form=any(call.reads_form for call in calls),
        calls=[call.call for call in calls[1:]],
        reaches=frozenset(recorder.reaches),
    )


def raised_by(call: Any) -> Sequence[Type[BaseException]]:
    """What a callable says that it raises: itself, or the method that an object is called by."""
    while isinstance(call, partial):
        call = call.func
    said = call if hasattr(call, "__raises__") else getattr(type(call), "__call__", None)
    return tuple(getattr(said, "__raises__", ()))


class Recorder(GraphBuilder):
    """Builds the graph of a route once more, and writes down what it decides."""

    def __init__(self, supplier: Supplier, site: Site) -> None:
        super().__init__(supplier, site)
        self.notes: List[Note] = []
        self.schemes: List[Tuple[SecurityScheme, Tuple[str, ...]]] = []
        self.root = self.current = Call(None)
        self.handler: Optional[Callable[..., Any]] = None

    def note(self, asked: Asked, source: str, detail: str = "") -> None:
        depth = len(self._path) - (self._path[:1] == [self.handler])
        self.notes.append(Note(depth, asked.name, type_name(asked.annotation), source, detail))

    def build(self, signature: Signature, dependencies: Sequence[Any] = ()) -> Any:
        self.handler = signature.call
        return super().build(signature, dependencies)

    def add_call(
        self, signature: Signature, scopes: Tuple[str, ...], scope: str, *, opens: bool = True
    ) -> int:
        outer, self.current = self.current, Call(signature.call)
        outer.inner.append(self.current)
        try:
            return super().add_call(signature, scopes, scope, opens=opens)
        finally:
            self.current = outer

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
        if isinstance(call, SecurityScheme):
            self.schemes.append((call, (*scopes, *(one for one in marker.scopes if one not in scopes))))
        return super().add_dependency(marker, annotation, scopes, where, outer_scope, name)

    def add_shared(self, signature: Signature, scopes: Tuple[str, ...], lifetime: str, key: object) -> int:
        return self.add_call(signature, scopes, lifetime)

    def wants_scopes(self, signature: Signature) -> bool:
        """With other scopes around it every dependency is looked at again: below it may be a security scheme."""
        return True

    def add_provided(self, asked: Asked, scope: str, owner: Signature) -> int:
        provider = self.supplier.provider_of(asked.annotation)
        self.note(asked, "provided", f"{provider.scope}: {provider.where}" if provider else "")
        if provider is not None and ("provided", asked.annotation) not in self._known:
            self.current.inner.append(self.call_of(provider))
        return super().add_provided(asked, scope, owner)

    def call_of(self, provider: Provider[Any]) -> Call:
        """The calls that a provider makes; it is a graph of its own."""
        kind = "app" if provider.scope == "app" else self.site.kind
        recorder = Recorder(self.supplier, Site(kind, str(provider), scope=provider.scope))
        scope = provider.scope if provider.scope != "transient" else "request"
        recorder.build_value(read_signature(provider.factory), scope)
        self.schemes += recorder.schemes
        return recorder.root.inner[-1]

    def add_body(self, parameter: BodyParameter) -> int:
        self.current.body.append(parameter)
        return super().add_body(parameter)

    def source_for(self, asked: Asked, scopes: Tuple[str, ...], owner: Signature) -> Any:
        marker: Optional[Any] = asked.marker
        if marker is None and is_framework(asked.annotation):
            self.note(asked, "framework")
            self.current.reads_form |= asked.annotation in (FormData, FormParts)
        else:
            marker = marker or self.guess(asked, owner)
            if isinstance(marker, Unbound):
                self.note(asked, "default")
            else:
                sent = sent_name(asked, marker)
                self.note(asked, marker.place, "" if sent == asked.name else sent)
                if marker.place not in ("body", "form"):
                    self.current.parameters.append((asked, marker))
        return super().source_for(asked, scopes, owner)
