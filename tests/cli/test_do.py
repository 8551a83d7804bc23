"""`microframe do`: the commands of an application."""

from pathlib import Path

import pytest

from tests.cli.programs import Result, call, only_line

PROGRAM = '''
from contextlib import asynccontextmanager
from typing import Annotated
from annotated_types import Ge
from microframe import Application, AppConfig, Context, Depends, Provided, SetupError

def log(text: str) -> None:
    with open("log", "a") as file:
        print(text, file=file)

@asynccontextmanager
async def lifespan(app):
    log("started")
    yield {"pool": "pool"}
    log("stopped")

class Cards: ...

app = Application(lifespan=lifespan)
app.provide(Cards, Cards, "app")

def seeder(context: Context) -> str:
    return context.state.pool

@app.command
async def add_cards(
    cards: Provided[Cards], config: AppConfig, count: Annotated[int, Ge(1)], board_id: str = "b",
    pool: str = Depends(seeder),
) -> str:
    """Add some cards.

    Not listed.
    """
    return f"{type(cards).__name__} {config.title} {count!r} {board_id!r} {pool}"

@app.command
def blocking() -> None: ...

@app.command
def fail() -> None:
    log("running")
    raise ValueError("no")

@app.command
def leave() -> None:
    raise SystemExit(7)
'''


@pytest.fixture
def program(folder: Path) -> Path:
    (folder / "app.py").write_text(PROGRAM)
    return folder


def test_commands_are_listed_with_their_first_line(program: Path) -> None:
    result = call("do")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[:2] == ["add-cards  Add some cards.", "blocking"]


def test_a_command_is_given_what_it_asks_for_and_its_arguments(program: Path) -> None:
    result = call("do", "add-cards", "count=3", "board-id=x=y")
    assert (result.exit_code, result.stdout) == (0, "Cards MicroFrame 3 'x=y' pool\n"), result.stderr
    assert (program / "log").read_text() == "started\nstopped\n"


def test_a_blocking_command_that_returns_nothing_says_nothing(program: Path) -> None:
    result = call("do", "--app", "app:app", "blocking")
    assert result == Result(0, "", "")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["add-card"], 2, "there is no command 'add-card'; did you mean add-cards?"),
        (["nothing"], 2, "there is no command 'nothing'; `microframe do` lists those that are there"),
        (["add-cards"], 2, "add-cards needs count=…"),
        (["add-cards", "count=x"], 2, "count=x: Input should be a valid integer"),
        (["add-cards", "count=0"], 2, "count=0: Input should be greater than or equal to 1"),
        (["add-cards", "3"], 2, "add-cards cannot be given '3': it takes count=…, board_id=…"),
        (["add-cards", "cout=3"], 2, "add-cards cannot be given 'cout=3'; did you mean count?"),
        (["add-cards", "pool=x"], 2, "add-cards cannot be given 'pool=x': it takes count=…, board_id=…"),
        (["blocking", "x=1"], 2, "blocking cannot be given 'x=1': it takes no arguments"),
        (["fail"], 1, "fail failed: ValueError: no (app.py:"),
    ],
)
def test_what_a_command_cannot_do_is_one_line(
    program: Path, arguments: list[str], code: int, message: str
) -> None:
    result = call("do", *arguments)
    assert only_line(result).startswith(f"microframe: {message}")
    assert result.exit_code == code


def test_the_application_stops_after_a_command_that_failed(program: Path) -> None:
    call("do", "fail")
    assert (program / "log").read_text() == "started\nrunning\nstopped\n"


def test_a_command_may_choose_the_exit_code(program: Path) -> None:
    assert call("do", "leave").exit_code == 7


def test_a_command_that_wants_a_request_is_told_when_the_program_is_loaded(folder: Path) -> None:
    (folder / "app.py").write_text(
        "from microframe import Application, Request\n"
        "app = Application()\n@app.command\ndef seed(request: Request) -> None: ...\n"
        "@app.command\ndef other() -> None: ...\n"
    )
    result = call("do", "other")
    assert result.exit_code == 3
    assert "the command 'seed': request of seed (" in only_line(result)
    assert "app.py:3): a job or command has no Request" in only_line(result)


def test_a_start_that_fails_is_one_line(folder: Path) -> None:
    (folder / "app.py").write_text(
        "from microframe import Application\n"
        "async def lifespan(app):\n    raise OSError('no database')\n    yield\n"
        "app = Application(lifespan=lifespan)\n@app.command\ndef seed() -> None: ...\n"
    )
    result = call("do", "seed")
    assert result.exit_code == 3
    assert only_line(result).endswith("did not start: OSError: no database")
