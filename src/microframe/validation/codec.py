"""Codec: the contract of a model library: JSON and plain values in, checked values out, and back."""

from dataclasses import dataclass
from typing import Any, Callable, Mapping, Optional, Protocol, Sequence, Union

Decode = Callable[[object], Any]
"""A plain value (a parameter's text, a parsed form, a dict) to a checked one; raises `Invalid`."""

DecodeJSON = Callable[[bytes], Any]
"""JSON text to a checked value; raises `Invalid`, for text that is not JSON with type `json_invalid`."""

Encode = Callable[[Any], bytes]
"""What a handler returned to JSON, reduced to what its type declares; raises `Invalid` if it does not fit."""

Fields = Union["set[int]", "set[str]", "Mapping[int, Any]", "Mapping[str, Any]"]


@dataclass(frozen=True)
class Field:
    """One field of a structured type, for who fills it from a query, headers or a form."""

    name: str
    alias: str
    """What it is called outside of Python."""

    annotation: Any
    required: bool


@dataclass(frozen=True)
class EncodeOptions:
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
