"""Chat: members talk about a board, and hear at once what happens to its cards."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Optional

from pydantic import BaseModel, StringConstraints, ValidationError

from examples.board.boards import CurrentBoard
from examples.board.members import Members
from examples.board.records import Board, Member
from examples.board.rooms import Message, Rooms
from examples.board.visitors import SignedIn
from microframe import Depends, Provided, Router, UnauthorizedException, WebSocket, WebSocketDisconnect

SENT_AWAY = 1013  # "try again later", in the registry that RFC 6455 opened


class Words(BaseModel):
    """What a client sends."""

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


async def speaking_member(
    signed_in: SignedIn, members: Provided[Members], member_id: Optional[int] = None
) -> Member:
    """Who is signed in, or whom the query names; nobody is refused before the socket is accepted."""
    if member_id is not None:
        return await members.get(member_id)
    if signed_in is None:
        raise UnauthorizedException("Sign in, or say which member you are: ?member_id=")
    return signed_in


Speaker = Annotated[Member, Depends(speaking_member)]

chat = Router(prefix="/chat", tags=["chat"])


@chat.websocket()
async def talk(socket: WebSocket, board: CurrentBoard, member: Speaker, rooms: Provided[Rooms]) -> None:
    """Send `{"text": "…"}`, receive messages; what was said last comes first."""
    await socket.accept()
    async with rooms.listen(board.id) as messages:
        await rooms.tell(board.id, "joined", who=member.name)
        writing = asyncio.ensure_future(write(socket, messages))
        try:
            async for text in socket.iter_text():
                await say(text, socket, rooms, board, member)
        finally:
            writing.cancel()
            await asyncio.wait([writing])
            await rooms.tell(board.id, "left", who=member.name)


async def say(text: str, socket: WebSocket, rooms: Rooms, board: Board, member: Member) -> None:
    """Pass on what a member says."""
    try:
        words = Words.model_validate_json(text)
    except ValidationError as exc:
        await socket.send_text(Message(kind="refused", text=exc.errors()[0]["msg"]).model_dump_json())
    else:
        await rooms.tell(board.id, "said", words.text, member.name)
        # Everybody's turn to write, before more is read from somebody who says much.
        await asyncio.sleep(0)


async def write(socket: WebSocket, messages: AsyncIterator[Message]) -> None:
    """Pass on what is told in the room; ends when the reader does, or closes the socket."""
    try:
        async for message in messages:
            await socket.send_text(message.model_dump_json())
        await socket.close(SENT_AWAY, "the board is gone, or you listen too slowly")
    except WebSocketDisconnect:
        pass  # the reader is told, too
