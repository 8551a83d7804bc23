"""Demo: serves the team board with `microframe run`; with REDIS=1 beside a Redis of its own, which goes when it goes.

`python scripts/demo.py --port 8000` takes what `microframe run` takes; REDIS and WORKERS are read from the environment.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType
from typing import Dict, Iterator, List, Optional

ROOT = Path(__file__).resolve().parents[1]
APPLICATION = "examples.board.app:app"
PROGRAMS = ("redis-server", "valkey-server")
PATIENCE = 15.0  # seconds for Redis to come up
TRIES = 3  # ports
PATIENTLY = "?socket_timeout=5&socket_connect_timeout=5"  # a demo runs beside all that its machine does else
NO_REDIS = """\
REDIS=1 needs redis-server or valkey-server: neither is here, nor could it be installed. Install one (Debian and Ubuntu:
apt-get install redis-server; macOS: brew install redis), or leave REDIS=1 out: then everything is in memory.
"""
UNAVAILABLE = 69  # EX_UNAVAILABLE of sysexits.h


def main() -> int:
    signals = Signals()
    command = [sys.executable, "-m", "microframe", "run", APPLICATION, *sys.argv[1:]]
    if os.environ.get("WORKERS"):
        command += ["--workers", os.environ["WORKERS"]]
    if os.environ.get("REDIS", "0") in ("", "0"):
        return signals.run(command, {})
    program = find_redis()
    if program is None:
        sys.stderr.write(NO_REDIS)
        return UNAVAILABLE
    with tempfile.TemporaryDirectory(prefix="board-") as folder, redis(program, folder) as url:
        print(f"Redis is at {url}", file=sys.stderr, flush=True)
        return signals.run(command, {"MICROFRAME_REDIS_URL": url + PATIENTLY, "BOARD_FILES": folder})


class Signals:
    """What this process is told to stop with: passed on to the server; without one, it is the end of this process."""

    def __init__(self) -> None:
        self.server: Optional[subprocess.Popen[bytes]] = None
        self.early: Optional[List[int]] = None
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.heard)

    def heard(self, number: int, frame: Optional[FrameType]) -> None:
        if self.server is not None:
            if number != signal.SIGINT:  # Ctrl+C reaches the server by itself, and twice would mean: at once
                self.server.send_signal(number)
        elif self.early is not None:
            self.early.append(number)
        else:
            raise SystemExit(128 + number)  # whatever has been started is stopped on the way out

    def run(self, command: List[str], settings: Dict[str, str]) -> int:
        """Run the server until it ends; gives its exit code."""
        self.early = []
        self.server = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **settings})
        for number in self.early:
            self.server.send_signal(number)
        code = self.server.wait()
        return code if code >= 0 else 128 - code


# Redis --------------------------------------------------------------------------------------------------------------


def find_redis() -> Optional[str]:
    """The program, installed first where it can be."""
    found = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if found is None:
        print("redis-server is not here: trying to install it", file=sys.stderr, flush=True)
        subprocess.run(["sh", str(ROOT / "scripts" / "services.sh")], stderr=subprocess.DEVNULL, check=False)
        found = next(filter(None, map(shutil.which, PROGRAMS)), None)
    return found


@contextlib.contextmanager
def redis(program: str, folder: str) -> Iterator[str]:
    """The URL of a Redis that is there for this block: on a free port of this machine, and keeping nothing.

    Raises:
        SystemExit: it does not come up.
    """
    for _ in range(TRIES):
        port = free_port()
        command = [
            program,
            "--port",
            str(port),
            "--bind",
            "127.0.0.1",
            "--dir",
            folder,
            "--save",
            "",
            "--appendonly",
            "no",
        ]
        # In a session of its own: Ctrl+C stops the application first.
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
        try:
            if comes_up(server, port):
                yield f"redis://127.0.0.1:{port}/0"
                return
        finally:
            server.terminate()
            server.wait()
    raise SystemExit(f"{program} does not come up")


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def comes_up(server: "subprocess.Popen[bytes]", port: int) -> bool:
    """Wait until Redis answers; False where it ends before, because somebody else has taken the port."""
    deadline = time.monotonic() + PATIENCE
    while server.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as connection:
            connection.sendall(b"PING\r\n")
            if connection.recv(16).startswith(b"+PONG"):
                return server.poll() is None
        time.sleep(0.02)
    return False


if __name__ == "__main__":
    sys.exit(main())
