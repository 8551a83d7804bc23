"""Logs: how log records are written to standard error, as text or JSON."""

import json
import logging
import re
import sys
import time
import traceback
from dataclasses import dataclass
from typing import Any, Dict

from microframe.asgi.http import BrokenStream
from microframe.exceptions import SetupError
from microframe.lifespan import LifespanError

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
COLOURS = {"WARNING": "33", "ERROR": "31", "CRITICAL": "31;1"}
RECORD = frozenset({*vars(logging.makeLogRecord({})), "message", "asctime"})
"""What every record has; the rest was given with `extra`."""


@dataclass(frozen=True)
class LogStyle:
    """How records are written."""

    level: str = "info"
    as_json: bool = False
    access: bool = True
    coloured: bool = False
    verbose: bool = False
    """Whether the traceback of what one line explains is shown too."""


def configure(style: LogStyle) -> None:
    """Let everything be logged, unless the application has already said how it wants that done."""
    level = getattr(logging, style.level.upper())
    root = logging.getLogger()
    if not root.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(JsonLines(style) if style.as_json else TextLines(style))
        handler.addFilter(Echoes())
        root.addHandler(handler)
        root.setLevel(level)
    # What the server tells of its own life is told by the command, in fewer words.
    logging.getLogger("uvicorn.error").setLevel(level if level <= logging.DEBUG else logging.WARNING)
    logging.getLogger("watchfiles").setLevel(logging.WARNING)


class Echoes(logging.Filter):
    """Leaves out what the server repeats: a failed start that the application told of, a stream it cut."""

    def __init__(self) -> None:
        super().__init__()
        self._told = ""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name == "microframe.edge" and record.exc_info and record.exc_info[1] is not None:
            self._told = str(record.exc_info[1])
        if record.name != "uvicorn.error":
            return True
        if record.exc_info and isinstance(record.exc_info[1], BrokenStream):
            return False
        text = record.getMessage()
        return not (
            self._told and (text == self._told or re.match(r"Application \w+ failed\. Exiting", text))
        )


class TextLines(logging.Formatter):
    """One record a line, control characters escaped; the lines of a traceback are indented below it."""

    def __init__(self, style: LogStyle) -> None:
        super().__init__()
        self.style = style

    def format(self, record: logging.LogRecord) -> str:
        level = f"{record.levelname:<8}"
        if self.style.coloured and record.levelname in COLOURS:
            level = painted(level, COLOURS[record.levelname])
        shown = f"{stamp(record.created)} {level} {record.name}: {escape(record.getMessage())}"
        trace = trace_of(record, self.style.verbose)
        if trace:
            shown = f"{shown}\n{escape(trace)}"
        # Indented, so that no part of a text looks like a record of its own.
        return shown.replace("\n", "\n  ")


class JsonLines(logging.Formatter):
    """One record a line, as a JSON object."""

    def __init__(self, style: LogStyle) -> None:
        super().__init__()
        self.style = style

    def format(self, record: logging.LogRecord) -> str:
        line: Dict[str, Any] = {
            "time": stamp(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line.update({key: value for key, value in vars(record).items() if key not in RECORD})
        trace = trace_of(record, self.style.verbose)
        if trace:
            line["exception"] = trace
        return json.dumps(line, default=str)


def trace_of(record: logging.LogRecord, verbose: bool) -> str:
    """The traceback of a record; none for an exception whose text says everything, unless it is wanted."""
    exc = record.exc_info[1] if record.exc_info else None
    if exc is None or (isinstance(exc, (SetupError, LifespanError)) and not verbose):
        return ""
    return "".join(traceback.format_exception(type(exc), exc, exc.__traceback__)).rstrip()


def escape(text: str) -> str:
    """Text that cannot pretend to be another line, nor command a terminal; line breaks and tabs stay."""
    return CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def painted(text: str, colour: str) -> str:
    """Text in a colour of the terminal."""
    return f"\x1b[{colour}m{text}\x1b[0m"


_second = (0, "")  # the last one written out, for there are many lines in one


def stamp(created: float) -> str:
    """`2026-11-20T12:00:00.123Z`."""
    global _second
    whole = int(created)
    second = _second
    if second[0] != whole:
        _second = second = (whole, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole)))
    return f"{second[1]}.{int((created - whole) * 1000):03d}Z"
