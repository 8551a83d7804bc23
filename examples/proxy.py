"""A reverse proxy with a cache: what stands before an origin keeps its answers as the origin allows it (RFC 9111).

`ORIGIN=http://127.0.0.1:9000 microframe run examples.proxy:app`
"""

import http.client
import os
from typing import AsyncIterator, Iterable, List, NamedTuple, Tuple
from urllib.parse import quote, urlsplit

from microframe import (
    Application,
    Cache,
    Endpoint,
    HTTPException,
    Request,
    Response,
    StreamingResponse,
    run_in_threadpool,
)

PATIENCE = 10.0
"""Seconds for the origin to go on answering."""
WHOLE = 1_048_576
"""Bytes of an answer that is read at once, and may be kept; a larger one is passed on in pieces of this size."""
METHODS = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
HOP_BY_HOP = {
    *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te"),
    *("trailer", "transfer-encoding", "upgrade"),
}
"""What is meant for the next one on the way alone (RFC 9110 §7.6.1)."""
FORWARDED = {"forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"}
"""What origins believe of proxies: no client says it through this one."""

Pairs = List[Tuple[str, str]]


class Answer(NamedTuple):
    """What the origin says, and the first bytes of its body, which may be all; the rest still comes."""

    status: int
    headers: Pairs
    version: str
    content: bytes
    rest: http.client.HTTPResponse
    connection: http.client.HTTPConnection

    @property
    def is_whole(self) -> bool:
        return len(self.content) <= WHOLE

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body as it comes. One that is cut off fails, so that who reads it knows."""
        try:
            piece = self.content
            while piece:
                yield piece
                piece = await run_in_threadpool(read, self.rest, WHOLE)
        finally:
            self.connection.close()


class Origin:
    """A server that is asked in a thread, each time on a connection of its own."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or parts.hostname is None:
            raise ValueError(f"{url!r} is no address like http://127.0.0.1:9000")
        self.host, self.port = parts.hostname, parts.port or 80

    def ask(self, method: str, target: str, headers: Pairs, body: bytes) -> Answer:
        """The answer, with a body of which at most one byte more has been read than is read at once.

        Raises:
            OSError: the origin cannot be reached, or answers too late.
            http.client.HTTPException: what it answers is no answer, or not all of one.
        """
        connection = http.client.HTTPConnection(self.host, self.port, timeout=PATIENCE)
        try:
            connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            for name, value in headers:
                connection.putheader(name, value)
            connection.endheaders(body or None)
            rest = connection.getresponse()
            content = read(rest, WHOLE + 1)
        except BaseException:
            connection.close()
            raise
        version = "1.0" if rest.version == 10 else "1.1"
        answer = Answer(rest.status, rest.getheaders(), version, content, rest, connection)
        if answer.is_whole:
            connection.close()
        return answer


def read(answer: http.client.HTTPResponse, size: int) -> bytes:
    """So many bytes, fewer only at the end.

    Raises:
        http.client.IncompleteRead: it ends before it should, so nobody may keep it (RFC 9111 §3.3).
    """
    content = answer.read(size)
    if len(content) < size and answer.length:
        raise http.client.IncompleteRead(content, answer.length)
    return content


def for_the_other_side(headers: Pairs, dropped: Iterable[str] = ()) -> Pairs:
    """Headers without what was meant for the proxy alone."""
    named = ",".join(value for name, value in headers if name.lower() == "connection").lower()
    left = {*HOP_BY_HOP, *(name.strip() for name in named.split(",")), "content-length", *dropped}
    return [(name, value) for name, value in headers if name.lower() not in left]


def target_of(request: Request) -> str:
    """The path and the query as the origin is asked for them."""
    path = quote(request.path, safe="/%:@!$&'()*+,;=~-._" if request.escaped else "/:@!$&'()*+,;=~-._")
    return f"{path}?{request.query_string.decode('latin-1')}" if request.query_string else path


def without_date(endpoint: Endpoint) -> Endpoint:
    """The server says a date of its own. This stands outside of the cache, which has to see the origin's."""

    async def answer(request: Request) -> Response:
        response = await endpoint(request)
        del response.headers["date"]
        return response

    return answer


def passed_on(request: Request, answer: Answer) -> Response:
    """The origin's answer as the client gets it."""
    if answer.is_whole:
        response = Response(answer.content, answer.status)
    else:
        response = StreamingResponse(answer.pieces(), answer.status)
    headers = for_the_other_side(answer.headers)
    if request.method == "HEAD" or not answer.is_whole:
        headers += [pair for pair in answer.headers if pair[0].lower() == "content-length"]
    for name, value in [*headers, ("via", f"{answer.version} microframe")]:
        response.headers.append(name, value)
    return response


def create_app(origin_url: str) -> Application:
    """A proxy of one origin. It says nothing of its own about caching: `Cache()` is what the origin says."""
    origin = Origin(origin_url)
    app = Application(title="Proxy", openapi_url=None, redirect_slashes=False)

    async def forward(request: Request) -> Response:
        body = await request.body()
        headers = for_the_other_side(request.headers.multi_items(), FORWARDED)
        headers.append(("via", f"{request.http_version} microframe"))
        if body or request.method in ("PATCH", "POST", "PUT"):
            headers.append(("content-length", str(len(body))))
        try:
            answer = await run_in_threadpool(origin.ask, request.method, target_of(request), headers, body)
        except (OSError, http.client.HTTPException) as exc:
            raise HTTPException(502, "The origin does not answer.") from exc
        return passed_on(request, answer)

    app.add_api_route(
        "/{path:path}", forward, methods=METHODS, cache=Cache(), csrf=False, middleware=[without_date]
    )
    return app


app = create_app(os.environ.get("ORIGIN", "http://127.0.0.1:9000"))
