"""Rooms: who listens to which board, and what is told there; bounded, in memory, for one process."""

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, Optional

from pydantic import BaseModel

Kind = Literal[
    "said", "joined", "left", "card added", "card changed", "card removed", "file added", "refused"
]

KEPT = 50  # messages that a newcomer still hears
WAITING = 100  # messages that may wait for one listener


class Message(BaseModel):
    """Something that happened on a board; `who` is a member's name, where a member did it."""

    kind: Kind
    text: str = ""
    who: str = ""


class Listener:
    """One end of a room, with a queue of its own, so that nobody waits for somebody else."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Optional[Message]] = asyncio.Queue(WAITING + 1)

    def hear(self, message: Message) -> bool:
        """Take a message; False where so many wait already that this listener is lost."""
        if self._queue.qsize() >= WAITING:
            return False
        self._queue.put_nowait(message)
        return True

    def end(self) -> None:
        """Forget what waits, and stop."""
        while not self._queue.empty():
            self._queue.get_nowait()
        self._queue.put_nowait(None)

    def __aiter__(self) -> "Listener":
        return self

    async def __anext__(self) -> Message:
        message = await self._queue.get()
        if message is None:
            raise StopAsyncIteration
        return message


class Room:
    """The listeners of one board, and what they heard last."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []
        self._past: deque[Message] = deque(maxlen=KEPT)

    def tell(self, message: Message) -> None:
        """Tell everybody here; who is too slow to listen is sent away."""
        self._past.append(message)
        for listener in [one for one in self._listeners if not one.hear(message)]:
            self._listeners.remove(listener)
            listener.end()

    @contextmanager
    def listen(self) -> Iterator[Listener]:
        """Be in the room for as long as the block lasts."""
        listener = Listener()
        for message in self._past:
            listener.hear(message)
        self._listeners.append(listener)
        try:
            yield listener
        finally:
            if listener in self._listeners:
                self._listeners.remove(listener)

    def close(self) -> None:
        """Send everybody away."""
        for listener in self._listeners:
            listener.end()
        self._listeners.clear()


class Rooms:
    """A room for every board that exists; there is one `Rooms` for the whole application."""

    def __init__(self) -> None:
        self._rooms: dict[int, Room] = {}

    def of(self, board_id: int) -> Room:
        return self._rooms.setdefault(board_id, Room())

    def tell(self, board_id: int, kind: Kind, text: str = "", who: str = "") -> None:
        """Tell everybody who listens to a board."""
        self.of(board_id).tell(Message(kind=kind, text=text, who=who))

    def remove(self, board_id: int) -> None:
        """Close the room of a board that is no more."""
        room = self._rooms.pop(board_id, None)
        if room is not None:
            room.close()
