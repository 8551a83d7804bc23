"""`microframe check`: what it finds, and how it tells it."""

import json
from pathlib import Path

import pytest

from tests.cli.programs import call, only_line

SHOP = """
from typing import Annotated
from microframe import Application, Depends, NotFoundException, Provided, Router, raises

class CardNotFound(NotFoundException):
    'There is no card {card_id}.'

class OutOfStock(Exception):
    http_status = 409

class Cards:
    async def get(self, card_id: int) -> str:
        raise CardNotFound(card_id=card_id)

    def take(self) -> str:
        raise OutOfStock()

async def card_of_path(card_id: int, cards: Provided[Cards]) -> str:
    return await cards.get(card_id)

Card = Annotated[str, Depends(card_of_path)]

app = Application()
app.provide(Cards, Cards)
"""

READ = """
@app.get("/cards/{card_id}"%s)
async def read_card(card: Card) -> str:
    return card
"""


def check(folder: Path, program: str, *arguments: str) -> "tuple[object, list[str]]":
    """The exit code, and what is found."""
    (folder / "app.py").write_text(program)
    result = call("check", *arguments)
    return result.exit_code, result.stdout.splitlines()


def test_an_answer_that_nothing_declares_is_found_with_its_place(folder: Path) -> None:
    code, lines = check(folder, SHOP + READ % "")
    assert code == 1
    assert lines == [
        "app.py:13: error: CardNotFound (404) is raised, but not declared by GET /cards/{card_id} [undeclared-raise]"
    ]


@pytest.mark.parametrize(
    "program",
    [
        SHOP + READ % ", raises=[CardNotFound]",
        SHOP + READ % ", raises=[NotFoundException]",
        SHOP + READ % ", responses={404: {}}",
        SHOP + READ % ", responses={'4xx': {}}",
        SHOP + READ % ", responses={'default': {}}",
        SHOP + READ % ", include_in_schema=False",
        SHOP.replace("Application()", "Application(raises=[CardNotFound])") + READ % "",
        SHOP.replace("async def card_of", "@raises(CardNotFound)\nasync def card_of") + READ % "",
        SHOP + "\nboards = Router(raises=[CardNotFound])" + (READ % "").replace("@app", "@boards") +
        "app.include_router(boards)",
    ],
    ids=["raises", "base class", "status", "status range", "default", "in no document", "application", "function",
         "router"],
)  # fmt: skip
def test_what_is_declared_is_not_found(folder: Path, program: str) -> None:
    (folder / "app.py").write_text(program)
    result = call("check")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "app:app: nothing found\n")


def test_one_raise_is_told_once_however_many_routes_reach_it(folder: Path) -> None:
    again = (READ % "").replace("/cards", "/more").replace("read_card", "read_more")
    _, lines = check(folder, SHOP + READ % "" + again)
    assert len(lines) == 1
    assert "GET /cards/{card_id} and 1 more [" in lines[0]


def test_an_exception_of_another_package_is_an_answer_too(folder: Path) -> None:
    buy = "\n@app.post('/buy')\nasync def buy(cards: Provided[Cards]) -> str:\n    return cards.take()\n"
    _, lines = check(folder, SHOP + buy)
    assert lines == [
        "app.py:16: error: OutOfStock (409) is raised, but not declared by POST /buy [undeclared-raise]"
    ]


def test_everything_on_the_way_to_a_handler_is_read(folder: Path) -> None:
    program = """
from microframe import Application, Depends, HTTPException, Provided, Router

class Session: ...

async def open_session():
    raise HTTPException(503)
    yield

async def needed() -> None:
    raise HTTPException(401)

async def guard(connection):
    raise HTTPException(402)

async def outer_guard(connection):
    raise HTTPException(403)

class Page:
    def __init__(self, size: int = 1) -> None:
        raise HTTPException(404)

class Checker:
    def __call__(self) -> int:
        raise HTTPException(405)

app = Application(guards=[outer_guard])
app.provide(Session, open_session)
router = Router(dependencies=[Depends(needed)], guards=[guard])

@router.get("/")
async def read(session: Provided[Session], page: Page = Depends(), checked: int = Depends(Checker())) -> None:
    raise HTTPException(406)

app.include_router(router)
"""
    _, lines = check(folder, program)
    assert [line.partition("(")[2][:3] for line in lines] == ["503", "401", "402", "403", "404", "405", "406"]


def test_what_stands_around_every_route_declares_for_all_of_them(folder: Path) -> None:
    program = """
from microframe import Application, HTTPException, raises

async def one(connection):
    raise HTTPException(403)

@raises(HTTPException)
async def two(connection):
    raise HTTPException(402)

class Clock:
    name = "clock"

    def setup(self, host):
        host.add_guard(GUARD)

app = Application(plugins=[Clock()], allowed_hosts=["example.com"])

@app.get("/")
async def read() -> None: ...
"""
    assert check(folder, program.replace("GUARD", "one"))[1][0].startswith(
        "app.py:5: error: HTTPException (403)"
    )
    (folder / "other.py").write_text(program.replace("GUARD", "two"))
    assert call("check", "other:app").exit_code == 0


def test_the_framework_declares_what_it_raises_itself(folder: Path) -> None:
    program = """
from microframe import Application, Depends
from microframe.security import HTTPBasic, OAuth2PasswordBearer

app = Application()

@app.get("/")
async def read(token: str = Depends(OAuth2PasswordBearer(tokenUrl="t")), basic: object = Depends(HTTPBasic())) -> None:
    ...
"""
    assert check(folder, program) == (0, [])


def test_routes_of_mounted_applications_are_looked_at(folder: Path) -> None:
    outer = "\nouter = Application()\nouter.mount('/shop', app)\n"
    code, lines = check(folder, SHOP + READ % "" + outer, "app:outer")
    assert (code, len(lines)) == (1, 1)
    assert "GET /shop/cards/{card_id}" in lines[0]


def test_sockets_have_no_document_and_need_not_declare(folder: Path) -> None:
    socket = """
@app.websocket("/live/{card_id}")
async def live(card: Card) -> None: ...
"""
    assert check(folder, SHOP + socket) == (0, [])


# Programs that cannot be put together ------------------------------------------------------------------------------


def test_a_mistake_in_the_program_is_a_finding(folder: Path) -> None:
    code, lines = check(
        folder, SHOP + "\n@app.get('/')\nasync def read(nobody: Provided[int]) -> None: ...\n"
    )
    assert code == 1
    assert lines == ["app.py:26: error: nobody of read (app.py:26): nobody provides int [setup-error]"]


def test_a_mistake_while_importing_is_a_finding(folder: Path) -> None:
    code, lines = check(
        folder, "from microframe import Application, Router\n\nrouter = Router('no-slash')\napp = Application()\n"
    )  # fmt: skip
    assert code == 1
    assert lines[0].startswith("app.py:3: error: ")
    assert lines[0].endswith("[setup-error]")


def test_what_is_no_program_is_a_failure(folder: Path) -> None:
    (folder / "app.py").write_text("import nowhere_at_all\n")
    result = call("check")
    assert result.exit_code == 3
    assert "there is no module 'nowhere_at_all'" in only_line(result)
    (folder / "other.py").write_text("async def app(scope, receive, send): ...\n")
    result = call("check", "other:app")
    assert result.exit_code == 2
    assert (
        only_line(result)
        == "microframe: other:app is no Application of MicroFrame: there is nothing to check"
    )


# Checks of plugins ---------------------------------------------------------------------------------------------------

PLUGIN = """
from microframe import Application
from microframe.plugin import Check, Finding

class Clock:
    name = "clock"

    def setup(self, host):
        host.contribute(Check("clock", self.find))

    def find(self):
        %s

app = Application(plugins=[Clock()])
"""


def test_the_checks_of_plugins_are_made(folder: Path) -> None:
    found = "return ['it is slow', Finding('clock-zone', 'it has no zone', 'clock.toml', severity='warning')]"
    assert check(folder, PLUGIN % found) == (
        1,
        ["error: it is slow [clock]", "clock.toml: warning: it has no zone [clock-zone]"],
    )


def test_a_check_that_fails_is_told_with_its_name(folder: Path) -> None:
    (folder / "app.py").write_text(PLUGIN % "raise RuntimeError('no time')")
    result = call("check")
    assert result.exit_code == 1
    assert only_line(result) == "microframe: the check 'clock' failed: RuntimeError: no time (app.py:12)"


# Formats -------------------------------------------------------------------------------------------------------------


def test_findings_can_be_told_as_json(folder: Path) -> None:
    code, lines = check(folder, SHOP + READ % "", "--format", "json")
    assert code == 1
    assert json.loads("\n".join(lines)) == [
        {
            "code": "undeclared-raise",
            "message": "CardNotFound (404) is raised, but not declared by GET /cards/{card_id}",
            "remedy": None,
            "file": "app.py",
            "line": 13,
            "severity": "error",
        }
    ]


def test_findings_can_be_told_to_code_scanners(folder: Path) -> None:
    found = "return ['it is slow', Finding('zone', 'none', 'a b.toml', 3, 'warning'), Finding('far', '', '/etc/x')]"
    code, lines = check(folder, PLUGIN % found, "--format", "sarif")
    assert code == 1
    log = json.loads("\n".join(lines))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["clock", "far", "zone"]
    assert run["results"] == [
        {"ruleId": "clock", "level": "error", "message": {"text": "it is slow"}},
        {
            "ruleId": "zone",
            "level": "warning",
            "message": {"text": "none"},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": "a%20b.toml"},
                        "region": {"startLine": 3},
                    }
                }
            ],
        },
        {
            "ruleId": "far",
            "level": "error",
            "message": {"text": ""},
            "locations": [{"physicalLocation": {"artifactLocation": {"uri": "file:///etc/x"}}}],
        },
    ]


@pytest.mark.parametrize(("form", "said"), [("json", "[]"), ("sarif", '"results": []')])
def test_nothing_found_is_told_in_each_format(folder: Path, form: str, said: str) -> None:
    (folder / "app.py").write_text("from microframe import Application\napp = Application()\n")
    result = call("check", "--format", form)
    assert (result.exit_code, result.stderr) == (0, "")
    assert said in result.stdout


UNSAFE = """
from microframe import Application

app = Application()

@app.get("/cards/{card_id}/delete")
async def delete_card(card_id: int) -> None: ...
"""


def test_a_route_that_changes_something_for_a_get_is_found(folder: Path) -> None:
    code, found = check(folder, UNSAFE)
    assert code == 1
    told = "GET /cards/{card_id}/delete is called after something that changes"
    assert [line.partition(": use")[0] for line in found] == [f"app.py:6: error: {told}"]
    assert found[0].endswith("[unsafe-get]")
