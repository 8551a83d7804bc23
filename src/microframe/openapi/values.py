"""Values: what is sent under one name, and the schema of it with everything that its marker says."""

from dataclasses import dataclass
from typing import Any, Dict, Mapping

from microframe.injection.signature import Asked
from microframe.injection.sources import default_of, sent_name
from microframe.markers import MISSING, FieldOptions, Parameter
from microframe.openapi.schemas import Components, Schema, Slot
from microframe.validation.codec import Field
from microframe.validation.constraints import with_constraints

SAID = ("title", "description", "examples", "deprecated")
"""Options that stand in a schema as they are."""


@dataclass(frozen=True)
class Value:
    """One value of a message, under the name that it is sent by."""

    name: str
    slot: Slot
    required: bool
    said: Mapping[str, Any]
    """What is said of it beside its type, in the words of JSON Schema."""
    examples: Mapping[str, Any]
    """OpenAPI's examples, each with a name."""
    title: str

    def schema(self) -> Schema:
        """Its schema, with a title where it is no reference."""
        schema = {**self.slot.schema, **self.said}
        if "$ref" not in schema and "title" not in schema:
            schema["title"] = self.title
        return schema

    def member(self) -> Schema:
        """Its schema as a member of an object, where something that may be null has no title of its own either."""
        schema = self.schema()
        choices = schema.get("anyOf", ())
        if len(choices) == 2 and any("$ref" in choice for choice in choices) and {"type": "null"} in choices:
            schema.pop("title")
        return schema


def titled(name: str) -> str:
    return name.title().replace("_", " ")


def value_of(asked: Asked, marker: Parameter, components: Components, where: str) -> Value:
    """What a parameter of a callable reads."""
    annotation = with_constraints(asked.annotation, marker.options)
    slot = components.want(annotation, "validation", f"{asked.name} of {where}")
    default = asked.default if asked.default is not MISSING else marker.default
    name = sent_name(asked, marker)
    return Value(
        name,
        slot,
        default_of(asked, marker) is None,
        said_by(marker.options, default),
        plain(dict(marker.options.get("openapi_examples") or {})),
        titled(name),
    )


def value_of_field(field: Field, name: str, required: bool, components: Components, where: str) -> Value:
    """What a field of a structured type reads; its library knows what is said of it."""
    described = field.annotation if field.described is MISSING else field.described
    slot = components.want(described, "validation", f"{field.name} of {where}")
    return Value(name, slot, required, {}, {}, titled(field.alias))


def said_by(options: FieldOptions, default: Any) -> Dict[str, Any]:
    given: Mapping[str, Any] = options
    said = {name: given[name] for name in SAID if given.get(name)}
    if said.get("deprecated"):
        said["deprecated"] = True
    if default is not MISSING and default is not ...:
        said["default"] = plain(default, None)
        if said["default"] is None:
            del said["default"]
    complete: Dict[str, Any] = plain({**said, **(given.get("json_schema_extra") or {})})
    return complete


def plain(value: Any, otherwise: Any = MISSING) -> Any:
    """A value as JSON has it, sets in one order; `otherwise`, where it is given, for what has no JSON."""
    # Imported here: a program without parameters needs no library to describe it.
    from pydantic_core import PydanticSerializationError, to_jsonable_python

    from microframe.validation.json_schema import in_order
    from microframe.validation.jsonable import to_plain

    try:
        written = to_jsonable_python(value, by_alias=True, fallback=to_plain)
    except (PydanticSerializationError, TypeError, ValueError):
        if otherwise is MISSING:
            raise
        return otherwise
    return in_order(written) if isinstance(value, (set, frozenset)) else written
