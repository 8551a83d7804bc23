"""Body: the parameters that a route reads from its body, decoded together in one step."""

from dataclasses import dataclass
from typing import Any, Awaitable, Callable, Dict, List, Optional, Sequence, Tuple, cast

from microframe.exceptions import Invalid, SetupError, UnsupportedMediaTypeException
from microframe.http.headers import find
from microframe.http.json import read_json
from microframe.http.media import is_json, parse_media_type
from microframe.http.request import Request
from microframe.injection.signature import Asked
from microframe.injection.sources import build_source, constrained, default_of, missing
from microframe.markers import MISSING, Parameter
from microframe.validation.codec import Decode
from microframe.validation.registry import Codecs

ReadBody = Callable[[Request], Awaitable[Any]]


@dataclass(frozen=True)
class BodyParameter:
    """One parameter read from the body."""

    asked: Asked
    marker: Parameter

    @property
    def alias(self) -> str:
        return (
            self.marker.options.get("alias") or self.marker.options.get("validation_alias") or self.asked.name
        )


def is_whole(parameters: Sequence[BodyParameter]) -> bool:
    """Whether one parameter takes the whole body, as in FastAPI: there is no other, and it is not embedded."""
    return len(parameters) == 1 and (
        not parameters[0].marker.embed or parameters[0].asked.annotation is bytes
    )


def build_body_reader(parameters: Sequence[BodyParameter], codecs: Codecs, where: str) -> ReadBody:
    """Read the body: the value itself where one parameter takes it whole, else a dict of values by parameter name."""
    first = parameters[0]
    if any(parameter.asked.annotation is bytes for parameter in parameters):
        if len(parameters) > 1:
            raise SetupError(f"{where} reads the body as bytes and in another way too")
        return read_raw
    annotation = constrained(first.asked, first.marker)
    if is_whole(parameters):
        decode = codecs.for_annotation(annotation).json_decoder(annotation)
        return build_whole_reader(decode, default_of(first.asked, first.marker), expected_type(first))
    fields: List[Tuple[str, Callable[[Any], Any]]] = []
    for parameter in parameters:
        annotation = constrained(parameter.asked, parameter.marker)
        decode_field = codecs.for_annotation(annotation).decoder(annotation)
        fields.append((parameter.asked.name, build_field(parameter, decode_field)))
    return build_fields_reader(fields, expected_type(first))


def expected_type(parameter: BodyParameter) -> Optional[bytes]:
    """The content type a parameter insists on, where that is another than JSON."""
    media_type = parameter.marker.media_type
    return None if media_type == "application/json" else media_type.lower().encode()


async def read_raw(request: Request) -> bytes:
    return await request.body()


def build_whole_reader(
    decode: Callable[[bytes], Any], default: Optional[Callable[[], Any]], expected: Optional[bytes]
) -> ReadBody:
    async def read_whole(request: Request) -> Any:
        body = await request.body()
        if not body:
            if default is not None:
                return default()
            raise Invalid([missing("body")])
        if find(request.raw_headers, b"content-type") != b"application/json":
            check_content_type(request, expected)
        try:
            return decode(body)
        except Invalid as exc:
            raise Invalid(exc.under("body")) from None

    return read_whole


def build_fields_reader(
    fields: Sequence[Tuple[str, Callable[[Any], Any]]], expected: Optional[bytes]
) -> ReadBody:
    async def read_fields(request: Request) -> Dict[str, Any]:
        body = await request.body()
        sent: Any = {}
        if body:
            check_content_type(request, expected)
            try:
                sent = read_json(body)
            except Invalid as exc:
                raise Invalid(exc.under("body")) from None
        values: Dict[str, Any] = {}
        errors: List[Dict[str, Any]] = []
        for name, field in fields:
            try:
                values[name] = field(sent if isinstance(sent, dict) else {})
            except Invalid as exc:
                errors.extend(dict(error) for error in exc.errors)
        if errors:
            raise Invalid(errors)
        return values

    return read_fields


def build_field(parameter: BodyParameter, decode: Decode) -> Callable[[Any], Any]:
    alias = parameter.alias
    return build_source(
        lambda sent: cast(Any, sent).get(alias, MISSING),
        decode,
        ("body", alias),
        default_of(parameter.asked, parameter.marker),
    )


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
