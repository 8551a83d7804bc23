"""Archives: zip files that somebody has sent, taken apart within limits, and nowhere but where they should."""

import os
import stat
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, List, Set
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from microframe.exceptions import BadRequestException, PayloadTooLargeException
from microframe.http.filenames import check_filename

CHUNK: Final = 64 * 1024
FREE: Final = 1024 * 1024
"""Bytes that may come out whatever the ratio: short files shrink a lot and harm nobody."""
DEEPEST: Final = 16
"""Folders in each other."""
PER_ENTRY: Final = 512
"""Bytes of the list at the end of an archive that one file may take on average, its name included."""
END: Final = struct.Struct("<4s4H2LH")
END_MARK: Final = b"PK\x05\x06"
LARGE_MARK: Final = b"PK\x06\x07"
LONGEST_COMMENT: Final = 65_535
ENCRYPTED: Final = 0x1
DAMAGED: Final = (
    BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    ValueError,
    OverflowError,
    struct.error,
)
"""What reading a zip file raises that is none."""
NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


class UnsafeArchiveException(BadRequestException):
    """This archive cannot be taken apart: {reason}."""

    code = "unsafe_archive"


class ArchiveTooLargeException(PayloadTooLargeException):
    """There is more in this archive than is taken here: {reason}."""

    code = "archive_too_large"


@dataclass(frozen=True)
class ArchiveLimits:
    """How much may come out of an archive; what comes is counted, and nothing is believed that it says of itself."""

    max_files: int = 1_000
    max_size: int = 100_000_000
    """Bytes of all files together."""
    max_ratio: float = 100.0
    """Bytes that come out for each that went in, of every file."""


def extract_zip(file: BinaryIO, folder: Path, limits: ArchiveLimits) -> List[Path]:
    """Write the files of a zip file into a folder that must not be there yet, and tell where each of them is.

    Folders and files are their owner's alone (0700 and 0600). It blocks. When it fails, nothing is left.

    Raises:
        FileExistsError: the folder is there.
        UnsafeArchiveException: it is no zip file, or has something in it that is no plain file in a plain place.
        ArchiveTooLargeException: there is too much in it.
    """
    check_list(file, limits)
    os.makedirs(folder.parent, mode=0o700, exist_ok=True)
    os.mkdir(folder, 0o700)
    try:
        with ZipFile(file) as archive:
            return write_all(archive, folder, limits)
    except DAMAGED as exc:
        remove_all(folder)
        raise UnsafeArchiveException(reason="it is damaged") from exc
    except BaseException:
        remove_all(folder)
        raise


def check_list(file: BinaryIO, limits: ArchiveLimits) -> None:
    """See that the list of files at the end is not so long that only reading it would take too much."""
    end = file.seek(0, os.SEEK_END)
    start = max(end - END.size - LONGEST_COMMENT, 0)
    file.seek(start)
    tail = file.read()
    at = tail.rfind(END_MARK)
    if at < 0 or len(tail) - at < END.size:
        raise UnsafeArchiveException(reason="it is no zip file")
    if tail[max(at - 20, 0) : at].startswith(LARGE_MARK):
        raise ArchiveTooLargeException(reason="it is a zip64 file")
    entries, size = END.unpack_from(tail, at)[4:6]
    if entries > limits.max_files or size > limits.max_files * PER_ENTRY:
        raise ArchiveTooLargeException(reason=f"more than {limits.max_files} files")
    file.seek(0)


def write_all(archive: ZipFile, folder: Path, limits: ArchiveLimits) -> List[Path]:
    written: List[Path] = []
    seen: Set[str] = set()
    left = limits.max_size
    entries = archive.infolist()
    if len(entries) > limits.max_files:
        raise ArchiveTooLargeException(reason=f"more than {limits.max_files} files")
    for entry in entries:
        parts = checked_parts(entry)
        name = "/".join(parts).lower()
        if name in seen:
            raise UnsafeArchiveException(reason="two files have one name")
        seen.add(name)
        target = folder.joinpath(*parts)
        if entry.is_dir():
            make_folder(target)
            continue
        make_folder(target.parent)
        left -= write_one(archive, entry, target, min(left, most_of(entry, limits)))
        written.append(target)
    return written


def make_folder(path: Path) -> None:
    try:
        os.makedirs(path, mode=0o700, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as exc:
        raise UnsafeArchiveException(reason="a file in it is a folder too") from exc


def most_of(entry: ZipInfo, limits: ArchiveLimits) -> int:
    return max(int(entry.compress_size * limits.max_ratio), FREE)


def checked_parts(entry: ZipInfo) -> List[str]:
    """Where a file goes, part by part; each is a plain name."""
    # What `ZipFile` makes of a name is another one: it cuts at a NUL, and turns separators of the system around.
    name = entry.orig_filename
    parts = name.rstrip("/").split("/")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise UnsafeArchiveException(reason="there is something in it that is no file")
    if entry.flag_bits & ENCRYPTED:
        raise UnsafeArchiveException(reason="it is encrypted")
    if entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise UnsafeArchiveException(reason="it is packed in a way that is not taken here")
    if len(parts) > DEEPEST:
        raise UnsafeArchiveException(reason="its folders are too deep")
    try:
        return [check_filename(part) for part in parts]
    except ValueError as exc:
        raise UnsafeArchiveException(reason="a name in it is none") from exc


def write_one(archive: ZipFile, entry: ZipInfo, target: Path, most: int) -> int:
    """Write one file of at most so many bytes; how many they were."""
    size = 0
    try:
        out = os.fdopen(os.open(target, NEW, 0o600), "wb")
    except (FileExistsError, NotADirectoryError) as exc:
        raise UnsafeArchiveException(reason="two files have one name") from exc
    with out, archive.open(entry) as packed:
        while True:
            piece = packed.read(CHUNK)
            if not piece:
                return size
            size += len(piece)
            if size > most:
                raise ArchiveTooLargeException(reason="more comes out of it than went in, or than may")
            out.write(piece)


def remove_all(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)
