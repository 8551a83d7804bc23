"""WSGI: an application of the older protocol (PEP 3333), seen as an endpoint."""

import asyncio
import inspect
import sys
import threading
from collections import deque
from functools import partial
from types import TracebackType
from typing import IO, Any, AsyncIterator, Callable, Deque, Dict, Iterable, List, Optional, Tuple, Type, cast

from microframe.concurrency import Threads
from microframe.endpoint import Endpoint
from microframe.http.background import is_async_callable
from microframe.http.headers import RawHeaders, check_header, find
from microframe.http.request import Request
from microframe.http.responses import Response, build_response
from microframe.http.url import DEFAULT_PORTS, parse_host

WSGIApp = Callable[[Dict[str, Any], Callable[..., Any]], Iterable[bytes]]
ExcInfo = Tuple[Type[BaseException], BaseException, TracebackType]

IN_MEMORY = 1_048_576  # bytes of a request body; the rest of it is kept in a file
AHEAD = 4  # pieces of an answer that may wait to be sent

HOP_BY_HOP = {
    *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "trailers"),
    *("transfer-encoding", "upgrade"),
}
# `Proxy` would become HTTP_PROXY, which programs take for the proxy to use (CVE-2016-5385). The body comes
# whole: its transfer coding is undone, and its length is what it turned out to be.
NOT_PASSED_ON = (b"proxy", b"transfer-encoding", b"content-length")


def as_wsgi_endpoint(app: WSGIApp, threads: Threads) -> Endpoint:
    """A WSGI application as an endpoint. It has one worker thread from its call to the end of its answer.

    So what it keeps for a thread (a database connection) stays where it is; and a client that reads slowly
    holds one of the `threads`. The body is read before the call, within the request's budget, past a megabyte
    into a file. The answer streams: pieces wait in the thread until the server takes those before them.
    """

    async def endpoint(request: Request) -> Response:
        from tempfile import SpooledTemporaryFile  # the module would otherwise be loaded for everybody

        file = cast("IO[bytes]", SpooledTemporaryFile(max_size=IN_MEMORY))  # noqa: SIM115 - the request closes it
        call = Call()

        async def end(error: Optional[BaseException]) -> None:
            try:
                await call.end()
            finally:
                file.close()

        request.on_close(end)
        size = await spool(request, file, threads)
        environ = build_environ(request, file, size)
        call.task = asyncio.ensure_future(threads.run(partial(call.run, app, environ)))
        call.task.add_done_callback(call.wake)
        return await call.answer()

    return endpoint


async def spool(request: Request, file: "IO[bytes]", threads: Threads) -> int:
    """Keep the body in a file, of which the beginning is memory; gives its size in bytes."""
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size <= IN_MEMORY:
            file.write(piece)
        else:
            await threads.run(partial(file.write, piece))
    file.seek(0)
    return size


# One call ---------------------------------------------------------------------------------------------------


class ClientGone(ConnectionAbortedError):
    """Nobody waits for the answer any more."""


class Call:
    """One call of a WSGI application: its thread makes the answer, the event loop takes it."""

    def __init__(self) -> None:
        self.task: Optional[asyncio.Future[None]] = None
        self.head: Optional[Tuple[int, RawHeaders]] = None
        self.started = False  # the head may have been sent
        self.is_single = False  # the first piece is the whole body
        self._left = False
        self._told = False  # the failure of the application has been raised
        self._due: Optional[int] = None  # bytes that Content-Length leaves to be sent
        self._loop = asyncio.get_running_loop()
        self._room = threading.Semaphore(AHEAD)
        self._pieces: Deque[bytes] = deque()
        self._news = asyncio.Event()

    # In the thread ---------------------------------------------------------------

    def run(self, app: WSGIApp, environ: Dict[str, Any]) -> None:
        """Call the application and hand on what it gives, until its end or that of whoever reads it."""
        if self._left:
            return
        try:
            result = app(environ, self.start_response)
            try:
                self.send_all(result)
            finally:
                close = getattr(result, "close", None)
                if close is not None:
                    close()
        except ClientGone:
            return

    def send_all(self, result: Iterable[bytes]) -> None:
        if isinstance(result, (list, tuple)) and not self.started:
            result = [b"".join(result)]
            self.is_single = True
        for piece in result:
            if piece:
                self.write(piece)
        if self.head is None:
            raise RuntimeError("the WSGI application did not call start_response")

    def start_response(
        self, status: str, headers: List[Tuple[str, str]], exc_info: Optional[ExcInfo] = None
    ) -> Callable[[bytes], None]:
        """What the application calls before its first piece; again, with `exc_info`, to answer an error."""
        if exc_info is not None:
            try:
                if self.started:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None  # or it would be a circle: the traceback knows this frame
        elif self.head is not None:
            raise RuntimeError("the WSGI application called start_response twice")
        checked = [check_header(name, value) for name, value in headers if name.lower() not in HOP_BY_HOP]
        self.head = parse_status(status), checked
        length = find(checked, b"content-length")
        self._due = int(length) if length is not None and length.isdigit() else None
        return self.write

    def write(self, piece: bytes) -> None:
        """Hand one piece to the event loop, once there is room for it."""
        if self.head is None:
            raise RuntimeError("the WSGI application sent a body before it called start_response")
        if not isinstance(piece, bytes):
            raise TypeError(f"a WSGI application sends bytes, not {type(piece).__name__}")
        if self._due is not None:
            self._due -= len(piece)
            if self._due < 0:
                raise RuntimeError("the WSGI application sent more than its Content-Length")
        self.started = True
        # Looked at twice: before it waits, and when it was woken.
        if not self._left:
            self._room.acquire()
        if self._left:
            raise ClientGone()
        self._loop.call_soon_threadsafe(self._arrive, piece)

    # In the event loop -----------------------------------------------------------

    def _arrive(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self._news.set()

    def wake(self, task: "asyncio.Future[None]") -> None:
        """The thread has ended; all its pieces are here, as the loop takes its messages in order."""
        self._news.set()

    async def next_piece(self) -> Optional[bytes]:
        """The next piece of the body, None after the last; raises what the application raised."""
        assert self.task is not None
        while not self._pieces:
            if self.task.done():
                self._told = True
                self.task.result()
                return None
            self._news.clear()
            await self._news.wait()
        self._room.release()
        return self._pieces.popleft()

    async def answer(self) -> Response:
        first = await self.next_piece()
        assert self.head is not None
        status, headers = self.head
        if first is None:
            return build_response(status, headers, b"")
        length = find(headers, b"content-length")
        if self.is_single or (length is not None and length == b"%d" % len(first)):
            return build_response(status, headers, first)
        return build_response(status, headers, self.body(first))

    async def body(self, first: bytes) -> AsyncIterator[bytes]:
        piece: Optional[bytes] = first
        while piece is not None:
            yield piece
            piece = await self.next_piece()

    async def end(self) -> None:
        """Let the thread come to its end: what it gives from now on is refused.

        Raises what the application raised, where nobody has seen it yet: after its answer, or in `close()`.
        """
        self._left = True
        self._room.release()
        if self.task is not None:
            await asyncio.wait([self.task])
            if not self._told:
                self.task.result()


def parse_status(status: str) -> int:
    """`404 Not Found` to 404.

    Raises:
        ValueError: it does not begin with the three digits of a final status.
    """
    code = status.partition(" ")[0]
    if len(code) != 3 or not code.isascii() or not code.isdigit() or code < "200":
        raise ValueError(f"{status!r} cannot be the status of a WSGI answer")
    return int(code)


# The environment --------------------------------------------------------------------------------------------


def build_environ(request: Request, body: "IO[bytes]", size: int) -> Dict[str, Any]:
    """The request as PEP 3333 has it: every text is latin-1, whatever its bytes mean."""
    scheme = "https" if request.scheme in ("https", "wss") else "http"
    name, port = server_of(request, scheme)
    environ: Dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": as_bytes_text(request.root_path),
        "PATH_INFO": as_bytes_text(request.plain_path),
        "QUERY_STRING": request.query_string.decode("latin-1"),
        "SERVER_NAME": name,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": f"HTTP/{request.http_version}",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scheme,
        "wsgi.input": body,
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    if request.client is not None:
        environ["REMOTE_ADDR"] = request.client.host
        environ["REMOTE_PORT"] = str(request.client.port)
    if size or find(request.raw_headers, b"content-length") is not None:
        environ["CONTENT_LENGTH"] = str(size)
    environ.update(headers_of(request.raw_headers))
    return environ


def headers_of(raw: RawHeaders) -> Dict[str, str]:
    """`x-request-id` to HTTP_X_REQUEST_ID. Names with underscores are left out: they would read the same."""
    found: Dict[str, List[str]] = {}
    for name, value in raw:
        if b"_" in name or name in NOT_PASSED_ON:
            continue
        key = name.upper().replace(b"-", b"_").decode("latin-1")
        key = key if key == "CONTENT_TYPE" else f"HTTP_{key}"
        found.setdefault(key, []).append(value.decode("latin-1"))
    return {key: ("; " if key == "HTTP_COOKIE" else ",").join(values) for key, values in found.items()}


def as_bytes_text(text: str) -> str:
    return text.encode("utf-8", "replace").decode("latin-1")


def server_of(request: Request, scheme: str) -> Tuple[str, int]:
    """Where the server listens, or, behind a Unix socket, what the client asked for."""
    server = request.edge.server
    if server is not None and server[1] is not None:
        return server[0], server[1]
    host, port = parse_host(request.host) or ("localhost", None)
    return host, port or DEFAULT_PORTS[scheme]


# Telling it -------------------------------------------------------------------------------------------------


def is_wsgi(app: object) -> bool:
    """Whether a callable is a WSGI application: it needs two arguments, `(environ, start_response)`.

    What has a `wsgi_app` (Flask and what is made like it) is one, what has an `asgi_app` is none. Of a function
    that takes `*args` nobody can tell: mount `lambda environ, start_response: app(environ, start_response)`.
    """
    if not callable(app) or hasattr(app, "asgi_app") or is_async_callable(app):
        return False
    if callable(getattr(app, "wsgi_app", None)):
        return True
    try:
        parameters = inspect.signature(app).parameters.values()
    except (TypeError, ValueError):
        return False
    rest = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    needed = [one for one in parameters if one.default is one.empty and one.kind not in rest]
    return len(needed) == 2 and all(one.kind is not one.KEYWORD_ONLY for one in needed)
