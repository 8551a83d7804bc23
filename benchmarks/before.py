"""Before: what each middleware costs with other sources of MicroFrame and with these, in turns, in one run.

`git worktree add /tmp/before COMMIT`, then `python -m benchmarks.before /tmp/before/src [CASE,…] [ROUNDS]`.
"""

import pathlib
import sys
from statistics import median
from typing import List, Sequence

from benchmarks.ceilings import TIMES
from benchmarks.layers import CASES, SIMPLE, Case, Cost, measure
from benchmarks.peers import OURS
from benchmarks.report import table
from benchmarks.rounds import WorkerProcess

BEFORE, NOW = "before", "now"
SOURCES = pathlib.Path(__file__).parents[1] / "src"


def main(arguments: Sequence[str]) -> None:
    """Print the table."""
    sources = pathlib.Path(arguments[0]).resolve()
    if not (sources / "microframe").is_dir():
        raise SystemExit("there is no microframe in %s" % sources)
    names = arguments[1].split(",") if len(arguments) > 1 else list(CASES)
    rounds = int(arguments[2]) if len(arguments) > 2 else 9
    workers = {
        side: WorkerProcess(OURS, "benchmarks.layers_worker", str(folder))
        for side, folder in ((BEFORE, sources), (NOW, SOURCES))
    }
    found = measure(workers, names, rounds)
    rows = [row(CASES[name], costs[BEFORE], costs[NOW]) for name, costs in found.costs.items()]
    header = ("a request, CPU in µs", BEFORE, NOW, "", "calls " + BEFORE, "calls " + NOW)
    sys.stdout.write(table(header, rows) + "\n")


def row(case: Case, before: Cost, now: Cost) -> List[str]:
    """What one middleware costs with either sources."""
    reason = before.reason or now.reason
    if reason is not None:
        return [case.title, reason, "", "", "", ""]
    old, new = cost_of(case, before), cost_of(case, now)
    share = "%.2f%s" % (new / old, TIMES) if old > 1e-7 else ""
    return [
        case.title,
        "%.1f" % (old * 1e6),
        "%.1f" % (new * 1e6),
        share,
        "%d" % (before.calls or 0),
        "%d" % (now.calls or 0),
    ]


def cost_of(case: Case, cost: Cost) -> float:
    """Seconds that a middleware makes a request dearer; of what is whole, all of it."""
    if case.whole or case == SIMPLE:
        return median(cost.within)
    return median(within - without for without, within in zip(cost.without, cost.within))


if __name__ == "__main__":
    main(sys.argv[1:])
