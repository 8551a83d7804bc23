"""Last event: where a client of an event stream stopped reading, when it connects again."""

from typing import Annotated, Optional

from microframe.markers import Depends, Header


async def read_last_event_id(last_event_id: Annotated[Optional[str], Header()] = None) -> Optional[str]:
    """The `Last-Event-ID` header, which is UTF-8 where other headers are latin-1 (WHATWG HTML §9.2.3)."""
    if not last_event_id:
        return None
    return last_event_id.encode("latin-1").decode("utf-8", "replace")


LastEventID = Annotated[Optional[str], Depends(read_last_event_id)]
"""The id of the last event that a client has seen, None at its first visit: `async def news(last: LastEventID)`."""
