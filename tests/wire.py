"""Wire: a real server in a thread, and bytes on a connection to it."""

import http.client
import io
import socket
import threading
import time
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Callable, Iterator, List, NamedTuple, Optional, Tuple, Type

import uvicorn
from uvicorn.config import WS_PROTOCOLS

LIMIT = 60.0
"""Seconds that anything may take; machines are busy, or stand still, while tests run."""


class Answer(NamedTuple):
    """One answer as it came."""

    status: int
    headers: List[Tuple[str, str]]
    body: bytes

    def header(self, name: str) -> Optional[str]:
        """The value of a header that may be there once."""
        found = [value for key, value in self.headers if key.lower() == name]
        assert len(found) < 2, f"{name} was sent {len(found)} times"
        return found[0] if found else None


class Wire:
    """One connection. What is written is sent as it is; answers are read as a client would."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=LIMIT)
        self._incoming = self.socket.makefile("rb")

    def __enter__(self) -> "Wire":
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self._incoming.close()
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def answer(self, method: str = "GET") -> Answer:
        """Read one answer; `http.client.HTTPException` where it is cut off or none."""
        response = http.client.HTTPResponse(self.socket, method=method)
        response.fp.close()
        response.fp = Unclosed(self._incoming)  # type: ignore[assignment]
        response.begin()
        body = response.read()
        return Answer(response.status, response.getheaders(), body)

    def ask(self, request: bytes, method: str = "GET") -> Answer:
        self.send(request)
        return self.answer(method)

    def rest(self) -> bytes:
        """All that still comes until the server closes the connection."""
        return self._incoming.read()


class Unclosed(io.BufferedIOBase):
    """A stream that stays open when one answer has been read from it: the next one follows."""

    def __init__(self, stream: Any) -> None:
        super().__init__()
        self._stream = stream

    def read(self, size: Optional[int] = -1) -> bytes:
        return bytes(self._stream.read(size))

    def read1(self, size: int = -1) -> bytes:
        return bytes(self._stream.read1(size))

    def readinto(self, buffer: Any) -> int:
        return int(self._stream.readinto(buffer))

    def readline(self, size: Optional[int] = -1) -> bytes:
        return bytes(self._stream.readline(size))


class Served(NamedTuple):
    """Where an application is served."""

    port: int

    def connect(self) -> Wire:
        return Wire(self.port)

    def ask(self, request: bytes, method: str = "GET") -> Answer:
        """One request on a connection of its own."""
        with self.connect() as wire:
            return wire.ask(request, method)

    def get(self, path: str, *lines: str) -> Answer:
        return self.ask(get(path, *lines))


def get(path: str, *lines: str) -> bytes:
    """A GET with more header lines."""
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: testserver", *lines, "", ""]).encode("latin-1")


@contextmanager
def served(app: Any, **options: Any) -> Iterator[Served]:
    """Serve an application on a free port, with the settings that `microframe run` gives the server."""
    config = uvicorn.Config(
        app,
        **{
            "interface": "asgi3",
            "http": "httptools",
            "ws": "websockets-sansio" if "websockets-sansio" in WS_PROTOCOLS else "auto",
            "log_config": None,
            "access_log": False,
            "proxy_headers": False,
            "server_header": False,
            "timeout_graceful_shutdown": 2,
            **options,
        },
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            eventually(lambda: server.started or not thread.is_alive())
            assert server.started, "the server did not start"
            yield Served(listener.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join(LIMIT)
    assert not thread.is_alive(), "the server does not stop"


def eventually(holds: Callable[[], object], seconds: float = LIMIT) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come to pass in time"
        time.sleep(0.005)
