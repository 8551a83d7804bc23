"""Arguments: what a function was called with, as a key that no other arguments share."""

import datetime as dt
import decimal
import enum
import inspect
import string
import uuid
from typing import Any, Callable, Dict, List, Mapping, Sequence, Union
from urllib.parse import quote

from microframe import SetupError
from microframe.caching import digest, joined

Key = Union[str, Callable[..., str], None]
Name = Callable[[Mapping[str, Any]], str]
"""Arguments by name to the key of the value."""

PLAIN = (str, int, float, bool, bytes, type(None), uuid.UUID, decimal.Decimal, dt.date, dt.time, dt.timedelta)
SAFE = "".join(chr(code) for code in range(33, 127) if chr(code) not in "%:{}")


class Escaping(string.Formatter):
    """Puts values into a template so that none of them looks like the parts around it."""

    def format_field(self, value: Any, format_spec: str) -> str:
        return quote(format(value, format_spec), safe=SAFE, errors="surrogatepass")


def read_template(template: str, signature: inspect.Signature, where: str) -> Name:
    """A key with arguments in it: `"board:{board_id}"`.

    Raises:
        SetupError: it names what is no argument.
    """
    for _, field, _, _ in string.Formatter().parse(template):
        name = "" if field is None else field.split(".")[0].split("[")[0]
        if field is not None and name not in signature.parameters:
            raise SetupError(f"cached({template!r}): {where} has no argument {field!r}")
    escaping = Escaping()
    return lambda arguments: escaping.vformat(template, (), arguments)


def read_key(key: Key, signature: inspect.Signature, where: str, name: str) -> Name:
    """What names the values of a function; without a key it is the function, and all of its arguments."""
    if isinstance(key, str):
        return read_template(key, signature, where)
    if key is not None:
        made = key
        return lambda arguments: made(**arguments)
    return lambda arguments: f"{name}:{digest(*parts_of(arguments, where))}"


def parts_of(arguments: Mapping[str, Any], where: str) -> List[bytes]:
    parts: List[bytes] = []
    for name, value in arguments.items():
        try:
            parts += [name.encode(), part_of(value)]
        except TypeError as exc:
            raise TypeError(
                f'cached: {name} of {where} is a {exc}, of which no key can be made: say key="…{{{name}}}…"'
            ) from None
    return parts


def part_of(value: Any) -> bytes:
    """A value as bytes which no other value has, of this type or another.

    Raises:
        TypeError: it is of a type whose values cannot be told apart.
    """
    kind = type(value)
    label = f"{kind.__module__}.{kind.__qualname__}".encode()
    if kind in PLAIN or kind is dt.datetime:
        text = value if isinstance(value, bytes) else repr(value).encode("utf-8", "surrogatepass")
        return joined([label, text])
    if isinstance(value, enum.Enum):
        return joined([label, value.name.encode()])
    if kind in (list, tuple):
        return joined([label, *(part_of(one) for one in value)])
    if kind in (set, frozenset):
        return joined([label, *sorted(part_of(one) for one in value)])
    if kind is dict:
        return joined([label, *sorted(joined([part_of(key), part_of(one)]) for key, one in value.items())])
    raise TypeError(label.decode())


def bind(signature: inspect.Signature, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Dict[str, Any]:
    """Arguments by name, however they were given; those not given have their defaults."""
    bound = signature.bind(*args, **kwargs)
    bound.apply_defaults()
    return dict(bound.arguments)
