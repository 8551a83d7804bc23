"""Fault proxy: a connection between a client and a server that can be slow, fall silent, or be cut."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Callable, Coroutine, Set, Tuple, TypeVar

from tests.wire import LIMIT

T = TypeVar("T")

Pipe = Tuple[asyncio.StreamReader, asyncio.StreamWriter]


class FaultProxy:
    """Passes bytes on, in a thread of its own, as it is told: from now on, on old connections and new ones.

    `fall_silent` is a peer whose machine has lost power, or a network that drops everything: nobody hears that the
    connection is gone (no FIN, no RST), and new ones are accepted by the kernel and never answered.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, target: int) -> None:
        self._loop, self._target = loop, target
        self._flows = asyncio.Event()
        self._flows.set()
        self._delay = 0.0
        self._refuses = False
        self._open: Set[asyncio.StreamWriter] = set()
        self.port = 0
        self.accepted = 0
        """How many connections were made."""

    @property
    def url(self) -> str:
        """Its address as that of a Redis."""
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def open(self) -> int:
        """How many clients are connected now."""
        return len(self._open)

    # From the test ---------------------------------------------------------------------------------------------------

    def be_slow(self, seconds: float) -> None:
        """Bring each piece of an answer so much later."""
        self._do(lambda: setattr(self, "_delay", seconds))

    def fall_silent(self) -> None:
        """Pass nothing on any more, and say nothing of it."""
        self._do(self._flows.clear)

    def cut(self) -> None:
        """Close every connection, and each new one at once."""
        self._do(lambda: setattr(self, "_refuses", True))
        self.drop()

    def drop(self) -> None:
        """Close every connection that is open now; new ones are welcome."""
        self._do(self._abort_all)

    def recover(self) -> None:
        """Pass everything on again; what was held back on connections of before is lost with them."""
        if not self._flows.is_set():
            self._do(self._abort_all)
        self._do(lambda: setattr(self, "_delay", 0.0))
        self._do(lambda: setattr(self, "_refuses", False))
        self._do(self._flows.set)

    def _abort_all(self) -> None:
        for writer in self._open:
            writer.transport.abort()

    def _do(self, change: Callable[[], object]) -> None:
        async def do() -> None:
            change()

        self.run(do())

    def run(self, work: "Coroutine[None, None, T]") -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(LIMIT)

    # In its thread ---------------------------------------------------------------------------------------------------

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        if self._refuses:
            writer.transport.abort()
            return
        self._open.add(writer)
        try:
            await self._flows.wait()
            there = await asyncio.open_connection("127.0.0.1", self._target)
            await self._join((reader, writer), there)
        except OSError:
            pass  # the server is away: so is what is connected to it
        finally:
            self._open.discard(writer)
            writer.transport.abort()

    async def _join(self, here: Pipe, there: Pipe) -> None:
        ways = [
            asyncio.ensure_future(self._pass_on(here[0], there[1], is_answer=False)),
            asyncio.ensure_future(self._pass_on(there[0], here[1], is_answer=True)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            there[1].transport.abort()  # before anything is awaited: whoever ends the proxy cancels that
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_answer: bool
    ) -> None:
        while True:
            piece = await reader.read(65_536)
            await self._flows.wait()
            if not piece:
                return
            if is_answer and self._delay:
                await asyncio.sleep(self._delay)
            writer.write(piece)
            await writer.drain()


@contextmanager
def fault_proxy(target: int) -> Iterator[FaultProxy]:
    """A proxy before a port of this machine."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def start() -> "tuple[FaultProxy, asyncio.AbstractServer]":
        proxy = FaultProxy(loop, target)
        server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
        proxy.port = server.sockets[0].getsockname()[1]
        return proxy, server

    async def stop() -> None:
        server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    proxy, server = asyncio.run_coroutine_threadsafe(start(), loop).result(LIMIT)
    try:
        yield proxy
    finally:
        proxy.run(stop())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(LIMIT)
        loop.close()
