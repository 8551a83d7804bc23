"""Which application is meant, and what is said when it cannot be had: one line, and exit code 2 or 3."""

from pathlib import Path

import pytest

from microframe import Application
from microframe.cli.failure import Failure
from microframe.cli.target import Target, load, parse_target
from tests.cli.programs import HELLO, call, only_line

APPLICATION = "from microframe import Application\napp = Application()\n"


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("app:app", Target("app", "app")),
        ("app", Target("app", "app")),
        ("app.py", Target("app", "app")),
        ("board.main:create.app", Target("board.main", "create.app")),
        ("board/main.py:api", Target("board.main", "api")),
    ],
)
def test_a_target_is_a_module_and_an_attribute(text: str, target: Target) -> None:
    assert parse_target(text) == target


@pytest.mark.parametrize(
    "text", ["", ":app", "app:", "a b:app", "../app.py", "/srv/app.py", "app:app:app", "app-1"]
)
def test_what_names_no_application_is_refused(text: str) -> None:
    if text == "app:":
        assert parse_target(text) == Target("app", "app")
        return
    with pytest.raises(Failure, match="module:attribute") as caught:
        parse_target(text)
    assert caught.value.exit_code == 2


def test_without_a_target_app_py_is_taken_before_main_py(folder: Path) -> None:
    result = call("routes")
    assert (result.exit_code, only_line(result)) == (
        2,
        "microframe: which application? Neither app.py nor main.py is here: name it, as app:app",
    )
    (folder / "main.py").write_text(APPLICATION)
    assert parse_target(None) == Target("main")
    (folder / "app.py").write_text(APPLICATION)
    assert parse_target(None) == Target("app")


def test_a_target_is_loaded_from_the_working_directory_and_built(folder: Path) -> None:
    (folder / "app.py").write_text(HELLO)
    app = load(Target("app"))
    assert isinstance(app, Application)
    assert next(route.path for route in app.routes) == "/"


def test_a_factory_makes_the_application(folder: Path) -> None:
    (folder / "made.py").write_text(
        "from microframe import Application\ndef create(): return Application()\n"
    )
    assert isinstance(load(Target("made", "create", factory=True)), Application)


def test_another_asgi_application_is_an_application_too(folder: Path) -> None:
    (folder / "other.py").write_text("async def app(scope, receive, send): ...\n")
    assert not isinstance(load(Target("other")), Application)


FAILURES = [
    ("import os", "nothing:app", "there is no module 'nothing' (looked for nothing:app)"),
    (
        "import os",
        "target_:app",
        "there is no module 'target_'; did you mean target? (looked for target_:app)",
    ),
    ("import os", "target.inner:app", "there is no module 'target.inner' (looked for target.inner:app)"),
    (
        "\nimport nosuchmodule",
        "target:app",
        "target.py:2: there is no module 'nosuchmodule' (imported by target:app)",
    ),
    ("def x(:\n", "target:app", "target.py:1: invalid syntax (imported by target:app)"),
    (
        "\n\nint('x')",
        "target:app",
        "target:app cannot be imported: ValueError: invalid literal for int() with base 10: 'x' (target.py:3)",
    ),
    (
        "import json\njson.loads('x')",
        "target:app",
        "target:app cannot be imported: JSONDecodeError: Expecting value: line 1 column 1 (char 0) (target.py:2)",
    ),
    ("raise SystemExit(4)", "target:app", "target:app cannot be imported: SystemExit: 4 (target.py:1)"),
    (APPLICATION, "target:ap", "target has no 'ap'; did you mean app? (looked for target:ap)"),
    (
        APPLICATION + "service = app\ndel app",
        "target:app",
        "target has no 'app'; it has service (looked for target:app)",
    ),
    (
        APPLICATION,
        "target:app.config.nothing",
        "AppConfig has no 'nothing' (looked for target:app.config.nothing)",
    ),
    ("app = 'x'", "target:app", "target:app is a str, not an application"),
    ("class app: ...", "target:app", "target:app is the class app, not an application"),
    (
        "from microframe import Router\napp = Router()",
        "target:app",
        "target:app is a Router: include it in an Application",
    ),
    (
        "def app(): ...",
        "target:app",
        "target:app is a function without parameters: if it makes the application, add --factory",
    ),
    (
        "def app(environ, start): ...",
        "target:app",
        "target:app is a function, not an application: ASGI calls it with scope, receive and send",
    ),
    (
        "from microframe import Application\napp = Application(port='x')",
        "target:app",
        "target:app cannot be imported: port given to load_config: expected a whole number from 0 to 65535, "
        "not 'x' (target.py:2)",
    ),
    (
        APPLICATION + "@app.get('x')\ndef x(): ...",
        "target:app",
        "target:app cannot be imported: the path 'x' must begin with a slash",
    ),
    (
        APPLICATION + "@app.get('/x')\ndef x(a: list[object] = 3, b: 'Nothing' = 1): ...",
        "target:app",
        "target:app cannot be built: a type of x",
    ),
]


@pytest.mark.parametrize(("source", "target", "message"), FAILURES)
def test_what_cannot_be_loaded_is_one_line_and_exit_code_3(
    folder: Path, source: str, target: str, message: str
) -> None:
    (folder / "target.py").write_text(source)
    for command in ("routes", "run"):
        result = call(command, target)
        assert only_line(result).startswith(f"microframe: {message}")
        assert result.exit_code == 3
        assert result.stdout == ""


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            "def app(size): ...",
            "target:app() cannot make the application: TypeError: app() missing 1 required",
        ),
        (
            "def app(): return 1 / 0",
            "target:app() cannot make the application: ZeroDivisionError: division by zero (target",
        ),
        ("def app(): return None", "target:app() made a NoneType, not an application"),
        (APPLICATION, "target:app makes no application, it is an Application: leave --factory out"),
    ],
)
def test_a_factory_that_fails_is_one_line_and_exit_code_3(folder: Path, source: str, message: str) -> None:
    (folder / "target.py").write_text(source)
    result = call("run", "--factory", "target:app")
    assert only_line(result).startswith(f"microframe: {message}")
    assert result.exit_code == 3


def test_verbose_shows_where_a_failure_comes_from(folder: Path) -> None:
    (folder / "target.py").write_text("def fail():\n    raise ValueError('no')\nfail()\n")
    result = call("routes", "-v", "target:app")
    assert "Traceback" in result.stderr
    assert 'target.py", line 2, in fail' in result.stderr
    assert result.stderr.splitlines()[-1] == (
        "microframe: target:app cannot be imported: ValueError: no (target.py:2)"
    )
