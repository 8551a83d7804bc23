"""Plain values and JSON of anything a handler may return, for handlers that do not say what they return."""

import functools
import os
import sys
from collections import abc
from typing import Any, Callable, Final, Iterable, cast

Encoder = Callable[[Any], bytes]
LISTS: Final = (abc.Set, abc.Sequence, abc.MappingView, abc.Iterator)


def encode_any(value: Any) -> bytes:
    """JSON of a value of no declared type, as in models: a Decimal is a string, NaN and infinities are null.

    Raises:
        TypeError: there is no JSON for it or for something in it; the text names the type.
        ValueError: it contains itself, or text that is not Unicode.
    """
    return any_encoder()(value)


@functools.cache
def any_encoder() -> Encoder:
    """`encode_any` for who calls it often: bind it once, at build. Pydantic is imported now, not before."""
    from pydantic_core import PydanticSerializationError, SchemaSerializer, core_schema

    # Half the cost of `to_json`, which reads its options anew at every call.
    write = SchemaSerializer(
        core_schema.any_schema(), core_schema.CoreConfig(ser_json_inf_nan="null")
    ).to_json

    def encode(value: Any) -> bytes:
        try:
            return write(value, by_alias=True, fallback=plain)
        except PydanticSerializationError as exc:
            # Pydantic wraps what `plain` raises, and says so in front of it.
            reason = str(exc).replace("Error serializing to JSON: ", "")
            kind, _, text = reason.partition(": ")
            raise (TypeError(text) if kind == "TypeError" else ValueError(reason)) from exc

    return encode


def plain(value: Any) -> Any:
    """Something that Pydantic can write, of a value that it does not know.

    Raises:
        TypeError: there is no such thing.
    """
    kind = type(value)
    if hasattr(kind, "__struct_fields__"):
        return sys.modules["msgspec"].to_builtins(value, enc_hook=to_plain)
    if hasattr(kind, "__attrs_attrs__"):
        return {field.alias or field.name: getattr(value, field.name) for field in kind.__attrs_attrs__}
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, abc.Mapping):
        return dict(value)
    if isinstance(value, LISTS) and not isinstance(value, memoryview):
        return list(cast(Iterable[Any], value))
    raise TypeError(f"a value of type {kind.__module__}.{kind.__qualname__} cannot be written as JSON")


def to_plain(value: Any) -> Any:
    """What another library's encoder asks for a value it does not know: all of it as JSON has it."""
    from pydantic_core import to_jsonable_python

    return to_jsonable_python(value, by_alias=True, inf_nan_mode="null", fallback=plain)
