"""What rate limits cost, beside a limiter with one lock and lists of moments: `python -m benchmarks.limits`.

The other one is written here as MicroFrame 2.0 had it: one asyncio lock for everybody, a list of moments for each
client, nothing ever forgotten. `python -m benchmarks.limits memory` (`calls`, `contention`, `routes`) is a part.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import threading
import time
from collections import defaultdict
from typing import Any, Awaitable, Callable, Dict, List

from microframe import Application
from microframe.middleware.rate_limit import Limit
from microframe.stores.memory import MemoryStore

CLIENTS = 1_000_000
EACH = "with room for each"
ROOM: Dict[str, Any] = {"max_entries": 2 * CLIENTS, "max_bytes": 10**10}
ROUNDS = 7
ALGORITHMS = ("fixed_window", "sliding_window", "gcra")


class OneLock:
    """The limiter before."""

    def __init__(self, limit: int, window: float) -> None:
        self.limit, self.window = limit, window
        self.lock = asyncio.Lock()
        self.moments: Dict[str, List[float]] = defaultdict(list)

    async def check(self, client: str) -> bool:
        async with self.lock:
            now = time.time()
            self.moments[client] = [then for then in self.moments[client] if now - then < self.window]
            if len(self.moments[client]) >= self.limit:
                return False
            self.moments[client].append(now)
            return True


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


# Calls ---------------------------------------------------------------------------------------------------------------


async def spend(call: Callable[[], Awaitable[Any]], count: int) -> float:
    """Microseconds of CPU for one call, the least of some rounds."""
    spent = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for _ in range(count):
            await call()
        spent.append((time.process_time() - began) / count)
    return min(spent) * 1e6


async def measure_calls() -> None:
    """One call of a client that has used up nothing, or nearly everything, of limits of several sizes."""
    say("\n## One call (CPU)\n\n| limit | before | " + " | ".join(ALGORITHMS) + " |\n|---|---|---|---|---|")
    for limit in (100, 1_000, 10_000):
        before = OneLock(limit, 3600)
        for _ in range(limit):
            await before.check("client")
        costs = [await spend(lambda: before.check("client"), max(200_000 // limit, 20))]  # noqa: B023
        for algorithm in ALGORITHMS:
            store = MemoryStore()

            def hit(store: Any = store, algorithm: Any = algorithm, limit: int = limit) -> Awaitable[Any]:
                answer: Awaitable[Any] = store.hit("client", algorithm=algorithm, limit=limit, window=3600)
                return answer

            for _ in range(limit):
                await hit()
            costs.append(await spend(hit, 2000))
        say(f"| {limit:,}, used up | " + " | ".join(f"{cost:.1f} µs" for cost in costs) + " |")


# Routes --------------------------------------------------------------------------------------------------------------


SCOPE: Dict[str, Any] = {
    "type": "http",
    "asgi": {"version": "3.0"},
    "http_version": "1.1",
    "method": "GET",
    "scheme": "http",
    "path": "/limited",
    "raw_path": b"/limited",
    "query_string": b"",
    "root_path": "",
    "headers": [(b"host", b"127.0.0.1:8000"), (b"accept", b"*/*")],
    "client": ("127.0.0.1", 50000),
    "server": ("127.0.0.1", 8000),
}


async def receive() -> Dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


async def send(message: Any) -> None:
    return None


def build(limit: Any, path: str) -> Any:
    app = Application()
    app.get("/limited", limit=limit)(answer)
    app.get("/free")(answer)
    app.build()
    scope = {**SCOPE, "path": path, "raw_path": path.encode()}
    serve: Any = app
    return lambda: serve(dict(scope), receive, send)


async def answer() -> int:
    return 1


async def measure_routes() -> None:
    """A whole request through an application, in memory, without a server."""
    say("\n## One request of a whole application (CPU)\n\n| route | |\n|---|---|")
    plenty = {name: Limit("900000000/hour", algorithm=name) for name in ALGORITHMS}  # type: ignore[arg-type]
    cases = {
        "no limit in the application": build(None, "/limited"),
        "without a limit, beside one that has one": build("5/minute", "/free"),
        **{f"`{name}`": build(limit, "/limited") for name, limit in plenty.items()},
        "two limits": build([plenty["gcra"], Limit("900000000/day", algorithm="gcra")], "/limited"),
        "refused (429)": build("1/hour", "/limited"),
    }
    for name, call in cases.items():
        say(f"| {name} | {await spend(call, 2000):.1f} µs |")


# Contention ----------------------------------------------------------------------------------------------------------


async def waits(check: Callable[[str], Awaitable[Any]], clients: int, calls: int) -> List[float]:
    """Milliseconds from asking to being answered, of clients that all ask at once, again and again."""
    took: List[float] = []

    async def ask(client: str) -> None:
        for _ in range(calls):
            began = time.perf_counter()
            await check(client)
            took.append((time.perf_counter() - began) * 1e3)
            await asyncio.sleep(0)

    await asyncio.gather(*(ask(f"client {number}") for number in range(clients)))
    return took


async def measure_contention() -> None:
    say(
        "\n## 200 clients at once, limit 1,000, 300 calls each\n\n| | median | 99 % | all |\n|---|---|---|---|"
    )
    before, store = OneLock(1000, 60), MemoryStore()

    def hit(client: str) -> Awaitable[Any]:
        answer: Awaitable[Any] = store.hit(client, algorithm="gcra", limit=1000, window=60)
        return answer

    for name, check in (("before", before.check), ("now, `gcra`", hit)):
        began = time.perf_counter()
        took = await waits(check, 200, 300)
        whole = time.perf_counter() - began
        percents = statistics.quantiles(took, n=100)
        say(f"| {name} | {percents[49] * 1e3:.0f} µs | {percents[98] * 1e3:.0f} µs | {whole:.2f} s |")
    held = measure_lock(store)
    say(
        f"\nThe memory store's lock, four threads asking without a pause for 2 s: taken {held[0]:,} times, "
        f"{held[1]:.2%} of them waited, for {held[2]:.0f} µs at the median and {held[3]:.1f} ms at 99 %."
    )


class Watched:
    """A lock that notes who had to wait, and for how long."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.taken = 0
        self.waited: List[float] = []

    def __enter__(self) -> None:
        if not self.lock.acquire(blocking=False):
            began = time.perf_counter()
            self.lock.acquire()
            self.waited.append(time.perf_counter() - began)
        self.taken += 1

    def __exit__(self, *exc: object) -> None:
        self.lock.release()


def measure_lock(store: MemoryStore) -> "tuple[int, float, float, float]":
    watched: Any = Watched()
    store._lock = watched
    until = time.perf_counter() + 2

    async def ask(client: str) -> None:
        while time.perf_counter() < until:
            await store.hit(client, algorithm="gcra", limit=1000, window=60)

    threads = [
        threading.Thread(target=lambda name=f"t{number}": asyncio.run(ask(name))) for number in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    waited = sorted(watched.waited) or [0.0]
    return (
        watched.taken,
        len(watched.waited) / max(watched.taken, 1),
        statistics.median(waited) * 1e6,
        waited[int(len(waited) * 0.99)] * 1e3,
    )


# Memory --------------------------------------------------------------------------------------------------------------


def resident() -> float:
    """Megabytes that this process has in memory (Linux)."""
    with open("/proc/self/statm") as found:
        return int(found.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


async def fill(kind: str) -> None:
    """A million clients, one call each; what that takes, and how long."""
    before = OneLock(100, 3600)
    algorithm: Any = kind.partition(" ")[0] if kind != "before" else "gcra"
    app = Application(store=MemoryStore(**ROOM) if kind.endswith(EACH) else MemoryStore())
    app.get("/limited", limit=Limit("100/hour", algorithm=algorithm))(answer)
    app.build()
    serve: Any = app
    began, at_start = time.process_time(), resident()
    for number in range(CLIENTS):
        client = f"{10 + (number >> 24)}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        if kind == "before":
            await before.check(client)
        else:
            await serve({**SCOPE, "client": (client, 5000)}, receive, send)
    seconds = time.process_time() - began
    say(f"| {kind} | {resident() - at_start:.0f} MB | {seconds / CLIENTS * 1e6:.0f} µs |")


def measure_memory() -> None:
    say(f"\n## {CLIENTS:,} clients, one call each\n\n| | memory | each call (CPU) |\n|---|---|---|")
    for kind in ("before", *ALGORITHMS, f"gcra {EACH}"):
        subprocess.run([sys.executable, "-m", "benchmarks.limits", "fill", kind], check=True)


def main() -> None:
    asked = sys.argv[1:]
    if asked[:1] == ["fill"]:
        asyncio.run(fill(asked[1]))
        return
    for name, measure in (
        ("calls", measure_calls),
        ("routes", measure_routes),
        ("contention", measure_contention),
    ):
        if not asked or name in asked:
            asyncio.run(measure())
    if not asked or "memory" in asked:
        measure_memory()


if __name__ == "__main__":
    main()
