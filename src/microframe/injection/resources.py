"""Resources: what generators open for a piece of work, and how they close it."""

from typing import Any, Awaitable, Callable, Optional, cast

from microframe.concurrency import Threads
from microframe.context import Context
from microframe.injection.plan import Arguments


def open_async(generator: Callable[..., Any], scope: str) -> Callable[[Context, Arguments], Awaitable[Any]]:
    """The step function of an async generator: its first value now, the rest when the context closes."""

    async def open_resource(context: Context, arguments: Arguments) -> Any:
        resource = generator(**arguments)
        try:
            value = await resource.__anext__()
        except StopAsyncIteration:
            raise RuntimeError(f"{generator!r} ended without yielding a value") from None

        async def close(error: Optional[BaseException]) -> None:
            try:
                await (resource.__anext__() if error is None else resource.athrow(error))
            except StopAsyncIteration:
                return
            except RuntimeError as exc:
                # PEP 479 wraps a thrown StopAsyncIteration; what was thrown is no new error.
                if exc is error or (error is not None and exc.__cause__ is error):
                    return
                raise
            await resource.aclose()
            raise RuntimeError(f"{generator!r} yielded more than once")

        context.on_close(close, scope)
        return value

    return open_resource


def open_blocking(
    generator: Callable[..., Any], scope: str, threads: Threads
) -> Callable[[Context, Arguments], Any]:
    """The same for a blocking generator: it is entered and left in a worker thread."""

    def open_resource(context: Context, arguments: Arguments) -> Any:
        resource = generator(**arguments)
        try:
            value = next(resource)
        except StopIteration:
            raise RuntimeError(f"{generator!r} ended without yielding a value") from None

        def finish(error: Optional[BaseException]) -> None:
            try:
                next(resource) if error is None else resource.throw(error)
            except StopIteration:
                return
            resource.close()
            raise RuntimeError(f"{generator!r} yielded more than once")

        async def close(error: Optional[BaseException]) -> None:
            await threads.run(lambda: finish(error))

        context.on_close(close, scope)
        return value

    # A mark on the function itself: a step asks it whether it wants the context.
    open_resource.opens = True  # type: ignore[attr-defined]
    return cast(Callable[[Context, Arguments], Any], open_resource)
