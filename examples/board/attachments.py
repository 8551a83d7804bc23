"""Attachments: the files of the cards, in a folder, under names that nobody outside knows."""

import tempfile
from collections.abc import AsyncIterator
from datetime import datetime, timezone
from pathlib import Path

from examples.board.memory import Memory
from examples.board.records import Attachment
from examples.board.rooms import Rooms
from microframe import NotFoundException, Provided, StatusException, UploadFile

MOST = 20  # files on one card


class FileNotFound(NotFoundException):
    """There is no file {file_id} on card {card_id}."""


class TooManyFiles(StatusException):
    """Card {card_id} has {most} files, and takes no more."""

    status = 409


class Folder:
    """Where the files are; it goes when the application stops."""

    def __init__(self, path: Path) -> None:
        self.path = path


async def open_folder() -> AsyncIterator[Folder]:
    with tempfile.TemporaryDirectory(prefix="board-") as path:
        yield Folder(Path(path))


class Files:
    """The files of all cards: what they are called here, how they are stored in the folder."""

    def __init__(self, memory: Provided[Memory], folder: Provided[Folder], rooms: Provided[Rooms]) -> None:
        self._memory = memory
        self._files = memory.files
        self._folder = folder
        self._rooms = rooms

    async def of(self, card_id: int) -> list[Attachment]:
        return [file for file in self._files.values() if file.card_id == card_id]

    async def get(self, card_id: int, file_id: int) -> Attachment:
        file = self._files.get(file_id)
        if file is None or file.card_id != card_id:
            raise FileNotFound(file_id=file_id, card_id=card_id)
        return file

    async def add(self, board_id: int, card_id: int, upload: UploadFile, note: str) -> Attachment:
        if len(await self.of(card_id)) >= MOST:
            raise TooManyFiles(card_id=card_id, most=MOST)
        stored = await upload.save(self._folder.path)
        file = Attachment(
            id=self._memory.next_id(),
            card_id=card_id,
            name=upload.filename or "unnamed",
            note=note,
            size=upload.size or 0,
            added=datetime.now(timezone.utc),
            stored=stored.name,
        )
        self._files[file.id] = file
        self._rooms.tell(board_id, "file added", file.name)
        return file

    def path_of(self, file: Attachment) -> Path:
        return self._folder.path / file.stored

    async def remove(self, file: Attachment) -> None:
        del self._files[file.id]
        self.path_of(file).unlink(missing_ok=True)

    async def remove_all(self, card_id: int) -> None:
        for file in await self.of(card_id):
            await self.remove(file)
