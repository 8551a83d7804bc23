"""Paths: what the grammar takes and refuses, and how a segment of several parts is taken apart."""

import re
from datetime import date
from typing import Any, Callable, Optional, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microframe.exceptions import SetupError
from microframe.routing.converters import Converter, Converters
from microframe.routing.path import parse_host, parse_path
from microframe.routing.segment import build_splitter
from tests.growth import assert_linear


@pytest.mark.parametrize(
    ("path", "names", "template"),
    [
        ("/", (), "/"),
        ("/a", (), "/a"),
        ("/a/", (), "/a/"),
        ("/a/b c/é", (), "/a/b c/é"),
        ("/{a}", ("a",), "/{a}"),
        ("/boards/{board_id:int}/cards/", ("board_id",), "/boards/{board_id}/cards/"),
        ("/{b}/{a:uuid}", ("b", "a"), "/{b}/{a}"),
        ("/@{user}", ("user",), "/@{user}"),
        ("/{name}.{extension}", ("name", "extension"), "/{name}.{extension}"),
        ("/{id:int}-{slug}.html", ("id", "slug"), "/{id}-{slug}.html"),
        ("/files/{rest:path}", ("rest",), "/files/{rest}"),
        ("/{repository:path}/blob/{ref}", ("repository", "ref"), "/{repository}/blob/{ref}"),
    ],
)
def test_a_path_is_taken_apart(path: str, names: Tuple[str, ...], template: str) -> None:
    pattern = parse_path(path)
    assert pattern.names == names
    assert pattern.template == template
    assert str(pattern) == pattern.text == path


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("", "begin with a slash"),
        ("a", "begin with a slash"),
        ("@evil.example", "begin with a slash"),
        ("//", "two slashes"),
        ("/a//b", "two slashes"),
        ("/a//", "two slashes"),
        ("/{a", "brace"),
        ("/a}", "brace"),
        ("/{a}}", "brace"),
        ("/{{a}}", "brace"),
        ("/{a/b}", "brace"),
        ("/{}", "'' is no name"),
        ("/{1a}", "'1a' is no name"),
        ("/{a-b}", "'a-b' is no name"),
        ("/{ a }", "' a ' is no name"),
        ("/{a.b}", "'a.b' is no name"),
        ("/{:int}", "'' is no name"),
        ("/{a:}", "no converter is called ''"),
        ("/{a:integer}", "'integer'; there are str, path, uuid, date, int, float"),
        ("/{a:int:int}", "'int:int'"),
        ("/{a}/{a}", "two parameters are called 'a'"),
        ("/{a}-{a}", "two parameters are called 'a'"),
        ("/{a}{b}", "side by side"),
        ("/x{a:path}", "stands alone"),
        ("/{a:path}.txt", "stands alone"),
        ("/{a:path}/{b:path}", "only one parameter may span"),
        ("/a/../b", "clients resolve"),
        ("/.", "clients resolve"),
        ("/a?b=1", "query and fragment"),
        ("/a#b", "query and fragment"),
        ("/a\r\nb", "control characters"),
        ("/a\x00", "control characters"),
        ("/a\n", "control characters"),
    ],
)
def test_a_path_of_another_form_is_a_setup_error_that_names_it(path: str, message: str) -> None:
    with pytest.raises(SetupError, match=re.escape(repr(path)) + ".*" + message):
        parse_path(path)


def test_a_path_may_use_the_converters_of_its_application() -> None:
    converters = Converters()
    converters.add("hex", Converter(lambda text: int(text, 16)))
    assert parse_path("/{colour:hex}", converters).names == ("colour",)
    with pytest.raises(SetupError, match="no converter is called 'hex'"):
        parse_path("/{colour:hex}")


@pytest.mark.parametrize(
    ("host", "names", "labels"),
    [
        ("localhost", (), ["localhost"]),
        ("API.Example.com", (), ["api", "example", "com"]),
        ("{Tenant}.Example.com", ("Tenant",), [None, "example", "com"]),
        ("v{version:int}.{region}.example.com", ("version", "region"), [None, None, "example", "com"]),
        ("192.0.2.1", (), ["192", "0", "2", "1"]),
        ("[::1]", (), ["[::1]"]),
    ],
)
def test_a_host_is_taken_apart_in_lower_case(host: str, names: Tuple[str, ...], labels: "list[str]") -> None:
    pattern = parse_host(host)
    assert pattern.names == names
    assert [segment.literal for segment in pattern.segments] == labels
    assert str(pattern) == host


@pytest.mark.parametrize(
    ("host", "message"),
    [
        ("", "empty label"),
        ("a..b", "empty label"),
        (".example.com", "empty label"),
        ("https://example.com", "name alone"),
        ("example.com:8000", "name alone"),
        ("{tenant}.example.com:8000", "name alone"),
        ("[::1]:8000", "name alone"),
        ("*.example.com", "name alone"),
        ("user@example.com", "name alone"),
        ("example.com/a", "name alone"),
        ("{a:path}.example.com", "within one label"),
        ("{a}.{a}.com", "two parameters are called 'a'"),
        ("{a.example.com", "brace"),
        ("{a:no}.example.com", "no converter is called 'no'"),
    ],
)
def test_a_host_of_another_form_is_a_setup_error_that_names_it(host: str, message: str) -> None:
    with pytest.raises(SetupError, match=re.escape(repr(host)) + ".*" + message):
        parse_host(host)


# Several parts in one segment -------------------------------------------------------------------------------


def splitter(text: str) -> Callable[[str], Optional[Tuple[Any, ...]]]:
    """The compiled form of one segment; None where it raises."""
    converters = Converters()
    converters.add("word", Converter(str.upper, pattern="[a-z]*"))
    converters.add("even", Converter(parse_even))
    converters.add("digits", Converter(str, pattern="[0-9]+"))
    split = build_splitter(parse_path("/" + text, converters).segments[0])

    def attempt(segment: str) -> Optional[Tuple[Any, ...]]:
        try:
            return split(segment)
        except ValueError:
            return None

    return attempt


def parse_even(text: str) -> int:
    if int(text) % 2:
        raise ValueError
    return int(text)


@pytest.mark.parametrize(
    ("pattern", "segment", "values"),
    [
        ("@{user}", "@ann", ("ann",)),
        ("@{user}", "@", None),
        ("@{user}", "ann", None),
        ("@{user}", "@@", ("@",)),
        ("{name}.json", "a.json", ("a",)),
        ("{name}.json", "a.json.json", ("a.json",)),
        ("{name}.json", ".json", None),
        ("{name}.json", "a.jsonx", None),
        ("{name}.{extension}", "archive.tar.gz", ("archive.tar", "gz")),
        ("{name}.{extension}", "archive.", None),
        ("{name}.{extension}", ".profile", None),
        ("{name}.{extension}", "a..b", ("a.", "b")),
        ("{name}.{extension}", "..a", (".", "a")),
        ("{name}.{extension}", "...", (".", ".")),
        ("{id:int}-{slug}", "42-my-first-post", (42, "my-first-post")),
        ("{id:int}-{slug}", "x-my-first-post", None),
        ("{slug}-{id:int}", "my-first-post-42", ("my-first-post", 42)),
        ("{slug}-{id:int}", "my-first-post", None),
        ("{slug}-{id:int}-{language}", "a-b-5-de", ("a-b", 5, "de")),
        ("{a:int}.{b:int}", "1.2", (1, 2)),
        ("{a:int}.{b:int}", "1.2.3", None),
        ("{a:int}.{b:int}", "1.²", None),
        ("v{major:int}", "v10", (10,)),
        ("v{major:int}", "v10\n", None),
        ("{start:date}--{end:date}", "2024-01-01--2024-12-31", (date(2024, 1, 1), date(2024, 12, 31))),
        ("{version:float}.{extension}", "1.5.txt", (1.5, "txt")),
        ("{a:word}-{b}", "ab-1", ("AB", "1")),
        ("{a:word}-{b}", "-1", None),
        ("{n:even}-{m:even}", "2-4", (2, 4)),
        ("{n:even}-{m:even}", "2-3", None),
        ("<{a}>", "<>", None),
        ("<{a}>", "<<>>", ("<>",)),
        ("{a}aa{b}", "aaaa", ("a", "a")),
        ("{a}aa{b}", "aaa", None),
        ("{a}-{b}-{c}", "1-2-3-4", ("1-2", "3", "4")),
        ("{a}-{b}-{c}", "----", None),
        ("{a}-{b}-{c}", "-----", ("-", "-", "-")),
    ],
)
def test_a_segment_of_several_parts_is_split(
    pattern: str, segment: str, values: Optional[Tuple[Any, ...]]
) -> None:
    assert splitter(pattern)(segment) == values


@pytest.mark.parametrize(
    ("pattern", "expression"),
    [
        ("{a}.{b}", r"(.+)\.(.+)"),
        ("{a}-{b}.{c}", r"(.+)-(.+)\.(.+)"),
        ("-{a}-{b}-", r"-(.+)-(.+)-"),
        ("{a}-{n:digits}-{b}", r"(.+)-([0-9]+)-(.+)"),
        ("{n:digits}-{a}.{m:digits}", r"([0-9]+)-(.+)\.([0-9]+)"),
        ("{a}--{b}--", r"(.+)--(.+)--"),
    ],
)
@given(segment=st.text("a1-.", max_size=12))
def test_a_split_is_what_a_greedy_expression_would_take(pattern: str, expression: str, segment: str) -> None:
    found = re.fullmatch(expression, segment)
    assert splitter(pattern)(segment) == (found.groups() if found else None)


@pytest.mark.parametrize(
    ("pattern", "piece"),
    [
        ("{a}-{b}-{c}-{n:int}", "-"),
        ("{a}-{b}-{c:int}-x", "-1"),
        ("{n:int}.{m:int}.x", "1"),
        ("{a}.{b}.{c}.{d}.x", "a."),
        ("{a}aa{b}aa{c}b", "a"),
    ],
)
def test_splitting_grows_as_the_segment_does(pattern: str, piece: str) -> None:
    assert_linear(lambda size: piece * size, splitter(pattern))
