"""Concurrency: the one place where blocking work moves to a thread."""

import asyncio
import contextlib
import contextvars
import functools
from concurrent.futures import ThreadPoolExecutor
from typing import AsyncIterator, Awaitable, Callable, Iterator, List, Optional, Tuple, TypeVar, cast

from typing_extensions import ParamSpec

from microframe.exceptions import ClientDisconnect

P = ParamSpec("P")
T = TypeVar("T")

DEFAULT_THREADS = 40


class Threads:
    """The worker threads of one application; started on first use, joined by `close`."""

    def __init__(self, size: int = DEFAULT_THREADS) -> None:
        self.size = size
        self._pool: Optional[ThreadPoolExecutor] = None

    async def run(self, function: Callable[[], T]) -> T:
        """Run a blocking function in a worker thread; context variables it sets are visible afterwards."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self.size, thread_name_prefix="microframe")
        return await in_thread(self._pool, function)

    def close(self) -> None:
        """Let the threads finish what they are doing, and end them."""
        if self._pool is not None:
            self._pool.shutdown(wait=True)
            self._pool = None


async def in_thread(pool: Optional[ThreadPoolExecutor], function: Callable[[], T]) -> T:
    context = contextvars.copy_context()
    given_up: List[bool] = []

    def work() -> T:
        # Given up before its turn came: nobody looks at what it would give.
        return cast(T, None) if given_up else context.run(_guard, function)

    running = asyncio.get_running_loop().run_in_executor(pool, work)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        given_up.append(True)
        await ended(running)
        raise
    finally:
        adopt(context)


class ThreadEnd(asyncio.Future):  # type: ignore[type-arg]  # no subscript on Python 3.9's own
    """What waits for a thread that nobody can stop; whoever runs a coroutine step by step knows it by this."""


async def ended(running: "asyncio.Future[T]") -> None:
    """Wait for a thread that nobody can stop, so that nothing is closed while it works with it."""
    while not running.done():
        end = ThreadEnd(loop=asyncio.get_running_loop())
        running.add_done_callback(functools.partial(tell, end))
        with contextlib.suppress(asyncio.CancelledError):
            await end
    if not running.cancelled():
        running.exception()


def tell(end: ThreadEnd, running: "asyncio.Future[T]") -> None:
    if not end.done():
        end.set_result(None)


async def completed(work: Awaitable[T]) -> T:
    """Do some last work to its end, also when whoever waits for it is cancelled."""
    task = asyncio.ensure_future(work)
    cancelled = False
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            cancelled = True
    answer = task.result()
    if cancelled:
        raise asyncio.CancelledError
    return answer


def _guard(function: Callable[[], T]) -> T:
    # A future cannot carry StopIteration: it would hang the caller for ever.
    try:
        return function()
    except StopIteration as exc:
        raise RuntimeError("a blocking function raised StopIteration") from exc


def adopt(context: contextvars.Context) -> None:
    """Make the variables set in another context visible in this one."""
    for variable, value in context.items():
        try:
            if variable.get() is value:
                continue
        except LookupError:
            pass
        variable.set(value)


async def run_in_threadpool(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a blocking function in a thread of the running loop's own pool, outside any application's limit."""
    return await in_thread(None, functools.partial(function, *args, **kwargs))


async def iterate_in_thread(iterator: Iterator[T], threads: Optional[Threads] = None) -> AsyncIterator[T]:
    """Read a blocking iterator from the event loop: one hop an item, closed, in a thread too, when the reader stops.

    The threads are an application's, or the loop's own.
    """
    run = functools.partial(in_thread, None) if threads is None else threads.run
    try:
        while True:
            found: List[Tuple[T]] = await run(functools.partial(_next, iterator))
            if not found:
                return
            yield found[0][0]
    finally:
        close = getattr(iterator, "close", None)
        if close is not None:
            await run(close)


def _next(iterator: Iterator[T]) -> List[Tuple[T]]:
    for item in iterator:
        return [(item,)]
    return []


@contextlib.asynccontextmanager
async def cancelled_by(event: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Cancel what runs inside when `event()` comes to pass, as a `ClientDisconnect`."""
    main = asyncio.current_task()
    assert main is not None
    left: List[bool] = []

    async def watch() -> None:
        await event()
        left.append(True)
        main.cancel()

    watcher = asyncio.ensure_future(watch())
    try:
        yield
    except asyncio.CancelledError:
        if not left:
            raise
        uncancel = getattr(main, "uncancel", None)
        if uncancel is not None:
            uncancel()
        raise ClientDisconnect() from None
    finally:
        watcher.cancel()
        with contextlib.suppress(asyncio.CancelledError, ClientDisconnect):
            await watcher
