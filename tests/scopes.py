"""Scopes: an application called as a server calls it, with whatever head and body it may be given."""

import asyncio
import json
from typing import Any, Dict, Iterable, Iterator, List, Optional, Tuple

Pairs = List[Tuple[bytes, bytes]]


class Exchange:
    """One request, what was taken of its body, and its answer."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = spread(pieces)
        self.taken = 0
        self.sent: List[Dict[str, Any]] = []

    async def receive(self) -> Dict[str, Any]:
        message = next(self._pieces, None)
        if message is None:
            await asyncio.Event().wait()
            raise AssertionError
        self.taken += 1
        return message

    async def send(self, message: Dict[str, Any]) -> None:
        self.sent.append(message)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def headers(self) -> Dict[str, str]:
        return {name.decode(): value.decode("latin-1") for name, value in self.sent[0]["headers"]}

    @property
    def body(self) -> bytes:
        return b"".join([message.get("body", b"") for message in self.sent[1:]])

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def spread(pieces: Iterable[bytes]) -> Iterator[Dict[str, Any]]:
    """The messages of a body, each made when it is asked for."""
    rest = iter(pieces)
    piece = next(rest, b"")
    for following in rest:
        yield {"type": "http.request", "body": piece, "more_body": True}
        piece = following
    yield {"type": "http.request", "body": piece, "more_body": False}


async def call(
    app: Any,
    path: str = "/",
    *pairs: Tuple[str, str],
    method: str = "GET",
    body: Iterable[bytes] = (),
    host: Optional[str] = "testserver",
) -> Exchange:
    """Send one request; `pairs` are more header lines."""
    exchange = Exchange(body)
    path, _, query = path.partition("?")
    headers: Pairs = [] if host is None else [(b"host", host.encode("latin-1"))]
    headers += [(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode("latin-1", "replace"),
        "query_string": query.encode("latin-1"),
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
    }
    await app(scope, exchange.receive, exchange.send)
    return exchange
