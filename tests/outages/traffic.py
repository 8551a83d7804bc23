"""Traffic: many connections to a real server at once, each asking again and again for one thing."""

import asyncio
import base64
import time
from collections import Counter
from contextlib import asynccontextmanager
from typing import AsyncIterator, Callable, Dict, List, Mapping, NamedTuple, Optional, Tuple

from tests.wire import LIMIT

Pipe = Tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Got(NamedTuple):
    """One answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Line:
    """One connection, kept open; made again where the server has closed it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._pipe: Optional[Pipe] = None

    async def ask(self, method: str, path: str, headers: Mapping[str, str]) -> Got:
        return await asyncio.wait_for(self._ask(method, path, headers), LIMIT)

    async def _ask(self, method: str, path: str, headers: Mapping[str, str]) -> Got:
        if self._pipe is None:
            self._pipe = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._pipe
        lines = [f"{method} {path} HTTP/1.1", "Host: testserver"]
        lines += ["Content-Length: 0"] if method == "POST" else []  # a handshake may have none
        lines += [f"{name}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        first, *rest = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").strip().split("\r\n")
        found = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
        status = int(first.split(" ")[1])
        body = b"" if status == 101 else await reader.readexactly(int(found.get("content-length", 0)))
        if status == 101 or found.get("connection") == "close" or "upgrade" in headers:
            self.close()
        return Got(status, found, body)

    def close(self) -> None:
        if self._pipe is not None:
            self._pipe[1].close()
            self._pipe = None


def upgrade() -> Dict[str, str]:
    """The headers of a handshake."""
    key = base64.b64encode(b"0123456789abcdef").decode()
    return {
        "connection": "Upgrade",
        "upgrade": "websocket",
        "sec-websocket-key": key,
        "sec-websocket-version": "13",
    }


class Kind(NamedTuple):
    """One thing that is asked for, and the statuses that it may be answered with."""

    name: str
    method: str
    path: str
    headers: Mapping[str, str]
    usual: "frozenset[int]"
    """While the store is there."""
    away: "frozenset[int]"
    """While it is not."""
    is_single: bool = False
    """Whether each request has a path and a key of its own."""


class Seen(NamedTuple):
    """An answer, and in which phase it was asked for and given."""

    kind: Kind
    phase: str
    number: int
    got: Got
    seconds: float


class Traffic:
    """Asks for everything, over some connections for each, and notes what comes; a test says in which phase."""

    def __init__(self, port: int, kinds: List[Kind], lines: int) -> None:
        self._port, self.kinds, self._lines = port, kinds, lines
        self.phase = ""
        self.seen: List[Seen] = []
        self._number = 0
        self._asking: List[asyncio.Future[None]] = []
        self._is_over = False

    def of(self, phase: str, kind: Optional[Kind] = None) -> List[Seen]:
        """What was asked for and answered in this phase."""
        return [one for one in self.seen if one.phase == phase and kind in (None, one.kind)]

    def statuses(self, phase: str, kind: Kind) -> "Counter[int]":
        return Counter(one.got.status for one in self.of(phase, kind))

    async def enough(
        self, phase: str, count: int, is_good: Callable[[Seen], bool] = lambda seen: True
    ) -> None:
        """Be in this phase until everything has been answered so often, as it should be."""
        self.phase = phase
        end = time.monotonic() + 2 * LIMIT
        while True:
            assert not any(one.done() for one in self._asking), "a connection has failed"
            good = Counter(one.kind.name for one in self.of(phase) if is_good(one))
            if all(good[kind.name] >= count for kind in self.kinds):
                return
            assert time.monotonic() < end, f"not enough in {phase!r}: {good}"
            await asyncio.sleep(0.05)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        self._asking = [
            asyncio.ensure_future(self._go_on(kind)) for kind in self.kinds for _ in range(self._lines)
        ]
        try:
            yield
        finally:
            # Who has asked gets an answer first: so nothing is under way when the server stops.
            self._is_over = True
            await asyncio.wait(self._asking, timeout=2 * LIMIT)
            for one in self._asking:
                one.cancel()
            ended = await asyncio.gather(*self._asking, return_exceptions=True)
            failed = [one for one in ended if isinstance(one, Exception)]
            if failed:
                raise failed[0]

    async def _go_on(self, kind: Kind) -> None:
        line = Line(self._port)
        try:
            while not self._is_over:
                await self._once(kind, line)
                await asyncio.sleep(0.005)
        finally:
            line.close()

    async def _once(self, kind: Kind, line: Line) -> None:
        self._number += 1
        number, phase = self._number, self.phase
        path = kind.path.format(number=number) if kind.is_single else kind.path
        for _ in range(2 if kind.is_single else 1):  # the same once more
            began = time.monotonic()
            headers = {**kind.headers, **({"idempotency-key": f"key-{number}"} if kind.is_single else {})}
            got = await line.ask(kind.method, path, headers)
            is_one = phase == self.phase
            self.seen.append(
                Seen(kind, phase if is_one else "between", number, got, time.monotonic() - began)
            )
