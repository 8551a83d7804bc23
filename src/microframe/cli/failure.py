"""Failure: what ends a command, as one line of text and an exit code."""

import contextlib
import os
import sys
import sysconfig
import traceback
from pathlib import Path
from typing import IO, Any, Iterator, List, Optional, Sequence, Tuple

from microframe.extras import requires_extra
from microframe.routing.place import shown_path

with requires_extra("cli"):
    import click

FAILED = 1
"""Something went wrong while it ran: an address in use, a command that raised, a missing package."""
USAGE = 2
"""The command line is wrong, or asks for what is refused."""
UNLOADABLE = 3
"""The application cannot be imported or built, or did not start."""


class Failure(click.ClickException):
    """The command ends here: this line, and what it announces, goes to standard error, the code to whoever called."""

    def __init__(self, message: str, code: int = UNLOADABLE, details: Sequence[str] = ()) -> None:
        super().__init__(" ".join(message.split()))
        self.details = details
        self.exit_code = code  # type: ignore[misc, unused-ignore]  # click has one number for each class

    def show(self, file: Optional[IO[Any]] = None) -> None:
        lines = [f"microframe: {self.message}", *(f"  {detail}" for detail in self.details)]
        click.echo("\n".join(lines), file=file or sys.stderr)


@contextlib.contextmanager
def explained(verbose: bool) -> Iterator[None]:
    """With `verbose`, a failure that has a cause shows where that came from."""
    try:
        yield
    except Failure as exc:
        cause = exc.__cause__
        if verbose and cause is not None:
            traceback.print_exception(type(cause), cause, cause.__traceback__)
        raise


# Where an exception comes from ------------------------------------------------------------------------------


def place_of(exc: BaseException) -> str:
    """`app.py:12`: the innermost line of the user's own code that an exception went through, or nothing."""
    frames = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(exc.__traceback__)]
    files = [found for found in frames if not is_machinery(found[0])]
    own = [found for found in files if not found[0].startswith(_installed())] or files
    return f"{shown_path(own[-1][0])}:{own[-1][1]}" if own else ""


def is_machinery(file: str) -> bool:
    """Whether a file is part of the import system or of this framework."""
    return (
        file.startswith(("<", f"{Path(__file__).parents[1]}{os.sep}"))
        or Path(file).parent.name == "importlib"
    )


def _installed() -> Tuple[str, ...]:
    paths = sysconfig.get_paths()
    return tuple({paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")})


def did_you_mean(name: str, known: List[str]) -> str:
    """`; did you mean …?` when a known name is close, otherwise nothing."""
    from difflib import get_close_matches  # only wanted on the way out

    close = get_close_matches(name, known, n=1, cutoff=0.7)
    return f"; did you mean {close[0]}?" if close else ""
