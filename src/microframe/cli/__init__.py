"""The `microframe` command: serve an application, list its routes, run its commands."""

import sys
from typing import Optional, Sequence

from microframe.exceptions import SetupError

__all__ = ["main"]


def main(arguments: Optional[Sequence[str]] = None) -> None:
    """Run the command line, by default that of this process, and exit with its code."""
    try:
        from microframe.cli.command import microframe
    except SetupError as exc:
        sys.exit(f"microframe: {exc}")
    microframe(arguments, prog_name="microframe")
