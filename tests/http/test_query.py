"""Query parameters: text to pairs and back."""

from typing import List, Tuple
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microframe.exceptions import BadRequestException
from microframe.http.query import QueryParams, format_query, parse_query

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
PAIRS = st.lists(st.tuples(TEXT, TEXT))


@pytest.mark.parametrize(
    ("query", "pairs"),
    [
        (b"", []),
        (b"a=1&b=2", [("a", "1"), ("b", "2")]),
        (b"a=1&a=2", [("a", "1"), ("a", "2")]),
        (b"a", [("a", "")]),
        (b"a=", [("a", "")]),
        (b"=1", [("", "1")]),
        (b"=", [("", "")]),
        (b"&&a=1&", [("a", "1")]),
        (b"a=b=c", [("a", "b=c")]),
        (b"a+b=c+d", [("a b", "c d")]),
        (b"a%20b=c%2Bd", [("a b", "c+d")]),
        (b"a=1%262&b=%3D", [("a", "1&2"), ("b", "=")]),
        (b"a%3Db=c", [("a=b", "c")]),
        (b"a%3db=1+2", [("a=b", "1 2")]),
        (b"q=M%C3%BCnchen", [("q", "München")]),
        (b"q=M\xc3\xbcnchen", [("q", "München")]),
        (b"q=M\xc3%BCnchen", [("q", "München")]),
        (b"q=%ff\xfe&r=1", [("q", "\ufffd\ufffd"), ("r", "1")]),
        (b"q=%zz%4&r=%", [("q", "%zz%4"), ("r", "%")]),
        (b"q=%zz%26%&r=%41", [("q", "%zz&%"), ("r", "A")]),
        (b"a=%00", [("a", "\0")]),
        (b"a[]=1&a[b]=2", [("a[]", "1"), ("a[b]", "2")]),
    ],
)
def test_a_query_is_read_as_the_url_standard_reads_it(query: bytes, pairs: List[Tuple[str, str]]) -> None:
    assert parse_query(query) == pairs


@given(PAIRS)
def test_what_is_written_is_read_back(pairs: List[Tuple[str, str]]) -> None:
    # A pair of two empty texts is `=`, which counts too.
    assert parse_query(format_query(pairs).encode(), limit=10_000) == pairs
    assert parse_query(urlencode(pairs).encode(), limit=10_000) == pairs


@given(
    st.lists(st.sampled_from([b"%", b"%4", b"%41", b"%26", b"%3d", b"&", b"=", b"+", b"a", b"\xc3", b"%bc"]))
)
def test_any_mixture_is_read_as_the_standard_library_reads_it(pieces: List[bytes]) -> None:
    query = b"".join(pieces)
    expected = [
        (name.decode("utf-8", "replace"), value.decode("utf-8", "replace"))
        for name, value in parse_qsl_bytes(query)
    ]
    assert parse_query(query) == expected


def parse_qsl_bytes(query: bytes) -> List[Tuple[bytes, bytes]]:
    # `parse_qsl` decodes before it unescapes; latin-1 leaves every byte as it is.
    found = parse_qsl(query.decode("latin-1"), keep_blank_values=True, encoding="latin-1")
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in found]


def test_as_many_parameters_as_the_limit_are_read_and_one_more_is_refused() -> None:
    assert len(parse_query(b"&".join([b"a=1"] * 1000))) == 1000
    with pytest.raises(BadRequestException) as caught:
        parse_query(b"&".join([b"a=1"] * 1001))
    assert caught.value.code == "too_many_query_parameters"
    assert caught.value.status_code == 400
    assert caught.value.detail == "The query has more than 1000 parameters."


def test_separators_alone_count_towards_the_limit() -> None:
    with pytest.raises(BadRequestException):
        parse_query(b"&" * 1000)
    assert len(parse_query(b"a&b&c", limit=3)) == 3


def test_the_last_value_of_a_repeated_parameter_is_read() -> None:
    query = QueryParams(b"a=1&b=2&a=3")
    assert query["a"] == query.get("a") == "3"
    assert query.getlist("a") == ["1", "3"]
    assert query.getlist("c") == []
    assert query.multi_items() == [("a", "1"), ("b", "2"), ("a", "3")]


def test_query_parameters_are_a_mapping() -> None:
    query = QueryParams(b"a=1&b=2&a=3")
    assert dict(query) == {"a": "3", "b": "2"}
    assert list(query.keys()) == ["a", "b"]
    assert list(query.values()) == ["3", "2"]
    assert list(query.items()) == [("a", "3"), ("b", "2")]
    assert len(query) == 2
    assert "a" in query
    assert "c" not in query
    assert query.get("c") is None
    assert query.get("c", "d") == "d"
    with pytest.raises(KeyError):
        query["c"]


def test_an_empty_query_is_false_and_empty() -> None:
    assert not QueryParams(b"")
    assert QueryParams(b"").get("a", "b") == "b"
    assert str(QueryParams(b"")) == ""


def test_nothing_is_parsed_before_somebody_asks() -> None:
    query = QueryParams(b"&" * 5000)
    with pytest.raises(BadRequestException):
        query.get("a")


def test_parameters_are_text_again() -> None:
    query = QueryParams.of([("q", "a b"), ("q", "é&=")])
    assert str(query) == "q=a+b&q=%C3%A9%26%3D"
    assert repr(query) == "QueryParams('q=a+b&q=%C3%A9%26%3D')"
    assert str(QueryParams.of({"a": "1"})) == "a=1"


def test_equality_ignores_the_order_but_not_repetition() -> None:
    assert QueryParams(b"a=1&b=2") == QueryParams(b"b=2&a=1")
    assert hash(QueryParams(b"a=1&b=2")) == hash(QueryParams(b"b=2&a=1"))
    assert QueryParams(b"a=1") != QueryParams(b"a=1&a=1")
    assert QueryParams(b"a=1&a=2") == {"a": "2"}
