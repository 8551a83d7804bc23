"""Events: server-sent events (WHATWG HTML §9.2), one by one and as a response."""

from dataclasses import dataclass
from typing import Any, Optional

from microframe.http.responses import StreamingResponse

FORBIDDEN = ("\r", "\n", "\0")


@dataclass(frozen=True)
class ServerSentEvent:
    """One event: `data` is sent as JSON, a text too, and `raw_data` as it stands.

    `retry` is how many milliseconds the client waits before it connects again; a `comment` is seen by nobody.

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
        for name, text in (("event", self.event), ("id", self.id)):
            if text is not None and any(character in text for character in FORBIDDEN):
                raise ValueError(f"the {name} of an event is one line, without NUL")
        if self.retry is not None and self.retry < 0:
            raise ValueError("retry is a number of milliseconds, 0 or more")


class EventSourceResponse(StreamingResponse):
    """A stream of server-sent events."""

    __slots__ = ()
    media_type = "text/event-stream"
