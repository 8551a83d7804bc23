"""Case 8 (CVE-2026-25479): the dot of an allowed host is a dot, and the star of one is a name of its own."""

import pytest

from microframe.exceptions import BadRequestException
from microframe.middleware.hosts import allow_hosts
from tests.connections import make_request


@pytest.mark.parametrize(
    ("allowed", "host"),
    [
        ("example.com", "examplexcom"),
        ("example.com", "example-com"),
        ("example.com", "evilexample.com"),
        ("example.com", "example.com.evil.test"),
        ("*.example.com", "evilexample.com"),
        ("*.example.com", "evil-example.com"),
        ("*.example.com", "example.com"),
        ("*.example.com", ".example.com"),
        ("*.example.com", "a.examplexcom"),
        ("*.example.com", "a.example.com.evil.test"),
        ("*.example.com", "a@b.example.com"),
        ("*.example.com", "evil.test/.example.com"),
        ("*.example.com", "evil.test#.example.com"),
        ("*.example.com", "evil.test?.example.com"),
        ("*.example.com", "evil.test\\.example.com"),
        ("*.example.com", "evil.test:80.example.com"),
    ],
)
async def test_a_host_that_only_resembles_an_allowed_one_is_refused(allowed: str, host: str) -> None:
    with pytest.raises(BadRequestException):
        await allow_hosts([allowed])(make_request(host=host))
