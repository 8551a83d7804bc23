"""Routes: `microframe routes app:app`, everything an application answers, and what stands before it."""

import sys
from pathlib import Path
from typing import Optional

from microframe import Application
from microframe.cli.failure import FAILED, USAGE, Failure, explained
from microframe.cli.options import format_option, program_options
from microframe.cli.postures import FORMATS, lines_of
from microframe.cli.settings import export
from microframe.cli.target import load, parse_target
from microframe.extras import requires_extra

with requires_extra("cli"):
    import click


@click.command()
@click.argument("target", required=False)
@program_options
@format_option(FORMATS)
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="Write it to this file.")
@click.option("-v", "--verbose", is_flag=True, help="Say of each parameter where its value comes from.")
def routes(
    target: Optional[str],
    factory: bool,
    env_file: Optional[str],
    form: str,
    output: Optional[str],
    verbose: bool,
) -> None:
    """List the routes of an application: method, path, handler, its place in the code, and what stands before it.

    HEAD and OPTIONS, which are answered everywhere, are left out. A column in which nothing is said of any route is
    left out too.
    """
    from microframe.checks.stances import subjects_of  # what no other command needs

    with explained(verbose):
        chosen = parse_target(target, factory)
        export(env_file, None, ())
        app = load(chosen)
        if not isinstance(app, Application):
            raise Failure(f"{chosen} is no Application of MicroFrame: its routes are not known", USAGE)
        text = FORMATS[form](list(lines_of(subjects_of(app), verbose)))
        if output is not None:
            write(text, Path(output))
        elif text:
            click.echo(text)
    sys.exit(0)


def write(text: str, file: Path) -> None:
    try:
        file.write_text(f"{text}\n" if text else "", encoding="utf-8")
    except OSError as exc:
        raise Failure(f"{file}: {exc.strerror or exc}", FAILED) from exc
