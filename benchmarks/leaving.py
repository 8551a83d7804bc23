"""What `cancel_on_disconnect` costs a handler that never waits: `python -m benchmarks.leaving`.

The same application with it and without, in one process, in turns; the middle of the ratios of CPU time.
"""

import asyncio
import statistics
import sys
import time
from typing import Any, Dict, List

from benchmarks.driver import Exchange
from microframe import Application

PAIRS = 400
REQUESTS = 300


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


async def compare(method: str, body: bytes, tasks: bool) -> List[float]:
    without, with_it = build(False), build(True)
    ratios = []
    for number in range(PAIRS + 2):
        pair = [without, with_it] if number % 2 else [with_it, without]
        spent = {app: await spend(app, method, body, tasks) for app in pair}
        ratios.append(spent[with_it] / spent[without])
    return ratios[2:]


def main() -> None:
    for name, method, body in (("GET", "GET", b""), ("POST with JSON", "POST", b'{"number": 1}')):
        for tasks in (False, True):
            ratios = asyncio.run(compare(method, body, tasks))
            quarters = statistics.quantiles(ratios, n=4)
            where = "each in a task of its own" if tasks else "in one task"
            sys.stdout.write(
                f"{name}, {where}: {100 * (quarters[1] - 1):+.1f} % "
                f"(half of {PAIRS} pairs within {100 * (quarters[0] - 1):+.1f} and {100 * (quarters[2] - 1):+.1f} %)\n"
            )


if __name__ == "__main__":
    main()
