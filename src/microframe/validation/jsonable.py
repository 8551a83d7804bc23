"""Plain values of what Pydantic does not know."""

import os
import sys
from collections import abc
from typing import Any, Final, Iterable, cast

LISTS: Final = (abc.Set, abc.Sequence, abc.MappingView, abc.Iterator)


def plain(value: Any) -> Any:
    """Something that Pydantic can write, of a value that it does not know.

    Raises:
        TypeError: there is no such thing.
    """
    kind = type(value)
    if kind.__module__.partition(".")[0] in ("fastapi", "starlette"):
        raise TypeError(
            f"{kind.__module__}.{kind.__qualname__} is another framework's: import it from microframe"
        )
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
