"""Case 79 (CVE-2025-59152, CVE-2026-30827, CVE-2026-47674): one client, one address, not of its choosing."""

import pytest

from microframe.http.client import Address, canonical_ip, forwarded_for, parse_networks
from microframe.http.headers import Headers


def test_a_mapped_address_is_the_address_itself() -> None:
    assert canonical_ip("::ffff:1.2.3.4") == canonical_ip("1.2.3.4") == "1.2.3.4"
    assert canonical_ip("::ffff:1.2.3.5") != "1.2.3.4"


@pytest.mark.parametrize(
    "text", ["2001:DB8::1", "2001:db8:0:0:0:0:0:1", "2001:0db8::0001", "2001:db8::1%eth0"]
)
def test_an_ipv6_address_has_one_spelling(text: str) -> None:
    assert canonical_ip(text) == "2001:db8::1"


def test_a_thousand_forged_addresses_are_one_client() -> None:
    nobody, proxies = parse_networks([]), parse_networks(["10.0.0.0/8"])
    direct, behind = set(), set()
    for number in range(1000):
        forged = f"9.9.{number // 250}.{number % 250}"
        direct.add(forwarded_for(Headers.of({"x-forwarded-for": forged}), "1.2.3.4", nobody).client)
        chain = Headers.of({"x-forwarded-for": f"{forged}, 1.2.3.4"})
        behind.add(forwarded_for(chain, "10.0.0.1", proxies).client)
    assert direct == {None}
    assert behind == {Address("1.2.3.4", 0)}
