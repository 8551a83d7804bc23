"""Converters: what each reads from a path, and writes into a URL."""

from datetime import date, datetime
from enum import Enum, IntEnum
from typing import Any, List
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microframe.exceptions import SetupError
from microframe.routing.converters import BUILT_IN, MAX_DIGITS, Converter, Converters, format_text

CANONICAL = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"


class Colour(str, Enum):
    RED = "red"


class Size(IntEnum):
    LARGE = 3


class Kind(Enum):
    BIG = 4


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("str", "a b%2F", "a b%2F"),
        ("path", "a//b", "a//b"),
        ("path", "", ""),
        ("int", "0", 0),
        ("int", "007", 7),
        ("int", "9" * 19, 9999999999999999999),
        ("float", "5", 5.0),
        ("float", "05.250", 5.25),
        ("uuid", CANONICAL, UUID(CANONICAL)),
        ("uuid", CANONICAL.upper(), UUID(CANONICAL)),
        ("date", "2024-02-29", date(2024, 2, 29)),
    ],
)
def test_a_text_of_the_kind_becomes_its_value(kind: str, text: str, value: object) -> None:
    parsed = BUILT_IN[kind].parse(text)
    assert parsed == value
    assert type(parsed) is type(value)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("int", text)
        for text in [
            "-1",
            "+1",
            " 1",
            "1 ",
            "1\n",
            "1_000",
            "1.0",
            "1e3",
            "0x1",
            "\u0660",
            "²",
            "\uff11",
            "a",
        ]
    ]
    + [("int", "9" * (MAX_DIGITS + 1))]
    + [
        ("float", text)
        for text in [
            "-1.5",
            "+1.5",
            "1.",
            ".5",
            "1.5\n",
            "1e5",
            "nan",
            "inf",
            "Infinity",
            "1_0.0",
            "\u0660.\u0665",
            "1,5",
        ]
    ]
    + [("float", "9" * 400)]
    + [
        ("uuid", text)
        for text in [
            CANONICAL.replace("-", ""),
            f"{{{CANONICAL}}}",
            f"urn:uuid:{CANONICAL}",
            CANONICAL + "\n",
        ]
    ]
    + [("uuid", CANONICAL.replace("6", "g")), ("uuid", CANONICAL.replace("8", "\uff18"))]
    + [
        ("date", text)
        for text in [
            "2023-02-29",
            "2024-13-01",
            "20240229",
            "2024-W09-4",
            "2024-2-9",
            "24-02-29",
            "2024-02-29\n",
        ]
    ]
    + [
        ("date", "2024-02-29T00:00"),
        ("date", "0000-01-01"),
        ("date", "\u0662\u0660\u0662\u0664-\u0660\u0662-\u0662\u0669"),
    ],
)
def test_anything_else_is_refused(kind: str, text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - only its kind matters
        BUILT_IN[kind].parse(text)


@given(
    st.one_of(
        st.tuples(st.just("int"), st.integers(0)),
        st.tuples(st.just("float"), st.floats(0, allow_infinity=False)),
        st.tuples(st.just("uuid"), st.uuids()),
        st.tuples(st.just("date"), st.dates()),
        st.tuples(st.just("str"), st.text(min_size=1)),
        st.tuples(st.just("path"), st.text()),
    )
)
def test_every_value_is_read_back_from_its_text(case: "tuple[str, Any]") -> None:
    kind, value = case
    if value == 0:
        value = abs(value)  # there is no text for a negative zero
    converter = BUILT_IN[kind]
    assert converter.parse(converter.format(value)) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"),
        (3, "3"),
        (2.5, "2.5"),
        (True, "true"),
        (False, "false"),
        (Colour.RED, "red"),
        (Size.LARGE, "3"),
        (Kind.BIG, "4"),
        (UUID(CANONICAL), CANONICAL),
        (date(2024, 2, 29), "2024-02-29"),
        (datetime(2024, 2, 29, 12, 30), "2024-02-29T12:30:00"),  # noqa: DTZ001 - a naive one has a text too
    ],
)
def test_a_value_has_the_text_a_client_would_write(value: object, text: str) -> None:
    assert format_text(value) == text


@pytest.mark.parametrize(
    "value", [None, b"a", bytearray(b"a"), ["a"], ("a",), {"a": 1}, {"a"}, frozenset("a")]
)
def test_a_value_without_an_obvious_text_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="has no text"):
        format_text(value)


def test_floats_are_written_without_exponent() -> None:
    assert BUILT_IN["float"].format(1e22) == "10000000000000000000000"
    assert BUILT_IN["float"].format(1e-7) == "0.0000001"
    assert BUILT_IN["float"].format(3) == "3"


def test_an_own_converter_sees_only_what_its_pattern_matches_as_a_whole() -> None:
    seen: List[str] = []

    def parse_slug(text: str) -> str:
        seen.append(text)
        return text

    converters = Converters()
    converters.add("slug", Converter(parse_slug, pattern="[a-z-]+"))
    parse = converters["slug"].parse
    assert parse("a-b") == "a-b"
    for text in ["A", "a/b", "a\n", ""]:
        with pytest.raises(ValueError):  # noqa: PT011 - only its kind matters
            parse(text)
    assert seen == ["a-b"]


def test_own_converters_stand_beside_the_built_in_ones_of_one_application() -> None:
    converters = Converters()
    converters.add("hex", Converter(lambda text: int(text, 16), hex))
    assert {*converters} == {*BUILT_IN, "hex"}
    assert len(converters) == len(BUILT_IN) + 1
    assert "hex" not in Converters()


@pytest.mark.parametrize(
    ("name", "pattern", "message"),
    [
        ("int", None, "'int'.*already"),
        ("two words", None, "'two words'.*identifier"),
        ("", None, "identifier"),
        ("bad", "[a-", r"'bad'.*'\[a-' is no regular expression"),
    ],
)
def test_a_wrong_converter_is_a_setup_error(name: str, pattern: str, message: str) -> None:
    with pytest.raises(SetupError, match=message):
        Converters().add(name, Converter(str, pattern=pattern))
