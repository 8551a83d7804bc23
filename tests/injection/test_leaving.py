"""Leaving: resources close too when the client goes, the task is cancelled, or a middleware drops the answer."""

import asyncio
import logging
import threading
from typing import Annotated, Any, AsyncIterator, Callable, Iterator, List

import pytest

from microframe import Application, Depends, HTTPException, Request, Response, StreamingResponse, WebSocket
from microframe.http.responses import PlainTextResponse
from microframe.testing import AsyncTestClient
from tests.connections import make_request
from tests.waiting import turns, until
from tests.wire import LIMIT

Events = List[str]


@pytest.fixture
def events() -> Events:
    return []


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)


def asynchronous(events: Events) -> Callable[..., AsyncIterator[str]]:
    async def resource() -> AsyncIterator[str]:
        events.append("open")
        try:
            yield "value"
        except BaseException as exc:
            events.append(type(exc).__name__)
            raise
        finally:
            # A clean-up takes its time: it is not cut short by what ended the work.
            await asyncio.sleep(0.001)
            events.append("closed")

    return resource


def blocking(events: Events) -> Callable[..., Iterator[str]]:
    def resource() -> Iterator[str]:
        events.append("open")
        try:
            yield "value"
        except BaseException as exc:
            events.append(type(exc).__name__)
            raise
        finally:
            events.append("closed")

    return resource


kinds = pytest.mark.parametrize("kind", [asynchronous, blocking])


class Server:
    """Speaks to an application as a server does, one message at a time; the client leaves when it is told to."""

    def __init__(self, app: Application, path: str = "/") -> None:
        self.sent: List[Any] = []
        self.left = asyncio.Event()
        self.started = asyncio.Event()
        self.fails = False
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [(b"host", b"example.com")],
            "client": ("127.0.0.1", 50000),
            "server": ("127.0.0.1", 80),
            "extensions": {},
        }
        self.asked = False
        self.task = asyncio.ensure_future(app(scope, self.receive, self.send))

    async def receive(self) -> Any:
        if not self.asked:
            self.asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if self.fails:
            raise OSError("the client is gone")
        self.sent.append(message)
        self.started.set()

    @property
    def status(self) -> Any:
        return self.sent[0]["status"] if self.sent else None


async def wait_for_event(events: Events, name: str) -> None:
    await until(lambda: name in events)


@kinds
async def test_a_cancelled_handler_closes_what_it_opened(kind: Any, events: Events) -> None:
    app = Application()

    @app.get("/")
    async def show(value: Annotated[str, Depends(kind(events))]) -> None:
        events.append("handler")
        await asyncio.sleep(60)

    server = Server(app)
    await wait_for_event(events, "handler")
    server.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await server.task
    assert events == ["open", "handler", "CancelledError", "closed"]
    app.injector.threads.close()


@kinds
async def test_a_client_that_leaves_a_stream_closes_its_resources(kind: Any, events: Events) -> None:
    app = Application()

    @app.get("/")
    async def show(value: Annotated[str, Depends(kind(events))]) -> Response:
        async def pieces() -> AsyncIterator[bytes]:
            try:
                while True:
                    yield b"piece"
                    await asyncio.sleep(0.001)
            finally:
                events.append("stream ended")

        return StreamingResponse(pieces())

    server = Server(app)
    await server.started.wait()
    server.left.set()
    await asyncio.wait_for(server.task, LIMIT)
    assert events == ["open", "stream ended", "ClientDisconnect", "closed"]
    app.injector.threads.close()


@kinds
async def test_a_server_that_cannot_send_any_more_closes_them(kind: Any, events: Events) -> None:
    app = Application()

    @app.get("/")
    async def show(value: Annotated[str, Depends(kind(events))]) -> str:
        return value

    server = Server(app)
    server.fails = True
    await asyncio.wait([server.task], timeout=LIMIT)
    assert server.task.done()
    server.task.exception()
    assert (events[0], events[-1]) == ("open", "closed")
    app.injector.threads.close()


@kinds
async def test_cancel_on_disconnect_ends_the_handler_and_closes(kind: Any, events: Events) -> None:
    app = Application()

    @app.get("/", cancel_on_disconnect=True)
    async def show(value: Annotated[str, Depends(kind(events))]) -> None:
        events.append("handler")
        await asyncio.sleep(60)

    server = Server(app)
    await wait_for_event(events, "handler")
    server.left.set()
    await asyncio.wait_for(server.task, LIMIT)
    assert events == ["open", "handler", "CancelledError", "closed"]
    assert server.sent == []
    app.injector.threads.close()


async def test_without_it_the_handler_goes_on(events: Events) -> None:
    app = Application()

    @app.get("/")
    async def show(value: Annotated[str, Depends(asynchronous(events))]) -> str:
        events.append("handler")
        await asyncio.sleep(0.01)
        events.append("done")
        return value

    server = Server(app)
    await wait_for_event(events, "handler")
    server.left.set()
    await asyncio.wait_for(server.task, LIMIT)
    assert events == ["open", "handler", "done", "closed"]


async def test_a_blocking_resource_that_opens_while_the_work_is_cancelled_is_closed(events: Events) -> None:
    app = Application()
    entered, go_on = threading.Event(), threading.Event()

    def slow() -> Iterator[None]:
        entered.set()
        go_on.wait(LIMIT)
        events.append("open")
        try:
            yield
        finally:
            events.append("closed")

    @app.get("/")
    async def show(nothing: Annotated[None, Depends(slow)]) -> None:
        events.append("handler")

    server = Server(app)
    await until(entered.is_set)
    server.task.cancel()
    await turns()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(server.task, LIMIT)
    await wait_for_event(events, "closed")
    assert events == ["open", "closed"]
    app.injector.threads.close()


async def test_a_cancelled_blocking_handler_has_its_resources_until_its_thread_ends(events: Events) -> None:
    app = Application()
    entered, go_on = threading.Event(), threading.Event()

    @app.get("/")
    def show(value: Annotated[str, Depends(asynchronous(events))]) -> None:
        entered.set()
        go_on.wait(LIMIT)
        events.append("thread ended")

    server = Server(app)
    await until(entered.is_set)
    for _ in range(3):
        server.task.cancel()
        await asyncio.sleep(0.001)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(server.task, LIMIT)
    assert events == ["open", "thread ended", "CancelledError", "closed"]
    app.injector.threads.close()


async def test_a_blocking_function_cancelled_before_its_turn_is_not_called(events: Events) -> None:
    app = Application(threads=1)
    entered, go_on = threading.Event(), threading.Event()

    @app.get("/")
    def show() -> None:
        entered.set()
        go_on.wait(LIMIT)
        events.append("called")

    first = Server(app)
    await until(entered.is_set)
    second = Server(app)
    await turns()
    second.task.cancel()
    await turns()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(second.task, LIMIT)
    await asyncio.wait_for(first.task, LIMIT)
    assert events == ["called"]
    app.injector.threads.close()


async def test_a_middleware_that_drops_the_answer_closes_nothing_early(events: Events) -> None:
    app = Application()

    @app.get("/")
    async def show(value: Annotated[str, Depends(asynchronous(events))]) -> str:
        return value

    @app.middleware("http")
    async def instead(request: Request, call_next: Any) -> Response:
        await call_next(request)
        events.append("dropped")
        return PlainTextResponse("instead")

    response = await AsyncTestClient(app).get("/")
    assert response.text == "instead"
    assert events == ["open", "dropped", "closed"]


async def test_a_middleware_that_raises_after_the_handler_tells_the_resources(events: Events) -> None:
    app = Application()

    @app.get("/")
    async def show(value: Annotated[str, Depends(asynchronous(events))]) -> str:
        return value

    @app.middleware("http")
    async def fail(request: Request, call_next: Any) -> Response:
        await call_next(request)
        raise HTTPException(502)

    response = await AsyncTestClient(app).get("/")
    assert response.status_code == 502
    assert (events[0], events[-1]) == ("open", "closed")


@kinds
@pytest.mark.virtual_time
async def test_a_socket_task_that_is_cancelled_closes_its_resources(kind: Any, events: Events) -> None:
    app = Application()

    @app.websocket("/")
    async def live(socket: WebSocket, value: Annotated[str, Depends(kind(events))]) -> None:
        await socket.accept()
        await socket.send_text(value)
        await asyncio.sleep(60)

    async def connect() -> None:
        async with AsyncTestClient(app).websocket_connect("/") as socket:
            await socket.receive_text()
            events.append("seen")
            await asyncio.sleep(60)

    task = asyncio.ensure_future(connect())
    await wait_for_event(events, "seen")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (events[:2], events[-1]) == (["open", "seen"], "closed")
    app.injector.threads.close()


async def test_a_context_closes_everything_though_one_raises(events: Events) -> None:
    request = make_request()

    def closer(name: str, fails: bool) -> Any:
        async def close(error: Any) -> None:
            events.append(f"{name} {type(error).__name__}")
            if fails:
                raise LookupError(name)

        return close

    for name, fails in (("a", False), ("b", True), ("c", True), ("d", False)):
        request.on_close(closer(name, fails))
    with pytest.raises(LookupError, match="b"):
        async with request:
            events.append("inside")
    assert events == ["inside", "d NoneType", "c NoneType", "b LookupError", "a LookupError"]
