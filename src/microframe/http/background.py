"""Background tasks: what runs after the answer is sent."""

import functools
import inspect
from typing import Any, Callable, List, Sequence

from typing_extensions import ParamSpec

from microframe.concurrency import run_in_threadpool

P = ParamSpec("P")


class BackgroundTask:
    """One call to make after the answer is sent; a blocking function runs in a thread."""

    def __init__(self, func: Callable[P, Any], *args: P.args, **kwargs: P.kwargs) -> None:
        self.func = func
        self.args = args
        self.kwargs = kwargs
        self.is_async = is_async_callable(func)

    async def __call__(self) -> None:
        if self.is_async:
            await self.func(*self.args, **self.kwargs)
        else:
            await run_in_threadpool(self.func, *self.args, **self.kwargs)


class BackgroundTasks:
    """Calls to make after the answer is sent, in order; the first that fails ends the rest, and is logged."""

    def __init__(self, tasks: Sequence[BackgroundTask] = ()) -> None:
        self.tasks: List[BackgroundTask] = list(tasks)

    def add_task(self, func: Callable[P, Any], *args: P.args, **kwargs: P.kwargs) -> None:
        self.tasks.append(BackgroundTask(func, *args, **kwargs))

    async def __call__(self) -> None:
        for task in self.tasks:
            await task()


def is_async_callable(function: object) -> bool:
    """Whether calling this gives a coroutine: an async function, method or partial, or an async `__call__`."""
    while isinstance(function, functools.partial):
        function = function.func
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
        getattr(type(function), "__call__", None) if not inspect.isclass(function) else None
    )
