"""Validation: JSON and plain values in, checked values out, and back, by the model library of each type."""

from microframe.validation.anything import encode_any
from microframe.validation.codec import (
    Codec,
    Decode,
    DecodeJSON,
    Encode,
    EncodeOptions,
    Field,
    Schemas,
    Wanted,
)
from microframe.validation.encoder import jsonable_encoder
from microframe.validation.registry import Codecs
from microframe.validation.shapes import is_scalar, is_sequence_of_scalars

__all__ = [
    "Codec",
    "Codecs",
    "Decode",
    "DecodeJSON",
    "Encode",
    "EncodeOptions",
    "Field",
    "Schemas",
    "Wanted",
    "encode_any",
    "is_scalar",
    "is_sequence_of_scalars",
    "jsonable_encoder",
]
