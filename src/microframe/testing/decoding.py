"""Decoding: the pieces of an answer as bytes, text or lines, whatever pieces they come in."""

import codecs
import zlib
from collections import deque
from io import IncrementalNewlineDecoder
from typing import Callable, Deque, Dict, Generic, List, Optional, Protocol, TypeVar

from microframe.testing.failures import ProtocolError

T = TypeVar("T")


# Where the pieces come from ---------------------------------------------------------------------------------


class Source(Protocol):
    """The pieces of a body, None after the last; for those who can wait and those who cannot."""

    async def apiece(self) -> Optional[bytes]: ...
    def piece(self) -> Optional[bytes]: ...


class Kept:
    """A body that is here already."""

    def __init__(self, body: bytes) -> None:
        self._body: Optional[bytes] = body

    async def apiece(self) -> Optional[bytes]:
        return self.piece()

    def piece(self) -> Optional[bytes]:
        body, self._body = self._body, None
        return body or None


# What they become -------------------------------------------------------------------------------------------


class Decoder(Protocol[T]):
    """Takes pieces in, gives what can be told so far; `flush` gives the rest."""

    def feed(self, piece: bytes) -> List[T]: ...
    def flush(self) -> List[T]: ...


class Raw:
    """The pieces as the application sent them."""

    def feed(self, piece: bytes) -> List[bytes]:
        return [piece] if piece else []

    def flush(self) -> List[bytes]:
        return []


class Inflated:
    """Pieces with a content coding taken off (RFC 9110 §8.4.1)."""

    def __init__(self, coding: str, bits: int) -> None:
        self._coding = coding
        self._inflate = zlib.decompressobj(bits)
        self._started = False

    def feed(self, piece: bytes) -> List[bytes]:
        self._started = self._started or piece != b""
        try:
            plain = self._inflate.decompress(piece)
        except zlib.error as exc:
            raise ProtocolError(f"the content-encoding is {self._coding}; the body is not: {exc}") from exc
        return [plain] if plain else []

    def flush(self) -> List[bytes]:
        if self._started and not self._inflate.eof:
            raise ProtocolError(f"the body ends in the middle of its {self._coding} stream")
        return []


class Chain:
    """One coding in another, the outer one first."""

    def __init__(self, links: List[Decoder[bytes]]) -> None:
        self._links = links

    def feed(self, piece: bytes) -> List[bytes]:
        pieces = [piece]
        for link in self._links:
            pieces = [inner for outer in pieces for inner in link.feed(outer)]
        return pieces

    def flush(self) -> List[bytes]:
        for link in self._links:
            link.flush()
        return []


class Text:
    """Pieces as text; what is not in this encoding becomes U+FFFD."""

    def __init__(self, inner: Decoder[bytes], encoding: str) -> None:
        self._inner = inner
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")

    def feed(self, piece: bytes) -> List[str]:
        text = "".join(self._decoder.decode(plain) for plain in self._inner.feed(piece))
        return [text] if text else []

    def flush(self) -> List[str]:
        self._inner.flush()
        text = self._decoder.decode(b"", True)
        return [text] if text else []


class Lines:
    """Text in lines, without their ends; CR, LF and CRLF end one."""

    def __init__(self, inner: Decoder[str]) -> None:
        self._inner = inner
        self._newlines = IncrementalNewlineDecoder(None, translate=True)
        self._rest = ""

    def feed(self, piece: bytes) -> List[str]:
        return self._split("".join(self._inner.feed(piece)), False)

    def flush(self) -> List[str]:
        lines = self._split("".join(self._inner.flush()), True)
        return [*lines, self._rest] if self._rest else lines

    def _split(self, text: str, final: bool) -> List[str]:
        *lines, self._rest = (self._rest + self._newlines.decode(text, final)).split("\n")
        return lines


CODINGS: "Dict[str, Callable[[], Decoder[bytes]]]" = {
    "gzip": lambda: Inflated("gzip", zlib.MAX_WBITS | 16),
    "deflate": lambda: Inflated("deflate", zlib.MAX_WBITS),
}
"""The content codings that the client asks for and takes off."""


def decoder_for(content_encoding: str) -> Decoder[bytes]:
    """What takes off the codings of a Content-Encoding header; from one that is not known on, they stay."""
    links: List[Decoder[bytes]] = []
    for coding in reversed(content_encoding.lower().split(",")):
        if coding.strip() not in CODINGS:
            break
        links.append(CODINGS[coding.strip()]())
    if not links:
        return Raw()
    return links[0] if len(links) == 1 else Chain(links)


# For the loop that reads them -------------------------------------------------------------------------------


class Reader(Generic[T]):
    """What a decoder makes of a source, for `for` and for `async for`."""

    def __init__(self, source: Source, decoder: Decoder[T]) -> None:
        self._source = source
        self._decoder = decoder
        self._items: Deque[T] = deque()
        self._over = False

    def _take(self, piece: Optional[bytes]) -> None:
        self._over = piece is None
        self._items.extend(self._decoder.flush() if piece is None else self._decoder.feed(piece))

    def __iter__(self) -> "Reader[T]":
        return self

    def __next__(self) -> T:
        while not self._items and not self._over:
            self._take(self._source.piece())
        if not self._items:
            raise StopIteration
        return self._items.popleft()

    def __aiter__(self) -> "Reader[T]":
        return self

    async def __anext__(self) -> T:
        while not self._items and not self._over:
            self._take(await self._source.apiece())
        if not self._items:
            raise StopAsyncIteration
        return self._items.popleft()
