"""Events: server-sent events as a browser reads them from a stream (WHATWG HTML §9.2.6)."""

import json
from dataclasses import dataclass
from typing import Any, List, Optional

from microframe.testing.decoding import Decoder


@dataclass(frozen=True)
class ReceivedEvent:
    """One event as a client has it. `id` is the last one that was sent, with this event or before it."""

    data: str
    event: str = "message"
    id: str = ""

    def json(self) -> Any:
        """The data, read as JSON."""
        return json.loads(self.data)


class Events:
    """Lines as events; comments are left out, and so is an event that is not finished."""

    def __init__(self, lines: Decoder[str]) -> None:
        self._lines = lines
        self._data: List[str] = []
        self._event = ""
        self._id = ""

    def feed(self, piece: bytes) -> List[ReceivedEvent]:
        return self._read(self._lines.feed(piece))

    def flush(self) -> List[ReceivedEvent]:
        return self._read(self._lines.flush())

    def _read(self, lines: List[str]) -> List[ReceivedEvent]:
        found = [self._line(line) for line in lines]
        return [event for event in found if event is not None]

    def _line(self, line: str) -> Optional[ReceivedEvent]:
        if not line:
            return self._dispatch()
        name, _, value = line.partition(":")
        value = value[1:] if value[:1] == " " else value
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._event = value
        elif name == "id" and "\0" not in value:
            self._id = value
        return None

    def _dispatch(self) -> Optional[ReceivedEvent]:
        data, event = self._data, self._event
        self._data, self._event = [], ""
        return ReceivedEvent("\n".join(data), event or "message", self._id) if data else None
