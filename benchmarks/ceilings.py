"""DESIGN §10's ceilings, each beside what was measured."""

from dataclasses import dataclass
from typing import Any, Dict, Iterator, List, Optional

from benchmarks.peers import BARE, OURS, PEERS, REFERENCE, RIVALS
from benchmarks.rounds import InProcess
from benchmarks.worker import NOTHING
from benchmarks.workloads import ROUTES_FEW, ROUTES_MANY, WORKLOADS

CHEAPER_THAN_REFERENCE = 8.0
ROUTES_CEILING = 1.2
START_CEILING = 0.4
TIMES = "\N{MULTIPLICATION SIGN}"

Fresh = Dict[str, Dict[str, Dict[str, Any]]]


@dataclass(frozen=True)
class Verdict:
    """One figure beside its limit; `measured` is None where it could not be taken.

    `subject` is what `benchmarks.profile` explains it with: a workload, "start" or "import".
    """

    what: str
    measured: Optional[float]
    limit: float
    at_least: bool = False
    unit: str = TIMES
    note: str = ""
    subject: str = ""

    @property
    def missed(self) -> bool:
        """Whether it was measured and is on the wrong side."""
        if self.measured is None:
            return False
        return self.measured < self.limit if self.at_least else self.measured > self.limit

    @property
    def word(self) -> str:
        """ok, MISS or n/a."""
        if self.measured is None:
            return "n/a"
        return "**MISS**" if self.missed else "ok"


def check(inside: Optional[InProcess], fresh: Optional[Fresh]) -> List[Verdict]:
    """Every ceiling for which the run has something to say."""
    verdicts: List[Verdict] = []
    if inside is not None:
        verdicts += _against_bare(inside)
        verdicts += _against_peers(inside)
        verdicts += _routes(inside)
    if fresh:
        verdicts += _fresh(fresh)
    return verdicts


def _against_bare(inside: InProcess) -> Iterator[Verdict]:
    for name in inside.figures:
        workload = WORKLOADS[name]
        if workload.ceiling is None:
            continue
        net = _net(inside, name)
        note = "" if net is None else "%.1f%s when the driver's own cost is taken from both" % (net, TIMES)
        yield Verdict(
            "%s, of the bare function" % workload.title,
            inside.ratio(name, OURS, BARE),
            workload.ceiling,
            note=note,
        )


def _net(inside: InProcess, name: str) -> Optional[float]:
    driver, ours, bare = (inside.best(name, peer) for peer in (NOTHING, OURS, BARE))
    if driver is None or ours is None or bare is None or bare <= driver:
        return None
    return (ours - driver) / (bare - driver)


def _against_peers(inside: InProcess) -> Iterator[Verdict]:
    for name in inside.figures:
        workload = WORKLOADS[name]
        if not workload.against_peers:
            continue
        if REFERENCE in inside.figures[name]:
            yield Verdict(
                "%s, cheaper than %s" % (workload.title, REFERENCE),
                inside.ratio(name, REFERENCE, OURS),
                CHEAPER_THAN_REFERENCE,
                at_least=True,
                subject=name,
            )
        costs = {peer: inside.best(name, peer) for peer in RIVALS}
        known = {peer: cost for peer, cost in costs.items() if cost is not None}
        ours = inside.best(name, OURS)
        if known:
            best = min(known, key=lambda peer: known[peer])
            yield Verdict(
                "%s, cheaper than the cheapest rival" % workload.title,
                known[best] / ours if ours else None,
                1.0,
                at_least=True,
                note=_called_by_hand(name, best),
                subject=name,
            )


def _called_by_hand(workload: str, peer: str) -> str:
    by_hand = workload.startswith("deps") and not PEERS[peer].injection
    return "%s, which has no injection: three plain calls" % peer if by_hand else peer


def _routes(inside: InProcess) -> Iterator[Verdict]:
    for which in ("first", "last", "missing"):
        few = inside.best("routes%d-%s" % (ROUTES_FEW, which), OURS)
        many = inside.best("routes%d-%s" % (ROUTES_MANY, which), OURS)
        if few and many:
            yield Verdict(
                "%s of 1,000 routes, of 10 routes" % which,
                many / few,
                ROUTES_CEILING,
                subject="routes%d-%s" % (ROUTES_MANY, which),
            )


def _fresh(fresh: Fresh) -> Iterator[Verdict]:
    kinds = (
        ("start", "start", "cold start with 500 routes and models"),
        ("package", "import", "`import` of the package"),
        ("program", "import", "imports of a first program"),
    )
    for kind, subject, title in kinds:
        by_peer = fresh.get(kind, {})
        ours = by_peer.get(OURS, {}).get("cpu")
        theirs = by_peer.get(REFERENCE, {}).get("cpu")
        if OURS in by_peer and REFERENCE in by_peer:
            measured = 100 * ours / theirs if ours and theirs else None
            floor = by_peer.get(BARE, {}).get("cpu")
            note = (
                "asyncio, Pydantic and the models alone: %.0f %%" % (100 * floor / theirs)
                if floor and theirs
                else ""
            )
            yield Verdict(
                "%s, of %s" % (title, REFERENCE),
                measured,
                100 * START_CEILING,
                unit=" %",
                note=note,
                subject=subject,
            )
