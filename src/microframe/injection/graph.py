"""Graph: reads a callable and everything it depends on, and compiles them to a plan; every mistake is found here."""

from dataclasses import dataclass
from typing import (
    Annotated,
    Any,
    Callable,
    Dict,
    List,
    Optional,
    Sequence,
    Set,
    Tuple,
    get_args,
    get_origin,
)

from microframe.exceptions import SetupError
from microframe.http.forms import FormData
from microframe.http.parts import FormParts
from microframe.injection.body import BodyParts, take
from microframe.injection.body_parameter import BodyParameter
from microframe.injection.checks import check_parameter, framework_source, is_framework, is_provided
from microframe.injection.forms import UPLOADED, is_upload
from microframe.injection.plan import (
    AWAIT,
    CALL,
    OPEN,
    READ,
    TAKE,
    THREAD,
    Plan,
    Source,
    Step,
    build_gather,
    build_plan,
)
from microframe.injection.providers import RANK, identity, unprovided
from microframe.injection.records import build_record_source
from microframe.injection.resources import open_async, open_blocking
from microframe.injection.signature import Asked, Signature, read_signature
from microframe.injection.site import KIND_NAMES, Replace, Site, Supplier
from microframe.injection.sources import build_parameter_source
from microframe.markers import MISSING, Dependency, Inject, Parameter, Place, SecurityScopes
from microframe.routing.route import where_is
from microframe.validation.shapes import is_scalar

PLACES = ("path", "query", "header", "cookie", "body")


@dataclass
class Draft:
    """A step while the graph is being read."""

    mode: int
    function: Callable[..., Any]
    slots: List[Tuple[str, int]]
    sources: Sequence[Tuple[str, Source]]
    index: int

    def finish(self) -> Step:
        gather = build_gather(self.slots, self.sources)
        return Step(self.mode, self.function, gather, self.index, tuple(self.sources), tuple(self.slots))


class GraphBuilder:
    """Compiles one callable. Each value gets an index; a dependency that two parameters share gets one index."""

    def __init__(self, supplier: Supplier, site: Site, replaced: Optional[Replace] = None) -> None:
        self.supplier = supplier
        self.site = site
        self.replaced: Replace = replaced or {}
        self.steps: List[Draft] = []
        self.size = 0
        self.reaches: Set[object] = set()
        self.body = BodyParts()
        self._body_step: Optional[Draft] = None
        self._known: Dict[object, int] = {}
        self._path: List[Any] = []
        self._brief: Set[int] = set()
        """The values that hold something of scope `function`."""
        self._scoped: Dict[object, bool] = {}

    def build(self, signature: Signature, dependencies: Sequence[Any] = ()) -> Plan:
        """The plan of a callable; `dependencies` (markers) run before it, and their values go nowhere."""
        for marker in dependencies:
            if not isinstance(marker, Dependency) or marker.call is None:
                raise SetupError(f"dependencies of {self.site.where} must be Depends(...), not {marker!r}")
            self.add_dependency(marker, None, (), signature.where)
        self.add_call(signature, (), "function", opens=False)
        return self.finish()

    def build_value(self, signature: Signature, scope: str, scopes: Tuple[str, ...] = ()) -> Plan:
        """The plan of a provider, or a shared dependency, whose value lives as long as `scope` says."""
        self.add_call(signature, scopes, scope)
        return self.finish()

    def finish(self) -> Plan:
        self.body.check(self.site.where)
        if self._body_step is not None:
            self.finish_body(self._body_step)
        steps = [draft.finish() for draft in self.steps]
        return build_plan(steps, self.size, self.supplier.threads, frozenset(self.reaches))

    # Calls -----------------------------------------------------------------------------------------------------------

    def add_call(
        self, signature: Signature, scopes: Tuple[str, ...], scope: str, *, opens: bool = True
    ) -> int:
        """Steps for a callable's arguments, then one that calls it."""
        self.check_cycle(signature)
        self._path.append(signature.call)
        slots: List[Tuple[str, int]] = []
        sources: List[Tuple[str, Source]] = []
        parameters = [self.bare(asked) for asked in signature.parameters]
        # Dependencies first, as in FastAPI: one that refuses answers before the parameters are looked at.
        for asked in parameters:
            index = self.slot_for(asked, scopes, scope, signature)
            if index is not None:
                slots.append((asked.name, index))
        for asked in sorted(parameters, key=self.place_of):
            if all(name != asked.name for name, _ in slots):
                found = self.source_for(asked, scopes, signature)
                if isinstance(found, int):
                    slots.append((asked.name, found))
                else:
                    sources.append((asked.name, found))
        self._path.pop()
        mode, function = self.how_to_run(signature, scope, opens)
        made = self.add_step(mode, function, slots, sources)
        if any(index in self._brief for _, index in slots):
            self._brief.add(made)
        return made

    def how_to_run(self, signature: Signature, scope: str, opens: bool) -> Tuple[int, Callable[..., Any]]:
        style, call = signature.style, keyword_call(signature)
        if style.endswith("generator") and not opens:
            if self.site.kind != "http":
                raise SetupError(f"{signature.where} is a generator: only what answers a request may yield")
            return CALL, call  # made here; run while the answer is sent
        if style == "async generator":
            return OPEN, open_async(call, scope)
        if style == "generator":
            return THREAD, open_blocking(call, scope, self.supplier.threads)
        return {"async": AWAIT, "direct": CALL, "blocking": THREAD}[style], call

    def add_step(
        self,
        mode: int,
        function: Callable[..., Any],
        slots: Sequence[Tuple[str, int]] = (),
        sources: Sequence[Tuple[str, Source]] = (),
    ) -> int:
        self.steps.append(Draft(mode, function, list(slots), sources, self.size))
        self.size += 1
        return self.size - 1

    def check_cycle(self, signature: Signature) -> None:
        if signature.call in self._path:
            circle = [*self._path[self._path.index(signature.call) :], signature.call]
            raise SetupError(f"dependencies go in a circle: {' -> '.join(where_is(call) for call in circle)}")

    def bare(self, asked: Asked) -> Asked:
        """With its type alone where that says what it is, whatever stands beside it: `Annotated[Request, "…"]`."""
        if asked.marker is None and get_origin(asked.annotation) is Annotated:
            kind = get_args(asked.annotation)[0]
            if is_framework(kind) or self.is_provided(kind):
                return asked._replace(annotation=kind)
        return asked

    def place_of(self, asked: Asked) -> int:
        """Where faults of this parameter stand among those of its callable: in FastAPI's order."""
        place = getattr(asked.marker, "place", None)
        if place is None:
            place = "path" if asked.name in self.site.path_names else place_of_type(asked.annotation)
        return PLACES.index("body" if place == "form" else place)

    # What needs a step of its own ------------------------------------------------------------------------------------

    def slot_for(self, asked: Asked, scopes: Tuple[str, ...], scope: str, owner: Signature) -> Optional[int]:
        """The index of a dependency or provided value; None for what is read from the context directly."""
        if isinstance(asked.marker, Dependency):
            return self.add_dependency(asked.marker, asked.annotation, scopes, owner.where, scope, asked.name)
        if isinstance(asked.marker, Inject):
            return self.add_provided(asked, scope, owner)
        if (
            asked.marker is None
            and asked.name not in self.site.path_names
            and not is_framework(asked.annotation)
        ):
            return self.add_provided(asked, scope, owner) if self.is_provided(asked.annotation) else None
        return None

    def is_provided(self, annotation: Any) -> bool:
        """Whether somebody provides this type, or it says itself that it is never read from a body."""
        return self.supplier.provider_of(annotation) is not None or is_provided(annotation)

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
        if not callable(call) or call is Any:
            said = f"Depends({call!r}) is given something that cannot be called"
            unsaid = "Depends() without an argument needs a class as its type"
            raise SetupError(f"{name} of {where}: {unsaid if marker.call is None else said}")
        self.reaches.add(identity(call))
        call = self.replaced.get(identity(call), call)
        scopes = (*scopes, *(one for one in marker.scopes if one not in scopes))
        signature = read_signature(call)
        scope = marker.scope or "request"
        key = (identity(call), scopes if self.wants_scopes(signature) else (), scope)
        index = self._known.get(key) if marker.use_cache else None
        if index is None:
            is_resource = "generator" in signature.style
            lifetime = scope if is_resource else outer_scope
            if marker.use_cache and self.site.kind != "app" and self.supplier.is_shared(call):
                index = self.add_shared(signature, scopes, lifetime, key)
            else:
                index = self.add_call(signature, scopes, lifetime)
            if marker.use_cache:
                self._known[key] = index
            if scope == "function" and is_resource:
                self._brief.add(index)
        if index in self._brief and outer_scope != "function":
            raise SetupError(
                f"{name} of {where}: a dependency of scope {outer_scope} would outlive {signature.where}, "
                "of scope function"
            )
        return index

    def add_shared(self, signature: Signature, scopes: Tuple[str, ...], lifetime: str, key: object) -> int:
        """A dependency of the handler and of a provider: a plan of its own, run once by the first who asks."""
        builder = GraphBuilder(self.supplier, self.site, self.replaced)
        builder._path = [*self._path]
        plan = builder.build_value(signature, lifetime, scopes)
        self.reaches |= plan.reaches
        return self.add_step(READ, self.supplier.shared_source(key, plan))

    def wants_scopes(self, signature: Signature) -> bool:
        """Whether anything below a callable asks for the scopes around it, so that two uses need two values."""
        key = identity(signature.call)
        if key not in self._scoped:
            self._scoped[key] = False  # for dependencies in a circle, which are found later on
            self._scoped[key] = any(map(self.is_about_scopes, signature.parameters))
        return self._scoped[key]

    def is_about_scopes(self, asked: Asked) -> bool:
        if not isinstance(asked.marker, Dependency):
            return asked.annotation is SecurityScopes
        call = asked.marker.call or asked.annotation
        call = self.replaced.get(identity(call), call)
        return callable(call) and self.wants_scopes(read_signature(call))

    def add_provided(self, asked: Asked, scope: str, owner: Signature) -> int:
        kind = asked.annotation
        self.reaches.add(kind)
        original = self.supplier.provider_of(kind)
        provider = self.supplier.provider_of(kind, self.replaced)
        if provider is None:
            raise SetupError(f"{asked.name} of {owner.where}: {unprovided(kind)}")
        if original is not None:
            self.reaches.add(identity(original.factory))
        holder = "app" if self.site.kind == "app" else scope
        if 0 < RANK[provider.scope] < RANK[holder]:
            captor = self.site.where if holder == "app" else owner.where
            raise SetupError(
                f"{asked.name} of {owner.where}: {captor} lives as long as the {holder} and would capture {provider}"
            )
        key = ("provided", kind)
        if provider.scope != "transient" and key in self._known:
            return self._known[key]
        source = self.supplier.provided_source(provider, self.site)
        self.reaches |= self.supplier.reached_by(provider)
        index = self._known[key] = self.add_step(READ, source)
        if provider.scope == "function":
            self._brief.add(index)
        return index

    # What is read from the context -----------------------------------------------------------------------------------

    def source_for(self, asked: Asked, scopes: Tuple[str, ...], owner: Signature) -> "Source | int":
        if asked.annotation is SecurityScopes:
            return lambda context: SecurityScopes(scopes)
        if asked.marker is None and is_framework(asked.annotation):
            source = framework_source(asked, self.site, owner)
            if asked.annotation is FormParts:
                self.body.streamed_by = f"{asked.name} of {owner.where}"
            return self.add_step(READ, source) if asked.annotation is FormData else source
        marker = asked.marker or self.guess(asked, owner)
        if isinstance(marker, Unbound):
            return constant(asked.default)
        check_parameter(asked, marker, self.site, owner)
        if marker.place in ("body", "form"):
            return self.add_body(BodyParameter(asked, marker, owner.where))
        codecs = self.supplier.codecs
        if marker.place != "path" and codecs.for_annotation(asked.annotation).is_structured(asked.annotation):
            return build_record_source(asked, marker, codecs, owner.where, self.site.strict)
        return build_parameter_source(asked, marker, codecs, owner.where, self.site.strict)

    def guess(self, asked: Asked, owner: Signature) -> Any:
        """Where an unmarked parameter comes from: a name in the path, a scalar in the query, else the body."""
        if asked.name in self.site.path_names:
            return Parameter("path")
        if self.site.kind in ("work", "app"):
            if asked.default is not MISSING:
                return Unbound()
            raise SetupError(
                f"{asked.name} of {owner.where}: nothing binds it, {KIND_NAMES[self.site.kind]} has no parameters"
            )
        return UPLOADED if is_upload(asked.annotation) else Parameter(place_of_type(asked.annotation))

    # The body --------------------------------------------------------------------------------------------------------

    def add_body(self, parameter: BodyParameter) -> int:
        """One step reads the body, before the first who needs it; each parameter then gets its part."""
        if self._body_step is None:
            self.add_step(READ, nothing)
            self._body_step = self.steps[-1]
        part = self.body.add(parameter)
        return self.add_step(TAKE, take(part), [("body", self._body_step.index)])

    def finish_body(self, reading: Draft) -> None:
        """Now that every parameter is known: what reading the body means, and whether parts are taken from it."""
        reading.function = self.body.build_reader(self.supplier.codecs, self.site.where, self.site.strict)
        if not self.body.is_one:
            return
        parts = {draft.index for draft in self.steps if draft.mode == TAKE}
        self.steps = [draft for draft in self.steps if draft.mode != TAKE]
        for draft in self.steps:
            draft.slots = [(name, reading.index if index in parts else index) for name, index in draft.slots]


class Unbound:
    """A parameter that nothing binds, and that has a default of its own."""


def place_of_type(annotation: Any) -> Place:
    """Where a parameter comes from that only its type tells of."""
    return "query" if is_scalar(annotation) and not is_upload(annotation) else "body"


def keyword_call(signature: Signature) -> Callable[..., Any]:
    """The callable as it is called, with keywords only; positional-only parameters are put in place."""
    call = signature.call
    names = [asked.name for asked in signature.parameters if asked.positional_only]
    if not names:
        return call

    def in_place(**arguments: Any) -> Any:
        # A list, taken out before: Python would look at the keywords first.
        placed = [arguments.pop(name) for name in names]
        return call(*placed, **arguments)

    return in_place


def constant(value: Any) -> Source:
    return lambda context: value


async def nothing(request: Any) -> None:
    return None
