"""Layers: what each middleware costs a request, alone and all together, beside the peers that have the like."""

import sys
from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional, Sequence, Tuple

from benchmarks import shop
from benchmarks.peers import LAYER_PEERS
from benchmarks.rounds import WorkerProcess

Header = Tuple[bytes, bytes]
PLAIN = "plain"
"""The application without any of it."""
MISSING = "has none"


@dataclass(frozen=True)
class Case:
    """A request that an application with one layer gets, again and again; the one without it gets the same.

    `layer` names the application. `prepared` requests carry the cookies and the token of a visit to `/login` before.
    `whole` cases are compared with the simplest request instead, for the layer answers by itself. A `stack` has several
    layers.
    """

    name: str
    title: str
    layer: str
    method: str = "GET"
    path: str = "/"
    headers: Tuple[Header, ...] = ()
    body: bytes = b""
    scheme: str = "http"
    statuses: Tuple[int, ...] = (200,)
    expected: Tuple[str, ...] = ()
    answer: Optional[Any] = None
    prepared: bool = False
    keyed: bool = False
    whole: bool = False
    stack: bool = False

    def complaint(self, status: int, headers: Dict[str, str], answer: Any) -> Optional[str]:
        """What is wrong with an answer of the application with the layer, or None."""
        if status not in self.statuses:
            return "status %d: %s" % (status, str(answer)[:80])
        missing = [name for name in self.expected if name not in headers]
        if missing:
            return "no header %s" % ", ".join(missing)
        if self.answer is not None and answer != self.answer:
            return "another answer: %s" % str(answer)[:80]
        return None


SIMPLE = Case("simple", "the simplest request", PLAIN)
JSON: Header = (b"content-type", b"application/json")
CHANGE = b'{"number": 1}'
FROM_PAGE: Header = (b"origin", shop.ORIGIN.encode())
GZIP: Header = (b"accept-encoding", b"gzip")
FORWARDED = ((b"x-forwarded-for", b"203.0.113.7"), (b"x-forwarded-proto", b"https"))
PREFLIGHT = (
    FROM_PAGE,
    (b"access-control-request-method", b"POST"),
    (b"access-control-request-headers", b"content-type"),
)

_ALL = [
    Case(
        "cors",
        "CORS, a request with `Origin`",
        "cors",
        headers=(FROM_PAGE,),
        expected=("access-control-allow-origin",),
    ),
    Case(
        "preflight",
        "CORS, a preflight (whole)",
        "cors",
        method="OPTIONS",
        headers=PREFLIGHT,
        statuses=(200, 204),
        expected=("access-control-allow-origin", "access-control-allow-methods"),
        whole=True,
    ),
    Case(
        "headers",
        "security headers, with a CSP",
        "headers",
        expected=("content-security-policy", "x-frame-options", "referrer-policy"),
    ),
    Case("gzip-small", "gzip, 1 KB", "gzip", path="/small", headers=(GZIP,), expected=("content-encoding",)),
    Case("gzip-large", "gzip, 64 KB", "gzip", path="/large", headers=(GZIP,), expected=("content-encoding",)),
    Case("gzip-unwanted", "gzip, an answer that is too small", "gzip", headers=(GZIP,)),
    Case("session-unread", "session in a cookie, not asked for", "session", prepared=True),
    Case(
        "session-read",
        "session in a cookie, read",
        "session",
        path="/session",
        answer={"visits": 1},
        prepared=True,
    ),
    Case(
        "session-written",
        "session in a cookie, changed",
        "session",
        path="/visit",
        expected=("set-cookie",),
        prepared=True,
    ),
    Case(
        "session-stored",
        "session in memory, read",
        "session-stored",
        path="/session",
        answer={"visits": 1},
        prepared=True,
    ),
    Case("csrf-safe", "CSRF, GET", "csrf", prepared=True),
    Case(
        "csrf-token",
        "CSRF, POST with its token",
        "csrf",
        method="POST",
        path="/change",
        headers=(JSON,),
        body=CHANGE,
        prepared=True,
    ),
    Case("limit", "rate limit in memory", "limit", expected=()),
    Case("cache", "response cache, kept (whole)", "cache", path="/cached", whole=True),
    Case(
        "idempotency",
        "idempotency, the first of its key",
        "idempotency",
        method="POST",
        path="/change",
        headers=(JSON,),
        body=CHANGE,
        keyed=True,
    ),
    Case("timeout", "timeout, of a handler that never waits", "timeout"),
    Case("timeout-waits", "timeout, of one that waits", "timeout", path="/wait"),
    Case("hosts", "trusted hosts", "hosts"),
    Case("request-id", "request id", "request-id", expected=("x-request-id",)),
    Case("https", "https alone", "https", scheme="https"),
    Case(
        "proxy", "proxy headers", "proxy", path="/client", headers=FORWARDED, answer={"client": "203.0.113.7"}
    ),
    Case("stack-get", "the whole stack, GET of a page's script", "stack", headers=(FROM_PAGE,), stack=True),
    Case(
        "stack-session",
        "the whole stack, GET that reads the session",
        "stack",
        path="/session",
        answer={"visits": 1},
        prepared=True,
        stack=True,
    ),
    Case(
        "stack-post",
        "the whole stack, POST that changes the session",
        "stack",
        method="POST",
        path="/change",
        headers=(JSON,),
        body=CHANGE,
        expected=("set-cookie",),
        prepared=True,
        stack=True,
    ),
    Case(
        "shared",
        "what all four have (hosts, gzip, session): GET that reads the session",
        "shared",
        path="/session",
        answer={"visits": 1},
        prepared=True,
        stack=True,
    ),
]
CASES: Dict[str, Case] = {case.name: case for case in [SIMPLE, *_ALL]}


@dataclass(frozen=True)
class Cost:
    """Seconds of CPU for one request without a layer and with it, in every round; calls of functions that it adds."""

    without: Tuple[float, ...] = ()
    within: Tuple[float, ...] = ()
    calls: Optional[int] = None
    reason: Optional[str] = None


@dataclass
class Layers:
    """All figures: case → framework → cost."""

    costs: Dict[str, Dict[str, Cost]] = field(default_factory=dict)


def run(peers: Sequence[str], cases: Sequence[str], rounds: int) -> Layers:
    """Measure in `rounds` rounds, one framework after the other, so that a disturbance falls on all."""
    workers = {peer: WorkerProcess(peer, "benchmarks.layers_worker") for peer in LAYER_PEERS if peer in peers}
    return measure(workers, cases, rounds)


def measure(workers: Dict[str, WorkerProcess], cases: Sequence[str], rounds: int) -> Layers:
    """Tell each worker in turn to measure every case, and end them."""
    found = Layers()
    try:
        for name in cases:
            print("middleware: %s" % CASES[name].title, file=sys.stderr, flush=True)
            found.costs[name] = _measure(name, workers, rounds)
    finally:
        for worker in workers.values():
            worker.close()
    return found


def _measure(name: str, workers: Dict[str, WorkerProcess], rounds: int) -> Dict[str, Cost]:
    costs: Dict[str, Cost] = {}
    taken: Dict[str, List[Sequence[float]]] = {}
    calls: Dict[str, int] = {}
    for peer, worker in workers.items():
        try:
            reason = worker.ask("check", name)
            if reason is None:
                worker.ask("calibrate", name)
                calls[peer] = worker.ask("calls", name)
                taken[peer] = []
        except RuntimeError as error:
            reason = str(error)
        if reason is not None:
            costs[peer] = Cost(reason=reason)
    for _ in range(rounds):
        for peer, pairs in taken.items():
            pairs.append(workers[peer].ask("measure", name))
    for peer, pairs in taken.items():
        without, within = zip(*pairs)
        costs[peer] = Cost(without, within, calls[peer])
    return costs
