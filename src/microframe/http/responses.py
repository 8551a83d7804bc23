"""Responses: plain data that the edge sends."""

from datetime import datetime
from typing import (
    Any,
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    ClassVar,
    Iterable,
    List,
    Mapping,
    Optional,
    Tuple,
    Union,
)

from microframe.concurrency import iterate_in_thread
from microframe.http.cookies import format_cookie
from microframe.http.files import FileSlice
from microframe.http.headers import MutableHeaders, RawHeaders, check_header
from microframe.http.json import write_json
from microframe.http.url import quote_url

Task = Callable[[], Awaitable[None]]
Piece = Union[bytes, str]
Body = Union[bytes, AsyncIterable[Piece], FileSlice]


def content_type_header(media_type: str, charset: str = "utf-8") -> bytes:
    """The Content-Type of a media type; text says its charset."""
    if media_type.startswith("text/") and "charset=" not in media_type.lower():
        media_type = f"{media_type}; charset={charset}"
    return check_header("content-type", media_type)[1]


class Response:
    """An answer: `status_code`, headers, `body`, and `after`, the tasks that run once it is sent.

    `body` is bytes, an async iterable of pieces (text goes out as UTF-8), or a `FileSlice`; the edge says its length.
    Whoever must read it calls `chunks()`, which gives bytes whatever it is. Header names and values
    are checked when they are set (RFC 9110 §5.5), so a bad one is an error of the handler and not a broken answer.
    """

    __slots__ = ("after", "body", "raw_headers", "status_code")

    media_type: ClassVar[Optional[str]] = None
    charset: ClassVar[str] = "utf-8"
    type_header: ClassVar[Optional[Tuple[bytes, bytes]]] = None
    """The Content-Type that `media_type` means, made once for each class."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if cls.media_type is not None:
            cls.type_header = (b"content-type", content_type_header(cls.media_type, cls.charset))

    def __init__(
        self,
        content: Any = None,
        status_code: int = 200,
        headers: Optional[Mapping[str, str]] = None,
        media_type: Optional[str] = None,
        background: Optional[Task] = None,
    ) -> None:
        self.status_code = status_code
        self.after: List[Task] = [] if background is None else [background]
        self.body: Body = self.render(content)
        own = (
            self.type_header
            if media_type is None
            else (b"content-type", content_type_header(media_type, self.charset))
        )
        self.raw_headers: RawHeaders = [] if own is None else [own]
        if headers is not None:
            given = [check_header(name, value) for name, value in headers.items()]
            # A Content-Type given as a header is the one that counts.
            typed = any(name == b"content-type" for name, _ in given)
            self.raw_headers = given if typed else given + self.raw_headers

    def render(self, content: Any) -> bytes:
        """The content as bytes; what another class of response overrides."""
        if isinstance(content, str):
            return content.encode(self.charset)
        if content is None:
            return b""
        return (
            bytes(content)
            if isinstance(content, (bytes, bytearray, memoryview))
            else str(content).encode(self.charset)
        )

    @property
    def headers(self) -> MutableHeaders:
        return MutableHeaders(self.raw_headers)

    @property
    def chunked(self) -> bool:
        """Whether the body comes in pieces, so its length is not known here."""
        return not isinstance(self.body, (bytes, FileSlice))

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body, whatever it is, as pieces of bytes."""
        body = self.body
        if isinstance(body, bytes):
            if body:
                yield body
            return
        async for piece in body.chunks() if isinstance(body, FileSlice) else body:
            yield piece if isinstance(piece, bytes) else as_bytes(piece)

    def set_cookie(
        self,
        key: str,
        value: str = "",
        max_age: Optional[int] = None,
        expires: Optional[Union[datetime, str, int]] = None,
        path: Optional[str] = "/",
        domain: Optional[str] = None,
        secure: bool = False,
        httponly: bool = False,
        samesite: Optional[str] = "lax",
        partitioned: bool = False,
    ) -> None:
        """Send a cookie (RFC 6265bis §4.1); every part is checked now."""
        cookie = format_cookie(
            key,
            value,
            max_age=max_age,
            expires=expires,
            path=path,
            domain=domain,
            secure=secure,
            httponly=httponly,
            samesite=samesite,
            partitioned=partitioned,
        )
        self.raw_headers.append((b"set-cookie", cookie.encode("latin-1")))

    def delete_cookie(
        self,
        key: str,
        path: str = "/",
        domain: Optional[str] = None,
        secure: bool = False,
        httponly: bool = False,
        samesite: Optional[str] = "lax",
    ) -> None:
        self.set_cookie(
            key,
            max_age=0,
            expires=0,
            path=path,
            domain=domain,
            secure=secure,
            httponly=httponly,
            samesite=samesite,
        )


def build_response(status_code: int, raw_headers: RawHeaders, body: Body) -> Response:
    """A response from parts that are already checked and encoded."""
    response = Response.__new__(Response)
    response.status_code = status_code
    response.raw_headers = raw_headers
    response.body = body
    response.after = []
    return response


class PlainTextResponse(Response):
    """Text, in UTF-8."""

    __slots__ = ()
    media_type = "text/plain"


class HTMLResponse(Response):
    """A page, in UTF-8."""

    __slots__ = ()
    media_type = "text/html"


class JSONResponse(Response):
    """A value that `json` can write (RFC 8259: without NaN and the infinities)."""

    __slots__ = ()
    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return write_json(content).encode()


class RedirectResponse(Response):
    """Sends the client elsewhere, to another host too: the program has said so."""

    __slots__ = ()

    def __init__(
        self,
        url: object,
        status_code: int = 307,
        headers: Optional[Mapping[str, str]] = None,
        background: Optional[Task] = None,
    ) -> None:
        super().__init__(None, status_code, headers, None, background)
        self.headers["location"] = quote_url(str(url))


class StreamingResponse(Response):
    """A body made while it is sent; a blocking iterator is read in a thread."""

    __slots__ = ()

    def __init__(
        self,
        content: Union[AsyncIterable[Piece], Iterable[Piece]],
        status_code: int = 200,
        headers: Optional[Mapping[str, str]] = None,
        media_type: Optional[str] = None,
        background: Optional[Task] = None,
    ) -> None:
        super().__init__(None, status_code, headers, media_type, background)
        self.body = content if isinstance(content, AsyncIterable) else iterate_in_thread(iter(content))


def as_bytes(piece: Union[str, bytes, bytearray, memoryview]) -> bytes:
    """One piece of a body as bytes; text as UTF-8.

    Raises:
        TypeError: it is neither.
    """
    if isinstance(piece, str):
        return piece.encode()
    if isinstance(piece, (bytes, bytearray, memoryview)):
        return bytes(piece)
    raise TypeError(f"the pieces of a body are text or bytes, not {type(piece).__name__}")
