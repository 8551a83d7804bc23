"""Reload: one worker, started anew whenever a file of the program changes."""

import logging
import socket
from pathlib import Path
from typing import Any, Callable, List

from microframe.cli.failure import FAILED
from microframe.cli.listeners import close_all
from microframe.cli.plan import Plan
from microframe.cli.worker import ENDED_BY_US, TICK, Child, Signals
from microframe.extras import requires_extra
from microframe.routing.place import shown_path

with requires_extra("server"):
    from watchfiles import PythonFilter, watch

logger = logging.getLogger("microframe.cli")

CALM = 400
"""Milliseconds in which changes are taken together."""


def reload(plan: Plan, sockets: List[socket.socket], announce: Callable[[], None]) -> int:
    """Serve until a signal comes, and give the exit code; what cannot be loaded waits for a change.

    Watched are the Python, TOML and .env files below the working directory.
    """
    signals = Signals()
    child = Child(plan, sockets)
    waiting = [announce]
    changed = PythonFilter(extra_extensions=(".toml", ".env"))
    timing: Any = {"yield_on_timeout": True, "rust_timeout": int(TICK * 1000), "debounce": CALM}
    told = False
    try:
        for changes in watch(Path.cwd(), watch_filter=changed, stop_event=signals.event, **timing):
            if changes:
                names = sorted({shown_path(path) for _, path in changes})
                logger.info("%s changed: reloading", ", ".join(names[:3]))
                child.end(plan.grace + 1)
                child, told = Child(plan, sockets), False
            if waiting and child.is_ready:
                waiting.pop()()
            if child.exit_code is not None and not told:
                told = True
                logger.error(
                    "the application has ended (exit code %s): waiting for a change", child.exit_code
                )
    finally:
        close_all(sockets)
        code = child.end(plan.grace + 1)
    return 0 if told or code in ENDED_BY_US else FAILED
