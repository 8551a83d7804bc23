"""Errors: the boundary where an exception becomes an answer."""

import inspect
import logging
from typing import Any, Awaitable, Callable, Dict, Mapping, Optional, Type, Union

from microframe.concurrency import run_in_threadpool
from microframe.endpoint import Endpoint, Middleware
from microframe.exceptions import (
    ClientDisconnect,
    HTTPException,
    SetupError,
    StatusException,
    WebSocketDisconnect,
    WebSocketException,
    status_of,
    wait_of,
)
from microframe.http.background import is_async_callable
from microframe.http.connection import Connection
from microframe.http.problems import PROBLEM_TYPE, ProblemFormat
from microframe.http.request import Request
from microframe.http.responses import JSONResponse, Response, build_response
from microframe.routing.dispatch import SocketHandler
from microframe.routing.route import where_is
from microframe.websocket import WebSocket

logger = logging.getLogger("microframe.errors")

Key = Union[int, Type[BaseException]]
Handlers = Mapping[Key, Callable[..., Any]]
DebugPage = Callable[[Request, BaseException], Optional[Response]]


class InternalServerErrorException(StatusException):
    """Something went wrong here; it has been noted under the request id."""

    status = 500
    code = "internal_server_error"


def build_handlers(given: Handlers) -> Dict[Key, Callable[[Any, BaseException], Awaitable[Response]]]:
    """Exception handlers as they are called.

    Raises:
        SetupError: one is for what is never raised, or cannot be called with the request and the exception.
    """
    for key, function in given.items():
        check_handler(key, function)
    return {key: as_answer(function) for key, function in given.items()}


def check_handler(key: object, function: object) -> None:
    is_status = isinstance(key, int) and 400 <= key <= 599
    if not is_status and not (isinstance(key, type) and issubclass(key, BaseException)):
        raise SetupError(f"{key!r} is neither an exception class nor an error status: nothing to handle")
    if not callable(function):
        raise SetupError(f"the handler of {key!r} cannot be called: {function!r}")
    try:
        signature = inspect.signature(function)
    except ValueError:
        return  # one that is written in C
    try:
        signature.bind(None, None)
    except TypeError as exc:
        where = where_is(function)
        raise SetupError(
            f"the exception handler {where} must take the request and the exception: {exc}"
        ) from exc


def as_answer(function: Callable[..., Any]) -> Callable[[Any, BaseException], Awaitable[Response]]:
    """An exception handler as an async function that gives a Response; a blocking one runs in a thread."""
    if is_async_callable(function):

        async def answer(request: Any, exc: BaseException) -> Response:
            return as_response(await function(request, exc))

    else:

        async def answer(request: Any, exc: BaseException) -> Response:
            return as_response(await run_in_threadpool(function, request, exc))

    return answer


def as_response(value: Any) -> Response:
    return value if isinstance(value, Response) else JSONResponse(value)


def find_handler(
    handlers: Mapping[Key, Callable[[Any, BaseException], Awaitable[Response]]], exc: BaseException
) -> Optional[Callable[[Any, BaseException], Awaitable[Response]]]:
    """The handler of the nearest class; for HTTP errors one for the very status comes first, as in FastAPI.

    A handler for `Exception` is for what nobody expected. What is an answer already is not its business, nor a
    client that has left anybody's.
    """
    if isinstance(exc, (ClientDisconnect, WebSocketDisconnect)):
        return None
    if isinstance(exc, HTTPException) and exc.status_code in handlers:
        return handlers[exc.status_code]
    expected = isinstance(exc, (HTTPException, WebSocketException)) or (status_of(exc) or 500) < 500
    kinds = [kind for kind in type(exc).__mro__ if not (expected and kind in CATCH_ALL)]
    return next((handlers[kind] for kind in kinds if kind in handlers), None)


CATCH_ALL = (Exception, BaseException)


def handle_some(given: Handlers) -> Middleware:
    """What a router's exception handlers are: they answer what they know, the rest goes on outwards."""
    handlers = build_handlers(given)

    def middleware(endpoint: Endpoint) -> Endpoint:
        async def handled(request: Request) -> Response:
            try:
                return await endpoint(request)
            except Exception as exc:
                handler = find_handler(handlers, exc)
                if handler is None:
                    raise
                return await answer_by(handler, request, exc)

        return handled

    return middleware


def handle_sockets(given: Handlers) -> Callable[[SocketHandler], SocketHandler]:
    """The same for sockets: an answer denies the handshake, or closes what is open."""
    handlers = build_handlers(given)

    def around(handler: SocketHandler) -> SocketHandler:
        async def handled(socket: WebSocket) -> None:
            try:
                await handler(socket)
            except Exception as exc:
                answer = find_handler(handlers, exc)
                if answer is None:
                    raise
                await end_with(socket, await answer_by(answer, socket, exc))

        return handled

    return around


async def answer_by(
    handler: Callable[[Any, BaseException], Awaitable[Response]], connection: Connection, exc: BaseException
) -> Response:
    """What a handler answers to an exception; one that is answered with a 5xx is logged, whoever raised it."""
    response = await handler(connection, exc)
    if response.status_code >= 500:
        log_failure(connection, exc)
    return response


def log_failure(connection: Connection, exc: BaseException) -> None:
    """Log an exception with its traceback and the request's id; control characters of the path stay harmless.

    What says of itself that something is away (503) is told in a line: until it is back, every request says it again.
    """
    method = connection.method if isinstance(connection, Request) else "WebSocket"
    path = connection.path.encode("unicode_escape").decode()
    if status_of(exc) == 503:
        told = f"{type(exc).__name__}: {exc}".encode("unicode_escape").decode()
        logger.error("%s %s failed (request %s): %s", method, path, connection.id, told)
    else:
        logger.error("%s %s failed (request %s)", method, path, connection.id, exc_info=exc)


async def end_with(socket: WebSocket, response: Response) -> None:
    """Deny the handshake with a response; a socket that is open closes, as a fault of one side or the other."""
    if socket.socket_state == "connecting":
        await socket.deny(response)
    else:
        await socket.close(1011 if response.status_code >= 500 else 1008)


class Errors:
    """Answers every exception: by the application's handlers, as a problem document, or as a 500 that is logged."""

    def __init__(self, given: Handlers, form: ProblemFormat, debug_page: Optional[DebugPage] = None) -> None:
        self.handlers = build_handlers(given)
        self.form = form
        self.debug_page = debug_page

    def __call__(self, endpoint: Endpoint) -> Endpoint:
        answer = self.answer

        async def bounded(request: Request) -> Response:
            try:
                response = await endpoint(request)
                if not isinstance(response, Response):
                    raise not_a_response(response)
                return response
            except Exception as exc:
                return await answer(request, exc)

        return bounded

    async def answer(self, request: Request, exc: Exception) -> Response:
        """The answer to an exception; a handler that fails itself is a 500."""
        if isinstance(exc, ClientDisconnect):
            raise exc
        handler = find_handler(self.handlers, exc)
        try:
            if handler is not None:
                if not isinstance(exc, HTTPException) and catches_all(self.handlers, exc):
                    self.note(request, exc)
                    return await handler(request, exc)
                return await answer_by(handler, request, exc)
            if isinstance(exc, HTTPException):
                if exc.status_code >= 500:
                    log_failure(request, exc)
                return self.form.respond(exc, request)
        except Exception as failure:
            exc = failure
        return await self.answer_unexpected(request, exc)

    async def answer_unexpected(self, request: Request, exc: Exception) -> Response:
        status = status_of(exc)
        if status is not None and status < 500:
            return self.form.respond(foreign(exc, status), request)
        self.note(request, exc)
        if 500 in self.handlers:
            try:
                return await self.handlers[500](request, exc)
            except Exception as failure:
                self.note(request, failure)
        try:
            page = self.debug_page(request, exc) if self.debug_page is not None else None
            if page is not None:
                return page
            told = InternalServerErrorException() if status is None else foreign(exc, status)
            return self.form.respond(told, request)
        except Exception as failure:
            self.note(request, failure)
            return build_response(500, [PROBLEM_TYPE], LAST_WORD)

    def note(self, request: Request, exc: Exception) -> None:
        """Log what nobody expected, and keep it for the edge."""
        asked: Optional[Request] = request
        while asked is not None:
            asked.failure = exc
            asked = asked._outer
        log_failure(request, exc)


def not_a_response(value: object) -> TypeError:
    return TypeError(
        f"an endpoint answers with a Response, not with {type(value).__name__}: did a middleware return nothing?"
    )


LAST_WORD = b'{"type":"about:blank","title":"Internal Server Error","status":500}'
"""What is answered when not even an error can be written."""


def catches_all(handlers: Mapping[Key, Any], exc: BaseException) -> bool:
    """Whether only the handler for `Exception` itself knows this one: it is then a 500, made presentable."""
    return not any(
        kind in handlers for kind in type(exc).__mro__ if kind not in (Exception, BaseException, object)
    )


def foreign(exc: Exception, status: int) -> HTTPException:
    """Another package's exception that carries an `http_status`, as an answer: with its own words where they are about
    the request, and with `Retry-After` where it knows when to come back."""
    is_told = status < 500
    answer = HTTPException(status, (str(exc) or None) if is_told else None, headers=wait_of(exc))
    code = getattr(exc, "code", None)
    if is_told and isinstance(code, str):
        answer.code = code
    return answer
