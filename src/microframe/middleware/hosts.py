"""Hosts: a guard that answers only for the names this application has."""

from typing import FrozenSet, Iterable, List, Optional, Sequence, Tuple

from microframe.endpoint import Guard
from microframe.exceptions import BadRequestException, SetupError
from microframe.http.connection import Connection
from microframe.http.responses import Response
from microframe.http.url import parse_host
from microframe.posture import says


class UnknownHostException(BadRequestException):
    """Nothing is served here for that host."""


def allow_hosts(allowed: Sequence[str]) -> Guard:
    """Refuse what was not sent to one of these names: `example.com`, `*.example.com`, `[::1]`, `*`.

    `*.example.com` stands for every name below `example.com`, however deep, and not for `example.com` itself.
    The port does not count, nor does the case, nor the dot of the DNS root at the end.

    Raises:
        SetupError: one of them is no such name; a port or a scheme is none.
    """
    names, domains = sort_patterns(allowed)

    @says()
    async def guard(connection: Connection) -> Optional[Response]:
        found = parse_host(connection.host)
        if found is None or not is_listed(found[0], names, domains):
            raise UnknownHostException()
        return None

    async def allow_any(connection: Connection) -> Optional[Response]:
        return None

    return allow_any if "*" in allowed else guard


def is_listed(host: str, names: FrozenSet[str], domains: Tuple[str, ...]) -> bool:
    """Whether a canonical host is one of the names, or ends in one of the domains (`.example.com`)."""
    host = host[:-1] if host[-1] == "." else host
    return host in names or host.endswith(domains)


def sort_patterns(allowed: Iterable[str]) -> Tuple[FrozenSet[str], Tuple[str, ...]]:
    if isinstance(allowed, str):
        raise SetupError("allowed hosts are a list of names, not one text")
    names: List[str] = []
    domains: List[str] = []
    for pattern in allowed:
        if pattern == "*":
            continue
        below = pattern[:2] == "*."
        found = parse_host(pattern[2:] if below else pattern)
        if found is None or found[1] is not None or pattern[-1] in ":." or (below and found[0][0] == "["):
            raise SetupError(
                f"{pattern!r} is no host: write example.com, *.example.com or [::1], without a port"
            )
        if below:
            domains.append(f".{found[0]}")
        else:
            names.append(found[0])
    return frozenset(names), tuple(domains)
