"""JSON: reading that refuses what fast parsers let through (NaN, Infinity, numbers that overflow), and writing."""

import functools
import json
import math
import re
from typing import Any, Callable, Final, NoReturn, Tuple

from microframe.exceptions import Invalid

MAX_DIGITS: Final = 4300
"""An integer may have this many digits: CPython's own limit, which releases before 3.9.14 lack."""

# A float overflows with an exponent of three digits, or with very many digits before it. Once all digits are
# alike, two searches find both. A plus sign counts as a digit: `1e+10` gets a second look, no other pays.
ALIKE: Final = bytes.maketrans(b"123456789+E", b"0000000000e")
LONG: Final = b"0" * 200
EXPONENT: Final = re.compile(rb"(?:\A|[\[:,\s])-?[\d.]+[eE]\+?\d{3}")


def is_suspicious(body: bytes) -> bool:
    """Whether this text may contain a number that JSON does not have; never False when it does."""
    # `78 in` (that is N) is one memchr; `b"N" in` first raises and swallows an error inside of CPython.
    if 78 in body and body.find(b"NaN") >= 0:
        return True
    if 73 in body and body.find(b"Infinity") >= 0:
        return True
    alike = body.translate(ALIKE)
    if alike.find(b"0e000") >= 0 and EXPONENT.search(body):
        return True
    return len(body) >= len(LONG) and alike.find(LONG) >= 0


def read_json(body: bytes) -> object:
    """What a JSON text says, in plain values; of equal keys the last one counts.

    Raises:
        Invalid: it is no JSON text in UTF-8 (RFC 8259 §8.1: no other encoding, no byte order mark), nests
            deeper than the parser allows, or holds a number that a float cannot; the type is `json_invalid`,
            the loc its position where that is known.
    """
    parse = parser()
    if is_suspicious(body):
        confirm(body)
    try:
        return parse(body)
    except ValueError as exc:
        raise refusal(body, str(exc)) from exc


@functools.cache
def parser() -> Callable[[bytes], object]:
    """The parser for plain values; it comes with Pydantic, which is not imported before it is needed."""
    from pydantic_core import from_json

    return functools.partial(from_json, allow_inf_nan=False)


def confirm(body: bytes) -> None:
    """Read a text with the strict parser, only to know whether it is JSON.

    Raises:
        Invalid: it is not, and where.
    """
    try:
        STRICT.decode(body.decode())
    except UnicodeDecodeError as exc:
        raise json_invalid("Invalid UTF-8", exc.start) from None
    except json.JSONDecodeError as exc:
        raise json_invalid(exc.msg, exc.pos) from None
    except RecursionError:
        raise json_invalid("Nested too deeply") from None
    except ValueError as exc:
        raise json_invalid(str(exc)) from None


def refusal(body: bytes, cause: str) -> Invalid:
    """Why a text that a fast parser gave up on is not JSON; `cause` is that parser's own reason.

    The strict parser says where; what it lets pass (half of a surrogate pair as an escape) has no position.
    """
    try:
        confirm(body)
    except Invalid as exc:
        return exc
    return json_invalid(cause)


def json_invalid(reason: str, *position: int) -> Invalid:
    """The one error of a text that is not JSON, as FastAPI shapes it."""
    loc: Tuple[int, ...] = position
    ctx = {"error": reason}
    return Invalid(
        [{"type": "json_invalid", "loc": loc, "msg": "JSON decode error", "input": {}, "ctx": ctx}]
    )


def parse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


def parse_float(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError("Number out of range")
    return number


def parse_int(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise ValueError("Number out of range")
    return int(text)


STRICT: Final = json.JSONDecoder(parse_constant=parse_constant, parse_float=parse_float, parse_int=parse_int)


# Writing -------------------------------------------------------------------------------------------------------------


def build_json_writer(
    make: Any = getattr(json.encoder, "c_make_encoder", None), ensure_ascii: bool = False
) -> Callable[[Any], str]:
    """What writes JSON as short as it can be, NaN and infinities refused.

    `json` makes its encoder in C anew for each call, which costs more than most values do: here it is made once.
    """
    encoder = json.JSONEncoder(ensure_ascii=ensure_ascii, allow_nan=False, separators=(",", ":"))
    if make is None:  # no CPython
        return encoder.encode
    names = json.encoder.encode_basestring_ascii if ensure_ascii else json.encoder.encode_basestring
    # Without its dict of what is open already: that would be shared by threads, and keeps what an error leaves in it.
    chunks = make(None, encoder.default, names, None, ":", ",", False, False, False)

    def write(value: Any) -> str:
        try:
            return "".join(chunks(value, 0))
        except RecursionError:
            raise ValueError("the value contains itself, or is nested too deeply for JSON") from None

    return write


write_json = build_json_writer()
write_ascii_json = build_json_writer(ensure_ascii=True)
"""The same in ASCII, which can be bytes whatever texts there are: also half of a surrogate pair."""
