"""Streams: what a handler yields, as a body that is made while it is sent."""

from typing import Any, AsyncIterator, Awaitable, Callable, Dict, Optional, Type, Union

from microframe.concurrency import Threads
from microframe.context import Closer, close_one
from microframe.exceptions import SetupError
from microframe.http.events import EventSourceResponse, event_writer
from microframe.http.keepalive import KeptAlive
from microframe.http.request import Request
from microframe.http.responses import (
    JSONResponse,
    Piece,
    Response,
    StreamingResponse,
    build_response,
)
from microframe.http.streams import Encoded, JSONLinesResponse, Write, items_of, line_writer
from microframe.injection.reply import ReplyShape, build_encode
from microframe.injection.writers import checked
from microframe.markers import MISSING
from microframe.routing.route import Route
from microframe.validation.registry import Codecs

Pieces = Union[Encoded, KeptAlive]
StreamReply = Callable[[Request, Any], Awaitable[Response]]
"""`(request, items) -> Response`, once the first item is there."""


def build_stream(route: Route, shape: ReplyShape, codecs: Codecs, threads: Threads) -> StreamReply:
    """How a route streams: the items of its handler, written by their type, in its class of response.

    The handler runs up to its first item before there is an answer, so what fails until then is answered as the
    failure of any handler is; a HEAD request does not start it. All that it needs is open until its last item.

    Raises:
        SetupError: a class of response that cannot be made of pieces.
    """
    write = item_writer(route, shape, codecs)
    make = holder(route, shape)
    kind = shape.kind
    begin = begin_events(kind) if issubclass(kind, EventSourceResponse) else begin_pieces

    async def reply(request: Request, value: Any) -> Response:
        if isinstance(value, Response):
            return value
        return make(await begin(request, Encoded(items_of(value, threads), write)))

    return reply


def item_writer(route: Route, shape: ReplyShape, codecs: Codecs) -> Optional[Write]:
    """What makes bytes of an item; None where the handler gives pieces."""
    is_events = issubclass(shape.kind, EventSourceResponse)
    if not is_events and shape.media_type != JSONLinesResponse.media_type:
        return None
    write = checked(build_encode(route, shape.item, shape.options, codecs), route.where)
    if not is_events:
        return line_writer(write)
    return event_writer(write, checked(build_encode(route, MISSING, shape.options, codecs), route.where))


def holder(route: Route, shape: ReplyShape) -> Callable[[AsyncIterator[Piece]], Response]:
    """What puts a body into the route's class of response."""
    kind: Type[Any] = shape.kind
    given: Dict[str, Any] = {"status_code": shape.status_code} if "status_code" in route.options else {}
    if issubclass(kind, (EventSourceResponse, JSONLinesResponse)):

        def hold(body: AsyncIterator[Piece]) -> Response:
            response: Response = kind((), **given)
            response.body = body
            return response

        return hold
    if issubclass(kind, StreamingResponse):
        return lambda body: kind(body, **given)
    if issubclass(kind, JSONResponse):
        pair = JSONLinesResponse.type_header
    elif kind.__init__ is Response.__init__ and kind.render is Response.render:
        pair = kind.type_header
    else:
        raise SetupError(f"{route.where} yields, and a {kind.__name__} cannot be made of pieces")
    headers = [] if pair is None else [pair]
    return lambda body: build_response(shape.status_code, [*headers], body)


# What is being sent --------------------------------------------------------------------------------------------------


async def begin_pieces(request: Request, pieces: Encoded) -> AsyncIterator[Piece]:
    """The body of a request, its first piece made."""
    close = hold_open(request, pieces)
    first = await first_of(pieces) if request.method != "HEAD" else b""
    return until_end(request, pieces, close, first)


async def first_of(pieces: Encoded) -> Piece:
    async for piece in pieces:
        return piece
    return b""


def begin_events(
    kind: Type[EventSourceResponse],
) -> Callable[[Request, Encoded], Awaitable[AsyncIterator[Piece]]]:
    """The same for events, whose client waits for the head: if the first one takes long, it goes out without."""

    async def begin(request: Request, pieces: Encoded) -> AsyncIterator[Piece]:
        events = kind.kept_alive(pieces)
        close = hold_open(request, events)
        if request.method != "HEAD":
            await events.begin(kind.head_within)
        return until_end(request, events, close)

    return begin


def hold_open(request: Request, pieces: Pieces) -> Closer:
    """Keep the resources of scope `function` until the handler has ended, and let it end before any other is closed.

    That goes for a response that nobody reads, too.
    """
    waiting = request.take_function_resources()

    async def close(error: Optional[BaseException]) -> None:
        await pieces.aclose()
        left = error
        while waiting:
            left = await close_one(waiting.pop(), left)
        if left is not None and left is not error:
            raise left

    request.on_close(close)
    return close


async def until_end(
    request: Request, pieces: Pieces, close: Closer, first: Piece = b""
) -> AsyncIterator[Piece]:
    """A body to its end; what then fails to close, as a session that cannot commit, breaks it."""
    try:
        if first:
            yield first
        async for piece in pieces:
            yield piece
    except Exception as exc:
        # Now, so that every resource is told the handler's own error and not what becomes of it on its way out.
        left = await request.close_resources(exc)
        if left is not None and left is not exc:
            raise left from None
        raise
    finally:
        await pieces.aclose()
    await close(None)
