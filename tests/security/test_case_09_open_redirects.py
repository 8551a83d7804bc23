"""Case 9 and checklist 12: what leaves this host is no local path, however it is spelt."""

import pytest

from microframe.http.url import is_local_path, quote_url

ELSEWHERE = [
    "",
    "evil.com",
    "//evil.com",
    "///evil.com",
    "////evil.com",
    "/\\evil.com",
    "\\/evil.com",
    "\\\\evil.com",
    "/\\/evil.com",
    "/%5cevil.com",
    "/%5Cevil.com",
    "/%2fevil.com",
    "/%2F/evil.com",
    "//evil.com/%2e%2e",
    "/\t/evil.com",
    "/\n/evil.com",
    "/\r\n/evil.com",
    "/a\r\nSet-Cookie: a=b",
    "\t//evil.com",
    " //evil.com",
    " /a",
    "/ /evil.com",
    "/\x00/evil.com",
    "/\x7f/evil.com",
    "/.//evil.com",
    "/a/..//evil.com",
    "/\uff0fevil.com",
    "/\u3000/evil.com",
    "/\xa0/evil.com",
    "http:evil.com",
    "http:/evil.com",
    "http://evil.com",
    "HTTPS://evil.com",
    "http:///evil.com",
    "javascript:alert(1)",
    "data:text/html,x",
    "?next=//evil.com",
    "#a",
    "./a",
    "../a",
    "@evil.com",
    ":80",
    "/a\n",
]


@pytest.mark.parametrize("url", ELSEWHERE)
def test_what_leaves_this_host_is_no_local_path(url: str) -> None:
    assert not is_local_path(url)


@pytest.mark.parametrize("url", ["/\r/evil.com", "/a\nb", "/\x00", "\t//evil.com", "/\x7f"])
def test_a_location_with_control_characters_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="control"):
        quote_url(url)


def test_a_backslash_in_a_location_is_encoded() -> None:
    assert quote_url("/\\evil.com") == "/%5Cevil.com"
