"""Socket: the client's end of a WebSocket; every wait has an end."""

import asyncio
import json
from contextlib import suppress
from types import TracebackType
from typing import Any, Optional, Type, Union

from microframe.exceptions import WebSocketDisconnect
from microframe.testing.channel import ENDED, Channel, ClientLeft
from microframe.testing.cookies import Cookies
from microframe.testing.driver import Driver
from microframe.testing.failures import ClientTimeout, ProtocolError
from microframe.testing.request import ClientRequest
from microframe.testing.response import AnswerHeaders, ClientResponse
from microframe.testing.waiting import LAST_GRACE, Message, grace, never

FAILED = 1011
"""The server met an error (RFC 6455 §7.4.1): its exception may be on the way."""

NORMAL = (1000, 1001)


class WebSocketDenied(WebSocketDisconnect):
    """The application refused the handshake; `response` is its answer, 403 where it only closed."""

    def __init__(self, code: int, reason: str, response: ClientResponse) -> None:
        super().__init__(code, reason)
        self.response = response


class AsyncWebSocketSession:
    """One WebSocket, open within its `async with` block.

    Nothing waits for ever: a receive fails with `ClientTimeout` after `timeout` seconds and at once when the
    application has ended; leaving the block closes the socket and sees the application end.
    """

    def __init__(
        self, driver: Driver, request: ClientRequest, jar: Cookies, timeout: Optional[float]
    ) -> None:
        self.request = request
        self.accepted_subprotocol: Optional[str] = None
        self.headers = AnswerHeaders()
        """The headers that the application accepted with."""
        self._driver = driver
        self._jar = jar
        self._timeout = timeout
        self._end: Optional[WebSocketDisconnect] = None
        self._scope = driver.server.socket_scope(request.url, request.headers)

    # From the handshake to the end

    async def __aenter__(self) -> "AsyncWebSocketSession":
        channel = self._channel = Channel(f"WebSocket {self.request.url.path}", self._scope["subprotocols"])
        channel.start(self._driver.app, self._scope)
        try:
            await channel.until(lambda: channel.decided, self._timeout)
            if not channel.accepted:
                await channel.until(never, grace(self._timeout))
        except BaseException:
            await channel.stop()
            raise
        if not channel.accepted:
            raise self._denial(channel)
        self.headers = AnswerHeaders(channel.headers)
        self.accepted_subprotocol = channel.subprotocol
        self._jar.read(self.request.url, self.headers.getlist("set-cookie"))
        return self

    def _denial(self, channel: Channel) -> Exception:
        error = channel.raise_failure(self._driver.raising)
        if channel.close is None and error is None:
            return ProtocolError(f"{channel.what}: the application returned and neither accepted nor refused")
        close = channel.close or {"code": ENDED, "reason": "the application failed"}
        status, headers, pieces = channel.denial or (403 if channel.close else 500, [], [])
        response = ClientResponse(status, headers, b"".join(pieces), self.request)
        for jar in (self._jar, response.cookies):
            jar.read(self.request.url, response.headers.getlist("set-cookie"))
        return WebSocketDenied(close["code"], close["reason"], response)

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        try:
            await self.close()
            await self._channel.until(never, grace(self._timeout))
            self._channel.raise_failure(self._driver.raising)
        except Exception as exc:
            if not is_about_leaving(exc) and goes_first(exc, error):
                raise
        finally:
            await self._channel.stop()

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the socket from this side."""
        if self._end is None:
            self._end = WebSocketDisconnect(code, reason)
            self._channel.leave(code, reason)
        await asyncio.sleep(0)

    # What the test sends

    async def send(self, message: Message) -> None:
        """Send a message as ASGI writes it: `{"type": "websocket.receive", "text": …}`.

        Raises:
            RuntimeError: this end has closed the socket.
        """
        if self._channel.left:
            raise RuntimeError("this end has closed the socket")
        if self._channel.ended:
            self._channel.raise_failure(self._driver.raising)
        self._channel.push(message)
        await asyncio.sleep(0)  # a loop that only sends lets the application read

    async def send_text(self, data: str) -> None:
        if not isinstance(data, str):
            raise TypeError(f"a text message is a str, not {type(data).__name__}")
        await self.send({"type": "websocket.receive", "text": data})

    async def send_bytes(self, data: bytes) -> None:
        await self.send({"type": "websocket.receive", "bytes": bytes(data)})

    async def send_json(self, data: Any, mode: str = "text") -> None:
        text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        await (self.send_bytes(text.encode()) if mode == "binary" else self.send_text(text))

    # What it receives

    async def receive(self, timeout: Optional[float] = None) -> Message:
        """The next message as ASGI writes it, the close at the end among them.

        Raises:
            ClientTimeout: nothing came within `timeout` seconds, the session's own where none is given.
            WebSocketDisconnect: the socket is closed and all was received. Where the application raised, that
                exception.
        """
        if self._end is not None:
            raise WebSocketDisconnect(self._end.code, self._end.reason)
        channel = self._channel
        seconds = self._timeout if timeout is None else timeout
        await channel.until(lambda: bool(channel.inbox) or channel.fault is not None, seconds)
        if not channel.inbox:
            error = channel.raise_failure(self._driver.raising)
            told = "ended without closing the socket" if error is None else f"failed: {error!r}"
            self._end = WebSocketDisconnect(ENDED, f"the application {told}")
            raise self._end from error
        message = channel.pop()
        if message["type"] == "websocket.close":
            await self._receive_close(channel.close or {})
        return message

    async def _receive_close(self, close: Message) -> None:
        if close["code"] == FAILED:
            with suppress(ClientTimeout):
                await self._channel.until(never, LAST_GRACE)
            self._channel.raise_failure(self._driver.raising)
        self._end = WebSocketDisconnect(close["code"], close["reason"])

    async def receive_text(self, timeout: Optional[float] = None) -> str:
        return str(await self._receive_data("text", timeout))

    async def receive_bytes(self, timeout: Optional[float] = None) -> bytes:
        return bytes(await self._receive_data("bytes", timeout))

    async def receive_json(self, mode: str = "text", timeout: Optional[float] = None) -> Any:
        return json.loads(await self._receive_data("bytes" if mode == "binary" else "text", timeout))

    async def _receive_data(self, key: str, timeout: Optional[float]) -> Any:
        message = await self.receive(timeout)
        if self._end is not None:
            raise WebSocketDisconnect(self._end.code, self._end.reason)
        if message.get(key) is None:
            raise ProtocolError(
                f"{self._channel.what}: the test waits for {key}; the application sent {message!r:.200}"
            )
        return message[key]

    def __aiter__(self) -> "AsyncWebSocketSession":
        return self

    async def __anext__(self) -> Union[str, bytes]:
        """The next text or bytes; the loop ends when the application closes the socket normally."""
        try:
            message = await self.receive()
        except WebSocketDisconnect as exc:
            if exc.code in NORMAL:
                raise StopAsyncIteration from None
            raise
        if self._end is not None and self._end.code in NORMAL:
            raise StopAsyncIteration
        if self._end is not None:
            raise WebSocketDisconnect(self._end.code, self._end.reason)
        text: Optional[str] = message.get("text")
        return message["bytes"] if text is None else text


def is_about_leaving(error: Optional[BaseException]) -> bool:
    """Whether an exception of the application only says that the client has left."""
    found = type(error).__name__ == WebSocketDisconnect.__name__  # each framework has its own, of this name
    while error is not None and not found:
        found = isinstance(error, ClientLeft)
        error = error.__cause__ or error.__context__
    return found


def goes_first(theirs: Exception, ours: Optional[BaseException]) -> bool:
    """Whether the application's failure is told rather than the test's: where it is what is behind it."""
    if isinstance(theirs, ClientTimeout):
        return ours is None
    return ours is None or isinstance(ours, (WebSocketDisconnect, ClientTimeout))
