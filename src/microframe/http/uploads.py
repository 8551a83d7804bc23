"""Uploads: a file that a form carries, in memory while it is small and in a temporary file when it is not."""

import errno
import io
import os
import secrets
from pathlib import Path
from typing import Any, AsyncIterator, BinaryIO, Callable, Final, List, Optional, TypeVar, Union

from microframe.concurrency import run_in_threadpool
from microframe.exceptions import StatusException
from microframe.http.filenames import check_filename, clean_filename
from microframe.http.headers import Headers

T = TypeVar("T")

IN_MEMORY: Final = 1024 * 1024
"""The most bytes of one file that stay in memory; also how much is written to a disk at once."""

CHUNK: Final = 256 * 1024


FILE_SCHEMA: Final = {"type": "string", "contentMediaType": "application/octet-stream"}
"""How a JSON Schema says that something is a file, as FastAPI has it."""


class UploadStorageException(StatusException):
    """There is no room for this upload."""

    status = 507


class UploadFile:
    """A file that was sent. It closes, and its temporary file is gone, when the request ends.

    What may wait for a disk runs in a thread, so an event loop never does. Background tasks may still read it.
    """

    def __init__(
        self,
        file: BinaryIO,
        *,
        size: Optional[int] = None,
        filename: Optional[str] = None,
        headers: Optional[Headers] = None,
    ) -> None:
        self.file = file
        """The file itself, for who reads it in a thread: seekable, at its beginning."""
        self.size = size
        """Its length in bytes."""
        self.filename = None if filename is None else clean_filename(filename)
        """What its sender calls it: the last part of the name alone, and nothing that a disk would take amiss.
        A name to show, not one to store a file under: anybody may send it."""
        self.headers = Headers() if headers is None else headers
        """The headers of its part of the form."""

    @property
    def content_type(self) -> Optional[str]:
        """What its sender says it is. Nobody has looked."""
        return self.headers.get("content-type")

    async def read(self, size: int = -1) -> bytes:
        """The next `size` bytes, or all that is left."""
        return await self._do(lambda: self.file.read(size))

    async def write(self, data: bytes) -> None:
        """Write where the file stands. One that is in memory moves to the disk when it has become too large."""
        is_large = isinstance(self.file, io.BytesIO) and self.file.tell() + len(data) > IN_MEMORY

        def write() -> int:
            if is_large:
                self.file = move_to_disk(self.file)
            self.file.write(data)
            return self.file.tell()

        end = await (run_in_threadpool(write) if is_large else self._do(write))
        self.size = max(self.size or 0, end)

    async def seek(self, offset: int) -> None:
        """Go to the byte at `offset`: the next one that is read or written."""
        await self._do(lambda: self.file.seek(offset))

    async def close(self) -> None:
        """Close it now; otherwise the end of the request does."""
        await self._do(lambda: self.file.close())

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """What is left of it, in pieces."""
        while True:
            piece = await self.read(CHUNK)
            if not piece:
                return
            yield piece

    async def save(
        self,
        folder: Union[str, "os.PathLike[str]"],
        name: Optional[str] = None,
        *,
        overwrite: bool = False,
    ) -> Path:
        """Keep a copy of the whole file in a folder, and tell where; a folder that is not there is made.

        Without a name it gets one that nobody can guess and that says nothing, which is safe whatever was sent. Folder
        and file are their owner's alone (0700 and 0600). A copy that fails leaves nothing behind.

        Raises:
            ValueError: the name is no plain file name: it has a folder in it, is hidden, or means a device on Windows.
            FileExistsError: there is such a file, and `overwrite` is not set.
        """
        final = Path(folder) / (secrets.token_hex(16) if name is None else check_filename(name))
        target = final.with_name(secrets.token_hex(16)) if overwrite else final
        made: List[Path] = []

        def copy() -> None:
            os.makedirs(folder, mode=0o700, exist_ok=True)
            with os.fdopen(os.open(target, NEW, 0o600), "wb") as out:
                made.append(target)
                copy_all(self.file, out)
            if overwrite:
                os.replace(target, final)

        try:
            await run_in_threadpool(copy)
        except BaseException:
            await run_in_threadpool(remove, made)
            raise
        return final

    async def require_type(self, *endings: str) -> str:
        """See that this is one of these kinds of file, by its name and by how it begins, and give its media type.

        `await file.require_type(".png", ".jpg")`. It is a look at the beginning, and no proof of the rest.

        Raises:
            ValueError: nothing is known of how files of such an ending begin.
            UnsupportedFileException: it is another kind of file (415).
        """
        from microframe.http.contents import FIRST, check_kind

        def look() -> bytes:
            at = self.file.tell()
            self.file.seek(0)
            head = self.file.read(FIRST)
            self.file.seek(at)
            return head

        return check_kind(self.filename, await self._do(look), endings)

    async def extract(
        self,
        folder: Union[str, "os.PathLike[str]"],
        *,
        max_files: int = 1_000,
        max_size: int = 100_000_000,
        max_ratio: float = 100.0,
    ) -> List[Path]:
        """Take a zip file apart into a folder that is made for it, and tell where each file of it is.

        What comes out is counted: files, their bytes together, and how many come out of each that went in. Folders and
        files are their owner's alone. One that fails leaves nothing behind.

        Raises:
            FileExistsError: the folder is there already.
            UnsafeArchiveException: it is no zip file, or something in it is no plain file in a plain place (400).
            ArchiveTooLargeException: there is too much in it (413).
        """
        from microframe.http.archives import ArchiveLimits, extract_zip, remove_all

        limits, target = ArchiveLimits(max_files, max_size, max_ratio), Path(folder)
        made: List[Path] = []

        def take_apart() -> List[Path]:
            written = extract_zip(self.file, target, limits)
            made.append(target)
            return written

        try:
            return await run_in_threadpool(take_apart)
        except BaseException:  # cancelled, while the thread went on
            for path in made:
                await run_in_threadpool(remove_all, path)
            raise

    async def _do(self, work: Callable[[], T]) -> T:
        """Work with the file: at once where it is in memory, else in a thread."""
        if isinstance(self.file, io.BytesIO):
            return work()
        return await run_in_threadpool(work)

    def __repr__(self) -> str:
        return f"UploadFile(filename={self.filename!r}, size={self.size}, content_type={self.content_type!r})"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(refuse_others)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> Any:
        return dict(FILE_SCHEMA)


NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


def refuse_others(value: Any) -> UploadFile:
    """For models with files in them."""
    if not isinstance(value, UploadFile):
        raise ValueError(f"Expected UploadFile, received: {type(value)}")
    return value


def copy_all(file: BinaryIO, out: BinaryIO) -> None:
    import shutil

    at = file.tell()
    file.seek(0)
    try:
        shutil.copyfileobj(file, out, CHUNK)
    finally:
        file.seek(at)


def remove(paths: List[Path]) -> None:
    for path in paths:
        if path.exists():
            path.unlink()


def open_temporary() -> BinaryIO:
    """A file that is gone when it is closed, or when the process ends however it may: it has no name on POSIX."""
    import tempfile

    return tempfile.TemporaryFile()


def move_to_disk(file: BinaryIO) -> BinaryIO:
    """The same bytes in a temporary file, which stands where this one stood."""
    moved = open_temporary()
    try:
        copy_all(file, moved)
        moved.seek(file.tell())
    except BaseException:
        moved.close()
        raise
    return moved


class Spool:
    """Where one file is put as it arrives: in memory as long as there is room for it, then on the disk.

    `room` is how many bytes may be in memory.
    """

    def __init__(self, room: int) -> None:
        self.size = 0
        self._room = min(room, IN_MEMORY)
        self._waiting = io.BytesIO()
        """What is not on the disk, up to where it stands; what is behind was written already. Memory is used again:
        new memory costs as much as writing it."""
        self._file: Optional[BinaryIO] = None

    @property
    def is_on_disk(self) -> bool:
        return self._file is not None

    async def add(self, piece: bytes) -> None:
        self._waiting.write(piece)
        self.size += len(piece)
        # Pieces are small, and a thread costs as much as writing many of them: they go there together.
        if self._waiting.tell() > (self._room if self._file is None else IN_MEMORY):
            await run_in_threadpool(self._write)

    async def finish(self) -> BinaryIO:
        """The whole file, at its beginning."""
        if self._file is None:
            self._waiting.seek(0)
            return self._waiting
        await run_in_threadpool(self._write)
        self._waiting = io.BytesIO()
        return self._file

    async def close(self) -> None:
        """Forget what came."""
        # Not emptied: a thread may be writing from it yet.
        self._waiting = io.BytesIO()
        if self._file is not None:
            await run_in_threadpool(self._file.close)

    def _write(self) -> None:
        waiting = self._waiting
        try:
            if self._file is None:
                self._file = open_temporary()
            self._file.seek(0, os.SEEK_END)
            with waiting.getbuffer() as used, used[: waiting.tell()] as held:
                self._file.write(held)
            self._file.seek(0)
        except OSError as exc:
            if exc.errno in NO_ROOM:
                raise UploadStorageException() from exc
            raise
        waiting.seek(0)


NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE})
