"""Event streams: read as a browser reads them (WHATWG HTML §9.2.6), to compare with what was sent."""

import re
from typing import List, NamedTuple


class Event(NamedTuple):
    """One event as it is dispatched."""

    data: str
    type: str = "message"
    last_event_id: str = ""


def read_events(stream: bytes) -> List[Event]:
    """Every event that is dispatched, as the standard's own steps say; an unfinished one is dropped."""
    text = stream.decode("utf-8", "replace")
    text = text.removeprefix("\ufeff")
    events: List[Event] = []
    data, kind, last_id = "", "", ""
    for line in re.split("\r\n|\r|\n", text)[:-1]:
        if line == "":
            if data:
                events.append(Event(data[:-1], kind or "message", last_id))
            data, kind = "", ""
            continue
        name, colon, value = line.partition(":")
        if colon and not name:
            continue
        value = value.removeprefix(" ")
        if name == "event":
            kind = value
        elif name == "data":
            data += value + "\n"
        elif name == "id" and "\0" not in value:
            last_id = value
    return events
