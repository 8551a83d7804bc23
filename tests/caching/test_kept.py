"""Kept answers: how fresh, how old, and as bytes in a store and back (RFC 9111 §3, §4.2)."""

from typing import Any, List, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microframe.caching.kept import (
    MAGIC,
    Freshness,
    Kept,
    first_age,
    freshened,
    freshness_of,
    kept_headers,
    read_kept,
    write_kept,
    write_pointer,
)
from microframe.http.cache_control import parse_cache_control
from tests.caching.origin import NOW, http_date

Pairs = List[Tuple[bytes, bytes]]


def pairs(*headers: Tuple[str, str]) -> Pairs:
    return [(name.encode(), value.encode()) for name, value in headers]


def freshness(*headers: Tuple[str, str]) -> Any:
    raw = pairs(*headers)
    return freshness_of(parse_cache_control(raw), raw, NOW)


@pytest.mark.parametrize(
    ("headers", "lifetime"),
    [
        ([("cache-control", "max-age=60")], 60),
        ([("cache-control", "max-age=60, s-maxage=10")], 10),
        ([("cache-control", "max-age=60"), ("expires", http_date(NOW + 5))], 60),
        ([("cache-control", "max-age=60, max-age=70")], 0),
        ([("expires", http_date(NOW + 5))], 5),
        ([("date", http_date(NOW - 100)), ("expires", http_date(NOW + 5))], 105),
        ([("date", "yesterday"), ("expires", http_date(NOW + 5))], 5),
        ([("expires", http_date(NOW - 5))], 0),
        ([("expires", "0")], 0),
        ([("expires", http_date(NOW + 5)), ("expires", http_date(NOW + 5))], 0),
    ],
)
def test_the_lifetime_is_what_the_answer_says(headers: Any, lifetime: int) -> None:
    assert freshness(*headers).lifetime == lifetime


def test_no_lifetime_is_guessed() -> None:
    assert freshness(("last-modified", http_date(NOW - 86_400)), ("date", http_date(NOW))) is None


@pytest.mark.parametrize(
    ("said", "stale"),
    [
        ("max-age=1, stale-while-revalidate=2, stale-if-error=3", (2, 3, False)),
        ("max-age=1, must-revalidate, stale-while-revalidate=2", (0, 0, True)),
        ("max-age=1, proxy-revalidate, stale-if-error=2", (0, 0, True)),
        ("s-maxage=1", (0, 0, True)),
        ("s-maxage=1, stale-while-revalidate=2", (2, 0, False)),
        ("max-age=1", (0, 0, False)),
    ],
)
def test_what_may_be_stale_is_said_too(said: str, stale: Any) -> None:
    found = freshness(("cache-control", said))
    assert (found.while_revalidate, found.if_error, found.is_strict) == stale


@pytest.mark.parametrize(
    ("headers", "age"),
    [
        ([], 0),
        ([("date", http_date(NOW))], 2),
        ([("date", http_date(NOW - 30))], 30),
        ([("date", http_date(NOW + 30))], 2),
        ([("age", "10")], 12),
        ([("age", "10"), ("date", http_date(NOW - 5))], 12),
        ([("age", "10"), ("date", http_date(NOW - 50))], 50),
        ([("age", "ten")], 2),
    ],
)
def test_an_answer_is_as_old_as_it_says_and_as_it_took(headers: Any, age: int) -> None:
    assert first_age(pairs(*headers), NOW - 2, NOW) == age


def test_a_clock_that_was_set_back_makes_nothing_younger() -> None:
    kept = Kept(200, [], b"", NOW, 5, Freshness(60))
    assert (kept.age_at(NOW - 100), kept.age_at(NOW + 10), kept.left_at(NOW + 10)) == (5, 15, 45)


@pytest.mark.parametrize(
    ("fresh", "age", "validated", "seconds"),
    [
        (Freshness(60), 0, False, 60),
        (Freshness(60), 50, False, 10),
        (Freshness(60, 30, 90), 0, False, 150),
        (Freshness(60), 0, True, 120),
        (Freshness(5), 0, True, 65),
        (Freshness(1_000_000), 0, True, 1_086_400),
        (Freshness(10), 20, False, -10),
    ],
)
def test_an_answer_is_kept_for_as_long_as_it_is_of_use(
    fresh: Freshness, age: float, validated: bool, seconds: float
) -> None:
    assert Kept(200, [], b"", NOW, age, fresh, (), validated).keeping == seconds


def test_what_was_meant_for_the_next_on_the_way_is_not_kept() -> None:
    said = [
        *[
            ("connection", "close, X-Hop"),
            ("x-hop", "1"),
            ("keep-alive", "5"),
            ("transfer-encoding", "chunked"),
        ],
        *[("age", "5"), ("content-length", "3"), ("etag", '"v"'), ("x-kept", "1")],
    ]
    assert kept_headers(pairs(*said)) == pairs(("etag", '"v"'), ("x-kept", "1"))


def test_a_304_brings_newer_headers_and_no_other_body() -> None:
    kept = pairs(("etag", '"a"'), ("content-type", "text/plain"), ("x-a", "1"), ("x-b", "1"))
    news = pairs(
        ("etag", '"b"'), ("content-type", "text/html"), ("content-length", "0"), ("x-b", "2"), ("x-b", "3")
    )
    assert freshened(kept, news) == pairs(
        ("content-type", "text/plain"), ("x-a", "1"), ("etag", '"b"'), ("x-b", "2"), ("x-b", "3")
    )


@given(
    st.lists(st.tuples(st.binary(max_size=9), st.binary(max_size=9)), max_size=4),
    st.binary(max_size=50),
    st.lists(st.binary(max_size=9), max_size=3),
)
def test_what_is_written_is_read_again(headers: Pairs, body: bytes, names: List[bytes]) -> None:
    kept = Kept(203, headers, body, NOW, 1.5, Freshness(60, 1, 2, True, True), tuple(names), True)
    assert read_kept(write_kept(kept)) == kept
    assert read_kept(write_pointer(tuple(names))) == tuple(names)


@given(st.binary(max_size=80), st.integers(0, 100))
def test_whatever_else_is_there_is_nothing(raw: bytes, length: int) -> None:
    assert read_kept(raw) is None or raw.startswith(MAGIC)
    read_kept(MAGIC + length.to_bytes(4, "big") + raw)


@pytest.mark.parametrize(
    "head", ["[]", "{}", "7", '{"vary": 3}', '{"fresh": [1]}', "[" * 90_000, '{"vary": ["\\u20ac"]}']
)
def test_a_head_that_is_none_is_nothing(head: str) -> None:
    assert read_kept(MAGIC + len(head).to_bytes(4, "big") + head.encode()) is None
