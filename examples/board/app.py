"""The application: puts the parts of the board together."""

from examples.board.boards import Boards, board, boards
from examples.board.cards import Cards, cards
from examples.board.chat import chat
from examples.board.front import front
from examples.board.members import Members, members
from examples.board.memory import Memory
from examples.board.rooms import Rooms
from examples.board.sample import fill_board
from microframe import Application

app = Application(title="Team board", version="0.1.0", lifespan=fill_board)

app.provide(Memory, Memory, scope="app")
app.provide(Rooms, Rooms, scope="app")
app.provide(Members, Members)
app.provide(Boards, Boards)
app.provide(Cards, Cards)

board.include_router(cards)
board.include_router(chat)
boards.include_router(board)
app.include_router(members)
app.include_router(boards)
app.include_router(front)
