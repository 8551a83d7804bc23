"""Body: the parameters that a route reads from its body, decoded together in one step."""

from typing import Any, Callable, List, Optional, Sequence, cast

from microframe.exceptions import Invalid, SetupError
from microframe.http.headers import find
from microframe.http.json import read_json
from microframe.http.request import Request
from microframe.injection.body_parameter import BodyParameter, ReadBody
from microframe.injection.formats import JSON, Formats
from microframe.injection.forms import build_form_reader, build_form_source
from microframe.injection.sources import build_decoder, build_source, default_of, missing
from microframe.markers import MISSING
from microframe.validation.registry import Codecs


class BodyParts:
    """Everything that one route reads from its body, wherever in its graph it is asked for."""

    def __init__(self) -> None:
        self.parameters: List[BodyParameter] = []
        self.streamed_by = ""
        """Who reads the form part by part, if somebody does."""

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
    def is_form(self) -> bool:
        return any(parameter.is_form for parameter in self.parameters)

    @property
    def is_one(self) -> bool:
        """Whether the body is one value for everybody, of which no part is taken."""
        return len(self.parameters) == 1 and (self.is_form or self.is_whole)

    def check(self, where: str) -> None:
        """Refuse what asks for one body in two ways that cannot both be.

        Raises:
            SetupError: it does; the text names who asks.
        """
        forms = [parameter for parameter in self.parameters if parameter.is_form]
        others = [parameter for parameter in self.parameters if not parameter.is_form]
        if forms and others:
            raise SetupError(
                f"{where} reads a form ({forms[0].asked.name} of {forms[0].where}) and another body "
                f"({others[0].asked.name} of {others[0].where}): a request has one of them"
            )
        if self.streamed_by and self.parameters:
            first = self.parameters[0]
            raise SetupError(
                f"{where} reads the body part by part ({self.streamed_by}): nothing of it is left for "
                f"{first.asked.name} of {first.where}"
            )

    def build_reader(self, codecs: Codecs, where: str, strict: bool = False) -> ReadBody:
        """Read the body: as the one value it is, else as a list of the parts, each an `Invalid` where it is wrong.

        Raises:
            SetupError: one wants its bytes and another something else.
        """
        if self.is_form:
            return build_form_reader(self.parameters, codecs, strict)
        if any(parameter.asked.annotation is bytes for parameter in self.parameters):
            if not self.is_one:
                raise SetupError(f"{where} reads the body as bytes and in another way too")
            return build_raw_reader(self.parameters[0])
        if not self.is_whole:
            formats = Formats(self.parameters[0].marker)
            if formats.has_form:
                raise SetupError(
                    f"{where} reads several values of a body that may be a form: take it as one model"
                )
            return build_fields_reader([build_field(one, codecs) for one in self.parameters], formats)
        readers = [build_whole_reader(parameter, codecs, strict) for parameter in self.parameters]
        return readers[0] if self.is_one else build_parts_reader(readers)


def build_raw_reader(parameter: BodyParameter) -> ReadBody:
    """The body as it is: of any type, unless the marker says of which."""
    default = default_of(parameter.asked, parameter.marker)
    formats = Formats(parameter.marker)
    is_of_any_type = parameter.marker.media_types == (JSON,)

    async def read_raw(request: Request) -> Any:
        body = await request.body()
        if not body:
            return absent(default)
        if not is_of_any_type:
            formats.essence_of(request)
        return body

    return read_raw


def absent(default: Optional[Callable[[], Any]]) -> Any:
    """What a body is that has no byte in it."""
    if default is None:
        raise Invalid([missing("body")])
    return default()


def build_whole_reader(parameter: BodyParameter, codecs: Codecs, strict: bool) -> ReadBody:
    """The body as one value: JSON, or whatever else its marker says that it may be."""
    formats = Formats(parameter.marker)
    if not formats.is_json_alone:
        return build_formats_reader(parameter, formats, codecs, strict)
    decode = build_decoder(parameter.asked, parameter.marker, codecs, parameter.where, json=True)
    default = default_of(parameter.asked, parameter.marker)
    usual = parameter.marker.media_type.lower().encode()

    async def read_whole(request: Request) -> Any:
        body = await request.body()
        if not body:
            return absent(default)
        if find(request.raw_headers, b"content-type") != usual:
            formats.essence_of(request)
        try:
            return decode(body)
        except Invalid as exc:
            raise Invalid(exc.under("body")) from None

    return read_whole


def build_formats_reader(
    parameter: BodyParameter, formats: Formats, codecs: Codecs, strict: bool
) -> ReadBody:
    """The body as one value, read as the request says that it is written."""
    decode_json = build_decoder(parameter.asked, parameter.marker, codecs, parameter.where, json=True)
    decode = build_decoder(parameter.asked, parameter.marker, codecs, parameter.where)
    default = default_of(parameter.asked, parameter.marker)
    from_form = build_form_source(parameter, codecs, strict) if formats.has_form else None

    async def read_format(request: Request) -> Any:
        if find(request.raw_headers, b"content-type") is None and not await request.body():
            return absent(default)
        essence = formats.essence_of(request)
        if from_form is not None and formats.is_form(essence):
            return from_form(await request.form())
        body = await request.body()
        if not body:
            return absent(default)
        try:
            return decode_json(body) if essence == JSON else decode(formats.read(essence, body))
        except Invalid as exc:
            raise Invalid(exc.under("body")) from None

    return read_format


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


def build_fields_reader(fields: Sequence[Callable[[Any], Any]], formats: Formats) -> ReadBody:
    async def read_fields(request: Request) -> List[Any]:
        body = await request.body()
        sent: Any = {}
        if body:
            essence = formats.essence_of(request)
            try:
                sent = read_json(body) if essence == JSON else formats.read(essence, body)
            except Invalid as exc:
                raise Invalid(exc.under("body")) from None
        parts: List[Any] = []
        for read in fields:
            try:
                parts.append(read(sent))
            except Invalid as exc:
                parts.append(exc)
        return parts

    return read_fields


def build_field(parameter: BodyParameter, codecs: Codecs) -> Callable[[Any], Any]:
    alias = parameter.alias
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
