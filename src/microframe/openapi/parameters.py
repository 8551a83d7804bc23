"""Parameters: what an operation takes from the path, the query, the headers and the cookies."""

from dataclasses import dataclass, replace
from typing import Any, Dict, Iterator, List, Mapping, Optional, Set, Tuple

from microframe.injection.description import Description
from microframe.injection.records import name_in_message
from microframe.injection.signature import Asked
from microframe.injection.sources import default_of
from microframe.markers import Parameter
from microframe.openapi.schemas import Components, Schema
from microframe.openapi.values import Value, titled, value_of, value_of_field
from microframe.routing.converters import BUILT_IN, Converter
from microframe.routing.route import Route

PLACES = ("path", "query", "header", "cookie")
CONVERTED: Mapping[str, Schema] = {
    "int": {"type": "integer", "minimum": 0},
    "float": {"type": "number", "minimum": 0},
    "uuid": {"type": "string", "format": "uuid"},
    "date": {"type": "string", "format": "date"},
}
"""What the built-in converters take."""


@dataclass(frozen=True)
class Placed:
    """One parameter of the message."""

    place: str
    value: Value
    converted: Optional[Schema] = None
    """What the path's converter takes, for one whose handler says nothing of its type."""

    def build(self) -> Dict[str, Any]:
        schema = self.value.schema()
        if self.converted is not None and not schema.keys() & {"type", "$ref", "anyOf", "enum", "const"}:
            schema = {**self.converted, **schema}
        return described(self.place, self.value.name, self.value.required, schema, self.value.examples)


def described(
    place: str, name: str, required: bool, schema: Schema, examples: Mapping[str, Any]
) -> Dict[str, Any]:
    """The Parameter Object (OpenAPI 3.1 §4.8.12)."""
    parameter: Dict[str, Any] = {"name": name, "in": place, "required": required, "schema": schema}
    if schema.get("description"):
        parameter["description"] = schema["description"]
    if schema.get("deprecated"):
        parameter["deprecated"] = True
    if examples:
        parameter["examples"] = dict(examples)
    return parameter


class Parameters:
    """The parameters of one route: read now, built once every schema is known."""

    def __init__(self, route: Route, description: Description, components: Components) -> None:
        self._converters = converters_of(route)
        host = route.inherited.host_pattern
        self._of_host: Set[str] = set(host.names) if host is not None else set()
        self._components = components
        self._placed = [
            placed
            for asked, marker in description.parameters
            if marker.options.get("include_in_schema", True)
            for placed in self._read(asked, marker, route.where)
        ]

    def _read(self, asked: Asked, marker: Parameter, where: str) -> Iterator[Placed]:
        codec = self._components.codecs.for_annotation(asked.annotation)
        if marker.place != "path" and codec.is_structured(asked.annotation):
            is_optional = default_of(asked, marker) is not None
            for field in codec.fields(asked.annotation):
                name = name_in_message(field, marker)
                required = field.required and not is_optional
                yield Placed(marker.place, value_of_field(field, name, required, self._components, where))
            return
        value = value_of(asked, marker, self._components, where)
        if marker.place != "path":
            yield Placed(marker.place, value)
        elif value.name not in self._of_host:
            converter = self._converters.get(value.name)
            yield Placed("path", replace(value, required=True), converter and taken_by(*converter))

    def build(self) -> List[Dict[str, Any]]:
        """By place, in each as they are written; of two with one name the one that must be sent."""
        found: Dict[Tuple[str, str], Dict[str, Any]] = {}
        for place in PLACES:
            for placed in self._placed:
                key = (place, placed.value.name.lower() if place == "header" else placed.value.name)
                if placed.place == place and not found.get(key, {}).get("required"):
                    found[key] = placed.build()
            if place == "path":
                found.update(self._unasked(found.keys()))
        return list(found.values())

    def _unasked(self, asked: Any) -> Iterator[Tuple[Tuple[str, str], Dict[str, Any]]]:
        """The parameters of the path that no callable asks for; they must be named all the same (§4.8.12.1)."""
        for name, converter in self._converters.items():
            if ("path", name) not in asked:
                schema = {**(taken_by(*converter) or {"type": "string"}), "title": titled(name)}
                yield ("path", name), described("path", name, True, schema, {})


def converters_of(route: Route) -> Dict[str, Tuple[str, Converter]]:
    """The parameters of a path, in their order, with the kind and converter of each."""
    if route.pattern is None:
        return {}
    found = {
        parameter.name: (parameter.kind, parameter.converter)
        for segment in route.pattern.segments
        for parameter in segment.parameters
    }
    return {name: found.get(name, ("str", BUILT_IN["str"])) for name in route.pattern.names}


def taken_by(kind: str, converter: Converter) -> Optional[Schema]:
    """The schema of what a converter takes; nothing where that is any text."""
    if converter is BUILT_IN.get(kind):
        return CONVERTED.get(kind)
    if converter.pattern is None:
        return None
    return {"type": "string", "pattern": f"^(?:{converter.pattern})$"}


def can_fail(asked: Asked, marker: Parameter, strict: bool) -> bool:
    """Whether reading a parameter may end in a 422: text of which nothing is demanded is never wrong."""
    if asked.annotation is not str or marker.options.keys() - HARMLESS:
        return True
    return marker.place != "path" and (strict or default_of(asked, marker) is None)


HARMLESS = frozenset(
    {
        "alias",
        "validation_alias",
        "title",
        "description",
        "examples",
        "openapi_examples",
        "json_schema_extra",
        "deprecated",
        "include_in_schema",
        "default_factory",
    }
)
"""What a marker may say without demanding anything of the value."""


def validates(description: Description, strict: bool) -> bool:
    """Whether anything that a route reads may be refused."""
    return bool(description.body) or any(
        can_fail(asked, marker, strict) for asked, marker in description.parameters
    )
