"""One framework in a process of its own: reads JSON commands on stdin, measures, answers with JSON lines.

Started by `benchmarks.rounds`, which tells the workers of all frameworks in turn to measure one round, so
that what else the machine does in the meantime falls on all of them alike.
"""

import asyncio
import gc
import json
import os
import sys
import warnings
from typing import Any, Callable, Dict, Optional, Protocol

from benchmarks.driver import ASGIApplication, Driver
from benchmarks.peers import BARE, PEERS
from benchmarks.workloads import WEBSOCKET_MESSAGES, WORKLOADS, Workload

WARM_UP = 30
NOTHING = "nothing"


async def nothing(scope: Any, receive: Any, send: Any) -> None:
    """An application that does not even answer: what is left is the cost of the driver."""
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return


def build(peer: str, app: str, workload: Optional[str] = None) -> ASGIApplication:
    """An application of a framework: `app` is a `Workload.app`, a builder's name and its count."""
    if peer == NOTHING:
        return nothing
    module = PEERS[peer].load()
    builder: Callable[..., ASGIApplication]
    if peer == BARE and workload is not None:
        builder = module.build_constant
        return builder(workload)
    kind = app.rstrip("0123456789")
    builder = getattr(module, "build_" + kind)
    return builder(int(app[len(kind) :])) if kind != app else builder()


def unsupported(peer: str, workload: str) -> Optional[str]:
    """Why a framework cannot do a workload, as its module declares it, or None."""
    module = PEERS[peer].load()
    reasons: Dict[str, str] = getattr(module, "UNSUPPORTED", {})
    if WORKLOADS[workload].app == "lists" and peer != BARE and not hasattr(module, "build_lists"):
        return "its application has no lists and forms yet: only those of FastAPI and Litestar have"
    return reasons.get(workload)


class Worker:
    """The drivers of one framework, made on first use."""

    def __init__(self, peer: str) -> None:
        self._peer = peer
        self._drivers: Dict[str, Driver] = {}

    async def _driver(self, workload: Workload) -> Driver:
        key = workload.name if self._peer == BARE else workload.app
        if key not in self._drivers:
            driver = Driver(build(self._peer, workload.app, workload.name))
            self._drivers[key] = await driver.__aenter__()
        return self._drivers[key]

    async def check(self, workload: Workload) -> Optional[str]:
        """What is wrong with the framework's answer, or None."""
        if self._peer == NOTHING:
            return None
        reason = unsupported(self._peer, workload.name)
        if reason is not None:
            return reason
        driver = await self._driver(workload)
        if workload.websocket:
            echoed = await driver.converse(workload)
            return None if echoed == WEBSOCKET_MESSAGES else "%d messages echoed" % echoed
        return workload.complaint(*await driver.ask(workload))

    async def calibrate(self, workload: Workload, seconds: float) -> int:
        """How many requests take about `seconds` of CPU."""
        driver = await self._driver(workload)
        sample = await driver.measure(workload, WARM_UP)
        sample = await driver.measure(
            workload, max(1, int(seconds / 4 * sample.count / max(sample.cpu, 1e-6)))
        )
        return max(1, int(seconds * sample.count / max(sample.cpu, 1e-6)))

    async def measure(self, workload: Workload, count: int) -> float:
        """Seconds of CPU per request over `count` requests."""
        sample = await (await self._driver(workload)).measure(workload, count)
        return sample.cpu / sample.count

    async def obey(self, command: Dict[str, Any]) -> Any:
        """The answer to one command."""
        workload = WORKLOADS[command["workload"]]
        if command["do"] == "check":
            return await self.check(workload)
        if command["do"] == "calibrate":
            count = await self.calibrate(workload, command["seconds"])
            # What is alive now stays: else the size of the application would be paid in random rounds.
            gc.freeze()
            return count
        return await self.measure(workload, command["count"])


class Obedient(Protocol):
    """Does what it is told, command by command."""

    async def obey(self, command: Dict[str, Any]) -> Any: ...


async def serve(worker: Obedient) -> None:
    """Read commands until there are none."""
    # Frameworks may print; the answers go to the real stdout, everything else to stderr.
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in iter(sys.stdin.readline, ""):
        try:
            reply: Dict[str, Any] = {"result": await worker.obey(json.loads(line))}
        except Exception as error:
            reply = {"error": "%s: %s" % (type(error).__name__, str(error)[:200])}
        replies.write(json.dumps(reply) + "\n")
        replies.flush()


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    asyncio.run(serve(Worker(sys.argv[1])))
