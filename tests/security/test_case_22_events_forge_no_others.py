"""Case 22: no text in an event ends its line: what a client sent is one event, or an error, never two."""

from typing import Any, AsyncIterator, Dict

import pytest

from microframe import Application, EventSourceResponse, ServerSentEvent
from microframe.http.events import format_event
from microframe.http.streams import write_native
from microframe.testing import AsyncTestClient
from tests.event_stream import Event, read_events
from tests.growth import assert_linear

BREAKS = ("\r", "\n", "\r\n", "\n\n", "\r\r", "\r\n\r\n", "\n\r", "\0\n")
FORGED = "event: admin\ndata: forged"


def named(name: str, text: str) -> ServerSentEvent:
    fields: Dict[str, Any] = {name: text}
    return ServerSentEvent("x", **fields)


@pytest.mark.parametrize("line_break", BREAKS, ids=repr)
@pytest.mark.parametrize("name", ["event", "id"])
def test_a_name_or_an_id_with_a_line_break_is_refused(name: str, line_break: str) -> None:
    with pytest.raises(ValueError, match=f"the {name} of an event is one line"):
        named(name, f"x{line_break}data: forged")


@pytest.mark.parametrize("name", ["event", "id"])
def test_a_null_in_a_name_or_an_id_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="without NUL"):
        named(name, "1\0")


@pytest.mark.parametrize("line_break", BREAKS, ids=repr)
@pytest.mark.parametrize("name", ["data", "raw_data", "comment"])
def test_data_and_comments_stay_what_they_are(name: str, line_break: str) -> None:
    forged = f"x{line_break}{FORGED}{line_break}".replace("\n", line_break)
    fields: Dict[str, Any] = {name: forged}
    events = read_events(format_event(ServerSentEvent(**fields), write_native) + b"data: after\n\n")
    assert len(events) == (1 if name == "comment" else 2)
    assert all(event.type == "message" for event in events)
    assert events[-1] == Event("after")


async def test_a_text_that_a_client_sent_arrives_as_one_event() -> None:
    app = Application()

    @app.get("/", response_class=EventSourceResponse)
    async def echo(text: str) -> AsyncIterator[str]:
        yield text

    response = await AsyncTestClient(app).get("/", params={"text": f"\r\n\r\n{FORGED}\r\r"})
    assert [event.type for event in read_events(response.content)] == ["message"]


async def test_an_id_that_a_client_sent_is_no_answer_but_an_error(caplog: pytest.LogCaptureFixture) -> None:
    app = Application()

    @app.get("/", response_class=EventSourceResponse)
    async def echo(id: str) -> AsyncIterator[ServerSentEvent]:
        yield ServerSentEvent("x", id=id)

    client = AsyncTestClient(app, raise_server_exceptions=False)
    response = await client.get("/", params={"id": f"1\n{FORGED}"})
    assert (response.status_code, response.headers["content-type"]) == (500, "application/problem+json")
    assert "forged" not in response.text


@pytest.mark.parametrize("line_break", ["\r", "\n", "\r\n"], ids=repr)
def test_many_lines_take_linear_time(line_break: str) -> None:
    assert_linear(
        lambda size: ServerSentEvent(raw_data=line_break * size, comment=line_break * size),
        # Many times, so that it can be measured with texts that need no fresh pages of memory.
        lambda event: [format_event(event, write_native) for _ in range(50)],
    )
