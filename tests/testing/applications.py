"""Applications: tiny ASGI applications that the client is tried on."""

import json
from collections.abc import Iterable
from typing import Any, Optional

from microframe.testing.waiting import ASGIApplication, Message, Receive, Scope, Send

Pairs = Iterable[tuple[bytes, bytes]]


def start(status: int = 200, headers: Pairs = ()) -> Message:
    return {"type": "http.response.start", "status": status, "headers": list(headers)}


def piece(body: bytes = b"", more: bool = False) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": more}


def sending(*messages: Message) -> ASGIApplication:
    """Sends these messages, whatever is asked."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in messages:
            await send(message)

    return app


def answering(body: bytes = b"", status: int = 200, headers: Pairs = ()) -> ASGIApplication:
    return sending(start(status, headers), piece(body))


async def read_body(receive: Receive) -> bytes:
    pieces = []
    while True:
        message = await receive()
        pieces.append(message["body"])
        if not message["more_body"]:
            return b"".join(pieces)


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with what it was sent, as JSON."""
    body = await read_body(receive)
    told = {
        "method": scope["method"],
        "path": scope["path"],
        "raw_path": scope["raw_path"].decode(),
        "query": scope["query_string"].decode(),
        "root_path": scope["root_path"],
        "headers": [[name.decode("latin-1"), value.decode("latin-1")] for name, value in scope["headers"]],
        "body": body.decode("latin-1"),
    }
    await send(start(200, [(b"content-type", b"application/json")]))
    await send(piece(json.dumps(told).encode()))


class Routes:
    """An application for each path; keeps the scopes it saw."""

    def __init__(self, **routes: ASGIApplication) -> None:
        self.routes = {f"/{name}": app for name, app in routes.items()}
        self.scopes: list[Scope] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scopes.append(scope)
        await self.routes.get(scope["path"], answering(b"not found", 404))(scope, receive, send)

    @property
    def last(self) -> Scope:
        return self.scopes[-1]


class Life:
    """An application with a lifespan; notes what happens to it."""

    def __init__(self, app: Optional[ASGIApplication] = None, **state: Any) -> None:
        self.app = app or answering(b"alive")
        self.state = state
        self.events: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            self.events.append("request")
            await self.app(scope, receive, send)
            return
        for phase in ("startup", "shutdown"):
            message = await receive()
            assert message["type"] == f"lifespan.{phase}"
            self.events.append(phase)
            scope["state"].update(self.state)
            await send({"type": f"lifespan.{phase}.complete"})


def header(echoed: dict[str, Any], name: str) -> list[str]:
    """The values of a header that `echo` saw."""
    return [value for key, value in echoed["headers"] if key == name]
