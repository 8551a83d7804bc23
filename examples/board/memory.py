"""Memory: where the board keeps its records until it has a database: in the store, for all of its processes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydantic import BaseModel

from examples.board.records import Board, Card, Member, StoredFile
from microframe.store import Locks, Store, StoreUnavailable

KEY = "team-board:records"
PATIENCE = 5.0  # seconds for others to finish their changes


class Records(BaseModel):
    """Everything the application knows, by id."""

    members: dict[int, Member] = {}
    boards: dict[int, Board] = {}
    cards: dict[int, Card] = {}
    files: dict[int, StoredFile] = {}
    last_id: int = 0

    def next_id(self) -> int:
        """A number that no other record has."""
        self.last_id += 1
        return self.last_id


class Memory:
    """The records as one value of the store: little to write, and enough for a team; a database comes later."""

    def __init__(self, store: Store, locks: Locks) -> None:
        self._store = store
        self._locks = locks

    async def read(self) -> Records:
        """The records as they are now; who changes these changes nothing."""
        return (await self._find())[0]

    @asynccontextmanager
    async def change(self) -> AsyncIterator[Records]:
        """What a block changes is kept when it ends well; one block at a time, in all processes."""
        lease = await self._locks.acquire(KEY, ttl=PATIENCE, wait=PATIENCE)
        if lease is None:
            raise StoreUnavailable("too many want to change something")
        try:
            records, version = await self._find()
            yield records
            value = records.model_dump_json().encode()
            if await self._store.set(KEY, value, if_version=version) is None:
                raise StoreUnavailable("a change took so long that somebody else was let in")
        finally:
            await self._locks.release(lease)

    async def _find(self) -> tuple[Records, str]:
        entry = await self._store.get(KEY)
        return (Records(), "") if entry is None else (Records.model_validate_json(entry.value), entry.version)
