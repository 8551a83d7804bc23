"""One fresh process that measures itself: `python -m benchmarks.fresh start|serve PEER`.

The clock starts before anything is imported, so a cold start pays for asyncio and Pydantic too.
"""

import time

CPU, WALL = time.process_time(), time.perf_counter()

import asyncio  # noqa: E402
import json  # noqa: E402
import sys  # noqa: E402
import warnings  # noqa: E402
from typing import Any, Dict, Optional  # noqa: E402

from benchmarks.driver import Driver  # noqa: E402
from benchmarks.worker import build  # noqa: E402
from benchmarks.workloads import WORKLOADS, Workload  # noqa: E402

ROUTES = 500
REQUESTS = 10_000
SERVED = ("plaintext", "json", "params", "body")

LAST = Workload(
    "cold",
    "first request",
    method="POST",
    path="/items%d/3" % (ROUTES - 1),
    body=b'{"name": "chair", "price": 9.5, "quantity": 2}',
    answer={"name": "chair", "price": 9.5, "quantity": 2, "note": None},
)


def peak_memory() -> Optional[float]:
    """MiB of memory this process held at most; None where there is no /proc."""
    try:
        with open("/proc/self/status") as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) / 1024
    except OSError:
        pass
    return None


async def start(peer: str) -> Dict[str, Any]:
    """Import, build 500 routes with a model each, start up, answer the first request."""
    async with Driver(build(peer, "typed%d" % ROUTES)) as driver:
        answer = await driver.ask(LAST)
        result = {
            "cpu": time.process_time() - CPU,
            "wall": time.perf_counter() - WALL,
            "memory": peak_memory(),
        }
    complaint = LAST.complaint(*answer)
    return result if complaint is None else {"reason": complaint}


async def serve(peer: str) -> Dict[str, Any]:
    """Peak memory over ten thousand requests of four kinds."""
    async with Driver(build(peer, "main")) as driver:
        for name in SERVED:
            await driver.measure(WORKLOADS[name], REQUESTS // len(SERVED))
    return {"memory": peak_memory()}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    action = {"start": start, "serve": serve}[sys.argv[1]]
    print(json.dumps(asyncio.run(action(sys.argv[2]))))
