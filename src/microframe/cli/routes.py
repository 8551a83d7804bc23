"""Routes: `microframe routes app:app`, everything an application answers, and where each value comes from."""

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Iterator, Optional, Sequence

from microframe import Application
from microframe.cli.failure import USAGE, Failure, explained, shown_path
from microframe.cli.settings import export
from microframe.cli.target import load, parse_target
from microframe.extras import requires_extra
from microframe.injection.description import Note, describe
from microframe.routing.route import Route, where_is

with requires_extra("cli"):
    import click


@dataclass(frozen=True)
class Line:
    """One row of the table."""

    verbs: str
    path: str
    handler: str
    place: str
    notes: Sequence[Note] = field(default=())


@click.command()
@click.argument("target", required=False)
@click.option("--factory", is_flag=True, help="The target is a function that makes the application.")
@click.option(
    "--env-file",
    type=click.Path(exists=True, dir_okay=False),
    help="File of MICROFRAME_* settings, instead of .env.",
)
@click.option("-v", "--verbose", is_flag=True, help="Say of each parameter where its value comes from.")
def routes(target: Optional[str], factory: bool, env_file: Optional[str], verbose: bool) -> None:
    """List the routes of an application: method, path, handler, and its place in the code.

    HEAD and OPTIONS, which are answered everywhere, are left out.
    """
    with explained(verbose):
        chosen = parse_target(target, factory)
        export(env_file, None, ())
        app = load(chosen)
        if not isinstance(app, Application):
            raise Failure(f"{chosen} is no Application of MicroFrame: its routes are not known", USAGE)
        lines = list(lines_of(app, "", verbose))
    for text in format_lines(lines):
        click.echo(text)
    sys.exit(0)


def lines_of(app: Application, prefix: str, verbose: bool) -> Iterator[Line]:
    """The routes of an application and of those it mounts, in the order of registration."""
    for route in app.routes:
        yield line_of(app, route, prefix, verbose)
    for mount in app.mounts:
        place = f"{mount.inherited.host or ''}{prefix}{mount.path}"
        yield Line("MOUNT", place or "/", mount.name or type(mount.app).__name__, "")
        if isinstance(mount.app, Application):
            yield from lines_of(mount.app, place, verbose)


def line_of(app: Application, route: Route, prefix: str, verbose: bool) -> Line:
    verbs = ",".join(sorted(route.methods)) or "WEBSOCKET"
    name, _, place = where_is(route.handler).partition(" (")
    module = getattr(route.handler, "__module__", None)
    handler = f"{module}:{name}" if module else name
    notes = describe(route, app.injector).notes if verbose else ()
    return Line(
        verbs, f"{route.inherited.host or ''}{prefix}{route.path}", handler, relative(place[:-1]), notes
    )


def relative(place: str) -> str:
    file, _, line = place.rpartition(":")
    return f"{shown_path(file)}:{line}" if file else place


def format_lines(lines: Sequence[Line]) -> Iterator[str]:
    """The table, with the notes of each route below it."""
    rows = [(line.verbs, line.path, line.handler, line.place) for line in lines]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    for line, row in zip(lines, rows):
        cells = [cell.ljust(width) for cell, width in zip(row, widths)]
        yield "  ".join([*cells, line.place]).rstrip()
        yield from format_notes(line.notes)


def format_notes(notes: Sequence[Note]) -> Iterator[str]:
    names = [f"{'  ' * note.depth}{note.name or '(of the route)'}" for note in notes]
    width = max(map(len, names), default=0)
    types = max((len(note.type) for note in notes if note.name), default=0)
    for name, note in zip(names, notes):
        kind = note.type if note.name else ""
        detail = note.detail.replace(f"({Path.cwd()}{os.sep}", "(")
        yield f"    {name.ljust(width)}  {kind.ljust(types)}  {note.source:<10}  {detail}".rstrip()
