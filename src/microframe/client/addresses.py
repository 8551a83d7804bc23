"""Addresses: which of them are somewhere on the internet, and not on this machine, in this network or in a tunnel."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, Optional, Sequence, Tuple, Union

from microframe.exceptions import SetupError

IPAddress = Union[IPv4Address, IPv6Address]
IPNetwork = Union[IPv4Network, IPv6Network]

# Lists of our own, since what the standard library calls global differs from one Python to the next. From IANA's
# registries of special-purpose addresses (RFC 6890).
NOT_PUBLIC_4: Final = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this network (RFC 791)
        "10.0.0.0/8",  # private (RFC 1918)
        "100.64.0.0/10",  # shared by the customers of a provider (RFC 6598)
        "127.0.0.0/8",  # this machine (RFC 1122)
        "169.254.0.0/16",  # this link (RFC 3927), and where clouds tell a machine its secrets
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments (RFC 6890)
        "192.0.2.0/24",  # documentation (RFC 5737)
        "192.88.99.0/24",  # relays of 6to4 (RFC 7526)
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks (RFC 2544)
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast (RFC 1112)
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
PUBLIC_6: Final = IPv6Network("2000::/3")
"""All that has been given out (RFC 4291): not mapped or compatible IPv4, NAT64, unique local, link-local, multicast."""
NOT_PUBLIC_6: Final = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarks (RFC 2928)
        "2001:db8::/32",  # documentation (RFC 3849)
        "2002::/16",  # 6to4: an IPv4 address in disguise (RFC 3056)
        "3fff::/20",  # documentation (RFC 9637)
    )
)


def is_public(address: IPAddress) -> bool:
    """Whether an address is somebody's on the internet."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in NOT_PUBLIC_4)
    return address in PUBLIC_6 and not any(address in network for network in NOT_PUBLIC_6)


def parse_address(text: str) -> Optional[IPAddress]:
    """An address as a resolver writes it; one of a link (`fe80::1%eth0`) without its link; None for what is none."""
    try:
        return ip_address(text.partition("%")[0])
    except ValueError:
        return None


def parse_networks(texts: Sequence[str]) -> Tuple[IPNetwork, ...]:
    """Networks such as `10.0.0.0/8`.

    Raises:
        SetupError: one of them is none.
    """
    if isinstance(texts, str):
        raise SetupError("allowed_networks is a list of networks, not one text")
    try:
        return tuple(ip_network(text) for text in texts)
    except ValueError as exc:
        raise SetupError(f"allowed_networks: {exc}") from exc


def is_allowed(address: IPAddress, networks: Sequence[IPNetwork]) -> bool:
    return is_public(address) or any(address in network for network in networks)
