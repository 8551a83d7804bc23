"""OpenAPI: `microframe openapi app:app`, the API document as text, and whether a file still says the same."""

import json
import sys
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Dict, NamedTuple, Optional

from microframe import Application, SetupError
from microframe.cli.differences import differences
from microframe.cli.failure import FAILED, USAGE, Failure, explained, place_of
from microframe.cli.options import program_options
from microframe.cli.settings import export
from microframe.cli.target import Target, load, parse_target
from microframe.extras import requires_extra

with requires_extra("cli"):
    import click

SHOWN = 10
"""Differences that are named; of more only the number is told."""
YAML_SUFFIXES = (".yaml", ".yml")


class Form(NamedTuple):
    """How a document is written."""

    indent: int
    is_yaml: bool

    def write(self, document: Dict[str, Any]) -> str:
        if self.is_yaml:
            from microframe.cli.yaml import format_yaml

            return format_yaml(document, max(self.indent, 2))
        separators = None if self.indent else (",", ":")
        return (
            json.dumps(document, indent=self.indent or None, ensure_ascii=False, separators=separators) + "\n"
        )

    def read(self, text: str) -> Any:
        if self.is_yaml:
            from microframe.cli.yaml import parse_yaml

            return with_text_keys(parse_yaml(text))
        return json.loads(text)


@dataclass(frozen=True)
class OpenAPIOptions:
    """The options of the command, as click has read them."""

    output: Optional[str]
    expected: Optional[str]
    api_version: Optional[str]
    indent: int
    is_yaml: bool
    factory: bool
    env_file: Optional[str]
    verbose: bool

    @property
    def form(self) -> Form:
        file = self.output or self.expected
        return Form(
            self.indent, self.is_yaml or (file is not None and Path(file).suffix.lower() in YAML_SUFFIXES)
        )


@click.command()
@click.argument("target", required=False)
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="Write it to this file.")
@click.option(
    "--check",
    "expected",
    type=click.Path(exists=True, dir_okay=False),
    help="Say where it differs from this file, and exit with 1 if it does.",
)
@click.option("--api-version", metavar="VERSION", help="The document of this version of the API alone.")
@click.option(
    "--indent", type=click.IntRange(0, 16), default=2, show_default=True, help="Spaces; 0 for a single line."
)
@click.option("--yaml", "is_yaml", is_flag=True, help="As YAML; files called .yaml or .yml are, without it.")
@program_options
@click.option("-v", "--verbose", is_flag=True, help="Show the traceback of what fails.")
def openapi(target: Optional[str], **given: object) -> None:
    """Print the API document of an application, whether it is served or not; it is built, but not started."""
    # click has given each the type that the record names.
    options = OpenAPIOptions(**given)  # type: ignore[arg-type]  # as above
    with explained(options.verbose):
        if options.output is not None and options.expected is not None:
            raise Failure("--output writes a file, --check compares one: give one of them", USAGE)
        chosen = parse_target(target, options.factory)
        export(options.env_file, None, ())
        document = document_of(chosen, options.api_version)
        if options.expected is not None:
            compare(options.form, document, Path(options.expected))
        else:
            deliver(written(options.form, document), options.output)
    sys.exit(0)


def document_of(target: Target, version: Optional[str] = None) -> Dict[str, Any]:
    """The document of an application, or of one version of its API, as plain data.

    Raises:
        Failure: there is no such application, it is not ours, or its document cannot be made.
    """
    app = load(target)
    if not isinstance(app, Application):
        raise Failure(f"{target} is no Application of MicroFrame: it has no API document", USAGE)
    try:
        # As it is sent: what is not JSON is no document.
        made = app.openapi() if version is None else app.openapi_of(version)
        document: Dict[str, Any] = json.loads(json.dumps(made, allow_nan=False))
    except SetupError as exc:
        raise Failure(str(exc)) from exc
    except Exception as exc:
        place = place_of(exc)
        said = f"{type(exc).__name__}: {exc}" + (f" ({place})" if place else "")
        raise Failure(f"the API document of {target} cannot be made: {said}", FAILED) from exc
    return document


def written(form: Form, document: Dict[str, Any]) -> str:
    try:
        return form.write(document)
    except SetupError as exc:
        raise Failure(str(exc), FAILED) from exc


def deliver(text: str, output: Optional[str]) -> None:
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        Path(output).write_text(text, encoding="utf-8")
    except OSError as exc:
        raise Failure(f"{output} cannot be written: {exc.strerror}", FAILED) from exc


# Comparing -----------------------------------------------------------------------------------------------------------


def compare(form: Form, document: Dict[str, Any], file: Path) -> None:
    """Say where a document differs from that in a file, and exit if it does.

    Raises:
        Failure: it does, or the file cannot be read.
    """
    found = differences(read_document(form, file), document)
    first = list(islice(found, SHOWN))
    if not first:
        return
    for difference in first:
        click.echo(difference)
    more = sum(1 for _ in found)
    if more:
        click.echo(f"and {more} more")
    raise Failure(f"the API document is not the one in {file}", FAILED)


def read_document(form: Form, file: Path) -> Any:
    try:
        return form.read(file.read_text(encoding="utf-8"))
    except SetupError as exc:
        raise Failure(str(exc), FAILED) from exc
    except OSError as exc:
        raise Failure(f"{file} cannot be read: {exc.strerror}", FAILED) from exc
    except (ValueError, RecursionError) as exc:
        raise Failure(f"{file} is not {'YAML' if form.is_yaml else 'JSON'}: {exc}", FAILED) from exc


def with_text_keys(value: Any) -> Any:
    """YAML's data as JSON has it: `200:` is a number there, and a name here."""
    if isinstance(value, dict):
        return {str(key): with_text_keys(inner) for key, inner in value.items()}
    return [with_text_keys(inner) for inner in value] if isinstance(value, list) else value
