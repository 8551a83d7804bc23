"""Conditional requests: who has it already is told so."""

import os
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Dict, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microframe.http.conditional import (
    Validators,
    Version,
    file_etag,
    format_etag,
    format_http_date,
    format_last_modified,
    is_conditional,
    is_not_modified,
    is_range_current,
    parse_http_date,
    precondition_status,
    read_validators,
)
from microframe.http.headers import Headers
from tests.growth import assert_linear

ETAG = '"abc-1"'
DATE = "Sun, 06 Nov 1994 08:49:37 GMT"
SECONDS = 784111777


@pytest.mark.parametrize(
    "tags",
    [
        '"abc-1"',
        'W/"abc-1"',
        '"x", "abc-1"',
        '"x","abc-1","y"',
        '"a,b", W/"abc-1"',
        "*",
        ' "abc-1" ',
        '"", "abc-1"',
    ],
)
def test_a_tag_that_the_client_has_is_not_modified(tags: str) -> None:
    assert is_not_modified(Headers.of({"if-none-match": tags}), ETAG)
    assert is_not_modified(Headers.of({"if-none-match": tags}), f"W/{ETAG}")


@pytest.mark.parametrize(
    "tags", ['"abc"', '"ABC-1"', "abc-1", '"abc-1', 'abc-1"', "", '"*"', '"x, abc-1"', "**"]
)
def test_another_tag_is_modified(tags: str) -> None:
    assert not is_not_modified(Headers.of({"if-none-match": tags}), ETAG)


def test_tags_stand_in_several_headers() -> None:
    headers = Headers.of([("if-none-match", '"x"'), ("if-none-match", '"abc-1"')])
    assert is_not_modified(headers, ETAG)


@pytest.mark.parametrize(
    "since",
    [
        DATE,
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "Sun, 06 Nov 1994 08:49:38 GMT",
        "Mon, 01 Jan 2035 00:00:00 GMT",
    ],
)
def test_a_date_not_before_the_change_is_not_modified(since: str) -> None:
    assert is_not_modified(Headers.of({"if-modified-since": since}), ETAG, SECONDS + 0.9)


@pytest.mark.parametrize(
    "since",
    [
        "Sun, 06 Nov 1994 08:49:36 GMT",
        "",
        "yesterday",
        "0",
        "Sun, 99 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 99999 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT" + " " * 100,
        "-1",
        "()" * 20,
    ],
)
def test_an_earlier_date_or_none_at_all_is_modified(since: str) -> None:
    assert not is_not_modified(Headers([(b"if-modified-since", since.encode())]), ETAG, SECONDS)


def test_a_date_counts_only_without_a_tag() -> None:
    both = Headers.of({"if-none-match": '"x"', "if-modified-since": DATE})
    assert not is_not_modified(both, ETAG, SECONDS)
    assert not is_not_modified(Headers.of({"if-modified-since": DATE}), ETAG)
    assert not is_not_modified(Headers(), ETAG, SECONDS)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (SECONDS, DATE),
        (SECONDS + 0.999, DATE),
        (-5.0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (1e18, "Fri, 31 Dec 9999 23:59:59 GMT"),
    ],
)
def test_a_time_is_written_as_a_date(seconds: float, text: str) -> None:
    assert format_http_date(seconds) == text


@pytest.mark.parametrize("text", [DATE, "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"])
def test_a_date_is_read_in_its_three_forms(text: str) -> None:
    assert parse_http_date(text) == SECONDS


@pytest.mark.parametrize(
    "text", ["", "a", ",", "Sun,", "Sun, 06", "::::", "1 1 1 1 1", "Sun, 06 Nov 1994 08:49:37 +99999"]
)
def test_what_is_no_date_is_none_and_no_error(text: str) -> None:
    found: Optional[int] = parse_http_date(text)
    assert found is None or isinstance(found, int)


def test_a_file_that_changes_has_another_tag(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"one")
    first = file_etag(path.stat())
    assert file_etag(path.stat()) == first
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))
    second = file_etag(path.stat())
    path.write_bytes(b"longer")
    os.utime(path, ns=(0, path.stat().st_mtime_ns))
    assert len({first, second, file_etag(path.stat())}) == 3


@pytest.mark.parametrize("piece", ['"a', '"a",', '"', 'W/"', "a,"])
def test_long_lists_of_tags_are_read_in_linear_time(piece: str) -> None:
    assert_linear(
        lambda n: Headers([(b"if-none-match", piece.encode() * n)]), lambda h: is_not_modified(h, ETAG)
    )


# Versions as tags -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "tag"),
    [
        (7, '"7"'),
        ("v7", '"v7"'),
        ("", '""'),
        ('"v7"', '"v7"'),
        ('W/"v7"', 'W/"v7"'),
        ("a b", '"a%20b"'),
        ("a%20b", '"a%2520b"'),
        ("a,b", '"a%2Cb"'),
        ('say "x"', '"say%20%22x%22"'),
        ("a\r\nX: 1", '"a%0D%0AX:%201"'),
        ("gr\u00fc\u00dfe", '"gr%C3%BC%C3%9Fe"'),
        (datetime(2026, 5, 1, 12, 0, 0, 5, timezone.utc), '"2026-05-01T12:00:00.000005+00:00"'),
    ],
)
def test_a_version_becomes_a_tag(version: Version, tag: str) -> None:
    assert format_etag(version) == tag
    assert format_etag(tag) == tag
    assert format_etag(version, weak=True) == (tag if tag.startswith("W/") else f"W/{tag}")


@given(st.text(max_size=20), st.text(max_size=20))
def test_two_versions_never_have_one_tag_and_every_tag_is_one(one: str, other: str) -> None:
    tags = [format_etag(f"v{one}"), format_etag(f"v{other}")]
    assert (tags[0] == tags[1]) == (one == other)
    for tag in tags:
        assert Headers.of({"etag": tag})["etag"] == tag
        now = Validators(tag)
        headers = Headers.of({"if-match": f'"x", {tag}', "if-none-match": tag})
        assert precondition_status("GET", headers, now) == 304
        assert precondition_status("PUT", Headers.of({"if-match": tag}), now) is None


def test_a_time_of_change_without_a_zone_is_utc() -> None:
    zone = timezone(timedelta(hours=2))
    for changed in (datetime(1994, 11, 6, 8, 49, 37, 5), datetime(1994, 11, 6, 10, 49, 37, tzinfo=zone)):  # noqa: DTZ001
        assert format_last_modified(changed) == DATE
    assert format_last_modified(SECONDS) == DATE


def test_validators_are_read_from_an_answer() -> None:
    assert read_validators([(b"etag", b'W/"a"'), (b"last-modified", DATE.encode())]) == Validators(
        'W/"a"', SECONDS
    )
    assert read_validators([(b"last-modified", b"never")]) == Validators()


# In the order of RFC 9110 §13.2.2 ---------------------------------------------------------------------------

NOW = Validators(ETAG, SECONDS)
WEAK = Validators(f"W/{ETAG}", SECONDS)
NOTHING = Validators()
EARLIER, LATER = "Sun, 06 Nov 1994 08:49:36 GMT", "Sun, 06 Nov 1994 08:49:38 GMT"


@pytest.mark.parametrize(
    ("sent", "now", "reading", "changing"),
    [
        ({}, NOW, None, None),
        ({"if-match": ETAG}, NOW, None, None),
        ({"if-match": f'"x", {ETAG}'}, NOW, None, None),
        ({"if-match": "*"}, NOW, None, None),
        ({"if-match": "*"}, NOTHING, 412, 412),
        ({"if-match": '"x"'}, NOW, 412, 412),
        ({"if-match": ""}, NOW, 412, 412),
        ({"if-match": ETAG}, NOTHING, 412, 412),
        ({"if-match": f"W/{ETAG}"}, NOW, 412, 412),  # compared strongly
        ({"if-match": f"W/{ETAG}"}, WEAK, 412, 412),
        ({"if-match": ETAG}, WEAK, 412, 412),
        ({"if-unmodified-since": DATE}, NOW, None, None),
        ({"if-unmodified-since": LATER}, NOW, None, None),
        ({"if-unmodified-since": EARLIER}, NOW, 412, 412),
        ({"if-unmodified-since": EARLIER}, NOTHING, None, None),
        ({"if-unmodified-since": "yesterday"}, NOW, None, None),
        ({"if-match": ETAG, "if-unmodified-since": EARLIER}, NOW, None, None),  # the tag decides
        ({"if-match": '"x"', "if-unmodified-since": LATER}, NOW, 412, 412),
        ({"if-none-match": ETAG}, NOW, 304, 412),
        ({"if-none-match": f"W/{ETAG}"}, NOW, 304, 412),  # compared weakly
        ({"if-none-match": ETAG}, WEAK, 304, 412),
        ({"if-none-match": "*"}, NOW, 304, 412),
        ({"if-none-match": "*"}, NOTHING, None, None),
        ({"if-none-match": '"x"'}, NOW, None, None),
        ({"if-none-match": ETAG}, NOTHING, None, None),
        ({"if-modified-since": DATE}, NOW, 304, None),
        ({"if-modified-since": EARLIER}, NOW, None, None),
        ({"if-modified-since": DATE}, NOTHING, None, None),
        ({"if-none-match": '"x"', "if-modified-since": LATER}, NOW, None, None),  # the tag decides
        ({"if-match": ETAG, "if-none-match": ETAG}, NOW, 304, 412),
        ({"if-match": '"x"', "if-none-match": ETAG}, NOW, 412, 412),
        ({"if-unmodified-since": EARLIER, "if-modified-since": DATE}, NOW, 412, 412),
        ({"if-unmodified-since": DATE, "if-modified-since": DATE}, NOW, 304, None),
    ],
    ids=str,
)
def test_preconditions_are_asked_in_their_order(
    sent: Dict[str, str], now: Validators, reading: Optional[int], changing: Optional[int]
) -> None:
    headers = Headers.of(sent)
    for method in ("GET", "HEAD"):
        assert precondition_status(method, headers, now) == reading
    for method in ("PUT", "PATCH", "DELETE", "POST", "LOCK"):
        assert precondition_status(method, headers, now) == changing
    for method in ("OPTIONS", "TRACE", "CONNECT", "QUERY"):
        assert precondition_status(method, headers, now) is None


@pytest.mark.parametrize("name", ["if-modified-since", "if-unmodified-since"])
def test_two_dates_are_none(name: str) -> None:
    twice = Headers([(name.encode(), DATE.encode()), (name.encode(), EARLIER.encode())])
    assert precondition_status("GET", twice, NOW) is None


@pytest.mark.parametrize(
    ("sent", "now", "counts"),
    [
        ({}, NOW, False),
        ({"if-match": ETAG}, NOW, True),
        ({"if-match": "*"}, NOW, True),
        ({"if-none-match": "*"}, NOTHING, True),
        ({"if-none-match": '"x"'}, NOW, False),  # it holds for anybody who makes a tag up
        ({"if-modified-since": DATE}, NOW, False),
        ({"if-unmodified-since": DATE}, NOW, True),
        ({"if-unmodified-since": DATE}, Validators(ETAG), False),  # nobody would look at it
        ({"if-unmodified-since": "yesterday"}, NOW, False),
    ],
    ids=str,
)
def test_what_guards_a_change_against_lost_work(sent: Dict[str, str], now: Validators, counts: bool) -> None:
    assert is_conditional(Headers.of(sent), now) is counts


@pytest.mark.parametrize(
    ("if_range", "now", "current"),
    [
        (ETAG, NOW, True),
        (DATE, NOW, True),
        ("Sun Nov  6 08:49:37 1994", NOW, True),
        (f"W/{ETAG}", NOW, False),
        (f"W/{ETAG}", WEAK, False),
        (ETAG, WEAK, False),
        (EARLIER, NOW, False),
        (LATER, NOW, False),
        (DATE, Validators(ETAG), False),
        (ETAG, NOTHING, False),
        ("", NOW, False),
    ],
)
def test_a_range_is_current_only_for_the_very_version(if_range: str, now: Validators, current: bool) -> None:
    assert is_range_current(Headers.of({"if-range": if_range}), now) is current


def test_a_range_is_current_without_a_version_and_not_for_two() -> None:
    assert is_range_current(Headers(), NOW)
    assert not is_range_current(Headers.of([("if-range", ETAG), ("if-range", ETAG)]), NOW)


@pytest.mark.parametrize("piece", ['"a', '"a",', '"', 'W/"', "W/", "a,"])
def test_long_lists_of_demanded_tags_are_read_in_linear_time(piece: str) -> None:
    assert_linear(
        lambda n: Headers([(b"if-match", piece.encode() * n)]), lambda h: precondition_status("PUT", h, NOW)
    )
