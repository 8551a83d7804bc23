"""Activity: what happens on a board as a stream of events, for pages that only listen."""

from collections.abc import AsyncIterator

from examples.board.boards import CurrentBoard
from examples.board.rooms import Message, Rooms
from microframe import EventSourceResponse, Provided, Router

activity = Router(prefix="/activity", tags=["activity"])


@activity.get(response_class=EventSourceResponse)
async def listen(board: CurrentBoard, rooms: Provided[Rooms]) -> AsyncIterator[Message]:
    """`new EventSource(…)`: what happened last comes first, then what happens from now on."""
    async with rooms.listen(board.id) as messages:
        async for message in messages:
            yield message
