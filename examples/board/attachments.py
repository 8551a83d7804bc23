"""Attachments: the files of the cards, in a folder, under names that nobody outside knows."""

import os
import tempfile
from collections.abc import AsyncIterator
from datetime import datetime, timezone
from pathlib import Path

from examples.board.memory import Memory, Records
from examples.board.records import Attachment, StoredFile
from examples.board.rooms import Rooms
from microframe import NotFoundException, Provided, StatusException, UploadFile

MOST = 20  # files on one card


class FileNotFound(NotFoundException):
    """There is no file {file_id} on card {card_id}."""


class TooManyFiles(StatusException):
    """Card {card_id} has {most} files, and takes no more."""

    status = 409


class Folder:
    """Where the files are."""

    def __init__(self, path: Path) -> None:
        self.path = path


async def open_folder() -> AsyncIterator[Folder]:
    """A folder of one's own, or the one that `BOARD_FILES` names, which several processes can share."""
    named = os.environ.get("BOARD_FILES")
    if named:
        yield Folder(Path(named))
        return
    with tempfile.TemporaryDirectory(prefix="board-") as path:
        yield Folder(Path(path))


class Files:
    """The files of all cards: what they are called here, how they are stored in the folder."""

    def __init__(self, memory: Provided[Memory], folder: Provided[Folder], rooms: Provided[Rooms]) -> None:
        self._memory = memory
        self._folder = folder
        self._rooms = rooms

    async def of(self, card_id: int) -> list[StoredFile]:
        return files_of(await self._memory.read(), card_id)

    async def get(self, card_id: int, file_id: int) -> StoredFile:
        return find_file(await self._memory.read(), card_id, file_id)

    async def add(self, board_id: int, card_id: int, upload: UploadFile, note: str) -> Attachment:
        stored = await upload.save(self._folder.path)
        try:
            async with self._memory.change() as records:
                if len(files_of(records, card_id)) >= MOST:
                    raise TooManyFiles(card_id=card_id, most=MOST)
                file = StoredFile(
                    id=records.next_id(),
                    card_id=card_id,
                    name=upload.filename or "unnamed",
                    note=note,
                    size=upload.size or 0,
                    added=datetime.now(timezone.utc),
                    stored=stored.name,
                )
                records.files[file.id] = file
        except Exception:
            stored.unlink(missing_ok=True)
            raise
        await self._rooms.tell(board_id, "file added", file.name)
        return file

    def path_of(self, file: StoredFile) -> Path:
        return self._folder.path / file.stored

    async def remove(self, card_id: int, file_id: int) -> None:
        async with self._memory.change() as records:
            file = records.files.pop(find_file(records, card_id, file_id).id)
        self.path_of(file).unlink(missing_ok=True)

    def remove_all(self, records: Records, card_id: int) -> None:
        """Remove the files of a card that goes, in the same change."""
        for file in files_of(records, card_id):
            del records.files[file.id]
            self.path_of(file).unlink(missing_ok=True)


def files_of(records: Records, card_id: int) -> list[StoredFile]:
    return [file for file in records.files.values() if file.card_id == card_id]


def find_file(records: Records, card_id: int, file_id: int) -> StoredFile:
    file = records.files.get(file_id)
    if file is None or file.card_id != card_id:
        raise FileNotFound(file_id=file_id, card_id=card_id)
    return file
