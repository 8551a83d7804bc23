"""Response: the application's answer, as the client sees it."""

import codecs
import json
from datetime import timedelta
from email.message import Message as Fields
from http import HTTPStatus
from typing import Any, AsyncIterator, Dict, Iterator, List, Optional

from microframe.exceptions import MicroFrameException
from microframe.http.headers import Headers, RawHeaders
from microframe.testing.cookies import Cookies
from microframe.testing.decoding import Decoder, Kept, Lines, Raw, Reader, Source, Text, decoder_for
from microframe.testing.events import Events, ReceivedEvent
from microframe.testing.request import ClientRequest

REDIRECTS = frozenset([301, 302, 303, 307, 308])


class AnswerHeaders(Headers):
    """The headers of an answer: a mapping that reads the first value of a repeated one."""

    __slots__ = ()

    def get_list(self, name: str, split_commas: bool = False) -> List[str]:
        """Every value of a header; with `split_commas` every element of its lists."""
        values = self.getlist(name)
        if not split_commas:
            return values
        return [element.strip() for value in values for element in value.split(",")]


class HTTPStatusError(MicroFrameException):
    """`raise_for_status` found an answer that is no success: `response`, to `request`."""

    def __init__(self, message: str, request: ClientRequest, response: "ClientResponse") -> None:
        super().__init__(message)
        self.request = request
        self.response = response


class ClientResponse:
    """An answer. Its body is `content`; where it is streamed, `read` or iterate within the `with` block.

    Content codings are taken off, except in `iter_raw`.
    """

    def __init__(self, status_code: int, headers: RawHeaders, body: bytes, request: ClientRequest) -> None:
        self.status_code = status_code
        self.headers = AnswerHeaders(headers)
        self.request = request
        self.url = request.url
        self.history: List[ClientResponse] = []
        """The redirects on the way here, oldest first."""
        self.extensions: Dict[str, Any] = {}
        """What came beside the answer: `early_hints`, `trailers`, other messages by their type."""
        self.http_version = "HTTP/1.1"
        self.elapsed = timedelta()
        self.cookies = Cookies()
        """The cookies that this answer sets."""
        self._raw: Optional[bytes] = body
        self._content: Optional[bytes] = None
        self._source: Optional[Source] = None
        self._encoding: Optional[str] = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.status_code} {self.reason_phrase}>"

    # What the status says

    @property
    def reason_phrase(self) -> str:
        try:
            return HTTPStatus(self.status_code).phrase
        except ValueError:
            return ""

    @property
    def is_success(self) -> bool:
        return 200 <= self.status_code <= 299

    @property
    def is_redirect(self) -> bool:
        return 300 <= self.status_code <= 399

    @property
    def has_redirect_location(self) -> bool:
        return self.status_code in REDIRECTS and "location" in self.headers

    @property
    def is_client_error(self) -> bool:
        return 400 <= self.status_code <= 499

    @property
    def is_server_error(self) -> bool:
        return 500 <= self.status_code <= 599

    @property
    def is_error(self) -> bool:
        return 400 <= self.status_code <= 599

    def raise_for_status(self) -> "ClientResponse":
        """This response, if it is a success.

        Raises:
            HTTPStatusError: it is not.
        """
        if self.is_success:
            return self
        shown = "" if self._raw is None else f": {self.text:.500}"
        message = f"{self.request.name} was answered {self.status_code} {self.reason_phrase}{shown}"
        raise HTTPStatusError(message, self.request, self)

    # The body

    @property
    def content(self) -> bytes:
        """The body, content codings taken off.

        Raises:
            RuntimeError: it is streamed, and not read yet.
        """
        if self._content is None:
            if self._raw is None:
                raise RuntimeError(
                    "this body is streamed: call read(), or aread() of the async client, first"
                )
            decoder = self._decoder()
            self._content = b"".join([*decoder.feed(self._raw), *decoder.flush()])
        return self._content

    @property
    def encoding(self) -> str:
        """The charset that Content-Type names, utf-8 where it names none that exists; can be set."""
        if self._encoding is None:
            fields = Fields()
            fields["content-type"] = self.headers.get("content-type", "")
            self._encoding = known_encoding(fields.get_content_charset())
        return self._encoding

    @encoding.setter
    def encoding(self, name: str) -> None:
        self._encoding = name

    @property
    def text(self) -> str:
        return self.content.decode(self.encoding, "replace")

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.content)

    def _decoder(self) -> Decoder[bytes]:
        return decoder_for(self.headers.get("content-encoding", ""))

    # The body as it comes

    def stream_from(self, source: Source) -> None:
        """Read the body from here, not from `content`."""
        self._raw, self._source = None, source

    def read(self) -> bytes:
        """The whole body, kept in `content`."""
        if self._raw is None:
            self._raw = b"".join(self.iter_raw())
        return self.content

    async def aread(self) -> bytes:
        """The whole body, kept in `content`."""
        if self._raw is None:
            self._raw = b"".join([piece async for piece in self.aiter_raw()])
        return self.content

    def iter_raw(self) -> Iterator[bytes]:
        """The pieces as the application sent them."""
        return Reader(self._take_source(), Raw())

    def iter_bytes(self) -> Iterator[bytes]:
        return Reader(self._take_source(), self._decoder())

    def iter_text(self) -> Iterator[str]:
        return Reader(self._take_source(), self._text_decoder())

    def iter_lines(self) -> Iterator[str]:
        """The lines of the body as they come, without their ends."""
        return Reader(self._take_source(), Lines(self._text_decoder()))

    def aiter_raw(self) -> AsyncIterator[bytes]:
        """The pieces as the application sent them."""
        return Reader(self._take_source(), Raw())

    def aiter_bytes(self) -> AsyncIterator[bytes]:
        return Reader(self._take_source(), self._decoder())

    def aiter_text(self) -> AsyncIterator[str]:
        return Reader(self._take_source(), self._text_decoder())

    def aiter_lines(self) -> AsyncIterator[str]:
        """The lines of the body as they come, without their ends."""
        return Reader(self._take_source(), Lines(self._text_decoder()))

    def iter_events(self) -> Iterator[ReceivedEvent]:
        """Server-sent events as they come, without comments."""
        return Reader(self._take_source(), Events(Lines(self._text_decoder())))

    def aiter_events(self) -> AsyncIterator[ReceivedEvent]:
        """Server-sent events as they come, without comments."""
        return Reader(self._take_source(), Events(Lines(self._text_decoder())))

    def _text_decoder(self) -> Decoder[str]:
        return Text(self._decoder(), self.encoding)

    def _take_source(self) -> Source:
        if self._raw is not None:
            return Kept(self._raw)
        source, self._source = self._source, None
        if source is None:
            raise RuntimeError("this body was streamed already, and is not kept")
        return source


def known_encoding(name: Optional[str]) -> str:
    try:
        return codecs.lookup(name or "utf-8").name
    except LookupError:
        return "utf-8"
