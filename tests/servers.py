"""Servers: what tests need running beside them, each started once a test process, on a free port, in its own folder."""

import os
import random
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

PATIENCE = 60.0
"""Seconds for a server to come up; machines are busy while tests run."""
REDIS = ("redis-server", "valkey-server")


PORTS = range(10_000, 32_000)
"""Below those that systems give to whoever asks for any: nobody takes one of these by chance while it is not in use."""


def free_port() -> int:
    """A port for a server that opens it itself, a little later; it may find it taken by then, and ask again."""
    while True:
        port = random.SystemRandom().choice(PORTS)
        with socket.socket() as found:
            try:
                found.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


@contextmanager
def refused_port() -> Iterator[int]:
    """A port that refuses every connection, and that nobody else can open meanwhile."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def find_program(*names: str) -> Optional[str]:
    """The first of these programs that is installed."""
    return next((path for path in map(shutil.which, names) if path), None)


class ServerEnded(RuntimeError):
    """A server that ended while it was waited for."""


def wait_until(is_up: Callable[[], bool], process: "subprocess.Popen[bytes]", name: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_up():
        if process.poll() is not None:
            raise ServerEnded(f"{name} did not come up (exit code {process.poll()})")
        if time.monotonic() > deadline:
            raise RuntimeError(f"{name} did not come up in time")
        time.sleep(0.02)


class RedisServer:
    """A Redis that can be stopped and started again on the same port."""

    def __init__(self, program: str, folder: Path) -> None:
        self._program, self._folder = program, folder
        self.port = 0
        self.process: Optional[subprocess.Popen[bytes]] = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """On a port that is found at the first start."""
        if self.port:
            return self._start()
        for _ in range(10):
            self.port = free_port()
            try:
                return self._start()
            except ServerEnded:
                continue  # somebody else has taken that port
        raise ServerEnded("Redis finds no port")

    def _start(self) -> None:
        command = [self._program, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._folder)]
        command += ["--save", "", "--appendonly", "no", "--daemonize", "no", "--loglevel", "warning"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(self.answers, self.process, "Redis")

    def answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), PATIENCE) as connection:
                connection.sendall(b"INFO server\r\n")
                told = b""
                while b"process_id:" not in told or not told.endswith(b"\r\n"):
                    received = connection.recv(4096)
                    if not received:
                        return False
                    told += received
                # Not another one, of another test process, which has the port that this one is about to ask for.
                return self.process is not None and b"process_id:%d\r\n" % self.process.pid in told
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
