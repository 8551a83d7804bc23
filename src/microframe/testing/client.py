"""Client: requests to an application without a server, in the caller's own event loop."""

from types import TracebackType
from typing import (
    Any,
    ClassVar,
    Coroutine,
    Generic,
    List,
    Mapping,
    Optional,
    Sequence,
    Tuple,
    Type,
    TypedDict,
    TypeVar,
    Union,
)

from typing_extensions import Unpack

from microframe.http.headers import MutableHeaders, RawHeaders
from microframe.http.url import URL
from microframe.testing.address import resolve
from microframe.testing.cookies import Cookies
from microframe.testing.driver import Driver
from microframe.testing.failures import TooManyRedirects
from microframe.testing.lifespan import Lifespan
from microframe.testing.request import (
    Auth,
    ClientRequest,
    HeaderValues,
    RequestOptions,
    build_request,
    check_names,
    merge,
    redirected,
    upgrade_headers,
)
from microframe.testing.response import ClientResponse
from microframe.testing.scope import Server
from microframe.testing.socket import AsyncWebSocketSession
from microframe.testing.streaming import Answer, AsyncStream
from microframe.testing.waiting import GRACE, ASGIApplication

Result = TypeVar("Result", covariant=True)

DEFAULT_TIMEOUT = 10.0
MAX_REDIRECTS = 20
TEST_SERVER = URL("http", "testserver", "", "", "")

RAISE = "microframe.raise"
"""The extension that asks MicroFrame's edge to raise, after its answer, the exception behind a 500."""

AGENT: RawHeaders = [
    (b"accept", b"*/*"),
    (b"accept-encoding", b"gzip, deflate"),
    (b"connection", b"keep-alive"),
    (b"user-agent", b"testclient"),
]


class ClientOptions(TypedDict, total=False):
    """How a client behaves.

    `raise_server_exceptions`: what the application raises reaches the test; otherwise it is an answer 500.
    `timeout`: seconds that one request, or the lifespan, may take; None for no limit.
    `extensions`: more ASGI extensions that the application is offered, by name.
    """

    raise_server_exceptions: bool
    root_path: str
    headers: Optional[HeaderValues]
    cookies: Optional[Mapping[str, str]]
    follow_redirects: bool
    client: Optional[Tuple[str, int]]
    timeout: Optional[float]
    extensions: Mapping[str, Any]


class SocketOptions(TypedDict, total=False):
    """What can be said of a handshake. `timeout` is in seconds and for every receive; None for no limit."""

    params: Any
    headers: Optional[HeaderValues]
    cookies: Optional[Mapping[str, str]]
    auth: Optional[Auth]
    timeout: Optional[float]


CLIENT_OPTIONS = frozenset(ClientOptions.__annotations__)
SOCKET_OPTIONS = frozenset(SocketOptions.__annotations__)


class Verbs(Generic[Result]):
    """The methods of HTTP, once for both clients; `url` is a path or a whole URL."""

    def request(self, method: str, url: Union[str, URL], **options: Unpack[RequestOptions]) -> Result:
        raise NotImplementedError

    def get(self, url: Union[str, URL], **options: Unpack[RequestOptions]) -> Result:
        return self.request("GET", url, **options)

    def options(self, url: Union[str, URL], **options: Unpack[RequestOptions]) -> Result:
        return self.request("OPTIONS", url, **options)

    def head(self, url: Union[str, URL], **options: Unpack[RequestOptions]) -> Result:
        return self.request("HEAD", url, **options)

    def post(self, url: Union[str, URL], **options: Unpack[RequestOptions]) -> Result:
        return self.request("POST", url, **options)

    def put(self, url: Union[str, URL], **options: Unpack[RequestOptions]) -> Result:
        return self.request("PUT", url, **options)

    def patch(self, url: Union[str, URL], **options: Unpack[RequestOptions]) -> Result:
        return self.request("PATCH", url, **options)

    def delete(self, url: Union[str, URL], **options: Unpack[RequestOptions]) -> Result:
        return self.request("DELETE", url, **options)

    def query(self, url: Union[str, URL], **options: Unpack[RequestOptions]) -> Result:
        return self.request("QUERY", url, **options)


class AsyncTestClient(Verbs[Coroutine[Any, Any, ClientResponse]]):
    """Requests to an ASGI application in the caller's event loop, with the caller's context variables.

    `async with AsyncTestClient(app) as client` starts the application's lifespan and shuts it down; without
    it, requests work too. Cookies are kept, redirects followed, what the application raises is raised here.
    """

    __test__: ClassVar[bool] = False  # the name is no test's

    def __init__(
        self, app: ASGIApplication, base_url: str = "http://testserver", **options: Unpack[ClientOptions]
    ) -> None:
        check_names(options, CLIENT_OPTIONS)
        self.app = app
        self.base_url = resolve(TEST_SERVER, base_url)
        self.headers = options.get("headers") or {}
        self.cookies = options.get("cookies") or {}
        self.follow_redirects = options.get("follow_redirects", True)
        self.timeout = options.get("timeout", DEFAULT_TIMEOUT)
        raising = options.get("raise_server_exceptions", True)
        extensions = {
            "http.response.early_hint": {},
            **({RAISE: {}} if raising else {}),
            **options.get("extensions", {}),
        }
        server = Server(options.get("client", ("127.0.0.1", 50000)), options.get("root_path", ""), extensions)
        self._driver = Driver(app, server, raising)
        self._lifespan: Optional[Lifespan] = None

    @property
    def headers(self) -> MutableHeaders:
        """Sent with every request; those that are set stand beside the client's own four."""
        return self._headers

    @headers.setter
    def headers(self, headers: HeaderValues) -> None:
        self._headers = MutableHeaders(merge(AGENT.copy(), headers))

    @property
    def cookies(self) -> Cookies:
        """What the application has set so far, and the test."""
        return self._cookies

    @cookies.setter
    def cookies(self, cookies: Mapping[str, str]) -> None:
        self._cookies = Cookies(cookies, self.base_url.hostname or "")

    # The application's life

    async def __aenter__(self) -> "AsyncTestClient":
        if self._lifespan is not None:
            raise RuntimeError("this client is open already")
        self._lifespan = Lifespan()
        try:
            await self._lifespan.startup(self.app, self._driver.server.lifespan_scope(), self.timeout)
        except BaseException:
            self._lifespan = None
            raise
        return self

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        lifespan, self._lifespan = self._lifespan, None
        if lifespan is not None:
            await lifespan.shutdown(self.timeout)

    # Requests

    async def request(
        self, method: str, url: Union[str, URL], **options: Unpack[RequestOptions]
    ) -> ClientResponse:
        return await self._follow(self._build(method, url, options), options, self._driver.answer)

    def stream(self, method: str, url: Union[str, URL], **options: Unpack[RequestOptions]) -> AsyncStream:
        """`async with client.stream("GET", url) as response`: read the body while it is made."""
        request = self._build(method, url, options)
        return AsyncStream(self._driver, lambda answer: self._follow(request, options, answer))

    def websocket_connect(
        self, url: Union[str, URL], subprotocols: Sequence[str] = (), **options: Unpack[SocketOptions]
    ) -> AsyncWebSocketSession:
        """`async with client.websocket_connect(url) as socket`; a refusal raises `WebSocketDenied`."""
        check_names(options, SOCKET_OPTIONS)
        defaults = upgrade_headers(self.headers, self.base_url, subprotocols)
        # A TypedDict loses its types in a comprehension.
        given: RequestOptions = {key: value for key, value in options.items() if key != "timeout"}  # type: ignore[assignment]
        request = build_request("GET", self.base_url, str(url), given, defaults, self.cookies)
        return AsyncWebSocketSession(self._driver, request, self.cookies, options.get("timeout", GRACE))

    def _build(self, method: str, url: Union[str, URL], options: RequestOptions) -> ClientRequest:
        return build_request(method, self.base_url, str(url), options, self.headers, self.cookies)

    async def _follow(
        self, request: ClientRequest, options: RequestOptions, answer: Answer
    ) -> ClientResponse:
        """Ask for one answer after another until one is no redirect, keeping the cookies of each."""
        following = options.get("follow_redirects", self.follow_redirects)
        history: List[ClientResponse] = []
        while True:
            response = await answer(request, options.get("timeout", self.timeout))
            response.history = history.copy()
            cookies = response.headers.getlist("set-cookie")
            if cookies:
                self.cookies.read(request.url, cookies)
                response.cookies.read(request.url, cookies)
            if not following or not response.has_redirect_location:
                return response
            if len(history) == MAX_REDIRECTS:
                raise TooManyRedirects(f"{history[0].request.name} was redirected {MAX_REDIRECTS} times")
            history.append(response)
            request = redirected(request, response.status_code, response.headers["location"], self.cookies)
