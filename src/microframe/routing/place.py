"""Place: the file and line that something is told of."""

import os
import sys
from pathlib import Path
from types import FrameType
from typing import Any, Optional, Tuple

from microframe.routing.route import where_is

OURS = f"{Path(__file__).parents[1]}{os.sep}"


def place_of_call() -> Tuple[str, int]:
    """The line outside of this framework from which it is called now; nothing and 0 where there is none."""
    frame: Optional[FrameType] = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(OURS):
        frame = frame.f_back
    return (frame.f_code.co_filename, frame.f_lineno) if frame is not None else ("", 0)


def shown_path(file: str) -> str:
    """A path as it is shown: relative where it is below the working directory."""
    try:
        return str(Path(file).relative_to(Path.cwd()))
    except ValueError:
        return file


def place_of(function: Any) -> Tuple[str, str, int]:
    """A callable's name, file and line; of what has no source nothing and 0."""
    name, _, place = where_is(function).partition(" (")
    file, _, line = place[:-1].rpartition(":")
    return name, file, int(line or 0)
