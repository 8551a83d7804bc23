"""Case 79 (CVE-2025-59152): a thousand forged addresses are one client."""

from typing import Optional, Set

import pytest

from microframe.http.client import Address
from microframe.middleware.proxy import trust_proxies
from tests.connections import make_request


@pytest.mark.parametrize(
    ("client", "chain", "known"),
    [
        ("203.0.113.7", "{}", Address("203.0.113.7", 50000)),
        ("10.0.0.1", "{}, 203.0.113.7", Address("203.0.113.7", 0)),
    ],
)
async def test_a_thousand_forged_addresses_are_one_client(client: str, chain: str, known: Address) -> None:
    guard = trust_proxies(["10.0.0.0/8"])
    seen: Set[Optional[Address]] = set()
    for number in range(1000):
        request = make_request(
            headers={"X-Forwarded-For": chain.format(f"9.9.{number // 250}.{number % 250}")}, client=client
        )
        await guard(request)
        seen.add(request.client)
    assert seen == {known}
