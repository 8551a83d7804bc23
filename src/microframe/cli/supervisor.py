"""Supervisor: keeps several workers, replaces one that ends, and stops all of them with itself."""

import logging
import socket
import time
from multiprocessing import connection
from typing import Callable, Dict, List, Optional

from microframe.cli.failure import FAILED
from microframe.cli.listeners import close_all
from microframe.cli.plan import Plan
from microframe.cli.worker import ENDED_BY_US, TICK, Child, Signals

logger = logging.getLogger("microframe.cli")

SHORT_LIFE = 10.0
"""Seconds; a worker that ends sooner is replaced after a pause."""
LONGEST_PAUSE = 30.0


class Workers:
    """As many workers as planned. One that ends is replaced; if one of the first cannot start, all stop."""

    def __init__(self, plan: Plan, sockets: List[socket.socket], announce: Callable[[], None]) -> None:
        self._plan = plan
        self._sockets = sockets
        self._announce = announce
        self._announced = False
        self._children: Dict[int, Child] = {}
        self._due: Dict[int, float] = {}
        self._pause: Dict[int, float] = {}

    def run(self) -> int:
        """Until a signal comes, or the first workers cannot start; gives the exit code."""
        signals = Signals()
        code: Optional[int] = None
        try:
            for place in range(self._plan.workers):
                self._children[place] = Child(self._plan, self._sockets)
            while code is None and not signals.count:
                connection.wait([one for child in self._children.values() for one in child.news], TICK)
                code = self._look()
            # The connections that wait here would wait for ever: this process never accepts one.
            close_all(self._sockets)
            logger.info("stopping %s workers", len(self._children))
            self._stop(signals)
        finally:
            codes = [child.end() for child in self._children.values()]
        if code is not None:
            return code
        return 0 if all(ended in ENDED_BY_US for ended in codes) else FAILED

    def _look(self) -> Optional[int]:
        """Replace whoever has ended; gives an exit code when there is no use in it."""
        for place, child in list(self._children.items()):
            if child.exit_code is None:
                continue
            if not child.is_ready and not self._announced:
                logger.error("worker %s could not start", child.process.pid)
                return child.exit_code if child.exit_code > 0 else FAILED
            self._plan_another(place, child)
        for place in [place for place, due in self._due.items() if due <= time.monotonic()]:
            del self._due[place]
            self._children[place] = Child(self._plan, self._sockets)
        if not self._announced and all(child.is_ready for child in self._children.values()):
            self._announced = True
            self._announce()
        return None

    def _plan_another(self, place: int, child: Child) -> None:
        lived = time.monotonic() - child.started
        pause = 0.0 if lived > SHORT_LIFE else min(max(0.5, 2 * self._pause.get(place, 0.0)), LONGEST_PAUSE)
        self._pause[place] = pause
        self._due[place] = time.monotonic() + pause
        logger.error("worker %s has ended (exit code %s) and is replaced", child.process.pid, child.exit_code)
        del self._children[place]
        child.end()

    def _stop(self, signals: Signals) -> None:
        """Stop all; a second signal makes them drop what is in flight, a third one kills them."""
        passed_on = 0
        while True:
            alive = [child for child in self._children.values() if child.process.is_alive()]
            if not alive:
                return
            asked = max(signals.count, 1)
            for child in alive if asked > passed_on else ():
                (child.stop, child.hurry, child.process.kill)[min(asked, 3) - 1]()
            passed_on = asked
            connection.wait([child.process.sentinel for child in alive], TICK)
