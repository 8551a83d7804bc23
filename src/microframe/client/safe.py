"""Safe: an HTTP client for addresses that somebody else has given: web hooks, avatars, keys of an identity provider."""

import asyncio
from types import TracebackType
from typing import Any, List, Mapping, Optional, Sequence, Tuple, Type, Union
from urllib.parse import urljoin

from microframe.client.addresses import parse_networks
from microframe.client.destination import (
    ClientError,
    Destination,
    RefusedURL,
    Resolver,
    addresses_of,
    read_destination,
    resolve,
)
from microframe.exceptions import SetupError
from microframe.extras import requires_extra
from microframe.http.headers import check_header

with requires_extra("client"):
    import httpx2

__all__ = ["AnswerTooLarge", "ClientError", "RefusedURL", "SafeHTTPClient", "TookTooLong"]

REDIRECTS = frozenset([301, 302, 303, 307, 308])
OWN = frozenset(["host", "connection", "content-length", "transfer-encoding", "accept-encoding", "upgrade"])
"""Headers that say how a request travels, and where."""
MEGABYTE = 1_048_576
Sent = Tuple[List[Tuple[str, str]], bytes]
"""Headers and body of a request."""


class TookTooLong(ClientError):
    """No whole answer came in time."""

    http_status = 504


class AnswerTooLarge(ClientError):
    """An answer is larger than it may be, or packed so that its size is not known."""


class SafeHTTPClient:
    """Asks URLs that came from outside, and nothing of this machine or this network.

    The name in a URL is looked up once, every address that it has must be on the internet, and the connection goes to
    just that address: what the DNS says a moment later changes nothing. TLS still asks for the name. Only `schemes` and
    `ports` are asked, and addresses in `allowed_networks` besides. A GET or HEAD follows at most `max_redirects` to the
    same origin, each looked at anew. An answer has `timeout` seconds in all, and `max_size` bytes.

    It uses no proxy, no cookies and no connection twice, and believes no variable of the environment.

    Raises:
        SetupError: something of it cannot be meant.
    """

    def __init__(
        self,
        *,
        schemes: Sequence[str] = ("https",),
        ports: Sequence[int] = (443,),
        allowed_networks: Sequence[str] = (),
        timeout: float = 10.0,
        max_size: int = MEGABYTE,
        max_redirects: int = 3,
        verify: Any = True,
        resolver: Resolver = resolve,
    ) -> None:
        if not schemes or not set(schemes) <= {"http", "https"} or isinstance(schemes, str):
            raise SetupError('SafeHTTPClient: schemes are a list of "https" and "http"')
        if not ports or not all(0 < port < 65_536 for port in ports):
            raise SetupError("SafeHTTPClient: ports are a list of numbers from 1 to 65535")
        if not 0 < timeout < float("inf") or max_size < 1 or max_redirects < 0:
            raise SetupError(
                "SafeHTTPClient: timeout and max_size are positive, max_redirects is not negative"
            )
        self._schemes, self._ports = frozenset(schemes), frozenset(ports)
        self._networks = parse_networks(allowed_networks)
        self._timeout, self._max_size, self._max_redirects = timeout, max_size, max_redirects
        self._resolver = resolver
        # A connection that is used again was opened for another name, perhaps: TLS has asked for that one.
        limits = httpx2.Limits(max_keepalive_connections=0)
        self._transport = httpx2.AsyncHTTPTransport(
            verify=verify, trust_env=False, http2=False, limits=limits, retries=0
        )

    async def __aenter__(self) -> "SafeHTTPClient":
        return self

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close it."""
        await self._transport.aclose()

    async def get(self, url: str, *, headers: Optional[Mapping[str, str]] = None) -> "httpx2.Response":
        """`request("GET", …)`."""
        return await self.request("GET", url, headers=headers)

    async def post(
        self, url: str, *, content: Union[str, bytes] = b"", headers: Optional[Mapping[str, str]] = None
    ) -> "httpx2.Response":
        """`request("POST", …)`."""
        return await self.request("POST", url, content=content, headers=headers)

    async def request(
        self,
        method: str,
        url: str,
        *,
        content: Union[str, bytes] = b"",
        headers: Optional[Mapping[str, str]] = None,
    ) -> "httpx2.Response":
        """The whole answer of a URL, whatever its status.

        Raises:
            RefusedURL: the URL, or one that it sends on to, is not asked.
            TookTooLong: there is no whole answer in time.
            AnswerTooLarge: it has more than `max_size` bytes, or is packed.
            ClientError: nobody answers, or not with HTTP.
            ValueError: a header or the method cannot be sent.
        """
        sent = [(name, value) for name, value in map(check_pair, (headers or {}).items()) if name not in OWN]
        body = content.encode() if isinstance(content, str) else content
        try:
            return await asyncio.wait_for(
                self._follow(check_method(method), url, (sent, body)), self._timeout
            )
        except asyncio.TimeoutError:
            raise TookTooLong(f"no whole answer within {self._timeout:g} seconds") from None

    async def _follow(self, method: str, url: str, sent: Sent) -> "httpx2.Response":
        first = read_destination(url, self._schemes, self._ports)
        for _ in range(self._max_redirects + 1):
            answer = await self._ask(method, url, sent)
            location = answer.headers.get("location")
            if answer.status_code not in REDIRECTS or location is None or method not in ("GET", "HEAD"):
                return answer
            url = urljoin(url, location)
            if read_destination(url, self._schemes, self._ports) != first:
                raise RefusedURL(f"{first.name} sends on to another origin")
        raise RefusedURL(f"{first.name} sends on more than {self._max_redirects} times")

    async def _ask(self, method: str, url: str, sent: Sent) -> "httpx2.Response":
        """One request, to an address that is looked at first."""
        destination = read_destination(url, self._schemes, self._ports)
        addresses = await addresses_of(destination, self._resolver, self._networks)
        failure: Optional[Exception] = None
        for address in addresses:
            request = self._build(method, url, destination, address, sent)
            try:
                return await self._send(request, url)
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as exc:
                failure = exc
            except httpx2.HTTPError as exc:
                raise ClientError(f"{destination.name} does not answer as HTTP says") from exc
        raise ClientError(f"{destination.name} does not answer") from failure

    def _build(
        self, method: str, url: str, destination: Destination, address: str, sent: Sent
    ) -> "httpx2.Request":
        """A request that goes to this address, and asks it for the host that the URL names."""
        headers, body = sent
        try:
            pinned = httpx2.URL(url).copy_with(
                host=address, port=destination.port, userinfo=b"", fragment=None
            )
        except httpx2.InvalidURL as exc:
            raise RefusedURL("this is no URL") from exc
        own = [("host", destination.authority), ("accept-encoding", "identity"), ("connection", "close")]
        left = self._timeout
        extensions = {
            "sni_hostname": destination.name,
            "timeout": {"connect": left, "read": left, "write": left, "pool": left},
        }
        return httpx2.Request(
            method, pinned, headers=[*own, *headers], content=body or None, extensions=extensions
        )

    async def _send(self, request: "httpx2.Request", url: str) -> "httpx2.Response":
        answer = await self._transport.handle_async_request(request)
        try:
            if answer.headers.get("content-encoding", "identity").lower() not in ("", "identity"):
                raise AnswerTooLarge("the answer is packed, though it was asked for as it is")
            pieces, size = [], 0
            async for piece in answer.aiter_raw():
                size += len(piece)
                if size > self._max_size:
                    raise AnswerTooLarge(f"the answer has more than {self._max_size} bytes")
                pieces.append(piece)
        finally:
            await answer.aclose()
        headers = [pair for pair in answer.headers.raw if pair[0].lower() != b"transfer-encoding"]
        whole = httpx2.Request(request.method, url)
        return httpx2.Response(answer.status_code, headers=headers, content=b"".join(pieces), request=whole)


def check_pair(pair: Tuple[str, str]) -> Tuple[str, str]:
    name, value = check_header(*pair)
    return name.decode("ascii"), value.decode("latin-1")


def check_method(method: str) -> str:
    if not method.isascii() or not method.isalpha():
        raise ValueError(f"{method!r} is no method")
    return method.upper()
