"""Injector: everything an application's graphs draw on, and the one way to compile and run them."""

import contextlib
from contextvars import ContextVar
from typing import (
    Any,
    Awaitable,
    Callable,
    Dict,
    FrozenSet,
    Iterator,
    Optional,
    Sequence,
    Tuple,
    Type,
    TypeVar,
)

from microframe.concurrency import Threads
from microframe.context import Context
from microframe.exceptions import SetupError
from microframe.http.request import Request
from microframe.injection.graph import GraphBuilder, Replace
from microframe.injection.plan import Plan
from microframe.injection.providers import Overrides, Provider, Providers, Replacements, type_name, value_in
from microframe.injection.signature import Signature, read_signature
from microframe.injection.site import Site
from microframe.validation.registry import Codecs
from microframe.websocket import WebSocket

T = TypeVar("T")

Run = Callable[[Any], Awaitable[Any]]
MAX_VARIANTS = 64


class Injector:
    """Providers, codecs, threads and overrides of one application."""

    def __init__(self) -> None:
        self.providers = Providers()
        self.codecs = Codecs()
        self.threads = Threads()
        self.overrides = Overrides()
        self.owner_context: Optional[Context] = None
        """Where values of scope `app` live; given by the application."""
        self._scoped: ContextVar[Optional[Replace]] = ContextVar("microframe_overrides", default=None)
        self._sources: Dict[Tuple[Provider[Any], str], Run] = {}

    # What the graph asks ---------------------------------------------------------------------------------------------

    def provider_of(self, kind: Any) -> Optional[Provider[Any]]:
        return self.providers.get(kind)

    def provided_source(self, provider: Provider[Any], site: Site) -> Run:
        """An async function from a context to the provided value, compiled once for each kind of context."""
        key = (provider, "app" if provider.scope == "app" else site.kind)
        found = self._sources.get(key)
        if found is None:
            # Noted before it is compiled, so that providers which need each other meet it instead of each other.
            self._sources[key] = refuse_circle(provider)
            try:
                found = self._sources[key] = self._build_source(provider, key[1])
            except BaseException:
                del self._sources[key]
                raise
        elif getattr(found, "open_circle", False):
            raise SetupError(f"providers need each other: {provider} needs itself")
        return found

    def _build_source(self, provider: Provider[Any], kind: str) -> Run:
        site = Site(kind, str(provider), scope=provider.scope)
        scope = provider.scope if provider.scope != "transient" else "request"
        run = self.compile_provider(read_signature(provider.factory), site, scope)
        if provider.scope == "transient":
            return run
        if provider.scope != "app":
            return lambda context: value_in(context, provider, lambda: run(context))

        async def of_application(context: Context) -> Any:
            owner = self.owner_context
            if owner is None:
                raise RuntimeError(f"{provider} is asked for before the application is built")
            return await value_in(owner, provider, lambda: run(owner))

        return of_application

    def compile_provider(self, signature: Signature, site: Site, scope: str) -> Run:
        builder = GraphBuilder(self, site)
        return self._overridable(
            builder.build_value(signature, scope), lambda swap: self._variant(signature, site, scope, swap)
        )

    def _variant(self, signature: Signature, site: Site, scope: str, swap: Replace) -> Run:
        return GraphBuilder(self, site, swap).build_value(signature, scope).run

    # Compiling -------------------------------------------------------------------------------------------------------

    def compile(
        self,
        call: Callable[..., Any],
        site: Site,
        dependencies: Sequence[Any] = (),
        controller: Optional[type] = None,
    ) -> Run:
        """`run(context)` for a callable: everything it needs, then its own value; live to overrides."""
        signature = read_signature(call, controller)
        plan = GraphBuilder(self, site).build(signature, dependencies)
        return self._overridable(
            plan, lambda swap: GraphBuilder(self, site, swap).build(signature, dependencies).run
        )

    def _overridable(self, plan: Plan, rebuild: Callable[[Replace], Run]) -> Run:
        run, reaches, live = plan.run, plan.reaches, self.overrides
        scoped = live.scoped
        if not reaches:
            return run
        variants: Dict[Replacements, Run] = {}

        def choose(context: Any) -> Awaitable[Any]:
            if live or scoped:
                return self._chosen(run, reaches, variants, rebuild)(context)
            return run(context)

        return choose

    def _chosen(
        self,
        run: Run,
        reaches: FrozenSet[object],
        variants: Dict[Replacements, Run],
        rebuild: Callable[[Replace], Run],
    ) -> Run:
        """The variant of a plan for the overrides that hold here and now; compiled on first use, few are kept."""
        swap = self.replacements()
        if reaches.isdisjoint(swap):
            return run
        # All of them count: what a replacement depends on may be replaced too.
        key: Replacements = tuple(swap.items())
        found = variants.get(key)
        if found is None:
            if len(variants) >= MAX_VARIANTS:
                variants.clear()
            found = variants[key] = rebuild(swap)
        return found

    def replacements(self) -> Dict[Any, Callable[..., Any]]:
        """What is called instead of what, here and now."""
        scoped = self._scoped.get()
        return dict(self.overrides) if scoped is None else {**self.overrides, **scoped}

    @contextlib.contextmanager
    def override(self, replacements: Replace) -> Iterator[None]:
        """Replace dependencies and provided types in this context only, and in what is started from it."""
        outer = self._scoped.get()
        token = self._scoped.set(replacements if outer is None else {**outer, **replacements})
        self.overrides.scoped.append(replacements)
        try:
            yield
        finally:
            self.overrides.scoped.remove(replacements)
            self._scoped.reset(token)

    # Imperative access -----------------------------------------------------------------------------------------------

    async def resolve(self, context: Context, kind: Type[T]) -> T:
        """The value of a provided type in a context.

        Raises:
            SetupError: nobody provides it, or its provider needs what this kind of context does not have.
        """
        scoped = self.replacements()
        provider = self.provider_of(kind)
        if kind in scoped:
            provider = Provider(kind, scoped[kind], provider.scope if provider else "request")
            run = self._build_source(provider, kind_of(context))
        elif provider is not None:
            run = self.provided_source(provider, Site(kind_of(context), f"resolve({type_name(kind)})"))
        else:
            raise SetupError(f"nobody provides {type_name(kind)}")
        value: T = await run(context)
        return value


def kind_of(context: Context) -> str:
    if isinstance(context, Request):
        return "http"
    return "socket" if isinstance(context, WebSocket) else "work"


def refuse_circle(provider: Provider[Any]) -> Run:
    async def refuse(context: Any) -> Any:
        raise SetupError(f"{provider} needs itself")

    refuse.open_circle = True  # type: ignore[attr-defined]
    return refuse
