"""HTTP: one request from the server's messages to the Response, and back."""

import asyncio
import logging
from typing import Any, AsyncIterable, Awaitable, Callable, Optional, Tuple

from microframe.asgi.files import TakenFile, hand_over, take_file
from microframe.asgi.heads import NO_BODY, Heads
from microframe.asgi.messages import HeadCheck, Message, Receive, Scope, ScopeEdge, Send, read_path
from microframe.concurrency import cancelled_by
from microframe.context import Owner
from microframe.endpoint import Endpoint
from microframe.exceptions import ClientDisconnect
from microframe.http.files import FileSlice
from microframe.http.headers import RawHeaders
from microframe.http.request import Request
from microframe.http.responses import Piece, Response, as_bytes
from microframe.middleware.errors import Errors, not_a_response

logger = logging.getLogger("microframe.edge")

PERCENT = ord("%")
"""Looked for as a number it costs a tenth of what `b"%" in` does, which raises and swallows an error first."""
RAISE = "microframe.raise"
"""The extension by which the in-process client asks to be given what a 500 stands for."""


class HttpEdge(ScopeEdge):
    """The server's side of one request."""

    __slots__ = ("__dict__", "_receive", "_send")

    _started = False
    _complete = False
    _changed: Optional[asyncio.Event] = None

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.head = scope
        self._receive = receive
        self._send = send

    async def read(self) -> Tuple[bytes, bool]:
        if self._complete:
            return b"", False
        self._started = True
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self._end()
            raise ClientDisconnect()
        more = message.get("more_body", False)
        if not more:
            self._end()
        return message.get("body", b""), more

    def _end(self) -> None:
        self._complete = True
        if self._changed is not None:
            self._changed.set()

    @property
    def body_is_read(self) -> bool:
        return self._complete or not self._has_body()

    async def disconnected(self) -> None:
        # The body belongs to its reader: only when it is read, or nobody began to, messages are taken from here.
        if not self.body_is_read:
            self._changed = asyncio.Event()
            await self._changed.wait()
        while (await self._receive())["type"] != "http.disconnect":
            pass

    def _has_body(self) -> bool:
        for name, value in self.head["headers"]:
            if name == b"transfer-encoding" or (name == b"content-length" and value != b"0"):
                return True
        # Since HTTP/2 a body needs no header that announces it (RFC 9113 §8.1.1).
        return self.http_version[:1] != "1" and self.head["method"] not in ("GET", "HEAD")

    def answering(self) -> None:
        """The answer has begun: a body that nobody has begun to read will not be read any more."""
        if self._changed is not None and not self._started:
            self._changed.set()

    async def early_hints(self, headers: RawHeaders) -> None:
        # Who speaks HTTP/1.0 takes any 1xx for the answer (RFC 9110 §15.2).
        if "http.response.early_hint" in self.extensions and self.http_version != "1.0":
            links = [value for name, value in headers if name == b"link"]
            await send_or_leave({"type": "http.response.early_hint", "links": links}, self._send)


def build_http(
    owner: Owner, endpoint: Endpoint, errors: Errors, check: HeadCheck, body_limit: int, heads: Heads
) -> Callable[..., Awaitable[None]]:
    """The part of the edge that serves requests; it also answers what the endpoint raises."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        headers, query = scope["headers"], scope["query_string"]
        raw, root = scope.get("raw_path"), scope.get("root_path") or ""
        edge = HttpEdge(scope, receive, send)
        request = Request(owner, edge, scope["method"], scope["path"], query, headers, root, body_limit)
        if root or raw is None or PERCENT in raw:
            request.path, request.escaped = read_path(scope)
        failure: Optional[BaseException] = None
        try:
            try:
                refusal = check(headers, request.path, query)
                if refusal is not None:
                    raise refusal
                response: Any = await endpoint(request)
                if not isinstance(response, Response):
                    raise not_a_response(response)
            except Exception as exc:
                response = await errors.answer(request, exc)
            response = response if request._values is None else await settled(request, response, errors)
            status, body = response.status_code, response.body
            if type(body) is bytes:
                headers = heads.whole(request, response, len(body))
                body = b"" if request.method == "HEAD" or status in NO_BODY else body
                try:
                    await send({"type": "http.response.start", "status": status, "headers": headers})
                    await send({"type": "http.response.body", "body": body})
                except OSError as exc:
                    failure = left(exc)
            else:
                failure = await send_other(request, response, edge, send, errors, heads)
            # Also for a client that has left: what they do is seldom for it alone.
            for task in response.after:
                await task()
        except BaseException as exc:
            failure = exc
        if request._resources or failure is not None or request.failure is not None:
            end(request, await request.close_resources(failure), scope)

    return serve


async def settled(request: Request, response: Response, errors: Errors) -> Response:
    """The answer, with the resources of scope `function` closed that somebody else than a handler has opened: a guard,
    middleware, an exception handler. A failure there is the answer."""
    failure = await request.close_function_resources()
    if failure is None:
        return response
    if not isinstance(failure, Exception):
        raise failure
    return await errors.answer(request, failure)


def end(request: Request, failure: Optional[BaseException], scope: Scope) -> None:
    """What is left of a failure when nothing more can be answered: cancelled goes on, the rest is logged here.

    A streaming answer that broke must not look complete: the server is told, and cuts the connection.
    """
    if isinstance(failure, ClientDisconnect):
        failure = None
    elif failure is not None:
        if not isinstance(failure, Exception):
            raise failure
        if failure is not request.failure:
            path = request.path.encode("unicode_escape").decode()
            logger.error(
                "%s %s failed after its answer (request %s)",
                request.method,
                path,
                request.id,
                exc_info=failure,
            )
    raised = failure or request.failure
    if raised is not None and (RAISE in (scope.get("extensions") or {}) or isinstance(failure, BrokenStream)):
        raise raised


class BrokenStream(RuntimeError):
    """A streaming answer ended before its end."""


async def send_other(
    request: Request, response: Response, edge: HttpEdge, send: Send, errors: Errors, heads: Heads
) -> Optional[ClientDisconnect]:
    """A body that is not simply there: pieces, or a file, of which a request may ask for parts."""
    if isinstance(response.body, FileSlice):
        response = await take_file(request, response, edge.extensions, errors)
    return await send_pieces(request, response, edge, send, heads)


async def send_pieces(
    request: Request, response: Response, edge: HttpEdge, send: Send, heads: Heads
) -> Optional[ClientDisconnect]:
    """A body in pieces: each waits until the server takes it; a client that leaves ends the making of more.

    Gives what says that the client has left, if it has.
    """
    pieces: Any = response.body
    is_whole = isinstance(pieces, bytes)
    bodiless = response.status_code in NO_BODY
    raw = response.raw_headers + (request._reply_headers or [])
    if is_whole:
        length: Optional[int] = len(pieces)
    else:
        length = pieces.length if isinstance(pieces, TakenFile) else None
    keeps_length = is_whole and request.method == "HEAD" and not length
    headers = heads.bodiless(request, raw) if bodiless else heads.complete(request, raw, length, keeps_length)
    handed = hand_over(pieces, edge.extensions) if isinstance(pieces, TakenFile) else None
    silent = bodiless or request.method == "HEAD"
    try:
        # The head first: an event stream may have nothing to say for long, and its client waits for the head.
        start = {"type": "http.response.start", "status": response.status_code, "headers": headers}
        await send_or_leave(start, send)
        if silent or is_whole:
            await send_or_leave({"type": "http.response.body", "body": b"" if silent else pieces}, send)
        elif handed:
            for message in handed:
                await send_or_leave(message, send)
        else:
            edge.answering()
            async with cancelled_by(edge.disconnected):
                await pump(pieces, send)
    except ClientDisconnect as exc:
        return exc
    finally:
        close = getattr(pieces, "aclose", None)
        if close is not None:
            await close()
    return None


async def pump(pieces: AsyncIterable[Piece], send: Send) -> None:
    made = 0
    try:
        async for piece in pieces:
            data = piece if type(piece) is bytes else as_bytes(piece)
            await send_or_leave({"type": "http.response.body", "body": data, "more_body": True}, send)
            made += 1
            if not made % PIECES_IN_A_ROW:
                await asyncio.sleep(0)
    except ClientDisconnect:
        raise
    except Exception as exc:
        raise BrokenStream(f"the body failed while it was sent: {exc!r}") from exc
    await send_or_leave({"type": "http.response.body", "body": b""}, send)


PIECES_IN_A_ROW = 16
"""After so many others have their turn. Servers swallow at once what is for a client that has left: a body whose making
waits for nothing would else never hear of it, and stop everything."""


async def send_or_leave(message: Message, send: Send) -> None:
    try:
        await send(message)
    except OSError as exc:
        raise left(exc) from exc


def left(exc: OSError) -> ClientDisconnect:
    """What servers raise since ASGI 2.4 when they are given a message for a client that has left, as our own word."""
    gone = ClientDisconnect()
    gone.__cause__ = exc
    return gone
