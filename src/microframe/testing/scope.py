"""Scope: the head of a request as a server tells it to the application."""

from dataclasses import dataclass, field
from typing import Any, Dict, Mapping, Optional, Tuple
from urllib.parse import unquote

from microframe.http.headers import Headers
from microframe.http.url import URL
from microframe.testing.address import PORTS, SOCKET_SCHEMES
from microframe.testing.request import ClientRequest
from microframe.testing.waiting import Scope


@dataclass(frozen=True)
class Server:
    """What the server between would know: who the client is, what stands before each path, what it can do.

    `state` is what the lifespan left there; each request has a copy.
    """

    client: Optional[Tuple[str, int]]
    root_path: str
    extensions: Mapping[str, Any]
    state: Dict[str, Any] = field(default_factory=dict)

    def http_scope(self, request: ClientRequest) -> Scope:
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": request.url.scheme,
            **self._address(request.url, request.headers),
            "extensions": dict(self.extensions),
        }

    def socket_scope(self, url: URL, headers: Headers) -> Scope:
        offered = [
            name.strip() for line in headers.getlist("sec-websocket-protocol") for name in line.split(",")
        ]
        return {
            "type": "websocket",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "scheme": SOCKET_SCHEMES[url.scheme],
            **self._address(url, headers),
            "subprotocols": offered,
            "extensions": {**self.extensions, "websocket.http.response": {}},
        }

    def lifespan_scope(self) -> Scope:
        return {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self.state}

    def _address(self, url: URL, headers: Headers) -> Scope:
        raw, root = url.path, self.root_path
        if root and raw != root and not raw.startswith(f"{root}/"):
            raw = (
                root + raw
            )  # the path of a scope has the root path in it, which the proxy before it took off
        return {
            "path": unquote(raw) if "%" in raw else raw,
            "raw_path": raw.encode("ascii"),
            "query_string": url.query.encode("ascii"),
            "root_path": root,
            "headers": list(headers.raw),
            "client": self.client,
            "server": (url.hostname, url.port or PORTS[url.scheme]),
            "state": self.state.copy(),
        }
