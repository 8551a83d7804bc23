"""Protocol: uvicorn's HTTP/1.1 reader with bounds on a head: how large it grows, and how long it may take.

The application bounds what it is given; this bounds what a client can make the server keep before that.
"""

import asyncio
from typing import Any, Optional

from microframe.extras import requires_extra

with requires_extra("server"):
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS = 10.0
TOO_LARGE = b"431 Request Header Fields Too Large"
TOO_SLOW = b"408 Request Timeout"


class BoundedProtocol(HttpToolsProtocol):
    """Closes a connection whose head is larger than `h11_max_incomplete_event_size` (bytes), or not there
    after `HEAD_SECONDS`. A head that comes in one piece, as nearly all do, pays for two look-ups.
    """

    _deadline: Optional[asyncio.TimerHandle] = None
    _read = 0

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._deadline = self.loop.call_later(HEAD_SECONDS, self._too_slow)

    def data_received(self, data: bytes) -> None:
        before: Any = self.scope  # None until the first message begins, whatever its type says
        super().data_received(data)
        scope: Any = self.scope
        if scope is not None and "method" in scope:
            if self._deadline is not None:
                self._deadline.cancel()
                self._deadline = None
        elif not self.transport.is_closing():
            # A piece in which a head begins may hold the end of a body too: only those after it are counted.
            self._read = self._read + len(data) if scope is before else 0
            if self._deadline is None:
                self._deadline = self.loop.call_later(HEAD_SECONDS, self._too_slow)
            if self._read > (self.config.h11_max_incomplete_event_size or 65_536):
                self._refuse(TOO_LARGE)

    def connection_lost(self, exc: Optional[Exception]) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        super().connection_lost(exc)

    def _too_slow(self) -> None:
        self._deadline = None
        # A connection on which nothing was ever sent is owed no answer.
        scope: Any = self.scope
        self._refuse(TOO_SLOW if scope is not None else b"")

    def _refuse(self, status: bytes) -> None:
        cycle: Any = self.cycle
        if cycle is not None and not cycle.response_complete:
            cycle.keep_alive = False  # the request before this one is answered first, and is the last
            return
        if status:
            self.transport.write(b"HTTP/1.1 %b\r\ncontent-length: 0\r\nconnection: close\r\n\r\n" % status)
        self.transport.close()
