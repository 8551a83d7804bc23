"""Codec of Pydantic: the default one, for everything that a `TypeAdapter` takes."""

import dataclasses
import warnings
from typing import Any, Dict, Final, List, Mapping, Optional, Sequence

from pydantic import AliasChoices, BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticSerializationError, SchemaError, SchemaSerializer
from typing_extensions import (
    Annotated,
    NotRequired,
    ReadOnly,
    Required,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from microframe.exceptions import Invalid, SetupError
from microframe.http.json import confirm, is_suspicious, refusal
from microframe.validation import shapes
from microframe.validation.codec import Decode, DecodeJSON, Encode, EncodeOptions, Field, Schemas, Wanted
from microframe.validation.jsonable import plain

UNREADABLE = (PydanticUserError, SchemaError, NameError, TypeError, RuntimeError)
"""What Pydantic raises about a type that it cannot read."""

MAX_FAULTS: Final = 1000
"""More faults in one value than this are counted, not listed."""


class PydanticCodec:
    """Reads and writes models, dataclasses, TypedDicts and all standard types with Pydantic.

    Texts are read leniently (`"5"` is an int, `"on"` a bool). JSON is read in Pydantic's JSON mode, where
    FastAPI makes plain values of it first: here `Union[UUID, str]` is a UUID when it can be one,
    `Union[date, datetime]` the one that was written, and a strict model still takes dates, UUIDs and enums
    from text.
    """

    name = "pydantic"

    def __init__(self) -> None:
        self._adapters: Dict[type, TypeAdapter[Any]] = {}

    def handles(self, annotation: Any) -> bool:
        return True

    def is_structured(self, annotation: Any) -> bool:
        return shapes.is_structured(annotation)

    def fields(self, annotation: Any) -> Sequence[Field]:
        return fields_of(shapes.record_in(annotation))

    def decoder(self, annotation: Any) -> Decode:
        validate = self.adapter(annotation).validator.validate_python

        def decode(value: object) -> Any:
            try:
                return validate(value)
            except ValidationError as exc:
                raise invalid(exc) from exc

        return decode

    def json_decoder(self, annotation: Any) -> DecodeJSON:
        validate = self.adapter(annotation).validator.validate_json

        def decode(body: bytes) -> Any:
            if is_suspicious(body):
                confirm(body)
            try:
                return validate(body)
            except ValidationError as exc:
                raise invalid_json(body, exc) from exc

        return decode

    def encoder(self, annotation: Any, options: EncodeOptions) -> Encode:
        adapter = self.adapter(annotation)
        validate = adapter.validator.validate_python
        write = writer(adapter.serializer, options)
        trusted = annotation if keeps_instances(annotation) else None

        def encode(value: Any) -> bytes:
            try:
                return write(value if type(value) is trusted else validate(value, from_attributes=True))
            except ValidationError as exc:
                raise invalid(exc) from exc
            except PydanticSerializationError as exc:
                record = {"type": "serialization_error", "loc": (), "msg": str(exc), "input": value}
                raise Invalid([record]) from exc

        return encode

    def schemas(self, wanted: Sequence[Wanted], template: str, separate: bool) -> Schemas:
        from microframe.validation.json_schema import schemas_of

        with warnings.catch_warnings():
            # A model's field, described by itself, has an alias that means nothing there.
            warnings.simplefilter("ignore")
            adapters = [self.adapter(one.annotation) for one in wanted]
        return schemas_of(wanted, adapters, template, separate)

    def adapter(self, annotation: Any) -> "TypeAdapter[Any]":
        """The adapter of a type, complete; that of a class is made once.

        Raises:
            SetupError: Pydantic cannot read this type, or a name in it is not defined.
        """
        # Others are no safe key: Union[int, str] == Union[str, int], and the order means something.
        if not isinstance(annotation, type):
            return build_adapter(annotation)
        found = self._adapters.get(annotation)
        if found is None:
            found = self._adapters[annotation] = build_adapter(annotation)
        return found


def build_adapter(annotation: Any) -> "TypeAdapter[Any]":
    try:
        adapter = TypeAdapter(annotation)
        if not adapter.pydantic_complete:
            adapter.rebuild(raise_errors=True)
    except UNREADABLE as exc:
        raise unreadable(annotation, exc) from exc
    return adapter


def unreadable(annotation: Any, exc: Exception) -> SetupError:
    """The error of a type that Pydantic refuses, without the advice that it puts below the reason."""
    written = annotation.__qualname__ if isinstance(annotation, type) else repr(annotation)
    lines = str(exc).strip().splitlines() or [type(exc).__name__]
    # "Error building …:", and below it why.
    reason = " ".join(line.strip() for line in lines) if lines[0].endswith(":") else lines[0]
    return SetupError(f"Pydantic cannot read the type {written}: {reason}")


def fields_of(kind: Any) -> List[Field]:
    """The fields of a model, a dataclass, a TypedDict or a NamedTuple."""
    described = getattr(kind, "__pydantic_fields__", None)
    if described is not None:
        return [
            Field(
                name,
                alias_of(name, info),
                annotation_of(info),
                info.is_required(),
                Annotated[info.annotation, info],
            )
            for name, info in described.items()
        ]
    owner = get_origin(kind) or kind
    hints = get_type_hints(owner, include_extras=True)
    if is_typeddict(owner):
        required = owner.__required_keys__
        return [Field(name, name, unqualified(hint), name in required) for name, hint in hints.items()]
    if dataclasses.is_dataclass(owner):
        return [
            Field(field.name, field.name, hints[field.name], is_required(field), with_default(hints, field))
            for field in dataclasses.fields(owner)
            if field.init
        ]
    return [Field(name, name, hint, name not in owner._field_defaults) for name, hint in hints.items()]


def unqualified(hint: Any) -> Any:
    """The type of a TypedDict's field, without what says whether it must be there."""
    while get_origin(hint) in (Required, NotRequired, ReadOnly):
        (hint,) = get_args(hint)
    return hint


def with_default(hints: Mapping[str, Any], field: "dataclasses.Field[Any]") -> Any:
    """The type of a dataclass' field, with its default where that is a value."""
    hint = hints[field.name]
    return hint if field.default is dataclasses.MISSING else Annotated[hint, FieldInfo(default=field.default)]


def is_required(field: "dataclasses.Field[Any]") -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def alias_of(name: str, info: FieldInfo) -> str:
    """What a field is called where it is read; of several names the first that is no path."""
    alias: Any = info.validation_alias or info.alias
    choices = alias.choices if isinstance(alias, AliasChoices) else [alias]
    return next((choice for choice in choices if isinstance(choice, str)), name)


def annotation_of(info: FieldInfo) -> Any:
    """The type of a field, with what Pydantic took out of its `Annotated`."""
    return Annotated[(info.annotation, *info.metadata)] if info.metadata else info.annotation


def keeps_instances(annotation: Any) -> bool:
    """Whether this is a class whose instances Pydantic takes as they are, so asking it is wasted time."""
    if not isinstance(annotation, type):
        return False
    config: Optional[ConfigDict]
    if issubclass(annotation, BaseModel):
        config = annotation.model_config
    elif dataclasses.is_dataclass(annotation):
        config = getattr(annotation, "__pydantic_config__", None)
    else:
        return False
    return not config or config.get("revalidate_instances", "never") == "never"


def writer(serializer: SchemaSerializer, options: EncodeOptions) -> Encode:
    """Bytes of a checked value. Keywords are written out here: a dict of them passed on costs 100 ns."""
    to_json = serializer.to_json
    if options == EncodeOptions():
        return lambda value: to_json(value, by_alias=True, warnings=False, fallback=plain)
    return lambda value: to_json(
        value,
        include=options.include,
        exclude=options.exclude,
        by_alias=options.by_alias,
        exclude_unset=options.exclude_unset,
        exclude_defaults=options.exclude_defaults,
        exclude_none=options.exclude_none,
        warnings=False,
        fallback=plain,
    )


def invalid(exc: ValidationError) -> Invalid:
    """Pydantic's refusal as ours, one record a fault, in FastAPI's shape."""
    return Invalid([record(fault) for fault in faults_of(exc)])


def invalid_json(body: bytes, exc: ValidationError) -> Invalid:
    """The same for a JSON text, which may be no JSON at all."""
    faults = faults_of(exc)
    if faults[0]["type"] == "json_invalid" and not faults[0]["loc"]:
        return refusal(body, str(faults[0]["ctx"]["error"]))
    return Invalid([record(fault) for fault in faults])


def faults_of(exc: ValidationError) -> Sequence[Mapping[str, Any]]:
    """What Pydantic found; of very many faults the number alone: describing 10 MB of them takes seconds."""
    count = exc.error_count()
    if count <= MAX_FAULTS:
        return exc.errors(include_url=False)
    return [{"type": "too_many_errors", "loc": (), "msg": f"{count} errors", "ctx": {"count": count}}]


def record(fault: Mapping[str, Any]) -> Mapping[str, Any]:
    """One fault, with a `ctx` that JSON can hold."""
    if "ctx" not in fault:
        return fault
    return {**fault, "ctx": {name: jsonable(value) for name, value in fault["ctx"].items()}}


def jsonable(value: Any) -> Any:
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, (list, tuple)):
        return [jsonable(item) for item in value]
    return str(value)
