"""The section of the page about middleware: what each costs alone, and what stacks of them cost, beside the peers."""

from statistics import median, quantiles
from typing import List, Sequence

from benchmarks import machine
from benchmarks.ceilings import TIMES
from benchmarks.layers import CASES, MISSING, SIMPLE, Case, Cost, Layers
from benchmarks.peers import OURS
from benchmarks.report import MIDDLEWARE, Notes, describe_run, table

NONE = "-"
INTRO = (
    "The application alone, in-process: the same request to an application without it and with it, in turns in one "
    "process. Microseconds of CPU that a request costs more, the median of the rounds; in brackets how many times "
    "the request without it that makes; behind ± half the width of the middle half of the rounds, where that is more "
    "than a tenth. *Calls* are the functions that MicroFrame calls more, those of C included: they are the same on "
    "every machine. A dash: the framework has none."
)
STACKS = (
    "Whole stacks (README.md says what is in each): CPU of the request in µs, "
    "in brackets the multiple of MicroFrame's."
)
SHARED = " The machine was shared with other work: ratios say more than figures."


def build_section(command: str, peers: Sequence[str], measured: Layers) -> str:
    """The whole section, heading first."""
    notes = Notes()
    alone = [CASES[name] for name in measured.costs if name != SIMPLE.name and not CASES[name].stack]
    stacks = [CASES[name] for name in measured.costs if CASES[name].stack]
    simple = measured.costs.get(SIMPLE.name, {})
    costs = [whole_row("the simplest request, without any (whole)", simple, peers)] if simple else []
    costs += [cost_row(case, measured.costs[case.name], peers, notes) for case in alone]
    wholes: List[List[str]] = []
    for case in stacks:
        found = measured.costs[case.name]
        wholes.append([case.title, *(whole_of(found, peer, notes, case) for peer in peers)])
    parts = [
        MIDDLEWARE,
        describe_run(command, peers),
        INTRO + (SHARED if machine.is_shared() else ""),
        table(("", *peers, "calls"), costs),
        STACKS,
        table(("", *peers), wholes),
    ]
    if notes.lines():
        parts += ["Not measured:", "\n".join(notes.lines())]
    return "\n\n".join(parts) + "\n"


def cost_row(case: Case, found: "dict[str, Cost]", peers: Sequence[str], notes: Notes) -> List[str]:
    cells = [cost_of(found[peer], peer, case, notes) for peer in peers]
    calls = found[OURS].calls if OURS in found else None
    return [case.title, *cells, "" if calls is None else "%+d" % calls]


def cost_of(cost: Cost, peer: str, case: Case, notes: Notes) -> str:
    if cost.reason is not None:
        return NONE if cost.reason == MISSING else notes.add(peer, case.title, cost.reason)
    ratio = median(within / without for without, within in zip(cost.without, cost.within))
    if case.whole:
        return "%.1f (%.2f%s)" % (median(cost.within) * 1e6, ratio, TIMES)
    more = [(within - without) * 1e6 for without, within in zip(cost.without, cost.within)]
    return "%+.1f%s (%.2f%s)" % (median(more), spread_of(more), ratio, TIMES)


def spread_of(values: Sequence[float]) -> str:
    """How far the middle half of the rounds lies from its middle, where that is worth saying."""
    if len(values) < 2:
        return ""
    low, _, high = quantiles(values, n=4)
    half = (high - low) / 2
    return " ±%.1f" % half if half > max(0.1, abs(median(values)) / 10) else ""


def whole_row(title: str, found: "dict[str, Cost]", peers: Sequence[str]) -> List[str]:
    return [title, *("%.1f" % (median(found[peer].without) * 1e6) for peer in peers), ""]


def whole_of(found: "dict[str, Cost]", peer: str, notes: Notes, case: Case) -> str:
    cost, ours = found[peer], found.get(OURS)
    if cost.reason is not None:
        return NONE if cost.reason == MISSING else notes.add(peer, case.title, cost.reason)
    whole = median(cost.within)
    ratio = " (%.2f%s)" % (whole / median(ours.within), TIMES) if ours is not None and ours.within else ""
    return "%.1f%s" % (whole * 1e6, ratio)
