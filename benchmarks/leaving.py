"""What `cancel_on_disconnect` costs a handler that never waits: `python -m benchmarks.leaving`.

The same application with it and without, in one process, in turns; the middle of the ratios of CPU time. Each side of
a pair is the least of several short turns, so that what else the machine does falls out.
"""

import asyncio
import statistics
import sys
import time
from dataclasses import dataclass
from typing import Any, Dict, List

from benchmarks.driver import Exchange
from microframe import Application

PAIRS = 400
TURNS = 6
REQUESTS = 50


def build(cancels: bool) -> Application:
    app = Application(cancel_on_disconnect=cancels)

    @app.get("/")
    async def plain() -> Dict[str, int]:
        return {"number": 1}

    @app.post("/")
    async def add(card: Dict[str, int]) -> Dict[str, int]:
        return card

    return app.build()


def head(method: str, body: bytes) -> Dict[str, Any]:
    headers = [(b"host", b"127.0.0.1:8000"), (b"accept", b"*/*")]
    if body:
        headers += [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": "/",
        "raw_path": b"/",
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
    }


async def spend(app: Application, method: str, body: bytes, tasks: bool) -> float:
    serve: Any = app
    scope, loop = head(method, body), asyncio.get_running_loop()
    began = time.process_time()
    for _ in range(REQUESTS):
        exchange = Exchange(body)
        asked = serve(dict(scope), exchange.receive, exchange.send)
        await (loop.create_task(asked) if tasks else asked)
    return time.process_time() - began


async def compare(method: str, body: bytes, tasks: bool, pairs: int) -> List[float]:
    without, with_it = build(False), build(True)
    ratios = []
    for number in range(pairs + 2):
        pair = [without, with_it] if number % 2 else [with_it, without]
        spent: Dict[Application, List[float]] = {app: [] for app in pair}
        for _ in range(TURNS):
            for app in pair:
                spent[app].append(await spend(app, method, body, tasks))
        ratios.append(min(spent[with_it]) / min(spent[without]))
    return ratios[2:]


@dataclass(frozen=True)
class Compared:
    """How much more CPU one kind of request takes with it, in per cent: the middle of the pairs, and half of them."""

    what: str
    pairs: int
    low: float
    middle: float
    high: float


def compare_all(pairs: int) -> List[Compared]:
    """All kinds of requests, `pairs` interleaved pairs of each."""
    found = []
    for name, method, body in (("GET", "GET", b""), ("POST with JSON", "POST", b'{"number": 1}')):
        for tasks in (False, True):
            ratios = asyncio.run(compare(method, body, tasks, pairs))
            low, middle, high = (100 * (ratio - 1) for ratio in statistics.quantiles(ratios, n=4))
            where = "each in a task of its own" if tasks else "in one task"
            found.append(Compared("%s, %s" % (name, where), pairs, low, middle, high))
    return found


def main() -> None:
    for one in compare_all(PAIRS):
        sys.stdout.write(
            f"{one.what}: {one.middle:+.1f} % "
            f"(half of {one.pairs} pairs within {one.low:+.1f} and {one.high:+.1f} %)\n"
        )


if __name__ == "__main__":
    main()
