"""Portal: an event loop in a thread of its own, entered from code that cannot wait."""

import asyncio
import contextvars
import sys
import threading
import traceback
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from typing import Any, Callable, Coroutine, Generic, Optional, Tuple, TypeVar

from microframe.testing.failures import ClientTimeout

T = TypeVar("T")

BLOCKED_AFTER = 2.0
"""Seconds in which a loop that is not blocked answers."""

JOIN_WITHIN = 5.0


class Portal:
    """One event loop in one thread, from `Portal()` to `close()`.

    `patience` is how many seconds a call waits before it looks whether the loop is blocked; None: for ever.
    """

    def __init__(self, patience: Optional[float] = None) -> None:
        self._patience = patience
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=run, args=(self._loop,), name="microframe-testing", daemon=True
        )
        self._thread.start()

    def call(self, function: Callable[..., Coroutine[Any, Any, T]], *args: Any) -> T:
        """Run a coroutine function on the loop, in a copy of the caller's context variables, and wait for it.

        Raises:
            ClientTimeout: something blocks the loop.
            RuntimeError: called on the loop itself, which it would block; or the portal is closed.
        """
        if threading.get_ident() == self._thread.ident:
            raise RuntimeError("this would block the event loop it waits for: use AsyncTestClient here")
        call = Call(function, args)
        self._loop.call_soon_threadsafe(call.start, self._loop, context=contextvars.copy_context())
        try:
            return self._result(call.future)
        except BaseException:
            if not call.future.done():
                self._loop.call_soon_threadsafe(call.cancel)
            raise
        finally:
            del call

    def _result(self, future: "Future[T]") -> T:
        while True:
            try:
                return future.result(self._patience)
            except NotYet:
                if future.done():
                    raise
                self._check_loop()

    def _check_loop(self) -> None:
        answered = threading.Event()
        self._loop.call_soon_threadsafe(answered.set)
        if not answered.wait(BLOCKED_AFTER):
            raise ClientTimeout(f"the event loop is blocked: {stack_of(self._thread)}")

    def close(self) -> None:
        """End the loop and the thread; the tasks that are left are cancelled."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._loop.stop)
        if threading.get_ident() != self._thread.ident:  # the collector may close it from anywhere
            self._thread.join(JOIN_WITHIN)
            if self._thread.is_alive():
                raise ClientTimeout(f"the event loop does not end: {stack_of(self._thread)}")


class Call(Generic[T]):
    """One call on its way to the loop."""

    def __init__(self, function: Callable[..., Coroutine[Any, Any, T]], args: Tuple[Any, ...]) -> None:
        self.future: Future[T] = Future()
        self._function = function
        self._args = args
        self._task: Optional[asyncio.Task[None]] = None

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._task = loop.create_task(self._run())

    def cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        try:
            result = await self._function(*self._args)
        except BaseException as exc:
            self.future.set_exception(exc)
            del self  # the exception's traceback has this frame, and the future has the exception
        else:
            self.future.set_result(result)


def run(loop: asyncio.AbstractEventLoop) -> None:
    """Run a loop until it is stopped, then leave nothing of it open."""
    try:
        loop.run_forever()
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        if tasks:
            loop.run_until_complete(asyncio.wait(tasks, timeout=JOIN_WITHIN / 2))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        loop.close()


def stack_of(thread: threading.Thread) -> str:
    """The line at which a thread stands."""
    frame = sys._current_frames().get(thread.ident or 0)
    return "it has ended" if frame is None else traceback.format_stack(frame, 1)[0].strip()
