"""How log records are written: a line each, no text of which can pretend to be another."""

import json
import logging
import sys
from typing import Any

from microframe import SetupError
from microframe.asgi.http import BrokenStream
from microframe.cli.logs import Echoes, JsonLines, LogStyle, TextLines
from microframe.lifespan import LifespanError


def record(
    message: str, *arguments: Any, exc: Any = None, name: str = "app", **extra: Any
) -> logging.LogRecord:
    information = None
    if exc is not None:
        try:
            raise exc
        except type(exc):
            information = sys.exc_info()
    made = logging.LogRecord(name, logging.ERROR, __file__, 1, message, arguments, information)
    vars(made).update(extra)
    return made


def text(one: logging.LogRecord, **style: Any) -> str:
    return TextLines(LogStyle(**style)).format(one)


def test_a_record_is_a_line_with_its_time_level_and_logger() -> None:
    line = text(record("%s went %s", "it", "wrong"))
    assert line[24:] == " ERROR    app: it went wrong"
    assert line[10] == "T"
    assert line[23] == "Z"


def test_control_characters_are_escaped_and_further_lines_indented() -> None:
    line = text(record("a\r\x1b[2J\x9b\u2028b\nFAKE\tLINE"))
    assert line[24:] == " ERROR    app: a\\r\\x1b[2J\\x9b\\u2028b\n  FAKE\tLINE"


def test_a_traceback_stands_indented_below_its_line() -> None:
    lines = text(record("failed", exc=ValueError("a\nFAKE"))).split("\n")
    assert lines[1] == "  Traceback (most recent call last):"
    assert lines[-2:] == ["  ValueError: a", "  FAKE"]


def test_an_exception_that_says_everything_needs_no_traceback() -> None:
    for exc in (SetupError("no"), LifespanError("no")):
        assert "Traceback" not in text(record("failed: no", exc=exc))
        assert "Traceback" in text(record("failed: no", exc=exc), verbose=True)


def test_levels_are_coloured_on_terminals() -> None:
    assert "\x1b[31mERROR   \x1b[0m app: x" in text(record("x"), coloured=True)


def test_json_has_what_was_given_with_extra_and_the_traceback() -> None:
    line = JsonLines(LogStyle(as_json=True)).format(
        record("a\n%s", 1, exc=ValueError("x"), user={"id": 7}, odd={1})
    )
    assert "\n" not in line
    found = json.loads(line)
    assert (found["message"], found["level"], found["logger"]) == ("a\n1", "error", "app")
    assert (found["user"], found["odd"]) == ({"id": 7}, "{1}")
    assert found["exception"].endswith("ValueError: x")


def test_what_the_server_says_again_is_left_out() -> None:
    echoes = Echoes()
    assert echoes.filter(record("Application startup failed. Exiting.", name="uvicorn.error"))
    assert echoes.filter(record("start-up failed: %s", "x", exc=LifespanError("x"), name="microframe.edge"))
    assert not echoes.filter(record("x", name="uvicorn.error"))
    assert not echoes.filter(record("Application startup failed. Exiting.", name="uvicorn.error"))
    assert not echoes.filter(record("Exception in ASGI", exc=BrokenStream("x"), name="uvicorn.error"))
    assert echoes.filter(record("Exception in ASGI", exc=ValueError("x"), name="uvicorn.error"))
    assert echoes.filter(record("x", name="app"))
