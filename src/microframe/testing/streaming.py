"""Streaming: an answer read while it is made."""

import time
from contextlib import suppress
from types import TracebackType
from typing import Awaitable, Callable, Optional, Type

from microframe.testing.decoding import Source
from microframe.testing.driver import Driver, response_of
from microframe.testing.exchange import Exchange
from microframe.testing.request import ClientRequest
from microframe.testing.response import ClientResponse

Answer = Callable[[ClientRequest, Optional[float]], Awaitable[ClientResponse]]
Follow = Callable[[Answer], Awaitable[ClientResponse]]


class Streamed:
    """The pieces of an answer that is still being made."""

    def __init__(self, exchange: Exchange, seconds: Optional[float], raising: bool) -> None:
        self._exchange = exchange
        self._seconds = seconds
        self._raising = raising

    async def apiece(self) -> Optional[bytes]:
        return await self._exchange.piece(self._seconds, self._raising)

    def piece(self) -> Optional[bytes]:
        raise RuntimeError("this response is of the async client: use aread() or `async for`")


class AsyncStream:
    """`async with client.stream(…) as response`: the body comes as the test takes it.

    Leaving the block before the end of the body closes the connection, and the application is told. Then, as
    after every answer, it must end. `follow` asks `answer` for responses until one is no redirect.
    """

    def __init__(self, driver: Driver, follow: Follow) -> None:
        self.source: Optional[Source] = None
        self._driver = driver
        self._follow = follow
        self._exchange: Optional[Exchange] = None
        self._seconds: Optional[float] = None

    async def __aenter__(self) -> ClientResponse:
        try:
            return await self._follow(self._answer)
        except BaseException:
            await self._abandon()
            raise

    async def _answer(self, request: ClientRequest, seconds: Optional[float]) -> ClientResponse:
        await self._finish()  # with the redirect before this one
        began = time.perf_counter()
        raising = self._driver.raising
        self._seconds = seconds
        exchange = self._exchange = self._driver.begin(request, streaming=True)
        await exchange.head(seconds, raising)
        response = response_of(exchange, request, began)
        self.source = Streamed(exchange, seconds, raising)
        response.stream_from(self.source)
        return response

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        if error is None:
            await self._finish()
        else:
            await self._abandon()

    async def _finish(self) -> None:
        if self._exchange is not None:
            await self._exchange.finish(self._seconds, self._driver.raising)

    async def _abandon(self) -> None:
        with suppress(Exception):  # the test has failed already: what it raised is what it tells
            await self._finish()
