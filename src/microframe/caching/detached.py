"""Detached: a request like one that is answered already, for what is done behind its answer."""

import asyncio
from typing import Any, Mapping, Optional, Tuple

from microframe.context import State
from microframe.http.client import Address
from microframe.http.connection import Edge
from microframe.http.headers import RawHeaders
from microframe.http.request import Request


class DetachedEdge:
    """The server's side of a request whose client has its answer: it sends nothing more, and does not leave."""

    watched = False
    body_is_read = True

    def __init__(self, edge: Edge) -> None:
        self._edge = edge

    @property
    def scheme(self) -> str:
        return self._edge.scheme

    @property
    def http_version(self) -> str:
        return self._edge.http_version

    @property
    def client(self) -> Optional[Address]:
        return self._edge.client

    @property
    def server(self) -> Optional[Tuple[str, Optional[int]]]:
        return self._edge.server

    @property
    def extensions(self) -> Mapping[str, Any]:
        return {}

    @property
    def head(self) -> Mapping[str, Any]:
        return self._edge.head

    async def read(self) -> Tuple[bytes, bool]:
        return b"", False

    async def disconnected(self) -> None:
        await asyncio.Event().wait()

    async def early_hints(self, headers: RawHeaders) -> None:
        return None


def detached(request: Request) -> Request:
    """A GET of the same, with the state that guards have left; its resources are closed by whoever asks for it."""
    edge = DetachedEdge(request.edge)
    path, query, headers = request.path, request.query_string, list(request.raw_headers)
    copy = Request(request.app, edge, "GET", path, query, headers, request.root_path, request.body_limit)
    copy.path_params, copy.route = dict(request.path_params), request.route
    copy.escaped, copy.mounted_at = request.escaped, request.mounted_at
    copy.scheme, copy.id = request.scheme, request.id
    if request.client is not None:
        copy.client = request.client
    copy._state = State(dict(request.state.items()))
    copy._reply_headers = list(request._reply_headers or ())
    copy._cookies = request._cookies
    return copy
