"""CPU per request of the application alone: each framework in a process of its own, in interleaved rounds."""

import contextlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional, Sequence, Tuple

from benchmarks.peers import PEERS
from benchmarks.worker import NOTHING
from benchmarks.workloads import Workload


@dataclass(frozen=True)
class Figure:
    """Seconds of CPU per request in every round, or the reason why there are none."""

    rounds: Tuple[float, ...] = ()
    reason: Optional[str] = None

    @property
    def best(self) -> Optional[float]:
        """The minimum: what the work costs when nothing else disturbs it."""
        return min(self.rounds) if self.rounds else None


@dataclass
class InProcess:
    """All figures of an in-process run: workload → framework → figure."""

    figures: Dict[str, Dict[str, Figure]] = field(default_factory=dict)

    def best(self, workload: str, peer: str) -> Optional[float]:
        """Seconds of CPU per request, or None."""
        figure = self.figures.get(workload, {}).get(peer)
        return figure.best if figure else None

    def ratio(self, workload: str, peer: str, base: str) -> Optional[float]:
        """How many times the base's cost, or None where one of them has none."""
        ours, theirs = self.best(workload, peer), self.best(workload, base)
        return ours / theirs if ours and theirs else None


class WorkerProcess:
    """A process of `benchmarks.worker`, or of a module like it, and its line protocol."""

    def __init__(self, peer: str, module: str = "benchmarks.worker", sources: str = "") -> None:
        """`sources` is a folder to import MicroFrame from, instead of the one that is installed."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, peer],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "PYTHONPATH": sources} if sources else None,
        )

    def ask(self, do: str, workload: str, **extra: Any) -> Any:
        """The result of one command.

        Raises:
            RuntimeError: the worker answered with an error, or died.
        """
        self.tell(do, workload, **extra)
        return self.hear()

    def tell(self, do: str, workload: str, **extra: Any) -> None:
        """Give one command, whose result is heard later."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps({"do": do, "workload": workload, **extra}) + "\n")
            self._process.stdin.flush()

    def hear(self) -> Any:
        """The result of the command that was told.

        Raises:
            RuntimeError: as `ask`.
        """
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the worker died (exit code %s)" % self._process.wait())
        reply = json.loads(line)
        if "error" in reply:
            raise RuntimeError(reply["error"])
        return reply["result"]

    def close(self) -> None:
        """Ends the process."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()


def run(workloads: Sequence[Workload], peers: Sequence[str], rounds: int, seconds: float) -> InProcess:
    """Measure every workload for every framework: `rounds` rounds of about `seconds` of CPU each."""
    result = InProcess()
    applications: List[str] = []
    for workload in workloads:
        if workload.app not in applications:
            applications.append(workload.app)
    for application in applications:
        workers = {
            peer: WorkerProcess(peer) for peer in (NOTHING, *peers) if peer == NOTHING or PEERS[peer].asgi
        }
        try:
            for workload in workloads:
                if workload.app == application:
                    figures = _measure(workload, workers, rounds, seconds)
                    for peer in peers:
                        if not PEERS[peer].asgi:
                            figures[peer] = Figure(reason="not an ASGI application")
                    result.figures[workload.name] = figures
        finally:
            for worker in workers.values():
                worker.close()
    return result


def _measure(
    workload: Workload, workers: Dict[str, WorkerProcess], rounds: int, seconds: float
) -> Dict[str, Figure]:
    print("in-process: %s" % workload.title, file=sys.stderr, flush=True)
    figures: Dict[str, Figure] = {}
    counts: Dict[str, int] = {}
    for peer, worker in workers.items():
        try:
            complaint = worker.ask("check", workload.name)
            if complaint is not None:
                figures[peer] = Figure(reason=complaint)
                continue
            counts[peer] = worker.ask("calibrate", workload.name, seconds=seconds)
        except RuntimeError as error:
            figures[peer] = Figure(reason=str(error))
    samples: Dict[str, List[float]] = {peer: [] for peer in counts}
    for _ in range(rounds):
        for peer, count in counts.items():
            samples[peer].append(workers[peer].ask("measure", workload.name, count=count))
    figures.update({peer: Figure(tuple(measured)) for peer, measured in samples.items()})
    return figures
