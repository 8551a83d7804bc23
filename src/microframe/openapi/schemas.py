"""Schemas: the types of a program as JSON Schemas, each named once under `components` and referred to elsewhere."""

import copy
from typing import Any, Dict, List, Mapping, NamedTuple, Tuple

from microframe.exceptions import SetupError
from microframe.validation.codec import Codec, Mode, Schemas, Wanted
from microframe.validation.registry import Codecs

Schema = Dict[str, Any]

PREFIX = "#/components/schemas/"


class Slot:
    """A schema that is asked for while routes are read, and known once all of them are."""

    __slots__ = ("_schema", "wanted", "where")

    def __init__(self, wanted: Wanted, where: str) -> None:
        self.wanted = wanted
        self.where = where
        self._schema: Schema = {}

    @property
    def schema(self) -> Schema:
        """A copy of it, for who adds to it."""
        return copy.deepcopy(self._schema)

    def fill(self, schema: Schema) -> None:
        self._schema = schema


class Named(NamedTuple):
    """Schemas of one codec, with the names that they have in the document."""

    codec: Codec
    slots: List[Slot]


class Components:
    """The schemas of one document."""

    def __init__(self, codecs: Codecs, separate: bool) -> None:
        self.codecs = codecs
        self._separate = separate
        self._waiting: Dict[str, Named] = {}
        self._known: Dict[Tuple[type, Mode], Slot] = {}
        self._schemas: Dict[str, Schema] = {}

    def want(self, annotation: Any, mode: Mode, where: str) -> Slot:
        """Ask for the schema of a type; `where` is named if there is none."""
        if isinstance(annotation, type) and (annotation, mode) in self._known:
            return self._known[annotation, mode]
        codec = self.codecs.for_annotation(annotation)
        slot = Slot(Wanted(annotation, mode), where)
        self._waiting.setdefault(codec.name, Named(codec, [])).slots.append(slot)
        if isinstance(annotation, type):
            self._known[annotation, mode] = slot
        return slot

    def fill(self) -> None:
        """Make all that was asked for. Of two libraries' types with one name, the second is called by its library too.

        Raises:
            SetupError: a type has no schema; the text names who asks for it.
        """
        for codec, slots in self._waiting.values():
            found = self._make(codec, slots)
            taken = {
                name: f"{codec.name}.{name}"
                for name, schema in found.definitions.items()
                if self._schemas.get(name, schema) != schema
            }
            for name, schema in found.definitions.items():
                self._schemas[taken.get(name, name)] = renamed(schema, taken)
            for slot, schema in zip(slots, found.schemas):
                slot.fill(renamed(schema, taken))

    def _make(self, codec: Codec, slots: List[Slot]) -> Schemas:
        template = PREFIX + "{name}"
        try:
            return codec.schemas([slot.wanted for slot in slots], template, self._separate)
        except SetupError:
            for slot in slots:
                try:
                    codec.schemas([slot.wanted], template, self._separate)
                except SetupError as exc:
                    raise SetupError(f"{slot.where}: {exc}") from None
            raise

    def add(self, name: str, schema: Schema) -> Schema:
        """Name a schema of ours, and give a reference to it; a type of the program keeps its name."""
        while self._schemas.get(name, schema) != schema:
            name = f"MicroFrame{name}"
        self._schemas[name] = schema
        return {"$ref": PREFIX + name}

    def build(self) -> Dict[str, Schema]:
        """All that have a name, in the order of their names."""
        return {name: self._schemas[name] for name in sorted(self._schemas)}


def renamed(value: Any, names: Mapping[str, str]) -> Any:
    """A schema with the references in it changed to other names."""
    if not names:
        return value
    if isinstance(value, list):
        return [renamed(item, names) for item in value]
    if not isinstance(value, dict):
        return value
    changed = {key: renamed(item, names) for key, item in value.items()}
    target = changed.get("$ref")
    if isinstance(target, str) and target.startswith(PREFIX):
        name = target[len(PREFIX) :]
        changed["$ref"] = PREFIX + names.get(name, name)
    return changed
