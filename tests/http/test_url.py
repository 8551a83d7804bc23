"""URLs: taken apart, put together, and never read as something else."""

import copy
import pickle
from dataclasses import FrozenInstanceError
from typing import Optional, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microframe.http.url import URL, build_url, is_local_path, parse_host, quote_path, quote_query, quote_url

URL_TEXT = st.text("abcZ01:/?#[]@!$&'()*+,;=%-._~\\ é\t\n")
ANY_TEXT = st.text()


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("https://example.com/a/b?c=d#e", ("https", "example.com", "/a/b", "c=d", "e")),
        ("HTTP://Example.com", ("http", "Example.com", "", "", "")),
        ("/a/b?c#d", ("", "", "/a/b", "c", "d")),
        ("a/b", ("", "", "a/b", "", "")),
        ("", ("", "", "", "", "")),
        ("?a=b", ("", "", "", "a=b", "")),
        ("#a?b", ("", "", "", "", "a?b")),
        ("//example.com/a", ("", "example.com", "/a", "", "")),
        ("http://example.com?a/b", ("http", "example.com", "", "a/b", "")),
        ("http://example.com//evil.com", ("http", "example.com", "//evil.com", "", "")),
        ("mailto:somebody@example.com", ("mailto", "", "somebody@example.com", "", "")),
        ("sqlite:////tmp/a.db", ("sqlite", "", "//tmp/a.db", "", "")),
        ("file:///etc/a", ("file", "", "/etc/a", "", "")),
        ("http://[::1]:8000/", ("http", "[::1]:8000", "/", "", "")),
        ("a?b:c", ("", "", "a", "b:c", "")),
        ("1:2", ("", "", "1:2", "", "")),
    ],
)
def test_a_url_is_taken_apart_as_the_standard_says(text: str, parts: Tuple[str, ...]) -> None:
    url = URL.of(text)
    assert (url.scheme, url.netloc, url.path, url.query, url.fragment) == parts


@pytest.mark.parametrize(
    "text",
    [
        "http://",
        "http:/example.com",
        "http:///example.com",
        "https:example.com",
        "http://exa mple.com",
        "http://good\\@evil.com",
        "http://a@b@c",
        "http://example.com:port",
        "http://example.com:65536",
        "http://[::1",
        "http://[1.2.3.4]",
        "http://münchen.de",
        "//",
        "///evil.com",
        "////evil.com",
        "/a\nb",
        "/a\tb",
        "http://example.com\n",
        "/a\x00",
        "/a\x7f",
    ],
)
def test_a_url_that_others_read_otherwise_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="URL"):
        URL.of(text)


@given(URL_TEXT)
def test_the_text_of_a_url_is_read_back_as_the_same_parts(text: str) -> None:
    try:
        url = URL.of(text)
    except ValueError:
        return
    again = URL.of(str(url))
    assert again.netloc == url.netloc
    assert (again.scheme, again.path, again.query, again.fragment) == (
        url.scheme,
        url.path,
        url.query,
        url.fragment,
    )
    assert again == url


@given(URL_TEXT, URL_TEXT, URL_TEXT, URL_TEXT, URL_TEXT)
def test_no_part_can_be_read_as_another(
    scheme: str, netloc: str, path: str, query: str, fragment: str
) -> None:
    try:
        url = URL(scheme, netloc, path, query, fragment)
    except ValueError:
        return
    again = URL.of(str(url))
    assert (again.netloc, again.path, again.query, again.fragment) == (netloc, path, query, fragment)
    assert again.scheme == scheme.lower()


def test_the_host_is_told_in_its_parts() -> None:
    url = URL.of("https://us%40er:p%3Aw@Example.COM:8443/")
    assert (url.username, url.password) == ("us@er", "p:w")
    assert (url.hostname, url.port) == ("example.com", 8443)
    assert url.is_secure
    six = URL.of("http://[2001:DB8::1]/")
    assert (six.hostname, six.port) == ("2001:db8::1", None)
    assert not six.is_secure
    bare = URL.of("/a")
    assert (bare.hostname, bare.port, bare.username, bare.password) == (None, None, None, None)


def test_a_repr_hides_the_password() -> None:
    shown = repr(URL.of("redis://user:s3cret@host:6379/0"))
    assert "s3cret" not in shown
    assert shown == "URL('redis://user:***@host:6379/0')"
    assert repr(URL.of("/a?b")) == "URL('/a?b')"


def test_a_url_is_equal_to_its_text() -> None:
    url = URL.of("https://example.com/a")
    assert url == "https://example.com/a"
    assert url == URL.of("https://example.com/a")
    assert hash(url) == hash("https://example.com/a")
    assert url != "https://example.com/b"
    assert url != 1


def test_a_url_cannot_be_changed_but_copied() -> None:
    url = URL.of("https://example.com/a")
    with pytest.raises(FrozenInstanceError):
        url.path = "/b"  # type: ignore[misc]
    assert copy.deepcopy(url) == url
    assert pickle.loads(pickle.dumps(url)) == url


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"scheme": "http"}, "http://u:p@example.com:8443/a?b=c#d"),
        ({"path": "/x", "query": "", "fragment": ""}, "https://u:p@example.com:8443/x"),
        ({"netloc": "other.org"}, "https://other.org/a?b=c#d"),
        ({"hostname": "other.org"}, "https://u:p@other.org:8443/a?b=c#d"),
        ({"hostname": "::1"}, "https://u:p@[::1]:8443/a?b=c#d"),
        ({"hostname": "[::1]", "port": None}, "https://u:p@[::1]/a?b=c#d"),
        ({"port": 1}, "https://u:p@example.com:1/a?b=c#d"),
        ({"username": None, "password": None}, "https://example.com:8443/a?b=c#d"),
        ({"username": "a@b:c/d"}, "https://a%40b%3Ac%2Fd:p@example.com:8443/a?b=c#d"),
        ({"netloc": "x.org", "port": 2}, "https://x.org:2/a?b=c#d"),
    ],
)
def test_parts_can_be_replaced(parts: "dict[str, Optional[str]]", expected: str) -> None:
    assert URL.of("https://u:p@example.com:8443/a?b=c#d").replace(**parts) == expected


def test_replacing_refuses_what_would_be_read_otherwise() -> None:
    url = URL.of("https://example.com/a")
    for parts in ({"hostname": "a/b"}, {"path": "b"}, {"path": "/a?b"}, {"query": "a#b"}, {"scheme": "a b"}):
        with pytest.raises(ValueError, match="URL"):
            url.replace(**parts)
    with pytest.raises(ValueError, match="URL"):
        URL.of("/a").replace(path="//evil.com")
    with pytest.raises(TypeError, match="host"):
        url.replace(host="a")


def test_query_parameters_can_be_set_replaced_and_removed() -> None:
    url = URL.of("/a?b=1&c=2&b=3#d")
    assert url.include_query_params(b="é&", e=5) == "/a?c=2&b=%C3%A9%26&e=5#d"
    assert url.replace_query_params(x=1) == "/a?x=1#d"
    assert url.remove_query_params("b") == "/a?c=2#d"
    assert url.remove_query_params(["b", "c"]) == "/a#d"


# Host -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("example.com", ("example.com", None)),
        ("Example.COM:80", ("example.com", 80)),
        ("example.com.", ("example.com.", None)),
        ("example.com:", ("example.com", None)),
        ("my_host-1:65535", ("my_host-1", 65535)),
        ("127.0.0.1:8000", ("127.0.0.1", 8000)),
        ("[::1]", ("[::1]", None)),
        ("[2001:DB8:0:0::1]:443", ("[2001:db8::1]", 443)),
        ("[::ffff:1.2.3.4]", ("[::ffff:1.2.3.4]", None)),
        ("xn--mnchen-3ya.de", ("xn--mnchen-3ya.de", None)),
        ("a" * 255 + ":65535", ("a" * 255, 65535)),
    ],
)
def test_a_host_is_read(value: str, expected: Tuple[str, Optional[int]]) -> None:
    found = parse_host(value)
    if "ffff" in value:  # Pythons differ in how they write a mapped address
        assert found is not None
        assert found[0] in {"[::ffff:1.2.3.4]", "[::ffff:102:304]"}
    else:
        assert found == expected


@pytest.mark.parametrize(
    "value",
    [
        "", ":", ":80", ".", "..", ".example.com", "a..b", "a b", " a", "a ", "a\n", "a\r\nb", "a\t", "a\x00",
        "a/b", "a?b", "a#b", "a@b", "a\\b", "a,b", "a;b", "a%2fb", "a'b", "a(b", "<a>", "münchen.de", "a\xa0",
        "a:b", "a:80:80", "a:-1", "a:+1", "a:65536", "a:000080", "a:8 0", "a:80\n", "a:٣", "a:1_0",
        "::1", "[::1", "::1]", "[]", "[a]", "[::1]a", "[::1]:x", "[fe80::1%eth0]", "[fe80::1%25eth0]",
        "[v1.a]", "[1.2.3.4]", "[::1/64]", "a" * 256, "[" + "0" * 300 + "::1]", "x/public?",
    ],
)  # fmt: skip
def test_a_malformed_host_is_none(value: str) -> None:
    assert parse_host(value) is None


@given(ANY_TEXT)
def test_a_host_never_has_a_separator_in_it(value: str) -> None:
    found = parse_host(value)
    if found is not None:
        assert not set(found[0]) & set("/?#@\\ %")
        assert found[0].isascii()
        assert found[0] == found[0].lower()


def test_long_hosts_are_not_kept() -> None:
    from microframe.http import url

    before = url._parse_host.cache_info().currsize
    parse_host("b" * 10_000)
    assert url._parse_host.cache_info().currsize == before
    assert url._parse_host.cache_info().maxsize is not None


# Requests ---------------------------------------------------------------------------------------------------


def test_the_url_of_a_request_is_put_together() -> None:
    url = build_url("https", "Example.com:8443", "/api", "/a b/ü", "q=1&r=%20")
    assert url == "https://example.com:8443/api/a%20b/%C3%BC?q=1&r=%20"
    assert build_url("http", "example.com", "", "/", "") == "http://example.com/"
    assert build_url("http", "example.com", "", "", "") == "http://example.com/"


def test_a_missing_host_is_localhost() -> None:
    assert build_url("http", "", "", "/a", "") == "http://localhost/a"


def test_a_percent_sign_in_a_path_is_escaped_again() -> None:
    assert build_url("http", "a", "", "/100%/%2F", "").path == "/100%25/%252F"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("a=b&c=%2F", "a=b&c=%2F"),
        ("a=[1]|2^3`{}\\'", "a=[1]|2^3`{}\\'"),
        ('a="<b>"', "a=%22%3Cb%3E%22"),
        ("a#b", "a%23b"),
        ("a b\r\n", "a%20b%0D%0A"),
        ("a=\xc3\xa9", "a=%C3%A9"),
    ],
)
def test_a_query_stays_as_it_was_sent_where_it_can(query: str, expected: str) -> None:
    assert quote_query(query) == expected


@given(st.text())
def test_a_quoted_path_is_visible_ascii_without_separators(path: str) -> None:
    quoted = quote_path(path)
    assert quoted.isascii()
    assert not set(quoted) & set('?# "<>\\')
    assert quoted.isprintable()
    assert quoted.count("/") == path.count("/")


@given(st.text("abc-._~/:@!$&'()*+,;="))
def test_a_path_that_needs_no_quoting_stays(path: str) -> None:
    assert quote_path(path) == path


def test_a_lone_surrogate_in_a_path_breaks_nothing() -> None:
    assert quote_path("/\ud800") == "/%3F"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.com/a?b=c&d=%20#e", "https://example.com/a?b=c&d=%20#e"),
        ("/é", "/%C3%A9"),
        ("/a b", "/a%20b"),
        ("/\\evil.com", "/%5Cevil.com"),
        ('/"<>', "/%22%3C%3E"),
        ("http://[::1]/", "http://[::1]/"),
    ],
)
def test_a_location_is_encoded_once(url: str, expected: str) -> None:
    assert quote_url(url) == expected
    assert quote_url(quote_url(url)) == expected


@pytest.mark.parametrize(
    "url", ["/", "/a", "/a/b?c=d#e", "/a?next=https://example.com//x", "/a%2Fb", "/@a:b"]
)
def test_a_path_of_this_host_is_local(url: str) -> None:
    assert is_local_path(url)
