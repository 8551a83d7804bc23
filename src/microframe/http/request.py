"""Request: one HTTP message, its head at once and its body when asked for."""

import asyncio
from typing import Any, AsyncGenerator, AsyncIterator, List, Optional

from microframe.context import Closer, Owner
from microframe.exceptions import BadRequestException, ClientDisconnect, Invalid, PayloadTooLargeException
from microframe.http.connection import NO_PARAMS, Connection, Edge
from microframe.http.form_limits import DEFAULT_FORM_LIMITS, FormLimits
from microframe.http.forms import (
    FormData,
    FormReading,
    form_type,
    parse_urlencoded,
    read_multipart,
    read_urlencoded,
)
from microframe.http.headers import RawHeaders, check_header, find
from microframe.http.json import read_json
from microframe.http.parts import MULTIPART, FormParts, boundary_of

DEFAULT_BODY_LIMIT = 10_000_000


class Request(Connection):
    """One HTTP request.

    Every way to read the body (`stream`, `body`, `json`, `form`, `form_parts`) spends one budget: `body_limit` bytes,
    counted as they arrive, whatever the headers say; past it the answer is 413.
    """

    __slots__ = ("body_limit", "method", "task")

    task: "Optional[asyncio.Task[Any]]"
    """The task that handles this request; set only where it may be cancelled with its client."""

    form_limits: FormLimits = DEFAULT_FORM_LIMITS
    """How much of a form is read, besides the budget of the body."""

    _body: Optional[bytes] = None
    _form: Optional[FormData] = None
    _reading = False
    _outer: "Optional[Request]" = None

    def __init__(
        self,
        app: Owner,
        edge: Edge,
        method: str,
        path: str,
        query_string: bytes,
        raw_headers: RawHeaders,
        root_path: str = "",
        body_limit: int = DEFAULT_BODY_LIMIT,
    ) -> None:
        # The parent's assignments again, on purpose: a call to it would cost every request.
        self.app = app
        self.edge = edge
        self.path = path
        self.query_string = query_string
        self.raw_headers = raw_headers
        self.root_path = root_path
        self.path_params = NO_PARAMS
        self.route = None
        self.method = method
        self.body_limit = body_limit

    async def body(self) -> bytes:
        """The whole body; read once, kept for the next who asks.

        Raises:
            PayloadTooLargeException: it is larger than `body_limit` bytes.
            ClientDisconnect: the client left before its end.
        """
        if self._body is not None:
            return self._body
        if self._outer is not None:
            self._outer.body_limit = self.body_limit
            self._body = await self._outer.body()
            return self._body
        self._start_reading()
        chunk, more = await self.edge.read()
        if more or len(chunk) > self.body_limit:
            chunk = b"".join([piece async for piece in self._pieces(chunk, more)])
        self._body = chunk
        return chunk

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """The body in pieces as they arrive, none of them kept."""
        if self._body is not None:
            yield self._body
            return
        if self._outer is not None:
            self._outer.body_limit = self.body_limit
            pieces = self._outer.stream()
            try:
                async for piece in pieces:
                    yield piece
            finally:
                await pieces.aclose()
            return
        self._start_reading()
        chunk, more = await self.edge.read()
        async for piece in self._pieces(chunk, more):
            yield piece

    async def _pieces(self, chunk: bytes, more: bool) -> AsyncIterator[bytes]:
        declared = find(self.raw_headers, b"content-length")
        if declared is not None and declared.isdigit() and int(declared[:20]) > self.body_limit:
            raise PayloadTooLargeException()
        received = 0
        while True:
            received += len(chunk)
            if received > self.body_limit:
                raise PayloadTooLargeException()
            if chunk:
                yield chunk
            if not more:
                return
            chunk, more = await self.edge.read()

    def _start_reading(self) -> None:
        if self._reading:
            raise RuntimeError("the body is already being read, or was read as a stream")
        self._reading = True

    async def json(self) -> Any:
        """The body as JSON (RFC 8259; `NaN` and numbers past a float's range are refused).

        Raises:
            BadRequestException: it is not JSON.
        """
        try:
            return read_json(await self.body())
        except Invalid as exc:
            raise BadRequestException("The body is not valid JSON.") from exc

    def form(self) -> FormReading:
        """The form in the body, read once and kept: `await request.form()`, or `async with request.form() as form`.

        Its files close when the request ends, or at the end of the `async with`.

        Raises:
            UnsupportedMediaTypeException: the body does not say that it is a form. No body at all is an empty one.
            PayloadTooLargeException: it is more than `form_limits` or `body_limit` allow.
            BadRequestException: it is malformed.
        """
        return FormReading(self._read_form)

    async def _read_form(self) -> FormData:
        if self._form is None:
            if self._outer is not None and self._body is None:
                self._outer.body_limit, self._outer.form_limits = self.body_limit, self.form_limits
                self._form = await self._outer._read_form()
            else:
                self._form = await self._parse_form()
        return self._form

    async def _parse_form(self) -> FormData:
        sent, limits = find(self.raw_headers, b"content-type"), self.form_limits
        if sent is None and not await self.body():
            return FormData()
        content_type = "" if sent is None else sent.decode("latin-1")
        if form_type(content_type) == MULTIPART:
            form = await read_multipart(self.stream(), content_type, limits)
            self.on_close(lambda error: form.close())
            return form
        if self._body is None and limits.max_memory is not None and limits.max_memory < self.body_limit:
            self._body = await read_urlencoded(self.stream(), limits.max_memory)
        return parse_urlencoded(await self.body(), limits)

    def form_parts(self) -> FormParts:
        """The parts of a multipart form as they arrive, nothing of it read before it is asked for, nothing kept.

        Raises:
            UnsupportedMediaTypeException: the body does not say that it is multipart.
            RuntimeError: somebody has read the form whole.
        """
        if self._form is not None:
            raise RuntimeError("the form was read whole before: nothing of it comes in parts any more")
        boundary = boundary_of(self.headers.get("content-type"))
        parts = FormParts(self.stream(), boundary, self.form_limits)
        self.on_close(lambda error: parts.aclose())
        return parts

    async def is_disconnected(self) -> bool:
        """Whether the client has left, as far as the server knows now."""
        return await has_left(self.edge)

    async def send_early_hints(self, *links: str) -> None:
        """Tell the client what it will need, before the answer is ready: `</app.css>; rel=preload; as=style`.

        103 Early Hints (RFC 8297), as often as wanted; nothing happens where the server cannot send them.
        """
        await self.edge.early_hints([check_header("link", link) for link in links])

    def on_close(self, closer: Closer, scope: str = "request") -> None:
        # Below a mount too it is the outermost request that is answered: nothing is sent before these are closed.
        if scope == "function" and self._outer is not None:
            _ = self.values  # there are some: the handler looks at that when it has returned
            self._outer.on_close(closer, scope)
        else:
            super().on_close(closer, scope)

    def take_function_resources(self) -> List[Closer]:
        outer = self._outer
        return super().take_function_resources() if outer is None else outer.take_function_resources()

    def below(self, prefix: str, rest: str, app: Owner) -> "Request":
        """The same request as a mounted application sees it: its own path, the same body, state and resources."""
        inner = Request(
            app,
            self.edge,
            self.method,
            rest,
            self.query_string,
            self.raw_headers,
            self.root_path + prefix,
            self.body_limit,
        )
        inner.escaped = self.escaped
        inner._outer = self
        inner.form_limits = self.form_limits
        inner._scheme = self._scheme
        inner._client = self._client
        inner._id = self.id
        inner._state = self.state
        inner.deadline = self.deadline
        inner._reply_headers = self.reply_headers
        if self._resources is None:
            self._resources = []
        inner._resources = self._resources
        return inner


async def has_left(edge: Edge) -> bool:
    """Ask without waiting: one turn of the event loop is all the answer gets."""
    watcher = asyncio.ensure_future(edge.disconnected())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    if watcher.done():
        return True
    watcher.cancel()
    try:
        await watcher
    except (asyncio.CancelledError, ClientDisconnect):
        return False
    return True
