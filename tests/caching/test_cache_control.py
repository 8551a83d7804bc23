"""Cache control: directives as they are sent, and policies of routes."""

from typing import Any, Dict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microframe import Cache, SetupError
from microframe.http.cache_control import LONGEST, listed, parse_cache_control, seconds_in
from tests.growth import assert_linear


def parse(*values: str) -> Dict[str, str]:
    return parse_cache_control([(b"cache-control", value.encode("latin-1")) for value in values])


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([], {}),
        ([""], {}),
        ([" , ,"], {}),
        (["Max-Age=60, PUBLIC"], {"max-age": "60", "public": ""}),
        (["max-age=60", "no-store"], {"max-age": "60", "no-store": ""}),
        (['private="set-cookie, x", max-age="7"'], {"private": "set-cookie, x", "max-age": "7"}),
        (["max-age=1, max-age=2"], {"max-age": ""}),
        (["max-age=1,max-age=1"], {"max-age": "1"}),
        (['a="\\""'], {"a": "\\"}),
    ],
)
def test_directives_are_read_in_any_case(values: Any, found: Dict[str, str]) -> None:
    assert parse(*values) == found


@pytest.mark.parametrize(
    "value", ['max-age="60', "max-age = 60", "=60", "a;b", "max-age=60;public", 'a="b"c', "é"]
)
def test_what_cannot_be_understood_keeps_nothing(value: str) -> None:
    assert parse(value) == {"no-store": ""}


@given(st.text(max_size=60))
def test_any_text_is_read(value: str) -> None:
    parse(value.encode("utf-8", "replace").decode("latin-1"))


@pytest.mark.parametrize("text", ['"', 'a="', 'a="\\', "a=", ", ", "a,", 'a="b",'])
def test_reading_is_linear_in_the_text(text: str) -> None:
    assert_linear(lambda size: text + text[-1:] * size, parse)
    assert_linear(lambda size: text * size, parse)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("60", 60), ("", 0), ("-1", 0), ("1.5", 0), ("soon", 0), ("٣", 0), ("9" * 4000, LONGEST), ("0", 0)],
)
def test_seconds_that_are_none_are_over(text: str, seconds: int) -> None:
    assert seconds_in({"max-age": text}, "max-age") == seconds
    assert seconds_in({}, "max-age") is None


def test_a_list_is_read_from_all_its_lines() -> None:
    assert listed([(b"vary", b" Accept, ,X-A "), (b"vary", b"*"), (b"x", b"y")], b"vary") == [
        "accept",
        "x-a",
        "*",
    ]


@pytest.mark.parametrize(
    ("policy", "header"),
    [
        (Cache(), b""),
        (Cache(max_age=0), b"max-age=0"),
        (Cache(max_age=60, s_maxage=0, public=True), b"max-age=60, s-maxage=0, public"),
        (Cache(no_store=True), b"no-store"),
        (
            Cache(max_age=1, stale_while_revalidate=2, stale_if_error=3),
            b"max-age=1, stale-while-revalidate=2, stale-if-error=3",
        ),
        (Cache(max_age=60, private=True, must_revalidate=True), b"max-age=60, private, must-revalidate"),
    ],
)
def test_a_policy_is_written_as_a_header(policy: Cache, header: bytes) -> None:
    assert policy.header == header


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"max_age": -1}, "a whole number from 0"),
        ({"max_age": 1.5}, "a whole number from 0"),
        ({"s_maxage": True}, "a whole number from 0"),
        ({"stale_if_error": None}, "a whole number from 0"),
        ({"max_age": 2**40}, "a whole number from 0"),
        ({"no_store": True, "max_age": 1}, "no_store and what is stored"),
        ({"no_store": True, "public": True}, "no_store and what is stored"),
        ({"private": True, "public": True}, "private and what others may have"),
        ({"private": True, "s_maxage": 1}, "private and what others may have"),
        (
            {"max_age": 1, "must_revalidate": True, "stale_if_error": 1},
            "must_revalidate and what may be stale",
        ),
        ({"stale_if_error": 1}, "not how long it is fresh"),
        ({"max_age": 1, "vary": "Accept"}, "takes several names"),
        ({"max_age": 1, "tags": "board"}, "takes several names"),
        ({"max_age": 1, "vary": ("*",)}, "no name of a header"),
        ({"max_age": 1, "vary": ("Accept:",)}, "no name of a header"),
    ],
)
def test_a_policy_that_contradicts_itself_is_refused(options: Any, words: str) -> None:
    with pytest.raises(SetupError, match=words):
        Cache(**options)


def test_more_headers_are_added_once() -> None:
    policy = Cache(max_age=1, vary=("Accept",)).with_vary(["accept", "X-A", "x-a"])
    assert policy.vary == ("Accept", "X-A")
    assert policy.max_age == 1
