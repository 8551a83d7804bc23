"""Who a call is counted for: addresses, users, keys, routes, functions, several of them."""

from typing import Any, Optional

import pytest

from microframe.http.connection import Connection
from microframe.limits.keys import build_key, network_of
from microframe.limits.limit import Limit
from tests.connections import make_request, make_socket


async def nobody(connection: Connection) -> Optional[str]:
    return None


async def ann(connection: Connection) -> Optional[str]:
    return "ann"


async def key_of(by: Any, connection: Connection, user: Any = nobody) -> Optional[str]:
    return await build_key(Limit("5/minute", by=by), user)(connection)


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("::FFFF:CB00:7107", "203.0.113.7"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:0DB8:0:0:ffff::9", "2001:db8::/64"),
        ("2001:db8:0:1::1", "2001:db8:0:1::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("fe80::1%25eth1", "fe80::/64"),
        ("::1", "::/64"),
    ],
)
def test_an_address_has_one_spelling_and_of_ipv6_its_network_counts(host: str, network: str) -> None:
    assert network_of(host) == network


@pytest.mark.parametrize("host", ["testclient", "/run/app.sock", "x" * 5000])
def test_what_is_no_address_is_counted_under_a_short_name(host: str) -> None:
    assert len(network_of(host)) == 32
    assert network_of(host) != network_of(f"{host}2")


async def test_all_clients_without_an_address_are_one() -> None:
    assert await key_of("client", make_request(client=None)) == "-"
    assert await key_of("client", make_socket(client="203.0.113.7")) == "203.0.113.7"


async def test_a_user_is_counted_wherever_they_are_and_nobody_as_a_client() -> None:
    here, there = make_request(client="203.0.113.7"), make_request(client="203.0.113.8")
    assert await key_of("user", here, ann) == await key_of("user", there, ann)
    assert await key_of("user", here) == "203.0.113.7"


async def test_a_key_is_counted_and_not_kept() -> None:
    one = await key_of("key", make_request(headers={"X-API-Key": "secret"}))
    other = await key_of("key", make_request(headers={"X-API-Key": "secret2"}))
    long = await key_of("key", make_request(headers={"X-API-Key": "s" * 50_000}))
    assert one is not None
    assert "secret" not in one
    assert len({one, other, long}) == 3
    assert {len(str(key)) for key in (one, other, long)} == {36}
    assert await key_of("key", make_request()) == await key_of("client", make_request())


async def test_no_key_can_be_taken_for_another_kind_of_key() -> None:
    address = "203.0.113.7"
    sent = make_request(headers={"X-API-Key": address}, client=None)
    keys = {
        await key_of("key", sent),
        await key_of("client", make_request(client=address)),
        await key_of(lambda connection: address, sent),
    }
    assert len(keys) == 3


class Place:
    name, path = "read", "/cards"


async def test_a_route_is_one_count_for_everybody() -> None:
    one, other = make_request(client="203.0.113.7"), make_request(client="203.0.113.8")
    one.route = other.route = Place()
    assert await key_of("route", one) == await key_of("route", other) != "-"
    assert await key_of("route", make_request()) == "-"
    both = await key_of(("client", "route"), one)
    assert both != await key_of(("client", "route"), other)
    assert str(both).startswith("203.0.113.7|route=")


async def tenant(connection: Connection) -> Optional[str]:
    return connection.headers.get("x-tenant")


async def test_a_function_says_who_is_counted_async_or_not() -> None:
    blue, red = make_request(headers={"X-Tenant": "blue"}), make_request(headers={"X-Tenant": "red"})
    assert await key_of(tenant, blue) != await key_of(tenant, red)
    assert await key_of(tenant, blue) == await key_of(lambda connection: "blue", red)
    assert await key_of(lambda connection: 5, red) == await key_of(lambda connection: "5", red)


async def test_whom_a_function_does_not_name_is_not_counted() -> None:
    assert await key_of(tenant, make_request()) is None
    assert await key_of(("client", tenant), make_request()) is None


async def test_text_that_no_encoding_has_is_a_key_too() -> None:
    assert await key_of(lambda connection: "\ud800", make_request()) is not None
