"""Cached: functions whose results are remembered."""

import functools
import inspect
from typing import Any, Awaitable, Callable, List, Optional, Protocol, Sequence, TypeVar, cast

from typing_extensions import ParamSpec

from microframe import SetupError
from microframe.injection.signature import read_signature
from microframe.plugins.cache.arguments import Key, Name, bind, read_key, read_template
from microframe.plugins.cache.values import Format, Remembering, ValueCache, current, format_of
from microframe.routing.route import where_is

P = ParamSpec("P")
T = TypeVar("T")
R = TypeVar("R", covariant=True)


class CachedFunction(Protocol[P, R]):
    """A function that remembers what it has given. Also a dependency, where the function is one."""

    async def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """What is remembered for these arguments, or what the function gives."""

    async def forget(self, *args: P.args, **kwargs: P.kwargs) -> None:
        """Forget what is remembered for these arguments."""


def cached(
    *,
    ttl: float,
    key: Key = None,
    tags: Sequence[str] = (),
    negative_ttl: Optional[float] = None,
    jitter: float = 0.1,
) -> Callable[[Callable[P, Awaitable[T]]], CachedFunction[P, T]]:
    """Remember what an async function gives for `ttl` seconds, for all processes that share the store.

    When many call it at once with the same arguments, it runs once. Results are kept as JSON of the type that it says
    it returns, and everybody gets a copy. An exception is not kept, and None only with `negative_ttl`.

    `key="board:{board_id}"` names a value by the arguments it depends on; without one it is all of them, which must be
    plain values. It may also be a function of the arguments. `tags` are templates too. In a request it is the cache of
    `CachePlugin` that remembers; elsewhere that of `with cache.active()`; where there is none, the function is simply
    called.

    Raises:
        SetupError: the function is not async or does not say what it returns, or a template names no argument of it.
    """
    how = Remembering(ttl, jitter, negative_ttl)
    if isinstance(tags, str):
        raise SetupError(f"cached(tags=…) takes several tags: ({tags!r},)")

    def remember(function: Callable[P, Awaitable[T]]) -> CachedFunction[P, T]:
        where = where_is(function)
        if not inspect.iscoroutinefunction(function):
            raise SetupError(f"cached: {where} must be an async function")
        signature = inspect.signature(function)
        if signature.return_annotation is signature.empty:
            raise SetupError(f"cached: {where} must say what it returns, to be kept and read again")
        name_of = read_key(key, signature, where, f"{function.__module__}.{function.__qualname__}")
        tags_of = [read_template(tag, signature, where) for tag in tags]
        return cast(CachedFunction[P, T], wrapped(Plan(function, signature, name_of, tags_of, how)))

    return remember


class Plan:
    """One cached function: how its values are named, and what becomes of them."""

    def __init__(
        self,
        function: Callable[..., Awaitable[Any]],
        signature: inspect.Signature,
        name_of: Name,
        tags_of: List[Name],
        how: Remembering,
    ) -> None:
        self.function, self.signature = function, signature
        self.name_of, self.tags_of, self.how = name_of, tags_of, how

    @functools.cached_property
    def form(self) -> Format:
        """How results are written; made when the first is, because a type may be defined below the function."""
        return format_of(read_signature(self.function).returns)

    def name(self, args: Any, kwargs: Any) -> str:
        return self.name_of(bind(self.signature, args, kwargs))

    async def call(self, cache: ValueCache, args: Any, kwargs: Any) -> Any:
        arguments = bind(self.signature, args, kwargs)
        tags = [tag(arguments) for tag in self.tags_of]

        async def make() -> Any:
            return await self.function(*args, **kwargs)

        return await cache.find_or_make(self.name_of(arguments), self.form, make, self.how, tags)


def wrapped(plan: Plan) -> Any:
    function = plan.function

    @functools.wraps(function)
    async def remembered(*args: Any, **kwargs: Any) -> Any:
        find = current.get()
        if find is None:
            return await function(*args, **kwargs)
        return await plan.call(await find(), args, kwargs)

    async def forget(*args: Any, **kwargs: Any) -> None:
        find = current.get()
        if find is None:
            raise RuntimeError(f"{where_is(function)}: no cache is here, so nothing can be forgotten")
        await (await find()).forget(plan.name(args, kwargs))

    cast(Any, remembered).forget = forget
    return remembered
