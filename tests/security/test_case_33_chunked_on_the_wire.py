"""Case 33 (CVE-2026-5766, CVE-2026-33034) on the wire: a chunked body is counted as it arrives."""

from typing import Iterator, List

import pytest

from microframe import AppConfig, Application, Request
from tests.scopes import call
from tests.wire import Served, served

LIMIT = 1000

app = Application(AppConfig(max_body_size=LIMIT))


@app.post("/raw")
async def raw(request: Request) -> int:
    return len(await request.body())


@app.post("/stream")
async def stream(request: Request) -> int:
    return sum([len(piece) async for piece in request.stream()])


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    with served(app) as running:
        yield running


def chunked(path: str, chunks: int, end: bytes = b"0\r\n\r\n") -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    return head + (b"64\r\n" + b"x" * 100 + b"\r\n") * chunks + end


@pytest.mark.parametrize("path", ["/raw", "/stream"])
def test_a_chunked_body_past_the_limit_is_a_413(server: Served, path: str) -> None:
    assert server.ask(chunked(path, 10)).body == b"1000"
    assert server.ask(chunked(path, 11)).status == 413


@pytest.mark.parametrize("path", ["/raw", "/stream"])
def test_a_chunked_body_without_an_end_is_answered_as_soon_as_it_is_too_long(
    server: Served, path: str
) -> None:
    assert server.ask(chunked(path, 11, end=b"")).status == 413


def test_what_follows_a_declared_length_is_no_part_of_the_body(server: Served) -> None:
    with server.connect() as wire:
        wire.send(b"POST /raw HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n" + b"x" * 2000)
        assert wire.answer().body in (b"10", b"Invalid HTTP request received.")


@pytest.mark.parametrize("path", ["/raw", "/stream"])
async def test_of_an_endless_body_no_more_is_taken_than_the_limit(path: str) -> None:
    sent: List[bytes] = []

    def endless() -> Iterator[bytes]:
        while True:
            sent.append(b" " * 100)
            yield sent[-1]

    answer = await call(app, path, ("transfer-encoding", "chunked"), method="POST", body=endless())
    assert (answer.status, answer.taken) == (413, LIMIT // 100 + 1)
