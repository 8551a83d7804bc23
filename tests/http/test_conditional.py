"""Conditional requests: who has it already is told so."""

import os
from pathlib import Path
from typing import Optional

import pytest

from microframe.http.conditional import file_etag, format_http_date, is_not_modified, parse_http_date
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
