"""The proxy: a cache before an origin that it does not control, over real HTTP (RFC 9111)."""

import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Dict, List, Tuple

import pytest

from examples.proxy import METHODS, WHOLE, Origin, create_app
from microframe import Application, Request, Response
from microframe.http.conditional import format_http_date
from microframe.middleware.cache import CacheMiddleware
from tests.caching.origin import NOW, Clock
from tests.scopes import Exchange, call
from tests.servers import refused_port
from tests.wire import get, served

Headers = Dict[str, str]


class Upstream:
    """An origin that answers as it is told, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: List[Request] = []
        self.bodies: List[bytes] = []
        self.headers: List[Tuple[str, str]] = []
        self.status = 200
        self.body = b""
        self.lock = threading.Lock()
        self.app = Application(openapi_url=None)
        self.app.add_api_route("/{path:path}", self.answer, methods=METHODS)

    async def answer(self, request: Request) -> Response:
        body = await request.body()
        with self.lock:
            self.asked.append(request)
            self.bodies.append(body)
        knows = (
            "etag" in dict(self.headers)
            and request.headers.get("if-none-match") == dict(self.headers)["etag"]
        )
        since = request.headers.get("if-modified-since")
        knows = knows or (since is not None and since == dict(self.headers).get("last-modified"))
        response = Response(self.body or f"answer {len(self.asked)}", 304 if knows else self.status)
        for name, value in self.headers:
            response.headers.append(name, value)
        return response

    @property
    def count(self) -> int:
        return len(self.asked)


class Proxied:
    """A proxy with a clock that stands still, and its origin."""

    def __init__(self, url: str, upstream: Upstream) -> None:
        self.clock = Clock()
        self.upstream = upstream
        self.app = create_app(url)
        self.app.add_middleware(CacheMiddleware, clock=self.clock)

    async def ask(
        self, path: str = "/", *pairs: Tuple[str, str], method: str = "GET", **more: Any
    ) -> Exchange:
        return await call(self.app, path, *pairs, method=method, **more)

    async def keeps(self, *headers: Tuple[str, str]) -> bool:
        """Whether an answer with these headers is sent a second time without asking."""
        self.upstream.headers = list(headers)
        path = f"/{self.upstream.count}"
        await self.ask(path)
        before = self.upstream.count
        await self.ask(path)
        return self.upstream.count == before


def date(seconds: float) -> str:
    return format_http_date(NOW + seconds)


def every(exchange: Exchange, name: bytes) -> List[str]:
    """All values of a header."""
    return [value.decode() for key, value in exchange.sent[0]["headers"] if key == name]


@contextmanager
def proxied() -> Iterator[Proxied]:
    upstream = Upstream()
    with served(upstream.app, date_header=False) as server:
        yield Proxied(f"http://127.0.0.1:{server.port}", upstream)


async def test_an_answer_is_as_old_as_its_origin_says() -> None:
    with proxied() as proxy:
        proxy.upstream.headers = [("cache-control", "max-age=60"), ("age", "10"), ("date", date(-20))]
        first = await proxy.ask()
        assert (first.body, first.headers["via"]) == (b"answer 1", "1.1 microframe")
        proxy.clock.turn(39)
        kept = await proxy.ask()
        assert (kept.body, kept.headers["age"], kept.headers["cache-status"]) == (
            b"answer 1",
            "59",
            "MicroFrame; hit; ttl=1",
        )
        proxy.clock.turn(1)
        assert (await proxy.ask()).body == b"answer 2"


async def test_expires_counts_from_date() -> None:
    with proxied() as proxy:
        proxy.upstream.headers = [("expires", date(30)), ("date", date(-10))]
        await proxy.ask()
        proxy.clock.turn(29)
        assert (await proxy.ask()).headers["age"] == "39"
        proxy.clock.turn(1)
        assert (await proxy.ask()).body == b"answer 2"


@pytest.mark.parametrize(
    ("headers", "kept"),
    [
        ([("cache-control", "s-maxage=60")], True),
        ([("cache-control", "max-age=60, s-maxage=0")], False),
        ([("cache-control", "public, max-age=60"), ("cache-control", "must-revalidate")], True),
        ([("last-modified", date(-100_000)), ("date", date(0))], False),
        ([("cache-control", "public")], False),
        ([("cache-control", "max-age=60, private")], False),
        ([("cache-control", "max-age=60, No-Store")], False),
        ([("cache-control", "max-age=60"), ("set-cookie", "a=b")], False),
        ([("cache-control", "max-age=60"), ("vary", "*")], False),
        ([("cache-control", "max-age=60"), ("age", "60")], False),
        ([("cache-control", "max-age=60"), ("date", date(-61))], False),
        ([("expires", "0")], False),
        ([], False),
    ],
    ids=[*map(str, range(13))],
)
async def test_an_answer_is_kept_only_where_the_origin_lets(headers: Any, kept: bool) -> None:
    with proxied() as proxy:
        assert await proxy.keeps(*headers) is kept


@pytest.mark.parametrize(
    ("version", "asked"), [("etag", "if-none-match"), ("last-modified", "if-modified-since")]
)
async def test_a_stale_answer_is_confirmed_by_the_origin(version: str, asked: str) -> None:
    with proxied() as proxy:
        known = '"v1"' if version == "etag" else date(-500)
        proxy.upstream.headers = [("cache-control", "max-age=60"), ("date", date(0)), (version, known)]
        await proxy.ask()
        proxy.clock.turn(61)
        proxy.upstream.headers[1] = ("date", date(61))
        confirmed = await proxy.ask()
        assert (confirmed.status, confirmed.body) == (200, b"answer 1")
        assert proxy.upstream.asked[1].headers[asked] == known
        proxy.clock.turn(59)
        assert ((await proxy.ask()).headers["age"], proxy.upstream.count) == ("59", 2)
        assert (await proxy.ask("/", (asked, known))).status == 304
        # Another version takes its place.
        proxy.clock.turn(2)
        proxy.upstream.headers = [
            ("cache-control", "max-age=60"),
            (version, '"v2"' if version == "etag" else date(0)),
        ]
        assert (await proxy.ask()).body == b"answer 3"


async def test_a_conditional_request_is_answered_by_whoever_knows() -> None:
    with proxied() as proxy:
        proxy.upstream.headers = [("cache-control", "max-age=60"), ("etag", '"v1"')]
        assert (await proxy.ask("/", ("if-none-match", '"v1"'))).status == 304
        assert "if-none-match" not in proxy.upstream.asked[0].headers
        assert (await proxy.ask()).body == b"answer 1"
        assert proxy.upstream.count == 1


async def test_credentials_are_not_shared_unless_the_origin_says_so() -> None:
    with proxied() as proxy:
        for said, made in (("max-age=60", 2), ("public, max-age=60", 1)):
            proxy.upstream.headers = [("cache-control", said)]
            before = proxy.upstream.count
            for token in ("ada", "grace"):
                await proxy.ask(f"/{made}", ("authorization", f"Bearer {token}"))
            assert proxy.upstream.count - before == made
        assert proxy.upstream.asked[0].headers["authorization"] == "Bearer ada"


async def test_a_change_goes_through_and_forgets_what_was_kept() -> None:
    with proxied() as proxy:
        proxy.upstream.headers = [("cache-control", "max-age=60")]
        await proxy.ask("/a")
        changed = await proxy.ask("/a", ("content-length", "4"), method="POST", body=[b"news"])
        assert (changed.status, proxy.upstream.bodies[1]) == (200, b"news")
        assert (await proxy.ask("/a")).body == b"answer 3"


async def test_an_origin_that_is_away_is_502_or_an_older_answer() -> None:
    upstream = Upstream()
    with served(upstream.app, date_header=False) as server:
        proxy = Proxied(f"http://127.0.0.1:{server.port}", upstream)
        upstream.headers = [("cache-control", "max-age=1, stale-if-error=60")]
        await proxy.ask("/kept")
    proxy.clock.turn(30)
    stale = await proxy.ask("/kept")
    assert (stale.status, stale.body) == (200, b"answer 1")
    assert stale.headers["cache-status"] == "MicroFrame; fwd=stale; detail=failed"
    other = await proxy.ask("/other")
    assert (other.status, other.json["detail"]) == (502, "The origin does not answer.")
    proxy.clock.turn(31)
    assert (await proxy.ask("/kept")).status == 502


async def test_what_is_meant_for_the_proxy_goes_no_further() -> None:
    with proxied() as proxy:
        proxy.upstream.headers = [
            ("connection", "x-hop"),
            ("x-hop", "1"),
            ("x-end", "1"),
            ("keep-alive", "timeout=5"),
        ]
        found = await proxy.ask(
            "/a%20b;c/?x=1&x=2", ("connection", "x-mine, close"), ("x-mine", "1"), ("te", "trailers")
        )
        assert {"x-hop", "keep-alive", "connection", "date"}.isdisjoint(found.headers)
        assert found.headers["x-end"] == "1"
        seen = proxy.upstream.asked[0]
        assert {"x-mine", "te"}.isdisjoint(seen.headers)
        assert (seen.path, seen.query_string, seen.host, seen.headers["via"]) == (
            "/a%20b;c/",
            b"x=1&x=2",
            "testserver",
            "1.1 microframe",
        )


def test_over_real_connections() -> None:
    upstream = Upstream()
    upstream.headers = [("cache-control", "max-age=60")]
    with served(upstream.app) as origin, served(create_app(f"http://127.0.0.1:{origin.port}")) as proxy:
        first, again = proxy.get("/a%2Fb%20c?x=%20"), proxy.get("/a%2Fb%20c?x=%20")
        assert (first.body, again.body) == (b"answer 1", b"answer 1")
        assert 0 <= int(again.header("age") or -1) < 60
        assert again.header("date") is not None
        assert upstream.asked[0].url.path == "/a%2Fb%20c"
        assert proxy.get("/a/b%20c?x=%20").body == b"answer 2"
        head = proxy.ask(get("/head").replace(b"GET", b"HEAD", 1), "HEAD")
        assert (head.status, head.header("content-length")) == (200, "8")


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="is no address"):
        Origin("ftp://files.example")
    assert Origin("http://api.example").port == 80


async def test_an_origin_that_is_not_there_is_502() -> None:
    with refused_port() as port:
        assert (await call(create_app(f"http://127.0.0.1:{port}"))).status == 502


async def test_what_a_client_asks_of_caches_is_done() -> None:
    with proxied() as proxy:
        proxy.upstream.headers = [("cache-control", "max-age=60")]
        assert (await proxy.ask("/", ("cache-control", "only-if-cached"))).status == 504
        await proxy.ask("/", ("cache-control", "no-store"))
        assert (await proxy.ask()).body == b"answer 2"  # nothing of the first one was kept
        assert (await proxy.ask("/", ("cache-control", "no-cache"))).body == b"answer 3"
        assert (await proxy.ask()).body == b"answer 3"


async def test_answers_are_told_apart_by_what_the_origin_names() -> None:
    with proxied() as proxy:
        proxy.upstream.headers = [
            ("cache-control", "max-age=60"),
            ("vary", "Accept-Language, X-Forwarded-For"),
        ]
        german, english = ("accept-language", "de"), ("accept-language", "en")
        assert [(await proxy.ask("/", one)).body for one in (german, english, german, english)] == [
            b"answer 1",
            b"answer 2",
            b"answer 1",
            b"answer 2",
        ]


@pytest.mark.parametrize(
    ("status", "kept"), [(200, True), (404, True), (410, True), (500, False), (503, False)]
)
async def test_failures_that_pass_are_not_kept(status: int, kept: bool) -> None:
    with proxied() as proxy:
        proxy.upstream.status = status
        assert await proxy.keeps(("cache-control", "max-age=60")) is kept


async def test_what_is_not_kept_is_passed_on_as_it_is() -> None:
    with proxied() as proxy:
        proxy.upstream.headers = [
            ("age", "7"),
            ("set-cookie", "a=1"),
            ("set-cookie", "b=2"),
            ("via", "1.1 inner"),
        ]
        found = await proxy.ask()
        assert found.headers["age"] == "7"
        assert every(found, b"set-cookie") == ["a=1", "b=2"]
        assert every(found, b"via") == ["1.1 inner", "1.1 microframe"]


# Parts ---------------------------------------------------------------------------------------------------------------


async def test_a_part_is_asked_of_the_origin_and_not_kept() -> None:
    with proxied() as proxy:
        proxy.upstream.status, proxy.upstream.body = 206, b"ns"
        proxy.upstream.headers = [("cache-control", "max-age=60"), ("content-range", "bytes 1-2/8")]
        for number in (1, 2):
            part = await proxy.ask("/", ("range", "bytes=1-2"))
            assert (part.status, part.body, part.headers["content-range"]) == (206, b"ns", "bytes 1-2/8")
            assert proxy.upstream.asked[-1].headers["range"] == "bytes=1-2"
            assert proxy.upstream.count == number
        proxy.upstream.status, proxy.upstream.body = 200, b""
        proxy.upstream.headers = [("cache-control", "max-age=60")]
        assert (await proxy.ask()).body == b"answer 3"


async def test_who_asks_for_a_part_of_what_is_kept_gets_the_whole() -> None:
    with proxied() as proxy:
        proxy.upstream.headers = [("cache-control", "max-age=60")]
        await proxy.ask()
        whole = await proxy.ask("/", ("range", "bytes=1-2"))
        assert (whole.status, whole.body, proxy.upstream.count) == (200, b"answer 1", 1)


async def test_an_origin_that_knows_no_parts_says_so() -> None:
    with proxied() as proxy:
        proxy.upstream.headers = [("cache-control", "max-age=60")]
        assert (await proxy.ask("/", ("range", "bytes=1-2"))).status == 200
        refused = await proxy.ask("/", ("range", "bytes=1-2"), ("cache-control", "only-if-cached"))
        assert refused.status == 504


# HEAD, and what changes something ------------------------------------------------------------------------------------


async def test_head_is_answered_from_what_get_has_left_and_leaves_nothing() -> None:
    with proxied() as proxy:
        proxy.upstream.headers = [("cache-control", "max-age=60")]
        first = await proxy.ask("/", method="HEAD")
        assert (first.body, first.headers["content-length"], proxy.upstream.count) == (b"", "8", 1)
        assert (await proxy.ask("/")).body == b"answer 2"
        known = await proxy.ask("/", method="HEAD")
        assert (known.body, known.headers["age"], proxy.upstream.count) == (b"", "0", 2)


@pytest.mark.parametrize("method", ["DELETE", "PATCH", "POST", "PUT"])
async def test_only_a_change_that_went_well_forgets_and_also_where_it_says_that_it_was(method: str) -> None:
    with proxied() as proxy:
        kept = [("cache-control", "max-age=60")]
        proxy.upstream.headers = kept
        for path in ("/a", "/b", "/c"):
            await proxy.ask(path)
        proxy.upstream.status = 409
        await proxy.ask("/a", method=method)
        proxy.upstream.status = 200
        assert [(await proxy.ask(path)).body for path in ("/a", "/b")] == [b"answer 1", b"answer 2"]
        proxy.upstream.headers = [("location", "/b"), ("content-location", "http://elsewhere.example/c")]
        await proxy.ask("/a", method=method)
        proxy.upstream.headers = kept
        assert [(await proxy.ask(path)).body for path in ("/a", "/b", "/c")] == [
            b"answer 6",
            b"answer 7",
            b"answer 3",
        ]


async def test_a_stale_answer_may_be_sent_while_a_new_one_is_made() -> None:
    with proxied() as proxy:
        proxy.upstream.headers = [("cache-control", "max-age=1, stale-while-revalidate=30")]
        await proxy.ask()
        proxy.clock.turn(2)
        assert (await proxy.ask()).body == b"answer 1"
        assert proxy.upstream.count == 2
        assert (await proxy.ask()).body == b"answer 2"


async def test_no_client_says_what_only_proxies_say() -> None:
    with proxied() as proxy:
        await proxy.ask(
            "/", ("x-forwarded-for", "10.0.0.1"), ("forwarded", "for=10.0.0.1"), ("via", "1.0 mine")
        )
        seen = proxy.upstream.asked[0].headers
        assert {"x-forwarded-for", "forwarded"}.isdisjoint(seen)
        assert seen.getlist("via") == ["1.0 mine", "1.1 microframe"]


# Large answers, and those that are cut off ---------------------------------------------------------------------------


def test_a_large_answer_is_passed_on_and_not_kept() -> None:
    upstream = Upstream()
    upstream.headers = [("cache-control", "max-age=60")]
    upstream.body = bytes(range(256)) * (3 * WHOLE // 256) + b"end"
    with served(upstream.app) as origin, served(create_app(f"http://127.0.0.1:{origin.port}")) as proxy:
        for _ in range(2):
            answer = proxy.get("/large")
            assert answer.body == upstream.body
            assert answer.header("content-length") == str(len(upstream.body))
        assert upstream.count == 2


class Blunt:
    """A server that sends the same bytes to whoever connects, and closes."""

    def __init__(self, said: bytes) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.said = said
        self.count = 0
        self.thread = threading.Thread(target=self.serve, daemon=True)

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(65_536)
                self.count += 1
                connection.sendall(self.said)

    def __enter__(self) -> "Blunt":
        self.thread.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"


KEPT = b"HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\n"


@pytest.mark.parametrize(
    "said",
    [
        KEPT + b"Content-Length: 10\r\n\r\nfour",
        KEPT + b"Transfer-Encoding: chunked\r\n\r\n4\r\nfour\r\n",
        b"SSH-2.0-server\r\n",
        b"",
    ],
    ids=["length", "chunked", "none", "nothing"],
)
async def test_an_answer_that_is_cut_off_or_none_is_502_and_not_kept(said: bytes) -> None:
    with Blunt(said) as blunt:
        app = create_app(blunt.url)
        assert [(await call(app)).status for _ in range(2)] == [502, 502]
        assert blunt.count == 2


async def test_an_older_origin_is_named_as_what_it_is() -> None:
    with Blunt(b"HTTP/1.0 200 OK\r\nCache-Control: max-age=60\r\n\r\nold") as blunt:
        app = create_app(blunt.url)
        found = await call(app)
        assert (found.body, found.headers["via"]) == (b"old", "1.0 microframe")


def test_a_large_answer_that_is_cut_off_is_seen_to_be_so() -> None:
    said = KEPT + b"Content-Length: %d\r\n\r\n" % (3 * WHOLE) + b"x" * (2 * WHOLE)
    with (
        Blunt(said) as blunt,
        served(create_app(blunt.url)) as proxy,
        pytest.raises(http.client.HTTPException),
    ):
        proxy.get("/")
