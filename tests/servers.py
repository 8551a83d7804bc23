"""Servers: what tests need running beside them, each started once a test process, on a free port, in its own folder."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Callable, Optional

import pytest

PATIENCE = 20.0
"""Seconds for a server to come up; machines are busy while tests run."""
REDIS = ("redis-server", "valkey-server")


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def find_program(*names: str) -> Optional[str]:
    """The first of these programs that is installed."""
    return next((path for path in map(shutil.which, names) if path), None)


def wait_until(is_up: Callable[[], bool], process: "subprocess.Popen[bytes]", name: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_up():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{name} did not come up (exit code {process.poll()})")
        time.sleep(0.02)


class RedisServer:
    """A Redis that can be stopped and started again on the same port."""

    def __init__(self, program: str, folder: Path) -> None:
        self._program, self._folder = program, folder
        self.port = free_port()
        self.process: Optional[subprocess.Popen[bytes]] = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        command = [self._program, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._folder)]
        command += ["--save", "", "--appendonly", "no", "--daemonize", "no", "--loglevel", "warning"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(self.answers, self.process, "Redis")

    def answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@contextmanager
def redis_server() -> Iterator[RedisServer]:
    """A Redis of one's own. Where none is installed, the test is skipped and says so."""
    program = find_program(*REDIS)
    if program is None:
        pytest.skip("MISSING: redis-server (apt-get install redis-server), so Redis was not tested")
    with tempfile.TemporaryDirectory(prefix="redis-") as folder:
        server = RedisServer(program, Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()


def worker() -> str:
    """The name of this test process among its like."""
    return os.environ.get("PYTEST_XDIST_WORKER", "alone")
