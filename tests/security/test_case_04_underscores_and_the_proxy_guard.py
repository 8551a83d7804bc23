"""Case 4 (CVE-2026-3902): what a proxy writes with hyphens nobody writes with underscores."""

import pytest

from microframe.http.client import Address
from microframe.middleware.proxy import trust_proxies
from tests.connections import make_request

FORGED = [
    ("X_Forwarded_For", "9.9.9.9"),
    ("X_Real_Ip", "9.9.9.9"),
    ("X-Forwarded_For", "9.9.9.9"),
    ("X_Forwarded_Proto", "https"),
    ("X_Forwarded_Host", "evil.test"),
]


@pytest.mark.parametrize("client", ["203.0.113.7", "10.0.0.1"])
async def test_underscores_change_neither_client_nor_scheme_nor_host(client: str) -> None:
    request = make_request(headers=FORGED, client=client)
    await trust_proxies(["10.0.0.1"])(request)
    assert request.client == Address(client, 50000)
    assert str(request.url) == "http://example.com/"
    assert request.headers.get("x-real-ip") is None


async def test_the_proxy_s_own_word_counts_beside_a_forged_one() -> None:
    request = make_request(headers=[*FORGED, ("X-Forwarded-For", "192.0.2.1")], client="10.0.0.1")
    await trust_proxies(["10.0.0.1"])(request)
    assert request.client == Address("192.0.2.1", 0)
