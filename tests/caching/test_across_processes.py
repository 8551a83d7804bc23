"""What several processes want at once is made once, on every store that they can share."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Callable, Dict, List

import pytest

from tests.stores.kinds import each_kind, server_for
from tests.wire import LIMIT

SOURCES = Path(__file__).parents[2]

Ask = Callable[[str, int], int]


def line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@contextmanager
def processes(count: int, kind: str, folder: Path) -> Iterator[Ask]:
    """So many processes; what is given asks all of them for a path, and tells how often it was made altogether."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(SOURCES), str(SOURCES / "src")])}
    with server_for(kind, folder) as server:
        command = [sys.executable, "-m", "tests.caching.asking_process", server.url]
        with started(command, count, environment) as ask:
            yield ask


@contextmanager
def started(command: List[str], count: int, environment: Dict[str, str]) -> Iterator[Ask]:
    pipe = subprocess.PIPE
    running: List[subprocess.Popen[str]] = [
        subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment, cwd=SOURCES)
        for _ in range(count)
    ]

    def ask(path: str, times: int) -> int:
        for process in running:
            assert process.stdin is not None
            process.stdin.write(f"{path} {times}\n")
            process.stdin.flush()
        return sum(int(line(process)) for process in running)

    try:
        assert [line(process) for process in running] == ["ready"] * count
        yield ask
    finally:
        for process in running:
            process.communicate(timeout=LIMIT)


@each_kind
@pytest.mark.parametrize("path", ["/answer/one", "/value/one"])
def test_two_processes_make_a_thing_once(path: str, kind: str, tmp_path: Path) -> None:
    with processes(2, kind, tmp_path) as ask:
        assert ask(path, 20) == 1
        assert ask(path, 20) == 0


@pytest.mark.soak
@each_kind
@pytest.mark.parametrize("path", ["/answer", "/value"])
def test_five_hundred_misses_in_four_processes_are_one_call(path: str, kind: str, tmp_path: Path) -> None:
    with processes(4, kind, tmp_path) as ask:
        for number in range(20):
            assert ask(f"{path}/soak{number}", 125) == 1
