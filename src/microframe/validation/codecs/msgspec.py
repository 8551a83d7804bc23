"""Codec of msgspec: for types that are a `msgspec.Struct` or contain one."""

import re
from typing import Any, Callable, Dict, Final, List, Sequence, Set, Union

from pydantic_core import to_json

from microframe.exceptions import Invalid, SetupError
from microframe.extras import requires_extra
from microframe.http.json import json_invalid, refusal
from microframe.http.uploads import FILE_SCHEMA, UploadFile
from microframe.validation import shapes
from microframe.validation.codec import Decode, DecodeJSON, Encode, EncodeOptions, Field, Schemas, Wanted
from microframe.validation.jsonable import plain, to_plain

with requires_extra("json"):
    import msgspec

DEFAULTS: Final = EncodeOptions()
PLACE: Final = re.compile(r" - at `(key` in `)?\$(?P<path>[^`]*)`\Z")
STEP: Final = re.compile(r"\.(?P<name>[^.\[]+)|\[(?P<index>\d+)\]|\[\.\.\.\]")
NAMED: Final = re.compile(r"Object (missing required|contains unknown) field `(?P<name>.*)`\Z", re.DOTALL)


class MsgspecCodec:
    """Reads and writes structs with msgspec, by its own rules: JSON strictly, texts and forms leniently."""

    name = "msgspec"

    def handles(self, annotation: Any) -> bool:
        return shapes.carries(annotation, shapes.MSGSPEC)

    def is_structured(self, annotation: Any) -> bool:
        return shapes.is_structured(annotation)

    def fields(self, annotation: Any) -> Sequence[Field]:
        return [
            Field(field.name, field.encode_name, field.type, field.required)
            for field in msgspec.structs.fields(shapes.record_in(annotation))
        ]

    def decoder(self, annotation: Any) -> Decode:
        json_decoder_of(annotation)  # a type that msgspec cannot read is found here, at build
        convert = msgspec.convert

        def decode(value: object) -> Any:
            try:
                return convert(value, annotation, strict=False, str_keys=True)
            except msgspec.ValidationError as exc:
                raise invalid(exc) from exc

        return decode

    def json_decoder(self, annotation: Any) -> DecodeJSON:
        read = json_decoder_of(annotation).decode

        def decode(body: bytes) -> Any:
            try:
                if not body.isascii():
                    body.decode()  # msgspec does not look into the text of fields that it skips
                return read(body)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
                raise invalid_json(body, exc) from exc

        return decode

    def encoder(self, annotation: Any, options: EncodeOptions) -> Encode:
        if options.exclude_unset:
            raise SetupError(
                f"msgspec does not know which fields of {annotation!r} were set: use exclude_defaults"
            )
        reduce = reducer(annotation)
        write = writer(options)

        def encode(value: Any) -> bytes:
            try:
                return write(reduce(value))
            except msgspec.ValidationError as exc:
                raise invalid(exc) from exc
            except (TypeError, ValueError) as exc:
                record = {"type": "serialization_error", "loc": (), "msg": str(exc), "input": value}
                raise Invalid([record]) from exc

        return encode

    def schemas(self, wanted: Sequence[Wanted], template: str, separate: bool) -> Schemas:
        try:
            found, definitions = msgspec.json.schema_components(
                [one.annotation for one in wanted], schema_hook=schema_of, ref_template=template
            )
        except TypeError as exc:
            raise SetupError(f"msgspec has no JSON Schema of a type: {exc}") from exc
        return Schemas(list(found), definitions)


def schema_of(kind: Any) -> Dict[str, Any]:
    """The schema of a type that msgspec does not know: a file in a form."""
    if kind is UploadFile:
        return dict(FILE_SCHEMA)
    raise NotImplementedError


def json_decoder_of(annotation: Any) -> "msgspec.json.Decoder[Any]":
    """The decoder of a type.

    Raises:
        SetupError: msgspec cannot read it, or a name in it is not defined.
    """
    try:
        return msgspec.json.Decoder(annotation)
    except (TypeError, NameError) as exc:
        raise SetupError(f"msgspec cannot read the type {annotation!r}: {exc}") from exc


# Writing ----------------------------------------------------------------------------------------------------


def reducer(annotation: Any) -> Callable[[Any], Any]:
    """What makes of a returned value one that has the declared fields and no others."""
    trusted = annotation if isinstance(annotation, type) else None
    inner = structs_in(annotation)
    inner.discard(annotation)

    def reduce(value: Any) -> Any:
        # msgspec takes an instance in a field as it is, and writes all fields of a subclass. Where subclasses
        # exist, everything is taken apart, so that what the declared class does not have stays behind.
        for struct in inner:
            if struct.__subclasses__():
                value = msgspec.to_builtins(value, enc_hook=to_plain)
                return msgspec.convert(value, annotation, strict=False, str_keys=True)
        if type(value) is trusted:
            return value
        return msgspec.convert(value, annotation, strict=False, str_keys=True, from_attributes=True)

    return reduce


def structs_in(annotation: Any) -> Set[Any]:
    """All struct classes that values of this type may hold, at any depth."""
    found: Set[Any] = set()
    waiting: List[Any] = [annotation]
    while waiting:
        for part in shapes.parts(waiting.pop()):
            if isinstance(part, type) and hasattr(part, shapes.MSGSPEC) and part not in found:
                found.add(part)
                waiting.extend(field.type for field in msgspec.structs.fields(part))
    return found


def writer(options: EncodeOptions) -> Encode:
    """Bytes of a reduced value: msgspec's own, or an outline of it when some fields are not wanted."""
    if options == DEFAULTS:
        return msgspec.json.Encoder(enc_hook=to_plain).encode
    return lambda value: to_json(
        outline(value, options), include=options.include, exclude=options.exclude, fallback=plain
    )


def outline(value: Any, options: EncodeOptions) -> Any:
    """Structs as dicts of the fields that the options keep; everything else as it is."""
    if isinstance(value, msgspec.Struct):
        return outline_struct(value, options)
    if isinstance(value, dict):
        return {key: outline(item, options) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [outline(item, options) for item in value]
    return value


def outline_struct(value: msgspec.Struct, options: EncodeOptions) -> Dict[str, Any]:
    config = value.__struct_config__
    kept: Dict[str, Any] = {}
    if config.tag_field is not None:
        kept[config.tag_field] = config.tag
    for field in msgspec.structs.fields(value):
        item = getattr(value, field.name)
        if item is msgspec.UNSET or (options.exclude_none and item is None):
            continue
        if options.exclude_defaults and is_default(field, item):
            continue
        kept[field.encode_name if options.by_alias else field.name] = outline(item, options)
    return kept


def is_default(field: msgspec.structs.FieldInfo, value: Any) -> bool:
    if field.default_factory is not msgspec.NODEFAULT:
        return bool(field.default_factory() == value)
    return field.default is not msgspec.NODEFAULT and bool(field.default == value)


# Refusing ---------------------------------------------------------------------------------------------------


def invalid_json(body: bytes, exc: Exception) -> Invalid:
    """What is wrong with a JSON text: that it is none, or the one fault that msgspec found in it."""
    if isinstance(exc, RecursionError):
        return json_invalid("Nested too deeply")
    if not isinstance(exc, msgspec.ValidationError) or "out of range" in str(exc):
        return refusal(body, str(exc))
    return invalid(exc)


def invalid(exc: msgspec.ValidationError) -> Invalid:
    """msgspec's refusal as ours: it stops at the first fault, and says in its text where that is."""
    text = str(exc)
    place = PLACE.search(text)
    loc: List[Union[str, int]] = []
    if place is not None:
        text = text[: place.start()]
        loc = [step(found) for found in STEP.finditer(place["path"])]
    named = NAMED.match(text)
    if named is None:
        kind = "type_error" if text.startswith("Expected `") and "`, got `" in text else "value_error"
        return Invalid([{"type": kind, "loc": tuple(loc), "msg": text}])
    kind = "missing" if named[1] == "missing required" else "extra_forbidden"
    message = "Field required" if kind == "missing" else "Extra inputs are not permitted"
    return Invalid([{"type": kind, "loc": (*loc, named["name"]), "msg": message}])


def step(found: "re.Match[str]") -> Union[str, int]:
    """One step of a path; msgspec does not say which key of a mapping it was."""
    if found["index"] is not None:
        return int(found["index"])
    return found["name"] or "..."
