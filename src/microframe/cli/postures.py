"""Postures: the routes of an application and what stands before each, as a table, as JSON and as SARIF 2.1.0."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Mapping, Sequence

from microframe.checks.stance import Stance, Subject
from microframe.cli.sarif import Result, Rule, format_log
from microframe.injection.description import Note, describe
from microframe.routing.place import shown_path
from microframe.routing.route import Route

COLUMNS = (
    "METHOD",
    "PATH",
    "HANDLER",
    "PLACE",
    "AUTH",
    "CSRF",
    "LIMITS",
    "CACHE",
    "BODY",
    "TIMEOUT",
    "IDEMPOTENCY",
)
NOTHING = "–"  # noqa: RUF001  # a dash is meant
UNITS = (
    ("GB", 1_000_000_000),
    ("GiB", 2**30),
    ("MB", 1_000_000),
    ("MiB", 2**20),
    ("kB", 1000),
    ("KiB", 1024),
)


@dataclass(frozen=True)
class Line:
    """One route or mount, with the source of each of its parameters where somebody wants to know."""

    stance: Stance
    notes: Sequence[Note]


def lines_of(subjects: Sequence[Subject], verbose: bool) -> Iterator[Line]:
    """Each application's routes and mounts in the order of registration, what is mounted behind its mount."""
    return lines_below(subjects[0], subjects, verbose)


def lines_below(subject: Subject, subjects: Sequence[Subject], verbose: bool) -> Iterator[Line]:
    injector = subject.application.injector
    for stance in subject.stances:
        found = stance.found
        yield Line(stance, describe(found, injector).notes if verbose and isinstance(found, Route) else ())
        for inner in subjects:
            if inner.mount is stance:
                yield from lines_below(inner, subjects, verbose)


# Text ----------------------------------------------------------------------------------------------------------------


def format_text(lines: Sequence[Line]) -> str:
    """The table, with the notes of each route below it; what nothing is said of has no column."""
    if not lines:
        return ""
    rows = [cells_of(line.stance) for line in lines]
    shown = [at for at in range(len(COLUMNS)) if at < 4 or any(row[at] not in ("", NOTHING) for row in rows)]
    table = [[row[at] for at in shown] for row in (COLUMNS, *rows)]
    widths = [max(len(row[at]) for row in table) for at in range(len(shown))]
    written = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in table]
    text = [written[0]]
    for line, row in zip(lines, written[1:]):
        text += [row, *format_notes(line.notes)]
    return "\n".join(text)


def cells_of(stance: Stance) -> Sequence[str]:
    cells = [stance.verbs, stance.path, stance.handler, place_of(stance)]
    if stance.application:
        return [
            *cells,
            *[""] * (len(COLUMNS) - len(cells)),
        ]  # its routes follow, with what is done for them here
    posture = stance.posture
    said = (
        ", ".join(posture.auth) or "open",
        stance.csrf,
        "; ".join(limit.words for limit in posture.limits),
        posture.cache,
        "" if stance.body is None else format_size(stance.body),
        f"{stance.timeout:g} s" if stance.timeout else "",
        stance.idempotency,
    )
    return [*cells, *(word or NOTHING for word in said)]


def place_of(stance: Stance) -> str:
    file, line = stance.place
    return f"{shown_path(file)}:{line}" if file else ""


def format_size(size: int) -> str:
    """Bytes in the largest unit in which they are a whole number."""
    for unit, bytes_of_unit in UNITS:
        if size >= bytes_of_unit and size % bytes_of_unit == 0:
            return f"{size // bytes_of_unit} {unit}"
    return f"{size} B"


def format_notes(notes: Sequence[Note]) -> Iterator[str]:
    names = [f"{'  ' * note.depth}{note.name or '(of the route)'}" for note in notes]
    width = max(map(len, names), default=0)
    types = max((len(note.type) for note in notes if note.name), default=0)
    for name, note in zip(names, notes):
        kind = note.type if note.name else ""
        detail = note.detail.replace(f"({Path.cwd()}{os.sep}", "(")
        yield f"    {name.ljust(width)}  {kind.ljust(types)}  {note.source:<10}  {detail}".rstrip()


# For other programs --------------------------------------------------------------------------------------------------


def format_json(lines: Sequence[Line]) -> str:
    """A list of objects; what is not there is null, and what is not limited too."""
    return json.dumps([record_of(line) for line in lines], indent=2, ensure_ascii=False)


def record_of(line: Line) -> Dict[str, Any]:
    stance = line.stance
    posture, (file, number) = stance.posture, stance.place
    record: Dict[str, Any] = {
        "method": stance.verbs,
        "path": stance.path,
        "handler": stance.handler,
        "file": shown_path(file) if file else None,
        "line": number or None,
        "auth": list(posture.auth),
        "csrf": stance.csrf,
        "limits": [limit.words for limit in posture.limits],
        "cache": posture.cache or None,
        "body_limit": stance.body,
        "timeout": stance.timeout or None,
        "idempotency": stance.idempotency or None,
    }
    if line.notes:
        record["parameters"] = [vars(note) for note in line.notes]
    return record


def format_sarif(lines: Sequence[Line]) -> str:
    """A result for each route; what anybody may change without being asked is a note."""
    rules = [Rule("route", "What stands before a route.")]
    return format_log(rules, [result_of(line.stance) for line in lines])


def result_of(stance: Stance) -> Result:
    file, line = stance.place
    said = ", ".join(
        f"{name.lower()}: {cell}" for name, cell in zip(COLUMNS[4:], cells_of(stance)[4:]) if cell
    )
    is_open = not stance.posture.auth and not stance.is_safe and not stance.application
    text = f"{stance} -> {stance.handler}" + (f" ({said})" if said else "")
    return Result("route", "note" if is_open else "none", text, file, line)


FORMATS: Mapping[str, Callable[[List[Line]], str]] = {
    "text": format_text,
    "json": format_json,
    "sarif": format_sarif,
}
