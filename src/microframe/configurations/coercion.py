"""Coercion: a setting's text, or a file's value, as what a type hint asks for."""

import collections.abc
import json
import re
import sys
from dataclasses import is_dataclass
from datetime import timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any, Callable, Dict, List, Literal, Mapping, Tuple, Union, cast, get_args, get_origin

from microframe.configurations.faults import Mismatch
from microframe.configurations.secret import Secret, is_secret_name

_TRUE, _FALSE = ("true", "1", "on", "yes"), ("false", "0", "off", "no")
_WHOLE = re.compile(r"[+-]?[0-9]+(_[0-9]+)*")
_MOST_DIGITS = 80
_NUMBER = re.compile(r"[+-]?([0-9]{1,30}(\.[0-9]{0,30})?|\.[0-9]{1,30})([eE][+-]?[0-9]{1,3})?")
SEQUENCES: Dict[object, Callable[[List[object]], object]] = {
    list: list,
    tuple: tuple,
    set: set,
    frozenset: frozenset,
    collections.abc.Sequence: tuple,
    collections.abc.Iterable: tuple,
    collections.abc.Collection: tuple,
    collections.abc.Set: frozenset,
}
TABLES = (dict, collections.abc.Mapping, collections.abc.MutableMapping)
_UNIONS: Tuple[object, ...] = (Union,)
if sys.version_info >= (3, 10):
    import types

    _UNIONS = (Union, types.UnionType)


class UnreadableType(TypeError):
    """A type hint that no setting can be read as: a mistake in the program, not in its settings."""


def coerce(value: object, hint: Any, *, is_text: bool) -> object:
    """`value` as `hint` says. Text is parsed; what a file gave with a type must have the right one.

    Raises:
        Mismatch: it cannot be that.
        UnreadableType: nothing can.
    """
    hint = getattr(hint, "__supertype__", hint)  # a NewType
    origin = get_origin(hint)
    if hint in (Any, object):
        return value
    if is_union(hint):
        return _union(value, get_args(hint), is_text)
    if origin is Literal:
        return _literal(value, get_args(hint), is_text)
    if (origin or hint) in SEQUENCES:
        return _sequence(value, hint, is_text)
    if (origin or hint) in TABLES:
        return _mapping(value, hint, is_text)
    if hint in _SCALARS:
        return _SCALARS[hint](value, is_text)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _enum(value, hint, is_text)
    if isinstance(hint, type) and isinstance(value, hint):
        return value  # an object, given in the program itself
    if is_dataclass(hint) and not isinstance(value, Mapping):
        raise Mismatch("a table", value)
    raise UnreadableType(f"no setting can be read as {hint!r}")


def is_union(hint: Any) -> bool:
    """Whether a type hint is `Union[…]`, `Optional[…]` or `X | Y`."""
    return get_origin(hint) in _UNIONS


def parse_list(text: str) -> Tuple[List[object], bool]:
    """The items of a list written as text, JSON or separated by commas, and whether they are still text."""
    if text.lstrip().startswith("["):
        found = parse_json(text, "a list, separated by commas or as JSON")
        return cast(List[object], found), False
    return [item.strip() for item in text.split(",") if item.strip()], True


def parse_json(text: str, expected: str) -> object:
    """JSON in a text.

    Raises:
        Mismatch: it is none.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise Mismatch(expected, text, secret=True) from None


def parse_ring(text: str) -> object:
    """The secrets in a text: one, or a JSON list. Commas separate nothing, for a secret may have some."""
    return parse_json(text, "one text or a JSON list of texts") if text.startswith("[") else text


def _bool(value: object, is_text: bool) -> bool:
    if isinstance(value, bool):
        return value
    if is_text and isinstance(value, str) and value.strip().lower() in (*_TRUE, *_FALSE):
        return value.strip().lower() in _TRUE
    raise Mismatch("true or false (1 or 0, on or off, yes or no)" if is_text else "true or false", value)


def _int(value: object, is_text: bool) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if is_text and isinstance(value, str) and len(value) <= _MOST_DIGITS and _WHOLE.fullmatch(value.strip()):
        return int(value)
    raise Mismatch("a whole number", value)


def _float(value: object, is_text: bool) -> float:
    if is_text and isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = float(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= sys.float_info.max:
        return float(value)
    raise Mismatch("a number", value)


def _str(value: object, is_text: bool) -> str:
    if isinstance(value, str):
        return value
    raise Mismatch("text", value, hint="" if is_text else " (put it in quotes)")


def _as_secret(value: object, is_text: bool) -> Secret:
    return value if isinstance(value, Secret) else Secret(_str(value, is_text))


def _path(value: object, is_text: bool) -> Path:
    return value if isinstance(value, Path) else Path(_str(value, is_text))


def _decimal(value: object, is_text: bool) -> Decimal:
    if isinstance(value, Decimal):
        return value
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return Decimal(value.strip())
    return Decimal(str(_float(value, is_text)))


def _timedelta(value: object, is_text: bool) -> timedelta:
    if isinstance(value, timedelta):
        return value
    seconds = _float(value, is_text)
    if abs(seconds) > timedelta.max.total_seconds():
        raise Mismatch("a number of seconds", value)
    return timedelta(seconds=seconds)


def _none(value: object, is_text: bool) -> None:
    if value is not None and not (is_text and value == ""):
        raise Mismatch("nothing", value)


_SCALARS: Dict[object, Callable[[object, bool], object]] = {
    bool: _bool,
    int: _int,
    float: _float,
    str: _str,
    Secret: _as_secret,
    Path: _path,
    Decimal: _decimal,
    timedelta: _timedelta,
    type(None): _none,
}


def _union(value: object, members: Tuple[Any, ...], is_text: bool) -> object:
    # An empty text is nothing where nothing is allowed: `MICROFRAME_X=` is how a shell leaves something out.
    # Any text is a text, so the others come first.
    ordered = sorted(members, key=lambda member: (member is not type(None), member is str))
    faults = []
    for member in ordered:
        try:
            return coerce(value, member, is_text=is_text)
        except Mismatch as mismatch:
            faults += [mismatch] if member is not type(None) else []
    if len(faults) == 1:
        raise faults[0]
    expected = " or ".join(mismatch.expected for mismatch in faults)
    raise Mismatch(expected, value, secret=any(mismatch.secret for mismatch in faults))


def _literal(value: object, options: Tuple[object, ...], is_text: bool) -> object:
    for option in options:
        if value == option and type(value) is type(option):
            return option
        if is_text and value == str(option):
            return option
    raise Mismatch(_alternatives([str(option) for option in options]), value)


def _enum(value: object, kind: "type[Enum]", is_text: bool) -> Enum:
    for member in kind:
        if value is member or value == member.value or (is_text and value == str(member.value)):
            return member
    raise Mismatch(_alternatives([str(member.value) for member in kind]), value)


def _alternatives(words: List[str]) -> str:
    return " or ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def _sequence(value: object, hint: Any, is_text: bool) -> object:
    build, arguments = SEQUENCES[get_origin(hint) or hint], get_args(hint)
    if is_text and isinstance(value, str):
        value, is_text = parse_list(value)
    if not isinstance(value, (list, tuple, set, frozenset)):
        raise Mismatch("a list", value)
    items = list(value)
    if build is tuple and (get_origin(hint) is tuple) and not (len(arguments) == 2 and arguments[1] is ...):
        if len(items) != len(arguments):
            raise Mismatch(f"a list of {len(arguments)}", value)
        return tuple(coerce(item, kind, is_text=is_text) for item, kind in zip(items, arguments))
    kind = arguments[0] if arguments else Any
    return build([coerce(item, kind, is_text=is_text) for item in items])


def _mapping(value: object, hint: Any, is_text: bool) -> object:
    if is_text and isinstance(value, str):
        value = parse_json(value, "a table as JSON") if value.strip() else {}
    if not isinstance(value, Mapping):
        raise Mismatch("a table", value)
    key_kind, kind = get_args(hint) or (Any, Any)
    found: Dict[Any, object] = {}
    for key, item in value.items():
        try:
            found[coerce(key, key_kind, is_text=True)] = coerce(item, kind, is_text=False)
        except Mismatch as mismatch:
            mismatch.secret = mismatch.secret or is_secret_name(str(key))
            raise
    return found
