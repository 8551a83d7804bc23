"""Converters: the text of a path parameter to a value, and back into a URL."""

import re
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import Enum
from math import isfinite
from types import MappingProxyType
from typing import Any, Callable, Dict, Iterator, Mapping, Optional
from uuid import UUID

from microframe.exceptions import SetupError

MAX_DIGITS = 4300
"""Python's own limit for text to int, kept here because its patch releases before 2022 have none."""

OWN_RANK = 50


def format_text(value: object) -> str:
    """A value as it stands in a path or a query string.

    Raises:
        ValueError: it has no obvious text (None, bytes, a collection).
    """
    if isinstance(value, str):
        return str(value.value) if isinstance(value, Enum) else value
    if isinstance(value, Enum):
        return format_text(value.value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    if value is None or isinstance(value, (bytes, bytearray, dict, list, tuple, set, frozenset)):
        raise ValueError(f"{type(value).__name__} has no text")
    return str(value)


@dataclass(frozen=True, eq=False)
class Converter:
    """How one parameter is read from the path and written into a URL.

    `parse` raises ValueError where the text is no such value: then this route does not match, another one
    may. `format` raises ValueError or TypeError for a value without a text; one that `parse` refuses cannot
    stand in a URL either. `pattern` (a regular
    expression) is what every text looks like; `parse` sees nothing else, and beside literal text in one
    segment (`/{id:int}-{title}`) the parameter takes what it matches. Where two converters fit at the same
    place, the lower `rank` is tried first; the built-in ones have 10 to 40. With `spans` it takes slashes
    too, as `path` does.
    """

    parse: Callable[[str], Any]
    format: Callable[[Any], str] = format_text
    pattern: Optional[str] = None
    rank: int = OWN_RANK
    spans: bool = False


def parse_int(text: str) -> int:
    """ASCII digits and nothing else: no sign, no `1_000`, no line feed, no digits of other scripts."""
    if text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS:
        return int(text)
    raise ValueError


FLOAT = re.compile(rf"[0-9]{{1,{MAX_DIGITS}}}(?:\.[0-9]{{1,{MAX_DIGITS}}})?", re.ASCII)


def parse_float(text: str) -> float:
    """Digits, perhaps a point and digits; finite. No sign, no exponent, no `nan`."""
    if FLOAT.fullmatch(text) is None:
        raise ValueError
    value = float(text)
    if not isfinite(value):
        raise ValueError
    return value


def format_float(value: object) -> str:
    """Without exponent: the digits of `repr`, which give the same float back."""
    return format(Decimal(float.__repr__(value)), "f") if isinstance(value, float) else format_text(value)


UUID_TEXT = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)


def parse_uuid(text: str) -> UUID:
    """The text of RFC 9562 §4 in either case; without hyphens, in braces or as a URN it is none."""
    if UUID_TEXT.fullmatch(text) is None:
        raise ValueError
    return UUID(text)


DATE_TEXT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def parse_date(text: str) -> date:
    """`YYYY-MM-DD` (RFC 3339 §5.6), a day that exists."""
    if DATE_TEXT.fullmatch(text) is None:
        raise ValueError
    return date.fromisoformat(text)


BUILT_IN: Mapping[str, Converter] = MappingProxyType(
    {
        "str": Converter(str, format_text, rank=100),
        "path": Converter(str, format_text, rank=200, spans=True),
        "uuid": Converter(parse_uuid, format_text, UUID_TEXT.pattern, rank=10),
        "date": Converter(parse_date, format_text, DATE_TEXT.pattern, rank=20),
        "int": Converter(parse_int, format_text, rf"[0-9]{{1,{MAX_DIGITS}}}", rank=30),
        "float": Converter(parse_float, format_float, FLOAT.pattern, rank=40),
    }
)
PLAIN = BUILT_IN["str"]


class Converters(Mapping[str, Converter]):
    """The converters an application knows: the built-in ones and its own."""

    def __init__(self) -> None:
        self._known: Dict[str, Converter] = dict(BUILT_IN)

    def add(self, name: str, converter: Converter) -> None:
        """Make `{parameter:name}` mean this converter.

        Raises:
            SetupError: the name is taken or no identifier, or the pattern no regular expression.
        """
        if not name.isidentifier():
            raise SetupError(f"converter {name!r}: the name must be an identifier")
        if name in self._known:
            raise SetupError(f"converter {name!r}: there is one of this name already")
        self._known[name] = checked(name, converter)

    def __getitem__(self, name: str) -> Converter:
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


def checked(name: str, converter: Converter) -> Converter:
    """The same converter; its `parse` sees only what its pattern matches as a whole."""
    if converter.pattern is None:
        return converter
    try:
        fullmatch = re.compile(converter.pattern).fullmatch
    except re.error as exc:
        raise SetupError(
            f"converter {name!r}: {converter.pattern!r} is no regular expression: {exc}"
        ) from exc
    parse = converter.parse

    def parse_checked(text: str) -> object:
        if fullmatch(text) is None:
            raise ValueError
        return parse(text)

    return replace(converter, parse=parse_checked)
