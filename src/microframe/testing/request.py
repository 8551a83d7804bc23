"""Request: what a test asks for, as the message it becomes."""

from base64 import b64encode
from dataclasses import dataclass
from secrets import token_bytes
from typing import Any, Iterable, Mapping, Optional, Sequence, Tuple, TypedDict, Union

from microframe.http.headers import Headers, RawHeaders, check_header, find
from microframe.http.url import URL
from microframe.testing.address import Params, follow, host_of, origin_of, resolve
from microframe.testing.body import Body, encode_body, framing
from microframe.testing.cookies import SECURE, Cookies
from microframe.testing.multipart import Fields, Files

HeaderValues = Union[Mapping[str, Optional[str]], Iterable[Tuple[str, Optional[str]]]]
Auth = Tuple[str, str]

TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")


class RequestOptions(TypedDict, total=False):
    """What can be said of a request. Its body is one of `json`, `content`, and `data` and `files` together.

    A header given as None is not sent. `timeout` is in seconds, None for no limit.
    """

    params: Optional[Params]
    headers: Optional[HeaderValues]
    cookies: Optional[Mapping[str, str]]
    json: Any
    data: Union[Fields, Body, str, None]
    content: Union[Body, str, None]
    files: Optional[Files]
    auth: Optional[Auth]
    follow_redirects: bool
    timeout: Optional[float]


@dataclass(frozen=True)
class ClientRequest:
    """One request as it was sent. `body` is bytes, or what its pieces are read from."""

    method: str
    url: URL
    headers: Headers
    body: Body

    @property
    def content(self) -> bytes:
        """The body as bytes.

        Raises:
            RuntimeError: it was read from an iterable, and is gone.
        """
        if not isinstance(self.body, bytes):
            raise RuntimeError("this body was streamed from an iterable; it is not kept")
        return self.body

    @property
    def name(self) -> str:
        """Names the request in messages."""
        return f"{self.method} {self.url.path}"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.method} {self.url}>"


def check_names(options: Mapping[str, object], known: Iterable[str]) -> None:
    """Refuse an option that nobody reads, as a call with an unknown keyword is refused."""
    if not options.keys() <= set(known):
        unknown = ", ".join(sorted(options.keys() - set(known)))
        raise TypeError(f"unexpected keyword arguments: {unknown}")


KNOWN = frozenset(RequestOptions.__annotations__)


def check_method(method: str) -> str:
    """A method in capitals.

    Raises:
        ValueError: it is no token (RFC 9110 §9.1).
    """
    name = method.upper()
    if not name or not TOKEN.issuperset(name):
        raise ValueError(f"{method!r} cannot be the method of a request")
    return name


def build_request(
    method: str, base: URL, url: str, options: RequestOptions, defaults: Headers, jar: Cookies
) -> ClientRequest:
    """Make the message of a request; everything in it is checked before anything is sent.

    Raises:
        ValueError: method, URL, header or cookie has something in it that no request can carry.
        TypeError: an option that does not exist, or a body that is none.
    """
    check_names(options, KNOWN)
    name, target = check_method(method), resolve(base, url, options.get("params"))
    host = [] if find(defaults.raw, b"host") is not None else [(b"host", host_of(target).encode("ascii"))]
    headers = merge([*host, *defaults.raw], options.get("headers"))
    body, described = encode_body(options, headers)
    headers += [pair for pair in described if find(headers, pair[0]) is None]
    headers += framing(name, body, headers)
    auth = options.get("auth")
    if auth is not None:
        headers = merge(headers, {"authorization": basic(auth)})
    if find(headers, b"cookie") is None or options.get("cookies"):
        headers = with_cookies(headers, target, jar, options.get("cookies"))
    return ClientRequest(name, target, Headers(headers), body)


def merge(defaults: RawHeaders, given: Optional[HeaderValues]) -> RawHeaders:
    """Headers, with those given in the place of their namesakes; one given as None is not sent at all."""
    if not given:
        return defaults
    pairs = [(name, value) for name, value in (given.items() if isinstance(given, Mapping) else given)]
    checked = [(check_header(name, value or ""), value is None) for name, value in pairs]
    names = {pair[0] for pair, _ in checked}
    return [pair for pair in defaults if pair[0] not in names] + [pair for pair, gone in checked if not gone]


def upgrade_headers(defaults: Headers, page: URL, subprotocols: Sequence[str]) -> Headers:
    """The headers of a handshake (RFC 6455 §4.1), as a page of this origin sends them."""
    scheme = "https" if page.scheme in SECURE else "http"
    own = {
        "accept": None,
        "accept-encoding": None,
        "connection": "Upgrade",
        "upgrade": "websocket",
        "origin": f"{scheme}://{host_of(page)}",
        "sec-websocket-key": b64encode(token_bytes(16)).decode("ascii"),
        "sec-websocket-version": "13",
    }
    if subprotocols:
        own["sec-websocket-protocol"] = ", ".join(subprotocols)
    return Headers(merge(defaults.raw, own))


def basic(auth: Auth) -> str:
    """User and password as an Authorization header (RFC 7617)."""
    return f"Basic {b64encode(':'.join(auth).encode()).decode('ascii')}"


def with_cookies(
    headers: RawHeaders, url: URL, jar: Cookies, given: Optional[Mapping[str, str]]
) -> RawHeaders:
    """Headers with the cookies that belong to this URL; those given go before the jar's."""
    if not given:
        value = jar.header(url)
    else:
        own = Cookies(given)
        kept = [pair for pair in jar.header(url).split("; ") if pair and pair.partition("=")[0] not in own]
        value = "; ".join([*kept, own.header(url)])
    return [*headers, (b"cookie", value.encode("latin-1"))] if value else headers


# Redirects --------------------------------------------------------------------------------------------------


def redirected(request: ClientRequest, status: int, location: str, jar: Cookies) -> ClientRequest:
    """The request that a redirect asks for (RFC 9110 §15.4).

    303, and 301 and 302 after a POST, become GET without a body. Credentials stay in their origin.

    Raises:
        RuntimeError: the body has to be sent again, and it was streamed.
    """
    url, method, body = follow(request.url, location), request.method, request.body
    gone = {b"cookie", b"host"}
    if (status == 303 and method != "HEAD") or (status in (301, 302) and method == "POST"):
        method, body = "GET", b""
        gone |= {b"content-length", b"content-type", b"transfer-encoding"}
    elif not isinstance(body, bytes):
        raise RuntimeError(f"{request.name} is redirected, and its streamed body cannot be sent again")
    if origin_of(url) != origin_of(request.url):
        gone |= {b"authorization", b"proxy-authorization"}
    kept = [pair for pair in request.headers.raw if pair[0] not in gone]
    headers = [(b"host", host_of(url).encode("ascii")), *kept]
    return ClientRequest(method, url, Headers(with_cookies(headers, url, jar, None)), body)
