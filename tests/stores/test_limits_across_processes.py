"""Limits that several processes share over a store: together they let exactly as much pass as one would."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import List

import pytest

from microframe.limits.limit import ALGORITHMS
from tests.stores.kinds import each_kind, server_for
from tests.wire import LIMIT

SOURCES = Path(__file__).parents[2]
WINDOW = 120.0


class Processes:
    """Some processes of one application."""

    def __init__(self, running: "List[subprocess.Popen[str]]") -> None:
        self._running = running

    def ask(self, clock: str, algorithm: str, calls: int) -> int:
        """All of them call at once, `calls` times each; how many passed."""
        for process in self._running:
            assert process.stdin is not None
            process.stdin.write(f"{clock} {algorithm} {calls}\n")
            process.stdin.flush()
        return sum(int(line(process)) for process in self._running)


def line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@contextmanager
def processes(kind: str, folder: Path, count: int, limit: int) -> Iterator[Processes]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(SOURCES), str(SOURCES / "src")])}
    with server_for(kind, folder) as shared:
        command = [sys.executable, "-m", "tests.stores.counting_process", shared.url, str(limit)]
        running = [
            subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env=environment,
                cwd=SOURCES,
            )
            for _ in range(count)
        ]
        try:
            assert [line(process) for process in running] == ["ready"] * count
            yield Processes(running)
        finally:
            for process in running:
                process.communicate(timeout=LIMIT)


def check(program: Processes, count: int, calls: int, limit: int) -> None:
    """Exactly `limit` with time stopped, and on real time too but where some of it refills meanwhile."""
    assert count * calls > limit
    for algorithm in ALGORITHMS:
        assert program.ask("frozen", algorithm, calls) == limit, algorithm
    began = time.monotonic()
    assert program.ask("real", "sliding_window", calls) == limit
    assert program.ask("real", "fixed_window", calls) == limit
    assert time.monotonic() - began < WINDOW, "this machine is too busy to tell"
    began = time.monotonic()
    passed = program.ask("real", "gcra", calls)
    refilled = (time.monotonic() - began) * limit / WINDOW
    assert limit <= passed <= limit + refilled + 1


@pytest.mark.timeout(120)
@each_kind
def test_processes_together_let_exactly_the_limit_pass(kind: str, tmp_path: Path) -> None:
    with processes(kind, tmp_path, 2, limit=30) as program:
        check(program, count=2, calls=60, limit=30)


@pytest.mark.soak
@pytest.mark.timeout(600)
@each_kind
def test_eight_processes_with_a_thousand_calls_each_let_exactly_a_hundred_pass(
    kind: str, tmp_path: Path
) -> None:
    with processes(kind, tmp_path, 8, limit=100) as program:
        check(program, count=8, calls=1000, limit=100)
