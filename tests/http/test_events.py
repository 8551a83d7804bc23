"""Server-sent events: what is written, and that a client reads back exactly what was sent."""

import json
from typing import Any, AsyncIterator, List, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microframe.http.events import EventSourceResponse, ServerSentEvent, event_writer, format_event
from microframe.http.streams import write_native
from tests.connections import body_of
from tests.event_stream import Event, read_events

write = event_writer(write_native, write_native)


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (ServerSentEvent("hello"), 'data: "hello"\n\n'),
        (ServerSentEvent(raw_data="hello"), "data: hello\n\n"),
        (ServerSentEvent(raw_data=""), "data: \n\n"),
        (ServerSentEvent(raw_data="a\nb\r\nc\rd\n"), "data: a\ndata: b\ndata: c\ndata: d\ndata: \n\n"),
        (
            ServerSentEvent({"a": 1}, event="made", id="7", retry=500),
            'event: made\ndata: {"a":1}\nid: 7\nretry: 500\n\n',
        ),
        (ServerSentEvent(comment="a\rb"), ": a\n: b\n\n"),
        (ServerSentEvent(id="", retry=0), "id: \nretry: 0\n\n"),
        (ServerSentEvent(False), "data: false\n\n"),
        (ServerSentEvent(), "\n"),
    ],
    ids=repr,
)
def test_an_event_is_written_field_by_field(event: ServerSentEvent, text: str) -> None:
    assert format_event(event, write_native) == text.encode()


def test_a_bare_item_is_the_data_of_an_event() -> None:
    assert write({"a": "b\n"}) == b'data: {"a":"b\\n"}\n\n'


def test_json_that_somebody_writes_on_several_lines_stays_one_event() -> None:
    pretty = event_writer(lambda item: json.dumps(item, indent=1).encode(), write_native)
    assert read_events(pretty({"a": [1]})) == [Event('{\n "a": [\n  1\n ]\n}')]


@pytest.mark.parametrize(
    "fields",
    [
        {"data": 1, "raw_data": "1"},
        {"retry": -1},
        *({name: f"a{bad}b"} for name in ("event", "id") for bad in "\r\n\0"),
    ],
    ids=repr,
)
def test_what_no_event_can_be_is_refused_when_it_is_made(fields: Any) -> None:
    with pytest.raises(ValueError, match=r"either data or raw_data|one line, without NUL|milliseconds"):
        ServerSentEvent(**fields)


lines = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0"))
texts = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\r\n:  \ufeff\0"))
values = st.recursive(st.none() | st.booleans() | st.integers() | texts, st.lists, max_leaves=5)
events = st.builds(
    ServerSentEvent,
    data=values,
    event=st.none() | lines,
    id=st.none() | lines,
    retry=st.none() | st.integers(0, 10**9),
    comment=st.none() | texts,
) | st.builds(
    ServerSentEvent,
    raw_data=st.none() | texts,
    event=st.none() | lines,
    id=st.none() | lines,
    retry=st.none() | st.integers(0, 10**9),
    comment=st.none() | texts,
)


@given(st.lists(events))
def test_a_client_reads_exactly_the_events_that_were_sent(sent: List[ServerSentEvent]) -> None:
    expected, last_id = [], ""
    for event in sent:
        if event.id is not None:
            last_id = event.id
        data = data_of(event)
        if data is not None:
            expected.append(Event(data, event.event or "message", last_id))
    assert read_events(b"".join(map(write, sent))) == expected


def data_of(event: ServerSentEvent) -> Optional[str]:
    """The data as a client has it: every line break is one LF."""
    if event.raw_data is not None:
        return event.raw_data.replace("\r\n", "\n").replace("\r", "\n")
    return None if event.data is None else write_native(event.data).decode()


async def test_a_response_writes_each_item_and_closes_what_gives_them() -> None:
    notes = []

    async def items() -> AsyncIterator[Any]:
        try:
            yield {"a": 1}
            yield ServerSentEvent(raw_data="x", event="end")
        finally:
            notes.append("closed")

    response = EventSourceResponse(items(), 201, {"X-Own": "1"})
    assert response.status_code == 201
    assert dict(response.headers.items()) == {
        "content-type": "text/event-stream; charset=utf-8",
        "x-own": "1",
        "cache-control": "no-store",
        "x-accel-buffering": "no",
    }
    assert await body_of(response) == b'data: {"a":1}\n\nevent: end\ndata: x\n\n'
    assert notes == ["closed"]
