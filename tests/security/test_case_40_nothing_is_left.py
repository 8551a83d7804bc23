"""Case 40 (CVE-2025-47935, CVE-2025-47944, CVE-2026-3520): an upload that breaks leaves no file and no descriptor."""

import asyncio
import os
import tempfile
from pathlib import Path
from typing import Any, Dict, List, Mapping

import pytest

from microframe import Application, Request, UploadFile
from microframe.http.uploads import IN_MEMORY
from tests.forms import multipart, part
from tests.scopes import call
from tests.security.form_readers import FIELD, FILE, IS_MULTIPART, OPENING, STREAMED, WHOLE, build

ROUNDS = 50
DESCRIPTORS = Path("/proc/self/fd")

needs_proc = pytest.mark.skipif(not DESCRIPTORS.exists(), reason="counts descriptors in /proc")


def open_files() -> List[str]:
    """What this process has open below the folder of temporary files."""
    found: List[str] = []
    for name in os.listdir(DESCRIPTORS):
        try:
            found.append(os.readlink(DESCRIPTORS / name))
        except OSError:  # the one that lists the folder
            continue
    return [name for name in found if name.startswith(tempfile.gettempdir())]


HEAD = OPENING + FILE + b"a" * (2 * IN_MEMORY)


async def leave(app: Application, path: str, pieces: List[bytes], how: str) -> None:
    """Send a part of a body, then leave, or be cancelled."""
    sent = list(pieces)
    reached = asyncio.Event()

    async def receive() -> Dict[str, Any]:
        if sent:
            return {"type": "http.request", "body": sent.pop(0), "more_body": True}
        reached.set()
        if how == "cancelled":
            await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    async def send(message: Mapping[str, Any]) -> None:
        return None

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"testserver"), (b"content-type", IS_MULTIPART[1].encode())],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
    }
    task: asyncio.Future[None] = asyncio.ensure_future(app(scope, receive, send))
    await reached.wait()
    if how == "cancelled":
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    else:
        await task


@needs_proc
@pytest.mark.parametrize("how", ["disconnected", "cancelled"])
@pytest.mark.parametrize("path", ["/fields", "/request", "/parts"])
async def test_a_client_that_leaves_in_the_middle_leaves_nothing(path: str, how: str) -> None:
    app = build()
    before = open_files()
    for _ in range(ROUNDS if path == "/fields" else 5):
        await leave(app, path, [HEAD, b"b" * 1000], how)
    assert open_files() == before


@pytest.mark.soak
@needs_proc
async def test_so_it_is_a_thousand_times() -> None:
    app = build()
    before = open_files()
    for _ in range(1000):
        await leave(app, "/fields", [HEAD, b"b" * 1000], "disconnected")
    assert open_files() == before


@needs_proc
@pytest.mark.parametrize(
    "body",
    [
        [HEAD],
        [HEAD, b"\r\n", OPENING, b"garbage\r\n\r\n"],
        [HEAD, b"\r\n", OPENING, FIELD, b"a" * 2 * IN_MEMORY],
        [HEAD, b"\r\n", OPENING, FILE, b"a" * 9_000_000],
    ],
    ids=["no end", "malformed", "a field too large", "too large"],
)
async def test_a_form_that_is_refused_leaves_nothing(body: List[bytes]) -> None:
    app = build()
    before = open_files()
    for path in WHOLE:
        exchange = await call(app, path, IS_MULTIPART, method="POST", body=body)
        assert exchange.status in (400, 413)
    assert open_files() == before


@needs_proc
@pytest.mark.parametrize("fails", [False, True])
async def test_an_upload_is_closed_when_the_request_ends(fails: bool) -> None:
    app = Application()
    kept: List[UploadFile] = []

    @app.post("/")
    async def store(f: UploadFile, request: Request) -> None:
        kept.append(f)
        if fails:
            raise RuntimeError("the handler fails")

    before = open_files()
    body = [HEAD, b"\r\n", multipart()]
    exchange = await call(app, "/", IS_MULTIPART, method="POST", body=body)
    assert exchange.status == (500 if fails else 200)
    assert kept[0].file.closed
    assert open_files() == before


@pytest.mark.parametrize("path", WHOLE + STREAMED)
async def test_a_part_without_a_name_is_refused(path: str) -> None:
    for one in (part("", "1"), part("", ("x", b"1")), b"Content-Disposition: form-data\r\n\r\n1"):
        exchange = await call(build(), path, IS_MULTIPART, method="POST", body=[multipart(one)])
        assert (exchange.status, exchange.json["code"]) == (400, "malformed_form")


async def test_names_are_not_taken_apart() -> None:
    name = "a" + "[b]" * 1000
    exchange = await call(build(), "/data", IS_MULTIPART, method="POST", body=[multipart((name, "1"))])
    assert (exchange.status, exchange.json) == (200, 1)
