"""Check: `microframe check app:app`, mistakes that can be found before anybody asks for anything."""

import os
import re
import sys
from pathlib import Path
from typing import Callable, Iterable, List, Optional

from microframe import Application, SetupError
from microframe.checks.exposure import unknown_setting
from microframe.checks.weak_application import WeakApplication, is_serious
from microframe.cli.checks.safe_methods import find_unsafe_gets
from microframe.cli.checks.undeclared import find_undeclared_raises
from microframe.cli.failure import FAILED, USAGE, Failure, explained, place_of
from microframe.cli.findings import FORMATS
from microframe.cli.options import format_option, program_options
from microframe.cli.settings import export
from microframe.cli.target import Loaded, Target, load, parse_target
from microframe.extras import requires_extra
from microframe.plugin import Finding

with requires_extra("cli"):
    import click


def find_weak(app: Application) -> Iterable[Finding]:
    """What is weak in an application; imported for it alone, since no other command needs it."""
    from microframe.checks.weaknesses import find_weaknesses

    return find_weaknesses(app)


CHECKS: List[Callable[[Application], Iterable[Finding]]] = [
    find_weak,
    find_undeclared_raises,
    find_unsafe_gets,
]
"""What is looked for, in the order in which it is told. Each is given the application, built."""

PLACE = re.compile(r"\(([^()]+):(\d+)\)")


@click.command()
@click.argument("target", required=False)
@program_options
@format_option(FORMATS)
@click.option("-v", "--verbose", is_flag=True, help="Show the traceback of what fails.")
@click.option("--production", is_flag=True, help="Look at it as it is in production.")
def check(
    target: Optional[str], factory: bool, env_file: Optional[str], form: str, verbose: bool, production: bool
) -> None:
    """Look for mistakes and weak settings in an application: it is built, but not started.

    Exits with 1 where an error or a warning is found, with 0 where nothing is, or only notes.
    """
    with explained(verbose):
        chosen = parse_target(target, factory)
        export(env_file, None, ())
        if production:
            os.environ["MICROFRAME_ENVIRONMENT"] = "production"
        findings = find_all(chosen, production)
    text = FORMATS[form](findings)
    if text:
        click.echo(text)
    elif form == "text":
        click.echo(f"{chosen}: nothing found", err=True)
    sys.exit(FAILED if any(map(is_serious, findings)) else 0)


def find_all(target: Target, production: bool = False) -> List[Finding]:
    """What every check finds; a program that cannot be put together is itself one finding.

    Raises:
        Failure: the target cannot be imported, or is no application of ours.
    """
    try:
        app: Loaded = load(target)
    except Failure as exc:
        if isinstance(exc.__cause__, WeakApplication):
            return list(exc.__cause__.findings)
        if isinstance(exc.__cause__, SetupError):
            return [setup_error(exc.__cause__)]
        raise
    if not isinstance(app, Application):
        raise Failure(f"{target} is no Application of MicroFrame: there is nothing to check", USAGE)
    if production and not app.config.is_production:
        raise Failure(
            "--production has no effect: the application sets its environment itself, or was given an AppConfig "
            "whole, which reads no environment (use Application(…) with keywords, or load_config)",
            USAGE,
        )
    try:
        return [finding for find in CHECKS for finding in find(app)]
    except SetupError as exc:  # a check of a plugin that cannot be made
        place = place_of(exc.__cause__ or exc)
        raise Failure(f"{exc}{f' ({place})' if place else ''}", FAILED) from exc.__cause__


def setup_error(exc: SetupError) -> Finding:
    """A `SetupError` at the place that it names, or else where it came from."""
    message = str(exc).replace(f"({Path.cwd()}{os.sep}", "(")
    unknown = unknown_setting(exc)
    if unknown is not None and unknown.file:
        return unknown
    named = PLACE.search(str(exc))
    file, _, line = f"{named[1]}:{named[2]}".rpartition(":") if named else place_of(exc).rpartition(":")
    return Finding("setup-error" if unknown is None else unknown.code, message, file, int(line or 0))
