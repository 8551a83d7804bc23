"""Compression: answers in the encoding that the client likes best: zstd, Brotli or gzip."""

import contextlib
import importlib
import zlib
from typing import (
    Any,
    AsyncIterable,
    AsyncIterator,
    Callable,
    Dict,
    Iterable,
    List,
    Mapping,
    Optional,
    Protocol,
    Sequence,
)

from microframe.concurrency import run_in_threadpool
from microframe.endpoint import Endpoint
from microframe.exceptions import SetupError
from microframe.extras import requires_extra
from microframe.http.files import FileSlice
from microframe.http.headers import find
from microframe.http.media import accepts_encoding
from microframe.http.request import Request
from microframe.http.responses import Piece, Response, as_bytes
from microframe.http.selection import select_version

__all__ = ["CompressMiddleware"]

VARY = (b"vary", b"Accept-Encoding")
IN_THREAD = 64 * 1024
"""Larger bodies than this are compressed in a thread: 64 KiB take about a millisecond."""
COMPRESSIBLE = (
    b"text/",
    b"application/json",
    b"application/javascript",
    b"application/xml",
    b"application/jsonl",
    b"application/problem+json",
    b"application/manifest+json",
    b"image/svg+xml",
)
STRUCTURED = (b"+json", b"+xml")


class Compressor(Protocol):
    """Compresses one body piece by piece; `flush` gives everything so far, `finish` the end."""

    def compress(self, data: bytes) -> bytes: ...
    def flush(self) -> bytes: ...
    def finish(self) -> bytes: ...


class CompressMiddleware:
    """Compress what is worth it: text, JSON and the like, from `minimum_size` bytes on, and streams piece by piece.

    `encodings` says which are offered, the best first (default: zstd and br where they are installed, then
    gzip), `levels` how hard to try. Not compressed: what has a `Content-Encoding` or `Content-Range` already, what says
    `no-transform`, and answers to clients that do not ask. A strong ETag becomes a weak one, because the
    bytes are others now (RFC 9110 §8.8.1).

    Compression tells secrets apart by their length (BREACH): a page that shows a secret beside text that somebody else
    chose needs the secret masked anew each time, as CSRF tokens are, or `Cache-Control: no-transform`.

    Raises:
        SetupError: an encoding that there is not, or that is not installed.
    """

    slot = "compress"

    def __init__(
        self,
        minimum_size: int = 500,
        encodings: Optional[Sequence[str]] = None,
        levels: Optional[Mapping[str, int]] = None,
        media_types: Iterable[str] = (),
    ) -> None:
        self.minimum_size = minimum_size
        wanted = available() if encodings is None else list(encodings)
        chosen = {**LEVELS, **(levels or {})}
        self.makers: Dict[str, Callable[[], Compressor]] = {
            name: build_maker(name, chosen.get(name, 0)) for name in wanted
        }
        self.prefixes = (*COMPRESSIBLE, *(name.lower().encode() for name in media_types))

    def __call__(self, endpoint: Endpoint) -> Endpoint:
        async def compressing(request: Request) -> Response:
            response = await endpoint(request)
            if not self.is_worth(response):
                return response
            if isinstance(response.body, FileSlice):
                # Once it is compressed it is no file any more, and the edge has nothing to compare.
                known = select_version(request, response)
                if known is not None:
                    known.raw_headers = with_vary(known)
                    return known
            response.raw_headers = with_vary(response)
            accepted = find(request.raw_headers, b"accept-encoding")
            name = accepts_encoding(accepted.decode("latin-1"), *self.makers) if accepted else None
            return response if name is None else await compressed(response, name, self.makers[name]())

        return compressing

    def is_worth(self, response: Response) -> bool:
        """Whether this answer would be compressed for a client that asks for it."""
        body = response.body
        size = len(body) if isinstance(body, bytes) else body.length if isinstance(body, FileSlice) else None
        if (size is not None and size < self.minimum_size) or response.status_code in (204, 206, 304):
            return False
        kind = b""
        for name, value in response.raw_headers:
            if name == b"content-type":
                kind = value.partition(b";")[0].strip(b" \t").lower()
            elif name in (b"content-encoding", b"content-range") or (
                name == b"cache-control" and b"no-transform" in value.lower()
            ):
                return False
        return kind.startswith(self.prefixes) or kind.endswith(STRUCTURED)


def with_vary(response: Response) -> "list[tuple[bytes, bytes]]":
    """The headers, with one that keeps caches from giving one encoding to everybody (RFC 9110 §12.5.5)."""
    for name, value in response.raw_headers:
        if name == b"vary" and b"accept-encoding" in value.lower():
            return response.raw_headers
    return [*response.raw_headers, VARY]


async def compressed(response: Response, encoding: str, compressor: Compressor) -> Response:
    dropped = (b"content-length", b"accept-ranges")
    headers = [weaker(pair) for pair in response.raw_headers if pair[0] not in dropped]
    body = response.body
    answer = Response.__new__(Response)
    answer.status_code, answer.after = response.status_code, response.after
    answer.raw_headers = [*headers, (b"content-encoding", encoding.encode())]
    if isinstance(body, bytes):
        whole = body
        if len(whole) <= IN_THREAD:
            answer.body = at_once(whole, compressor)
        else:
            answer.body = await run_in_threadpool(at_once, whole, compressor)
    elif isinstance(body, FileSlice):
        answer.body = in_pieces(body.chunks(), compressor, flush=False)
    else:
        answer.body = in_pieces(body, compressor, flush=True)
    return answer


def weaker(pair: "tuple[bytes, bytes]") -> "tuple[bytes, bytes]":
    name, value = pair
    return (name, b"W/" + value) if name == b"etag" and value.startswith(b'"') else pair


def at_once(body: bytes, compressor: Compressor) -> bytes:
    return compressor.compress(body) + compressor.finish()


async def in_pieces(
    pieces: AsyncIterable[Piece], compressor: Compressor, flush: bool
) -> AsyncIterator[bytes]:
    """Compress a stream; with `flush` each piece goes out at once, as events must."""
    try:
        async for piece in pieces:
            data = piece if isinstance(piece, bytes) else as_bytes(piece)
            if len(data) <= IN_THREAD:
                out = step(data, compressor, flush)
            else:
                out = await run_in_threadpool(step, data, compressor, flush)
            if out:
                yield out
        yield compressor.finish()
    finally:
        close = getattr(pieces, "aclose", None)
        if close is not None:
            await close()


def step(data: bytes, compressor: Compressor, flush: bool) -> bytes:
    out = compressor.compress(data)
    return out + compressor.flush() if flush else out


# Encodings ----------------------------------------------------------------------------------------------------------

LEVELS = {"gzip": 6, "br": 4, "zstd": 3}
"""How hard to try where nothing is said: what a request can wait for."""


class Gzip:
    """gzip (RFC 1952)."""

    def __init__(self, level: int) -> None:
        self._stream = zlib.compressobj(level, zlib.DEFLATED, 31)

    def compress(self, data: bytes) -> bytes:
        return self._stream.compress(data)

    def flush(self) -> bytes:
        return self._stream.flush(zlib.Z_SYNC_FLUSH)

    def finish(self) -> bytes:
        return self._stream.flush()


class Brotli:
    """Brotli (RFC 7932)."""

    def __init__(self, module: Any, level: int) -> None:
        self._stream = module.Compressor(quality=level)

    def compress(self, data: bytes) -> bytes:
        out: bytes = self._stream.process(data)
        return out

    def flush(self) -> bytes:
        out: bytes = self._stream.flush()
        return out

    def finish(self) -> bytes:
        out: bytes = self._stream.finish()
        return out


class Zstandard:
    """Zstandard (RFC 8878), with the window that RFC 9659 allows on the web."""

    def __init__(self, module: Any, level: int) -> None:
        kind = module.ZstdCompressor
        self._block, self._frame = kind.FLUSH_BLOCK, kind.FLUSH_FRAME
        parameter = module.CompressionParameter
        self._stream = kind(options={parameter.compression_level: level, parameter.window_log: 23})

    def compress(self, data: bytes) -> bytes:
        out: bytes = self._stream.compress(data)
        return out

    def flush(self) -> bytes:
        out: bytes = self._stream.flush(self._block)
        return out

    def finish(self) -> bytes:
        out: bytes = self._stream.flush(self._frame)
        return out


MODULES: Mapping[str, Sequence[str]] = {
    "zstd": ("compression.zstd", "backports.zstd"),
    "br": ("brotlicffi", "brotli"),
    "gzip": ("zlib",),
}
"""Where each encoding may come from; the last is what the extra installs."""


def library(encoding: str) -> Any:
    """The module that has an encoding.

    Raises:
        ModuleNotFoundError: none is installed.
    """
    *others, last = MODULES[encoding]
    for name in others:
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError:
            continue
    return importlib.import_module(last)


def available() -> List[str]:
    """The encodings that this machine has."""
    found = []
    for name in MODULES:
        with contextlib.suppress(ModuleNotFoundError):
            library(name)
            found.append(name)
    return found


def build_maker(encoding: str, level: int) -> Callable[[], Compressor]:
    if encoding not in MODULES:
        raise SetupError(f"CompressMiddleware: there is no encoding {encoding!r}, only {', '.join(MODULES)}")
    with requires_extra("compression"):
        module = library(encoding)
    if encoding == "gzip":
        return lambda: Gzip(level)
    if encoding == "br":
        return lambda: Brotli(module, level)
    return lambda: Zstandard(module, level)
