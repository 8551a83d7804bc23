"""Files as bodies: parts of a file that the edge sends the cheapest way it knows."""

import os
from dataclasses import dataclass, field
from stat import S_ISREG
from typing import AsyncIterator, BinaryIO, List, Optional, Sequence, Tuple, Union

from microframe.concurrency import run_in_threadpool

Path = Union[str, "os.PathLike[str]"]
Part = Union[bytes, Tuple[int, int]]
"""Bytes as they are, or what to read of the file: offset and length."""

CHUNK = 256 * 1024
"""What is read at once: more saves little, and every download holds as much."""


class FileChanged(RuntimeError):
    """A file is not, or no longer, what its answer says of it."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{os.fspath(path)!r} has changed since it was described")


@dataclass(frozen=True)
class FileSlice:
    """`length` bytes of the file at `path`, from `offset`. The file is opened when it is sent.

    With `stat`, what the file was when it was described, another file in its place is noticed before it is sent.
    """

    path: Path
    offset: int
    length: int
    stat: Optional[os.stat_result] = field(default=None, compare=False, repr=False)

    @property
    def parts(self) -> Tuple[Part, ...]:
        return ((self.offset, self.length),)

    def chunks(self) -> AsyncIterator[bytes]:
        """The bytes in pieces, read in a thread.

        Raises:
            FileChanged: there are fewer than `length` of them by now.
        """
        return read_parts(self)


@dataclass(frozen=True)
class FileParts:
    """Several parts of one file, with other bytes between them; `length` is that of it all."""

    path: Path
    parts: Tuple[Part, ...]
    length: int
    stat: Optional[os.stat_result] = field(default=None, compare=False, repr=False)

    def chunks(self) -> AsyncIterator[bytes]:
        """The same as of a `FileSlice`."""
        return read_parts(self)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self.chunks()


FileBody = Union[FileSlice, FileParts]


async def read_parts(body: FileBody) -> AsyncIterator[bytes]:
    opened: List[OpenFile] = []  # also where this is cancelled while the thread opens it
    try:
        await run_in_threadpool(lambda: opened.append(OpenFile(body.path)))
        if not is_as_described(body, opened[0].stat):
            raise FileChanged(body.path)
        async for chunk in opened[0].chunks(body.parts):
            yield chunk
    finally:
        for file in opened:
            await run_in_threadpool(file.close)


class OpenFile:
    """A file that is open, and `stat`, what it was then.

    Raises:
        OSError: it cannot be opened.
        ValueError: it is no regular file.
    """

    __slots__ = ("file", "path", "stat")

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file: BinaryIO = open(path, "rb", buffering=0)  # noqa: SIM115 - closed by whoever reads it
        self.stat = os.fstat(self.file.fileno())
        if not S_ISREG(self.stat.st_mode):
            self.file.close()
            raise ValueError(f"{os.fspath(path)!r} is no regular file")

    def read(self, offset: int, count: int) -> bytes:
        """Exactly so many bytes; blocking.

        Raises:
            FileChanged: there are not as many.
        """
        self.file.seek(offset)
        data = self.file.read(count)
        if len(data) != count:
            raise FileChanged(self.path)
        return data

    async def chunks(self, parts: Sequence[Part]) -> AsyncIterator[bytes]:
        """Parts of the file in pieces, read in a thread."""
        for part in parts:
            if isinstance(part, bytes):
                yield part
                continue
            offset, left = part
            while left > 0:
                count = min(CHUNK, left)
                yield await run_in_threadpool(self.read, offset, count)
                offset += count
                left -= count

    def close(self) -> None:
        self.file.close()


def is_as_described(body: FileBody, found: os.stat_result) -> bool:
    """Whether a file, open now, has what a body wants of it, and still the version that its tag tells of."""
    if body.stat is not None:
        return (found.st_size, found.st_mtime_ns) == (body.stat.st_size, body.stat.st_mtime_ns)
    return all(isinstance(part, bytes) or sum(part) <= found.st_size for part in body.parts)
