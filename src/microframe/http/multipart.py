"""Multipart: the pieces of a body to the headers and contents of its parts (RFC 2046 §5.1, RFC 7578)."""

from typing import Any, AsyncGenerator, Final, Iterator, Optional

import multipart  # type: ignore[import-untyped]  # it says no types

from microframe.http.form_limits import FormLimits, MalformedFormException
from microframe.http.headers import Headers

HAS_OLD_PARSER: Final = int(multipart.__version__.partition(".")[0]) < 2
"""Before 2.0 the parser takes a line that begins like the boundary for content, and then may overlook the real one."""

ANY_NUMBER: Final = 1 << 31


class PartReader:
    """Reads the parts of a body one after the other, each in pieces. What is asked for is read, and nothing more."""

    def __init__(self, stream: AsyncGenerator[bytes, None], boundary: str, limits: FormLimits) -> None:
        self.current: Optional[object] = None
        """Whose content is being read."""
        self._stream = stream
        self._parser = multipart.PushMultipartParser(
            boundary,
            header_charset="latin-1",
            max_header_count=ANY_NUMBER if limits.max_part_headers is None else limits.max_part_headers,
            max_header_size=ANY_NUMBER
            if limits.max_part_header_size is None
            else limits.max_part_header_size,
        )
        self._opening = b"--" + boundary.encode("ascii")
        self._delimiter = b"\r\n" + self._opening
        self._events: Iterator[Any] = iter(())
        self._head: Optional[bytes] = b""
        """What came of the body before its boundary; None once that was there."""
        self._tail = b""
        self._is_inside = False
        self._ended = False

    async def next_part(self) -> Optional[Headers]:
        """The headers of the next part, None behind the last one; what is left of the one before is skipped.

        Raises:
            MalformedFormException: this is no multipart form, or it ends before its end.
        """
        self.current = None
        while self._is_inside:
            await self._read_piece()
        segment = await self._next_event()
        if segment is None:
            return None
        self._is_inside = True
        self._tail = b""
        return Headers(
            [
                (name.lower().encode("latin-1"), value.strip().encode("latin-1"))
                for name, value in segment.headerlist
            ]
        )

    async def read(self, part: object) -> Optional[bytes]:
        """The next piece of a part, None at its end."""
        if self.current is not part:
            raise RuntimeError("this part of the form is gone: the next one has been asked for")
        return await self._read_piece() if self._is_inside else None

    async def _read_piece(self) -> Optional[bytes]:
        piece = await self._next_event()
        if piece is None:
            self._is_inside = False
            return None
        return self._check_piece(bytes(piece)) if HAS_OLD_PARSER else bytes(piece)

    def _check_piece(self, piece: bytes) -> bytes:
        """Refuse content with a line in it that begins like the boundary, as the newer parser does."""
        keep = len(self._delimiter) - 1
        if self._delimiter in piece or self._delimiter in self._tail + piece[:keep]:
            raise MalformedFormException(reason="there is something behind a boundary")
        self._tail = (self._tail + piece[-keep:])[-keep:]
        return piece

    async def _next_event(self) -> Any:
        """The next thing in the body: a part's head, a piece of it, None at its end and at the end of everything."""
        while True:
            try:
                for event in self._events:
                    return event
                piece = await self._next_piece()
                if piece is None:
                    self._parser.close(check_complete=not self._ended)
                    self._ended = True
                    return None
                self._events = self._parser.parse(piece)
            except multipart.MultipartError as exc:
                self._events = iter(())
                raise MalformedFormException(reason=str(exc.args[0]).lower()) from exc

    async def _next_piece(self) -> Optional[bytes]:
        """The next piece of the body from its first boundary on."""
        async for piece in self._stream:
            if self._head is None:
                return piece
            piece = self._begin(self._head + piece)
            if piece:
                return piece
        return None

    def _begin(self, head: bytes) -> bytes:
        """Nothing yet, or what to begin with. Only line ends may stand before the first boundary: what the parser makes
        of anything else depends on where the network cuts it."""
        head = head.lstrip(b"\r\n")
        if len(head) < len(self._opening) and self._opening.startswith(head):
            self._head = head
            return b""
        if not head.startswith(self._opening):
            raise MalformedFormException(reason="it does not begin with its boundary")
        self._head = None
        return head

    async def close(self) -> None:
        self._ended = True
        await self._stream.aclose()
