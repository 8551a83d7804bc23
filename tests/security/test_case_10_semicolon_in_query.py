"""Case 10 (CVE-2020-28473, CVE-2021-23336): a semicolon separates nothing in a query."""

from microframe.http.query import QueryParams, parse_query


def test_a_semicolon_is_part_of_the_value() -> None:
    assert parse_query(b"a=1;b=2") == [("a", "1;b=2")]
    assert dict(QueryParams(b"a=1;b=2")) == {"a": "1;b=2"}


def test_an_escaped_separator_separates_nothing() -> None:
    assert parse_query(b"a=1%26b=2%3Bc") == [("a", "1&b=2;c")]
