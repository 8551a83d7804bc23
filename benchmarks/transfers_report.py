"""The section of the page about transfers: what was sent and fetched, how fast, with how much CPU and memory."""

from typing import List, Sequence

from benchmarks import machine
from benchmarks.ceilings import TIMES
from benchmarks.peers import BARE, OURS
from benchmarks.report import TRANSFERS, Notes, describe_run, table
from benchmarks.transfers import MEMORY_CEILING, TRANSFER_PEERS, Passed, Transfer, Transfers, transfers
from benchmarks.workloads import WORKLOADS

LEAVING_CEILING = 3.0
INTRO = (
    "Through uvicorn (httptools, uvloop, one worker) on one core, over one connection, one after the other, "
    "from a plain socket on another core; the fastest round. In brackets the multiple of MicroFrame's rate. Every "
    "size and count that arrives is checked."
)
SHARED = " The machine was shared with other work: ratios say more than figures."
MEMORY = "The most memory that the server took more than before, in MB, while a gigabyte passed through it:"
COSTS = "The server's CPU in µs for each MB, file, part or event:"
WATCHING = (
    "`cancel_on_disconnect` on and off, for handlers that never suspend: CPU with it compared to CPU "
    "without, in interleaved pairs in one process (`python -m benchmarks.leaving` for more pairs)."
)


def build_section(command: str, peers: Sequence[str], measured: Transfers) -> str:
    """The whole section, heading first."""
    chosen = [peer for peer in TRANSFER_PEERS if peer in peers]
    notes = Notes()
    listed = [one for one in transfers(quick=False) if one.name in measured.passed]
    rates = [[one.title, *(rate_of(one, measured, peer, notes) for peer in chosen)] for one in listed]
    costs = [[one.title, *(cost_of(measured.passed[one.name][peer]) for peer in chosen)] for one in listed]
    large = [one for one in listed if one.unit == "MB"]
    memory = [[one.title, *(memory_of(measured.passed[one.name][peer]) for peer in chosen)] for one in large]
    parts = [
        TRANSFERS,
        describe_run(command, chosen),
        INTRO + (SHARED if machine.is_shared() else ""),
        table(("per second", *chosen), rates),
        COSTS,
    ]
    parts += [table(("", *chosen), costs), MEMORY, table(("", *chosen), memory), verdict(measured)]
    parts += inside_of(measured, [BARE, *chosen], notes)
    parts += [WATCHING, watching(measured)]
    if notes.lines():
        parts += ["Not measured:", "\n".join(notes.lines())]
    return "\n\n".join(parts) + "\n"


def rate_of(one: Transfer, measured: Transfers, peer: str, notes: Notes) -> str:
    passed, ours = measured.passed[one.name][peer], measured.passed[one.name].get(OURS)
    if passed.reason is not None:
        return notes.add(peer, one.title, passed.reason)
    ratio = " (%.2f%s)" % (passed.rate / ours.rate, TIMES) if ours is not None and ours.rate else ""
    return "%s %s%s" % (format(round(passed.rate), ","), one.unit, ratio)


def cost_of(passed: Passed) -> str:
    return "n/a" if passed.cost is None else "%.0f" % (passed.cost * 1e6)


def memory_of(passed: Passed) -> str:
    return "n/a" if passed.memory is None or passed.reason else "%.1f" % passed.memory


def verdict(measured: Transfers) -> str:
    """Whether a gigabyte passes through ours in as little memory as it should."""
    ours = [by_peer[OURS].memory for by_peer in measured.passed.values() if OURS in by_peer]
    known = [memory for memory in ours if memory is not None]
    if not known:
        return "Memory was not measured: that needs Linux."
    word = "ok" if max(known) < MEMORY_CEILING else "**MISS**"
    return "MicroFrame's most: %.1f MB, where %g MB are allowed: %s." % (max(known), MEMORY_CEILING, word)


def inside_of(measured: Transfers, peers: Sequence[str], notes: Notes) -> List[str]:
    """Lists and forms, measured as the application alone is."""
    inside = measured.inside
    if inside is None:
        return []
    rows = []
    for name, figures in inside.figures.items():
        row = [WORKLOADS[name].title]
        for peer in peers:
            best, ratio = inside.best(name, peer), inside.ratio(name, peer, OURS)
            if best is None:
                row.append(notes.add(peer, WORKLOADS[name].title, figures[peer].reason or "no figure"))
            else:
                row.append("%.1f (%.2f%s)" % (best * 1e6, ratio or 0.0, TIMES))
        rows.append(row)
    said = (
        "The application alone, in-process: CPU per request in µs, in brackets the multiple of MicroFrame's."
    )
    return [said, table(("workload", *peers), rows)]


def watching(measured: Transfers) -> str:
    rows = []
    for one in measured.watching:
        word = "ok" if one.middle < LEAVING_CEILING else "**MISS**"
        span = "%+.1f … %+.1f" % (one.low, one.high)
        rows.append(
            (one.what, str(one.pairs), "%+.1f %%" % one.middle, span, "< %g %%" % LEAVING_CEILING, word)
        )
    return table(("", "pairs", "median", "half of them", "allowed", "verdict"), rows)
