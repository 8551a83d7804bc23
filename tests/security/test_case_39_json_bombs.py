"""Case 39 (CVE-2024-27454, CVE-2018-1000656, CVE-2021-29510, CVE-2020-10735): JSON that breaks its reader."""

import contextlib
import datetime as dt
from typing import Any, Callable, Dict

import attrs
import msgspec
import pydantic
import pytest

from microframe.exceptions import Invalid
from microframe.http.json import read_json
from microframe.validation import Codecs
from tests.growth import assert_linear


class Model(pydantic.BaseModel):
    a: Any


class Struct(msgspec.Struct):
    a: Any


@attrs.define
class Attrs:
    a: Any


def decoder(annotation: Any) -> Callable[[bytes], Any]:
    return Codecs().for_annotation(annotation).json_decoder(annotation)


READERS: Dict[str, Callable[[bytes], Any]] = {
    "any": read_json,
    "untyped": decoder(Any),
    "mapping": decoder(Dict[str, Any]),
    "pydantic": decoder(Model),
    "msgspec": decoder(Struct),
    "attrs": decoder(Attrs),
}

# Each stands where a value stands, and is refused there.
VALUES: Dict[str, bytes] = {
    "nested lists": b"[" * 100_000,
    "nested lists that end": b"[" * 100_000 + b"]" * 100_000,
    "nested objects": b'{"a":' * 100_000,
    "a million digits": b"1" * 1_000_000,
    "a million digits after the point": b"-" + b"1" * 1_000_000 + b".0",
    "overflow": b"1e400",
    "negative overflow": b"-1E+400",
    "overflow with many zeros": b"1e0000000400",
    "overflow by digits": b"1" * 250 + b"e99",
    "overflow without exponent": b"9" * 400 + b".5",
    "overflow in a list": b"[0, 1e999]",
    "not a number": b"NaN",
    "infinity": b"Infinity",
    "negative infinity": b"-Infinity",
    "half a surrogate pair": b'"\\ud800"',
    "surrogates the wrong way round": b'"\\udc00\\ud800"',
    "broken escape": b'"\\u12"',
    "invalid UTF-8": b'"\xff"',
    "overlong UTF-8": b'"\xc0\xaf"',
    "surrogate as UTF-8": b'"\xed\xa0\x80"',
    "raw NUL in a text": b'"\x00"',
    "NUL instead of a value": b"\x00",
    "form feed": b"\x0c1",
    "hexadecimal": b"0x10",
    "leading zero": b"01",
    "unquoted": b"abc",
    "nothing": b"",
}

# These stand for the whole body.
BODIES: Dict[str, bytes] = {
    "byte order mark": b'\xef\xbb\xbf{"a": 1}',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "UTF-16 without mark": '{"a": 1}'.encode("utf-16-be"),
    "UTF-32": '{"a": 1}'.encode("utf-32"),
    "NUL behind": b'{"a": 1}\x00',
    "something behind": b'{"a": 1} {}',
    "nothing": b"",
    "white space": b" \n",
    "trailing comma": b'{"a": 1,}',
    "single quotes": b"{'a': 1}",
    "comment": b'{"a": 1} // x',
    "invalid UTF-8 in a field that nobody reads": b'{"a": 1, "b": "\xff"}',
    "not a number in a field that nobody reads": b'{"a": 1, "b": NaN}',
    "nesting in a field that nobody reads": b'{"a": 1, "b": ' + b"[" * 100_000,
}


def refuse(name: str, body: bytes) -> None:
    with pytest.raises(Invalid) as caught:
        pytest.fail(f"{name} reads it as {READERS[name](body)!r}")
    [error] = caught.value.errors
    assert error["type"] == "json_invalid", name
    assert all(isinstance(step, int) for step in error["loc"]), name
    assert len(error["ctx"]["error"]) < 200, name


@pytest.mark.parametrize("value", VALUES)
def test_every_reader_refuses_a_broken_value_as_no_json(value: str) -> None:
    for name in READERS:
        refuse(name, b'{"a": ' + VALUES[value] + b"}")
    for name in ("any", "untyped"):
        refuse(name, VALUES[value])


@pytest.mark.parametrize("body", BODIES)
def test_every_reader_refuses_a_broken_body_as_no_json(body: str) -> None:
    for name in READERS:
        refuse(name, BODIES[body])


def test_of_equal_keys_every_reader_takes_the_last() -> None:
    for read in READERS.values():
        assert field_a(read(b'{"a": 1, "a": 2}')) == 2


def test_an_escaped_nul_is_an_ordinary_character() -> None:
    for read in READERS.values():
        assert field_a(read(b'{"a": "\\u0000"}')) == "\x00"


def field_a(value: Any) -> Any:
    return value["a"] if isinstance(value, dict) else value.a


@pytest.mark.parametrize("reader", ["pydantic", "msgspec", "attrs"])
@pytest.mark.parametrize("text", ["infinity", "-infinity", "NaN", "1e400", "9" * 400])
def test_no_text_is_a_date_without_end(reader: str, text: str) -> None:
    classes: Dict[str, Any] = {
        "pydantic": pydantic.create_model("Dated", a=(dt.date, ...)),
        "msgspec": msgspec.defstruct("Dated", [("a", dt.date)]),
        "attrs": attrs.make_class("Dated", {"a": attrs.field(type=dt.date)}),
    }
    with pytest.raises(Invalid):
        decoder(classes[reader])(b'{"a": "' + text.encode() + b'"}')


@pytest.mark.parametrize(
    "make",
    [
        lambda size: b'{"a": ' + b"[" * size,
        lambda size: b"[" + b"1" * size + b"]",
        lambda size: b'["' + b"NaN 1e400 " * (size // 10) + b'"]',
        lambda size: b"[" + b"1." * (size // 2) + b"]",
        lambda size: b"[" + b",1" * (size // 2) + b"e",
    ],
    ids=["nesting", "digits", "suspicious", "points", "commas"],
)
def test_reading_what_is_hostile_takes_time_in_proportion(make: Callable[[int], bytes]) -> None:
    def read(body: bytes) -> None:
        with contextlib.suppress(Invalid):
            read_json(body)

    assert_linear(make, read, 100_000)
