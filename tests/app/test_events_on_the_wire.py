"""Streams of a handler over a real server: they come one by one, wait for slow readers, and end with their client."""

import asyncio
import threading
import time
from typing import Any, AsyncIterable, Dict, Iterator, List
from uuid import uuid4

import pytest

from microframe import (
    Application,
    EventSourceResponse,
    JSONLinesResponse,
    LastEventID,
    NotFoundException,
    ServerSentEvent,
    StreamingResponse,
)
from tests.event_stream import Event, read_events
from tests.wire import Served, eventually, get, served

Notes = Dict[str, List[str]]
"""What happened in each visit: the end of one, late as it may come, is not in the notes of another."""


class Quick(EventSourceResponse):
    ping = 0.05
    head_within = 0.01


def find_news() -> List[str]:
    raise NotFoundException()


def build(notes: Notes) -> Application:
    app = Application()

    @app.get("/news", response_class=EventSourceResponse)
    async def news(last: LastEventID) -> AsyncIterable[ServerSentEvent]:
        for number in range(int(last or 0), 3):
            yield ServerSentEvent({"number": number}, id=str(number + 1))

    @app.get("/nothing", response_class=EventSourceResponse)
    async def nothing() -> AsyncIterable[str]:
        for _ in find_news():
            yield ""

    @app.get("/silent", response_class=Quick)
    async def silent(visit: str) -> AsyncIterable[str]:
        notes[visit].append("begins")
        try:
            await asyncio.Event().wait()
        finally:
            notes[visit].append("ends")
        yield ""

    @app.get("/silent/blocking", response_class=Quick)
    def silent_blocking(visit: str) -> Iterator[str]:
        notes[visit].append("begins")
        try:
            while True:
                time.sleep(0.02)
                yield "x"
        finally:
            main = threading.current_thread() is threading.main_thread()
            notes[visit].append("main" if main else "ends")

    for kind in (StreamingResponse, JSONLinesResponse, EventSourceResponse):
        app.get(f"/endless/{kind.__name__}/{{size}}", response_class=kind)(endless(notes))
    return app


def endless(notes: Notes) -> Any:
    async def pieces(size: int, visit: str) -> AsyncIterable[str]:
        try:
            while True:
                notes[visit].append("piece")
                yield "x" * size
        finally:
            notes[visit].append("ends")

    return pieces


@pytest.fixture(scope="module")
def notes() -> Notes:
    return {}


@pytest.fixture(scope="module")
def server(notes: Notes) -> Iterator[Served]:
    with served(build(notes)) as running:
        yield running


@pytest.fixture
def visit(notes: Notes) -> str:
    """The name of a visit of this test alone."""
    name = uuid4().hex
    notes[name] = []
    return name


def test_events_are_an_answer_that_nobody_keeps_or_holds_back(server: Served) -> None:
    answer = server.get("/news")
    assert answer.header("content-type") == "text/event-stream; charset=utf-8"
    assert (answer.header("cache-control"), answer.header("x-accel-buffering")) == ("no-store", "no")
    assert (answer.header("content-length"), answer.header("transfer-encoding")) == (None, "chunked")
    assert read_events(answer.body) == [
        Event(f'{{"number":{number}}}', last_event_id=str(number + 1)) for number in range(3)
    ]


def test_a_client_that_comes_back_goes_on_where_it_was(server: Served) -> None:
    assert [event.data for event in read_events(server.get("/news", "Last-Event-ID: 2").body)] == [
        '{"number":2}'
    ]


def test_a_stream_that_cannot_begin_is_an_ordinary_answer(server: Served) -> None:
    with server.connect() as wire:
        answer = wire.ask(get("/nothing"))
        assert (answer.status, answer.header("content-type")) == (404, "application/problem+json")
        assert wire.ask(get("/news")).status == 200


@pytest.mark.parametrize("path", ["/silent", "/silent/blocking"])
def test_a_client_that_leaves_a_silent_stream_is_noticed(
    server: Served, notes: Notes, visit: str, path: str
) -> None:
    told = notes[visit]
    with server.connect() as wire:
        wire.send(get(f"{path}?visit={visit}"))
        eventually(lambda: "begins" in told)
        assert "ends" not in told
    eventually(lambda: told[-1] == "ends")


def test_a_silent_stream_shows_that_it_lives(server: Served, visit: str) -> None:
    with server.connect() as wire:
        wire.send(get(f"/silent?visit={visit}"))
        received = b""
        while received.count(b": ping\n\n") < 2:
            received += wire.socket.recv(1000)
        assert b"data" not in received.partition(b"\r\n\r\n")[2]


@pytest.mark.parametrize("size", [1, 65_536])
@pytest.mark.parametrize("kind", ["StreamingResponse", "JSONLinesResponse", "EventSourceResponse"])
def test_a_handler_without_end_waits_for_its_reader_lets_others_live_and_ends_with_it(
    server: Served, notes: Notes, visit: str, kind: str, size: int
) -> None:
    told = notes[visit]
    with server.connect() as wire:
        wire.send(get(f"/endless/{kind}/{size}?visit={visit}"))
        eventually(lambda: "piece" in told)
        if size > 1:
            # Case 84: what the sockets buffer is made ahead, and no more.
            made = -1
            while made != len(told):
                made = len(told)
                time.sleep(0.1)
            assert len(told) < 500
        assert server.get("/news").status == 200
    eventually(lambda: told[-1] == "ends")
