"""Worker: a process that serves the application, and how its parent starts, watches and ends it."""

import contextlib
import logging
import os
import signal
import socket
import sys
import threading
import time
from multiprocessing import connection, get_context, parent_process
from types import FrameType
from typing import Any, List, Optional

from microframe.cli.failure import Failure, explained
from microframe.cli.logs import configure
from microframe.cli.plan import Plan
from microframe.cli.server import HURRY, serve
from microframe.cli.settings import settings_of
from microframe.cli.target import load

logger = logging.getLogger("microframe.cli")

TICK = 0.2
"""Seconds between two looks at the workers, where nothing happens before."""
ENDED_BY_US = (0, -signal.SIGTERM)


# In the worker ----------------------------------------------------------------------------------------------


def work(plan: Plan, sockets: List[socket.socket], ready: Any) -> None:
    """What a worker does: load the application and serve it; `ready` is told when it does."""
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl+C reaches the whole group; who started us passes it on
    threading.Thread(target=follow_parent, daemon=True).start()
    try:
        with explained(plan.logs.verbose):
            app = load(plan.target)
            config = settings_of(app, plan.required)
    except Failure as exc:
        exc.show()
        sys.exit(exc.exit_code)
    configure(plan.logs)
    sys.exit(serve(app, config, plan, sockets, lambda: ready.send(True)))


def follow_parent() -> None:
    """Stop when the process that started this one is gone, however it went."""
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)


# Around it --------------------------------------------------------------------------------------------------


class Child:
    """One worker process."""

    def __init__(self, plan: Plan, sockets: List[socket.socket]) -> None:
        # Spawned, not forked: what the application started while it was imported here stays here.
        context = get_context("spawn")
        self._ready, told = context.Pipe(duplex=False)
        self.process = context.Process(target=work, args=(plan, sockets, told))
        self.process.start()
        told.close()
        self.started = time.monotonic()
        self._is_ready = False

    @property
    def is_ready(self) -> bool:
        """Whether it has begun to serve."""
        if not self._is_ready and self._ready.poll():
            with contextlib.suppress(EOFError):
                self._is_ready = bool(self._ready.recv())
        return self._is_ready

    @property
    def exit_code(self) -> Optional[int]:
        """None while it runs; negative for the signal that ended it."""
        return self.process.exitcode

    @property
    def news(self) -> List[Any]:
        """What to wait for to hear of it."""
        return [self.process.sentinel] if self._is_ready else [self.process.sentinel, self._ready]

    def stop(self) -> None:
        """Ask it to stop, as a signal does."""
        if self.process.is_alive():
            self.process.terminate()

    def hurry(self) -> None:
        """Make it drop what is in flight."""
        pid = self.process.pid
        if HURRY is None or pid is None:
            self.process.kill()
        elif self.process.is_alive():
            os.kill(pid, HURRY)

    def end(self, grace: float = 0) -> int:
        """Stop it; kill it when it has not stopped after so many seconds."""
        self.stop()
        self.process.join(grace)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self._ready.close()
        code = self.process.exitcode
        assert code is not None
        return code


class Signals:
    """Counts what this process is asked to stop with."""

    def __init__(self) -> None:
        self.count = 0
        self.event = threading.Event()
        for sig in (signal.SIGINT, signal.SIGTERM):
            signal.signal(sig, self._heard)

    def _heard(self, sig: int, frame: Optional[FrameType]) -> None:
        self.count += 1
        self.event.set()
