"""Cookies: what is read from a Cookie header, what a Set-Cookie header says."""

from datetime import datetime, timedelta, timezone
from http.cookies import SimpleCookie
from typing import Any, Dict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microframe.http.cookies import format_cookie, format_date, parse_cookies

KEYS = st.text("!#$%&'*+-.^_`|~09azAZ", min_size=1)
VALUES = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters='",;\\'))


@pytest.mark.parametrize(
    ("header", "cookies"),
    [
        ("", {}),
        ("a=1", {"a": "1"}),
        ("a=1; b=2", {"a": "1", "b": "2"}),
        ("a=1;b=2;", {"a": "1", "b": "2"}),
        (" a = 1 ;\tb=2\t", {"a": "1", "b": "2"}),
        ("a=", {"a": ""}),
        ("a=b=c", {"a": "b=c"}),
        ('a="1"', {"a": "1"}),
        ('a=""', {"a": ""}),
        ('a="', {"a": '"'}),
        ('a="1', {"a": '"1'}),
        ('a="b\\"c"', {"a": 'b\\"c'}),
        ('a="b\\054c"', {"a": "b\\054c"}),
        ('a="b; c=d"', {"a": '"b', "c": 'd"'}),
        ("$Version=1; a=1; $Path=/", {"$Version": "1", "a": "1", "$Path": "/"}),
        ("a=1, b=2", {"a": "1, b=2"}),
        ("expires=1; path=2", {"expires": "1", "path": "2"}),
        ("a=é", {"a": "é"}),
    ],
)
def test_a_cookie_header_is_read_as_browsers_write_it(header: str, cookies: Dict[str, str]) -> None:
    assert parse_cookies(header) == cookies


@given(st.text())
def test_any_header_is_read_without_an_error(header: str) -> None:
    for name in parse_cookies(header):
        assert name
        assert not set(name) & set(";=")


@given(KEYS, VALUES)
def test_a_cookie_comes_back_as_it_was_set(key: str, value: str) -> None:
    if key.lower().startswith("__"):
        return
    pair = format_cookie(key, value).split("; ")[0]
    assert parse_cookies(pair) == {key: value}


def test_a_cookie_has_starlette_s_defaults() -> None:
    assert format_cookie("a", "b") == "a=b; Path=/; SameSite=lax"
    assert format_cookie("a") == 'a=""; Path=/; SameSite=lax'
    assert format_cookie("a", "b", path=None, samesite=None) == "a=b"


def test_every_attribute_is_written() -> None:
    cookie = format_cookie(
        "a",
        "b",
        max_age=60,
        expires=datetime(1994, 11, 6, 8, 49, 37, tzinfo=timezone.utc),
        path="/p",
        domain="example.com",
        secure=True,
        httponly=True,
        samesite="none",
        partitioned=True,
    )
    assert cookie == (
        "a=b; Domain=example.com; expires=Sun, 06 Nov 1994 08:49:37 GMT; HttpOnly; Max-Age=60; Partitioned; "
        "Path=/p; SameSite=none; Secure"
    )


@given(
    KEYS,
    st.text("!#$%&'*+-.^_`|~:09azAZ"),
    st.integers(-10, 10**9),
    st.sampled_from(["lax", "Strict", None]),
    st.booleans(),
    st.booleans(),
)
def test_it_reads_as_the_standard_library_writes_it(
    key: str, value: str, max_age: int, samesite: Any, secure: bool, httponly: bool
) -> None:
    if key.startswith("__"):
        return
    stored: SimpleCookie = SimpleCookie()
    stored[key] = value
    stored[key].update({"max-age": str(max_age), "path": "/", "domain": "a.example"})
    attributes: Dict[str, Any] = {"secure": secure, "httponly": httponly, "samesite": samesite or ""}
    stored[key].update(attributes)
    ours = format_cookie(
        key, value, max_age=max_age, domain="a.example", samesite=samesite, secure=secure, httponly=httponly
    )
    assert ours == stored.output(header="").strip()


def test_an_end_may_be_a_time_seconds_from_now_or_text() -> None:
    east = datetime(2030, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    assert "expires=Tue, 01 Jan 2030 00:00:00 GMT" in format_cookie("a", "b", expires=east)
    assert "expires=Thu, 01 Jan 1970 00:01:00 GMT" in format_cookie("a", "b", expires=20, clock=lambda: 40.0)
    assert "expires=Thu, 01 Jan 1970 00:00:00 GMT" in format_cookie("a", expires=0, clock=lambda: 0.0)
    text = "Wed, 21 Oct 2015 07:28:00 GMT"
    assert f"expires={text};" in format_cookie("a", "b", expires=text)
    with pytest.raises(ValueError, match="zone"):
        format_cookie("a", "b", expires=datetime(2030, 1, 1))  # noqa: DTZ001 - that is the point


def test_a_date_is_written_as_http_wants_it() -> None:
    assert format_date(784111777) == "Sun, 06 Nov 1994 08:49:37 GMT"
    assert format_date(0) == "Thu, 01 Jan 1970 00:00:00 GMT"


@pytest.mark.parametrize("end", [" b", ",b", '"b', "\\b", '{"a":1}', "é", '"'])
def test_a_value_that_needs_encoding_is_refused_and_not_shown(end: str) -> None:
    with pytest.raises(ValueError, match=r"'session'.*percent-encode") as caught:
        format_cookie("session", f"s3cret{end}")
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("domain", ["example.com", ".example.com", "127.0.0.1", "localhost"])
def test_a_domain_is_a_host_without_a_port(domain: str) -> None:
    assert f"Domain={domain};" in format_cookie("a", "b", domain=domain)


@pytest.mark.parametrize("domain", ["", ".", "a:80", "[::1]", "a b", "a/b", "a..b", "..a"])
def test_what_is_no_host_is_no_domain(domain: str) -> None:
    with pytest.raises(ValueError, match="domain"):
        format_cookie("a", "b", domain=domain)


@pytest.mark.parametrize("path", ["", "a", "/a b", "/é", "/a,b"])
def test_a_path_begins_with_a_slash_and_is_encoded(path: str) -> None:
    with pytest.raises(ValueError, match="path"):
        format_cookie("a", "b", path=path)


def test_samesite_is_one_of_three_words() -> None:
    assert format_cookie("a", "b", samesite="Strict").endswith("SameSite=Strict")
    with pytest.raises(ValueError, match="samesite"):
        format_cookie("a", "b", samesite="sometimes")
    with pytest.raises(ValueError, match="samesite"):
        format_cookie("a", "b", samesite="")


@pytest.mark.parametrize("options", [{"samesite": "none"}, {"samesite": "None"}, {"partitioned": True}])
def test_what_browsers_take_over_https_only_must_be_secure(options: Dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be secure"):
        format_cookie("a", "b", **options)
    assert format_cookie("a", "b", secure=True, **options)


@pytest.mark.parametrize(
    ("key", "options"),
    [
        ("__Secure-a", {}),
        ("__Host-a", {}),
        ("__HOST-a", {}),
        ("__Host-a", {"secure": True, "path": "/a"}),
        ("__Host-a", {"secure": True, "path": None}),
        ("__Host-a", {"secure": True, "domain": "example.com"}),
    ],
)
def test_a_prefix_promises_what_the_cookie_must_keep(key: str, options: Dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="its name says so"):
        format_cookie(key, "b", **options)


def test_a_cookie_named_like_an_attribute_is_none() -> None:
    assert format_cookie("SameSite", "none", samesite=None) == "SameSite=none; Path=/"


def test_prefixes_that_are_kept_are_fine() -> None:
    assert format_cookie("__Host-a", "b", secure=True)
    assert format_cookie("__Secure-a", "b", secure=True, path="/a", domain="example.com")


def test_a_cookie_that_browsers_would_drop_is_refused() -> None:
    room = 4096 - len("a=; Path=/; SameSite=lax")
    assert len(format_cookie("a", "b" * room)) == 4096
    with pytest.raises(ValueError, match="4097 bytes"):
        format_cookie("a", "b" * (room + 1))
