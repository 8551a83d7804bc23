"""Streams: answers made of items, each written when it is sent."""

from typing import Any, AsyncIterable, AsyncIterator, Callable, Iterable, Mapping, Optional, Union

from microframe.concurrency import Threads, iterate_in_thread
from microframe.http.json import write_json
from microframe.http.responses import Piece, StreamingResponse, Task

Items = Union[AsyncIterable[Any], Iterable[Any]]
Write = Callable[[Any], bytes]


def write_native(value: Any) -> bytes:
    """JSON of what `json` can write."""
    return write_json(value).encode()


class JSONLinesResponse(StreamingResponse):
    """Values that `json` can write, one a line, written while they are sent.

    From a handler that yields, or that returns an iterator with this `response_class`: whatever a handler may return.
    """

    __slots__ = ()
    media_type = "application/jsonl"

    def __init__(
        self,
        content: Items,
        status_code: int = 200,
        headers: Optional[Mapping[str, str]] = None,
        media_type: Optional[str] = None,
        background: Optional[Task] = None,
    ) -> None:
        lines = Encoded(items_of(content), line_writer(write_native))
        super().__init__(lines, status_code, headers, media_type, background)


def items_of(content: Items, threads: Optional[Threads] = None) -> AsyncIterator[Any]:
    """The items of anything that can be iterated; a blocking iterator is read in a thread, an item a hop."""
    if isinstance(content, AsyncIterable):
        return content.__aiter__()
    return iterate_in_thread(iter(content), threads)


class Encoded:
    """The items of an iterator, each written when it is asked for; without `write` they are pieces already."""

    __slots__ = ("_items", "_write")

    def __init__(self, items: AsyncIterator[Any], write: Optional[Write]) -> None:
        self._items = items
        self._write = write

    def __aiter__(self) -> "Encoded":
        return self

    async def __anext__(self) -> Piece:
        item = await self._items.__anext__()
        return item if self._write is None else self._write(item)

    async def aclose(self) -> None:
        """Close the iterator, if it can be closed."""
        close = getattr(self._items, "aclose", None)
        if close is not None:
            await close()


def line_writer(write: Write) -> Write:
    """JSON as a line: a line break outside of a text, where JSON allows any, becomes a space."""

    def write_line(item: Any) -> bytes:
        line = write(item)
        if b"\n" in line or b"\r" in line:
            line = line.replace(b"\n", b" ").replace(b"\r", b" ")
        return line + b"\n"

    return write_line
