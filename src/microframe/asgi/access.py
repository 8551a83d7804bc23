"""Access: what a connection asked and how it was answered, seen from outside the application, for its log."""

from time import perf_counter
from typing import Awaitable, Callable

from microframe.asgi.messages import ASGIApp, Message, Receive, Scope, Send
from microframe.http.headers import RawHeaders, find

SWITCHING_PROTOCOLS = 101
FORBIDDEN = 403
SERVER_ERROR = 500


class Exchange:
    """One request and its answer, or one WebSocket. `status` is 0 where the client left before an answer."""

    __slots__ = ("headers", "scope", "seconds", "size", "status")

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.status = 0
        self.headers: RawHeaders = []
        self.size = 0
        """Bytes of the answer's body."""
        self.seconds = 0.0
        """Until the answer was complete; for a WebSocket, until it was closed."""


Report = Callable[[Exchange], None]


def watch(app: ASGIApp, report: Report) -> ASGIApp:
    """The same application; a request is reported once its answer is complete, whatever runs after it."""

    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await watch_request(app, scope, receive, send, report)
        elif scope["type"] == "websocket":
            await watch_socket(app, scope, receive, send, report)
        else:
            await app(scope, receive, send)

    return watched


async def watch_request(app: ASGIApp, scope: Scope, receive: Receive, send: Send, report: Report) -> None:
    began = perf_counter()
    exchange = Exchange(scope)
    told = False

    def watched_send(message: Message) -> Awaitable[None]:
        nonlocal told
        kind = message["type"]
        if kind in ("http.response.body", "http.response.zerocopysend"):
            exchange.size += message.get("count") or len(message.get("body", b""))
            if not message.get("more_body", False) and not told:
                told = True
                exchange.seconds = perf_counter() - began
                report(exchange)
        elif kind == "http.response.start":
            exchange.status = message["status"]
            exchange.headers = message.get("headers", [])
        elif kind == "http.response.pathsend":
            exchange.size = int(find(exchange.headers, b"content-length") or 0)
        return send(message)

    try:
        await app(scope, receive, watched_send)
    except BaseException:
        # What the server answers for an application that raised.
        exchange.status = exchange.status or SERVER_ERROR
        raise
    finally:
        if not told:
            exchange.seconds = perf_counter() - began
            report(exchange)


async def watch_socket(app: ASGIApp, scope: Scope, receive: Receive, send: Send, report: Report) -> None:
    began = perf_counter()
    exchange = Exchange(scope)

    def watched_send(message: Message) -> Awaitable[None]:
        kind = message["type"]
        if kind == "websocket.accept":
            exchange.status = SWITCHING_PROTOCOLS
        elif kind == "websocket.http.response.start":
            exchange.status = message["status"]
        elif kind == "websocket.close" and not exchange.status:
            exchange.status = FORBIDDEN
        return send(message)

    try:
        await app(scope, receive, watched_send)
    finally:
        exchange.seconds = perf_counter() - began
        report(exchange)
