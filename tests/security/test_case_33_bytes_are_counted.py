"""Case 33 (CVE-2026-5766, CVE-2026-33034): a body is as large as it is, not as large as it says."""

from typing import Annotated, Any, Dict, List, Sequence, Tuple

import pytest
from pydantic import BaseModel

from microframe import Application, Body, Request
from microframe.http.responses import PlainTextResponse, Response

LIMIT = 1000


class Model(BaseModel):
    text: str


def build() -> Application:
    """Every way there is to read a body."""
    app = Application(max_body_size=LIMIT)

    @app.post("/model")
    async def model(value: Model) -> int:
        return len(value.text)

    @app.post("/field")
    async def field(value: Annotated[Model, Body(embed=True)]) -> int:
        return len(value.text)

    @app.post("/dict")
    async def mapping(value: Dict[str, Any]) -> int:
        return len(value)

    @app.post("/bytes")
    async def raw(value: Annotated[bytes, Body()]) -> int:
        return len(value)

    @app.post("/body")
    async def body(request: Request) -> int:
        return len(await request.body())

    @app.post("/json")
    async def json(request: Request) -> str:
        return type(await request.json()).__name__

    @app.post("/stream")
    async def stream(request: Request) -> int:
        return sum([len(piece) async for piece in request.stream()])

    inner = Application()

    @inner.post("/model")
    async def inner_model(value: Model) -> int:
        return len(value.text)

    app.mount("/mounted", inner)
    app.mount("/endpoint", echo)
    return app


async def echo(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


PATHS = ["/model", "/field", "/dict", "/bytes", "/body", "/json", "/stream", "/mounted/model", "/endpoint/x"]


class Server:
    """Sends a body in pieces, whatever its headers say, and counts those that are asked for."""

    def __init__(self, pieces: Sequence[bytes], headers: Sequence[Tuple[bytes, bytes]]) -> None:
        self.pieces = list(pieces)
        self.headers = [(b"host", b"x"), (b"content-type", b"application/json"), *headers]
        self.sent: List[Any] = []
        self.taken = 0

    async def receive(self) -> Any:
        self.taken += 1
        piece = self.pieces.pop(0) if self.pieces else b""
        return {"type": "http.request", "body": piece, "more_body": bool(self.pieces)}

    async def send(self, message: Any) -> None:
        self.sent.append(message)

    async def ask(self, app: Application, path: str) -> int:
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": self.headers,
            "client": None,
            "server": None,
        }
        await app(scope, self.receive, self.send)
        status: int = self.sent[0]["status"]
        return status


def pieces(size: int, count: int = 20) -> List[bytes]:
    """A body of JSON that is right for nobody, in pieces of the same size."""
    return [b'"' + b"a" * (size // count - 2) + b'"'] * count


CHUNKED = [(b"transfer-encoding", b"chunked")]
UNDERSTATED = [(b"content-length", b"10")]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("headers", [CHUNKED, UNDERSTATED, []], ids=["chunked", "understated", "silent"])
async def test_a_body_that_hides_its_size_is_refused_when_it_passes_the_limit(
    path: str, headers: Sequence[Tuple[bytes, bytes]]
) -> None:
    server = Server(pieces(10 * LIMIT), headers)
    assert await server.ask(build(), path) == 413
    assert server.taken <= 3, "nothing is read behind the limit"


@pytest.mark.parametrize("path", PATHS)
async def test_one_that_says_it_is_too_large_is_refused_unread(path: str) -> None:
    server = Server(pieces(10 * LIMIT), [(b"content-length", str(10 * LIMIT).encode())])
    assert await server.ask(build(), path) == 413
    assert server.taken <= 1


@pytest.mark.parametrize("path", PATHS)
async def test_one_piece_that_is_too_large_is_refused_too(path: str) -> None:
    server = Server([b'"' + b"a" * LIMIT], [])
    assert await server.ask(build(), path) == 413


@pytest.mark.parametrize("overstated", [b"999", b"0", b"10"])
async def test_what_the_headers_say_changes_nothing_below_the_limit(overstated: bytes) -> None:
    body = b'{"text": "' + b"a" * 500 + b'"}'
    server = Server([body[:300], body[300:]], [(b"content-length", overstated)])
    assert await server.ask(build(), "/model") == 200
    assert server.sent[1]["body"] == b"500"


@pytest.mark.parametrize("size", [b"-1", b"1e3", b"x" * 50, b"9" * 5000, "٣".encode(), b""])
async def test_a_size_that_is_none_breaks_nothing(size: bytes) -> None:
    server = Server([b'{"text": "a"}', b""], [(b"content-length", size)])
    assert await server.ask(build(), "/model") in (200, 400, 413)
