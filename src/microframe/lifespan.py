"""Lifespan: what opens with the application and closes with it, in order and in reverse."""

import asyncio
import contextlib
import inspect
from typing import (
    Any,
    AsyncContextManager,
    AsyncIterator,
    Callable,
    Dict,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
    Union,
)

from microframe.concurrency import run_in_threadpool
from microframe.exceptions import MicroFrameException
from microframe.http.background import is_async_callable

Yielded = Optional[Mapping[str, Any]]
Open = Callable[[], AsyncContextManager[Yielded]]
Opening = Callable[[], Union[AsyncContextManager[Yielded], AsyncIterator[Yielded]]]


class LifespanError(MicroFrameException):
    """Something did not start or stop; the text names whose it was, and the cause is the exception itself."""


class Part(NamedTuple):
    """One thing to open: `owner` names it in errors. What it yields, if anything, becomes state of every request."""

    owner: str
    open: Open


class Lifespan:
    """Opens parts in order. If one fails, those already open close in reverse; so they do at the end.

    Who starts it again while it is open (an application mounted in two others) shares it, and the last to stop closes.
    """

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = tuple(parts)
        self._opened: List[Tuple[Part, AsyncContextManager[Any]]] = []
        self.users = 0
        """How many have started it and not stopped it again."""
        self._loop: Optional[asyncio.AbstractEventLoop] = None
        self.state: Dict[str, Any] = {}

    async def start(self) -> Mapping[str, Any]:
        """Open every part; gives the state they yielded.

        Raises:
            LifespanError: one did not open, or all are open already, in another event loop.
        """
        if self._is_running():
            self.users += 1
            return self.state
        self.users, self._loop, self._opened, self.state = 1, asyncio.get_running_loop(), [], {}
        for part in self._parts:
            try:
                context = part.open()
                state = await context.__aenter__()
            except BaseException as exc:
                self.users = 0
                await self._unwind(exc)
                if not isinstance(exc, Exception):
                    raise
                raise LifespanError(f"{part.owner} did not start: {describe(exc)}") from exc
            self._opened.append((part, context))
            if state:
                self.state.update(state)
        return self.state

    def _is_running(self) -> bool:
        if not self.users or self._loop is None or self._loop.is_closed():
            return False
        if self._loop is not asyncio.get_running_loop():
            raise LifespanError("it is started already, in another event loop: stop it there first")
        return True

    async def stop(self) -> None:
        """Close every part in reverse, each even when one before it fails.

        Raises:
            LifespanError: one did not close; the first failure is told.
        """
        self.users = max(self.users - 1, 0)
        if self.users:
            return
        failure = await self._unwind(None)
        if failure is not None:
            raise failure

    async def _unwind(self, error: Optional[BaseException]) -> Optional[LifespanError]:
        first: Optional[LifespanError] = None
        cancelled: Optional[BaseException] = None
        while self._opened:
            part, context = self._opened.pop()
            try:
                await context.__aexit__(type(error) if error else None, error, None)
            except Exception as exc:
                if exc is not error and first is None:
                    first = LifespanError(f"{part.owner} did not stop: {describe(exc)}")
                    first.__cause__ = exc
            except BaseException as exc:
                cancelled = exc  # the others close all the same
        self.state = {}
        if cancelled is not None and cancelled is not error:
            raise cancelled
        return first


def describe(exc: BaseException) -> str:
    return f"{type(exc).__name__}: {exc}" if str(exc) else type(exc).__name__


def opened_by(function: Callable[[Any], Any], app: Any) -> Open:
    """`lifespan=`: an async context manager function of the application, or a plain async generator function."""
    if inspect.isasyncgenfunction(function):
        function = contextlib.asynccontextmanager(function)
    return lambda: function(app)


def events(startup: Sequence[Callable[[], Any]], shutdown: Sequence[Callable[[], Any]]) -> Open:
    """The functions of `on_event` as a context; blocking ones run in a thread.

    At the end each is called even when one before it fails; the first failure is told.
    """

    @contextlib.asynccontextmanager
    async def open_events() -> AsyncIterator[None]:
        for function in startup:
            await call(function)
        try:
            yield
        finally:
            failures: List[Exception] = []
            for function in shutdown:
                try:
                    await call(function)
                except Exception as exc:
                    failures.append(exc)
            if failures:
                raise failures[0]

    return open_events


async def call(function: Callable[[], Any]) -> None:
    if is_async_callable(function):
        await function()
    else:
        await run_in_threadpool(function)
