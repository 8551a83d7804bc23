"""Client addresses: one spelling for each, and what trusted proxies tell of the client behind them."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Dict, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Tuple, Union

from microframe.http.headers import Headers
from microframe.http.media import parse_options
from microframe.http.url import parse_host

IPAddress = Union[IPv4Address, IPv6Address]
IPNetwork = Union[IPv4Network, IPv6Network]

MAX_ADDRESS = 64  # characters; the longest IPv6 address with a zone has fewer
MAX_HOPS = 50
SCHEMES = {"http", "https", "ws", "wss"}


class Address(NamedTuple):
    """One end of a connection; port 0 is one that nobody told."""

    host: str
    port: int


# Addresses --------------------------------------------------------------------------------------------------


def canonical_ip(text: str) -> Optional[str]:
    """The one spelling of an IP address, or None: mapped IPv4 is IPv4, a zone is left out."""
    # The length is checked out here, so the cache never keeps a long key that somebody sent.
    found = _parse_ip(text) if len(text) <= MAX_ADDRESS else None
    return None if found is None else found[1]


@lru_cache(maxsize=1024)
def _parse_ip(text: str) -> Optional[Tuple[IPAddress, str]]:
    text, zoned, zone = text.partition("%")
    if zoned and (not zone or ":" not in text):
        return None
    # Pythons before 3.9.5 read 010.0.0.1 as 10.0.0.1 where others read 8.0.0.1.
    if ":" not in text and any(len(part) > 1 and part[0] == "0" for part in text.split(".")):
        return None
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address, str(address)


class Networks:
    """A set of networks. `*` stands for every direct peer, and for nobody who is only named in a header."""

    __slots__ = ("_networks", "_search", "everyone")

    def __init__(self, networks: Iterable[IPNetwork], everyone: bool = False) -> None:
        self._networks = tuple(networks)
        self._search = lru_cache(maxsize=1024)(self._lists)
        self.everyone = everyone

    def contains(self, host: str) -> bool:
        """Whether this direct peer is among them."""
        return self.everyone or self.lists(host)

    def lists(self, host: str) -> bool:
        """Whether this address is in one of the networks, `*` apart."""
        return len(host) <= MAX_ADDRESS and self._search(host)

    def _lists(self, host: str) -> bool:
        found = _parse_ip(host)
        return found is not None and any(found[0] in network for network in self._networks)

    def __bool__(self) -> bool:
        return self.everyone or bool(self._networks)

    def __repr__(self) -> str:
        return f"Networks({', '.join([*('*' for _ in range(self.everyone)), *map(str, self._networks)])})"


def parse_networks(texts: Iterable[str]) -> Networks:
    """Networks from `10.0.0.0/8`, `127.0.0.1`, `fd00::/8`, `*`.

    Raises:
        ValueError: one of them is no network, or has bits beyond its mask.
    """
    if isinstance(texts, str):
        raise TypeError("networks are a list of texts, not one text")
    cleaned = [text.strip() for text in texts]
    return Networks([_parse_network(text) for text in cleaned if text != "*"], "*" in cleaned)


def _parse_network(text: str) -> IPNetwork:
    network = ip_network(text)
    mapped = network.network_address.ipv4_mapped if isinstance(network, IPv6Network) else None
    return network if mapped is None else IPv4Network((mapped, max(network.prefixlen - 96, 0)))


# Proxies ----------------------------------------------------------------------------------------------------


class Forwarding(NamedTuple):
    """What trusted proxies tell of a request; None for what they do not."""

    client: Optional[Address] = None
    scheme: Optional[str] = None
    host: Optional[str] = None


NOTHING = Forwarding()

Hop = Tuple[str, str, str]
"""What one proxy tells, as it is written: client, scheme, host."""

NAMES = {b"forwarded", b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host"}


def forwarded_for(headers: Headers, peer: str, trusted: Networks) -> Forwarding:
    """What `Forwarded` (RFC 7239) or `X-Forwarded-For`, `-Proto` and `-Host` tell, from a trusted proxy.

    Read from right to left: the first address that is not a listed proxy is the client, and what that hop
    says of scheme and host holds; something that is no address ends the walk. Where both kinds of header are
    there, only what both say is believed: a proxy that writes one kind lets the client's own copy of the
    other through.
    """
    if not trusted.contains(peer):
        return NOTHING
    lines: Dict[bytes, List[bytes]] = {}
    for name, value in headers.raw:
        if name in NAMES:
            lines.setdefault(name, []).append(value)
    if not lines:
        return NOTHING
    standard = lines.pop(b"forwarded", None)
    if standard is None:
        return walk(customary_hops(lines), trusted)
    told = walk(standard_hops(standard), trusted)
    return agreed(told, walk(customary_hops(lines), trusted)) if lines else told


def walk(hops: Iterable[Hop], trusted: Networks) -> Forwarding:
    """Go through the hops, the nearest first, as far as they were written by listed proxies."""
    address: Optional[Address] = None
    scheme = host = ""
    for client, scheme, host in hops:  # noqa: B007 - those of the last hop looked at count
        found = parse_node(client)
        if found is None:
            break
        address = found
        if not trusted.lists(address.host):
            break
    scheme, host = scheme.lower(), host.lower()
    return Forwarding(
        address, scheme if scheme in SCHEMES else None, host if host and parse_host(host) else None
    )


def agreed(one: Forwarding, other: Forwarding) -> Forwarding:
    return Forwarding(
        one.client if one.client == other.client else None,
        one.scheme if one.scheme == other.scheme else None,
        one.host if one.host == other.host else None,
    )


def standard_hops(lines: List[bytes]) -> Iterator[Hop]:
    """The elements of `Forwarded`, the nearest first; a malformed one tells nothing and ends the walk."""
    for element in split_lines(lines):
        try:
            told = parse_options(f";{element}")[1]
        except ValueError:
            told = {}
        yield told.get("for", ""), told.get("proto", ""), told.get("host", "")


def customary_hops(lines: Mapping[bytes, List[bytes]]) -> Iterator[Hop]:
    """The hops of `X-Forwarded-…`, the nearest first.

    A scheme or host belongs to the hop at its place when there are as many of them as addresses; otherwise
    only the last one counts, for every hop: the trusted peer wrote it, or let it stand.
    """
    clients = split_lines(lines.get(b"x-forwarded-for", [b""]))
    schemes = split_lines(lines.get(b"x-forwarded-proto", [b""]))
    hosts = split_lines(lines.get(b"x-forwarded-host", [b""]))
    count = len(clients)
    return zip(
        clients,
        schemes if len(schemes) == count else schemes[:1] * count,
        hosts if len(hosts) == count else hosts[:1] * count,
    )


def split_lines(lines: List[bytes]) -> List[str]:
    """The items of a list, the last one first, `MAX_HOPS` of them at most."""
    text = b",".join(lines).decode("latin-1")
    return [item.strip(" \t") for item in text.rsplit(",", MAX_HOPS)[: -MAX_HOPS - 1 : -1]]


def parse_node(text: str) -> Optional[Address]:
    """`1.2.3.4`, `1.2.3.4:80`, `[::1]`, `[::1]:80` or `::1` (RFC 7239 §6); None for anything else."""
    bare = canonical_ip(text)
    if bare is not None:
        return Address(bare, 0)
    host, colon, port = text.rpartition(":") if text[-1:] != "]" else (text, "", "")
    if colon and not (port.isascii() and port.isdigit() and len(port) < 6):
        return None
    if host[:1] == "[" and host[-1:] == "]":
        host = host[1:-1]
    elif ":" in host:
        return None
    found = canonical_ip(host)
    return None if found is None else Address(found, int(port or 0))
