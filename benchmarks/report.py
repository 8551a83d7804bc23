"""The Markdown page of one run: `benchmarks/RESULTS.md`."""

import datetime as dt
from pathlib import Path
from typing import Callable, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple

from benchmarks import ceilings, machine
from benchmarks.ceilings import TIMES, Fresh, Verdict
from benchmarks.peers import BARE, OURS
from benchmarks.rounds import InProcess
from benchmarks.serve import HOST
from benchmarks.wire import CONNECTIONS, Wire
from benchmarks.worker import NOTHING
from benchmarks.workloads import WORKLOADS

Row = Sequence[str]
PROFILES = (
    "From `python -m benchmarks.profile`, which costs time itself: the proportions mean something, "
    "the microseconds do not."
)


def build_report(
    command: str,
    peers: Sequence[str],
    inside: Optional[InProcess],
    wire: Optional[Wire],
    fresh: Optional[Fresh],
    profiles: Sequence[str] = (),
) -> str:
    """The whole page; a part that was not run is left out."""
    notes = Notes()
    verdicts = ceilings.check(inside, fresh)
    parts: List[str] = ["# Benchmarks", _header(command, peers)]
    if verdicts:
        parts += ["## The ceilings of DESIGN §10", _verdicts(verdicts)]
    if profiles:
        parts += ["## What the misses are made of", PROFILES, *profiles]
    if inside is not None:
        parts += ["## The application alone", _inside(inside, peers, notes)]
    if fresh:
        parts += ["## Fresh processes", _fresh(fresh, peers, notes)]
    if wire is not None:
        parts += ["## On the wire", *_wire(wire, peers, notes)]
    if notes.lines():
        parts += ["## Not measured", "\n".join(notes.lines())]
    return "\n\n".join(parts) + "\n"


TRANSFERS, MIDDLEWARE, STORES = "## Transfers", "## Middleware", "## Stores"
OWN = (MIDDLEWARE, STORES, TRANSFERS)
"""The headings of the last sections, each of which a run of its own writes."""


def put_sections(page: str, output: Path, written: Mapping[str, str]) -> str:
    """A page with the sections of runs of their own behind it: those written now, and of others what the output has."""
    kept = sections_of(output.read_text(encoding="utf-8") if output.is_file() else "")
    sections = [written.get(heading) or kept.get(heading, "") for heading in OWN]
    return "\n\n".join(part.strip() for part in (page, *sections) if part.strip()) + "\n"


def page_of(output: Path) -> str:
    """What stands on a page before the sections of runs of their own."""
    page = output.read_text(encoding="utf-8") if output.is_file() else "# Benchmarks\n"
    return "".join(text for heading, text in sections_of(page).items() if heading not in OWN)


def sections_of(page: str) -> Dict[str, str]:
    """The sections of a page by their headings, of the second level; what stands before them is under nothing."""
    found = {"": ""}
    heading = ""
    for line in page.splitlines(keepends=True):
        if line.startswith("## "):
            heading = line.strip()
            found[heading] = ""
        found[heading] += line
    return found


def describe_run(command: str, peers: Sequence[str]) -> str:
    """When, by which command, on what and with which packages a section was written."""
    facts = [
        "- Written %s by `%s`; do not edit." % (dt.datetime.now(dt.timezone.utc).date().isoformat(), command),
        *("- %s: %s" % item for item in machine.describe().items()),
        "- Packages: %s" % ", ".join(machine.versions(peers)),
    ]
    return "\n".join(facts)


class Notes:
    """Collects why cells are empty, by framework and reason."""

    def __init__(self) -> None:
        self._found: Dict[Tuple[str, str], List[str]] = {}

    def add(self, peer: str, what: str, reason: str) -> str:
        """The text of the empty cell."""
        where = self._found.setdefault((peer, reason.replace("\n", " ")), [])
        if what not in where:
            where.append(what)
        return "n/a"

    def lines(self) -> List[str]:
        """One line per framework and reason."""
        return ["- %s: %s (%s)" % (peer, reason, "; ".join(w)) for (peer, reason), w in self._found.items()]


def table(header: Row, rows: Iterable[Row]) -> str:
    """A Markdown table; the first column to the left, the others to the right."""
    lines = ["| " + " | ".join(header) + " |", "|---" + "|--:" * (len(header) - 1) + "|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def _header(command: str, peers: Sequence[str]) -> str:
    taken = "How each figure is taken, and what it does not say: [README.md](README.md)."
    return describe_run(command, peers) + "\n\n" + taken


def _verdicts(verdicts: Sequence[Verdict]) -> str:
    rows = []
    for verdict in verdicts:
        measured = "n/a" if verdict.measured is None else "%.2f%s" % (verdict.measured, verdict.unit)
        limit = "%s %g%s" % ("≥" if verdict.at_least else "≤", verdict.limit, verdict.unit)
        rows.append((verdict.what, measured, limit, verdict.word, verdict.note))
    words = [verdict.word for verdict in verdicts]
    counts = "%d figures: %d ok, %d missed, %d not measured." % (
        len(words),
        words.count("ok"),
        sum(verdict.missed for verdict in verdicts),
        words.count("n/a"),
    )
    return "%s\n\n%s" % (
        counts,
        table(("figure", "measured", "ceiling", "verdict", "note"), rows),
    )


def _inside(inside: InProcess, peers: Sequence[str], notes: Notes) -> str:
    rows = []
    for name, figures in inside.figures.items():
        row = [WORKLOADS[name].title]
        driver = inside.best(name, NOTHING)
        row.append("%.2f" % (driver * 1e6) if driver else "")
        for peer in peers:
            best, ratio = inside.best(name, peer), inside.ratio(name, peer, BARE)
            if best is None:
                row.append(notes.add(peer, WORKLOADS[name].title, figures[peer].reason or "no figure"))
            else:
                row.append(
                    "%.2f%s"
                    % (best * 1e6, "" if ratio is None or peer == BARE else " (%.1f%s)" % (ratio, TIMES))
                )
        rows.append(row)
    intro = (
        "Microseconds of CPU per request, the best of the interleaved rounds; in brackets the multiple "
        "of the bare ASGI function. *driver* is what making the scope and calling an application that "
        "does nothing costs; it is part of every figure."
    )
    return intro + "\n\n" + table(("workload", "driver", *peers), rows)


def _fresh(fresh: Fresh, peers: Sequence[str], notes: Notes) -> str:
    kinds: Tuple[Tuple[str, str, str, Callable[[float], str]], ...] = (
        ("package", "cpu", "`import` of the package, CPU ms", _milliseconds),
        ("program", "cpu", "imports of a first program, CPU ms", _milliseconds),
        ("start", "cpu", "cold start with 500 routes and models, CPU ms", _milliseconds),
        ("start", "wall", "the same, wall clock ms", _milliseconds),
        ("start", "memory", "peak memory until then, MiB", _one_digit),
        ("serve", "memory", "peak memory over 10,000 requests, MiB", _one_digit),
    )
    rows = []
    for kind, key, title, form in kinds:
        row = [title]
        for peer in peers:
            outcome = fresh.get(kind, {}).get(peer, {})
            value = outcome.get(key)
            if value is not None:
                row.append(form(value))
            elif peer == BARE:
                row.append("")
            else:
                row.append(notes.add(peer, title, str(outcome.get("reason", "no figure"))))
        rows.append(row)
    return table(("", *peers), rows)


def _milliseconds(seconds: float) -> str:
    return "%.0f" % (seconds * 1e3)


def _one_digit(value: float) -> str:
    return "%.1f" % value


def _wire(wire: Wire, peers: Sequence[str], notes: Notes) -> List[str]:
    intro = (
        "uvicorn (httptools, uvloop, one worker) for ASGI applications; Sanic and Robyn on their own "
        "servers. %d connections to %s from %s; WebSocket echoes from `benchmarks/load.py`, one message at a "
        "time per connection."
    )
    intro %= (CONNECTIONS, HOST, wire.generator)
    rates: List[Row] = []
    costs: List[Row] = []
    for name, loads in wire.figures.items():
        title = "WebSocket echo" if WORKLOADS[name].websocket else WORKLOADS[name].title
        ours = loads[OURS].rate if OURS in loads else 0.0
        rate_row, cost_row = [title], [title]
        for peer in peers:
            load = loads[peer]
            if not load.rate:
                rate_row.append(notes.add(peer, "wire, " + title, load.reason or "no figure"))
                cost_row.append("n/a")
                continue
            if load.reason:
                notes.add(peer, "wire, " + title, load.reason)
            ratio = " (%.2f%s)" % (load.rate / ours, TIMES) if ours else ""
            rate_row.append("%s%s" % (format(round(load.rate), ","), ratio))
            cpu = "" if load.cpu is None else "%.0f; " % (load.cpu * 1e6)
            cost_row.append("%s%.1f / %.1f" % (cpu, load.p50 * 1e3, load.p99 * 1e3))
        rates.append(rate_row)
        costs.append(cost_row)
    return [
        intro,
        "Requests (or echoes) per second; in brackets the multiple of MicroFrame's:",
        table(("workload", *peers), rates),
        "The server's CPU per request in µs; latency p50 / p99 in ms under that full load:",
        table(("workload", *peers), costs),
    ]
