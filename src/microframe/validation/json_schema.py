"""JSON Schema: what Pydantic says of types, in the words of OpenAPI 3.1 and the same ones every time."""

import dataclasses
import json
import warnings
from typing import Any, Dict, List, Sequence, Set, Tuple, cast

from pydantic import TypeAdapter
from pydantic.errors import PydanticUserError
from pydantic.json_schema import (
    GenerateJsonSchema,
    JsonSchemaMode,
    JsonSchemaValue,
)
from pydantic_core import core_schema

from microframe.exceptions import SetupError
from microframe.validation import shapes
from microframe.validation.codec import Mode, Schemas, Wanted

Input = Tuple[int, JsonSchemaMode, core_schema.CoreSchema]


class Generator(GenerateJsonSchema):
    """Pydantic's own, with bytes as OpenAPI 3.1 has them, and sets always in the same order."""

    def bytes_schema(self, schema: core_schema.BytesSchema) -> JsonSchemaValue:
        written = super().bytes_schema(schema)
        encoding = {"contentEncoding": "base64"} if written.pop("format", "") == "base64url" else {}
        return {**written, "contentMediaType": "application/octet-stream", **encoding}

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        # That something may be left out is said elsewhere; a default of null says no more, and FastAPI has none.
        written = super().default_schema(schema)
        return {key: value for key, value in written.items() if key != "default" or value is not None}

    def encode_default(self, dft: Any) -> Any:
        encoded = super().encode_default(dft)
        return in_order(encoded) if isinstance(dft, (set, frozenset)) else encoded


def in_order(items: List[Any]) -> List[Any]:
    """The items of a set, which has none itself: Python mixes texts anew in every process."""
    return sorted(items, key=lambda item: json.dumps(item, sort_keys=True))


def schemas_of(
    wanted: Sequence[Wanted], adapters: Sequence["TypeAdapter[Any]"], template: str, separate: bool
) -> Schemas:
    """The JSON Schemas of types, of which Pydantic has these adapters."""
    inputs: List[Input] = []
    for number, (one, adapter) in enumerate(zip(wanted, adapters)):
        mode: Mode = one.mode
        if not separate and not computes(one.annotation):
            mode = "validation"
        inputs.append((number, mode, adapter.core_schema))
    try:
        found, definitions = generate(inputs, template)
    except PydanticUserError:
        raise SetupError(reason_of(wanted, inputs, template)) from None
    schemas = [found[number, mode] for number, mode, _ in inputs]
    return Schemas(schemas, {name: without_form_feed(schema) for name, schema in definitions.items()})


def generate(inputs: Sequence[Input], template: str) -> Tuple[Dict[Tuple[int, str], Any], Dict[str, Any]]:
    generator = Generator(by_alias=True, ref_template=template.replace("{name}", "{model}"))
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # of what a type cannot say in JSON Schema, which changes nothing here
        found, definitions = generator.generate_definitions(cast(Any, inputs))
    return cast(Any, found), cast(Any, definitions)


def reason_of(wanted: Sequence[Wanted], inputs: Sequence[Input], template: str) -> str:
    """Which type has no JSON Schema, and why not."""
    for one, single in zip(wanted, inputs):
        try:
            generate([single], template)
        except PydanticUserError as exc:
            return f"there is no JSON Schema of {one.annotation!r}: {str(exc).splitlines()[0]}"
    return "there is no JSON Schema of these types together"


def without_form_feed(schema: Dict[str, Any]) -> Dict[str, Any]:
    """A description ends at a form feed, as in FastAPI: what comes after it is for who reads the program."""
    if "\f" in schema.get("description", ""):
        return {**schema, "description": schema["description"].partition("\f")[0].rstrip()}
    return schema


def computes(annotation: Any) -> bool:
    """Whether values of this type are written with fields that are not read: then it needs two schemas."""
    waiting: List[Any] = [annotation]
    seen: Set[Any] = set()
    while waiting:
        for part in shapes.parts(waiting.pop()):
            if not isinstance(part, type) or part in seen:
                continue
            seen.add(part)
            decorators = getattr(part, "__pydantic_decorators__", None)
            if decorators is not None and decorators.computed_fields:
                return True
            described = getattr(part, "__pydantic_fields__", None) or {}
            waiting.extend(info.annotation for info in described.values())
            if dataclasses.is_dataclass(part) and not described:
                waiting.extend(entry.type for entry in dataclasses.fields(part))
    return False
