"""Coercion: text and values of files as what a type hint asks for."""

import sys
from datetime import timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import (
    Any,
    Dict,
    FrozenSet,
    List,
    Literal,
    Mapping,
    NewType,
    Optional,
    Sequence,
    Set,
    Tuple,
    Union,
)

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microframe.configurations import Secret
from microframe.configurations.coercion import UnreadableType, coerce
from microframe.configurations.faults import Mismatch

Seconds = NewType("Seconds", int)


class Color(Enum):
    RED = "red"
    BLUE = 2


TEXTS: "list[tuple[Any, str, object]]" = [
    *((bool, text, True) for text in ("true", "True", "TRUE", "1", "on", "yes", " Yes ")),
    *((bool, text, False) for text in ("false", "False", "0", "off", "OFF", "no")),
    (int, "8000", 8000),
    (int, "-1", -1),
    (int, "+1", 1),
    (int, "10_000_000", 10_000_000),
    (int, " 7 ", 7),
    (float, "1.5", 1.5),
    (float, "2", 2.0),
    (float, "-.5e3", -500.0),
    (str, "", ""),
    (str, " as it is ", " as it is "),
    (Secret, "hunter2", Secret("hunter2")),
    (Path, "a/b", Path("a/b")),
    (Decimal, "0.10", Decimal("0.10")),
    (timedelta, "1.5", timedelta(seconds=1.5)),
    (Any, "x", "x"),
    (object, "x", "x"),
    (Seconds, "5", 5),
    (Color, "red", Color.RED),
    (Color, "2", Color.BLUE),
    (Literal["a", "b"], "b", "b"),
    (Literal[1, 2], "2", 2),
    (Optional[int], "", None),
    (Optional[int], "3", 3),
    (Optional[str], "", None),
    (Optional[str], "x", "x"),
    (Optional[Secret], "", None),
    (Union[int, str], "3", 3),
    (Union[str, int], "3", 3),
    (Union[str, int], "x", "x"),
    (List[str], "", []),
    (List[str], "a", ["a"]),
    (List[str], "a, b ,c,", ["a", "b", "c"]),
    (List[str], '["a, b", "c"]', ["a, b", "c"]),
    (List[int], "1, 2", [1, 2]),
    (List[int], "[1, 2]", [1, 2]),
    (list, "a,b", ["a", "b"]),
    (Sequence[str], "a,b", ("a", "b")),
    (Tuple[str, ...], "a,b", ("a", "b")),
    (Tuple[str, int], "a,2", ("a", 2)),
    (tuple, "a,b", ("a", "b")),
    (Set[int], "1,2,1", {1, 2}),
    (FrozenSet[str], "a,a", frozenset({"a"})),
    (Dict[str, int], '{"a": 1}', {"a": 1}),
    (Mapping[str, List[int]], '{"a": [1]}', {"a": [1]}),
    (dict, "", {}),
]


@pytest.mark.parametrize(("hint", "text", "value"), TEXTS)
def test_text_is_read_as_its_type(hint: Any, text: str, value: object) -> None:
    found = coerce(text, hint, is_text=True)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("hint", "text", "expected"),
    [
        (bool, "", "true or false (1 or 0, on or off, yes or no)"),
        (bool, "2", "true or false (1 or 0, on or off, yes or no)"),
        (bool, "y", "true or false (1 or 0, on or off, yes or no)"),
        *(
            (int, t, "a whole number")
            for t in ("", "x", "1.0", "1e3", "0x10", "_1", "1_", "1__0", "٣", "9" * 81)
        ),
        *(
            (float, t, "a number")
            for t in ("", "nan", "inf", "-Infinity", "1e999", "1_0", "x", ".", "9" * 5000)
        ),
        (Decimal, "sNaN", "a number"),
        (timedelta, "1e300", "a number of seconds"),
        (Color, "RED", "red or 2"),
        (Literal["a", "b", "c"], "d", "a, b or c"),
        (Optional[int], "x", "a whole number"),
        (Union[int, bool], "x", "a whole number or true or false (1 or 0, on or off, yes or no)"),
        (List[int], "1, x", "a whole number"),
        (List[int], "[1", "a list, separated by commas or as JSON"),
        (List[str], "[1]", "text"),
        (List[int], "[" * 100_000, "a list, separated by commas or as JSON"),
        (Tuple[str, int], "a", "a list of 2"),
        (Dict[str, int], "a=1", "a table as JSON"),
        (Dict[str, int], "[1]", "a table"),
        (Dict[str, int], '{"a": "1"}', "a whole number"),
    ],
)
def test_text_that_is_no_such_thing_says_what_was_expected(hint: Any, text: str, expected: str) -> None:
    with pytest.raises(Mismatch) as caught:
        coerce(text, hint, is_text=True)
    assert caught.value.expected == expected


@pytest.mark.parametrize(
    ("hint", "value", "kept"),
    [
        (bool, True, True),
        (int, 1, 1),
        (float, 1, 1.0),
        (str, "x", "x"),
        (Secret, Secret("x"), Secret("x")),
        (Path, Path("x"), Path("x")),
        (Decimal, 1.5, Decimal("1.5")),
        (Decimal, Decimal(1), Decimal(1)),
        (timedelta, 90, timedelta(seconds=90)),
        (timedelta, timedelta(1), timedelta(1)),
        (Color, 2, Color.BLUE),
        (Color, Color.RED, Color.RED),
        (Optional[int], None, None),
        (Literal[1, "1"], "1", "1"),
        (List[int], [1, 2], [1, 2]),
        (Tuple[str, ...], ["a"], ("a",)),
        (Dict[str, Any], {"a": {"b": 1}}, {"a": {"b": 1}}),
        (Dict[int, str], {1: "x"}, {1: "x"}),
    ],
)
def test_a_value_with_the_right_type_is_taken(hint: Any, value: object, kept: object) -> None:
    found = coerce(value, hint, is_text=False)
    assert found == kept
    assert type(found) is type(kept)


@pytest.mark.parametrize(
    ("hint", "value"),
    [
        (bool, 1),
        (bool, "true"),
        (int, "1"),
        (int, True),
        (int, 1.0),
        (float, "1"),
        (float, True),
        (float, float("nan")),
        (float, 10**400),
        (str, 1.0),
        (str, None),
        (Secret, 1),
        (Literal[1], True),
        (Literal["1"], 1),
        (List[str], "a,b"),
        (List[int], ["1"]),
        (Dict[str, int], '{"a": 1}'),
        (Dict[str, int], {"a": None}),
        (Optional[int], "x"),
    ],
)
def test_a_value_with_another_type_is_refused(hint: Any, value: object) -> None:
    with pytest.raises(Mismatch):
        coerce(value, hint, is_text=False)


def test_a_number_where_text_is_wanted_is_told_to_wear_quotes() -> None:
    with pytest.raises(Mismatch) as caught:
        coerce(1.0, str, is_text=False)
    assert caught.value.describe(hidden=False) == "expected text, not 1.0 (put it in quotes)"


def test_an_object_given_in_the_program_is_taken() -> None:
    class Clock: ...

    clock = Clock()
    assert coerce(clock, Clock, is_text=False) is clock
    assert coerce(clock, Optional[Clock], is_text=False) is clock


@pytest.mark.parametrize("hint", [type, bytes, complex, List[complex], "Forward"])
def test_a_type_that_no_setting_can_be_is_a_mistake_in_the_program(hint: Any) -> None:
    with pytest.raises(UnreadableType, match="no setting can be read as"):
        coerce("1", hint, is_text=True)


@pytest.mark.skipif(sys.version_info < (3, 10), reason="`X | Y` at runtime is new in 3.10")
def test_unions_of_either_spelling_are_read() -> None:
    assert coerce("", eval("int | None"), is_text=True) is None
    assert coerce("3", eval("int | None"), is_text=True) == 3


@given(st.integers(min_value=-(10**30), max_value=10**30))
def test_every_whole_number_comes_back(number: int) -> None:
    assert coerce(str(number), int, is_text=True) == number
    assert coerce(f"{number:_}", int, is_text=True) == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_comes_back(number: float) -> None:
    assert coerce(repr(number), float, is_text=True) == number


@given(st.text())
def test_any_text_is_coerced_or_a_mismatch(text: str) -> None:
    for hint, _, _ in TEXTS:
        try:
            coerce(text, hint, is_text=True)
        except Mismatch as mismatch:
            assert "\n" not in mismatch.describe(hidden=False)  # noqa: PT017 - the message is what is tested
