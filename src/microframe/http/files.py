"""Files as bodies: a slice of a file that the edge sends the cheapest way it knows."""

import os
from dataclasses import dataclass
from typing import AsyncIterator, BinaryIO, List, Union

from microframe.concurrency import run_in_threadpool

CHUNK = 64 * 1024


@dataclass(frozen=True)
class FileSlice:
    """`length` bytes of the file at `path`, from `offset`. The file is opened when it is sent."""

    path: Union[str, "os.PathLike[str]"]
    offset: int
    length: int

    async def chunks(self) -> AsyncIterator[bytes]:
        """The bytes in pieces, read in a thread; ends early where the file has become shorter."""
        opened: List[BinaryIO] = []  # also where this is cancelled while the thread opens it
        try:
            await run_in_threadpool(lambda: opened.append(_open(self.path, self.offset)))
            file, left = opened[0], self.length
            while left > 0:
                piece = await run_in_threadpool(file.read, min(CHUNK, left))
                if not piece:
                    return
                left -= len(piece)
                yield piece
        finally:
            for file in opened:
                await run_in_threadpool(file.close)


def _open(path: Union[str, "os.PathLike[str]"], offset: int) -> BinaryIO:
    file = open(path, "rb")  # noqa: SIM115 - closed by whoever reads it
    file.seek(offset)
    return file
