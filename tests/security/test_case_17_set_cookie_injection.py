"""Case 17 (CVE-2026-0672, CVE-2026-3644): no part of a Set-Cookie ends it, or the header, early."""

from typing import Any, Dict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microframe.http.cookies import format_cookie

BREAKS = ["\r", "\n", "\r\n", "\x00", ";", "; Domain=evil.com", "\r\nSet-Cookie: a=b", "\x1f", "\x7f"]
PARTS = {
    "key": "a",
    "value": "b",
    "path": "/p",
    "domain": "example.com",
    "samesite": "lax",
    "expires": "Thu, 01",
}


@pytest.mark.parametrize("text", BREAKS)
@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("place", ["start", "middle", "end"])
def test_a_break_is_refused_wherever_it_stands(part: str, text: str, place: str) -> None:
    good = PARTS[part]
    cut = {"start": 0, "middle": 1, "end": len(good)}[place]
    options: Dict[str, Any] = {"key": "a", part: good[:cut] + text + good[cut:]}
    with pytest.raises(ValueError, match=r"cookie|samesite"):
        format_cookie(**options)


@pytest.mark.parametrize("part", ["key", "value", "path", "domain", "samesite"])
@pytest.mark.parametrize("text", [",", " ", "\t"])
def test_a_comma_or_a_blank_is_refused(part: str, text: str) -> None:
    options: Dict[str, Any] = {"key": "a", part: PARTS[part] + text}
    with pytest.raises(ValueError, match=r"cookie|samesite"):
        format_cookie(**options)


def test_a_number_that_is_a_text_carries_nothing() -> None:
    options: Dict[str, Any] = {"max_age": "1\r\nX: 1"}
    with pytest.raises(ValueError, match="int"):
        format_cookie("a", "b", **options)


@given(st.text(), st.text(), st.text(), st.text(), st.text(), st.text())
def test_whatever_is_set_is_one_line_with_the_parts_that_were_given(
    key: str, value: str, path: str, domain: str, samesite: str, expires: str
) -> None:
    for options in (
        {"key": key},
        {"value": value},
        {"path": path},
        {"path": f"/{path}"},
        {"domain": domain},
        {"samesite": samesite},
        {"expires": expires},
    ):
        try:
            cookie = format_cookie(**{"key": "a", "value": "b", "path": None, "samesite": None, **options})  # type: ignore[arg-type]
        except ValueError:
            continue
        assert cookie.isascii()
        assert cookie.isprintable()
        assert cookie.count(";") == (0 if {"key", "value"} & options.keys() else 1)
