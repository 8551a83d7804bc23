"""Files over a real server: as curl and a video player ask for them, and cut off where they break."""

import contextlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import Iterator, List

import pytest

from microframe import Application, FileResponse, Response, StaticFiles
from microframe.http.files import CHUNK
from tests.wire import LIMIT, Served, eventually, get, served

LONG = bytes(range(256)) * (20 * CHUNK // 256) + b"the end"
MORE_THAN_FITS = 64 * 1024 * 1024
"""Bytes that no socket takes ahead of its reader; on the disk they are a hole."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("files")
    (made / "long.mp4").write_bytes(LONG)
    (made / "small.txt").write_bytes(b"small")
    return made


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Served]:
    app = Application()
    app.mount("/static", StaticFiles(directory=folder))

    @app.get("/shrinking")
    async def shrinking() -> Response:
        path = folder / "shrinking"
        path.touch()
        os.truncate(path, MORE_THAN_FITS)
        return FileResponse(path)

    with served(app) as running:
        yield running


def test_a_long_file_arrives_whole_and_the_connection_goes_on(server: Served) -> None:
    with server.connect() as wire:
        answer = wire.ask(get("/static/long.mp4"))
        assert (answer.status, answer.body == LONG) == (200, True)
        assert answer.header("content-type") == "video/mp4"
        assert answer.header("content-length") == str(len(LONG))
        assert wire.ask(get("/static/small.txt")).body == b"small"


def test_a_player_jumps_about(server: Served) -> None:
    with server.connect() as wire:
        first = wire.ask(get("/static/long.mp4", "Range: bytes=0-"))
        assert (first.status, first.header("content-range")) == (206, f"bytes 0-{len(LONG) - 1}/{len(LONG)}")
        etag = first.header("etag")
        for start in (len(LONG) - 7, 1_000_000, 3, CHUNK - 1, CHUNK):
            lines = (f"Range: bytes={start}-{start + 99_999}", f"If-Range: {etag}")
            part = wire.ask(get("/static/long.mp4", *lines))
            assert (part.status, part.body == LONG[start : start + 100_000]) == (206, True)
        assert wire.ask(get("/static/long.mp4", f"If-None-Match: {etag}")).status == 304
        refused = wire.ask(get("/static/long.mp4", f"Range: bytes={len(LONG)}-"))
        assert (refused.status, refused.header("content-range")) == (416, f"bytes */{len(LONG)}")
        head = wire.ask(get("/static/long.mp4", "Range: bytes=0-9").replace(b"GET", b"HEAD"), "HEAD")
        assert (head.status, head.header("content-length"), head.body) == (206, "10", b"")
        assert wire.ask(get("/static/small.txt")).body == b"small"


def test_a_file_that_shrinks_while_it_is_sent_is_cut_off(server: Served, folder: Path) -> None:
    with server.connect() as wire:
        wire.send(get("/shrinking"))
        start = wire.socket.recv(1000)
        assert start.startswith(b"HTTP/1.1 200 OK\r\n")
        os.truncate(folder / "shrinking", 0)
        arrived = len(start) + len(wire.rest())  # the connection is closed, short of its length
        assert arrived < MORE_THAN_FITS
    assert server.get("/static/small.txt").body == b"small"


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs /proc")
def test_a_client_that_leaves_in_the_middle_leaves_nothing_open(server: Served, folder: Path) -> None:
    def still_open() -> List[str]:
        held = []
        for number in os.listdir("/proc/self/fd"):
            with contextlib.suppress(OSError):
                held.append(os.readlink(f"/proc/self/fd/{number}"))
        return [name for name in held if name == str(folder / "long.mp4")]

    for _ in range(3):
        with server.connect() as wire:
            wire.send(get("/static/long.mp4"))
            wire.socket.recv(1000)
    eventually(lambda: not still_open())


def curl(server: Served, path: str, *arguments: str) -> bytes:
    command: List[str] = [
        "curl",
        "-sS",
        "--max-time",
        f"{LIMIT:.0f}",
        *arguments,
        f"http://127.0.0.1:{server.port}{path}",
    ]
    return subprocess.run(command, capture_output=True, check=True).stdout


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_curl_gets_what_it_asks_for(server: Served, tmp_path: Path) -> None:
    assert curl(server, "/static/long.mp4", "-r", "1000-1999") == LONG[1000:2000]
    assert curl(server, "/static/long.mp4", "-r", "-7") == b"the end"
    several = curl(server, "/static/long.mp4", "-r", "0-4,100-104")
    assert LONG[:5] in several
    assert LONG[100:105] in several
    half = tmp_path / "half"
    half.write_bytes(LONG[:3_000_000])
    curl(server, "/static/long.mp4", "-C", "-", "-o", str(half))
    assert half.read_bytes() == LONG
    kept = tmp_path / "etag"
    assert curl(server, "/static/small.txt", "--etag-save", str(kept)) == b"small"
    code = curl(server, "/static/small.txt", "--etag-compare", str(kept), "-w", "%{http_code}")
    assert code == b"304"
