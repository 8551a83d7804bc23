"""Rooms: what is told on a board reaches everybody who listens there, in whichever process; bounded."""

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal
from uuid import uuid4

from pydantic import BaseModel, Field

from microframe.broker import Broker, Subscription
from microframe.store import Store

Kind = Literal[
    "said", "joined", "left", "card added", "card changed", "card removed", "file added", "refused"
]

KEPT = 50  # messages that a newcomer still hears
KEPT_FOR = 86_400.0  # seconds after the last one
WAITING = 100  # messages that may wait for one listener
CLOSED = b""


class Message(BaseModel):
    """Something that happened on a board; `who` is a member's name, where a member did it."""

    id: str = Field(default_factory=lambda: uuid4().hex)
    kind: Kind
    text: str = ""
    who: str = ""


class Rooms:
    """A room for every board: the store has what was told last, the broker carries what is told now."""

    def __init__(self, store: Store, broker: Broker) -> None:
        self._store = store
        self._broker = broker

    async def tell(self, board_id: int, kind: Kind, text: str = "", who: str = "") -> None:
        """Tell everybody who listens to a board."""
        message = Message(kind=kind, text=text, who=who).model_dump_json()
        await self._keep(board_id, message)
        await self._broker.publish(channel_of(board_id), message.encode())

    @asynccontextmanager
    async def listen(self, board_id: int) -> AsyncIterator[AsyncIterator[Message]]:
        """Be in the room for as long as the block lasts: what was told last comes first, then what is told from now on.

        It ends when the board goes, and for who listens so slowly that something is lost.
        """
        async with self._broker.subscribe(channel_of(board_id), max_queue=WAITING, gaps=True) as told:
            messages = self._messages(board_id, told)
            try:
                yield messages
            finally:
                await messages.aclose()

    async def close(self, board_id: int) -> None:
        """Forget the room of a board that is no more, and send everybody away."""
        await self._store.delete(key_of(board_id))
        await self._broker.publish(channel_of(board_id), CLOSED)

    async def _messages(self, board_id: int, told: Subscription) -> AsyncGenerator[Message, None]:
        past, _ = await self._past(board_id)
        known = set()
        for text in past:
            message = Message.model_validate_json(text)
            known.add(message.id)
            yield message
        async for one in told:
            if one.is_gap or one.data == CLOSED:
                return
            message = Message.model_validate_json(one.data)
            if (
                message.id not in known
            ):  # told after this listener came, and before it looked at what was told last
                yield message

    async def _past(self, board_id: int) -> tuple[list[str], str]:
        entry = await self._store.get(key_of(board_id))
        return ([], "") if entry is None else (json.loads(entry.value), entry.version)

    async def _keep(self, board_id: int, message: str) -> None:
        while True:
            past, version = await self._past(board_id)
            value = json.dumps([*past, message][-KEPT:]).encode()
            if await self._store.set(key_of(board_id), value, ttl=KEPT_FOR, if_version=version) is not None:
                return  # else somebody else has told something meanwhile


def channel_of(board_id: int) -> str:
    return f"team-board:{board_id}"


def key_of(board_id: int) -> str:
    return f"team-board:told:{board_id}"
