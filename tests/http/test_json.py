"""JSON: what reading finds suspicious and refuses, and where; what writing makes of values."""

import json
import math
from typing import Any, Callable, List

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microframe.exceptions import Invalid
from microframe.http.json import build_json_writer, is_suspicious, read_json, write_json

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def refusal(body: bytes) -> Any:
    with pytest.raises(Invalid) as caught:
        read_json(body)
    [error] = caught.value.errors
    assert error["type"] == "json_invalid"
    assert error["msg"] == "JSON decode error"
    assert error["input"] == {}
    return error["loc"], error["ctx"]["error"]


@pytest.mark.parametrize(
    "text",
    [
        '{"a": [1, 2.5, null, true]}',
        '"é\\ud83d\\ude00"',
        " 1 ",
        "-0.0",
        "1e308",
        "1E-400",
        "12345678901234567890",
    ],
)
def test_json_is_read_as_the_standard_library_reads_it(text: str) -> None:
    assert read_json(text.encode()) == json.loads(text)


@given(JSON)
def test_whatever_json_says_is_read_back(value: Any) -> None:
    assert read_json(json.dumps(value).encode()) == value
    assert read_json(json.dumps(value, ensure_ascii=False).encode()) == value


@given(st.text(alphabet='{}[]",:0123456789eE+-. NaInfity\\u\x00\ud7ff'))
def test_text_is_read_like_the_standard_library_or_refused(text: str) -> None:
    try:
        value = read_json(text.encode())
    except Invalid:
        return
    assert value == json.loads(text)


@given(st.integers(0, 400), st.integers(-400, 400), st.sampled_from(["e", "E", "e+", "e00"]), st.booleans())
def test_a_number_that_overflows_is_always_suspicious(
    digits: int, exponent: int, mark: str, point: bool
) -> None:
    if exponent < 0:
        mark = "e-"
    text = f"{'9' * (digits + 1)}{'.5' if point else ''}{mark}{abs(exponent)}"
    if math.isinf(float(text)):
        assert is_suspicious(text.encode())
        assert is_suspicious(f'{{"a":{text}}}'.encode())
        refusal(f"[-{text}]".encode())
    else:
        assert read_json(text.encode()) == float(text)


@pytest.mark.parametrize(
    "body",
    [
        b'{"name": "Nora", "place": "Iceland"}',
        b'{"id": "9f3e4567-e89b-12d3-a456-426614174000"}',
        b'{"hash": "0e123456789"}',
        b'{"small": 1e-300, "medium": 1.5e+20}',
        b"[1000, 1e10, 0.000001]",
    ],
)
def test_ordinary_text_is_not_read_twice(body: bytes) -> None:
    assert not is_suspicious(body)


@pytest.mark.parametrize(
    "text", ['"NaN"', '"-Infinity"', '", 1e400"', '"' + "1" * 500 + '"', "1e100", "1E+300"]
)
def test_what_only_looks_suspicious_is_read(text: str) -> None:
    assert is_suspicious(text.encode())
    assert read_json(text.encode()) == json.loads(text)


@pytest.mark.parametrize(
    ("body", "loc"),
    [
        (b"", (0,)),
        (b"{", (1,)),
        (b"[1, 2", (5,)),
        (b"{'a': 1}", (1,)),
        (b"nul", (0,)),
        (b"1 2", (2,)),
        ('"é" x'.encode(), (4,)),
        (b'"\xff"', (1,)),
        (b"\xef\xbb\xbf{}", (0,)),
        (b"NaN", ()),
        (b"[1e400]", ()),
        (b'"\\ud800"', ()),
    ],
)
def test_a_refusal_says_where_it_can(body: bytes, loc: Any) -> None:
    found, reason = refusal(body)
    assert found == loc
    assert reason


# Writing -------------------------------------------------------------------------------------------------------------


@given(JSON)
def test_what_is_written_is_what_json_writes(value: Any) -> None:
    written = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    assert write_json(value) == written
    assert build_json_writer(None)(value) == written


def test_keys_that_are_no_text_are_written_as_json_writes_them() -> None:
    assert write_json({1: 1, None: 2, False: 3, 1.5: 4}) == '{"1":1,"null":2,"false":3,"1.5":4}'


@pytest.mark.parametrize("value", [math.nan, [math.inf], {"a": -math.inf}, {math.nan: 1}])
@pytest.mark.parametrize("write", [write_json, build_json_writer(None)], ids=["c", "python"])
def test_a_number_that_json_does_not_have_is_not_written(write: Callable[[Any], str], value: Any) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        write(value)


@pytest.mark.parametrize(
    "value", [object(), [1j], {"a": b""}, {(1,): 1}], ids=["object", "complex", "bytes", "key"]
)
def test_a_type_that_json_does_not_have_is_not_written(value: Any) -> None:
    with pytest.raises(TypeError, match=r"JSON serializable|keys must be"):
        write_json(value)
    assert write_json([1]) == "[1]"


def test_a_value_that_contains_itself_is_not_written() -> None:
    loop: List[Any] = []
    loop.append({"again": loop})
    for write in (write_json, build_json_writer(None)):
        with pytest.raises(ValueError, match=r"contains itself|Circular"):
            write(loop)
