"""Keys: who a call is counted for, as a short text that no client can make long or write in two ways."""

import inspect
from functools import lru_cache
from hashlib import blake2b
from ipaddress import IPv6Address, ip_network
from typing import Awaitable, Callable, List, Optional, Sequence

from microframe.http.client import MAX_ADDRESS, canonical_ip
from microframe.http.connection import Connection
from microframe.http.headers import find
from microframe.limits.limit import Limit, Who

Counted = Callable[[Connection], Awaitable[Optional[str]]]
"""Who a call is counted for; None: nobody."""

API_KEY = b"x-api-key"
NETWORK_BITS = 64
"""What one household or machine has of IPv6 addresses (RFC 6177): any number of them is one client."""


def build_key(limit: Limit, user_of: Counted) -> Counted:
    """Who a call is counted for by one limit; `user_of` knows who is logged in."""
    parts = [build_part(who, user_of) for who in limit.counted_by]
    return parts[0] if len(parts) == 1 else together(parts)


def build_part(who: Who, user_of: Counted) -> Counted:
    if not isinstance(who, str):
        return by_function(who)
    return {"client": by_client, "key": by_api_key, "route": by_route, "user": by_user(user_of)}[who]


def together(parts: Sequence[Counted]) -> Counted:
    async def by_all(connection: Connection) -> Optional[str]:
        found: List[str] = []
        for part in parts:
            one = await part(connection)
            if one is None:
                return None
            found.append(one)
        return "|".join(found)

    return by_all


def by_user(user_of: Counted) -> Counted:
    async def by_known_user(connection: Connection) -> Optional[str]:
        user = await user_of(connection)
        return client_key(connection) if user is None else f"user={digest(user)}"

    return by_known_user


async def by_client(connection: Connection) -> Optional[str]:
    return client_key(connection)


async def by_api_key(connection: Connection) -> Optional[str]:
    sent = find(connection.raw_headers, API_KEY)
    return f"key={digest(sent.decode('latin-1'))}" if sent else client_key(connection)


async def by_route(connection: Connection) -> Optional[str]:
    return route_key(connection)


def by_function(function: Callable[[Connection], object]) -> Counted:
    async def by_own_key(connection: Connection) -> Optional[str]:
        found = function(connection)
        if inspect.isawaitable(found):
            found = await found
        return None if found is None else f"own={digest(str(found))}"

    return by_own_key


def client_key(connection: Connection) -> str:
    """The client's address; all that come without one, over a Unix socket, are one client."""
    client = connection.client
    return "-" if client is None else network_of(client.host)


def route_key(connection: Connection) -> str:
    route = connection.route
    return "-" if route is None else f"route={digest(f'{route.name} {route.path}')}"


def network_of(host: str) -> str:
    """What an address is counted under: IPv4 as it is, also where it is written as IPv6, of IPv6 the first half."""
    return _network_of(host) if len(host) <= MAX_ADDRESS else digest(host)


@lru_cache(maxsize=4096)
def _network_of(host: str) -> str:
    address = canonical_ip(host)
    if address is None:
        return digest(host)
    if ":" not in address:
        return address
    return str(ip_network((IPv6Address(address), NETWORK_BITS), strict=False))


def digest(text: str) -> str:
    """A text of any length, in 128 bits: what is kept tells no secret and has no length that a client chooses."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
