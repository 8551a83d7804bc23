"""Destination: where a URL leads, read strictly, and the addresses that its host has at this moment."""

import asyncio
import socket
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Awaitable, Callable, FrozenSet, List, Sequence, Tuple
from urllib.parse import urlsplit

from microframe.client.addresses import IPNetwork, is_allowed, parse_address
from microframe.exceptions import MicroFrameException
from microframe.http.url import DEFAULT_PORTS, parse_host

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a host, as text. `OSError` where it has none."""

LONGEST_URL = 8_192
MOST_ADDRESSES = 16


class ClientError(MicroFrameException):
    """Something that somebody else's address was asked for is not to be had."""

    http_status = 502


class RefusedURL(ClientError):
    """A URL that is not asked: how it is written, where it leads, or where it sends on to."""

    http_status = 400


@dataclass(frozen=True)
class Destination:
    """Where a URL leads: its origin, apart from the path."""

    scheme: str
    host: str
    """In lower case; IPv6 in brackets."""
    port: int

    @property
    def name(self) -> str:
        """The host as TLS and the DNS know it."""
        return self.host.strip("[]").rstrip(".")

    @property
    def authority(self) -> str:
        """The value of a Host header."""
        usual = DEFAULT_PORTS.get(self.scheme) == self.port
        return self.host if usual else f"{self.host}:{self.port}"


def read_destination(url: str, schemes: FrozenSet[str], ports: FrozenSet[int]) -> Destination:
    """Where a URL leads.

    Raises:
        RefusedURL: it is no plain absolute URL, or of another scheme or port.
    """
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise RefusedURL("this is no URL as it is sent: ASCII without blanks, names in Punycode")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise RefusedURL("this is no URL") from None
    scheme = parts.scheme.lower()
    if scheme not in schemes:
        raise RefusedURL(f"only {', '.join(sorted(schemes))} is asked")
    found = parse_host(parts.netloc)
    if found is None:
        raise RefusedURL("this URL has no host, or says more than one (a user, a password, an escape)")
    host, told = found
    port = DEFAULT_PORTS[scheme] if told is None else told
    if port not in ports:
        raise RefusedURL(f"the port {port} is not asked")
    if is_disguised(host):
        raise RefusedURL("this address is written in a way that others read otherwise")
    return Destination(scheme, host, port)


def is_disguised(host: str) -> bool:
    """Whether a host ends like a number and is no plain IPv4 address: `127.1`, `0x7f.1`, `2130706433`, `0177.0.0.1`."""
    last = host.rstrip(".").rpartition(".")[2]
    if host[:1] == "[" or not (last.isdigit() or last[:2] == "0x"):
        return False
    try:
        return str(IPv4Address(host)) != host
    except ValueError:
        return True


async def resolve(host: str, port: int) -> List[str]:
    """The addresses that the system knows of a host."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for _, _, _, _, address in found))


async def addresses_of(
    destination: Destination, resolver: Resolver, networks: Tuple[IPNetwork, ...]
) -> List[str]:
    """The addresses of a host, of which every one may be asked.

    Raises:
        RefusedURL: one of them may not. A host that has both kinds is asked nowhere: which one would it be?
        ClientError: it has none.
    """
    literal = parse_address(destination.name)
    if literal is not None:
        texts: Sequence[str] = [str(literal)]
    else:
        try:
            texts = await resolver(destination.name, destination.port)
        except (OSError, UnicodeError) as exc:
            raise ClientError(f"{destination.name} has no address") from exc
    found = [parse_address(text) for text in texts[:MOST_ADDRESSES]]
    addresses = [address for address in found if address is not None]
    if not addresses:
        raise ClientError(f"{destination.name} has no address")
    # Nothing is said of which address it was: who asks is not to map this network.
    if len(addresses) < len(found) or not all(is_allowed(address, networks) for address in addresses):
        raise RefusedURL(f"{destination.name} is not asked")
    return [str(address) for address in addresses]
