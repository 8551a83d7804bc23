"""Blocking: the same client for tests that cannot wait, its event loop in a thread."""

import weakref
from types import TracebackType
from typing import Any, ClassVar, Iterator, Mapping, Optional, Sequence, Type, Union

from typing_extensions import Unpack

from microframe.http.headers import MutableHeaders
from microframe.http.url import URL
from microframe.testing.client import AsyncTestClient, ClientOptions, SocketOptions, Verbs
from microframe.testing.cookies import Cookies
from microframe.testing.decoding import Source
from microframe.testing.portal import Portal
from microframe.testing.request import ClientRequest, HeaderValues, RequestOptions
from microframe.testing.response import AnswerHeaders, ClientResponse
from microframe.testing.socket import AsyncWebSocketSession
from microframe.testing.streaming import AsyncStream
from microframe.testing.waiting import ASGIApplication, Message


class TestClient(Verbs[ClientResponse]):
    """Requests to an ASGI application from a test that is no coroutine.

    `with TestClient(app) as client` starts the application's lifespan and shuts it down. All of it runs on
    one event loop in one thread, and sees the caller's context variables. Without the `with`, requests work
    too; the thread then ends with `close`, or when nobody has the client any more.
    """

    __test__: ClassVar[bool] = False  # the name is no test's

    def __init__(
        self, app: ASGIApplication, base_url: str = "http://testserver", **options: Unpack[ClientOptions]
    ) -> None:
        self._client = AsyncTestClient(app, base_url, **options)
        self._portal: Optional[Portal] = None
        self._closing: Optional[weakref.finalize[..., TestClient]] = None

    @property
    def app(self) -> ASGIApplication:
        return self._client.app

    @property
    def base_url(self) -> URL:
        return self._client.base_url

    @property
    def headers(self) -> MutableHeaders:
        """Sent with every request; those that are set stand beside the client's own four."""
        return self._client.headers

    @headers.setter
    def headers(self, headers: HeaderValues) -> None:
        self._client.headers = headers

    @property
    def cookies(self) -> Cookies:
        """What the application has set so far, and the test."""
        return self._client.cookies

    @cookies.setter
    def cookies(self, cookies: Mapping[str, str]) -> None:
        self._client.cookies = cookies

    @property
    def portal(self) -> Portal:
        """The event loop that the application runs on: `client.portal.call(coroutine_function, …)`."""
        if self._portal is None:
            self._portal = Portal(self._client.timeout)
            self._closing = weakref.finalize(self, self._portal.close)
        return self._portal

    def close(self) -> None:
        """End the event loop and its thread; the next request makes new ones."""
        closing, self._portal, self._closing = self._closing, None, None
        if closing is not None:
            closing()

    def __enter__(self) -> "TestClient":
        try:
            self.portal.call(self._client.__aenter__)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        try:
            self.portal.call(self._client.__aexit__, kind, error, trace)
        finally:
            self.close()

    def request(self, method: str, url: Union[str, URL], **options: Unpack[RequestOptions]) -> ClientResponse:
        return self.portal.call(lambda: self._client.request(method, url, **options))

    def stream(self, method: str, url: Union[str, URL], **options: Unpack[RequestOptions]) -> "Stream":
        """`with client.stream("GET", url) as response`: read the body while it is made."""
        return Stream(self._client.stream(method, url, **options), self)

    def websocket_connect(
        self, url: Union[str, URL], subprotocols: Sequence[str] = (), **options: Unpack[SocketOptions]
    ) -> "WebSocketSession":
        """`with client.websocket_connect(url) as socket`; a refused handshake raises `WebSocketDenied`."""
        return WebSocketSession(self._client.websocket_connect(url, subprotocols, **options), self)


class Stream:
    """An answer read while it is made: `AsyncStream` through a portal."""

    def __init__(self, stream: AsyncStream, client: TestClient) -> None:
        self._stream = stream
        self._client = client  # whose loop ends when nobody has it any more
        self._portal = client.portal

    def __enter__(self) -> ClientResponse:
        response = self._portal.call(self._stream.__aenter__)
        if self._stream.source is not None:
            response.stream_from(Through(self._portal, self._stream.source))
        return response

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self._portal.call(self._stream.__aexit__, kind, error, trace)


class Through:
    """The pieces of a body, brought through a portal."""

    def __init__(self, portal: Portal, source: Source) -> None:
        self._portal = portal
        self._source = source

    async def apiece(self) -> Optional[bytes]:
        raise RuntimeError("this response is of the blocking client: use read() or `for`")

    def piece(self) -> Optional[bytes]:
        return self._portal.call(self._source.apiece)


class WebSocketSession:
    """One WebSocket, open within its `with` block: `AsyncWebSocketSession` through a portal."""

    def __init__(self, session: AsyncWebSocketSession, client: TestClient) -> None:
        self._session = session
        self._client = client  # whose loop ends when nobody has it any more
        self._portal = client.portal

    @property
    def request(self) -> ClientRequest:
        return self._session.request

    @property
    def accepted_subprotocol(self) -> Optional[str]:
        return self._session.accepted_subprotocol

    @property
    def headers(self) -> AnswerHeaders:
        """The headers that the application accepted with."""
        return self._session.headers

    def __enter__(self) -> "WebSocketSession":
        self._portal.call(self._session.__aenter__)
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self._portal.call(self._session.__aexit__, kind, error, trace)

    def close(self, code: int = 1000, reason: str = "") -> None:
        self._portal.call(self._session.close, code, reason)

    def send(self, message: Message) -> None:
        self._portal.call(self._session.send, message)

    def send_text(self, data: str) -> None:
        self._portal.call(self._session.send_text, data)

    def send_bytes(self, data: bytes) -> None:
        self._portal.call(self._session.send_bytes, data)

    def send_json(self, data: Any, mode: str = "text") -> None:
        self._portal.call(self._session.send_json, data, mode)

    def receive(self, timeout: Optional[float] = None) -> Message:
        return self._portal.call(self._session.receive, timeout)

    def receive_text(self, timeout: Optional[float] = None) -> str:
        return self._portal.call(self._session.receive_text, timeout)

    def receive_bytes(self, timeout: Optional[float] = None) -> bytes:
        return self._portal.call(self._session.receive_bytes, timeout)

    def receive_json(self, mode: str = "text", timeout: Optional[float] = None) -> Any:
        return self._portal.call(self._session.receive_json, mode, timeout)

    def __iter__(self) -> Iterator[Union[str, bytes]]:
        """The texts and bytes that come, until the application closes the socket normally."""
        while True:
            try:
                yield self._portal.call(self._session.__anext__)
            except StopAsyncIteration:
                return
