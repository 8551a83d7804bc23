"""Endpoint: the shapes everything is made of, from the handler's compiled form to the whole application."""

from typing import Awaitable, Callable, Optional, Tuple

from microframe.http.connection import Connection
from microframe.http.request import Request
from microframe.http.responses import Response

Endpoint = Callable[[Request], Awaitable[Response]]
Middleware = Callable[[Endpoint], Endpoint]
Guard = Callable[[Connection], Awaitable[Optional[Response]]]


def fold(middleware: Tuple[Middleware, ...], endpoint: Endpoint) -> Endpoint:
    """Put middleware around an endpoint; the first one is the outermost."""
    for wrap in reversed(middleware):
        endpoint = wrap(endpoint)
    return endpoint


def guarded(guards: Tuple[Guard, ...], endpoint: Endpoint) -> Endpoint:
    """Ask the guards in turn; the first Response is the answer, and the endpoint never runs."""
    if not guards:
        return endpoint

    async def guarded_endpoint(request: Request) -> Response:
        for guard in guards:
            answer = await guard(request)
            if answer is not None:
                return answer
        return await endpoint(request)

    return guarded_endpoint
