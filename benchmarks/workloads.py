"""The workloads: what is asked, what must be answered, and what DESIGN §10 allows it to cost."""

import json
from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Tuple

from benchmarks import shop

Header = Tuple[bytes, bytes]

WEBSOCKET_MESSAGES = 100
ROUTES_FEW = 10
ROUTES_MANY = 1000


@dataclass(frozen=True)
class Workload:
    """One request, repeated. `app` names the builder of the application that answers it.

    `answer` is compared as JSON when `is_json`, otherwise byte for byte; None compares the status only.
    `ceiling` is a multiple of the bare ASGI function; `against_peers` marks what is compared with peers.
    """

    name: str
    title: str
    app: str = "main"
    method: str = "GET"
    path: str = "/"
    query: str = ""
    body: bytes = b""
    content_type: str = "application/json"
    status: int = 200
    answer: Optional[Any] = None
    is_json: bool = True
    expected_headers: Tuple[str, ...] = ()
    ceiling: Optional[float] = None
    against_peers: bool = False
    websocket: bool = False
    wire: bool = True

    @property
    def target(self) -> str:
        """The path with its query, as on the request line."""
        return self.path + ("?" + self.query if self.query else "")

    def headers(self, host: str) -> List[Header]:
        """What an ordinary API client sends: six headers, more where there is a body or an upgrade."""
        headers = [
            (b"host", host.encode()),
            (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
            (b"accept", b"application/json, text/plain, */*"),
            (b"accept-language", b"en-GB,en;q=0.8"),
            (b"accept-encoding", b"gzip, deflate, br"),
            (b"connection", b"Upgrade" if self.websocket else b"keep-alive"),
        ]
        if self.websocket:
            headers.append((b"upgrade", b"websocket"))
            headers.append((b"sec-websocket-key", b"dGhlIHNhbXBsZSBub25jZQ=="))
            headers.append((b"sec-websocket-version", b"13"))
        if self.body:
            headers.append((b"content-type", self.content_type.encode()))
            headers.append((b"content-length", b"%d" % len(self.body)))
        return headers

    def complaint(self, status: int, headers: Dict[str, str], body: bytes) -> Optional[str]:
        """What is wrong with an answer, or None."""
        if status != self.status:
            return "status %d instead of %d: %s" % (status, self.status, body[:80].decode("latin-1"))
        missing = [name for name in self.expected_headers if name not in headers]
        if missing:
            return "no header %s" % ", ".join(missing)
        if self.answer is None:
            return None
        try:
            got = json.loads(body) if self.is_json else body
        except ValueError:
            return "not JSON: %r" % body[:60]
        return None if got == self.answer else "another answer: %r" % body[:60]


def _routes(count: int, which: str, path: str, status: int = 200) -> Workload:
    return Workload(
        "routes%d-%s" % (count, which),
        "%s of %s routes" % (which, format(count, ",")),
        app="routes%d" % count,
        path=path,
        status=status,
        answer={"item_id": 5} if status == 200 else None,
        wire=count == ROUTES_MANY,
    )


BOUNDARY = "----benchmark0f1e2d3c4b5a"
FORM_FILE = bytes(range(256)) * 4096


def multipart(content: bytes, boundary: str = BOUNDARY) -> bytes:
    """A form with one file in it."""
    lines = [
        "--" + boundary,
        'Content-Disposition: form-data; name="file"; filename="a.bin"',
        "Content-Type: application/octet-stream",
        "\r\n",
    ]
    return "\r\n".join(lines).encode() + content + b"\r\n--%s--\r\n" % boundary.encode()


_ALL = [
    Workload(
        "plaintext",
        "plain text",
        path="/plaintext",
        answer=shop.TEXT.encode(),
        is_json=False,
        ceiling=4.0,
        against_peers=True,
    ),
    Workload("json", "JSON dict", path="/json", answer=shop.GREETING, ceiling=4.5, against_peers=True),
    Workload(
        "params",
        "path + 2 query parameters",
        path="/users/7/items",
        query="limit=20&q=chair",
        answer={"user_id": 7, "limit": 20, "q": "chair"},
        ceiling=9.0,
        against_peers=True,
    ),
    Workload(
        "body",
        "validated nested JSON body, echoed",
        method="POST",
        path="/orders",
        body=json.dumps(shop.ORDER).encode(),
        answer=shop.ORDER,
        ceiling=9.0,
        against_peers=True,
    ),
    Workload(
        "deps", "three async dependencies", path="/deps", answer=shop.CHAIN, ceiling=9.0, against_peers=True
    ),
    Workload("deps-blocking", "three dependencies, one blocking", path="/deps-blocking", answer=shop.CHAIN),
    Workload(
        "models", "list of 100 models", path="/models", answer=[item.model_dump() for item in shop.ITEMS]
    ),
    *(
        _routes(count, which, path, status)
        for count in (ROUTES_FEW, ROUTES_MANY)
        for which, path, status in (
            ("first", "/area0/items/5", 200),
            ("last", "/area%d/items/5" % (count - 1), 200),
            ("missing", "/nowhere/items/5", 404),
        )
    ),
    Workload(
        "middleware",
        "five middleware",
        app="middleware",
        path="/plaintext",
        answer=shop.TEXT.encode(),
        is_json=False,
        expected_headers=tuple("x-layer-%d" % n for n in range(shop.MIDDLEWARE)),
    ),
    Workload(
        "stream", "stream of 100 chunks", path="/stream", answer=shop.CHUNK * shop.CHUNKS, is_json=False
    ),
    Workload("websocket", "WebSocket: open, 100 echoes, close", path="/ws", websocket=True),
    Workload("missing", "404", path="/no/such/page", status=404),
    Workload(
        "dicts", "list of 100 dicts, undeclared", app="lists", path="/dicts", answer=shop.DICTS, wire=False
    ),
    Workload(
        "form",
        "form with a file of 1 MiB",
        app="lists",
        method="POST",
        path="/form",
        body=multipart(FORM_FILE),
        content_type="multipart/form-data; boundary=" + BOUNDARY,
        answer={"size": len(FORM_FILE)},
        wire=False,
    ),
]
WORKLOADS: Dict[str, Workload] = {workload.name: workload for workload in _ALL}
