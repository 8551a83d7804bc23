"""Proxy: trusted ones are believed, nobody else is."""

from typing import Dict

import pytest

from microframe.exceptions import SetupError
from microframe.http.client import Address
from microframe.http.connection import Connection
from microframe.middleware.proxy import trust_proxies
from tests.connections import make_request, make_socket

TOLD = {"X-Forwarded-For": "198.51.100.9", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "shop.test"}


async def test_a_trusted_proxy_tells_client_scheme_and_host() -> None:
    request = make_request("/a", headers=TOLD, client="10.0.0.1")
    assert await trust_proxies(["10.0.0.0/8"])(request) is None
    assert request.client == Address("198.51.100.9", 0)
    assert request.scheme == "https"
    assert request.host == "shop.test"
    assert request.headers["host"] == "shop.test"
    assert request.headers.getlist("host") == ["shop.test"]
    assert str(request.url) == "https://shop.test/a"


async def test_the_standard_header_is_read_too() -> None:
    told = {"Forwarded": 'for="[2001:db8::7]:4711";proto=https;host="shop.test:8443"'}
    request = make_request(headers=told, client="10.0.0.1")
    await trust_proxies(["10.0.0.1"])(request)
    assert request.client == Address("2001:db8::7", 4711)
    assert str(request.url) == "https://shop.test:8443/"


@pytest.mark.parametrize(("told", "scheme"), [("https", "wss"), ("http", "ws"), ("wss", "wss")])
async def test_a_socket_gets_a_socket_s_scheme(told: str, scheme: str) -> None:
    socket = make_socket(
        headers={"X-Forwarded-For": "198.51.100.9", "X-Forwarded-Proto": told}, client="10.0.0.1"
    )
    await trust_proxies(["10.0.0.1"])(socket)
    assert socket.scheme == scheme
    assert socket.client == Address("198.51.100.9", 0)


async def test_a_request_never_gets_a_socket_s_scheme() -> None:
    request = make_request(
        headers={"X-Forwarded-For": "198.51.100.9", "X-Forwarded-Proto": "wss"}, client="10.0.0.1"
    )
    await trust_proxies(["10.0.0.1"])(request)
    assert request.scheme == "https"


def look_of(connection: Connection) -> Dict[str, object]:
    return {
        "client": connection.client,
        "scheme": connection.scheme,
        "host": connection.host,
        "url": str(connection.url),
        "headers": connection.headers.multi_items(),
    }


@pytest.mark.parametrize("trusted", [[], ["10.0.0.0/8"], ["203.0.113.8"]])
async def test_nothing_changes_for_an_untrusted_peer(trusted: "list[str]") -> None:
    before = look_of(make_request(headers=TOLD))
    request = make_request(headers=TOLD)
    given = request.raw_headers
    await trust_proxies(trusted)(request)
    assert look_of(request) == before
    assert request.raw_headers is given


async def test_what_is_no_address_scheme_or_host_changes_nothing() -> None:
    told = {"X-Forwarded-For": "unknown", "X-Forwarded-Proto": "gopher", "X-Forwarded-Host": "a/b?c"}
    request = make_request(headers=told, client="10.0.0.1")
    await trust_proxies(["10.0.0.1"])(request)
    assert request.client == Address("10.0.0.1", 50000)
    assert str(request.url) == "http://example.com/"


async def test_the_server_s_own_list_of_headers_is_left_as_it_was() -> None:
    request = make_request(headers=TOLD, client="10.0.0.1")
    given = request.raw_headers
    before = list(given)
    await trust_proxies(["10.0.0.1"])(request)
    assert given == before


async def test_headers_read_before_and_after_agree() -> None:
    request = make_request(headers=TOLD, client="10.0.0.1")
    assert request.headers["host"] == "example.com"
    await trust_proxies(["10.0.0.1"])(request)
    assert request.headers["host"] == request.host == "shop.test"


async def test_a_unix_socket_is_believed_only_with_a_star() -> None:
    listed, everyone = make_request(headers=TOLD, client=None), make_request(headers=TOLD, client=None)
    await trust_proxies(["127.0.0.1"])(listed)
    await trust_proxies(["*"])(everyone)
    assert listed.client is None
    assert everyone.client == Address("198.51.100.9", 0)


async def test_asking_twice_changes_nothing_more() -> None:
    guard = trust_proxies(["10.0.0.1", "198.51.100.9"])
    request = make_request(headers={**TOLD, "X-Forwarded-For": "192.0.2.1, 198.51.100.9"}, client="10.0.0.1")
    await guard(request)
    once = look_of(request)
    await guard(request)
    assert look_of(request) == once


@pytest.mark.parametrize("networks", [["10.0.0.0/33"], ["10.0.0.1/8"], ["localhost"], "10.0.0.1"])
def test_what_is_no_network_is_a_setup_error(networks: "list[str]") -> None:
    with pytest.raises(SetupError, match="trusted proxies"):
        trust_proxies(networks)
