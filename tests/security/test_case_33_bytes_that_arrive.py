"""Case 33 (CVE-2026-5766, CVE-2026-33034): a body is measured by the bytes that arrive, whatever was declared."""

from typing import Annotated, Any, Dict, Iterator, List, Tuple

import pytest

from microframe import AppConfig, Application, Body, Request
from tests.scopes import call
from tests.wire import served

LIMIT = 1000

app = Application(AppConfig(max_body_size=LIMIT))


@app.post("/raw")
async def raw(request: Request) -> int:
    return len(await request.body())


@app.post("/stream")
async def stream(request: Request) -> int:
    return sum([len(piece) async for piece in request.stream()])


@app.post("/bytes")
async def as_bytes(body: Annotated[bytes, Body()]) -> int:
    return len(body)


@app.post("/json")
async def as_json(body: Dict[str, Any]) -> int:
    return len(body)


@app.post("/read")
async def read(request: Request) -> object:
    return await request.json()


READERS = ["/raw", "/stream", "/bytes", "/json", "/read"]
JSON = ("content-type", "application/json")
DECLARED: List[Tuple[str, str]] = [
    ("transfer-encoding", "chunked"),
    ("content-length", "10"),
    ("content-length", "0"),
    ("content-length", "-1"),
    ("content-length", "x"),
]


def endless() -> Iterator[bytes]:
    while True:
        yield b" " * 100


@pytest.mark.parametrize("path", READERS)
@pytest.mark.parametrize("declared", DECLARED, ids=lambda pair: ":".join(pair))
async def test_a_body_longer_than_declared_is_a_413_for_every_reader(
    path: str, declared: Tuple[str, str]
) -> None:
    answer = await call(app, path, JSON, declared, method="POST", body=endless())
    assert answer.status == 413
    assert answer.taken == LIMIT // 100 + 1


@pytest.mark.parametrize("path", READERS)
async def test_a_body_without_any_declaration_is_counted_too(path: str) -> None:
    assert (await call(app, path, JSON, method="POST", body=endless())).status == 413
    whole = await call(app, path, JSON, method="POST", body=[b" " * (LIMIT + 1)])
    assert whole.status == 413
    fits = await call(app, path, JSON, method="POST", body=[b"{", b" " * (LIMIT - 2), b"}"])
    assert fits.status == 200


def test_a_chunked_body_past_the_limit_is_a_413_on_the_wire() -> None:
    head = b"POST /raw HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    with served(app) as server:
        assert server.ask(head + b"64\r\n" + b"x" * 100 + b"\r\n0\r\n\r\n").body == b"100"
        assert server.ask(head + (b"64\r\n" + b"x" * 100 + b"\r\n") * 11 + b"0\r\n\r\n").status == 413
        assert server.ask(head + (b"64\r\n" + b"x" * 100 + b"\r\n") * 11).status == 413
