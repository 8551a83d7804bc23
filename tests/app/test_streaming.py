"""Streams: made as they are taken, closed when nobody takes them, cut when they break."""

import asyncio
import http.client
import threading
import time
from typing import Any, AsyncIterator, Dict, Iterator, List

import pytest

from microframe import Application, Depends, Response, StreamingResponse
from microframe.concurrency import iterate_in_thread
from microframe.testing import AsyncTestClient
from tests.wire import Served, eventually, get, served

pytestmark = pytest.mark.virtual_time

Notes = List[str]


def streaming(pieces: Any, **options: Any) -> Application:
    app = Application()

    @app.get("/")
    async def stream() -> Response:
        return StreamingResponse(pieces, **options)

    return app


# Made as they are taken -------------------------------------------------------------------------------------


async def test_text_and_bytes_pieces_arrive_as_bytes() -> None:
    async def pieces() -> AsyncIterator[Any]:
        yield "grüße "
        yield b"\xff"
        yield ""
        yield memoryview(b"!")

    response = await AsyncTestClient(streaming(pieces(), media_type="text/plain")).get("/")
    assert response.content == "grüße ".encode() + b"\xff!"
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert "content-length" not in response.headers


async def test_a_blocking_iterator_is_read_in_a_thread() -> None:
    threads: List[bool] = []

    def pieces() -> Iterator[str]:
        for number in range(3):
            threads.append(threading.current_thread() is threading.main_thread())
            yield f"{number} "

    assert (await AsyncTestClient(streaming(pieces())).get("/")).text == "0 1 2 "
    assert threads == [False] * 3


@pytest.mark.parametrize(
    "content", [["a", b"b"], ("a", "b"), iter("ab"), (c for c in "ab"), {"a": 1, "b": 2}]
)
async def test_anything_that_can_be_iterated_will_do(content: Any) -> None:
    assert (await AsyncTestClient(streaming(content)).get("/")).text == "ab"


async def test_pieces_arrive_one_by_one() -> None:
    release = asyncio.Event()

    async def pieces() -> AsyncIterator[str]:
        yield "first"
        await release.wait()
        yield "second"

    async with AsyncTestClient(streaming(pieces())).stream("GET", "/") as response:
        taken = response.aiter_bytes()
        assert await taken.__anext__() == b"first"
        release.set()
        assert await taken.__anext__() == b"second"


async def test_the_head_does_not_wait_for_the_first_piece() -> None:
    release = asyncio.Event()

    async def pieces() -> AsyncIterator[str]:
        await release.wait()
        yield "late"

    async with AsyncTestClient(streaming(pieces())).stream("GET", "/") as response:
        assert response.status_code == 200
        release.set()
        assert await response.aread() == b"late"


class Server:
    """A server that takes messages when it is told to."""

    def __init__(self) -> None:
        self.takes = asyncio.Semaphore(0)
        self.gone = asyncio.Event()
        self.sent: List[Dict[str, Any]] = []
        self._asked = False

    async def receive(self) -> Dict[str, Any]:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        await self.takes.acquire()
        self.sent.append(message)

    def ask(self, app: Any, method: str = "GET", **more: Any) -> "asyncio.Future[None]":
        scope = {
            "type": "http",
            "method": method,
            "scheme": "http",
            "path": "/",
            "raw_path": b"/",
            "query_string": b"",
            "headers": [(b"host", b"x")],
            "client": None,
            **more,
        }
        task: asyncio.Future[None] = asyncio.ensure_future(app(scope, self.receive, self.send))
        return task

    async def take(self, number: int) -> None:
        for _ in range(number):
            self.takes.release()
        for _ in range(20):
            await asyncio.sleep(0)


async def test_the_next_piece_is_made_when_the_last_one_is_taken() -> None:
    made: List[int] = []

    async def pieces() -> AsyncIterator[str]:
        for number in range(5):
            made.append(number)
            yield str(number)

    server = Server()
    task = server.ask(streaming(pieces()))
    await server.take(0)
    assert made == []
    await server.take(1)  # the head
    assert made == [0]
    await server.take(1)
    assert made == [0, 1]
    await server.take(2)
    assert made == [0, 1, 2, 3]
    await server.take(10)
    await task
    assert [message.get("body") for message in server.sent[1:]] == [b"0", b"1", b"2", b"3", b"4", b""]


# Closed when nobody takes them ------------------------------------------------------------------------------


def noting(notes: Notes) -> Any:
    async def pieces() -> AsyncIterator[str]:
        try:
            while True:
                yield "piece"
        except BaseException as exc:
            notes.append(type(exc).__name__)
            raise
        finally:
            await asyncio.sleep(0)  # there is time to tidy up
            notes.append("closed")

    return pieces()


@pytest.mark.parametrize("waiting", ["send", "piece"])
async def test_a_client_that_leaves_ends_the_stream(waiting: str, caplog: pytest.LogCaptureFixture) -> None:
    notes: Notes = []

    async def slow() -> AsyncIterator[str]:
        try:
            yield "piece"
            await asyncio.sleep(60)
        finally:
            notes.append("closed")

    server = Server()
    task = server.ask(streaming(noting(notes) if waiting == "send" else slow()))
    await server.take(2)
    server.gone.set()
    await task
    assert notes[-1] == "closed"
    assert caplog.records == []


async def test_what_the_handler_opened_is_open_until_the_stream_has_ended() -> None:
    notes: Notes = []

    async def resource() -> AsyncIterator[Notes]:
        try:
            yield notes
        except BaseException as exc:
            notes.append(type(exc).__name__)
            raise
        finally:
            notes.append("resource closed")

    app = Application()

    @app.get("/")
    async def stream(opened: Notes = Depends(resource)) -> Response:
        return StreamingResponse(noting(opened))

    server = Server()
    task = server.ask(app)
    await server.take(2)
    assert notes == []
    server.gone.set()
    await task
    assert notes[-3:] == ["closed", "ClientDisconnect", "resource closed"]


async def test_a_head_request_makes_no_piece_and_closes_the_stream() -> None:
    made: Notes = []

    class Pieces:
        """An iterator that notes whether it was closed."""

        def __aiter__(self) -> "Pieces":
            return self

        async def __anext__(self) -> str:
            made.append("piece")
            return "piece"

        async def aclose(self) -> None:
            made.append("closed")

    response = await AsyncTestClient(streaming(Pieces(), headers={"content-length": "100"})).head("/")
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["content-length"] == "100"
    assert made == ["closed"]


async def test_a_stream_that_the_server_cancels_is_closed() -> None:
    notes: Notes = []
    server = Server()
    task = server.ask(streaming(noting(notes)))
    await server.take(2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert notes[-1] == "closed"


async def test_a_blocking_iterator_is_closed_in_a_thread() -> None:
    notes: Notes = []

    def pieces() -> Iterator[str]:
        try:
            while True:
                yield "piece"
        finally:
            notes.append("main" if threading.current_thread() is threading.main_thread() else "thread")

    async with AsyncTestClient(streaming(pieces())).stream("GET", "/") as response:
        await response.aiter_bytes().__anext__()
    assert notes == ["thread"]


async def test_reading_in_a_thread_ends_with_its_iterator() -> None:
    assert [item async for item in iterate_in_thread(iter([1, None, 3]))] == [1, None, 3]


async def test_a_stop_iteration_within_a_blocking_iterator_hangs_nobody() -> None:
    class Bad:
        def __iter__(self) -> "Bad":
            return self

        def __next__(self) -> str:
            raise StopIteration

    assert (await AsyncTestClient(streaming(Bad())).get("/")).content == b""


# Over a real server -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def visits() -> Dict[str, Notes]:
    """What happened in each: the end of one, late as it may come, is not in the notes of another."""
    return {"read": [], "asked": []}


@pytest.fixture(scope="module")
def server(visits: Dict[str, Notes]) -> Iterator[Served]:
    app = Application()

    @app.get("/pieces")
    async def pieces() -> Response:
        async def body() -> AsyncIterator[str]:
            yield "one "
            yield "two"

        return StreamingResponse(body())

    @app.get("/broken/{status}")
    async def broken(status: str) -> Response:
        async def body() -> AsyncIterator[str]:
            yield "one "
            await asyncio.sleep(0)
            raise LookupError("a secret")

        return StreamingResponse(body(), headers={"content-length": "100"} if status == "sized" else None)

    @app.get("/endless/{visit}")
    async def endless(visit: str) -> Response:
        notes = visits[visit]

        async def body() -> AsyncIterator[bytes]:
            notes.append("begins")
            try:
                while True:
                    yield bytes(65_536)
                    notes.append("piece")
            finally:
                notes.append("ends")

        return StreamingResponse(body())

    with served(app) as running:
        yield running


def test_a_whole_stream_ends_with_its_last_chunk(server: Served) -> None:
    with server.connect() as wire:
        answer = wire.ask(get("/pieces"))
        assert (answer.body, answer.header("transfer-encoding")) == (b"one two", "chunked")
        assert wire.ask(get("/pieces")).body == b"one two"
        wire.send(get("/pieces", "Connection: close"))
        assert wire.rest().endswith(b"\r\n0\r\n\r\n")


@pytest.mark.parametrize("kind", ["chunked", "sized"])
def test_a_broken_stream_is_cut_and_looks_broken(server: Served, kind: str) -> None:
    with server.connect() as wire:
        wire.send(get(f"/broken/{kind}"))
        with pytest.raises(http.client.IncompleteRead) as caught:
            wire.answer()
        assert b"secret" not in caught.value.partial
        assert wire.rest() == b""  # the connection is closed, and no last chunk came
    assert server.get("/pieces").body == b"one two"


def test_a_slow_reader_holds_the_stream_and_one_that_leaves_ends_it(
    server: Served, visits: Dict[str, Notes]
) -> None:
    notes = visits["read"]
    with server.connect() as wire:
        wire.send(get("/endless/read"))
        eventually(lambda: "piece" in notes)
        # What the sockets buffer is made ahead, and no more: nobody reads.
        made = -1
        while made != len(notes):
            made = len(notes)
            time.sleep(0.1)
        assert len(notes) < 500
        assert "ends" not in notes
    eventually(lambda: notes[-1] == "ends")


def test_a_head_of_a_stream_over_the_wire_leaves_the_connection_usable(
    server: Served, visits: Dict[str, Notes]
) -> None:
    with server.connect() as wire:
        wire.send(get("/endless/asked").replace(b"GET", b"HEAD"))
        assert wire.answer("HEAD").status == 200
        assert wire.ask(get("/pieces")).body == b"one two"
    assert visits["asked"] == []
