"""Codec: the contract of a model library: JSON and plain values in, checked values out, and back."""

from typing import (
    Any,
    Callable,
    Dict,
    List,
    Literal,
    Mapping,
    NamedTuple,
    Optional,
    Protocol,
    Sequence,
    Union,
)

from microframe.markers import MISSING

Decode = Callable[[object], Any]
"""A plain value (a parameter's text, a parsed form, a dict) to a checked one; raises `Invalid`."""

DecodeJSON = Callable[[bytes], Any]
"""JSON text to a checked value; raises `Invalid`, for text that is not JSON with type `json_invalid`."""

Encode = Callable[[Any], bytes]
"""What a handler returned to JSON, reduced to what its type declares; raises `Invalid` if it does not fit."""

Fields = Union["set[int]", "set[str]", "Mapping[int, Any]", "Mapping[str, Any]"]


class Field(NamedTuple):
    """One field of a structured type, for who fills it from a query, headers or a form."""

    name: str
    alias: str
    """What it is called outside of Python."""

    annotation: Any
    required: bool
    described: Any = MISSING
    """The annotation with all that is said of the field beside its type: title, description, default, examples."""


Mode = Literal["validation", "serialization"]
"""Which JSON Schema of a type is meant: of what is read, or of what is written."""


class Wanted(NamedTuple):
    """One JSON Schema that is asked for."""

    annotation: Any
    mode: Mode


class Schemas(NamedTuple):
    """JSON Schemas (draft 2020-12), one for each that was asked for, and what they refer to, by name."""

    schemas: List[Dict[str, Any]]
    definitions: Dict[str, Dict[str, Any]]


class EncodeOptions(NamedTuple):
    """FastAPI's `response_model_*` options."""

    include: Optional[Fields] = None
    exclude: Optional[Fields] = None
    by_alias: bool = True
    exclude_unset: bool = False
    exclude_defaults: bool = False
    exclude_none: bool = False


class Codec(Protocol):
    """One model library. Everything it returns is built once, at build, and called once a request."""

    name: str

    def handles(self, annotation: Any) -> bool:
        """Whether this annotation, or a type inside it, belongs to this library."""

    def is_structured(self, annotation: Any) -> bool:
        """Whether values of this type are objects with named fields, read from the body by default."""

    def fields(self, annotation: Any) -> Sequence[Field]:
        """The fields of a structured type (of a union, of its first such member), in their order."""

    def decoder(self, annotation: Any) -> Decode: ...

    def json_decoder(self, annotation: Any) -> DecodeJSON: ...

    def encoder(self, annotation: Any, options: EncodeOptions) -> Encode: ...

    def schemas(self, wanted: Sequence[Wanted], template: str, separate: bool) -> Schemas:
        """JSON Schemas of types, all at once: names that clash are told apart, the same way every time.

        `template` makes a reference of a name: `#/components/schemas/{name}`. Without `separate` a type has one schema
        where it can, that of what is read.

        Raises:
            SetupError: there is no schema for a type.
        """
