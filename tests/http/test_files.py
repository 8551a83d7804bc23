"""Files as bodies: what is read is what was meant, or an error."""

import asyncio
import contextlib
import os
import threading
from pathlib import Path
from typing import Any, AsyncIterator, List

import pytest

from microframe.http.files import CHUNK, FileChanged, FileParts, FileSlice
from tests.wire import LIMIT


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "file"
    made.write_bytes(b"0123456789")
    return made


async def read(chunks: AsyncIterator[bytes]) -> List[bytes]:
    return [chunk async for chunk in chunks]


async def test_a_slice_is_read_from_its_offset(path: Path) -> None:
    assert await read(FileSlice(path, 2, 5).chunks()) == [b"23456"]
    assert await read(FileSlice(path, 2, 0).chunks()) == []


async def test_a_long_file_is_read_in_pieces(tmp_path: Path) -> None:
    (tmp_path / "long").write_bytes(bytes(2 * CHUNK + 1))
    chunks = await read(FileSlice(tmp_path / "long", 0, 2 * CHUNK + 1).chunks())
    assert [len(chunk) for chunk in chunks] == [CHUNK, CHUNK, 1]


async def test_parts_are_read_with_what_stands_between_them(path: Path) -> None:
    parts = FileParts(path, (b"<", (0, 2), b"|", (8, 2), b">"), 7)
    assert b"".join(await read(parts.chunks())) == b"<01|89>"
    assert b"".join([chunk async for chunk in parts]) == b"<01|89>"


async def test_a_file_that_has_become_shorter_is_an_error_before_a_byte_is_read(path: Path) -> None:
    with pytest.raises(FileChanged, match="changed"):
        await read(FileSlice(path, 5, 6).chunks())


async def test_another_file_in_its_place_is_an_error(path: Path) -> None:
    seen = path.stat()
    same = FileSlice(path, 0, 5, seen)
    assert await read(same.chunks()) == [b"01234"]
    os.utime(path, ns=(0, seen.st_mtime_ns + 1))
    with pytest.raises(FileChanged):
        await read(same.chunks())


async def test_a_file_that_becomes_shorter_while_it_is_read_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "long"
    path.write_bytes(bytes(2 * CHUNK))
    chunks = FileSlice(path, 0, 2 * CHUNK).chunks()
    assert len(await chunks.__anext__()) == CHUNK
    os.truncate(path, CHUNK + 1)
    with pytest.raises(FileChanged):
        await chunks.__anext__()


async def test_a_folder_and_a_missing_file_are_errors(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        await read(FileSlice(tmp_path, 0, 1).chunks())
    with pytest.raises(FileNotFoundError):
        await read(FileSlice(tmp_path / "none", 0, 1).chunks())
    with pytest.raises(ValueError, match="no regular file"):
        await read(FileSlice("/dev/null", 0, 0).chunks())


def open_files() -> List[Path]:
    """What this process has open, where the system tells."""
    found = []
    for descriptor in Path("/proc/self/fd").glob("*"):
        with contextlib.suppress(OSError):
            found.append(Path(os.readlink(descriptor)))
    return found


async def test_a_reader_that_stops_leaves_nothing_open(path: Path) -> None:
    chunks = FileParts(path, ((0, 2), (2, 2)), 4).chunks()
    assert await chunks.__anext__() == b"01"
    assert path.resolve() in open_files() or not os.path.isdir("/proc/self/fd")
    await chunks.aclose()  # type: ignore[attr-defined]
    assert path.resolve() not in open_files()


async def test_a_file_opened_while_its_reader_is_cancelled_is_closed(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opening, go_on = threading.Event(), threading.Event()
    opened: List[Any] = []
    real_open = open

    def slow_open(*arguments: Any, **options: Any) -> Any:
        opening.set()
        go_on.wait(LIMIT)
        opened.append(real_open(*arguments, **options))
        return opened[0]

    monkeypatch.setattr("builtins.open", slow_open)
    task = asyncio.ensure_future(read(FileSlice(path, 0, 5).chunks()))
    while not opening.is_set():
        await asyncio.sleep(0)
    task.cancel()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [file.closed for file in opened] == [True]
