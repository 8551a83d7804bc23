"""Injector: everything an application's graphs draw on, and the one way to compile and run them."""

from typing import (
    Any,
    ContextManager,
    Dict,
    FrozenSet,
    List,
    Optional,
    Sequence,
    Set,
    Tuple,
    Type,
    TypeVar,
    cast,
)

from microframe.concurrency import Threads
from microframe.context import Context
from microframe.exceptions import SetupError
from microframe.http.request import Request
from microframe.injection.graph import GraphBuilder
from microframe.injection.leaving import Watch
from microframe.injection.overrides import MAX_VARIANTS, NOTHING, Overrides, Run, variant_key
from microframe.injection.plan import Plan
from microframe.injection.providers import (
    Provider,
    Providers,
    Same,
    identity,
    made_in,
    type_name,
    unprovided,
    value_in,
)
from microframe.injection.signature import Signature, read_signature
from microframe.injection.site import Replace, Site
from microframe.markers import MISSING, Dependency
from microframe.validation.registry import Codecs
from microframe.websocket import WebSocket

T = TypeVar("T")


class Injector:
    """Providers, codecs, threads, overrides, and the watch over clients that leave, of one application."""

    def __init__(self) -> None:
        self.providers = Providers()
        self.codecs = Codecs()
        self.threads = Threads()
        self.watch = Watch()
        self.overrides = Overrides()
        self.owner_context: Optional[Context] = None
        """Where values of scope `app` live; given by the application."""
        self._sources: Dict[Tuple[Provider[Any], str], Run] = {}
        self._compiling: List[Tuple[Provider[Any], str]] = []
        """Whose sources are being compiled, each for the one before it."""
        self._reached: Dict[Provider[Any], FrozenSet[object]] = {}
        self._stand_ins: Dict[object, Provider[Any]] = {}
        self._shared: Set[object] = set()

    # What the graph asks ---------------------------------------------------------------------------------------------

    def provider_of(self, kind: Any, replaced: Replace = NOTHING) -> Optional[Provider[Any]]:
        """Who makes the values of a type. What replaces a provider is one provider too, whoever asks for it."""
        provider = self.providers.get(kind)
        if not replaced:
            return provider
        call = replaced.get(kind) or (replaced.get(provider.factory) if provider is not None else None)
        if call is None:
            return provider
        scope = provider.scope if provider is not None else "request"
        key = (kind, Same(call), scope)
        if key not in self._stand_ins:
            if len(self._stand_ins) >= MAX_VARIANTS:
                self._forget_stand_ins()
            self._stand_ins[key] = Provider(kind, call, scope)
        return self._stand_ins[key]

    def _forget_stand_ins(self) -> None:
        gone = set(self._stand_ins.values())
        self._stand_ins.clear()
        self._sources = {key: run for key, run in self._sources.items() if key[0] not in gone}
        self._reached = {key: keys for key, keys in self._reached.items() if key not in gone}

    def reached_by(self, provider: Provider[Any]) -> FrozenSet[object]:
        """Every callable and type that a provider, once compiled, draws on."""
        return self._reached.get(provider, frozenset())

    def is_shared(self, call: Any) -> bool:
        """Whether a provider depends on this callable: its value is then one for provider and handler."""
        return identity(call) in self._shared

    def shared_source(self, key: object, plan: Plan) -> Run:
        """An async function from a context to the value of a shared dependency."""
        run = plan.run
        return lambda context: value_in(context, ("dependency", key), lambda: run(context))

    def provided_source(self, provider: Provider[Any], site: Site) -> Run:
        """An async function from a context to the provided value, compiled once for each kind of context."""
        key = (provider, "app" if provider.scope == "app" else site.kind)
        found = self._sources.get(key)
        if found is None:
            if key in self._compiling:
                circle = [*self._compiling[self._compiling.index(key) :], key]
                chain = " -> ".join(str(one) for one, _ in circle)
                raise SetupError(f"providers need each other: {chain}")
            self._compiling.append(key)
            try:
                found = self._sources[key] = self._build_source(provider, key[1])
            finally:
                self._compiling.pop()
        return found

    def _build_source(self, provider: Provider[Any], kind: str) -> Run:
        site = Site(kind, str(provider), scope=provider.scope)
        scope = provider.scope if provider.scope != "transient" else "request"
        signature = read_signature(provider.factory)
        plan = GraphBuilder(self, site).build_value(signature, scope)
        run = self.overrides.live(
            plan, lambda swap: GraphBuilder(self, site, swap).build_value(signature, scope).run
        )
        self._reached[provider] = plan.reaches
        if provider.scope == "transient":
            return run
        if provider.scope == "app":
            return self._of_application(provider, run, plan.reaches)
        make = until_function_returns(provider, run) if provider.scope == "function" else run
        return lambda context: value_in(context, provider, lambda: make(context))

    def _of_application(self, provider: Provider[Any], run: Run, reaches: FrozenSet[object]) -> Run:
        """The one value of an application, whoever asks."""

        async def make(owner: Context) -> Any:
            # Of a value that cannot be made nothing stays open until the application stops.
            trial = Context(owner.app)
            try:
                value = await run(trial)
            except BaseException as exc:
                left = await trial.close_resources(exc)
                if left is not None and left is not exc:
                    raise left from None
                raise
            for closer in trial._resources or ():
                owner.on_close(closer)
            return value

        async def of_application(context: Context) -> Any:
            owner = self.owner_context
            if owner is None:
                raise RuntimeError(f"{provider} is asked for before the application is built")
            # A value made while something below it is replaced must not be there afterwards.
            swap = variant_key(self.overrides.among(reaches)) if self.overrides.any else None
            return await value_in(owner, (provider, swap) if swap else provider, lambda: make(owner))

        return of_application

    def prepare(self) -> None:
        """Check every provider, those included that only `resolve` will ask for, and see what they share.

        Raises:
            SetupError: one that cannot work in any kind of context.
        """
        for kind in self.providers.kinds():
            self._note_shared(self.providers[kind].factory)
        for kind in self.providers.kinds():
            failures: List[SetupError] = []
            for place in ("http", "socket", "work"):
                try:
                    self.provided_source(self.providers[kind], Site(place, ""))
                    break
                except SetupError as exc:
                    failures.append(exc)
            else:
                raise failures[0]

    def _note_shared(self, call: Any) -> None:
        for asked in read_signature(call).parameters:
            if isinstance(asked.marker, Dependency):
                inner = asked.marker.call or asked.annotation
                if callable(inner) and identity(inner) not in self._shared:
                    self._shared.add(identity(inner))
                    self._note_shared(inner)

    # Compiling -------------------------------------------------------------------------------------------------------

    def compile(self, signature: Signature, site: Site, dependencies: Sequence[Any] = ()) -> Run:
        """`run(context)` for a callable: everything it needs, then its own value; live to overrides."""
        plan = GraphBuilder(self, site).build(signature, dependencies)
        return self.overrides.live(
            plan, lambda swap: GraphBuilder(self, site, swap).build(signature, dependencies).run
        )

    def override(self, replacements: Replace) -> ContextManager[None]:
        """Replace dependencies and provided types in this context only, and in what is started from it."""
        return self.overrides.within(replacements)

    # Imperative access -----------------------------------------------------------------------------------------------

    async def resolve(self, context: Context, kind: Type[T]) -> T:
        """The value of a provided type in a context.

        Raises:
            SetupError: nobody provides it, or its provider needs what this kind of context does not have.
        """
        is_plain = not self.overrides.any
        provider = self.provider_of(kind, NOTHING if is_plain else self.overrides.here())
        if provider is None:
            raise SetupError(unprovided(kind))
        if is_plain and provider.scope == "app" and self.owner_context is not None:
            made = made_in(self.owner_context, provider)
            if made is not MISSING:
                return cast(T, made)
        where = kind_of(context)
        run = self._sources.get((provider, "app" if provider.scope == "app" else where))
        if run is None:
            run = self.provided_source(provider, Site(where, f"resolve({type_name(kind)})"))
        value: T = await run(context)
        return value


def until_function_returns(provider: Provider[Any], run: Run) -> Run:
    """Make a value that is forgotten when it closes: who asks again later gets another."""

    async def make(context: Context) -> Any:
        values = context.values

        async def forget(error: Optional[BaseException]) -> None:
            values.pop(provider, None)

        context.on_close(forget, "function")
        return await run(context)

    return make


def kind_of(context: Context) -> str:
    if isinstance(context, Request):
        return "http"
    return "socket" if isinstance(context, WebSocket) else "work"
