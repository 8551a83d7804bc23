"""Chat: members talk about a board, and hear at once what happens to its cards."""

import asyncio
from typing import Annotated, Optional

from pydantic import BaseModel, StringConstraints, ValidationError

from examples.board.boards import CurrentBoard
from examples.board.members import Members
from examples.board.records import Member
from examples.board.rooms import Listener, Message, Room, Rooms
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
    room = rooms.of(board.id)
    with room.listen() as listener:
        room.tell(Message(kind="joined", who=member.name))
        writing = asyncio.ensure_future(write(socket, listener))
        try:
            await read(socket, room, member)
        finally:
            writing.cancel()
            await asyncio.wait([writing])
            room.tell(Message(kind="left", who=member.name))


async def read(socket: WebSocket, room: Room, member: Member) -> None:
    """Pass on what a member says, until the socket closes."""
    async for text in socket.iter_text():
        try:
            words = Words.model_validate_json(text)
        except ValidationError as exc:
            await socket.send_text(Message(kind="refused", text=exc.errors()[0]["msg"]).model_dump_json())
        else:
            room.tell(Message(kind="said", text=words.text, who=member.name))
            # Everybody's turn to write, before more is read from somebody who says much.
            await asyncio.sleep(0)


async def write(socket: WebSocket, listener: Listener) -> None:
    """Pass on what is told in the room; ends when the reader does, or closes the socket."""
    try:
        async for message in listener:
            await socket.send_text(message.model_dump_json())
        await socket.close(SENT_AWAY, "the board is gone, or you listen too slowly")
    except WebSocketDisconnect:
        pass  # the reader is told, too
