"""Queue: what has arrived for one subscriber and was not taken yet; bounded, and filled from any thread."""

import asyncio
import threading
from collections import deque
from typing import Deque, Optional

from microframe.broker import GAP, Message


class Queue:
    """The messages that wait for one task, at most so many and so many bytes; beyond that the oldest are lost.

    Where some were lost, a gap stands in their place, if gaps are wanted.
    """

    def __init__(self, max_messages: int, max_bytes: int, *, gaps: bool) -> None:
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._max_messages, self._max_bytes = max_messages, max_bytes
        self._tells_gaps = gaps
        self._messages: Deque[Message] = deque()
        self._size = 0
        self._is_torn = False
        """Whether messages are missing before the first of those that wait."""
        self._waiter: Optional[asyncio.Future[None]] = None
        self.is_ended = False
        self.dropped = self.gaps = 0

    def put(self, message: Message) -> None:
        """Let a message wait, whoever calls; a full queue loses its oldest ones first."""
        with self._lock:
            if self.is_ended:
                return
            self._make_room(len(message.data))
            self._messages.append(message)
            self._size += len(message.data)
        self._wake()

    def put_gap(self) -> None:
        """Messages may be missing from here on."""
        with self._lock:
            if self.is_ended:
                return
            self.gaps += 1
            if not self._messages:
                self._is_torn = True
            elif self._tells_gaps and not self._messages[-1].is_gap:
                self._messages.append(GAP)
        self._wake()

    def end(self) -> None:
        """Take nothing more; what has arrived may still be taken."""
        with self._lock:
            self.is_ended = True
        self._wake()

    def clear(self) -> None:
        """Forget what has arrived."""
        with self._lock:
            self._messages.clear()
            self._size, self._is_torn = 0, False

    async def get(self) -> Optional[Message]:
        """The next message as soon as there is one; None where none comes any more."""
        while True:
            with self._lock:
                found = self._take()
                if found is not None or self.is_ended:
                    return found
                if self._waiter is not None:
                    raise RuntimeError("another task reads this subscription already")
                self._waiter = waiter = self._loop.create_future()
            try:
                await waiter
            finally:
                self._waiter = None

    def _take(self) -> Optional[Message]:
        is_torn, self._is_torn = self._is_torn, False
        if is_torn and self._tells_gaps:
            return GAP
        if not self._messages:
            return None
        message = self._messages.popleft()
        self._size -= len(message.data)
        return message

    def _make_room(self, size: int) -> None:
        messages = self._messages
        while messages and (len(messages) >= self._max_messages or self._size + size > self._max_bytes):
            lost = messages.popleft()
            self._size -= len(lost.data)
            if not lost.is_gap:
                self.dropped += 1
                self.gaps += not self._is_torn
            self._is_torn = True

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is None:
            return
        if self._loop is running_loop():
            settle(waiter)
            return
        try:
            self._loop.call_soon_threadsafe(settle, waiter)
        except RuntimeError:  # its loop is closed, and nobody reads any more
            self.clear()


def running_loop() -> Optional[asyncio.AbstractEventLoop]:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def settle(waiter: "asyncio.Future[None]") -> None:
    if not waiter.done():
        waiter.set_result(None)
