"""Ranges: what is asked for, read strictly, with nothing sent twice."""

from typing import List, Optional, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microframe.http.files import FileSlice
from microframe.http.ranges import MAX_RANGES, Range, join_ranges, parse_ranges

SIZE = 100

Spans = Optional[List[Tuple[int, int]]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bytes=0-0", [(0, 1)]),
        ("bytes=0-99", [(0, 100)]),
        ("bytes=0-1000", [(0, 100)]),
        ("bytes=99-", [(99, 100)]),
        ("bytes=0-", [(0, 100)]),
        ("bytes=-1", [(99, 100)]),
        ("bytes=-100", [(0, 100)]),
        ("bytes=-101", [(0, 100)]),
        (f"bytes=-{'9' * 5000}", [(0, 100)]),
        (f"bytes=5-{'9' * 5000}", [(5, 100)]),
        (f"bytes={'0' * 5000}5-{'0' * 5000}6", [(5, 7)]),
        ("BYTES=0-1", [(0, 2)]),
        ("bytes=0-1,3-4", [(0, 2), (3, 5)]),
        ("bytes= 0-1 ,\t3-4 ", [(0, 2), (3, 5)]),
        ("bytes=,0-1,,", [(0, 2)]),
        ("bytes=50-59,0-9", [(50, 60), (0, 10)]),
        ("bytes=0-1,2-3", [(0, 4)]),
        ("bytes=0-9,5-20,15-30", [(0, 31)]),
        ("bytes=60-69,0-9,5-65", [(0, 70)]),
        ("bytes=0-99,0-99,0-99", [(0, 100)]),
        ("bytes=0-1,200-300", [(0, 2)]),
        ("bytes=0-1,-0", [(0, 2)]),
    ],
)
def test_ranges_are_read(text: str, expected: Spans) -> None:
    assert parse_ranges(text, SIZE) == expected


@pytest.mark.parametrize(
    "text", ["bytes=100-", "bytes=100-200", "bytes=-0", "bytes=-000", "bytes=500-,200-300"]
)
def test_what_begins_behind_the_end_is_nothing(text: str) -> None:
    assert parse_ranges(text, SIZE) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bytes",
        "bytes=",
        "bytes=,",
        "bytes=-",
        "bytes=a-b",
        "bytes=5-3",
        "bytes=0-1,5-3",
        "bytes=0-1;2-3",
        "bytes=0 - 1",
        "bytes = 0-1",
        "bytes=0x0-0x1",
        "bytes=+0-1",
        "bytes=--1",
        "bytes=0--1",
        "bytes=0-1-2",
        "bytes=1.0-2",
        "bytes=1_0-20",
        "bytes:0-1",
        "items=0-1",
        "=0-1",
        " bytes=0-1",
        "bytes=\u0660-\u0669",
        "bytes=\xb2-\xb3",
        "bytes=0-\uff11",
    ],
)
def test_what_is_no_range_is_ignored(text: str) -> None:
    assert parse_ranges(text, SIZE) is None


def test_of_nothing_there_is_no_part() -> None:
    assert parse_ranges("bytes=0-", 0) == []
    assert parse_ranges("bytes=-0", 0) == []
    assert parse_ranges("bytes=-5", 0) is None


def test_more_ranges_than_allowed_are_ignored() -> None:
    most = ",".join(f"{2 * n}-{2 * n}" for n in range(MAX_RANGES))
    allowed = parse_ranges(f"bytes={most}", SIZE)
    assert allowed is not None
    assert len(allowed) == MAX_RANGES
    assert parse_ranges(f"bytes={most},50-50", SIZE) is None


SPANS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=MAX_RANGES)


@given(SPANS, st.integers(1, 30))
def test_each_byte_asked_for_is_sent_once(spans: List[Tuple[int, int]], size: int) -> None:
    asked = [(start, start + more) for start, more in spans]
    found = parse_ranges("bytes=" + ",".join(f"{start}-{last}" for start, last in asked), size)
    assert found is not None
    wanted = {place for start, last in asked for place in range(start, min(last + 1, size))}
    sent = [place for one in found for place in range(one.start, one.end)]
    assert sorted(sent) == sorted(wanted)
    assert all(one.start < one.end for one in found)
    # What stands apart stays in the order it was asked for.
    firsts = [
        min(n for n, (start, last) in enumerate(asked) if one.start <= start < one.end) for one in found
    ]
    assert firsts == sorted(firsts)


@given(st.text(alphabet="0123456789-, \tbytes=\u0661x", max_size=40), st.integers(0, 20))
def test_whatever_is_sent_no_range_lies_outside(text: str, size: int) -> None:
    for one in parse_ranges(f"bytes={text}", size) or []:
        assert 0 <= one.start < one.end <= size


def test_several_ranges_are_one_body_of_a_known_length() -> None:
    file = FileSlice("/x", 1000, SIZE)
    body, media_type = join_ranges(file, [Range(0, 2), Range(10, 15)], "text/plain")
    boundary = media_type.partition("boundary=")[2]
    heads = [part for part in body.parts if isinstance(part, bytes)]
    assert [part for part in body.parts if not isinstance(part, bytes)] == [(1000, 2), (1010, 5)]
    assert heads[0] == (
        f"\r\n--{boundary}\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-1/100\r\n\r\n".encode()
    )
    assert heads[-1] == f"\r\n--{boundary}--\r\n".encode()
    assert body.length == sum(map(len, heads)) + 7
    assert join_ranges(file, [Range(0, 2)], "text/plain")[1] != media_type  # nobody can foresee it
    assert b"Content-Type" not in b"".join(
        part for part in join_ranges(file, [Range(0, 2)], None)[0].parts if isinstance(part, bytes)
    )
