"""Body: the parameters that a route reads from its body, decoded together in one step."""

from dataclasses import dataclass, field
from typing import Any, Awaitable, Callable, List, Optional, Sequence, cast

from microframe.exceptions import Invalid, SetupError, UnsupportedMediaTypeException
from microframe.http.headers import find
from microframe.http.json import read_json
from microframe.http.media import is_json, parse_media_type
from microframe.http.request import Request
from microframe.injection.signature import Asked
from microframe.injection.sources import build_decoder, build_source, default_of, missing, sent_name
from microframe.markers import MISSING, Parameter
from microframe.validation.registry import Codecs

ReadBody = Callable[[Request], Awaitable[Any]]


@dataclass(frozen=True)
class BodyParameter:
    """One parameter read from the body."""

    asked: Asked
    marker: Parameter
    where: str = field(default="", compare=False)
    """The callable that asks for it, for errors."""


class BodyParts:
    """Everything that one route reads from its body, wherever in its graph it is asked for."""

    def __init__(self) -> None:
        self.parameters: List[BodyParameter] = []

    def add(self, parameter: BodyParameter) -> int:
        """The number of this part; two who ask for the same share one value."""
        for number, known in enumerate(self.parameters):
            if known.asked.annotation is parameter.asked.annotation and known == parameter:
                return number
        self.parameters.append(parameter)
        return len(self.parameters) - 1

    @property
    def is_whole(self) -> bool:
        """Whether each takes the whole body, as in FastAPI: they all have one name, and none is embedded."""
        names = {parameter.asked.name for parameter in self.parameters}
        embedded = any(parameter.marker.embed for parameter in self.parameters)
        return len(names) == 1 and (not embedded or self.parameters[0].asked.annotation is bytes)

    @property
    def is_one(self) -> bool:
        """Whether the body is one value for everybody, of which no part is taken."""
        return len(self.parameters) == 1 and self.is_whole

    def build_reader(self, codecs: Codecs, where: str) -> ReadBody:
        """Read the body: as the one value it is, else as a list of the parts, each an `Invalid` where it is wrong.

        Raises:
            SetupError: one wants its bytes and another something else.
        """
        if any(parameter.asked.annotation is bytes for parameter in self.parameters):
            if not self.is_one:
                raise SetupError(f"{where} reads the body as bytes and in another way too")
            return build_raw_reader(self.parameters[0])
        if not self.is_whole:
            return build_fields_reader([build_field(one, codecs) for one in self.parameters], self.expected)
        readers = [build_whole_reader(parameter, codecs) for parameter in self.parameters]
        return readers[0] if self.is_one else build_parts_reader(readers)

    @property
    def expected(self) -> Optional[bytes]:
        return expected_type(self.parameters[0])


def expected_type(parameter: BodyParameter) -> Optional[bytes]:
    """The content type a parameter insists on, where that is another than JSON."""
    media_type = parameter.marker.media_type
    return None if media_type == "application/json" else media_type.lower().encode()


def build_raw_reader(parameter: BodyParameter) -> ReadBody:
    default = default_of(parameter.asked, parameter.marker)

    async def read_raw(request: Request) -> Any:
        return await request.body() or absent(default)

    return read_raw


def absent(default: Optional[Callable[[], Any]]) -> Any:
    """What a body is that has no byte in it."""
    if default is None:
        raise Invalid([missing("body")])
    return default()


def build_whole_reader(parameter: BodyParameter, codecs: Codecs) -> ReadBody:
    decode = build_decoder(parameter.asked, parameter.marker, codecs, parameter.where, json=True)
    default = default_of(parameter.asked, parameter.marker)
    expected = expected_type(parameter)
    usual = expected or b"application/json"

    async def read_whole(request: Request) -> Any:
        body = await request.body()
        if not body:
            return absent(default)
        if find(request.raw_headers, b"content-type") != usual:
            check_content_type(request, expected)
        try:
            return decode(body)
        except Invalid as exc:
            raise Invalid(exc.under("body")) from None

    return read_whole


def build_parts_reader(readers: Sequence[ReadBody]) -> ReadBody:
    """The whole body read in several ways, by those who ask for different types under one name."""

    async def read_parts(request: Request) -> List[Any]:
        parts: List[Any] = []
        for read in readers:
            try:
                parts.append(await read(request))
            except Invalid as exc:
                parts.append(exc)
        return parts

    return read_parts


def build_fields_reader(fields: Sequence[Callable[[Any], Any]], expected: Optional[bytes]) -> ReadBody:
    async def read_fields(request: Request) -> List[Any]:
        body = await request.body()
        sent: Any = {}
        if body:
            check_content_type(request, expected)
            try:
                sent = read_json(body)
            except Invalid as exc:
                raise Invalid(exc.under("body")) from None
        if sent is None:
            sent = {}
        parts: List[Any] = []
        for read in fields:
            try:
                parts.append(read(sent))
            except Invalid as exc:
                parts.append(exc)
        return parts

    return read_fields


def build_field(parameter: BodyParameter, codecs: Codecs) -> Callable[[Any], Any]:
    alias = sent_name(parameter.asked, parameter.marker)
    read = build_source(
        lambda sent: cast(Any, sent).get(alias, MISSING),
        build_decoder(parameter.asked, parameter.marker, codecs, parameter.where),
        ("body", alias),
        default_of(parameter.asked, parameter.marker),
    )

    def read_field(sent: Any) -> Any:
        # Something else than an object has no fields: not even those that need not be there.
        if not isinstance(sent, dict):
            raise Invalid([missing("body", alias)])
        return read(sent)

    return read_field


def take(number: int) -> Callable[[List[Any]], Any]:
    """One part of what a body is read as.

    Raises:
        Invalid: it is wrong.
    """

    def part(body: List[Any]) -> Any:
        found = body[number]
        if isinstance(found, Invalid):
            raise found
        return found

    return part


def check_content_type(request: Request, expected: Optional[bytes]) -> None:
    """Refuse a body that does not say it is what this route reads (RFC 9110 §15.5.16): a form comes from any site.

    Raises:
        UnsupportedMediaTypeException: it says something else, nothing, or something malformed.
    """
    sent = find(request.raw_headers, b"content-type")
    try:
        essence = parse_media_type(sent.decode("latin-1")).essence if sent is not None else ""
    except ValueError:
        essence = ""
    if expected is not None and essence == expected.decode():
        return
    if expected is not None or not is_json(essence):
        wanted = expected.decode() if expected is not None else "application/json"
        raise UnsupportedMediaTypeException(f"This endpoint reads {wanted}.", {"Accept": wanted})
