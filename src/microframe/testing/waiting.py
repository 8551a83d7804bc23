"""Waiting: one call of the application in a task of its own, watched so that no test hangs."""

import asyncio
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, Awaitable, Callable, Dict, MutableMapping, Optional, Tuple

from microframe.testing.failures import ClientTimeout, ProtocolError

Message = MutableMapping[str, Any]
Scope = Dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApplication = Callable[[Any, Any, Any], Awaitable[None]]
"""Every framework has its own types for scope and messages: this takes all of them."""

GRACE = 5.0
"""Seconds an application has to end once the client has left, fewer where the test waits less for all."""

LAST_GRACE = 1.0
"""Seconds it has to end once its task is cancelled."""

UNTOLD = (str(Path(asyncio.__file__).parent), str(Path(__file__).parent))
"""Where the lines are that say nothing about the application: asyncio's and our own."""


class Signal:
    """Wakes the one task that waits for it; what nobody waits for is lost, so look before you wait."""

    __slots__ = ("_waiter",)

    def __init__(self) -> None:
        self._waiter: Optional[asyncio.Future[bool]] = None

    def set(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(True)

    async def wait(self, seconds: Optional[float]) -> bool:
        """Whether it was set before the time was over."""
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[bool] = loop.create_future()
        self._waiter = waiter
        timer = None if seconds is None else loop.call_later(max(seconds, 0), _expire, waiter)
        try:
            return await waiter
        finally:
            self._waiter = None
            if timer is not None:
                timer.cancel()


def _expire(waiter: "asyncio.Future[bool]") -> None:
    if not waiter.done():
        waiter.set_result(False)


class Run:
    """One call of the application. What it sends goes to `take`, what it asks for comes from `give`.

    `what` names the call in messages: `GET /cards`.
    `error` is what it raised, `fault` what its first message against the protocol did: it may have caught it.
    """

    def __init__(self, what: str) -> None:
        self.what = what
        self.task: Optional[asyncio.Task[None]] = None
        self.ended = False
        self.error: Optional[BaseException] = None
        self.fault: Optional[BaseException] = None
        self.news = Signal()
        self._waits_for = ""

    def start(self, app: ASGIApplication, scope: Scope) -> None:
        """Call the application, in a copy of the caller's context variables."""
        self.task = asyncio.get_running_loop().create_task(self._call(app, scope))

    async def _call(self, app: ASGIApplication, scope: Scope) -> None:
        try:
            await app(scope, self._receive, self._send)
        except BaseException as exc:  # all of them: one that left this task could end the event loop
            self.error = exc
        finally:
            self.ended = True
            self.news.set()

    async def give(self) -> Message:
        """The next message for the application."""
        raise NotImplementedError

    async def take(self, message: Message) -> None:
        """One message from the application, checked; raises `ProtocolError`."""
        raise NotImplementedError

    async def _receive(self) -> Message:
        self._waits_for = "in receive(), for a message from the client"
        try:
            return await self.give()
        finally:
            self._waits_for = ""

    async def _send(self, message: Message) -> None:
        self._waits_for = "in send(), for the test to take what it sent"
        try:
            await self.take(message)
        except ProtocolError as exc:
            if self.fault is None:
                self.fault = exc
            self.news.set()
            raise
        finally:
            self._waits_for = ""

    def lacks(self) -> str:
        """What has not happened yet, for the message of a timeout."""
        raise NotImplementedError

    async def until(self, ready: Callable[[], bool], seconds: Optional[float]) -> None:
        """Wait until `ready()`, or the application has ended.

        Raises:
            ClientTimeout: neither came in time. The application goes on: whoever gives up on it calls `stop`.
        """
        loop = asyncio.get_running_loop()
        deadline = None if seconds is None else loop.time() + seconds
        while not self._over(ready):
            left = None if deadline is None else deadline - loop.time()
            if not await self.news.wait(left) and not self._over(ready):
                raise ClientTimeout(f"{self.what}: {self.lacks()} after {seconds:g} s; {self.doing()}")

    def _over(self, ready: Callable[[], bool]) -> bool:
        return self.ended or ready()

    async def stop(self) -> None:
        """Cancel the application and wait for its end, for a while."""
        if self.task is not None and not self.task.done():
            self.task.cancel()
            await asyncio.wait([self.task], timeout=LAST_GRACE)

    def doing(self) -> str:
        """What the application is waiting for, in words."""
        told = f"the application waits {self._waits_for}" if self._waits_for else "the application waits"
        line = where(self.task) if self.task is not None else None
        return told if line is None else f"{told} at {line}"

    def raise_failure(self, raising: bool) -> Optional[BaseException]:
        """Raise how the application failed, once; a fault goes first, since the rest comes of it.

        What is not `raising` is given back: an error that a server would log.
        """
        error, fault = self.error, self.fault
        self.error = self.fault = None
        if fault is not None and error is not None and error is not fault:
            raise fault from error
        if fault is not None:
            raise fault
        if isinstance(error, asyncio.CancelledError):
            raise ProtocolError(f"{self.what}: the application was cancelled from within") from error
        if error is not None and (raising or not isinstance(error, Exception)):
            raise error
        return error


def grace(seconds: Optional[float]) -> float:
    """How long a test that waits so many seconds for an answer waits for the end."""
    return GRACE if seconds is None else min(GRACE, seconds)


def never() -> bool:
    """What `until` waits for when only the end will do."""
    return False


def where(task: "asyncio.Task[Any]") -> Optional[str]:
    """The line at which a suspended task waits: the innermost that is not asyncio's or ours."""
    found: Optional[Tuple[CodeType, int]] = None
    waiting: object = task.get_coro()
    while waiting is not None:
        frame = _part(waiting, "frame")
        if isinstance(frame, FrameType) and not frame.f_code.co_filename.startswith(UNTOLD):
            found = (frame.f_code, frame.f_lineno)
        waiting = _part(waiting, "await") or _part(waiting, "yieldfrom")
    return None if found is None else f"{found[0].co_filename}:{found[1]}, in {found[0].co_name}"


def _part(waiting: object, part: str) -> Optional[object]:
    for kind in ("cr", "gi", "ag"):  # coroutines, generators, async generators
        value: Optional[object] = getattr(waiting, f"{kind}_{part}", None)
        if value is not None:
            return value
    return None
