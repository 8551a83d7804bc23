"""WSGI: an application of the older protocol answers as an endpoint does, and is held to its rules."""

import asyncio
import contextlib
import functools
import sys
import threading
from typing import Any, AsyncIterator, Callable, Dict, Iterable, Iterator, List, Optional, Tuple
from wsgiref.validate import validator

import pytest

from microframe import Application
from microframe.concurrency import Threads
from microframe.endpoint import Endpoint
from microframe.exceptions import ClientDisconnect, PayloadTooLargeException
from microframe.http.request import Request
from microframe.http.responses import Response
from microframe.testing import TestClient
from microframe.wsgi import IN_MEMORY, as_wsgi_endpoint, is_wsgi
from tests.connections import body_of, header_of, make_request
from tests.wire import LIMIT

Environ = Dict[str, Any]
Start = Callable[..., Any]

PLAIN = [("Content-Type", "text/plain")]


@contextlib.asynccontextmanager
async def serving(app: Any, request: Request, size: int = 4) -> AsyncIterator[Response]:
    """The answer of a WSGI application; the request and the threads end with the block."""
    threads = Threads(size)
    try:
        async with request:
            yield await as_wsgi_endpoint(app, threads)(request)
    finally:
        await asyncio.get_running_loop().run_in_executor(None, threads.close)


async def call(app: Any, request: Optional[Request] = None) -> Tuple[Response, bytes]:
    """The answer and its whole body, of an application that keeps to PEP 3333."""
    async with serving(validator(app), request or make_request()) as response:
        return response, await body_of(response)


async def environ_of(request: Request) -> Environ:
    seen: Environ = {}

    def app(environ: Environ, start_response: Start) -> Iterable[bytes]:
        seen.update(environ)
        start_response("200 OK", PLAIN)
        return [b""]

    await call(app, request)
    return seen


# Answers ----------------------------------------------------------------------------------------------------


async def test_an_answer_has_status_headers_and_body() -> None:
    def app(environ: Environ, start_response: Start) -> Iterable[bytes]:
        headers = [*PLAIN, ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("X-Name", "caf\xe9")]
        start_response("201 Created", headers)
        return [b"Hello, ", b"", b"world"]

    response, body = await call(app)
    assert response.status_code == 201
    assert body == b"Hello, world"
    assert header_of(response, "content-type") == "text/plain"
    assert response.headers.getlist("set-cookie") == ["a=1", "b=2"]
    assert header_of(response, "x-name") == "caf\xe9"


async def test_a_list_is_one_body() -> None:
    def app(environ: Environ, start_response: Start) -> Iterable[bytes]:
        start_response("200 OK", PLAIN)
        return [b"one", b"two"]

    async with serving(app, make_request()) as response:
        assert response.body == b"onetwo"


async def test_a_first_piece_as_long_as_was_said_is_the_whole_body() -> None:
    def app(environ: Environ, start_response: Start) -> Iterator[bytes]:
        start_response("200 OK", [*PLAIN, ("Content-Length", "3")])
        yield b"one"

    async with serving(app, make_request()) as response:
        assert response.body == b"one"


async def test_a_generator_may_start_the_answer_itself() -> None:
    def app(environ: Environ, start_response: Start) -> Iterator[bytes]:
        start_response("200 OK", PLAIN)
        yield b"one"
        yield b"two"

    response, body = await call(app)
    assert body == b"onetwo"
    assert response.chunked


async def test_an_empty_answer_is_one() -> None:
    def app(environ: Environ, start_response: Start) -> Iterable[bytes]:
        start_response("204 No Content", [])
        return []

    response, body = await call(app)
    assert (response.status_code, body) == (204, b"")


async def test_write_comes_before_what_is_returned() -> None:
    def app(environ: Environ, start_response: Start) -> Iterable[bytes]:
        write = start_response("200 OK", PLAIN)
        write(b"one ")
        write(b"two ")
        return [b"three"]

    assert (await call(app))[1] == b"one two three"


async def test_hop_by_hop_headers_are_the_server_s() -> None:
    def app(environ: Environ, start_response: Start) -> Iterable[bytes]:
        start_response("200 OK", [*PLAIN, ("Connection", "close"), ("Transfer-Encoding", "chunked")])
        return [b""]

    async with serving(app, make_request()) as response:
        assert [name for name, _ in response.raw_headers] == [b"content-type"]


# The environment --------------------------------------------------------------------------------------------


async def test_the_environment_tells_the_request() -> None:
    headers = [
        ("X-One", "1"),
        ("X-One", "2"),
        ("Cookie", "a=1"),
        ("Cookie", "b=2"),
        ("Content-Type", "text/css"),
    ]
    request = make_request(
        "/a", "PUT", headers, root_path="/mounted", query=b"q=%20\xe9", client="2001:db8::1"
    )
    environ = await environ_of(request)
    assert environ["REQUEST_METHOD"] == "PUT"
    assert environ["SCRIPT_NAME"] == "/mounted"
    assert environ["PATH_INFO"] == "/a"
    assert environ["QUERY_STRING"] == "q=%20\xe9"
    assert environ["HTTP_X_ONE"] == "1,2"
    assert environ["HTTP_COOKIE"] == "a=1; b=2"
    assert environ["HTTP_HOST"] == "example.com"
    assert environ["CONTENT_TYPE"] == "text/css"
    assert environ["REMOTE_ADDR"] == "2001:db8::1"
    assert (environ["SERVER_NAME"], environ["SERVER_PORT"]) == ("127.0.0.1", "8000")
    assert environ["SERVER_PROTOCOL"] == "HTTP/1.1"
    assert environ["wsgi.url_scheme"] == "http"
    assert "HTTP_CONTENT_TYPE" not in environ
    assert "CONTENT_LENGTH" not in environ


async def test_paths_are_latin_1_whatever_they_mean() -> None:
    environ = await environ_of(make_request("/é/\u20ac", root_path="/ü"))
    assert environ["PATH_INFO"].encode("latin-1").decode() == "/é/\u20ac"
    assert environ["SCRIPT_NAME"].encode("latin-1").decode() == "/ü"


async def test_an_encoded_slash_is_decoded() -> None:
    request = make_request("/a%2Fb%25c")
    request.escaped = True
    assert (await environ_of(request))["PATH_INFO"] == "/a/b%c"


async def test_what_guards_have_found_out_is_told() -> None:
    from microframe.middleware.proxy import trust_proxies

    told = {"X-Forwarded-For": "198.51.100.9", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "shop.test"}
    request = make_request(headers=told, client="10.0.0.1")
    await trust_proxies(["10.0.0.1"])(request)
    environ = await environ_of(request)
    assert environ["REMOTE_ADDR"] == "198.51.100.9"
    assert environ["wsgi.url_scheme"] == "https"
    assert environ["HTTP_HOST"] == "shop.test"


async def test_behind_a_unix_socket_the_host_stands_for_the_server() -> None:
    request = make_request(host="shop.test:8443", client=None, scheme="https")
    request.edge.server = ("/run/app.sock", None)  # type: ignore[misc]
    environ = await environ_of(request)
    assert (environ["SERVER_NAME"], environ["SERVER_PORT"]) == ("shop.test", "8443")
    assert "REMOTE_ADDR" not in environ


# Bodies -----------------------------------------------------------------------------------------------------


def echo(environ: Environ, start_response: Start) -> Iterable[bytes]:
    start_response("200 OK", [*PLAIN, ("X-Length", environ.get("CONTENT_LENGTH", "none"))])
    return [environ["wsgi.input"].read(-1)]


@pytest.mark.parametrize("size", [0, 1, IN_MEMORY, IN_MEMORY + 1, 3 * IN_MEMORY])
async def test_a_body_comes_whole(size: int) -> None:
    sent = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    pieces = [sent[at : at + 100_000] for at in range(0, size, 100_000)]
    response, body = await call(echo, make_request(method="POST", body=pieces))
    assert body == sent
    assert header_of(response, "x-length") == (str(size) if size else "none")


async def test_the_length_is_that_of_the_body_and_not_what_was_said() -> None:
    request = make_request(
        method="POST", headers={"Content-Length": "0", "Transfer-Encoding": "chunked"}, body=[b"abc"]
    )
    environ = await environ_of(request)
    assert environ["CONTENT_LENGTH"] == "3"
    assert "HTTP_TRANSFER_ENCODING" not in environ
    assert "HTTP_CONTENT_LENGTH" not in environ


async def test_lines_can_be_read() -> None:
    def app(environ: Environ, start_response: Start) -> Iterable[bytes]:
        start_response("200 OK", PLAIN)
        lines = [environ["wsgi.input"].readline(), *environ["wsgi.input"]]
        return [b"|".join(lines)]

    assert (await call(app, make_request(method="POST", body=[b"a\nb", b"\nc"])))[1] == b"a\n|b\n|c"


async def test_a_body_past_the_budget_never_reaches_the_application() -> None:
    called = []

    def app(environ: Environ, start_response: Start) -> Iterable[bytes]:
        called.append(1)
        return []

    with pytest.raises(PayloadTooLargeException):
        await call(app, make_request(method="POST", body=[b"x" * 60, b"x" * 60], body_limit=100))
    with pytest.raises(ClientDisconnect):
        await call(app, make_request(method="POST", body=[b"x", None]))
    assert not called


# Errors -----------------------------------------------------------------------------------------------------


class Closable:
    """An answer that notes that it was closed."""

    def __init__(self, pieces: Iterable[bytes], fails_to_close: bool = False) -> None:
        self.pieces = iter(pieces)
        self.closed = 0
        self.threads: List[int] = []
        self.fails_to_close = fails_to_close

    def __iter__(self) -> "Closable":
        return self

    def __next__(self) -> bytes:
        self.threads.append(threading.get_ident())
        return next(self.pieces)

    def close(self) -> None:
        self.threads.append(threading.get_ident())
        self.closed += 1
        if self.fails_to_close:
            raise ValueError("in close")


def answering(result: Iterable[bytes], headers: "Optional[List[Tuple[str, str]]]" = None) -> Any:
    def app(environ: Environ, start_response: Start) -> Iterable[bytes]:
        start_response("200 OK", headers or PLAIN)
        return result

    return app


def failing(*pieces: bytes) -> Iterator[bytes]:
    yield from pieces
    raise ValueError("in the answer")


async def test_what_the_application_raises_is_the_request_s_failure() -> None:
    def app(environ: Environ, start_response: Start) -> Iterable[bytes]:
        raise ValueError("at once")

    with pytest.raises(ValueError, match="at once"):
        await call(app)


async def test_an_answer_that_fails_before_its_first_piece_is_no_answer() -> None:
    answer = Closable(failing())
    with pytest.raises(ValueError, match="in the answer"):
        await call(answering(answer))
    assert answer.closed == 1


async def test_an_answer_that_fails_in_the_middle_breaks_the_body() -> None:
    answer = Closable(failing(b"one"))
    async with serving(answering(answer), make_request()) as response:
        with pytest.raises(ValueError, match="in the answer"):
            await body_of(response)
    assert answer.closed == 1


async def test_the_answer_is_closed_after_the_last_piece() -> None:
    answer = Closable([b"one", b"two"])
    assert (await call(answering(answer)))[1] == b"onetwo"
    assert answer.closed == 1


async def test_a_failure_to_close_breaks_the_body() -> None:
    answer = Closable([b"one", b"two"], fails_to_close=True)
    async with serving(answering(answer), make_request()) as response:
        with pytest.raises(ValueError, match="in close"):
            await body_of(response)


async def test_a_failure_to_close_after_the_body_is_not_lost() -> None:
    answer = Closable([b"one"], fails_to_close=True)
    request = make_request()
    threads = Threads(1)
    response = await as_wsgi_endpoint(answering(answer, [*PLAIN, ("Content-Length", "3")]), threads)(request)
    assert await body_of(response) == b"one"
    assert isinstance(await request.close_resources(), ValueError)
    await asyncio.get_running_loop().run_in_executor(None, threads.close)


async def test_an_error_may_change_the_answer_until_it_is_sent() -> None:
    def app(environ: Environ, start_response: Start) -> Iterable[bytes]:
        start_response("200 OK", PLAIN)
        try:
            raise ValueError("found out in time")
        except ValueError:
            start_response("503 Busy", [*PLAIN, ("X-Error", "yes")], sys.exc_info())
        return [b"sorry"]

    response, body = await call(app)
    assert (response.status_code, body) == (503, b"sorry")
    assert header_of(response, "x-error") == "yes"


async def test_an_error_after_the_first_piece_is_raised_again() -> None:
    def app(environ: Environ, start_response: Start) -> Iterable[bytes]:
        write = start_response("200 OK", PLAIN)
        write(b"one")
        try:
            raise ValueError("too late")
        except ValueError:
            start_response("500 Error", PLAIN, sys.exc_info())
        return [b"never"]

    async with serving(validator(app), make_request()) as response:
        assert response.status_code == 200
        with pytest.raises(ValueError, match="too late"):
            await body_of(response)


def starts_twice(environ: Environ, start_response: Start) -> Iterable[bytes]:
    start_response("200 OK", PLAIN)
    start_response("200 OK", PLAIN)
    return []


def never_starts(environ: Environ, start_response: Start) -> Iterable[bytes]:
    return []


def sends_first(environ: Environ, start_response: Start) -> Iterable[bytes]:
    yield b"one"


def too_long(environ: Environ, start_response: Start) -> Iterable[bytes]:
    start_response("200 OK", [*PLAIN, ("Content-Length", "2")])
    return [b"three"]


@pytest.mark.parametrize(
    ("app", "message"),
    [
        (starts_twice, "twice"),
        (never_starts, "did not call start_response"),
        (sends_first, "before it called start_response"),
        (too_long, "more than its Content-Length"),
        (answering(iter(["text"])), "sends bytes, not str"),  # type: ignore[arg-type]
        (answering(b"text"), "sends bytes, not int"),  # type: ignore[arg-type]
    ],
)
async def test_an_application_that_breaks_the_rules_is_told(app: Any, message: str) -> None:
    with pytest.raises((RuntimeError, TypeError), match=message):
        async with serving(app, make_request()) as response:
            await body_of(response)


@pytest.mark.parametrize(
    "status", ["OK", "", "20", "2000 OK", "\xb2\xb2\xb2 OK", "100 Continue", "-20 OK", "200OK"]
)
async def test_what_is_no_status_is_refused(status: str) -> None:
    def app(environ: Environ, start_response: Start) -> Iterable[bytes]:
        start_response(status, PLAIN)
        return []

    with pytest.raises(ValueError, match="status of a WSGI answer"):
        async with serving(app, make_request()):
            pass


@pytest.mark.parametrize("value", ["a\r\nX: 1", "a\nb", "a\x00b", "\u20ac"])
async def test_a_header_cannot_be_split(value: str) -> None:
    with pytest.raises(ValueError, match="header"):
        async with serving(answering([], [("X-Value", value)]), make_request()):
            pass


# Threads ----------------------------------------------------------------------------------------------------


async def test_one_thread_makes_the_whole_answer() -> None:
    answer = Closable([b"one", b"two", b"three"])

    def app(environ: Environ, start_response: Start) -> Iterable[bytes]:
        answer.threads.append(threading.get_ident())
        start_response("200 OK", PLAIN)
        return answer

    await call(app)
    assert len(answer.threads) >= 5
    assert len(set(answer.threads)) == 1
    assert answer.threads[0] != threading.get_ident()


async def test_the_application_waits_for_a_slow_reader() -> None:
    made = []

    def pieces() -> Iterator[bytes]:
        for number in range(1000):
            made.append(number)
            yield b"x"

    async with serving(answering(pieces()), make_request()) as response:
        assert not isinstance(response.body, bytes)
        chunks = response.chunks()
        for read in range(1, 20):
            assert await chunks.__anext__() == b"x"
            await asyncio.sleep(0.005)
            assert len(made) <= read + 6
        await chunks.aclose()  # type: ignore[attr-defined]
    assert len(made) < 30


async def test_each_piece_is_sent_before_the_next_is_made() -> None:
    go_on = threading.Event()

    def pieces() -> Iterator[bytes]:
        yield b"first"
        assert go_on.wait(LIMIT)
        yield b"second"

    async with serving(answering(pieces()), make_request()) as response:
        chunks = response.chunks()
        assert await chunks.__anext__() == b"first"
        go_on.set()
        assert await chunks.__anext__() == b"second"
        assert [piece async for piece in chunks] == []


async def test_an_answer_nobody_reads_is_closed() -> None:
    answer = Closable(b"x" for _ in range(1_000_000))
    async with serving(answering(answer), make_request()):
        pass
    assert answer.closed == 1
    assert len(answer.threads) < 20


async def test_a_writer_learns_that_the_client_has_gone() -> None:
    seen: List[BaseException] = []

    def app(environ: Environ, start_response: Start) -> Iterable[bytes]:
        write = start_response("200 OK", PLAIN)
        try:
            while True:
                write(b"x")
        except OSError as exc:
            seen.append(exc)
            raise

    async with serving(app, make_request()):
        pass
    assert len(seen) == 1


async def test_a_request_that_is_cancelled_while_it_waits_for_a_thread_never_calls() -> None:
    called = []
    busy = threading.Event()

    def app(environ: Environ, start_response: Start) -> Iterable[bytes]:
        called.append(environ["PATH_INFO"])
        if environ["PATH_INFO"] == "/first":
            assert busy.wait(LIMIT)
        start_response("200 OK", PLAIN)
        return [b""]

    threads = Threads(1)
    endpoint = as_wsgi_endpoint(app, threads)

    async def ask(path: str) -> None:
        async with make_request(path) as request:
            await endpoint(request)  # type: ignore[arg-type]

    first, second = asyncio.ensure_future(ask("/first")), asyncio.ensure_future(ask("/second"))
    while not called:
        await asyncio.sleep(0.001)
    second.cancel()
    await asyncio.sleep(0)
    busy.set()
    await first
    with pytest.raises(asyncio.CancelledError):
        await second
    await asyncio.get_running_loop().run_in_executor(None, threads.close)
    assert called == ["/first"]


async def test_requests_run_at_the_same_time() -> None:
    meeting = threading.Barrier(3, timeout=LIMIT)

    def app(environ: Environ, start_response: Start) -> Iterable[bytes]:
        meeting.wait()
        start_response("200 OK", PLAIN)
        return [environ["PATH_INFO"].encode()]

    threads = Threads(3)
    endpoint: Endpoint = as_wsgi_endpoint(app, threads)

    async def ask(path: str) -> object:
        request = make_request(path)
        async with request:
            return (await endpoint(request)).body

    paths = ["/a", "/b", "/c"]
    assert await asyncio.gather(*map(ask, paths)) == [b"/a", b"/b", b"/c"]
    await asyncio.get_running_loop().run_in_executor(None, threads.close)


# Mounted ----------------------------------------------------------------------------------------------------


def test_a_mounted_application_answers_below_its_path() -> None:
    def legacy(environ: Environ, start_response: Start) -> Iterable[bytes]:
        start_response("200 OK", PLAIN)
        place = f"{environ['SCRIPT_NAME']}|{environ['PATH_INFO']}|{environ['QUERY_STRING']}|"
        return [place.encode("latin-1"), environ["wsgi.input"].read(100)]

    checked = validator(legacy)
    app = Application()
    # What takes `*args` may be anything, so the validator says here what it takes.
    app.mount("/legacy", lambda environ, start_response: checked(environ, start_response))
    with TestClient(app) as client:
        answer = client.post("/legacy/a%20b/é?q=1", content=b"body")
        assert answer.status_code == 200
        assert answer.text == "/legacy|/a b/é|q=1|body"
        assert client.get("/other").status_code == 404


def test_a_mounted_application_that_fails_is_a_500() -> None:
    def legacy(environ: Environ, start_response: Start) -> Iterable[bytes]:
        raise ValueError("told to nobody")

    app = Application()
    app.mount("/legacy", legacy)
    with TestClient(app, raise_server_exceptions=False) as client:
        answer = client.get("/legacy/")
        assert answer.status_code == 500
        assert "told to nobody" not in answer.text
    with TestClient(app) as client, pytest.raises(ValueError, match="told to nobody"):
        client.get("/legacy/")


# Telling it -------------------------------------------------------------------------------------------------


def function(environ: Environ, start_response: Start) -> Iterable[bytes]:
    return []


def with_default(
    environ: Environ, start_response: Start, extra: int = 0, *more: int, **named: int
) -> Iterable[bytes]:
    return []


class LikeDjango:
    def __call__(self, environ: Environ, start_response: Start) -> Iterable[bytes]:
        return []


class LikeFlask:
    def wsgi_app(self, environ: Environ, start_response: Start) -> Iterable[bytes]:
        return []

    def __call__(self, *args: Any, **named: Any) -> Iterable[bytes]:
        return []


class LikeQuart:
    async def asgi_app(self, scope: Any, receive: Any, send: Any) -> None:
        return None

    def wsgi_app(self) -> None:
        return None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        return None


class InTheOldWay:
    def __init__(self, environ: Environ, start_response: Start) -> None:
        self.environ = environ


class Methods:
    def wsgi(self, environ: Environ, start_response: Start) -> Iterable[bytes]:
        return []

    def other(self, environ: Environ) -> Iterable[bytes]:
        return []


def wrapped(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **named: Any) -> Any:
        return function(*args, **named)

    return wrapper


@pytest.mark.parametrize(
    "app",
    [
        function,
        with_default,
        wrapped(function),
        functools.partial(with_default, extra=1),
        LikeDjango(),
        LikeFlask(),
        InTheOldWay,
        Methods().wsgi,
    ],
)
def test_a_wsgi_application_is_told(app: object) -> None:
    assert is_wsgi(app)


async def asgi(scope: Any, receive: Any, send: Any) -> None:
    return None


async def native(request: Request) -> Response:
    return Response()


async def two(scope: Any, receive: Any) -> None:
    return None


@pytest.mark.parametrize(
    "app",
    [
        asgi,
        native,
        two,
        LikeQuart(),
        Application(),
        Methods().other,
        lambda scope, receive, send: None,
        lambda *args: None,
        lambda one, *, two: None,
        int,
        "text",
        None,
    ],
)
def test_what_is_no_wsgi_application_is_told_too(app: object) -> None:
    assert not is_wsgi(app)
