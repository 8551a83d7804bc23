"""Context: what a request, a socket, a job and a command have in common: state, resources, provided values."""

import time
from dataclasses import dataclass
from types import TracebackType
from typing import (
    Any,
    Awaitable,
    Callable,
    Dict,
    ItemsView,
    Iterator,
    KeysView,
    List,
    Mapping,
    MutableMapping,
    Optional,
    Protocol,
    Type,
    TypeVar,
)

T = TypeVar("T")

Closer = Callable[[Optional[BaseException]], Awaitable[None]]
"""Ends one resource. It gets the exception that ended the work, or None, and may raise another."""


FUNCTION_RESOURCES = "resources of scope function"


class State:
    """A bag of attributes: `request.state.user = …`, `app.state.pool`. Also readable as a mapping."""

    def __init__(self, values: Optional[MutableMapping[str, Any]] = None) -> None:
        object.__setattr__(self, "_values", {} if values is None else values)

    def __getattr__(self, name: str) -> Any:
        try:
            return object.__getattribute__(self, "_values")[name]
        except KeyError:
            raise AttributeError(f"the state has no {name!r}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self._values[name] = value

    def __delattr__(self, name: str) -> None:
        try:
            del self._values[name]
        except KeyError:
            raise AttributeError(f"the state has no {name!r}") from None

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self._values[name] = value

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def keys(self) -> KeysView[str]:
        values: Dict[str, Any] = self._values
        return values.keys()

    def items(self) -> ItemsView[str, Any]:
        values: Dict[str, Any] = self._values
        return values.items()

    def __len__(self) -> int:
        return len(self._values)


@dataclass(frozen=True)
class Deadline:
    """When a piece of work must be done, if ever. Ask for it by its type, and give what you call the rest of it."""

    __provided__ = True

    at: float = float("inf")
    """A moment of `clock`; infinity for no deadline."""
    clock: Callable[[], float] = time.monotonic

    def remaining(self) -> float:
        """Seconds that are left: 0 when it has passed, infinity where there is none."""
        return max(self.at - self.clock(), 0.0)

    def within(self, seconds: float) -> "Deadline":
        """The sooner one of this and one in so many seconds."""
        return Deadline(min(self.at, self.clock() + seconds), self.clock)


NO_DEADLINE = Deadline()


class Owner(Protocol):
    """What a context knows of the application it runs in."""

    @property
    def state(self) -> State: ...

    def new_state(self) -> State:
        """The state that a piece of work begins with."""

    async def provide_for(self, context: "Context", kind: Type[T]) -> T:
        """The value of a provided type, made on first use."""

    def url_path_for(
        self, name: str, /, *, _query: Optional[Mapping[str, object]] = None, **params: object
    ) -> str:
        """The path of a named route, without `root_path`."""

    def translate(self, code: str, message: str, fields: Mapping[str, Any], context: "Context") -> str:
        """A message in the reader's language."""


class Context:
    """One piece of work: its state, the resources it opened, the values provided to it.

    Resources close once, in reverse order. `async with context:` closes them for whoever runs work directly (tests).
    """

    # What every one has is in slots. What few use has its default on the class, and costs nothing until it is set.
    __slots__ = ("__dict__", "app")

    _state: Optional[State] = None
    _values: Optional[Dict[object, Any]] = None
    _resources: Optional[List[Closer]] = None
    deadline: Deadline = NO_DEADLINE
    """When this work must be done; it is cancelled when that has passed."""
    failure: Optional[BaseException] = None
    """The exception behind a 500, for whoever logs or re-raises it."""

    def __init__(self, app: Owner) -> None:
        self.app = app

    @property
    def state(self) -> State:
        """Values that belong to this work; begins with what the lifespan left for everybody."""
        if self._state is None:
            self._state = self.app.new_state()
        return self._state

    @property
    def values(self) -> Dict[object, Any]:
        """Provided values made so far, by provider."""
        if self._values is None:
            self._values = {}
        return self._values

    async def resolve(self, kind: Type[T]) -> T:
        """The value of a provided type: the only imperative way to ask for one.

        Raises:
            SetupError: nobody provides it, or not to this kind of context.
        """
        return await self.app.provide_for(self, kind)

    def on_close(self, closer: Closer, scope: str = "request") -> None:
        """Call `closer` when this work ends; the last one registered is the first one called.

        With scope `function` it is called as soon as the handler has returned, before anything is sent.
        """
        if scope == "function":
            self.values.setdefault(FUNCTION_RESOURCES, []).append(closer)
            return
        if self._resources is None:
            self._resources = []
        self._resources.append(closer)

    def take_function_resources(self) -> List[Closer]:
        """The resources of scope `function` that are open; whoever takes them closes them, the last one first."""
        return self._values.pop(FUNCTION_RESOURCES, []) if self._values is not None else []

    async def close_function_resources(
        self, error: Optional[BaseException] = None
    ) -> Optional[BaseException]:
        """Close the resources of scope `function`; gives the error that stands at the end, if any."""
        waiting = self.take_function_resources()
        while waiting:
            error = await close_one(waiting.pop(), error)
        return error

    async def close_resources(self, error: Optional[BaseException] = None) -> Optional[BaseException]:
        """Close every resource, telling each what went wrong; gives the error that stands at the end, if any."""
        error = await self.close_function_resources(error)
        while self._resources:
            error = await close_one(self._resources.pop(), error)
        return error

    async def __aenter__(self) -> "Context":
        return self

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        left = await self.close_resources(error)
        if left is not None and left is not error:
            raise left


async def close_one(closer: Closer, error: Optional[BaseException]) -> Optional[BaseException]:
    """Close one resource: an exception it raises takes the place of the one it was told."""
    try:
        await closer(error)
    except BaseException as exc:
        return exc
    return error
