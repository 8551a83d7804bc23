"""Connection: what a request and a WebSocket have in common, read from the head of the message."""

import secrets
from typing import Any, Dict, Mapping, Optional, Protocol, Tuple

from microframe.context import Context, Owner
from microframe.http.client import Address
from microframe.http.cookies import parse_cookies
from microframe.http.headers import Headers, RawHeaders, find
from microframe.http.query import QueryParams, parse_query
from microframe.http.url import URL, build_url


class Edge(Protocol):
    """The server's side of one connection: what is known only there, and what must leave before the Response."""

    @property
    def scheme(self) -> str: ...
    @property
    def http_version(self) -> str: ...
    @property
    def client(self) -> Optional[Address]: ...
    @property
    def server(self) -> Optional[Tuple[str, Optional[int]]]: ...
    @property
    def extensions(self) -> Mapping[str, Any]: ...

    @property
    def head(self) -> Mapping[str, Any]:
        """The message head as the server gave it, to read only."""

    watched: bool
    """Whether somebody waits for the client to leave."""

    @property
    def body_is_read(self) -> bool:
        """Whether no more of a body is to come: only then may anybody wait for the client to leave."""

    async def read(self) -> Tuple[bytes, bool]:
        """The next piece of the body, and whether more follows; raises `ClientDisconnect`."""

    async def disconnected(self) -> None:
        """Returns when the client has left; waits for the body to be read first."""

    async def early_hints(self, headers: RawHeaders) -> None:
        """103 Early Hints (RFC 8297); nothing happens where the server cannot."""


class RouteLike(Protocol):
    """What a connection tells of the route that was matched."""

    @property
    def name(self) -> str: ...
    @property
    def path(self) -> str: ...


class Connection(Context):
    """A request or a WebSocket: where it goes, who sent it, and what it says of itself.

    `path` is canonical: percent-decoded once, as the router matches it and every guard sees it. Where the client sent
    an encoded slash, `escaped` is true and the text keeps `%2F` and `%25`, so a segment is never split.
    """

    __slots__ = ("edge", "path", "path_params", "query_string", "raw_headers", "root_path", "route")

    escaped = False
    api_version = ""
    """The version of the API that the message asks for, where that is not part of its path."""
    mounted_at: Tuple[str, str] = ("", "/")
    """Where a mount was matched: the path until there, and what is left of it for the mounted application."""
    _headers: Optional[Headers] = None
    _query: Optional[QueryParams] = None
    _query_values: Optional[Dict[str, str]] = None
    _cookies: Optional[Dict[str, str]] = None
    _scheme: Optional[str] = None
    _client: Optional[Address] = None
    _id: Optional[str] = None
    _reply_headers: Optional[RawHeaders] = None

    def __init__(
        self,
        app: Owner,
        edge: Edge,
        path: str,
        query_string: bytes,
        raw_headers: RawHeaders,
        root_path: str = "",
    ) -> None:
        self.app = app
        self.edge = edge
        self.path = path
        self.query_string = query_string
        self.raw_headers = raw_headers
        self.root_path = root_path
        self.path_params: Dict[str, Any] = NO_PARAMS
        self.route: Optional[RouteLike] = None

    @property
    def headers(self) -> Headers:
        if self._headers is None:
            self._headers = Headers(self.raw_headers)
        return self._headers

    @property
    def query_params(self) -> QueryParams:
        if self._query is None:
            self._query = QueryParams(self.query_string, len(self.query_string) + 1)
        return self._query

    def query_values(self) -> Dict[str, str]:
        """The query as a plain dict, of a repeated parameter the last value: for who reads it for every request."""
        # The edge has counted the parameters.
        values = self._query_values = dict(parse_query(self.query_string, len(self.query_string) + 1))
        return values

    @property
    def cookies(self) -> Dict[str, str]:
        """The cookies sent; of two with one name the first wins."""
        if self._cookies is None:
            sent = [value.decode("latin-1") for name, value in self.raw_headers if name == b"cookie"]
            self._cookies = parse_cookies("; ".join(sent)) if sent else {}
        return self._cookies

    @property
    def scheme(self) -> str:
        return self._scheme or self.edge.scheme

    @scheme.setter
    def scheme(self, scheme: str) -> None:
        self._scheme = scheme

    @property
    def client(self) -> Optional[Address]:
        """The address of the peer, or of the client behind trusted proxies (`middleware/proxy.py`)."""
        return self._client or self.edge.client

    @client.setter
    def client(self, address: Address) -> None:
        self._client = address

    @property
    def host(self) -> str:
        """The Host header, which the edge has checked (RFC 9112 §3.2)."""
        sent = find(self.raw_headers, b"host")
        return sent.decode("latin-1") if sent is not None else ""

    @property
    def url(self) -> URL:
        query = self.query_string.decode("latin-1")
        url = build_url(self.scheme, self.host, self.root_path, self.path, query)
        if not self.escaped:
            return url
        return url.replace(path=url.path.replace("%252F", "%2F").replace("%2525", "%25"))

    @property
    def base_url(self) -> URL:
        """Where the application stands: scheme, host and `root_path`, with a slash at its end."""
        return build_url(self.scheme, self.host, self.root_path, "/", "")

    @property
    def plain_path(self) -> str:
        """The path with everything decoded, encoded slashes too."""
        return self.path.replace("%2F", "/").replace("%25", "%") if self.escaped else self.path

    @property
    def http_version(self) -> str:
        return self.edge.http_version

    @property
    def scope(self) -> Mapping[str, Any]:
        """The server's own record of the message head, to read only; below a mount with its `root_path`."""
        head = self.edge.head
        return {**head, "root_path": self.root_path} if self.root_path else head

    @property
    def id(self) -> str:
        """Names this message in logs and problem documents."""
        if self._id is None:
            self._id = secrets.token_hex(8)
        return self._id

    @id.setter
    def id(self, value: str) -> None:
        self._id = value

    @property
    def reply_headers(self) -> RawHeaders:
        """Headers for whatever will answer, errors included: for guards, which never see the Response."""
        if self._reply_headers is None:
            self._reply_headers = []
        return self._reply_headers

    def url_for(
        self, name: str, /, *, _query: Optional[Mapping[str, object]] = None, **path_params: object
    ) -> URL:
        """The absolute URL of a named route, with `_query` if it is given.

        Raises:
            LookupError: no route has this name, or not with these parameters.
        """
        path = self.app.url_path_for(name, _query=_query, **path_params)
        return URL.of(str(self.base_url).rstrip("/") + path)


NO_PARAMS: Dict[str, Any] = {}
"""The path parameters of a route that has none; never written to."""
