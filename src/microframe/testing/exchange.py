"""Exchange: one HTTP request and its answer, spoken in ASGI messages, whole or piece by piece."""

import asyncio
import os
from collections import deque
from typing import Any, AsyncGenerator, Deque, Dict, Mapping, Optional

from microframe.http.headers import RawHeaders, find
from microframe.testing.body import CHUNK, Body, pieces_of
from microframe.testing.failures import ProtocolError
from microframe.testing.protocol import kind_of, read_bytes, read_head, read_headers
from microframe.testing.waiting import Message, Run, grace, never

BODILESS = (204, 304)
"""Statuses whose answer has no body (RFC 9110 §6.4.1)."""

Extensions = Mapping[str, Any]


class Exchange(Run):
    """One request on its way through the application.

    `streaming`: the `send` of a piece returns when the test has taken it; otherwise the pieces are collected.
    `told` is what the application sent beside the answer: early hints, trailers, debug information.
    """

    def __init__(
        self, what: str, method: str, body: Body, extensions: Extensions, streaming: bool = False
    ) -> None:
        super().__init__(what)
        self.status = 0
        self.headers: RawHeaders = []
        self.pieces: Deque[bytes] = deque()
        self.complete = False
        self.left = False
        self.told: Dict[str, Any] = {}
        self._method = method
        self._body = body
        self._extensions = extensions
        self._streaming = streaming
        self._incoming: Optional[AsyncGenerator[bytes, None]] = None
        self._sent_all = False
        self._gone = asyncio.Event()
        self._taken = asyncio.Event()
        self._declared: Optional[int] = None
        self._length = 0

    # What the application receives

    async def give(self) -> Message:
        if not (self._sent_all or self.complete or self.left):
            return await self._next_of_body()
        if self.complete or self.left:
            await asyncio.sleep(0)  # an application that asks again and again must not stop the loop
        else:
            await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _next_of_body(self) -> Message:
        body = self._body
        if isinstance(body, bytes) and len(body) <= CHUNK:
            self._sent_all = True
            return {"type": "http.request", "body": body, "more_body": False}
        if self._incoming is None:
            self._incoming = pieces_of(body)
        try:
            return {"type": "http.request", "body": await self._incoming.__anext__(), "more_body": True}
        except StopAsyncIteration:
            self._sent_all = True
            return {"type": "http.request", "body": b"", "more_body": False}
        except Exception as exc:  # the test's own iterator failed: to the application, the client leaves
            self.fault = exc
            self.leave()
            return {"type": "http.disconnect"}

    # What it sends

    async def take(self, message: Message) -> None:
        kind = kind_of(message)
        if self.left:
            await asyncio.sleep(0)  # as on a server, nothing happens; and the loop goes on
        elif kind == "http.response.body":
            self._take_piece(read_bytes(message), not message.get("more_body", False))
        elif kind == "http.response.start":
            self._take_head(message)
        else:
            self._take_extension(kind, message)
        if self._streaming and self.pieces and not self.left:
            self._taken.clear()
            await self._taken.wait()

    def _take_head(self, message: Message) -> None:
        if self.status:
            raise ProtocolError("the application sent http.response.start twice")
        self.status, self.headers = read_head(message)
        length = find(self.headers, b"content-length")
        if length is not None:
            if not length.isdigit():
                raise ProtocolError(f"the application sent the content-length {length!r}")
            self._declared = int(length)
        self.news.set()

    def _take_piece(self, piece: bytes, last: bool) -> None:
        if not self.status:
            raise ProtocolError("the application sent a body before http.response.start")
        if self.complete:
            raise ProtocolError("the application sent more after the end of its answer")
        if self._method == "HEAD":
            piece = b""  # a server drops it, and its length is not checked
        elif piece and self.status in BODILESS:
            raise ProtocolError(f"the application sent a body with the status {self.status}, which has none")
        self._length += len(piece)
        self._check_length(last)
        self.complete = last
        if last:
            self._gone.set()
        if piece:
            self.pieces.append(piece)
        self.news.set()

    def _check_length(self, last: bool) -> None:
        if self._declared is None or self._method == "HEAD" or self.status in BODILESS:
            return
        if self._length > self._declared or (last and self._length < self._declared):
            more = "or more" if not last else "in all"
            raise ProtocolError(
                f"the content-length is {self._declared}; the body has {self._length} bytes {more}"
            )

    def _take_extension(self, kind: str, message: Message) -> None:
        if kind not in self._extensions:
            raise ProtocolError(f"the application sent {kind!r}, an extension that this client did not offer")
        if kind == "http.response.early_hint":
            self.told.setdefault("early_hints", []).extend(
                link.decode("latin-1") for link in message.get("links", ())
            )
        elif kind == "http.response.pathsend":
            with open(message["path"], "rb") as file:
                self._take_piece(file.read(), True)
        elif kind == "http.response.zerocopysend":
            self._take_piece(read_file(message), not message.get("more_body", False))
        elif kind == "http.response.trailers":
            self.told.setdefault("trailers", []).extend(read_headers(message))
        else:
            self.told.setdefault(kind, []).append(message)

    # What the test asks for

    def lacks(self) -> str:
        if self.left:
            return "the client has left, but the application has not ended"
        if self.complete:
            return "the answer is complete, but the application has not ended"
        return "the answer has begun, but not ended" if self.status else "there is no answer"

    async def whole(self, seconds: Optional[float], raising: bool) -> None:
        """Wait for the whole answer and the end of the application; raises what went wrong."""
        try:
            await self.until(never, seconds)
        finally:
            await self.stop()
        self.check_end(raising)

    async def head(self, seconds: Optional[float], raising: bool) -> None:
        """Wait for the head of the answer; raises what went wrong."""
        try:
            await self.until(lambda: self.status != 0, seconds)
        except BaseException:
            await self.stop()
            raise
        if not self.status:
            self.check_end(raising)

    async def piece(self, seconds: Optional[float], raising: bool) -> Optional[bytes]:
        """The next piece of the body, None after the last; raises what went wrong."""
        await self.until(lambda: bool(self.pieces) or self.complete, seconds)
        if not self.pieces:
            if not self.complete:
                self.check_end(raising)
            return None
        piece = self.pieces.popleft()
        self._taken.set()
        return piece

    def check_end(self, raising: bool) -> None:
        """Raise what went wrong; an error that is not to be raised becomes a server's answer 500."""
        error = self.raise_failure(raising)
        if self.complete or self.left:
            return
        if self.status:
            raise ProtocolError(f"{self.what}: the application ended before its answer did") from error
        if error is None:
            raise ProtocolError(f"{self.what}: the application returned without an answer")
        self.status, self.complete = 500, True
        self.headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"21")]
        self.pieces.append(b"Internal Server Error")

    def leave(self) -> None:
        """As when the client closes the connection: the application is told, what it sends is dropped."""
        self.left = True
        self.pieces.clear()
        self._gone.set()
        self._taken.set()

    async def finish(self, seconds: Optional[float], raising: bool) -> None:
        """Leave if the answer is not complete, and see the application end; raises what went wrong."""
        if not self.complete or self.pieces:
            self.leave()
        await self.whole(grace(seconds), raising)

    async def stop(self) -> None:
        await super().stop()
        if self._incoming is not None and self.ended:
            await self._incoming.aclose()


def read_file(message: Message) -> bytes:
    """The part of an open file that a zero-copy message names."""
    file, offset, count = message["file"], message.get("offset"), message.get("count")
    with open(os.dup(file if isinstance(file, int) else file.fileno()), "rb", buffering=0) as copy:
        if offset is not None:
            copy.seek(offset)
        return copy.read(-1 if count is None else count) or b""
