"""Timeout: an answer that is not made in time is given up, and the client is told so."""

import asyncio
import types
from typing import Any, Awaitable, Callable, Dict, Generator, List, Optional, Tuple, Union, cast

from microframe.concurrency import ThreadEnd
from microframe.context import Deadline
from microframe.endpoint import Endpoint, Middleware
from microframe.exceptions import GatewayTimeoutException, SetupError
from microframe.http.request import Request
from microframe.http.responses import Response

Steps = Generator[Any, Any, Response]


def keep_deadline(seconds: float) -> Middleware:
    """Give whatever answers so many seconds until its Response is made; of two deadlines the sooner holds.

    The work is cancelled where it waits. In a thread it cannot be: there the answer is 504 all the same, and what the
    thread works with closes when it has ended, behind the answer.

    Raises:
        GatewayTimeoutException: there was no Response in time.
    """

    def middleware(endpoint: Endpoint) -> Endpoint:
        async def timed(request: Request) -> Response:
            around = request.deadline
            deadline = request.deadline = around.within(seconds)
            alarm = Alarm(deadline)
            try:
                steps: Any = until(
                    endpoint(request), alarm
                )  # checkers differ over what `types.coroutine` makes
                result: Union[Response, LeftBehind] = await steps
            except asyncio.CancelledError:
                if not alarm.rang_alone():
                    raise
                raise GatewayTimeoutException() from None
            finally:
                alarm.off()
                request.deadline = around
            if isinstance(result, Response):
                return result
            leave_behind(request, result)
            raise GatewayTimeoutException()

        return timed

    return middleware


def check_seconds(seconds: object, where: object) -> float:
    """A timeout as it was given; 0 for none.

    Raises:
        SetupError: it is no number of seconds.
    """
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 <= seconds < float("inf"):
        raise SetupError(f"timeout={seconds!r} of {where} is no number of seconds (0 for none)")
    return seconds


class Alarm:
    """Cancels the task it was made in when a deadline passes, and knows its own cancellation from any other."""

    __slots__ = ("_before", "_deadline", "_task", "_timer", "others", "rang")

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        self._task = cast("asyncio.Task[object]", asyncio.current_task())
        self._timer: Optional[asyncio.TimerHandle] = None
        self._before = 0
        self.rang = False
        self.others = False
        """Whether somebody else had cancelled the task before: then the time it takes to end is not counted."""

    def set(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._deadline.remaining(), self._ring)

    def _ring(self) -> None:
        if self.others:
            return
        self.rang = True
        cancelling: Optional[Callable[[], int]] = getattr(self._task, "cancelling", None)
        self._before = 0 if cancelling is None else cancelling()
        self._task.cancel()

    def rang_alone(self) -> bool:
        """Whether it was the deadline, and nothing else, that cancelled the task; asked once."""
        if not self.rang or self.others:
            return False
        self.rang = False
        uncancel: Optional[Callable[[], int]] = getattr(self._task, "uncancel", None)
        return uncancel is None or uncancel() <= self._before

    def off(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self.rang_alone()


class LeftBehind:
    """Work that waits for its thread and has been told to end; `finish` runs what is left of it."""

    __slots__ = ("_steps", "_waits_for")

    def __init__(self, steps: Steps, waits_for: Any) -> None:
        self._steps = steps
        self._waits_for = waits_for

    @types.coroutine
    def finish(self) -> Generator[Any, Any, bool]:
        """Run it to its end, in the task it began in; gives whether somebody cancelled that task meanwhile."""
        others = False
        try:
            while True:
                try:
                    sent = yield self._waits_for
                except asyncio.CancelledError as exc:
                    others = True
                    self._waits_for = self._steps.throw(exc)
                else:
                    self._waits_for = self._steps.send(sent)
        except StopIteration:
            pass
        except asyncio.CancelledError:
            pass  # its own, which it has waited to raise
        return others


@types.coroutine
def until(work: Awaitable[Response], alarm: Alarm) -> Generator[Any, Any, Union[Response, LeftBehind]]:
    """Run work step by step, so that nothing is paid for work that never waits, to its end or to the alarm.

    Its context, its task and its variables are those of whoever awaits this.
    """
    steps = work.__await__()
    try:
        waits_for = steps.send(None)
        alarm.set()
        while True:
            if alarm.rang and isinstance(waits_for, ThreadEnd):
                return LeftBehind(steps, waits_for)
            try:
                sent = yield waits_for
            except GeneratorExit:
                steps.close()
                raise
            except BaseException as exc:
                alarm.others |= not alarm.rang
                waits_for = steps.throw(exc)
            else:
                waits_for = steps.send(sent)
    except StopIteration as done:
        return cast(Response, done.value)


def leave_behind(request: Request, work: LeftBehind) -> None:
    """Finish the work when the request ends; until then nobody else gets what it still works with."""
    kept: List[Tuple[Request, Optional[Dict[object, Any]]]] = []
    asked: Optional[Request] = request
    while asked is not None:
        kept.append((asked, asked._values))
        asked._values = None
        asked = asked._outer

    async def finish(error: Optional[BaseException]) -> None:
        others = [(asked, asked._values) for asked, _ in kept]
        restore(kept)
        try:
            if await work.finish():
                raise asyncio.CancelledError
        finally:
            restore(others)

    request.on_close(finish)


def restore(values: List[Tuple[Request, Optional[Dict[object, Any]]]]) -> None:
    for request, kept in values:
        request._values = kept
