"""Leaving: the watch over handlers whose client may leave, and over nothing that never waits."""

import asyncio
from typing import Any, Callable, Dict, Optional, Set

from microframe.endpoint import Endpoint
from microframe.exceptions import ClientDisconnect
from microframe.http.connection import Edge
from microframe.http.request import Request
from microframe.http.responses import Response

SOON = 0.005
"""Seconds between two looks at who is inside, while requests come all the time."""
LATER = 0.1
"""The most that becomes of it while all that is left cannot be watched yet."""

NOBODY_LOOKS: Any = False
"""In the place of whoever is inside: the next one to enter has to see that the event loop looks."""


class Watch:
    """Handlers that are cancelled when their client leaves.

    Who enters is the `newest` until it leaves: while its handler does not wait, that is all it costs. When the event
    loop has its turn it looks who is still inside, with the body read, and gives each a task that waits for the client.
    """

    __slots__ = ("_inside", "_last", "_looking", "_watched", "newest")

    def __init__(self) -> None:
        self.newest: Optional[Request] = NOBODY_LOOKS
        """The last that entered and has not gone; who finds another one there calls `remember` first."""
        self._inside: Set[Request] = set()
        self._looking: Set[asyncio.AbstractEventLoop] = set()
        self._watched: Dict[Request, Watcher] = {}
        self._last = 0.0

    def remember(self, request: Request) -> None:
        """Keep who was the newest, and see that the running loop looks for it, at its next turn or soon."""
        if request is not NOBODY_LOOKS:
            self._inside.add(request)
        self._begin(asyncio.get_running_loop())

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        if loop in self._looking:
            return
        self._looking.add(loop)
        look = Look(self, loop)
        if loop.time() - self._last < SOON:
            loop.call_later(SOON, look)
        else:
            loop.call_soon(look)

    def look(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Watch whoever can be watched; gives whether somebody must be looked for again."""
        newest, self.newest = self.newest, None
        if newest:
            self._inside.add(newest)
        waiting = False
        for request in list(self._inside):
            task, edge = request.task, request.edge
            assert task is not None, "nothing is awaited outside a task"
            other = task.get_loop()
            if other is not loop:
                if not other.is_closed():
                    other.call_soon_threadsafe(self._begin, other)
            # The body belongs to its reader: nobody else takes messages before it is read.
            elif edge.watched or not edge.body_is_read:
                waiting = True
            else:
                self._inside.discard(request)
                edge.watched = True
                self._watched[request] = Watcher(task, edge)
        self._last = loop.time()
        return waiting

    def stop(self, loop: asyncio.AbstractEventLoop) -> None:
        """Look no more on this loop, until somebody enters."""
        self._looking.discard(loop)
        newest, self.newest = self.newest, NOBODY_LOOKS
        if newest:
            self._inside.add(newest)

    def leave(self, request: Request) -> bool:
        """Go; gives whether it was the client's leaving, and nothing else, that cancelled the work."""
        if self.newest is request:
            self.newest = None
            return False
        watcher = self._watched.pop(request, None)
        if watcher is None:
            self._inside.discard(request)
            return False
        request.edge.watched = False
        return watcher.end()


class Look:
    """One look at who is inside, and those that follow from it."""

    def __init__(self, watch: Watch, loop: asyncio.AbstractEventLoop) -> None:
        self._watch = watch
        self._loop = loop
        self._pause = SOON

    def __call__(self) -> None:
        if self._watch.look(self._loop):
            self._loop.call_later(self._pause, self)
            self._pause = min(self._pause * 2, LATER)

    def __del__(self) -> None:
        # It has nothing left to do, or its loop was closed with it.
        self._watch.stop(self._loop)


class Watcher:
    """Waits for one client to leave, and cancels the task of its request."""

    __slots__ = ("_before", "_left", "_task", "_waiting")

    def __init__(self, task: "asyncio.Task[Any]", edge: Edge) -> None:
        self._task = task
        self._left = False
        self._before = 0
        self._waiting = asyncio.ensure_future(self._wait(edge))

    async def _wait(self, edge: Edge) -> None:
        await edge.disconnected()
        self._left = True
        self._before = cancellations(self._task)
        self._task.cancel()

    def end(self) -> bool:
        self._waiting.cancel()
        if not self._left:
            return False
        uncancel: Optional[Callable[[], int]] = getattr(self._task, "uncancel", None)
        return uncancel is None or uncancel() <= self._before


def cancellations(task: "asyncio.Task[Any]") -> int:
    """How often a task was asked to end; 0 before Python 3.11, which does not count."""
    count: Optional[Callable[[], int]] = getattr(task, "cancelling", None)
    return 0 if count is None else count()


def cancel_on_disconnect(endpoint: Endpoint, watch: Watch) -> Endpoint:
    """Cancel whatever answers, when the client leaves."""
    current_task = asyncio.current_task

    async def cancellable(request: Request) -> Response:
        request.task = current_task()
        if watch.newest is not None:
            watch.remember(watch.newest)
        watch.newest = request
        try:
            response = await endpoint(request)
        except BaseException as exc:
            if watch.leave(request) and isinstance(exc, asyncio.CancelledError):
                raise ClientDisconnect() from None
            raise
        watch.leave(request)
        return response

    return cancellable
