"""Where MicroFrame's time goes: `python -m benchmarks.profile SUBJECT`; `--help` says more.

Always with `-m`: run as a script, this file would hide the standard library's `profile`.
"""

import argparse
import asyncio
import cProfile
import pathlib
import pstats
import re
import subprocess
import sys
from operator import itemgetter
from typing import List, Sequence, Tuple

from benchmarks import fresh
from benchmarks.driver import Driver
from benchmarks.peers import BARE, OURS, PEERS
from benchmarks.worker import build
from benchmarks.workloads import WORKLOADS


def parse_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profile", description="Explain one figure.")
    parser.add_argument("subject", choices=[*WORKLOADS, "start", "import"])
    parser.add_argument("--peer", choices=[name for name, peer in PEERS.items() if peer.asgi], default=OURS)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--sort", choices=["tottime", "cumtime", "ncalls"], default="tottime")
    parser.add_argument("--lines", type=int, default=40, help="how many functions to print")
    return parser.parse_args(arguments)


async def explain(options: argparse.Namespace) -> None:
    """Time the workload without and with the profiler, and print both."""
    workload = WORKLOADS[options.subject]
    async with Driver(build(BARE, workload.app, workload.name)) as bare:
        await bare.measure(workload, options.requests // 10)
        floor = await bare.measure(workload, options.requests)
    async with Driver(build(options.peer, workload.app, workload.name)) as driver:
        await driver.measure(workload, options.requests // 10)
        sample = await driver.measure(workload, options.requests)
        profiler = cProfile.Profile()
        profiler.enable()
        await driver.measure(workload, options.requests)
        profiler.disable()
    cost, base = sample.cpu / sample.count, floor.cpu / floor.count
    figures = (options.peer, workload.title, cost * 1e6, cost / base, base * 1e6)
    print("%s, %s: %.2f µs per request, %.1f times bare (%.2f µs); below per request\n" % figures)
    _print(pstats.Stats(profiler), options, options.requests)


def explain_start(options: argparse.Namespace) -> None:
    """Profile building and starting an application of 500 routes, after its imports."""
    PEERS[options.peer].load()
    profiler = cProfile.Profile()
    profiler.enable()
    asyncio.run(fresh.start(options.peer))
    profiler.disable()
    print("%s, cold start after the imports; below per route\n" % options.peer)
    _print(pstats.Stats(profiler), options, fresh.ROUTES)


def explain_import(options: argparse.Namespace) -> None:
    """Print what importing the package costs, module by module."""
    command = [sys.executable, "-X", "importtime", "-c", PEERS[options.peer].imports]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    rows: List[Tuple[int, int, str]] = []
    for line in done.stderr.splitlines():
        found = re.match(r"import time: +(\d+) \| +(\d+) \| +(\S+)", line)
        if found is not None:
            rows.append((int(found.group(1)), int(found.group(2)), found.group(3)))
    print("%s, imports\n%8s %8s  %s" % (options.peer, "own µs", "with µs", "module"))
    for row in sorted(rows, key=itemgetter(1 if options.sort == "cumtime" else 0), reverse=True)[
        : options.lines
    ]:
        print("%8d %8d  %s" % row)


def _print(stats: pstats.Stats, options: argparse.Namespace, number: int) -> None:
    rows: List[Tuple[float, float, float, str]] = []
    for (path, line, name), (_, calls, own, total, _) in stats.stats.items():  # type: ignore[attr-defined]
        if "gc.collect" in name:
            continue  # the driver's, before the clock starts
        where = "%s:%d" % ("/".join(pathlib.Path(path).parts[-3:]), line) if line else "built in"
        rows.append((calls / number, own / number * 1e6, total / number * 1e6, "%s  (%s)" % (name, where)))
    key = {"ncalls": 0, "tottime": 1, "cumtime": 2}[options.sort]
    print("%8s %8s %8s  %s" % ("calls", "own µs", "with µs", "function"))
    for row in sorted(rows, key=itemgetter(key), reverse=True)[: options.lines]:
        print("%8.1f %8.3f %8.3f  %s" % row)


def main(arguments: Sequence[str]) -> None:
    """Explain one figure."""
    options = parse_arguments(arguments)
    if options.subject == "start":
        explain_start(options)
    elif options.subject == "import":
        explain_import(options)
    else:
        asyncio.run(explain(options))


if __name__ == "__main__":
    main(sys.argv[1:])
