"""HTTPS: nothing is served in the clear; pages are shown the way."""

from typing import Optional

import pytest

from microframe.middleware.https import HttpsRequiredException, require_https
from tests.connections import header_of, make_request, make_socket

PAGE = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_page_is_sent_to_the_same_address_over_https(method: str) -> None:
    request = make_request("/a b", method, PAGE, query=b"q=1&r=%2F", root_path="/shop")
    answer = await require_https()(request)
    assert answer is not None
    assert answer.status_code == 308
    assert header_of(answer, "location") == "https://example.com/shop/a%20b?q=1&r=%2F"
    assert header_of(answer, "vary") == "Accept"


@pytest.mark.parametrize(
    ("host", "there"),
    [("example.com:8000", "example.com"), ("[::1]:80", "[::1]"), ("EXAMPLE.com", "example.com")],
)
async def test_the_redirect_goes_to_the_usual_port(host: str, there: str) -> None:
    answer = await require_https()(make_request(headers=PAGE, host=host))
    assert answer is not None
    assert header_of(answer, "location") == f"https://{there}/"


async def test_https_passes() -> None:
    assert await require_https()(make_request(method="POST", scheme="https")) is None
    assert await require_https()(make_socket(scheme="wss")) is None


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_an_unsafe_method_is_refused_and_never_redirected(method: str) -> None:
    with pytest.raises(HttpsRequiredException) as refusal:
        await require_https()(make_request(method=method, headers=PAGE))
    assert (refusal.value.status_code, refusal.value.code) == (403, "https_required")


@pytest.mark.parametrize("accept", ["application/json", "*/*", ""])
async def test_a_program_is_refused_and_never_redirected(accept: str) -> None:
    with pytest.raises(HttpsRequiredException):
        await require_https()(make_request(headers={"Accept": accept}))


async def test_a_socket_is_refused() -> None:
    with pytest.raises(HttpsRequiredException):
        await require_https()(make_socket(headers=PAGE))


@pytest.mark.parametrize("host", [None, "evil.test/x", "a@b", ""])
async def test_without_a_proper_host_nobody_is_sent_anywhere(host: "Optional[str]") -> None:
    with pytest.raises(HttpsRequiredException):
        await require_https()(make_request(headers=PAGE, host=host))


@pytest.mark.parametrize("path", ["//evil.test/x", "/\\evil.test", "/%0d%0a", "@evil.test"])
async def test_no_path_changes_the_host(path: str) -> None:
    answer = await require_https()(make_request(path, headers=PAGE))
    assert answer is not None
    location = header_of(answer, "location")
    assert location is not None
    assert location.startswith("https://example.com/")
