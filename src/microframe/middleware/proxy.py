"""Proxy: a guard that learns from trusted proxies who the client is, and where it meant to go."""

from typing import Optional, Sequence

from microframe.endpoint import Guard
from microframe.exceptions import SetupError
from microframe.http.client import Networks, forwarded_for, parse_networks
from microframe.http.connection import Connection
from microframe.http.responses import Response
from microframe.http.url import parse_host
from microframe.posture import says
from microframe.websocket import WebSocket

SECURE = ("https", "wss")


def trust_proxies(networks: Sequence[str]) -> Guard:
    """Believe `Forwarded` and `X-Forwarded-For`, `-Proto`, `-Host` of peers in one of these networks.

    It sets the connection's client, scheme and host; nothing changes for anybody else. A peer without an
    address (a Unix socket) is believed only with `*`. It comes before the guards that read what it sets.

    Raises:
        SetupError: one of them is no network.
    """
    trusted = read_networks(networks)

    @says()
    async def guard(connection: Connection) -> Optional[Response]:
        # The peer itself: what another guard has made of it must not decide whom to believe.
        peer = connection.edge.client
        headers = connection.headers
        told = forwarded_for(headers, peer.host if peer is not None else "", trusted)
        if told.client is not None:
            connection.client = told.client
        if told.scheme is not None:
            connection.scheme = scheme_for(connection, told.scheme)
        if told.host is not None:
            # A list of its own: the one there is belongs to the server.
            headers.raw = connection.raw_headers = [
                (b"host", canonical_host(told.host)),
                *(pair for pair in connection.raw_headers if pair[0] != b"host"),
            ]
        return None

    return guard


def read_networks(networks: Sequence[str]) -> Networks:
    try:
        return parse_networks(networks)
    except (TypeError, ValueError) as exc:
        raise SetupError(f"trusted proxies: {exc}") from exc


def scheme_for(connection: Connection, told: str) -> str:
    """What a proxy tells of TLS, as the scheme of a request or of a socket: proxies know http and https."""
    secure = told in SECURE
    if isinstance(connection, WebSocket):
        return "wss" if secure else "ws"
    return "https" if secure else "http"


def canonical_host(told: str) -> bytes:
    """A host that `forwarded_for` has found well-formed, in its one spelling."""
    found = parse_host(told)
    assert found is not None
    host, port = found
    return (host if port is None else f"{host}:{port}").encode("ascii")
