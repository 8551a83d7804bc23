"""F-30: processes that hit one limit as fast as they can let exactly as much pass as it says."""

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator, List

import pytest

from microframe.limits.limit import ALGORITHMS
from tests.servers import redis_server

SOURCES = Path(__file__).parents[2]
Running = List["subprocess.Popen[str]"]


@contextmanager
def processes(count: int, limit: int) -> Iterator[Running]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(SOURCES), str(SOURCES / "src")])}
    pipe = subprocess.PIPE
    with redis_server() as server:
        command = [sys.executable, "-m", "tests.faults.hitting_process", server.url, str(limit)]
        running = [
            subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment, cwd=SOURCES)
            for _ in range(count)
        ]
        try:
            assert [line_of(process) for process in running] == ["ready"] * count
            yield running
        finally:
            for process in running:
                process.communicate(timeout=60)


def line_of(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def passed(running: Running, algorithm: str, hits: int) -> int:
    for process in running:
        assert process.stdin is not None
        process.stdin.write(f"{algorithm} {hits}\n")
        process.stdin.flush()
    return sum(int(line_of(process)) for process in running)


def test_two_processes_let_exactly_the_limit_pass() -> None:
    with processes(2, limit=100) as running:
        for algorithm in ALGORITHMS:
            assert passed(running, algorithm, 150) == 100, algorithm


@pytest.mark.soak
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_four_processes_of_a_hundred_thousand_hits_each_let_exactly_a_thousand_pass(algorithm: str) -> None:
    with processes(4, limit=1000) as running:
        assert passed(running, algorithm, 100_000) == 1000
