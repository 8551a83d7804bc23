"""The application: puts the parts of the board together."""

from datetime import date

from examples.board.activity import activity
from examples.board.attachments import Files, Folder, open_folder
from examples.board.boards import Boards, board, boards
from examples.board.cards import Cards, cards
from examples.board.chat import chat
from examples.board.files import files
from examples.board.front import front
from examples.board.members import Members, members
from examples.board.memory import Memory
from examples.board.policies import REQUESTS
from examples.board.rooms import Rooms
from examples.board.sample import fill_board
from examples.board.shield import say_process, shield
from examples.board.summary import summary
from examples.board.visitors import visitors
from microframe import Application, Deprecation, HeaderVersions, SecurityMiddleware
from microframe.middleware.compress import CompressMiddleware
from microframe.middleware.sessions import SessionMiddleware

OLD, NEW = "2026-01", "2026-11"

app = Application(
    title="Team board",
    version="0.1.0",
    description="Members, boards, cards with files, and a chat.",
    lifespan=fill_board,
    versioning=HeaderVersions(
        [OLD, NEW], default=NEW, deprecated={OLD: Deprecation(date(2026, 11, 1), date(2027, 11, 1))}
    ),
)

app.add_middleware(SecurityMiddleware, rate_limit_requests=REQUESTS)
app.add_middleware(SessionMiddleware, server_side=True)  # CSRF protection comes with it
app.add_middleware(CompressMiddleware)
app.add_guard(say_process)

app.provide(Memory, Memory, scope="app")
app.provide(Rooms, Rooms, scope="app")
app.provide(Members, Members)
app.provide(Boards, Boards)
app.provide(Cards, Cards)
app.provide(Folder, open_folder, scope="app")
app.provide(Files, Files)

cards.include_router(files)
board.include_router(cards)
board.include_router(summary)
board.include_router(activity)
board.include_router(chat)
boards.include_router(board)
app.include_router(members)
app.include_router(boards)
app.include_router(visitors)
app.include_router(shield)
app.include_router(front)
