"""Case 1 (CVE-2026-48710): a malformed Host must not change the path of `request.url`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microframe.http.url import URL, build_url, parse_host, quote_path

HOSTS = st.one_of(st.binary(), st.text("ab.:/?#@\\[]%1 ").map(str.encode)).map(
    lambda raw: raw.decode("latin-1")
)


@given(HOSTS, st.text(), st.text(st.characters(max_codepoint=255)))
def test_no_host_changes_the_path(host: str, path: str, query: str) -> None:
    expected = quote_path(path)
    if expected[:1] != "/":
        expected = f"/{expected}"
    for url in (build_url("http", host, "", path, query), build_url("https", host, path, "", query)):
        read = URL.of(str(url))
        assert read.path == url.path == expected
        assert read.hostname is not None
        assert not set(read.hostname) & set("/?#@\\")


@pytest.mark.parametrize("host", ["x/public?", "x?", "x#", "x/", "x\\public", "a@x", "x:80/public"])
def test_a_host_with_a_separator_is_malformed(host: str) -> None:
    assert parse_host(host) is None
    assert build_url("http", host, "", "/admin", "") == "http://localhost/admin"
