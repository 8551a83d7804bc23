"""Providers: who makes the values of provided types, in which scope, and once."""

import asyncio
from dataclasses import dataclass
from typing import Any, Callable, Dict, Generic, Hashable, List, Mapping, Optional, Set, Type, TypeVar

from microframe.context import Context
from microframe.exceptions import SetupError
from microframe.markers import MISSING, Scope
from microframe.routing.route import where_is

T = TypeVar("T")

RANK: Mapping[str, int] = {"transient": 0, "function": 1, "request": 2, "app": 3}


@dataclass(frozen=True, eq=False)
class Provider(Generic[T]):
    """Makes the value of one type. Each is its own key in the values of a context."""

    kind: Type[T]
    factory: Callable[..., Any]
    scope: Scope

    @property
    def where(self) -> str:
        return where_is(self.factory)

    def __str__(self) -> str:
        return f"the {self.scope} provider of {type_name(self.kind)}, {self.where}"


def unprovided(kind: Any) -> str:
    """That nobody provides a type, and what would, where the type itself says that."""
    advice = getattr(kind, "__provided_by__", "")
    return f"nobody provides {type_name(kind)}" + (
        f": {advice}" if isinstance(advice, str) and advice else ""
    )


def type_name(kind: Any) -> str:
    return getattr(kind, "__name__", None) or str(kind)


class Same:
    """Stands for an object as a key: equal only to itself, and kept alive."""

    __slots__ = ("thing",)

    def __init__(self, thing: object) -> None:
        self.thing = thing

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and other.thing is self.thing

    def __hash__(self) -> int:
        return id(self.thing)


def identity(call: Any) -> object:
    """What a callable is known by; one that cannot be hashed (a dataclass, say) by being itself."""
    return call if isinstance(call, Hashable) else Same(call)


class Providers:
    """The provided types of one application."""

    def __init__(self) -> None:
        self._by_type: Dict[Any, Provider[Any]] = {}
        self._by_plugin: Set[Any] = set()

    def add(self, kind: Any, factory: Callable[..., Any], scope: Scope, *, by_plugin: bool = False) -> None:
        """Register a provider; the application's own wins over a plugin's.

        Raises:
            SetupError: two providers of one type, or a scope that does not exist.
        """
        if scope not in RANK:
            raise SetupError(f"there is no scope {scope!r} ({where_is(factory)}): {', '.join(RANK)}")
        if not callable(factory):
            raise SetupError(f"the provider of {type_name(kind)} cannot be called: {factory!r}")
        known = self._by_type.get(kind)
        if known is not None and by_plugin and kind not in self._by_plugin:
            return
        if known is not None and (by_plugin or kind not in self._by_plugin):
            raise SetupError(f"{type_name(kind)} is provided twice: {known.where} and {where_is(factory)}")
        self._by_type[kind] = Provider(kind, factory, scope)
        (self._by_plugin.add if by_plugin else self._by_plugin.discard)(kind)

    def get(self, kind: Any) -> Optional[Provider[Any]]:
        try:
            return self._by_type.get(kind)
        except TypeError:
            return None  # an annotation that cannot be hashed is no type

    def __getitem__(self, kind: Any) -> Provider[Any]:
        return self._by_type[kind]

    def kinds(self) -> List[Any]:
        return list(self._by_type)


class Pending:
    """A value on its way: who asks for it meanwhile waits for the one call. Mostly nobody does."""

    __slots__ = ("_future",)

    def __init__(self) -> None:
        self._future: Optional[asyncio.Future[None]] = None

    async def wait(self) -> None:
        if self._future is None:
            self._future = asyncio.get_running_loop().create_future()
        await asyncio.wait([self._future])

    def end(self) -> None:
        if self._future is not None:
            self._future.set_result(None)


def made_in(context: Context, key: object) -> Any:
    """The value under `key` in a context, `MISSING` where nobody has made it yet."""
    found = context.values.get(key, MISSING)
    return MISSING if isinstance(found, Pending) else found


async def value_in(context: Context, key: object, make: Callable[[], Any]) -> Any:
    """The value under `key` in a context, made on first use by one call however many ask; failures are not kept."""
    values = context.values
    while True:
        found = values.get(key, MISSING)
        if found is MISSING:
            break
        if not isinstance(found, Pending):
            return found
        await found.wait()
        # The call failed or was cancelled: whoever waited tries for itself.
    pending = values[key] = Pending()
    try:
        value = values[key] = await make()
        return value
    except BaseException:
        del values[key]
        raise
    finally:
        pending.end()
