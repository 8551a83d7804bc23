"""A reverse proxy with a cache: what stands before an origin keeps its answers as the origin allows it (RFC 9111).

`ORIGIN=http://127.0.0.1:9000 microframe run examples.proxy:app`
"""

import http.client
import os
from typing import List, Tuple
from urllib.parse import quote, urlsplit

from microframe import Application, Cache, Endpoint, HTTPException, Request, Response, run_in_threadpool

PATIENCE = 10.0
"""Seconds for the origin to answer."""
LARGEST = 10_000_000
"""Bytes of an answer."""
METHODS = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
HOP_BY_HOP = {
    *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te"),
    *("trailer", "transfer-encoding", "upgrade"),
}
"""What is meant for the next one on the way alone (RFC 9110 §7.6.1)."""

Pairs = List[Tuple[str, str]]


class Origin:
    """A server that is asked in a thread, each time on a connection of its own."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or parts.hostname is None:
            raise ValueError(f"{url!r} is no address like http://127.0.0.1:9000")
        self.host, self.port = parts.hostname, parts.port or 80

    def ask(self, method: str, target: str, headers: Pairs, body: bytes) -> Tuple[int, Pairs, bytes]:
        """Status, headers and body of the answer.

        Raises:
            OSError: the origin cannot be reached, or answers too late.
            http.client.HTTPException: what it answers is no answer.
        """
        connection = http.client.HTTPConnection(self.host, self.port, timeout=PATIENCE)
        try:
            connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            for name, value in headers:
                connection.putheader(name, value)
            connection.endheaders(body or None)
            answer = connection.getresponse()
            content = answer.read(LARGEST + 1)
            if len(content) > LARGEST:
                raise http.client.HTTPException("the answer is too large")
            return answer.status, answer.getheaders(), content
        finally:
            connection.close()


def for_the_other_side(headers: Pairs) -> Pairs:
    """Headers without what was meant for the proxy alone."""
    named = ",".join(value for name, value in headers if name.lower() == "connection").lower()
    dropped = HOP_BY_HOP | {name.strip() for name in named.split(",")} | {"content-length"}
    return [(name, value) for name, value in headers if name.lower() not in dropped]


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


def create_app(origin_url: str) -> Application:
    """A proxy of one origin. It says nothing of its own about caching: `Cache()` is what the origin says."""
    origin = Origin(origin_url)
    app = Application(title="Proxy", openapi_url=None, redirect_slashes=False)

    async def forward(request: Request) -> Response:
        body = await request.body()
        headers = for_the_other_side(request.headers.multi_items())
        headers.append(("via", "1.1 microframe"))
        if body or request.method in ("PATCH", "POST", "PUT"):
            headers.append(("content-length", str(len(body))))
        try:
            status, said, content = await run_in_threadpool(
                origin.ask, request.method, target_of(request), headers, body
            )
        except (OSError, http.client.HTTPException) as exc:
            raise HTTPException(502, "The origin does not answer.") from exc
        response = Response(content, status)
        kept = [pair for pair in said if request.method == "HEAD" and pair[0].lower() == "content-length"]
        for name, value in [*for_the_other_side(said), *kept, ("via", "1.1 microframe")]:
            response.headers.append(name, value)
        return response

    app.add_api_route(
        "/{path:path}", forward, methods=METHODS, cache=Cache(), csrf=False, middleware=[without_date]
    )
    return app


app = create_app(os.environ.get("ORIGIN", "http://127.0.0.1:9000"))
