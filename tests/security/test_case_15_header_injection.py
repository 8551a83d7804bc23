"""Case 15 (CVE-2020-7695, CVE-2016-9964): no line break reaches a header, whoever sets it and however."""

from typing import Callable

import pytest

from microframe.http.headers import Headers, MutableHeaders, check_header
from microframe.http.url import URL, quote_url

BROKEN = [
    "a\r\nX-Evil: 1",
    "a\nX-Evil: 1",
    "a\rX-Evil: 1",
    "\r\n\r\n<script>",
    "a\x00b",
    "a\n",
    "\na",
    "\r",
    "a\x0bb",
]


@pytest.mark.parametrize("text", BROKEN)
@pytest.mark.parametrize(
    "write",
    [
        lambda text: check_header("x", text),
        lambda text: check_header(text, "x"),
        lambda text: Headers.of({"x": text}),
        lambda text: Headers.of([(text, "x")]),
        lambda text: MutableHeaders([]).append("x", text),
        lambda text: MutableHeaders([]).setdefault("x", text),
        lambda text: MutableHeaders([]).__setitem__("x", text),
        lambda text: MutableHeaders([]).__setitem__(text, "x"),
        lambda text: MutableHeaders([]).update({"x": text}),
        lambda text: MutableHeaders([]).add_vary(text),
        lambda text: quote_url(f"/{text}/"),
        lambda text: URL.of(f"/{text}/"),
        lambda text: URL("", "", f"/{text}/", "", ""),
    ],
)
def test_a_line_break_is_refused_when_it_is_set(text: str, write: Callable[[str], object]) -> None:
    with pytest.raises(ValueError, match=r"header|URL"):
        write(text)


@pytest.mark.parametrize("text", ["\u010a", "\u560a", "\u2028", "é\u0100"])
def test_what_becomes_a_line_break_when_it_is_cut_to_bytes_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="characters"):
        check_header("x", text)
