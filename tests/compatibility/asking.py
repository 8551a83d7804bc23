"""Asking: one program run under one framework, asked what it says it is to be asked, and what it answers."""

import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Dict, List, Tuple, Union

from microframe import WebSocketDisconnect
from microframe.testing import AsyncTestClient, ProtocolError, WebSocketDenied

PROGRAMS = sorted((Path(__file__).parent / "programs").glob("*.py"))
Headers = List[Tuple[str, str]]


@dataclass(frozen=True)
class Ask:
    """One request, or for the method `WS` a socket that sends each of `texts` and reads an answer to each."""

    method: str
    target: str
    headers: Headers
    body: bytes = b""
    texts: Tuple[str, ...] = ()

    def __str__(self) -> str:
        body = self.body[:100].decode("utf-8", "replace")
        return f"{self.method} {self.target} {self.headers or ''} {body}".rstrip()


@dataclass(frozen=True)
class Told:
    """What a program answered: of headers those that both frameworks are to agree on."""

    status: int
    body: Any
    headers: Dict[str, Any]


def read_ask(said: Any) -> Ask:
    """`"POST /items {…}"`, or a tuple of such a text, headers, and a body or a socket's texts."""
    text, headers, body = (*said, None, None)[:3] if isinstance(said, tuple) else (said, None, None)
    method, target, *rest = text.split(" ", 2)
    pairs = list(headers.items() if isinstance(headers, dict) else headers or ())
    if isinstance(body, list):
        return Ask(method, target, pairs, texts=tuple(body))
    if rest:
        pairs.append(("content-type", "application/json"))
    content: Union[str, bytes] = rest[0] if rest else body or b""
    return Ask(method, target, pairs, content.encode() if isinstance(content, str) else content)


@contextmanager
def program(text: str, path: Path, name: str) -> Iterator[ModuleType]:
    """A program as a module that can be found by its name, as Pydantic expects of what it reads."""
    module = ModuleType(name)
    module.__file__ = str(path)
    sys.modules[name] = module
    try:
        exec(compile(text, str(path), "exec"), vars(module))
        yield module
    finally:
        del sys.modules[name]


async def answers(app: Any, asks: List[Ask]) -> List[Told]:
    """What an application answers to each; its lifespan runs around all of them."""
    told: List[Told] = []
    async with AsyncTestClient(app, raise_server_exceptions=False, follow_redirects=False) as client:
        for ask in asks:
            client.cookies.clear()
            if ask.method == "WS":
                told.append(await talk(client, ask))
            else:
                told.append(await request(client, ask))
    return told


async def request(client: AsyncTestClient, ask: Ask) -> Told:
    response = await client.request(ask.method, ask.target, headers=ask.headers, content=ask.body)
    headers: Dict[str, Any] = dict(response.headers.items())
    if "location" in headers:  # ours are relative where they stay here
        headers["location"] = headers["location"].replace("http://testserver/", "/")
    if response.status_code == 204:  # FastAPI names the type of no content
        headers.pop("content-type", None)
    # One is asked after the other, and a second may begin between them.
    if "last-modified" in headers:
        headers["last-modified"] = "a date"
    if "set-cookie" in headers:
        cookies = response.headers.getlist("set-cookie")
        headers["set-cookie"] = [re.sub("expires=[^;]*GMT", "expires=a date", cookie) for cookie in cookies]
    return Told(response.status_code, read_body(response.content), headers)


def read_body(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return content


async def talk(client: AsyncTestClient, ask: Ask) -> Told:
    heard: List[Any] = []
    try:
        async with client.websocket_connect(ask.target, headers=ask.headers) as socket:
            heard.append(socket.accepted_subprotocol)
            try:
                for text in ask.texts:
                    await socket.send_text(text)
                    heard.append(await socket.receive_text())
                await socket.close()
            except WebSocketDisconnect as exc:
                heard.append((exc.code, exc.reason))
    except (WebSocketDenied, ProtocolError):
        # Every refusal is a 403 in FastAPI, whose reason may be a list; ours has the status of its error.
        return Told(403, [], {})
    return Told(101, heard, {})
