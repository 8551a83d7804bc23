"""The lifespan protocol: start and stop as the server says, here and in mounted applications."""

import asyncio
import contextlib
import logging
from typing import Any, AsyncIterator, Awaitable, Callable, Dict, Mapping, Optional

from microframe.asgi.messages import ASGIApp, Receive, Scope, Send

logger = logging.getLogger("microframe.edge")


async def serve_lifespan(
    start: Callable[[], Awaitable[Mapping[str, Any]]],
    stop: Callable[[], Awaitable[None]],
    scope: Scope,
    receive: Receive,
    send: Send,
) -> None:
    """Answer the server's startup and shutdown; a failure is told in one line and logged with its traceback."""
    await receive()
    try:
        state = await start()
        if "state" in scope:
            scope["state"].update(state)
    except BaseException as exc:
        logger.error("start-up failed: %s", exc, exc_info=exc)
        await send({"type": "lifespan.startup.failed", "message": str(exc)})
        raise
    await send({"type": "lifespan.startup.complete"})
    await receive()
    try:
        await stop()
    except BaseException as exc:
        logger.error("shutdown failed: %s", exc, exc_info=exc)
        await send({"type": "lifespan.shutdown.failed", "message": str(exc)})
        raise
    await send({"type": "lifespan.shutdown.complete"})


@contextlib.asynccontextmanager
async def lifespan_of(app: ASGIApp, state: Dict[str, Any]) -> AsyncIterator[None]:
    """The lifespan of a mounted application, which fills `state`; one that has none is left alone."""
    to_app: asyncio.Queue[Dict[str, Any]] = asyncio.Queue()
    from_app: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue()
    scope: Dict[str, Any] = {
        "type": "lifespan",
        "asgi": {"version": "3.0", "spec_version": "2.0"},
        "state": state,
    }
    task: asyncio.Future[None] = asyncio.ensure_future(app(scope, to_app.get, from_app.put))
    await to_app.put({"type": "lifespan.startup"})
    answer = await next_answer(task, from_app)
    if answer is None:
        # It raised or returned at once: it has no lifespan, as servers understand this too.
        yield
        return
    if answer["type"] == "lifespan.startup.failed":
        await asyncio.wait([task])
        failure = task.exception()
        raise RuntimeError(
            f"start-up of a mounted application failed: {answer.get('message', '')}"
        ) from failure
    try:
        yield
    finally:
        await to_app.put({"type": "lifespan.shutdown"})
        answer = await next_answer(task, from_app)
        await asyncio.wait([task])
        if answer is not None and answer["type"] == "lifespan.shutdown.failed":
            raise RuntimeError(
                f"shutdown of a mounted application failed: {answer.get('message', '')}"
            ) from task.exception()


async def next_answer(
    task: "asyncio.Future[None]", from_app: "asyncio.Queue[Mapping[str, Any]]"
) -> Optional[Mapping[str, Any]]:
    """What the application says next; None when it ended without a word."""
    getting = asyncio.ensure_future(from_app.get())
    waiting: list[asyncio.Future[Any]] = [task, getting]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    except asyncio.CancelledError:
        task.cancel()
        raise
    finally:
        if not getting.done():
            getting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await getting
    if not getting.cancelled():
        return getting.result()
    if not task.cancelled():
        task.exception()  # looked at, so that it is not reported as lost
    return None
