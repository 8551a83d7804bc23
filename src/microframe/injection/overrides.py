"""Overrides: what is called instead of what, for everybody or in one context, and the plans compiled for it."""

import contextlib
from contextvars import ContextVar
from typing import Any, Awaitable, Callable, Dict, FrozenSet, Iterator, List, Optional, Tuple

from microframe.exceptions import SetupError
from microframe.injection.plan import Plan
from microframe.injection.providers import Same
from microframe.injection.site import Replace
from microframe.routing.route import where_is

Run = Callable[[Any], Awaitable[Any]]
Variant = Tuple[Tuple[Any, Same], ...]
MAX_VARIANTS = 64
NOTHING: Replace = {}


class Overrides(Dict[Any, Callable[..., Any]]):
    """`app.dependency_overrides`: a live mapping from what is asked for to what is called instead.

    `within` adds to it in one context. While there is nothing in either, a request pays for two truth tests.
    """

    def __init__(self) -> None:
        super().__init__()
        self.scoped: List[Replace] = []
        self._here: ContextVar[Optional[Replace]] = ContextVar("microframe_overrides", default=None)

    @property
    def any(self) -> bool:
        """Whether anything is replaced, for everybody or in some context."""
        return bool(self or self.scoped)

    def here(self) -> Replace:
        """What is called instead of what, here and now."""
        scoped = self._here.get()
        return dict(self) if scoped is None else {**self, **scoped}

    def among(self, reaches: FrozenSet[object]) -> Replace:
        """The same for what draws on `reaches`: nothing, or all, since what a replacement needs may be replaced too."""
        if not self.any:
            return NOTHING
        swap = self.here()
        return NOTHING if reaches.isdisjoint(swap) else swap

    @contextlib.contextmanager
    def within(self, replacements: Replace) -> Iterator[None]:
        """Replace dependencies and provided types in this context only, and in what is started from it.

        Raises:
            SetupError: a replacement cannot be called.
        """
        for replaced, call in replacements.items():
            if not callable(call):
                raise SetupError(f"{where_is(replaced)} is replaced by {call!r}, which cannot be called")
        outer = self._here.get()
        token = self._here.set(replacements if outer is None else {**outer, **replacements})
        self.scoped.append(replacements)
        try:
            yield
        finally:
            self.scoped.remove(replacements)
            self._here.reset(token)

    def live(self, plan: Plan, rebuild: Callable[[Replace], Run]) -> Run:
        """`run` of a plan, or of the variant of it that holds now: compiled on first use, and few are kept."""
        run, reaches, scoped = plan.run, plan.reaches, self.scoped
        if not reaches:
            return run
        variants: Dict[Variant, Run] = {}

        def choose(context: Any) -> Awaitable[Any]:
            if self or scoped:
                return find_variant()(context)
            return run(context)

        def find_variant() -> Run:
            swap = self.among(reaches)
            if not swap:
                return run
            key = variant_key(swap)
            found = variants.get(key)
            if found is None:
                if len(variants) >= MAX_VARIANTS:
                    variants.clear()
                found = variants[key] = rebuild(swap)
            return found

        return choose


def variant_key(swap: Replace) -> Variant:
    """Replacements as a key that lives as long as they do."""
    return tuple((key, Same(call)) for key, call in swap.items())
