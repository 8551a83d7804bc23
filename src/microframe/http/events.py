"""Events: server-sent events (WHATWG HTML §9.2), one by one and as a response."""

from dataclasses import dataclass
from typing import Any, ClassVar, Mapping, Optional

from microframe.http.keepalive import KeptAlive
from microframe.http.responses import StreamingResponse, Task
from microframe.http.streams import Encoded, Items, Write, items_of, write_native

PING = b": ping\n\n"


@dataclass(frozen=True)
class ServerSentEvent:
    """One event: `data` is sent as JSON, a text too, and `raw_data` as it stands.

    `id` is what the client gives back as `Last-Event-ID` when it connects again, after `retry` milliseconds; a
    `comment` is seen by nobody. Without data nothing is dispatched, but the client notes `id` and `retry`.

    Raises:
        ValueError: `data` and `raw_data` at once; a line break or NUL in `event` or `id`; a negative `retry`.
    """

    data: Any = None
    raw_data: Optional[str] = None
    event: Optional[str] = None
    id: Optional[str] = None
    retry: Optional[int] = None
    comment: Optional[str] = None

    def __post_init__(self) -> None:
        if self.data is not None and self.raw_data is not None:
            raise ValueError("an event has either data or raw_data")
        check_line("event", self.event)
        check_line("id", self.id)
        if self.retry is not None and self.retry < 0:
            raise ValueError("retry is a number of milliseconds, 0 or more")


def check_line(name: str, text: Optional[str]) -> None:
    if text is not None and not isinstance(text, str):
        raise ValueError(f"the {name} of an event is text, not {text!r}")
    if text is not None and ("\n" in text or "\r" in text or "\0" in text):
        raise ValueError(f"the {name} of an event is one line, without NUL")


class EventSourceResponse(StreamingResponse):
    """A stream of server-sent events, one for each item.

    An item is a `ServerSentEvent`, or else the data of one: whatever `json` can write, and from a handler that
    yields, whatever a handler may return. A subclass may have another `ping`:
    `class Ticks(EventSourceResponse): ping = 5`.
    """

    __slots__ = ()
    media_type = "text/event-stream"
    ping: ClassVar[float] = 15.0
    """After how many seconds of silence a comment is sent, so that nobody between takes the connection for dead."""
    head_within: ClassVar[float] = 0.5
    """How many seconds the head waits for the first event: so long, a failure of the handler is an answer."""

    def __init__(
        self,
        content: Items,
        status_code: int = 200,
        headers: Optional[Mapping[str, str]] = None,
        media_type: Optional[str] = None,
        background: Optional[Task] = None,
    ) -> None:
        super().__init__((), status_code, headers, media_type, background)
        self.body = self.kept_alive(Encoded(items_of(content), event_writer(write_native, write_native)))
        sent = self.headers
        sent.setdefault("cache-control", "no-store")
        # For nginx, which would otherwise hold events back until its buffer is full.
        sent.setdefault("x-accel-buffering", "no")

    @classmethod
    def kept_alive(cls, events: Encoded) -> KeptAlive:
        """A body of events that are already written."""
        return KeptAlive(events, PING, cls.ping)


def event_writer(write: Write, write_data: Write) -> Write:
    """What makes the text of an event from an item: `write` makes JSON of a bare item, `write_data` of `data`."""

    def write_event(item: Any) -> bytes:
        if isinstance(item, ServerSentEvent):
            return format_event(item, write_data)
        return field(b"data: ", write(item)) + b"\n"

    return write_event


def format_event(event: ServerSentEvent, write: Write) -> bytes:
    """One event as it is sent. No text in it can end a line that is not its own."""
    parts = []
    if event.comment is not None:
        parts.append(field(b": ", event.comment.encode()))
    if event.event is not None:
        parts.append(b"event: %b\n" % event.event.encode())
    if event.raw_data is not None:
        parts.append(field(b"data: ", event.raw_data.encode()))
    elif event.data is not None:
        parts.append(field(b"data: ", write(event.data)))
    if event.id is not None:
        parts.append(b"id: %b\n" % event.id.encode())
    if event.retry is not None:
        parts.append(b"retry: %d\n" % event.retry)
    return b"".join([*parts, b"\n"])


def field(name: bytes, text: bytes) -> bytes:
    """A field of any text: each of its lines is one, whichever of the three line breaks ends it."""
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if b"\n" in text:
        text = text.replace(b"\n", b"\n" + name)
    return name + text + b"\n"
