"""Uploads: what can be done with a file that was sent."""

import io
import os
import stat
import zipfile
from pathlib import Path
from typing import Any, List

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microframe.http import uploads
from microframe.http.filenames import check_filename, clean_filename
from microframe.http.headers import Headers
from microframe.http.uploads import CHUNK, IN_MEMORY, Spool, UploadFile


def small(content: bytes = b"0123456789", filename: str = "x.txt") -> UploadFile:
    return UploadFile(io.BytesIO(content), size=len(content), filename=filename)


async def large(content: bytes) -> UploadFile:
    """An upload on the disk."""
    spool = Spool(0)
    await spool.add(content)
    assert spool.is_on_disk
    return UploadFile(await spool.finish(), size=spool.size)


@pytest.mark.parametrize("room", [0, 1000, IN_MEMORY])
async def test_what_arrives_in_pieces_of_any_size_is_whole(room: int) -> None:
    sizes = [IN_MEMORY + 1, 7, 0, IN_MEMORY - 9, 1, 1, 3, 100_000, 2 * IN_MEMORY, 5]
    pieces = [bytes([number]) * size for number, size in enumerate(sizes, 65)]
    for count in range(1, len(pieces) + 1):
        spool = Spool(room)
        for piece in pieces[:count]:
            await spool.add(piece)
        with await spool.finish() as file:
            assert file.read() == b"".join(pieces[:count])


async def test_reading_seeking_and_iterating() -> None:
    for upload in (small(), await large(b"0123456789")):
        assert (await upload.read(3), await upload.read(), await upload.read()) == (b"012", b"3456789", b"")
        await upload.seek(8)
        assert [piece async for piece in upload] == [b"89"]
        assert upload.file.seekable()
        await upload.close()
        assert upload.file.closed


async def test_it_is_iterated_in_pieces() -> None:
    upload = await large(b"a" * (CHUNK + 1))
    assert [len(piece) async for piece in upload] == [CHUNK, 1]
    await upload.close()


async def test_writing_counts_and_moves_to_the_disk() -> None:
    upload = small(b"12")
    await upload.seek(1)
    await upload.write(b"34")
    assert upload.size == 3
    await upload.write(b"5" * IN_MEMORY)
    assert not isinstance(upload.file, io.BytesIO)
    assert upload.size == IN_MEMORY + 3
    await upload.write(b"6")
    await upload.seek(0)
    assert await upload.read() == b"134" + b"5" * IN_MEMORY + b"6"
    await upload.close()


async def test_a_move_to_the_disk_that_fails_leaves_nothing_open(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: List[Any] = []

    class Full(io.BytesIO):
        def write(self, data: Any) -> int:
            raise OSError("full")

    def open_full() -> Any:
        opened.append(Full())
        return opened[-1]

    monkeypatch.setattr(uploads, "open_temporary", open_full)
    upload = small()
    with pytest.raises(OSError, match="full"):
        await upload.write(b"1" * IN_MEMORY + b"1")
    assert opened[0].closed
    assert await upload.read() == b"0123456789"


async def test_other_libraries_read_the_file() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("a.txt", "one")
    upload = await large(made.getvalue())
    with zipfile.ZipFile(upload.file) as archive:
        assert archive.read("a.txt") == b"one"
    await upload.close()


async def test_saving_under_a_name_that_nobody_can_guess(tmp_path: Path) -> None:
    upload = small()
    await upload.seek(4)
    first = await upload.save(tmp_path / "new" / "folder")
    second = await upload.save(str(tmp_path / "new" / "folder"))
    assert first.read_bytes() == second.read_bytes() == b"0123456789"
    assert first != second
    assert first.parent == tmp_path / "new" / "folder"
    assert len(first.name) == 32
    assert "." not in first.name
    assert await upload.read() == b"456789"


@pytest.mark.skipif(os.name == "nt", reason="modes are those of POSIX")
async def test_what_is_saved_is_its_owners_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        path = await small().save(tmp_path / "uploads")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_saving_under_a_name_of_ones_own(tmp_path: Path) -> None:
    path = await small(b"one").save(tmp_path, "a.txt")
    assert path == tmp_path / "a.txt"
    with pytest.raises(FileExistsError):
        await small(b"two").save(tmp_path, "a.txt")
    assert path.read_bytes() == b"one"
    assert await small(b"two").save(tmp_path, "a.txt", overwrite=True) == path
    assert path.read_bytes() == b"two"
    assert os.listdir(tmp_path) == ["a.txt"]


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
async def test_a_link_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.txt").symlink_to(outside)
    with pytest.raises(FileExistsError):
        await small().save(tmp_path / "folder", "a.txt")
    await small().save(tmp_path / "folder", "a.txt", overwrite=True)
    assert not outside.exists()


@pytest.mark.parametrize("overwrite", [False, True])
async def test_a_copy_that_fails_leaves_nothing_behind(tmp_path: Path, overwrite: bool) -> None:
    class Broken(io.BytesIO):
        def read(self, size: Any = -1) -> bytes:
            raise OSError("broken")

    upload = UploadFile(Broken(b"1"))
    with pytest.raises(OSError, match="broken"):
        await upload.save(tmp_path, "a.txt", overwrite=overwrite)
    assert os.listdir(tmp_path) == []


async def test_an_upload_made_by_hand() -> None:
    upload = UploadFile(
        io.BytesIO(b"1"), filename="C:\\fakepath\\x.txt", headers=Headers.of({"content-type": "a/b"})
    )
    assert (upload.filename, upload.size, upload.content_type) == ("x.txt", None, "a/b")
    assert UploadFile(io.BytesIO()).filename is None
    assert UploadFile(io.BytesIO()).content_type is None


def test_its_schema_is_that_of_bytes() -> None:
    from pydantic import TypeAdapter

    assert TypeAdapter(UploadFile).json_schema() == {
        "type": "string",
        "contentMediaType": "application/octet-stream",
    }


NAMES = {
    "plan.pdf": "plan.pdf",
    "../../x": "x",
    "..\\..\\x": "x",
    "/etc/passwd": "passwd",
    "C:\\x.txt": "x.txt",
    "C:x.txt": "x.txt",
    "a\0b": "a_b",
    "a\r\nb": "a_b".replace("_", "__"),
    "..": "",
    ".": "",
    "": "",
    "/": "",
    ".htaccess": "htaccess",
    "...x": "x",
    "x. . ": "x",
    " x ": "x",
    "CON": "_CON",
    "nul.txt": "_nul.txt",
    "CON .txt": "_CON .txt",
    "com¹": "_com¹",
    "conx": "conx",
    "%2e%2e%2fx": "%2e%2e%2fx",
    'a<b>c:d"e|f?g*h': "a_b_c_d_e_f_g_h",
    "a\u202etxt.exe": "a_txt.exe",
    "\ud800": "_",
    "né.txt": "né.txt",
}


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_name_is_made_harmless(name: str) -> None:
    assert clean_filename(name) == NAMES[name]
    assert clean_filename(NAMES[name]) == NAMES[name]


def test_a_long_name_keeps_its_extension() -> None:
    assert clean_filename("a" * 300 + ".txt") == "a" * 251 + ".txt"
    assert clean_filename("é" * 300 + ".txt") == "é" * 125 + ".txt"
    assert clean_filename("a." + "b" * 300) == "a." + "b" * 253
    assert clean_filename("nul." + "b" * 300) == "_nul." + "b" * 250


@given(st.one_of(st.text(), st.text(alphabet="con. \\/:é", min_size=1, max_size=600)))
def test_a_harmless_name_stays_as_it_is(name: str) -> None:
    clean = clean_filename(name)
    assert clean_filename(clean) == clean
    assert len(clean.encode()) <= 255
    assert not set(clean) & set("/\\:\0\n")
    assert clean.strip(". ") == clean


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a/b", "a\\b", ".hidden", "x ", "NUL", "a\n", "a:b", "b" * 256]
)
async def test_a_name_to_save_under_must_be_a_plain_one(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no plain name for a file"):
        await small().save(tmp_path / "uploads", name)
    assert not (tmp_path / "uploads").exists()
    assert check_filename("a-b.txt") == "a-b.txt"
