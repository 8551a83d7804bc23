"""Transfers: large bodies, events and files through a real server, beside the peers that have them."""

import os
import sys
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Callable, Dict, List, Optional, Sequence

from benchmarks import leaving, rounds, shop
from benchmarks.exchanges import Asked, Got, read_answer, send_upload
from benchmarks.peers import BARE, OURS, REFERENCE
from benchmarks.rounds import InProcess
from benchmarks.serve import pin
from benchmarks.wire import ServerProcess
from benchmarks.workloads import WORKLOADS

MEMORY_CEILING = 50.0
"""MB that a server may need more while it is sent a gigabyte."""
TRANSFER_PEERS = (OURS, REFERENCE, "litestar")
SMALL, MIDDLE = 64_000, 10_000_000
IN_PROCESS = ("models", "dicts", "form")
NO_PARTS = "hands out no parts of a form while they arrive"
NO_RANGE = "answers with the whole file"


@dataclass(frozen=True)
class Transfer:
    """One thing that is sent or fetched, `times` times over one connection. `unit` is what is counted per second."""

    name: str
    title: str
    run: Callable[[int], Got]
    times: int = 1
    unit: str = "MB"
    missing: Dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Passed:
    """What one transfer took: how much of its unit in how many seconds, of the server's CPU, of its memory in MB."""

    amount: float = 0.0
    seconds: float = 0.0
    cpu: Optional[float] = None
    memory: Optional[float] = None
    reason: Optional[str] = None

    @property
    def rate(self) -> float:
        return self.amount / self.seconds if self.seconds else 0.0

    @property
    def cost(self) -> Optional[float]:
        """Seconds of the server's CPU for one unit."""
        return None if self.cpu is None or not self.amount else self.cpu / self.amount


@dataclass
class Transfers:
    """All figures: transfer → framework → what it took; lists and forms in-process; what watching clients costs."""

    passed: Dict[str, Dict[str, Passed]] = field(default_factory=dict)
    inside: Optional[InProcess] = None
    watching: List[leaving.Compared] = field(default_factory=list)


def transfers(quick: bool) -> List[Transfer]:
    """Everything that is measured; quick runs repeat less, but send the same."""
    no_parts = dict.fromkeys(TRANSFER_PEERS[1:], NO_PARTS)
    few, many = (30, 300) if quick else (100, 2000)
    listed = [
        Transfer("parts", "1 GB form, part by part", upload("/parts"), missing=no_parts),
        Transfer("upload", "1 GB form, `UploadFile`", upload("/upload")),
        Transfer("raw", "1 GB body, `request.stream()`", upload("/raw", in_form=False)),
        Transfer("file", "1 GB `FileResponse`", download("/file/gigabyte", shop.GIGABYTE)),
        Transfer("stream", "1 GB stream of 64 KB blocks", download("/stream", shop.GIGABYTE)),
        Transfer("events", "server-sent events", follow_events, unit="events"),
    ]
    for size, text, times in ((SMALL, "64 KB", many), (MIDDLE, "10 MB", few)):
        for path, what in (("/file", "FileResponse"), ("/static", "StaticFiles")):
            name = "%s/%d" % (path, size)
            listed.append(Transfer(name, "%s `%s`" % (text, what), download(name, size), times, "files"))
    part = download("/file/%d" % MIDDLE, 1000, Asked(status=206, headers=("Range: bytes=5000000-5000999",)))
    listed.append(Transfer("range", "1 KB of 10 MB (`Range`)", part, many, "parts", {"litestar": NO_RANGE}))
    return listed


def upload(path: str, in_form: bool = True) -> Callable[[int], Got]:
    def send(port: int) -> Got:
        return send_upload(port, path, shop.GIGABYTE, in_form)

    return send


def download(path: str, size: int, asked: Asked = Asked()) -> Callable[[int], Got]:
    def fetch(port: int) -> Got:
        return read_answer(port, replace(asked, path=path, size=size))

    return fetch


def follow_events(port: int) -> Got:
    got = read_answer(port, Asked(path="/events", counted=b"data:"))
    if got.reason is None and got.amount != shop.EVENTS:
        return Got(reason="%d events instead of %d" % (got.amount, shop.EVENTS))
    return got


def run(peers: Sequence[str], quick: bool) -> Transfers:
    """Serve each framework on one core and make all transfers from the other, in turns; the fastest round counts."""
    chosen = [peer for peer in TRANSFER_PEERS if peer in peers]
    found = Transfers()
    cores = (os.cpu_count() or 1) > 1 and hasattr(os, "sched_setaffinity")
    before = os.sched_getaffinity(0) if cores else set()
    with tempfile.TemporaryDirectory() as folder:
        os.environ[shop.FOLDER] = folder
        write_files(Path(folder))
        servers = {peer: ServerProcess(peer, "transfers", 0 if cores else None) for peer in chosen}
        pin(1 if cores else None)
        try:
            reasons = {peer: server.wait() for peer, server in servers.items()}
            for transfer in transfers(quick):
                print("transfers: %s" % transfer.title, file=sys.stderr, flush=True)
                found.passed[transfer.name] = measure(transfer, servers, reasons, 3 if quick else 6)
        finally:
            for server in servers.values():
                server.close()
            if cores:
                os.sched_setaffinity(0, before)
            del os.environ[shop.FOLDER]
    lists = [WORKLOADS[name] for name in IN_PROCESS]
    turns, seconds = (8, 0.03) if quick else (20, 0.06)
    found.inside = rounds.run(lists, [BARE, *chosen], rounds=turns, seconds=seconds)
    found.watching = leaving.compare_all(200 if quick else leaving.PAIRS)
    return found


def write_files(folder: Path) -> None:
    for size in (SMALL, MIDDLE):
        (folder / str(size)).write_bytes(os.urandom(size))
    with (folder / "gigabyte").open("wb") as file:
        for _ in range(shop.GIGABYTE // len(shop.BLOCK)):
            file.write(shop.BLOCK)


def measure(
    transfer: Transfer, servers: Dict[str, ServerProcess], reasons: Dict[str, Optional[str]], times: int
) -> Dict[str, Passed]:
    """Rounds in turns, each beginning with another framework: the fastest, the least CPU and the most memory count."""
    found: Dict[str, Passed] = {}
    taken: Dict[str, List[Passed]] = {}
    for peer in servers:
        reason = transfer.missing.get(peer) or reasons[peer]
        if reason is None:
            taken[peer] = []
        else:
            found[peer] = Passed(reason=reason)
    order = list(taken)
    for number in range(times):
        for peer in order[number % len(order) :] + order[: number % len(order)]:
            taken[peer].append(one_round(transfer, servers[peer]))
    return {**found, **{peer: summary(passed) for peer, passed in taken.items()}}


def summary(taken: Sequence[Passed]) -> Passed:
    """What counts of several rounds."""
    failed = [passed for passed in taken if passed.reason is not None]
    if failed:
        return failed[0]
    return replace(
        max(taken, key=lambda passed: passed.rate),
        cpu=min((passed.cpu for passed in taken if passed.cpu is not None), default=None),
        memory=max((passed.memory for passed in taken if passed.memory is not None), default=None),
    )


def one_round(transfer: Transfer, server: ServerProcess) -> Passed:
    # Once before, small or not: what is imported or allocated only once is not the transfer's.
    if transfer.times > 1:
        transfer.run(server.port)
    used, cpu, start = server.memory(anew=True), server.cpu(), time.perf_counter()
    amount = 0.0
    for _ in range(transfer.times):
        got = transfer.run(server.port)
        if got.reason is not None:
            return Passed(reason=got.reason)
        amount += {"MB": got.bytes / 1e6, "events": got.amount}.get(transfer.unit, 1)
    seconds, after, peak = time.perf_counter() - start, server.cpu(), server.memory()
    return Passed(
        amount,
        seconds,
        None if cpu is None or after is None else after - cpu,
        None if used is None or peak is None else max(0.0, peak - used),
    )
