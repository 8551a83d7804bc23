"""Case 9: a redirect to where a client asks to go stays on this host, however the address is spelt."""

from typing import Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microframe import Application, Response, safe_redirect
from microframe.http.redirects import UnsafeRedirectException
from tests.injection.asking import ask
from tests.security.test_case_09_open_redirects import ELSEWHERE

ENCODED = {"/\uff0fevil.com": "/%EF%BC%8Fevil.com"}
"""What no path is as it stands, and harmless as the Location is written."""

SPELLINGS = [
    *(url for url in ELSEWHERE if url not in ENCODED),
    "https:evil.com",
    "https:/evil.com",
    "https://evil.com",
    "https://example.com@evil.com/",
    "https://example.com:443@evil.com/",
    "https://evil.com#example.com",
    "https://evil.com?example.com",
    "https://evil.com\\example.com",
    "https://example.com.evil.com/",
    "https://evilexample.com/",
    "https://example.com:8444/",
    "https://example.com:x/",
    "https://[::1/",
    "//example.com/",
    "ftp://example.com/",
    "https://example.com\n.evil.com",
]


@pytest.mark.parametrize("url", SPELLINGS, ids=ascii)
def test_what_leads_elsewhere_is_refused_or_replaced(url: str) -> None:
    with pytest.raises(UnsafeRedirectException):
        safe_redirect(url, allowed_hosts=["example.com"])
    assert safe_redirect(url, "/home", allowed_hosts=["example.com"]).headers["location"] == "/home"


@pytest.mark.parametrize(
    ("url", "hosts", "location"),
    [
        ("/", (), "/"),
        ("/cards?next=//evil.com#x", (), "/cards?next=//evil.com#x"),
        ("/caf\xe9", (), "/caf%C3%A9"),
        *((url, (), location) for url, location in ENCODED.items()),
        ("https://example.com/a", ["example.com"], "https://example.com/a"),
        ("HTTP://EXAMPLE.com:80/", ["Example.com"], "HTTP://EXAMPLE.com:80/"),
        ("https://example.com:8443/a", ["example.com:8443"], "https://example.com:8443/a"),
        ("https://[::1]/", ["[::1]"], "https://[::1]/"),
    ],
    ids=ascii,
)
def test_what_stays_or_is_allowed_is_followed(url: str, hosts: Collection[str], location: str) -> None:
    response = safe_redirect(url, allowed_hosts=hosts)
    assert (response.status_code, response.headers["location"]) == (303, location)


@given(st.text(st.sampled_from("/\\:@?#.%52fFcC evil\t\n\r\0\u3000")))
def test_whatever_is_followed_begins_with_one_slash(url: str) -> None:
    location = safe_redirect(url, "/").headers["location"]
    assert location[0] == "/"
    assert location[1:2] not in ("/", "\\")
    assert location[1:4].lower() not in ("%2f", "%5c")


async def test_a_client_is_told_that_the_address_is_not_allowed() -> None:
    app = Application()

    @app.get("/")
    async def leave(next: str) -> Response:
        return safe_redirect(next, status_code=307)

    answer = await ask(app, "/?next=//evil.com")
    assert (answer.status, answer.json["code"]) == (400, "unsafe_redirect")
    assert (await ask(app, "/?next=/a")).status == 307
