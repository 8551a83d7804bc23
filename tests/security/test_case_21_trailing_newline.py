"""Case 21 (CVE-2026-53878): a line break at the end makes a valid text invalid."""

from typing import Callable, Optional

import pytest

from microframe.http.client import canonical_ip, parse_networks
from microframe.http.cookies import format_cookie
from microframe.http.headers import check_header
from microframe.http.media import accepts, format_disposition, parse_media_type
from microframe.http.url import URL, is_local_path, parse_host


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\x00", "\u2028", "\x85"])
@pytest.mark.parametrize(
    ("check", "text"),
    [
        (parse_host, "example.com"),
        (parse_host, "example.com:80"),
        (parse_host, "[::1]"),
        (parse_host, "1.2.3.4"),
        (canonical_ip, "1.2.3.4"),
        (canonical_ip, "::1"),
        (lambda text: accepts(text, "text/html"), "text/html"),
        (lambda text: accepts(f"text/html;q={text}", "text/html"), "1"),
        (lambda text: is_local_path(text) or None, "/a"),
    ],
)
def test_a_line_break_at_the_end_is_no_match(
    check: Callable[[str], Optional[object]], text: str, end: str
) -> None:
    assert check(text) is not None
    assert check(text + end) is None


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\x00"])
@pytest.mark.parametrize(
    ("check", "text"),
    [
        (lambda text: check_header(text, "a"), "x-a"),
        (lambda text: check_header("x-a", text), "a"),
        (lambda text: format_cookie(text, "a"), "a"),
        (lambda text: format_cookie("a", "a", domain=text), "example.com"),
        (lambda text: format_cookie("a", "a", samesite=text), "lax"),
        (lambda text: format_disposition(text, "a"), "inline"),
        (parse_media_type, "text/plain"),
        (parse_media_type, "text/plain; a=b"),
        (URL.of, "http://example.com"),
        (URL.of, "http://example.com/a"),
        (lambda text: parse_networks([f"{text}/8"]), "10.0.0.0"),
    ],
)
def test_a_line_break_at_the_end_is_refused(check: Callable[[str], object], text: str, end: str) -> None:
    assert check(text)
    with pytest.raises(ValueError, match=r".+"):
        check(text + end)
