"""Case 32 (CVE-2025-54121): a file that goes to the disk does so in a thread, and others have their turn meanwhile."""

import threading
from pathlib import Path
from typing import Any, Iterator, List

import pytest

from microframe import Application, UploadFile
from microframe.http import uploads
from tests.scopes import call
from tests.security.form_readers import CLOSING, FILE, IS_MULTIPART, OPENING

PIECE = b"a" * 64 * 1024


class Watched:
    """A file that notes in which threads it is used."""

    def __init__(self, file: Any, threads: List[int]) -> None:
        self._file = file
        self._threads = threads

    def __getattr__(self, name: str) -> Any:
        if name in ("read", "write", "seek", "close", "tell", "truncate"):
            self._threads.append(threading.get_ident())
        return getattr(self._file, name)


async def test_only_threads_touch_the_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    threads: List[int] = []
    real = uploads.open_temporary

    def open_watched() -> Any:
        threads.append(threading.get_ident())
        return Watched(real(), threads)

    monkeypatch.setattr(uploads, "open_temporary", open_watched)
    app = Application()

    @app.post("/")
    async def show(f: UploadFile) -> int:
        await f.seek(5)
        await f.write(b"x")
        await f.save(tmp_path)
        return len(await f.read(10)) + len([piece async for piece in f])

    def body() -> Iterator[bytes]:
        yield OPENING + FILE
        for _ in range(80):
            yield PIECE
        yield CLOSING

    exchange = await call(app, "/", IS_MULTIPART, method="POST", body=body())
    assert exchange.status == 200, exchange.body
    assert len(threads) > 10
    assert threading.get_ident() not in threads
