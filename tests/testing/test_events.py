"""Events as the client reads them: one by one as they come, in the words of the standard."""

import asyncio
from typing import AsyncIterator, Iterator, List

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microframe import Application, EventSourceResponse, ServerSentEvent
from microframe.testing import AsyncTestClient, ReceivedEvent, TestClient
from microframe.testing.decoding import Lines, Raw, Text
from microframe.testing.events import Events
from tests.event_stream import read_events


def read(pieces: List[bytes]) -> List[ReceivedEvent]:
    decoder = Events(Lines(Text(Raw(), "utf-8")))
    found = [event for piece in pieces for event in decoder.feed(piece)]
    return [*found, *decoder.flush()]


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        (b"data: a\n\ndata:b\n\n", [ReceivedEvent("a"), ReceivedEvent("b")]),
        (b"data: a\r\ndata\r\n\r\n", [ReceivedEvent("a\n")]),
        (
            b"event: x\rid: 1\rdata:  a\r\rdata: b\r\r",
            [ReceivedEvent(" a", "x", "1"), ReceivedEvent("b", id="1")],
        ),
        (b": ping\n\nretry: 5\n\nunknown: x\n\nid: 7\n\ndata\n\n", [ReceivedEvent("", id="7")]),
        (b"id: 1\nid: 2\0\ndata: a\n\ndata: unfinished\n", [ReceivedEvent("a", id="1")]),
    ],
)
def test_events_are_what_a_browser_would_dispatch(stream: bytes, events: List[ReceivedEvent]) -> None:
    assert read([stream]) == events
    assert read([bytes([byte]) for byte in stream]) == events


@given(st.lists(st.text(st.sampled_from("daidevnt: 1\n\r")).map(str.encode), max_size=8))
def test_they_are_the_same_however_the_stream_is_cut(pieces: List[bytes]) -> None:
    stream = b"".join(pieces)
    if not stream.endswith((b"\r", b"\n")):  # its end is no line, in which nothing is dispatched
        stream += b"x"
    expected = [ReceivedEvent(*event) for event in read_events(stream)]
    assert read([stream]) == expected
    assert read([*pieces, b"x" if not b"".join(pieces).endswith((b"\r", b"\n")) else b""]) == expected


def ticking() -> Application:
    app = Application()

    @app.get("/", response_class=EventSourceResponse)
    async def ticks() -> AsyncIterator[ServerSentEvent]:
        number = 0
        while True:
            yield ServerSentEvent({"number": number}, event="tick", id=str(number))
            number += 1
            await asyncio.sleep(0)

    return app


async def test_they_come_while_the_stream_is_made() -> None:
    async with AsyncTestClient(ticking()).stream("GET", "/") as response:
        events = response.aiter_events()
        assert await events.__anext__() == ReceivedEvent('{"number":0}', "tick", "0")
        assert (await events.__anext__()).json() == {"number": 1}


def test_for_the_blocking_client_too() -> None:
    with TestClient(ticking()).stream("GET", "/") as response:
        events: Iterator[ReceivedEvent] = response.iter_events()
        assert [next(events).json()["number"] for _ in range(3)] == [0, 1, 2]
