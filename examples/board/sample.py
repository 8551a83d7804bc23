"""Sample: a first board, so that there is something to see."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from examples.board.boards import Boards
from examples.board.cards import Cards
from examples.board.members import Members
from examples.board.records import NewBoard, NewCard, NewMember, Stage
from microframe import Application, Provided
from microframe.store import Store


@asynccontextmanager
async def fill_board(app: Application) -> AsyncIterator[None]:
    """Put the sample there when the application starts."""
    await app.call(add_sample)
    yield


async def add_sample(
    store: Store, members: Provided[Members], boards: Provided[Boards], cards: Provided[Cards]
) -> None:
    if await store.add("team-board:samples") > 1:
        return  # another process was first
    ada = await members.add(NewMember(name="Ada"))
    grace = await members.add(NewMember(name="Grace"))
    board = await boards.add(NewBoard(title="First steps", text="Change it, or make a board of your own."))
    done = NewCard(title="Start the demo", stage=Stage.DONE, assignee=ada.id)
    doing = NewCard(title="Say hello in the chat", stage=Stage.DOING, assignee=grace.id)
    for card in (NewCard(title="Add a card"), doing, done):
        await cards.add(board.id, card)
