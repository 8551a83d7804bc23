"""Case 79 (CVE-2025-59152, CVE-2026-30827, CVE-2026-47674): another spelling of an address is no other count."""

from typing import Any, Dict, List

import pytest

from microframe import Application
from microframe.middleware.rate_limit import RateLimitMiddleware
from microframe.stores.memory import MemoryStore
from microframe.testing import AsyncTestClient


def build(**options: Any) -> Application:
    app = Application(environment="test", store=MemoryStore(clock=lambda: 0.0), **options)

    @app.get("/", limit="10/minute")
    async def read() -> str:
        return "yes"

    return app


async def passed(app: Application, clients: List[str], headers: List[Dict[str, str]]) -> int:
    """How many of these requests were let through."""
    found = [
        await AsyncTestClient(app, client=(client, 5000)).get("/", headers=more)
        for client, more in zip(clients, headers)
    ]
    assert {answer.status_code for answer in found} <= {200, 429}
    return [answer.status_code for answer in found].count(200)


SPOOFED = [f"9.9.{number // 250}.{number % 250}" for number in range(1000)]


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "CF-Connecting-IP"])
async def test_a_thousand_forged_addresses_of_an_untrusted_peer_are_one_count(name: str) -> None:
    headers = [{name: f"for={one}" if name == "Forwarded" else one} for one in SPOOFED[:200]]
    assert await passed(build(), ["203.0.113.7"] * 200, headers) == 10


async def test_a_thousand_forged_addresses_before_what_a_trusted_proxy_adds_are_one_count() -> None:
    app = build(trusted_proxies=["10.0.0.0/8"])
    headers = [{"X-Forwarded-For": f"{one}, 203.0.113.7"} for one in SPOOFED]
    assert await passed(app, ["10.0.0.1"] * 1000, headers) == 10


async def test_ipv4_written_as_ipv6_is_its_ipv4_and_each_is_counted_apart() -> None:
    app = build()
    spellings = ["1.2.3.4", "::ffff:1.2.3.4", "::FFFF:0102:0304", "0:0:0:0:0:ffff:1.2.3.4"] * 5
    assert await passed(app, spellings, [{}] * 20) == 10
    assert await passed(app, ["::ffff:1.2.3.5"] * 20, [{}] * 20) == 10


async def test_a_network_of_ipv6_addresses_is_one_count() -> None:
    app = build()
    mine = [f"2001:db8:1:2:{number:x}:{number:x}::1" for number in range(50)]
    assert await passed(app, mine, [{}] * 50) == 10
    assert await passed(app, ["2001:db8:1:3::1"] * 20, [{}] * 20) == 10


async def test_zones_and_other_spellings_of_ipv6_give_no_other_count() -> None:
    spellings = ["fe80::1", "fe80::1%eth0", "fe80::1%1", "FE80:0:0:0:0:0:0:1", "fe80::0001%x"] * 5
    assert await passed(build(), spellings, [{}] * 25) == 10


async def test_an_exempt_client_is_found_however_it_is_written_and_nobody_else() -> None:
    app = build()
    app.add_middleware(RateLimitMiddleware, exempt=["10.0.0.1", "2001:db8::/64"])
    assert await passed(app, ["::ffff:10.0.0.1", "2001:0DB8::0001%eth0"] * 10, [{}] * 20) == 20
    assert await passed(app, ["10.0.0.11"] * 20, [{}] * 20) == 10
    assert await passed(app, ["203.0.113.7"] * 20, [{"X-Forwarded-For": "10.0.0.1"}] * 20) == 10
