"""Checklist 56: what somebody sends is looked at, kept under a name of ours, and taken apart within limits."""

import asyncio
import io
import os
import random
import stat
import struct
import zipfile
from pathlib import Path
from typing import Annotated, Any, Callable, Dict, List, Tuple

import pytest

from microframe import Application, File, UploadFile
from microframe.http.archives import (
    ArchiveLimits,
    ArchiveTooLargeException,
    UnsafeArchiveException,
    extract_zip,
)
from microframe.http.contents import KINDS, UnsupportedFileException, check_kind
from microframe.testing import TestClient
from tests.growth import assert_linear

# What it is ----------------------------------------------------------------------------------------------------------

BEGINNINGS: Dict[str, bytes] = {
    ".png": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
    ".jpg": b"\xff\xd8\xff\xe0\x00\x10JFIF",
    ".gif": b"GIF89a\x01\x00",
    ".webp": b"RIFF\x00\x00\x00\x00WEBPVP8 ",
    ".pdf": b"%PDF-1.7\n",
    ".zip": b"PK\x03\x04\x14\x00",
    ".gz": b"\x1f\x8b\x08\x00",
    ".mp3": b"ID3\x04\x00",
    ".mp4": b"\x00\x00\x00\x20ftypisom",
    ".avif": b"\x00\x00\x00\x20ftypavif",
    ".flac": b"fLaC\x00",
    ".wav": b"RIFF\x00\x00\x00\x00WAVEfmt ",
    ".woff2": b"wOF2\x00\x01",
    ".txt": b"Dear all,\n\nGr\xc3\xbc\xc3\x9fe",
    ".csv": b"a,b\r\n1,2\r\n",
    ".json": b'{"a": 1}',
}
REFUSED: List[Tuple[str, bytes]] = [
    ("page.png", b"<html><script>alert(1)</script>"),
    ("page.txt", b"<script>alert(1)</script>"),
    ("page.txt", b"\xef\xbb\xbf \n <!doctype html>"),
    ("program.jpg", b"MZ\x90\x00"),
    ("program.gif", b"\x7fELF\x02\x01"),
    ("script.png", b"#!/bin/sh\n"),
    ("program.txt", b"a\x00b"),
    ("latin.txt", b"Gr\xfc\xdfe"),
    ("picture.png.exe", BEGINNINGS[".png"]),
    ("picture.svg", b"<svg onload=alert(1)>"),
    ("picture", BEGINNINGS[".png"]),
    (".png", BEGINNINGS[".png"]),
    ("picture.png", b""),
    ("picture.png", BEGINNINGS[".jpg"]),
    ("sound.webp", BEGINNINGS[".wav"]),
    ("film.avif", BEGINNINGS[".mp4"]),
    ("late.png", b"x" * 100 + BEGINNINGS[".png"]),
]


@pytest.mark.parametrize("ending", sorted(BEGINNINGS))
def test_a_file_is_what_it_begins_like(ending: str) -> None:
    every = tuple(KINDS)
    assert check_kind(f"name{ending}", BEGINNINGS[ending], every)
    assert check_kind(f"NAME{ending.upper()}", BEGINNINGS[ending], [ending.upper()])
    for other in set(BEGINNINGS) - {ending, ".txt", ".csv", ".json"}:
        with pytest.raises(UnsupportedFileException):
            check_kind(f"name{other}", BEGINNINGS[ending], every)


@pytest.mark.parametrize(("name", "head"), REFUSED, ids=range(len(REFUSED)))
def test_what_is_something_else_is_refused(name: str, head: bytes) -> None:
    with pytest.raises(UnsupportedFileException):
        check_kind(name, head, tuple(KINDS))


def test_a_letter_that_is_cut_at_the_end_of_what_is_looked_at_is_no_fault() -> None:
    whole = "ü" * 3000
    for start in ("", "a"):
        assert check_kind("a.txt", (start + whole).encode(), [".txt"]) == "text/plain"


@pytest.mark.parametrize("endings", [[], [".exe"], ["png"], [".png", ".svg"]])
def test_an_ending_of_which_nothing_is_known_is_the_programs_mistake(endings: List[str]) -> None:
    with pytest.raises(ValueError, match="not known"):
        check_kind("a.png", BEGINNINGS[".png"], endings)


def app_in(folder: Path) -> Application:
    app = Application()

    @app.post("/picture")
    async def picture(file: Annotated[UploadFile, File()]) -> List[str]:
        kind = await file.require_type(".png", ".jpg")
        kept = await file.save(folder / "kept")
        return [kind, kept.name, (await file.read(4)).hex()]

    @app.post("/archive")
    async def archive(file: Annotated[UploadFile, File()]) -> List[str]:
        found = await file.extract(folder / "taken", max_files=3, max_size=5_000_000)
        return [str(path.relative_to(folder)) for path in found]

    return app


def send(client: TestClient, path: str, name: str, content: bytes) -> Any:
    return client.post(path, files={"file": (name, io.BytesIO(content), "image/png")})


def test_a_handler_says_what_it_takes(tmp_path: Path) -> None:
    client = TestClient(app_in(tmp_path))
    answer = send(client, "/picture", "../../evil.png", BEGINNINGS[".png"] + b"x" * 2_000_000)
    kind, name, head = answer.json()
    assert (kind, head, len(name)) == ("image/png", "89504e47", 32)
    assert name.isalnum()
    assert stat.S_IMODE((tmp_path / "kept").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "kept" / name).stat().st_mode) == 0o600
    refused = send(client, "/picture", "page.png", b"<html>")
    assert (refused.status_code, refused.json()["code"]) == (415, "unsupported_file")
    assert refused.json()["detail"] == "This file is not what is taken here: .png, .jpg."
    assert os.listdir(tmp_path / "kept") == [name]


# Archives ------------------------------------------------------------------------------------------------------------

LIMITS = ArchiveLimits(max_files=10, max_size=3_000_000, max_ratio=100)


def zipped(*entries: Any, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive of pairs of a name, or a `ZipInfo`, and its content."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return out.getvalue()


def with_mode(name: str, mode: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.create_system = 3
    entry.external_attr = mode << 16
    return entry


def renamed(content: bytes, old: bytes, new: bytes) -> bytes:
    assert len(old) == len(new)
    return content.replace(old, new)


def test_an_archive_is_taken_apart_for_its_owner_alone(tmp_path: Path) -> None:
    content = zipped(("a.txt", b"a"), ("folder/", b""), ("folder/b.txt", b"b" * 100_000))
    target = tmp_path / "deep" / "taken"
    found = extract_zip(io.BytesIO(content), target, LIMITS)
    assert [str(path.relative_to(target)) for path in found] == ["a.txt", "folder/b.txt"]
    assert found[1].read_bytes() == b"b" * 100_000
    for path in [target, *target.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)


PLACES = [
    *(
        "../a",
        "../../a",
        "a/../../b",
        "/etc/passwd",
        "//a",
        "a//b",
        "./a",
        "a/.",
        "..",
        ".",
        "C:a",
        "C:/a",
        "a:b",
    ),
    *(
        "\\a",
        "a\\b",
        "..\\a",
        ".hidden",
        "a/.git/config",
        "con",
        "NUL.txt",
        "a/aux",
        "a ",
        "a.",
        "a\nb",
        "a\tb",
    ),
    *("a\u202eb", "<a>", "a*", "x" * 300, "/".join("a" * 20), "%2e%2e/a\x01"),
]


@pytest.mark.parametrize("name", PLACES, ids=range(len(PLACES)))
def test_nothing_goes_anywhere_else(name: str, tmp_path: Path) -> None:
    target = tmp_path / "taken"
    with pytest.raises(UnsafeArchiveException):
        extract_zip(io.BytesIO(zipped(("good", b"x"), (name, b"x"))), target, LIMITS)
    assert os.listdir(tmp_path) == []


def test_a_name_that_is_cut_at_a_nul_is_none(tmp_path: Path) -> None:
    content = renamed(zipped(("good.txt_evil.php", b"x")), b"good.txt_evil.php", b"good.txt\x00evil.php")
    with pytest.raises(UnsafeArchiveException):
        extract_zip(io.BytesIO(content), tmp_path / "taken", LIMITS)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK])
def test_what_is_no_file_is_refused(kind: int, tmp_path: Path) -> None:
    content = zipped((with_mode("link", kind | 0o777), b"/etc/passwd"))
    with pytest.raises(UnsafeArchiveException, match="no file"):
        extract_zip(io.BytesIO(content), tmp_path / "taken", LIMITS)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    "names", [("a", "a"), ("a", "A"), ("a", "a/b"), ("a/b", "a"), ("a/", "a"), ("a", "a/")], ids=str
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_files_in_one_place_are_refused(names: Tuple[str, str], tmp_path: Path) -> None:
    with pytest.raises(UnsafeArchiveException):
        extract_zip(io.BytesIO(zipped(*((name, b"") for name in names))), tmp_path / "taken", LIMITS)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_ways_to_pack_are_not_taken(method: int, tmp_path: Path) -> None:
    with pytest.raises(UnsafeArchiveException, match="packed"):
        extract_zip(io.BytesIO(zipped(("a", b"a" * 100), method=method)), tmp_path / "taken", LIMITS)


def test_an_encrypted_one_is_refused(tmp_path: Path) -> None:
    content = bytearray(zipped(("a", b"a" * 100)))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + at] |= 1
    with pytest.raises(UnsafeArchiveException, match="encrypted"):
        extract_zip(io.BytesIO(bytes(content)), tmp_path / "taken", LIMITS)


def overlapping(count: int) -> bytes:
    """Many files that are all the same bytes of the archive."""
    one = bytearray(zipped(("aaaaaaaa", b"x" * 1000)))
    at = one.index(b"PK\x01\x02")
    local, record = bytes(one[:at]), bytes(one[at : one.index(b"PK\x05\x06")])
    records = b"".join(record.replace(b"aaaaaaaa", b"%08d" % number) for number in range(count))
    end = struct.pack(
        "<4s4H2LH", b"PK\x05\x06", 0, 0, count & 0xFFFF, count & 0xFFFF, len(records), len(local), 0
    )
    return local + records + end


TOO_LARGE: Dict[str, Callable[[], bytes]] = {
    "one file too many": lambda: zipped(*((f"{number}", b"x") for number in range(11))),
    "a thousand to one": lambda: zipped(("a", bytes(2_000_000))),
    "together too large": lambda: zipped(*((f"{n}", os.urandom(800_000)) for n in range(4))),
    "a list of thousands": lambda: overlapping(5_000),
}


@pytest.mark.parametrize("kind", sorted(TOO_LARGE))
def test_a_bomb_does_not_go_off(kind: str, tmp_path: Path) -> None:
    with pytest.raises(ArchiveTooLargeException):
        extract_zip(io.BytesIO(TOO_LARGE[kind]()), tmp_path / "taken", LIMITS)
    assert os.listdir(tmp_path) == []


def test_what_an_archive_says_of_its_sizes_is_not_believed(tmp_path: Path) -> None:
    content = bytearray(zipped(("a", bytes(5_000_000))))
    for mark, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<L", content, content.index(mark) + at, 10)
    with pytest.raises((ArchiveTooLargeException, UnsafeArchiveException)):
        extract_zip(io.BytesIO(bytes(content)), tmp_path / "taken", LIMITS)
    assert os.listdir(tmp_path) == []


def test_limits_are_met_exactly(tmp_path: Path) -> None:
    content = zipped(*((f"{number}", b"x" * 100) for number in range(10)), method=zipfile.ZIP_STORED)
    fits = ArchiveLimits(max_files=10, max_size=1000)
    assert len(extract_zip(io.BytesIO(content), tmp_path / "fits", fits)) == 10
    for limits in (ArchiveLimits(max_files=9, max_size=1000), ArchiveLimits(max_files=10, max_size=999)):
        with pytest.raises(ArchiveTooLargeException):
            extract_zip(io.BytesIO(content), tmp_path / "taken", limits)


def test_a_zip64_file_is_refused(tmp_path: Path) -> None:
    content = zipped(("a", b"a"))
    at = content.index(b"PK\x05\x06")
    large = content[:at] + struct.pack("<4sLQL", b"PK\x06\x07", 0, 0, 1) + content[at:]
    with pytest.raises(ArchiveTooLargeException, match="zip64"):
        extract_zip(io.BytesIO(large), tmp_path / "taken", LIMITS)


def test_whatever_is_sent_is_at_worst_refused(tmp_path: Path) -> None:
    seed = random.Random(56)
    whole = zipped(("a.txt", b"a" * 300), ("b/c.txt", os.urandom(200)), ("d/", b""))
    for number in range(600):
        content = bytearray(whole)
        for _ in range(seed.randrange(1, 6)):
            at = seed.randrange(len(content))
            content[at] = seed.randrange(256)
            if seed.random() < 0.2:
                del content[at : at + seed.randrange(40)]
            if not content:
                break
        target = tmp_path / str(number)
        try:
            extract_zip(io.BytesIO(bytes(content)), target, LIMITS)
        except (UnsafeArchiveException, ArchiveTooLargeException):
            assert not target.exists()
    for other in (b"", b"PK\x05\x06", b"x" * 100_000, whole[:-10]):
        with pytest.raises(UnsafeArchiveException):
            extract_zip(io.BytesIO(other), tmp_path / "taken", LIMITS)


def test_reading_the_list_of_an_archive_is_linear(tmp_path: Path) -> None:
    def work(content: bytes) -> None:
        with pytest.raises(ArchiveTooLargeException):
            extract_zip(io.BytesIO(content), tmp_path / "taken", LIMITS)

    assert_linear(overlapping, work, 2000)


def test_a_folder_that_is_there_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "mine").write_text("mine")
    with pytest.raises(FileExistsError):
        extract_zip(io.BytesIO(zipped(("a", b"a"))), tmp_path / "taken", LIMITS)
    assert os.listdir(tmp_path / "taken") == ["mine"]


def test_a_handler_takes_an_archive_apart(tmp_path: Path) -> None:
    client = TestClient(app_in(tmp_path))
    bomb = send(client, "/archive", "bomb.zip", zipped(("a", bytes(20_000_000))))
    assert (bomb.status_code, bomb.json()["code"]) == (413, "archive_too_large")
    other = send(client, "/archive", "no.zip", b"no zip file")
    assert (other.status_code, other.json()["code"]) == (400, "unsafe_archive")
    assert os.listdir(tmp_path) == []
    answer = send(client, "/archive", "yes.zip", zipped(("a.txt", b"a"), ("b/c.txt", b"c")))
    assert answer.json() == ["taken/a.txt", "taken/b/c.txt"]


async def test_who_leaves_while_an_archive_is_taken_apart_leaves_nothing(tmp_path: Path) -> None:
    content = zipped(*((f"{number}", os.urandom(200_000)) for number in range(10)))
    for turns in (0, 1):
        upload = UploadFile(io.BytesIO(content), filename="a.zip")
        taking = asyncio.ensure_future(upload.extract(tmp_path / "taken"))
        for _ in range(turns):
            await asyncio.sleep(0)
        taking.cancel()
        await asyncio.wait([taking])
        assert taking.cancelled()
        assert os.listdir(tmp_path) == []
