"""Command: `microframe` itself, the group that its commands stand in."""

from microframe import __version__
from microframe.cli.check import check
from microframe.cli.do import do
from microframe.cli.openapi import openapi
from microframe.cli.routes import routes
from microframe.cli.run import run
from microframe.extras import requires_extra

with requires_extra("cli"):
    import click

EXIT_CODES = """\b
Exit codes:
  0  all went well; a server was stopped by a signal and finished its requests
  1  something failed: an address in use, a command, a missing package; check has found something, a document differs
  2  the command line is wrong, or asks for what is refused
  3  the application cannot be imported or built, or did not start"""


@click.group(epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(prog)s %(version)s")
def microframe() -> None:
    """Serve MicroFrame applications, look into them, and run their commands."""


for command in (run, routes, openapi, check, do):
    microframe.add_command(command)
