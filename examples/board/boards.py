"""Boards: what the team works on."""

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Annotated, Optional

from examples.board.attachments import Files
from examples.board.memory import Memory
from examples.board.paging import Page
from examples.board.policies import OF_BOARD, WRITES
from examples.board.records import Board, BoardChanges, NewBoard, Stage
from examples.board.rooms import Rooms
from microframe import Depends, NotFoundException, Provided, Request, Response, Router, StatusException


class BoardNotFound(NotFoundException):
    """There is no board {board_id}."""


class BoardHasOpenCards(StatusException):
    """{count} cards of board {board_id} are not done yet."""

    status = 409


class Boards:
    """The boards, the newest first."""

    def __init__(self, memory: Provided[Memory], files: Provided[Files], rooms: Provided[Rooms]) -> None:
        self._memory = memory
        self._files = files
        self._rooms = rooms

    async def all(self, words: Optional[str] = None) -> list[Board]:
        found = reversed((await self._memory.read()).boards.values())
        return [board for board in found if words is None or words.casefold() in board.title.casefold()]

    async def get(self, board_id: int) -> Board:
        board = (await self._memory.read()).boards.get(board_id)
        if board is None:
            raise BoardNotFound(board_id=board_id)
        return board

    async def add(self, new: NewBoard) -> Board:
        async with self._memory.change() as records:
            board = Board(id=records.next_id(), created=datetime.now(timezone.utc), **new.model_dump())
            records.boards[board.id] = board
        return board

    async def change(self, board_id: int, changes: Mapping[str, object]) -> Board:
        async with self._memory.change() as records:
            if board_id not in records.boards:
                raise BoardNotFound(board_id=board_id)
            changed = records.boards[board_id].model_copy(update=dict(changes))
            records.boards[board_id] = changed
        return changed

    async def remove(self, board_id: int) -> None:
        """Remove a board whose cards are all done, with them and its chat."""
        async with self._memory.change() as records:
            cards = [card for card in records.cards.values() if card.board_id == board_id]
            waiting = sum(card.stage is not Stage.DONE for card in cards)
            if waiting:
                raise BoardHasOpenCards(count=waiting, board_id=board_id)
            for card in cards:
                self._files.remove_all(records, card.id)
                del records.cards[card.id]
            if records.boards.pop(board_id, None) is None:
                raise BoardNotFound(board_id=board_id)
        await self._rooms.close(board_id)


async def board_of_path(board_id: int, boards: Provided[Boards]) -> Board:
    """The board that the path names."""
    return await boards.get(board_id)


CurrentBoard = Annotated[Board, Depends(board_of_path)]

boards = Router(prefix="/boards", tags=["boards"])


@boards.get()
async def list_boards(
    boards: Provided[Boards], page: Annotated[Page, Depends()], words: Optional[str] = None
) -> list[Board]:
    """The boards whose titles have these words in them, the newest first."""
    return page.cut(await boards.all(words))


@boards.post(limit=WRITES, status_code=201)
async def add_board(new: NewBoard, boards: Provided[Boards], request: Request, response: Response) -> Board:
    board = await boards.add(new)
    response.headers["Location"] = str(request.url_for("read_board", board_id=board.id))
    return board


# What concerns one board; its cards and its chat hang here too.
board = Router(prefix="/{board_id}", raises=[BoardNotFound])


@board.get()
async def read_board(board: CurrentBoard) -> Board:
    return board


@board.patch(limit=WRITES)
async def change_board(board: CurrentBoard, changes: BoardChanges, boards: Provided[Boards]) -> Board:
    """Change what is sent, and nothing else."""
    return await boards.change(board.id, changes)


@board.delete(limit=WRITES, cache=OF_BOARD, status_code=204, raises=[BoardHasOpenCards])
async def remove_board(board: CurrentBoard, boards: Provided[Boards]) -> None:
    """Remove a board whose cards are all done."""
    await boards.remove(board.id)
