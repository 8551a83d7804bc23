"""Media types: strict reading, negotiation, and file names that are safe to send."""

from dataclasses import FrozenInstanceError
from typing import Dict, Optional, Tuple
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microframe.http.headers import check_header
from microframe.http.media import (
    MediaType,
    accepts,
    format_disposition,
    is_json,
    parse_media_type,
    parse_options,
)

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


def test_a_media_type_is_read_in_lower_case() -> None:
    found = parse_media_type("Application/Problem+JSON; Charset=UTF-8")
    assert (found.type, found.subtype) == ("application", "problem+json")
    assert found.essence == "application/problem+json"
    assert dict(found.params) == {"charset": "UTF-8"}


def test_a_media_type_cannot_be_changed_for_those_who_get_it_next() -> None:
    found = parse_media_type("text/plain; a=1")
    with pytest.raises(TypeError):
        found.params["a"] = "2"  # type: ignore[index]
    with pytest.raises(FrozenInstanceError):
        found.type = "image"  # type: ignore[misc]
    assert parse_media_type("text/plain; a=1") == found
    assert hash(found) == hash(MediaType("text", "plain"))
    assert found != MediaType("text", "plain")


@pytest.mark.parametrize(
    ("value", "params"),
    [
        ("a/b;c=d", {"c": "d"}),
        ("a/b ; c=d ; e=f", {"c": "d", "e": "f"}),
        ("a/b;\tc=d", {"c": "d"}),
        ('a/b; c="d e;f=,"', {"c": "d e;f=,"}),
        ('a/b; c="d\\"e\\\\f"', {"c": 'd"e\\f'}),
        ('a/b; c=""; d=e', {"c": "", "d": "e"}),
        ("a/b;", {}),
        ("a/b; ; ;c=d; ", {"c": "d"}),
        (
            "multipart/form-data; boundary=----WebKitFormBoundaryAbC",
            {"boundary": "----WebKitFormBoundaryAbC"},
        ),
    ],
)
def test_parameters_are_tokens_or_quoted(value: str, params: Dict[str, str]) -> None:
    assert dict(parse_media_type(value).params) == params


@pytest.mark.parametrize(
    "value",
    [
        "", " ", "text", "text/", "/plain", "/", "text/plain/x", "text plain", "te xt/plain", "text/pl ain",
        "text/plain, text/html", "text/plain garbage", "tëxt/plain", "text/plain\x00", "text/plain\n",
        "a/b;c", "a/b; c=d e", "a/b;c= d", "a/b;c =d", "a/b;=d", "a/b;c=",
        'a/b;c="d', 'a/b;c="d"e', 'a/b;c="d\\"',
        "a/b;c=d;c=e", "a/b;c=d;C=e", 'a/b;c="\x01"', "a/b;c=d/e", "a/b;c=" + "d" * 1024,
    ],
)  # fmt: skip
def test_a_malformed_media_type_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match=r"header|media type"):
        parse_media_type(value)


@given(st.text())
def test_any_content_type_is_read_or_refused(value: str) -> None:
    try:
        found = parse_media_type(value)
    except ValueError:
        return
    assert found.essence == f"{found.type}/{found.subtype}"
    assert not set(found.essence) & set(' \t;,"')


@pytest.mark.parametrize(
    ("essence", "expected"),
    [
        ("application/json", True),
        ("application/problem+json", True),
        ("application/vnd.api+json", True),
        ("text/json", False),
        ("text/x+json", False),
        ("application/jsonp", False),
        ("application/json-seq", False),
        ("text/plain", False),
        ("", False),
    ],
)
def test_json_has_one_name_and_one_suffix(essence: str, expected: bool) -> None:
    assert is_json(essence) is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("form-data", ("form-data", {})),
        ('Form-Data; name="a"', ("form-data", {"name": "a"})),
        ('form-data; name="a"; filename="b;c.txt"', ("form-data", {"name": "a", "filename": "b;c.txt"})),
        ('form-data; filename="C:\\dir\\b.txt"', ("form-data", {"filename": "C:\\dir\\b.txt"})),
        ('form-data; name="ü"', ("form-data", {"name": "ü"})),
        ("attachment; filename*=UTF-8''a%20b", ("attachment", {"filename*": "UTF-8''a%20b"})),
    ],
)  # fmt: skip
def test_options_are_read_as_browsers_write_them(value: str, expected: Tuple[str, Dict[str, str]]) -> None:
    assert parse_options(value) == expected


@given(st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f")))
def test_a_quoted_text_is_read_back(text: str) -> None:
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    assert parse_options(f'a; b="{quoted}"; c=d') == ("a", {"b": text, "c": "d"})


# Negotiation ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/html", "text/html"),
        ("TEXT/HTML", "text/html"),
        ("text/html; q=0.5, application/json", "application/json"),
        ("text/html, application/json", "application/json"),
        ("text/*", "text/html"),
        ("text/html;level=1", "text/html"),
        ("*/*;q=0.1, text/html;q=0.2", "text/html"),
        ("application/json;q=0, */*", "text/html"),
        ("application/json;q=0.5, application/*;q=1, text/html;q=0.6", "text/html"),
        (BROWSER, "text/html"),
        ("image/png", None),
        ("text/html;q=0", None),
        ("*/*;q=0", None),
        ("text/html;q=1.1", None),
        ("text/html;q=nan", None),
        ("text/html;q=1e0", None),
        ("text/html;q=0.1234", None),
        ("text/html;q=.5", None),
        ("text/html;q=", None),
        ("text/html;q=\u0660", None),
        ("text/html;q=0.999", "text/html"),
        ("text/html;q=1.000", "text/html"),
        ("text/html;q=1.", "text/html"),
        (",,;q=1,text/html", "text/html"),
    ],
)
def test_the_offer_that_the_client_likes_best_wins(accept: str, expected: Optional[str]) -> None:
    assert accepts(accept, "application/json", "text/html") == expected


def test_only_the_first_fifty_ranges_count() -> None:
    assert accepts("a/b," * 49 + "text/html", "text/html") == "text/html"
    assert accepts("a/b," * 50 + "text/html", "text/html") is None


def test_without_offers_there_is_nothing_to_choose() -> None:
    assert accepts("*/*") is None
    assert accepts("text/html") is None


@given(st.text(), st.text())
def test_any_accept_header_gives_an_offer_or_none(accept: str, more: str) -> None:
    for header in (accept, f"text/html;q={more}", f"{accept},text/html;{more}"):
        assert accepts(header, "application/json", "text/html") in {"application/json", "text/html", None}


# Content-Disposition ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("filename", "expected"),
    [
        (None, "attachment"),
        ("", "attachment"),
        ("plan.pdf", 'attachment; filename="plan.pdf"'),
        ("my plan (1).pdf", 'attachment; filename="my plan (1).pdf"'),
        ("plän.pdf", "attachment; filename=\"pl_n.pdf\"; filename*=UTF-8''pl%C3%A4n.pdf"),
        ('a"b', "attachment; filename=\"a_b\"; filename*=UTF-8''a%22b"),
        ("100%.txt", "attachment; filename=\"100_.txt\"; filename*=UTF-8''100%25.txt"),
        ("../a\\b", 'attachment; filename=".._a_b"'),
        ("a\r\nb", 'attachment; filename="a__b"'),
        ("a\u202efdp.exe", 'attachment; filename="a_fdp.exe"'),
        ("a;b=c", 'attachment; filename="a;b=c"'),
        ("\ud800", "attachment; filename=\"_\"; filename*=UTF-8''%3F"),
    ],
)
def test_a_file_name_is_sent_safely(filename: Optional[str], expected: str) -> None:
    assert format_disposition("attachment", filename) == expected


@given(st.text())
def test_any_file_name_can_be_sent_and_comes_back_as_one_name(filename: str) -> None:
    value = format_disposition("inline", filename)
    assert check_header("content-disposition", value)[1].decode() == value
    kind, options = parse_options(value)
    assert kind == "inline"
    assert options.keys() <= {"filename", "filename*"}
    extended = options.get("filename*")
    if extended is not None:
        assert len(unquote(extended[len("UTF-8''") :])) == len(filename)
    for text in options.values():
        assert not set(text) & set('/\\"\r\n')


@pytest.mark.parametrize("kind", ["", "a b", "attachment;", "é", "a\r\nb"])
def test_a_kind_that_is_no_token_is_refused(kind: str) -> None:
    with pytest.raises(ValueError, match="disposition"):
        format_disposition(kind, "a")
