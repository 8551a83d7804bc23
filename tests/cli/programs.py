"""Programs: small applications written to files, and the `microframe` command in processes of its own."""

import contextlib
import http.client
import io
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue
from typing import Callable, Optional

from microframe.cli import main
from tests.wire import LIMIT

HELLO = """
import asyncio, os
from pathlib import Path
from uuid import uuid4
from microframe import Application, Request, WebSocket

app = Application(title="Hello")

@app.get("/")
async def index() -> str:
    return "hello"

@app.get("/process")
async def process() -> int:
    return os.getpid()

@app.get("/wait")
async def wait() -> str:
    Path(f"waiting-{uuid4().hex}").touch()
    while not Path("go-on").exists():
        await asyncio.sleep(0.02)
    return "waited"

@app.get("/settings")
async def settings(request: Request) -> dict:
    client = request.client
    return {
        "title": app.config.title, "root_path": app.config.root_path, "client": client.host if client else None
    }

@app.websocket("/echo")
async def echo(socket: WebSocket) -> None:
    await socket.accept()
    async for message in socket:
        await socket.send_text(message)
"""


def environment() -> dict[str, str]:
    """The environment of this process without settings of ours, so that each program has its own alone."""
    return {name: value for name, value in os.environ.items() if not name.startswith("MICROFRAME_")}


@dataclass(frozen=True)
class Result:
    """How a command ended, and what it said."""

    exit_code: object
    stdout: str
    stderr: str


def call(*arguments: str) -> Result:
    """Run the command in this process."""
    output, errors = io.StringIO(), io.StringIO()
    code: object = None
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        try:
            main(arguments)
        except SystemExit as exc:
            code = exc.code
    return Result(code, output.getvalue(), errors.getvalue())


def only_line(result: Result) -> str:
    """What a failing command said: one line, and no traceback."""
    lines = result.stderr.splitlines()
    assert len(lines) == 1, result.stderr
    return lines[0]


class Server:
    """`microframe run` in a process of its own, listening on a free port of this machine."""

    def __init__(self, folder: Path, *arguments: str, program: Optional[tuple[str, ...]] = None) -> None:
        command = program or (sys.executable, "-m", "microframe", "run", *arguments)
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.errors: list[str] = []
        self.output: list[str] = []
        self._told: Queue[str] = Queue()
        self._readers = [
            threading.Thread(target=self._read, args=(self.process.stdout, self.output)),
            threading.Thread(target=self._read, args=(self.process.stderr, self.errors)),
        ]
        for reader in self._readers:
            reader.start()
        self.port = 0

    def _read(self, stream: "object", lines: list[str]) -> None:
        for line in stream:  # type: ignore[attr-defined]
            lines.append(line.rstrip("\n"))
            self._told.put(line)

    def wait_for(self, pattern: str) -> "re.Match[str]":
        """The next line, of either stream, in which this is found."""
        deadline = time.monotonic() + LIMIT
        while time.monotonic() < deadline:
            with contextlib.suppress(Empty):
                found = re.search(pattern, self._told.get(timeout=0.05))
                if found:
                    return found
            if not any(reader.is_alive() for reader in self._readers) and self._told.empty():
                break
        raise AssertionError(f"no {pattern!r} in {self.errors} and {self.output}")

    def ready(self) -> "Server":
        self.port = int(self.wait_for(r"is served at http://127\.0\.0\.1:(\d+)")[1])
        return self

    def get(self, path: str = "/", headers: Optional[dict[str, str]] = None) -> tuple[int, str]:
        """The answer to one request, on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LIMIT)
        try:
            connection.request("GET", path, headers=headers or {})
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def signal(self, number: int = signal.SIGTERM) -> None:
        self.process.send_signal(number)

    def end(self) -> int:
        """Wait until it has ended of itself, and give its exit code."""
        code = self.process.wait(LIMIT)
        for reader in self._readers:
            reader.join(LIMIT)
        return code

    def stop(self) -> int:
        self.signal()
        return self.end()


@contextlib.contextmanager
def running(folder: Path, *arguments: str, program: Optional[tuple[str, ...]] = None) -> Iterator[Server]:
    """A server that is killed at the end, if it has not ended by then."""
    server = Server(folder, *arguments, program=program)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.process.kill()
        server.end()
        for stream in (server.process.stdout, server.process.stderr):
            assert stream is not None
            stream.close()


def in_flight(folder: Path, count: int) -> bool:
    """Whether so many requests for `/wait` have reached their handler."""
    return eventually(lambda: len(list(folder.glob("waiting-*"))) == count)


def let_go_on(folder: Path) -> None:
    """Let those be answered."""
    (folder / "go-on").touch()


def eventually(condition: Callable[[], bool]) -> bool:
    """Whether something comes to be true in time; a server that is being replaced may close what it has accepted."""
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, http.client.HTTPException):
            if condition():
                return True
        time.sleep(0.05)
    return False
