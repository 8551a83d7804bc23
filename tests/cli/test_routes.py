"""`microframe routes`: what an application answers, and where each value comes from."""

from pathlib import Path

from tests.cli.programs import HELLO, call, only_line

BOARD = """
from typing import Annotated, AsyncIterator
from microframe import (
    Application, Cookie, Depends, Header, Path, Provided, Query, Request, Router, SecurityScopes, WebSocket
)

class Cards: ...

async def open_cards() -> AsyncIterator[Cards]:
    yield Cards()

async def token(authorization: Annotated[str, Header()] = "", session: Annotated[str, Cookie()] = "") -> str:
    return authorization

def member(token: str = Depends(token), *, page_size: Annotated[int, Query(alias="page-size")] = 3) -> str:
    return token

app = Application()
app.provide(Cards, open_cards)
boards = Router(prefix="/boards/{board_id}", dependencies=[Depends(token)])

@boards.post("/cards")
async def add(
    board_id: int, title: dict, request: Request, scopes: SecurityScopes, cards: Provided[Cards], limit: int = 20,
    by: str = Depends(member),
) -> None: ...

@boards.websocket("/live")
async def live(socket: WebSocket, board_id: int) -> None: ...

app.include_router(boards)
admin = Application()

@admin.get("/users", name="users")
async def users() -> None: ...

app.mount("/admin", admin)

async def files(scope: dict, receive: object, send: object) -> None: ...

app.mount("/files", files, name="files")
api = Router()

@api.api_route("/version", methods=["GET", "POST"])
async def version() -> None: ...

app.host("api.example.com", api)
"""


def test_every_route_is_listed_with_its_handler_and_place(folder: Path) -> None:
    (folder / "board.py").write_text(BOARD)
    result = call("routes", "board:app")
    assert result.exit_code == 0, result.stderr
    lines = [line.split()[:4] for line in result.stdout.splitlines()]
    assert lines == [
        ["METHOD", "PATH", "HANDLER", "PLACE"],
        ["POST", "/boards/{board_id}/cards", "board:add", "board.py:22"],
        ["WEBSOCKET", "/boards/{board_id}/live", "board:live", "board.py:28"],
        ["GET,POST", "api.example.com/version", "board:version", "board.py:44"],
        ["MOUNT", "/admin", "Application"],
        ["GET", "/admin/users", "board:users", "board.py:34"],
        ["MOUNT", "/files", "files", "open"],
    ]


def test_verbose_tells_the_source_of_every_parameter(folder: Path) -> None:
    (folder / "board.py").write_text(BOARD)
    result = call("routes", "-v", "board:app")
    assert result.exit_code == 0, result.stderr
    notes = result.stdout.partition("WEBSOCKET")[0].splitlines()[2:]
    assert [(len(note) - len(note.lstrip()), *note.split()) for note in notes] == [
        (4, "(of", "the", "route)", "dependency", "token", "(board.py:12)"),
        (6, "authorization", "str", "header"),
        (6, "session", "str", "cookie"),
        (4, "cards", "Cards", "provided", "request:", "open_cards", "(board.py:9)"),
        (4, "by", "str", "dependency", "member", "(board.py:15)"),
        (6, "token", "str", "dependency", "token", "(board.py:12)"),
        (6, "page_size", "int", "query", "page-size"),
        (4, "board_id", "int", "path"),
        (4, "request", "Request", "framework"),
        (4, "scopes", "SecurityScopes", "framework"),
        (4, "limit", "int", "query"),
        (4, "title", "dict", "body"),
    ]


def test_an_application_that_is_not_ours_has_no_known_routes(folder: Path) -> None:
    (folder / "other.py").write_text("async def app(scope, receive, send): ...\n")
    result = call("routes", "other:app")
    assert result.exit_code == 2
    assert (
        only_line(result) == "microframe: other:app is no Application of MicroFrame: its routes are not known"
    )


def test_an_application_without_routes_lists_none(folder: Path) -> None:
    (folder / "app.py").write_text("from microframe import Application\napp = Application()\n")
    result = call("routes")
    assert (result.exit_code, result.stdout) == (0, "")


def test_an_env_file_is_read_before_the_application(folder: Path) -> None:
    (folder / "app.py").write_text(HELLO)
    (folder / "settings").write_text("MICROFRAME_PORT=nowhere\n")
    result = call("routes", "--env-file", "settings")
    assert result.exit_code == 3
    assert "MICROFRAME_PORT in settings:1: expected a whole number" in only_line(result)
    assert call("routes", "--env-file", "missing").exit_code == 2
