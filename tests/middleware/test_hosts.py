"""Hosts: only the names an application has are answered."""

import pytest

from microframe.exceptions import SetupError
from microframe.middleware.hosts import UnknownHostException, allow_hosts
from tests.connections import make_request, make_socket


@pytest.mark.parametrize(
    ("allowed", "host"),
    [
        ("example.com", "example.com"),
        ("example.com", "EXAMPLE.Com"),
        ("Example.COM", "example.com"),
        ("example.com", "example.com:8000"),
        ("example.com", "example.com."),
        ("*.example.com", "a.example.com"),
        ("*.example.com", "a.b.example.com:443"),
        ("*.Example.com", "A.example.com"),
        ("[::1]", "[::1]:8000"),
        ("[0:0:0:0:0:0:0:1]", "[::1]"),
        ("127.0.0.1", "127.0.0.1:80"),
        ("*", "whatever.test"),
    ],
)
async def test_a_listed_host_is_answered(allowed: str, host: str) -> None:
    guard = allow_hosts(["other.test", allowed])
    assert await guard(make_request(host=host)) is None
    assert await guard(make_socket(host=host)) is None


@pytest.mark.parametrize(
    ("allowed", "host"),
    [
        ("example.com", "example.org"),
        ("example.com", "a.example.com"),
        ("*.example.com", "example.com"),
        ("*.example.com", "example.com.evil.test"),
        ("127.0.0.1", "127.0.0.2"),
        ("[::1]", "[::2]"),
    ],
)
async def test_another_host_is_refused(allowed: str, host: str) -> None:
    guard = allow_hosts([allowed])
    with pytest.raises(UnknownHostException) as refusal:
        await guard(make_request(host=host))
    assert (refusal.value.status_code, refusal.value.code) == (400, "unknown_host")
    assert host not in str(refusal.value)
    with pytest.raises(UnknownHostException):
        await guard(make_socket(host=host))


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "https://example.com",
        "example.com:80",
        "example.com:",
        "*example.com",
        "a.*.com",
        "*.",
        "*.[::1]",
        "a b",
    ],
)
def test_what_is_no_host_is_a_setup_error(pattern: str) -> None:
    with pytest.raises(SetupError, match="is no host"):
        allow_hosts([pattern])


def test_one_text_is_no_list_of_hosts() -> None:
    with pytest.raises(SetupError, match="list"):
        allow_hosts("example.com")
