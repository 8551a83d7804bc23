"""JSON of anything: what a handler returned that does not say what it returns."""

import datetime as dt
import functools
import uuid
from itertools import chain
from typing import Any, Callable, Final, Iterable

from microframe.http.json import write_json
from microframe.validation.encoder import jsonable_encoder
from microframe.validation.jsonable import plain

Encoder = Callable[[Any], bytes]

RECORD: Final = frozenset({dict})
WRITTEN_ALIKE: Final = frozenset({str, int, float, bool, type(None), dt.date, uuid.UUID})
"""Types that Pydantic writes as `jsonable_encoder` does."""


def encode_any(value: Any) -> bytes:
    """JSON of a value of no declared type: what `jsonable_encoder` makes of it, NaN and infinities as null.

    Raises:
        TypeError: a key that no JSON object has.
        ValueError: there is no JSON for something in it, or it contains itself.
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
            if is_written_alike(value):
                return write(value, by_alias=True, fallback=plain)
            value = jsonable_encoder(value)
            try:
                return write_json(value).encode()
            except ValueError:  # of NaN and infinities this makes null, and names what else there is
                return write(value)
        except RecursionError:
            raise ValueError("the value contains itself, or is nested too deeply for JSON") from None
        except PydanticSerializationError as exc:
            # Pydantic wraps what `plain` raises, and says so in front of it.
            reason = str(exc).replace("Error serializing to JSON: ", "")
            kind, _, text = reason.partition(": ")
            raise (TypeError(text) if kind == "TypeError" else ValueError(reason)) from exc

    return encode


def is_written_alike(value: Any) -> bool:
    """Whether Pydantic writes a value as `jsonable_encoder` would have it: JSON's own types, and models."""
    kind = type(value)
    if kind is dict:
        items: Iterable[Any] = value.values()
    elif kind is list or kind is tuple:
        kinds = set(map(type, value))
        items = value
        if kinds == RECORD:
            # Rows, most often flat ones, or with lists in them: looked at all at once.
            kinds = set(map(type, chain.from_iterable(map(dict.values, value))))
            if list in kinds:
                lists = [one for one in chain.from_iterable(map(dict.values, value)) if type(one) is list]
                kinds.discard(list)
                kinds.update(map(type, chain.from_iterable(lists)))
        if all(map(is_kind_written_alike, kinds - WRITTEN_ALIKE)):
            return True
    else:
        return kind in WRITTEN_ALIKE or is_kind_written_alike(kind)
    for item in items:  # written out: a generator in `all` costs as much again
        if type(item) in WRITTEN_ALIKE:
            continue
        if not is_written_alike(item):
            return False
    return True


def is_kind_written_alike(kind: type) -> bool:
    return hasattr(kind, "model_dump")
