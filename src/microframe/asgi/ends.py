"""Ends: how a WebSocket ends: quietly, with a code, or with the answer that its failure means."""

from typing import Optional

from microframe.exceptions import (
    ClientDisconnect,
    HTTPException,
    WebSocketDisconnect,
    WebSocketException,
    status_of,
)
from microframe.middleware.errors import (
    Errors,
    answer_by,
    catches_all,
    end_with,
    find_handler,
    foreign,
    log_failure,
)
from microframe.websocket import WebSocket


async def finish(socket: WebSocket, failure: Optional[BaseException], errors: Errors) -> None:
    """End a socket: quietly when all went well, else as the application's handlers or the failure itself say."""
    if failure is None or isinstance(failure, (WebSocketDisconnect, ClientDisconnect)):
        await socket.close(1000)
    elif isinstance(failure, Exception):
        await fail(socket, failure, errors)
    else:
        await socket.close(1001)
        raise failure


async def fail(socket: WebSocket, failure: Exception, errors: Errors) -> None:
    handler = find_handler(errors.handlers, failure)
    if handler is not None:
        unexpected = not isinstance(failure, HTTPException) and catches_all(errors.handlers, failure)
        if unexpected:
            note(socket, failure)
        answering = handler(socket, failure) if unexpected else answer_by(handler, socket, failure)
        try:
            await end_with(socket, await answering)
            return
        except Exception as exc:
            failure = exc
    if isinstance(failure, WebSocketException):
        try:
            await socket.close(failure.code, failure.reason)
            return
        except ValueError as exc:  # a code or a reason that cannot be sent is a fault of the program
            failure = exc
    await end_with(socket, errors.form.respond(as_answer(socket, failure), socket))


def as_answer(socket: WebSocket, failure: Exception) -> HTTPException:
    """A failure as the answer that it would be to a request; what is this side's fault is logged."""
    if isinstance(failure, HTTPException):
        if failure.status_code >= 500:
            log_failure(socket, failure)
        return failure
    status = status_of(failure)
    if status is not None and status < 500:
        return foreign(failure, status)
    note(socket, failure)
    return HTTPException(500) if status is None else foreign(failure, status)


def note(socket: WebSocket, failure: Exception) -> None:
    """Log what nobody expected, and keep it for the edge."""
    socket.failure = failure
    log_failure(socket, failure)
