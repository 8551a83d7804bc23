"""The access log: one line for each exchange, whatever the client sends."""

import io
import json
import logging
import sys
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from typing import Any, Callable, Optional

import pytest

from microframe import AppConfig, Application, WebSocket
from microframe.asgi.access import Exchange, watch
from microframe.cli.access_log import ACCESS, build_report
from microframe.cli.logs import LogStyle
from microframe.http.background import BackgroundTasks
from microframe.http.responses import StreamingResponse

Message = dict[str, Any]
App = Callable[[Any, Any, Any], Awaitable[None]]


async def ask(app: App, path: str = "/", *, fails: bool = False, **scope: Any) -> list[Message]:
    """One request, as a server makes it."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    async def send(message: Message) -> None:
        sent.append(message)

    head = {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": b"",
        "headers": [(b"host", b"localhost")],
        "client": ("10.1.2.3", 1234),
        **scope,
    }
    if fails:
        with pytest.raises(ZeroDivisionError):
            await app(head, receive, send)
    else:
        await app(head, receive, send)
    return sent


class Reports(list[Exchange]):
    def only(self) -> Exchange:
        assert len(self) == 1
        return self[0]


def watched(app: App) -> tuple[App, Reports]:
    reports = Reports()
    return watch(app, reports.append), reports


# What is seen ---------------------------------------------------------------------------------------------------


async def test_an_answer_is_reported_with_its_status_and_size() -> None:
    app = Application(AppConfig())

    @app.get("/")
    async def index() -> str:
        return "hello"

    seen, reports = watched(app)
    sent = await ask(seen)
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert (reports.only().status, reports.only().size) == (200, len('"hello"'))
    assert 0 < reports.only().seconds < 5


async def test_the_pieces_of_a_streaming_answer_are_counted_together() -> None:
    app = Application(AppConfig())

    @app.get("/")
    async def index() -> StreamingResponse:
        async def pieces() -> Any:
            yield b"abc"
            yield b"de"

        return StreamingResponse(pieces())

    seen, reports = watched(app)
    await ask(seen)
    assert reports.only().size == 5


async def test_a_request_is_reported_before_its_background_tasks() -> None:
    app = Application(AppConfig())
    seen, reports = watched(app)
    reported: list[int] = []

    @app.get("/")
    async def index(tasks: BackgroundTasks) -> None:
        tasks.add_task(lambda: reported.append(len(reports)))

    await ask(seen)
    assert reported == [1]
    assert len(reports) == 1


async def test_an_application_that_raises_is_a_500() -> None:
    async def fail(scope: Any, receive: Any, send: Any) -> None:
        raise ZeroDivisionError

    seen, reports = watched(fail)
    await ask(seen, fails=True)
    assert reports.only().status == 500


async def test_a_client_that_left_before_the_answer_has_no_status() -> None:
    async def leave(scope: Any, receive: Any, send: Any) -> None: ...

    seen, reports = watched(leave)
    await ask(seen)
    assert reports.only().status == 0


async def test_a_file_that_the_server_sends_has_the_size_it_declares() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"70")]})
        await send({"type": "http.response.pathsend", "path": "/tmp/file"})

    seen, reports = watched(app)
    await ask(seen)
    assert reports.only().size == 70


async def test_parts_that_the_server_sends_are_counted_with_what_stands_between_them() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 206, "headers": []})
        await send({"type": "http.response.body", "body": b"head", "more_body": True})
        part = {"type": "http.response.zerocopysend", "file": None, "offset": 5, "count": 70}
        await send({**part, "more_body": True})
        await send({"type": "http.response.body", "body": b"end"})

    seen, reports = watched(app)
    await ask(seen)
    assert (reports.only().status, reports.only().size) == (206, 77)


async def test_the_lifespan_is_no_exchange() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "lifespan.startup.complete"})

    seen, reports = watched(app)
    assert await ask(seen, type="lifespan") == [{"type": "lifespan.startup.complete"}]
    assert reports == []


@pytest.mark.parametrize(("path", "status"), [("/live", 101), ("/refused", 403), ("/missing", 404)])
async def test_a_socket_is_reported_once_it_has_ended(path: str, status: int) -> None:
    app = Application(AppConfig())

    @app.websocket("/live")
    async def live(socket: WebSocket) -> None:
        await socket.accept()
        assert reports == []

    @app.websocket("/refused")
    async def refused(socket: WebSocket) -> None: ...

    seen, reports = watched(app)
    extensions: Message = {"websocket.http.response": {}} if status == 404 else {}
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "websocket", "path": path, "query_string": b"", "headers": [(b"host", b"x")]}
    await seen({**scope, "extensions": extensions}, receive, send)
    assert reports.only().status == status, sent


# What is written ------------------------------------------------------------------------------------------------


def exchange(path: str = "/", raw: Optional[bytes] = None, **scope: Any) -> Exchange:
    made = Exchange({"type": "http", "method": "GET", "path": path, "raw_path": raw, "headers": [], **scope})
    made.scope.setdefault("client", ("10.1.2.3", 1234))
    made.status, made.size, made.seconds = 200, 12, 0.0015
    return made


@contextmanager
def output() -> Iterator[io.StringIO]:
    before, sys.stdout = sys.stdout, io.StringIO()
    try:
        yield sys.stdout
    finally:
        sys.stdout = before


WITH_ID = AppConfig(request_id_header="x-request-id")


def written(one: Exchange, config: AppConfig = WITH_ID, style: LogStyle = LogStyle()) -> str:
    with output() as stream:
        build_report(config, style)(one)
    lines = stream.getvalue().split("\n")
    assert lines.pop() == ""
    assert len(lines) == 1
    return lines[0]


def test_a_line_has_time_client_method_path_status_bytes_milliseconds_and_id() -> None:
    one = exchange("/cards", b"/cards?token=secret")
    one.headers = [(b"x-request-id", b"abc-1")]
    assert written(one)[10:].partition("Z ")[2] == "10.1.2.3 GET /cards 200 12 1.5ms abc-1"


def test_json_lines_have_a_field_for_each() -> None:
    line = json.loads(written(exchange("/cards"), style=LogStyle(as_json=True)))
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "info",
        "logger": "microframe.access",
        "message": "10.1.2.3 GET /cards 200 12 1.5ms -",
        "client": "10.1.2.3",
        "method": "GET",
        "path": "/cards",
        "status": 200,
        "bytes": 12,
        "milliseconds": 1.5,
        "request_id": None,
    }


@pytest.mark.parametrize(
    ("path", "raw", "shown"),
    [
        ("/\r\nFAKE LOG\x1b[2J", b"/%0d%0aFAKE%20LOG%1b[2J", "/%0d%0aFAKE%20LOG%1b[2J"),
        ("/\r\nFAKE LOG\x1b[2J", None, "/%0D%0AFAKE%20LOG%1B%5B2J"),
        ("/x", b"/\r\nFAKE \x1b[2J\x7f\x85\xe2\x80\xa8", "/%0D%0AFAKE%20%1B[2J%7F%85%E2%80%A8"),
        ("/köln\u2028", None, "/k%C3%B6ln%E2%80%A8"),
        ("/a b 200 0 0ms -", None, "/a%20b%20200%200%200ms%20-"),
    ],
)
def test_nothing_in_a_path_can_begin_another_line_or_field(
    path: str, raw: Optional[bytes], shown: str
) -> None:
    one = exchange(path, raw)
    assert written(one).split()[3] == shown
    assert json.loads(written(one, style=LogStyle(as_json=True)))["path"] == shown
    assert "\x1b" not in written(one)


def test_nothing_in_a_method_or_request_id_can_begin_another_line() -> None:
    one = exchange(method="GET\r\n")
    one.headers = [(b"x-request-id", b"a\r\n b")]
    assert written(one).split()[2:] == ["GET%0D%0A", "/", "200", "12", "1.5ms", "a%0D%0A%20b"]


def test_without_a_header_for_it_there_is_no_request_id() -> None:
    one = exchange()
    one.headers = [(b"x-request-id", b"abc-1"), (b"", b"x")]
    assert written(one, AppConfig()).endswith("1.5ms -")


def test_an_exchange_without_an_answer_has_a_dash_for_its_status() -> None:
    one = exchange(client=None)
    one.status = 0
    assert written(one).split()[1:5] == ["-", "GET", "/", "-"]
    assert json.loads(written(one, style=LogStyle(as_json=True)))["status"] is None


def test_the_client_is_the_one_behind_trusted_proxies() -> None:
    headers = [(b"x-forwarded-for", b"9.9.9.9")]
    trusting = AppConfig(trusted_proxies=["10.0.0.0/8"])
    assert written(exchange(headers=headers)).split()[1] == "10.1.2.3"
    assert written(exchange(headers=headers), trusting).split()[1] == "9.9.9.9"
    assert written(exchange(headers=headers, client=("8.8.8.8", 1)), trusting).split()[1] == "8.8.8.8"
    assert written(exchange(), trusting).split()[1] == "10.1.2.3"


def test_colours_are_for_terminals() -> None:
    one = exchange()
    one.status = 404
    line = written(one, style=LogStyle(coloured=True))
    assert "\x1b[33m10.1.2.3 GET / 404" in line
    assert line.endswith("\x1b[0m")


def test_a_logger_with_a_handler_is_given_records_instead() -> None:
    records: list[logging.LogRecord] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(record)

    logger, handler = logging.getLogger(ACCESS), Handler()
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        with output() as stream:
            build_report(AppConfig(), LogStyle())(exchange("/cards"))
    finally:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)
    assert stream.getvalue() == ""
    assert [(record.getMessage(), vars(record)["path"]) for record in records] == [
        ("10.1.2.3 GET /cards 200 12 1.5ms -", "/cards")
    ]


def test_a_reader_that_has_gone_does_not_stop_the_server() -> None:
    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    before, sys.stdout = sys.stdout, Closed()
    try:
        build_report(AppConfig(), LogStyle())(exchange())
    finally:
        sys.stdout = before
