"""Keep-alive: a stream that says something whenever it has had nothing to say for long."""

import asyncio
from typing import AsyncIterator, Optional, Protocol

from microframe.concurrency import ended
from microframe.http.responses import Piece


class Pieces(Protocol):
    """What is kept alive: pieces that can be closed."""

    def __aiter__(self) -> AsyncIterator[Piece]: ...

    async def aclose(self) -> None: ...


class KeptAlive:
    """The pieces of a stream, and `idle` each time none came for `seconds`.

    The pieces are made in a task of their own, so waiting for one can be left and taken up again; one is made
    when the one before is taken. Two futures a piece and one timer a stream is all that costs.
    """

    def __init__(self, pieces: Pieces, idle: bytes, seconds: float) -> None:
        self._pieces = pieces
        self._idle = idle
        self._seconds = seconds
        self._task: Optional[asyncio.Task[None]] = None
        self._made: Optional[Piece] = None
        """A piece that nobody has taken yet."""
        self._go: Optional[asyncio.Future[None]] = None
        """What the maker waits for before the next one."""
        self._wake: Optional[asyncio.Future[None]] = None
        """What the reader waits for."""
        self._since = 0.0
        self._timer: Optional[asyncio.TimerHandle] = None
        self._told = False

    async def begin(self, within: float) -> None:
        """Wait for the first piece, at most so many seconds; raises what goes wrong before it."""
        await asyncio.wait([self._proceed()], timeout=within)
        self._look_for_failure()

    def __aiter__(self) -> "KeptAlive":
        return self

    async def __anext__(self) -> Piece:
        if self._made is None:
            wake = self._proceed()
            if not wake.done():
                self._set_timer()
                await wake
        piece = self._made
        if piece is not None:
            self._made = None
            return piece
        if self._look_for_failure():
            raise StopAsyncIteration
        return self._idle

    def _proceed(self) -> "asyncio.Future[None]":
        """Let the next piece be made, unless one is being made already; gives what is done when it is there."""
        self._wake = asyncio.get_running_loop().create_future()
        if self._task is None:
            self._task = asyncio.ensure_future(self._make())
            self._task.add_done_callback(lambda task: self._wake_reader())
        elif self._go is not None:
            self._go.set_result(None)
            self._go = None
        elif self._task.done():
            self._wake_reader()
        return self._wake

    async def _make(self) -> None:
        try:
            async for piece in self._pieces:
                self._made = piece
                self._go = go = asyncio.get_running_loop().create_future()
                self._wake_reader()
                await go
        finally:
            await self._pieces.aclose()

    def _wake_reader(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    def _look_for_failure(self) -> bool:
        """Whether the stream has ended; raises, once, what it ended with."""
        if self._task is None or not self._task.done():
            return False
        if not self._told:
            self._told = True
            self._task.result()
        return True

    # Silence ---------------------------------------------------------------------------------------------------------

    def _set_timer(self) -> None:
        # It is not moved for every piece: it looks itself, when it comes, how long the silence has been.
        loop = asyncio.get_running_loop()
        self._since = loop.time()
        if self._timer is None:
            self._timer = loop.call_later(self._seconds, self._tick)

    def _tick(self) -> None:
        self._timer = None
        if self._wake is None or self._wake.done():
            return
        loop = asyncio.get_running_loop()
        due = self._since + self._seconds
        if loop.time() >= due:
            self._wake_reader()
        else:
            self._timer = loop.call_at(due, self._tick)

    async def aclose(self) -> None:
        """End the making of pieces, wherever it is, and wait until it has tidied up; raises what fails then."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._task is None:
            await self._pieces.aclose()
            return
        self._task.cancel()
        await ended(self._task)
        if not self._task.cancelled():
            self._look_for_failure()
