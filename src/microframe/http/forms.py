"""Forms: the fields and files of a body, urlencoded or multipart, read within limits."""

from types import TracebackType
from typing import (
    AsyncGenerator,
    Awaitable,
    Callable,
    Dict,
    Final,
    Generator,
    ItemsView,
    Iterable,
    Iterator,
    List,
    Mapping,
    Optional,
    Tuple,
    Type,
    Union,
    ValuesView,
)

from microframe.exceptions import UnsupportedMediaTypeException
from microframe.http.form_limits import (
    FormFieldTooLargeException,
    FormLimits,
    FormTooLargeException,
    TooManyFormPartsException,
)
from microframe.http.media import parse_media_type
from microframe.http.parts import MULTIPART, FormPart, FormParts, boundary_of
from microframe.http.query import parse_query
from microframe.http.uploads import Spool, UploadFile

FormValue = Union[str, UploadFile]

URLENCODED: Final = "application/x-www-form-urlencoded"
UNLIMITED: Final = 1 << 62


class FormData(Mapping[str, FormValue]):
    """The fields of a form, a text or an `UploadFile` each: the last of a repeated one is read, `getlist` has all."""

    __slots__ = ("_last", "_pairs")

    def __init__(self, values: Union[Mapping[str, FormValue], Iterable[Tuple[str, FormValue]]] = ()) -> None:
        self._pairs: List[Tuple[str, FormValue]] = list(
            values.items() if isinstance(values, Mapping) else values
        )
        self._last: Dict[str, FormValue] = dict(self._pairs)

    def multi_items(self) -> List[Tuple[str, FormValue]]:
        """Every field and file in the order of the form. Not to be changed."""
        return self._pairs

    def getlist(self, name: str) -> List[FormValue]:
        """Every value of a field, in the order of the form."""
        return [value for key, value in self._pairs if key == name]

    def __getitem__(self, name: str) -> FormValue:
        return self._last[name]

    def __contains__(self, name: object) -> bool:
        return name in self._last

    def __iter__(self) -> Iterator[str]:
        return iter(self._last)

    def __len__(self) -> int:
        return len(self._last)

    def items(self) -> ItemsView[str, FormValue]:
        return self._last.items()

    def values(self) -> ValuesView[FormValue]:
        return self._last.values()

    async def close(self) -> None:
        """Close its files now; otherwise the end of the request does."""
        for _, value in self._pairs:
            if isinstance(value, UploadFile):
                await value.close()

    def __repr__(self) -> str:
        return f"FormData({self._pairs!r})"


class FormReading:
    """A form that is being asked for: `await request.form()`, or `async with request.form() as form`."""

    def __init__(self, read: Callable[[], Awaitable[FormData]]) -> None:
        self._read = read
        self._form: Optional[FormData] = None

    def __await__(self) -> Generator[None, None, FormData]:
        return self._read().__await__()

    async def __aenter__(self) -> FormData:
        self._form = await self._read()
        return self._form

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        assert self._form is not None
        await self._form.close()


def is_form(content_type: Optional[str]) -> bool:
    """Whether a Content-Type names a kind of form."""
    try:
        return parse_media_type(content_type or "").essence in (URLENCODED, MULTIPART)
    except ValueError:
        return False


def form_type(content_type: str) -> str:
    """Which kind of form a Content-Type names.

    Raises:
        UnsupportedMediaTypeException: none.
    """
    if not is_form(content_type):
        wanted = f"{URLENCODED}, {MULTIPART}"
        raise UnsupportedMediaTypeException("This endpoint reads a form.", {"Accept": wanted})
    return parse_media_type(content_type).essence


# Multipart -----------------------------------------------------------------------------------------------------------


async def read_multipart(
    stream: AsyncGenerator[bytes, None], content_type: str, limits: FormLimits
) -> FormData:
    """Every field of a multipart form; if it fails, nothing of its files is left.

    Raises:
        PayloadTooLargeException: it is more than the limits allow.
        MalformedFormException: it is not what it says it is.
    """
    reading = MultipartReading(limits)
    parts = FormParts(stream, boundary_of(content_type), limits)
    try:
        async for part in parts:
            await reading.add(part)
        return FormData(reading.pairs)
    except BaseException:
        await reading.give_up()
        raise
    finally:
        await parts.aclose()


class MultipartReading:
    """What came of a form so far, and how much of it is in memory."""

    def __init__(self, limits: FormLimits) -> None:
        self.pairs: List[Tuple[str, FormValue]] = []
        self._room = UNLIMITED if limits.max_memory is None else limits.max_memory
        self._memory = self._room
        self._spool: Optional[Spool] = None

    async def add(self, part: FormPart) -> None:
        value = await self._read_field(part) if part.filename is None else await self._read_file(part)
        # Browsers send this for a file input in which nobody has chosen anything.
        if part.filename or isinstance(value, str) or value.size:
            self.pairs.append((part.name, value))

    async def _read_field(self, part: FormPart) -> str:
        text = await part.text()
        self._room -= len(text) + len(part.name)
        if self._room < 0:
            raise FormTooLargeException(limit=self._memory)
        return text

    async def _read_file(self, part: FormPart) -> UploadFile:
        spool = self._spool = Spool(self._room)
        async for piece in part:
            await spool.add(piece)
        file = await spool.finish()
        if not spool.is_on_disk:
            self._room -= spool.size
        self._spool = None
        return UploadFile(file, size=spool.size, filename=part.filename, headers=part.headers)

    async def give_up(self) -> None:
        """Close every file there is."""
        if self._spool is not None:
            await self._spool.close()
        await FormData(self.pairs).close()


# Urlencoded ----------------------------------------------------------------------------------------------------------


async def read_urlencoded(stream: AsyncGenerator[bytes, None], limit: int) -> bytes:
    """An urlencoded form as it was sent, `limit` bytes at most.

    Raises:
        FormTooLargeException: it is larger than all fields together may be.
    """
    pieces: List[bytes] = []
    room = limit
    try:
        async for piece in stream:
            room -= len(piece)
            if room < 0:
                raise FormTooLargeException(limit=limit)
            pieces.append(piece)
    finally:
        await stream.aclose()
    return b"".join(pieces)


def parse_urlencoded(raw: bytes, limits: FormLimits) -> FormData:
    """The fields of an urlencoded form, always UTF-8 (WHATWG URL §5.1): only `&` separates them, and blank ones stay.

    Raises:
        PayloadTooLargeException: there are too many fields, or one of them is too large.
    """
    most, size = limits.max_parts, limits.max_field_size
    if most is not None and raw.count(b"&") >= most:
        raise TooManyFormPartsException(limit=most)
    pairs = parse_query(raw, UNLIMITED)
    if size is not None and len(raw) > size:
        for name, value in pairs:
            if len(name.encode()) + len(value.encode()) > size:
                raise FormFieldTooLargeException(limit=size)
    return FormData(pairs)
