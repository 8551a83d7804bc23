"""Parts: what a multipart form is made of, one after the other as they arrive (RFC 7578)."""

from typing import TYPE_CHECKING, Any, AsyncGenerator, Final, Mapping, Optional

from microframe.exceptions import UnsupportedMediaTypeException
from microframe.http.filenames import clean_filename
from microframe.http.form_limits import (
    FormFieldTooLargeException,
    FormFileTooLargeException,
    FormLimits,
    MalformedFormException,
    TooManyFilesException,
    TooManyFormPartsException,
)
from microframe.http.headers import Headers
from microframe.http.media import parse_media_type, parse_options

if TYPE_CHECKING:
    from microframe.http.multipart import PartReader

MULTIPART: Final = "multipart/form-data"

CHARSETS: Final[Mapping[str, str]] = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "utf-8",
    "ascii": "utf-8",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "windows-1252": "cp1252",
    "iso-8859-15": "iso-8859-15",
}
"""What a part may say that its text is written in (RFC 7578 §4.4), and how browsers read it: never by whatever codec
Python has of that name."""


class FormPart:
    """One field or file of a form, to be read before the next one is asked for: `async for piece in part`."""

    __slots__ = ("_limits", "_reader", "_size", "filename", "headers", "name")

    def __init__(self, headers: Headers, reader: "PartReader", limits: FormLimits) -> None:
        self.headers = headers
        """The headers of this part, without those of the request."""
        options = read_disposition(headers)
        self.name = options["name"]
        """The name of the field."""
        sent = options.get("filename")
        self.filename = None if sent is None else clean_filename(sent)
        """What its sender calls a file, made harmless; None for a field that is no file."""
        self._reader = reader
        self._limits = limits
        self._size = 0

    @property
    def content_type(self) -> Optional[str]:
        """What its sender says it is. Nobody has looked."""
        return self.headers.get("content-type")

    def __aiter__(self) -> "FormPart":
        return self

    async def __anext__(self) -> bytes:
        """The next piece of it as it arrives; none is kept.

        Raises:
            PayloadTooLargeException: a file is larger than `max_file_size`.
            RuntimeError: the next part has been asked for already.
        """
        piece = await self._reader.read(self)
        if piece is None:
            raise StopAsyncIteration
        self._size += len(piece)
        limit = self._limits.max_file_size
        if limit is not None and self.filename is not None and self._size > limit:
            raise FormFileTooLargeException(limit=limit)
        return piece

    async def read(self, limit: Optional[int] = None) -> bytes:
        """All that is left of it, `limit` bytes at most (default: `max_field_size`).

        Raises:
            PayloadTooLargeException: there are more.
        """
        limit = self._limits.max_field_size if limit is None else limit
        content = bytearray()
        async for piece in self:
            content += piece
            if limit is not None and len(content) > limit:
                raise FormFieldTooLargeException(limit=limit)
        return bytes(content)

    async def text(self, limit: Optional[int] = None) -> str:
        """The same as text: UTF-8, or what the part says; what is none becomes U+FFFD.

        Raises:
            BadRequestException: it names a charset that nobody sends.
        """
        charset = self._charset()
        return (await self.read(limit)).decode(charset, "replace")

    def _charset(self) -> str:
        sent = self.content_type
        if sent is None:
            return "utf-8"
        try:
            named = parse_media_type(sent).params.get("charset", "utf-8")
        except ValueError:
            return "utf-8"
        if named.lower() not in CHARSETS:
            raise MalformedFormException(reason="a field is written in a charset that is not read here")
        return CHARSETS[named.lower()]

    def __repr__(self) -> str:
        return f"FormPart(name={self.name!r}, filename={self.filename!r}, content_type={self.content_type!r})"


def read_disposition(headers: Headers) -> Mapping[str, str]:
    """The name, and of a file the filename, that a part's Content-Disposition gives (RFC 7578 §4.2).

    Browsers write `%22`, `%0D` and `%0A` for what would end it. `filename*` is not for forms, and is not looked at.

    Raises:
        MalformedFormException: there is none, or two, or it has no name.
    """
    lines = headers.getlist("content-disposition")
    try:
        kind, options = parse_options(as_sent(lines[0]) if len(lines) == 1 else "")
    except ValueError:
        raise MalformedFormException(reason="a Content-Disposition in it cannot be read") from None
    if kind != "form-data":
        raise MalformedFormException(reason="a part of it does not say which field it is")
    found = {
        key: options[key].replace("%22", '"').replace("%0D", "\r").replace("%0A", "\n")
        for key in options
        if key in ("name", "filename")
    }
    if not found.get("name"):
        raise MalformedFormException(reason="a part of it has no name")
    return found


def as_sent(line: str) -> str:
    """A header that is UTF-8, as browsers write it (RFC 7578 §5.1), or else latin-1."""
    try:
        return line.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return line


class FormParts:
    """The parts of a multipart form, in the order in which they are sent: `async for part in parts`.

    Nothing is read ahead and nothing is kept, so a form of any size takes no memory. What is not read of a part is
    skipped.
    """

    def __init__(self, stream: AsyncGenerator[bytes, None], boundary: str, limits: FormLimits) -> None:
        from microframe.http.multipart import PartReader

        self._reader = PartReader(stream, boundary, limits)
        self._limits = limits
        self._count = 0
        self._files = 0

    def __aiter__(self) -> "FormParts":
        return self

    async def __anext__(self) -> FormPart:
        headers = await self._reader.next_part()
        if headers is None:
            raise StopAsyncIteration
        part = FormPart(headers, self._reader, self._limits)
        self._reader.current = part
        self._count += 1
        self._files += part.filename is not None
        most, most_files = self._limits.max_parts, self._limits.max_files
        if most is not None and self._count > most:
            raise TooManyFormPartsException(limit=most)
        if most_files is not None and self._files > most_files:
            raise TooManyFilesException(limit=most_files)
        return part

    async def aclose(self) -> None:
        """Read no more of it."""
        await self._reader.close()


def boundary_of(content_type: Optional[str]) -> str:
    """The boundary that a Content-Type names (RFC 2046 §5.1.1).

    Raises:
        UnsupportedMediaTypeException: it is no multipart form.
        MalformedFormException: it names none, or one that cannot be.
    """
    try:
        media_type: Any = parse_media_type(content_type or "")
    except ValueError:
        media_type = None
    if media_type is None or media_type.essence != MULTIPART:
        raise UnsupportedMediaTypeException(f"This endpoint reads {MULTIPART}.", {"Accept": MULTIPART})
    boundary: str = media_type.params.get("boundary", "")
    if not 0 < len(boundary) <= 70 or not boundary.isascii() or boundary[-1] == " ":
        raise MalformedFormException(reason="it has no boundary that can be one")
    return boundary
