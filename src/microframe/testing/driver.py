"""Driver: an application called as a server calls it, one request at a time, whole or streamed."""

import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Optional

from microframe.testing.exchange import Exchange
from microframe.testing.request import ClientRequest
from microframe.testing.response import ClientResponse
from microframe.testing.scope import Server
from microframe.testing.waiting import ASGIApplication


@dataclass(frozen=True)
class Driver:
    """An application, what its server tells it, and whether its errors reach the test."""

    app: ASGIApplication
    server: Server
    raising: bool

    async def answer(self, request: ClientRequest, seconds: Optional[float]) -> ClientResponse:
        """The whole answer, once the application has ended, background tasks and all."""
        began = time.perf_counter()
        exchange = self.begin(request)
        await exchange.whole(seconds, self.raising)
        return response_of(exchange, request, began)

    def begin(self, request: ClientRequest, streaming: bool = False) -> Exchange:
        exchange = Exchange(request.name, request.method, request.body, self.server.extensions, streaming)
        exchange.start(self.app, self.server.http_scope(request))
        return exchange


def response_of(exchange: Exchange, request: ClientRequest, began: float) -> ClientResponse:
    """What the client makes of the answer so far; `began` on the clock of `time.perf_counter`."""
    response = ClientResponse(exchange.status, exchange.headers, b"".join(exchange.pieces), request)
    response.extensions = exchange.told
    response.elapsed = timedelta(seconds=time.perf_counter() - began)
    return response
