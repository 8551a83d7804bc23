"""Channel: the messages of one WebSocket between the application and the test."""

import asyncio
from collections import deque
from typing import Any, Deque, List, Optional, Tuple

from microframe.http.headers import RawHeaders
from microframe.testing.failures import ProtocolError
from microframe.testing.protocol import kind_of, read_bytes, read_head, read_headers
from microframe.testing.waiting import Message, Run

MOST_WAITING = 256
"""Messages that may wait for the test; then the application's `send` waits, as it does for a slow client."""

ENDED = 1006
"""The connection ended without a close (RFC 6455 §7.4.1)."""


class ClientLeft(OSError):
    """What `send` raises in the application once the client has left, as on a server."""


class Channel(Run):
    """One WebSocket as the application sees it, and what it has sent so far.

    `close` is its close message, `denial` its answer where it refuses: status, headers, pieces of the body.
    """

    def __init__(self, what: str, offered: List[str]) -> None:
        super().__init__(what)
        self.accepted = False
        self.subprotocol: Optional[str] = None
        self.headers: RawHeaders = []
        self.inbox: Deque[Message] = deque()
        self.close: Optional[Message] = None
        self.denial: Optional[Tuple[int, RawHeaders, List[bytes]]] = None
        self.left = False
        self._offered = offered
        self._outbox: asyncio.Queue[Message] = asyncio.Queue()
        self._outbox.put_nowait({"type": "websocket.connect"})
        self._taken = asyncio.Event()

    @property
    def decided(self) -> bool:
        """Whether the handshake is over, one way or the other."""
        return self.accepted or self.close is not None

    # The test's end

    def push(self, message: Message) -> None:
        self._outbox.put_nowait(message)

    def pop(self) -> Message:
        message = self.inbox.popleft()
        self._taken.set()
        return message

    def leave(self, code: int, reason: str) -> None:
        """Close from the client's side: what the application sends from now on reaches nobody."""
        self.left = True
        self._disconnect(code, reason)
        self._taken.set()

    def _disconnect(self, code: int, reason: str) -> None:
        self.push({"type": "websocket.disconnect", "code": code, "reason": reason})

    def lacks(self) -> str:
        if self.left:
            return "the client has left, but the application has not ended"
        if self.close is not None:
            return "the socket is closed, but the application has not ended"
        return (
            "the application sent nothing" if self.accepted else "the application has not accepted the socket"
        )

    # The application's end

    async def give(self) -> Message:
        message = await self._outbox.get()
        if message["type"] == "websocket.disconnect":
            self.push(message)  # whoever asks again is told again
            await asyncio.sleep(0)
        return message

    async def take(self, message: Message) -> None:
        kind = kind_of(message)
        if self.left:
            await asyncio.sleep(0)
            if kind != "websocket.close":
                raise ClientLeft("the client has left")
            return
        if self.close is not None:
            raise ProtocolError(f"the application sent {kind} after the end of the socket")
        self._take(kind, message)
        self.news.set()
        while len(self.inbox) >= MOST_WAITING and not self.left:
            self._taken.clear()
            await self._taken.wait()

    def _take(self, kind: str, message: Message) -> None:
        if kind == "websocket.close" and self.denial is None:
            self._take_close(message)
        elif kind == "websocket.accept" and not self.accepted and self.denial is None:
            self._take_accept(message)
        elif kind == "websocket.send" and self.accepted:
            self._take_data(message)
        elif kind == "websocket.http.response.start" and not self.accepted and self.denial is None:
            self.denial = (*read_head(message), [])
        elif kind == "websocket.http.response.body" and self.denial is not None:
            self.denial[2].append(read_bytes(message))
            if not message.get("more_body", False):
                self._end({"code": ENDED, "reason": ""})
        else:
            stage = "the socket is accepted" if self.accepted else "the handshake"
            raise ProtocolError(
                f"the application sent {kind} {'after' if self.accepted else 'during'} {stage}"
            )

    def _take_accept(self, message: Message) -> None:
        name = message.get("subprotocol")
        if name is not None and name not in self._offered:
            raise ProtocolError(
                f"the application chose the subprotocol {name!r}; offered were {self._offered}"
            )
        self.headers = read_headers(message)
        self.subprotocol = name
        self.accepted = True

    def _take_data(self, message: Message) -> None:
        text: Any = message.get("text")
        data: Any = message.get("bytes")
        if not (isinstance(text, str) and data is None) and not (isinstance(data, bytes) and text is None):
            raise ProtocolError(
                f"a websocket.send has either text or bytes, not {text!r:.80} and {data!r:.80}"
            )
        self.inbox.append(message)

    def _take_close(self, message: Message) -> None:
        code, reason = message.get("code", 1000), message.get("reason") or ""
        if not isinstance(code, int) or not 1000 <= code <= 4999:
            raise ProtocolError(f"the application closed with the code {code!r}")
        if not isinstance(reason, str) or len(reason.encode()) > 123:
            raise ProtocolError(
                f"the application closed with a reason that is no text of 123 bytes: {reason!r:.200}"
            )
        self.inbox.append(message)
        self._end({"code": code, "reason": reason})

    def _end(self, close: Message) -> None:
        self.close = close
        self._disconnect(close["code"], close["reason"])
