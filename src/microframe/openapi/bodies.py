"""Bodies: what an operation reads from the body of a request."""

from typing import Any, Dict, List, Sequence, Tuple

from microframe.http.forms import URLENCODED
from microframe.http.parts import MULTIPART
from microframe.injection.body import BodyParts
from microframe.injection.body_parameter import BodyParameter
from microframe.injection.description import Description
from microframe.openapi.schemas import Components, Schema
from microframe.openapi.values import Value, value_of, value_of_field

JSON = "application/json"
BINARY = "application/octet-stream"


class RequestBody:
    """The body of one route: read now, built once every schema is known."""

    def __init__(self, description: Description, components: Components) -> None:
        self._components = components
        self._is_any_form = description.reads_form
        self._parts = BodyParts()
        for parameter in description.body:
            self._parts.add(parameter)
        self._values: List[Tuple[BodyParameter, List[Value]]] = [
            (parameter, self._read(parameter)) for parameter in self._parts.parameters
        ]

    def _read(self, parameter: BodyParameter) -> List[Value]:
        asked, marker = parameter.asked, parameter.marker
        codec = self._components.codecs.for_annotation(asked.annotation)
        several = len(self._parts.parameters) > 1
        if parameter.is_form and several and codec.is_structured(asked.annotation):
            # Beside other fields, those of a model are fields of the one form.
            return [
                value_of_field(field, field.alias, field.required, self._components, parameter.where)
                for field in codec.fields(asked.annotation)
            ]
        return [value_of(asked, marker, self._components, parameter.where)]

    @property
    def is_there(self) -> bool:
        return bool(self._values) or self._is_any_form

    @property
    def has_form(self) -> bool:
        """Whether the body may be a form."""
        return self._is_any_form or any(
            media in (MULTIPART, URLENCODED)
            for parameter in self._parts.parameters
            for media in parameter.marker.media_types
        )

    @property
    def is_raw(self) -> bool:
        """Whether the bytes are taken as they are, whatever they are called."""
        first = self._parts.parameters[0] if self._parts.is_one and not self._parts.is_form else None
        return first is not None and first.asked.annotation is bytes

    def build(self, name: str) -> Dict[str, Any]:
        """The Request Body Object (OpenAPI 3.1 §4.8.13); `name` is that of a schema that several values need."""
        values = [value for _, found in self._values for value in found]
        if not values:
            form = {"schema": {"type": "object"}}
            return {"content": {MULTIPART: form, URLENCODED: form}, "required": True}
        if self.is_raw:
            content = self._raw(self._parts.parameters[0])
        elif not is_whole(self._parts, self._components):
            content = {media: {"schema": self._object(values, name)} for media in self._media_types()}
        else:
            content = self._whole()
        examples = {key: example for value in values for key, example in value.examples.items()}
        if examples:
            content = {media: {**one, "examples": examples} for media, one in content.items()}
        body: Dict[str, Any] = {"content": content}
        return {**body, "required": True} if any(value.required for value in values) else body

    def _raw(self, parameter: BodyParameter) -> Dict[str, Any]:
        media = parameter.marker.media_type
        media = BINARY if media == JSON else media
        return {media: {"schema": {"type": "string", "contentMediaType": media}}}

    def _whole(self) -> Dict[str, Any]:
        """Each value is the whole body; two of one media type are both of it at once."""
        found: Dict[str, List[Schema]] = {}
        for parameter, (value,) in self._values:
            for media in parameter.marker.media_types:
                found.setdefault(media, []).append(value.schema())
        return {
            media: {"schema": schemas[0] if len(schemas) == 1 else {"allOf": schemas}}
            for media, schemas in found.items()
        }

    def _object(self, values: Sequence[Value], name: str) -> Schema:
        schema: Schema = {
            "type": "object",
            "title": name,
            "properties": {value.name: value.member() for value in values},
        }
        required = list(dict.fromkeys(value.name for value in values if value.required))
        return self._components.add(name, {**schema, "required": required} if required else schema)

    def _media_types(self) -> Sequence[str]:
        """What an object of several values is sent as; a form with a file in it is in parts."""
        named = [media for parameter in self._parts.parameters for media in parameter.marker.media_types]
        if MULTIPART in named and self._parts.is_form:
            return [MULTIPART]
        return self._parts.parameters[0].marker.media_types


def is_whole(parts: BodyParts, components: Components) -> bool:
    """Whether each value is the whole body, rather than a member of it."""
    first = parts.parameters[0]
    if first.is_form:
        codec = components.codecs.for_annotation(first.asked.annotation)
        return len(parts.parameters) == 1 and codec.is_structured(first.asked.annotation)
    return parts.is_whole
