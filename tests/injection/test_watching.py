"""Watching: a handler that is to end with its client costs a task only once it waits with its body read."""

import asyncio
import contextvars
import sys
import threading
from typing import Annotated, Any, AsyncIterator, Awaitable, Callable, Dict, List, Optional, Tuple

import pytest

from microframe import Application, Depends, Request, Response, Router
from tests.conftest import new_loop, settle
from tests.waiting import until

pytestmark = pytest.mark.virtual_time

STAYS = 60.0  # seconds that anything may take
seen: contextvars.ContextVar[str] = contextvars.ContextVar("seen", default="")


class Client:
    """Sends a request, its body piece by piece when it is told to, and leaves when it is told to."""

    def __init__(self, app: Any, path: str = "/", method: str = "GET", **head: Any) -> None:
        self.messages: asyncio.Queue[Dict[str, Any]] = asyncio.Queue()
        self.sent: List[Dict[str, Any]] = []
        self.taken = 0
        length = head.pop("length", None)
        headers = [(b"host", b"example.com")]
        headers += [(b"content-length", str(length).encode())] if length is not None else []
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": headers,
            "client": ("127.0.0.1", 50000),
            **head,
        }
        self.task = asyncio.ensure_future(app(scope, self.receive, self.send))

    def piece(self, body: bytes, more: bool = False) -> None:
        self.messages.put_nowait({"type": "http.request", "body": body, "more_body": more})

    def leave(self) -> None:
        self.messages.put_nowait({"type": "http.disconnect"})

    async def receive(self) -> Dict[str, Any]:
        message = await self.messages.get()
        self.taken += 1
        return message

    async def send(self, message: Any) -> None:
        self.sent.append(message)

    async def end(self) -> None:
        await asyncio.wait_for(self.task, STAYS)


class Handlers:
    """Handlers that wait, and what became of them."""

    def __init__(self) -> None:
        self.events: List[str] = []
        self.go_on = asyncio.Event()

    async def wait(self) -> str:
        self.events.append("waits")
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.events.append("cancelled")
            raise
        self.events.append("goes on")
        return "done"

    async def until(self, event: str, times: int = 1) -> None:
        await until(lambda: self.events.count(event) >= times)


def count_tasks() -> List[Any]:
    """Every task made in this loop from now on."""
    made: List[Any] = []
    loop = asyncio.get_running_loop()

    def factory(loop: Any, coroutine: Any, **options: Any) -> Any:
        task: asyncio.Task[Any] = asyncio.Task(coroutine, loop=loop, **options)
        made.append(task)
        return task

    loop.set_task_factory(factory)
    return made


async def pause() -> None:
    """Long enough for a look at who is inside."""
    await asyncio.sleep(0.03)


def watching(**options: Any) -> Application:
    return Application(cancel_on_disconnect=True, **options)


async def test_a_handler_that_does_not_wait_makes_no_task() -> None:
    app = watching()

    @app.get("/")
    async def show() -> str:
        return "shown"

    @app.post("/")
    async def add(request: Request) -> int:
        return len(await request.body())

    tasks = count_tasks()
    for _ in range(20):
        client = Client(app)
        await client.end()
        assert client.sent[0]["status"] == 200
    await pause()
    assert len(tasks) == 20 + sum("wait_for" in repr(task) for task in tasks)


async def test_while_the_body_is_awaited_there_is_no_task_and_nobody_else_takes_it() -> None:
    app, handlers = watching(), Handlers()

    @app.post("/")
    async def add(request: Request) -> int:
        body = await request.body()
        await handlers.wait()
        return len(body)

    client = Client(app, method="POST", length=6)
    tasks = count_tasks()
    await pause()
    client.piece(b"abc", more=True)
    await pause()
    assert tasks == []
    client.piece(b"def")
    await handlers.until("waits")
    await pause()
    assert len(tasks) == 1
    client.leave()
    await client.end()
    assert handlers.events == ["waits", "cancelled"]
    assert client.sent == []


@pytest.mark.parametrize("head", [{"length": 6}, {"http_version": "2"}], ids=["length", "http2"])
async def test_a_body_that_is_read_late_is_all_there(head: Dict[str, Any]) -> None:
    app, handlers = watching(), Handlers()

    @app.post("/")
    async def add(request: Request) -> str:
        await handlers.wait()
        return (await request.body()).decode()

    client = Client(app, method="POST", **head)
    client.piece(b"abc", more=True)
    client.piece(b"def")
    await handlers.until("waits")
    await pause()
    assert client.taken == 0
    handlers.go_on.set()
    await client.end()
    assert client.sent[1]["body"] == b'"abcdef"'


@pytest.mark.parametrize("length", [None, 0])
async def test_a_request_that_has_no_body_is_watched_though_nobody_reads(length: Optional[int]) -> None:
    app, handlers = watching(), Handlers()
    app.post("/")(handlers.wait)
    client = Client(app, method="POST", length=length)
    await handlers.until("waits")
    client.leave()
    await client.end()
    assert handlers.events == ["waits", "cancelled"]


async def test_the_server_that_stops_is_not_taken_for_a_client_that_leaves() -> None:
    app, handlers = watching(), Handlers()
    app.get("/")(handlers.wait)
    client = Client(app)
    await handlers.until("waits")
    await pause()
    client.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await client.task
    assert handlers.events == ["waits", "cancelled"]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="tasks do not count who cancels them")
async def test_the_server_that_stops_as_the_client_leaves_is_obeyed() -> None:
    app, handlers = watching(), Handlers()
    app.get("/")(handlers.wait)
    client = Client(app)
    await handlers.until("waits")
    await pause()
    client.leave()
    while not client.task.cancelling():
        await asyncio.sleep(0)
    client.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await client.task


async def test_a_handler_that_does_not_want_to_end_may_answer_and_waits_again() -> None:
    app, events = watching(), Handlers()

    @app.get("/")
    async def stay() -> str:
        try:
            await events.wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0.01)
            events.events.append("stays")
        return "done"

    client = Client(app)
    await events.until("waits")
    client.leave()
    await client.end()
    assert events.events == ["waits", "cancelled", "stays"]
    if sys.version_info >= (3, 11):
        assert client.task.cancelling() == 0


async def test_each_client_ends_its_own_handler() -> None:
    app, handlers = watching(), Handlers()
    app.get("/")(handlers.wait)
    clients = [Client(app) for _ in range(50)]
    await handlers.until("waits", times=50)
    for client in clients[::2]:
        client.leave()
    await handlers.until("cancelled", times=25)
    handlers.go_on.set()
    for client in clients:
        await client.end()
    assert [bool(client.sent) for client in clients] == [False, True] * 25


async def test_variables_that_a_handler_sets_are_seen_around_it() -> None:
    app, found = watching(), []

    @app.get("/")
    async def show() -> str:
        await asyncio.sleep(0.01)
        seen.set("set by the handler")
        return "shown"

    @app.middleware("http")
    async def around(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await call_next(request)
        found.append(seen.get())
        return response

    await Client(app).end()
    assert found == ["set by the handler"]


@pytest.mark.parametrize("inner_too", [True, False])
async def test_what_is_mounted_is_cancelled_once(inner_too: bool) -> None:
    events, handlers = [], Handlers()

    async def resource() -> AsyncIterator[None]:
        try:
            yield
        finally:
            await asyncio.sleep(0.01)  # cancelled once more it would not come to its end
            events.append("closed")

    inner = Application(cancel_on_disconnect=inner_too)

    @inner.get("/wait")
    async def wait(nothing: Annotated[None, Depends(resource)]) -> None:
        await handlers.wait()

    router, outer = Router(cancel_on_disconnect=True), Application()
    router.mount("/inner", inner)
    outer.include_router(router)
    client = Client(outer, "/inner/wait")
    await handlers.until("waits")
    await pause()
    assert client.taken == 0
    client.leave()
    await client.end()
    assert (handlers.events, events, client.sent) == (["waits", "cancelled"], ["closed"], [])


async def test_what_is_mounted_may_fail_and_answer_as_ever() -> None:
    inner, outer, router = Application(), Application(), Router(cancel_on_disconnect=True)

    @inner.get("/fails")
    async def fails() -> None:
        await asyncio.sleep(0.01)
        raise LookupError

    router.mount("/inner", inner)
    outer.include_router(router)
    for path, status in (("/inner/fails", 500), ("/inner/none", 404)):
        client = Client(outer, path)
        await client.end()
        assert client.sent[0]["status"] == status


async def test_what_is_mounted_and_breaks_breaks_as_ever() -> None:
    async def fail(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(0.01)
        raise LookupError

    outer, router = Application(), Router(cancel_on_disconnect=True)
    router.mount("/inner", fail)
    outer.include_router(router)
    client = Client(outer, "/inner/x")
    await client.end()
    assert client.sent[0]["status"] == 500


def sleeping() -> Tuple[Application, List[str]]:
    """A handler on any event loop, and the threads in which it was cancelled."""
    app, ended = watching(), []

    @app.get("/")
    async def wait() -> None:
        try:
            await asyncio.sleep(STAYS)
        except asyncio.CancelledError:
            ended.append(threading.current_thread().name)
            raise

    @app.get("/quick")
    async def quick() -> str:
        return "shown"

    return app.build(), ended


async def ask_quickly(app: Application) -> None:
    for _ in range(3):
        client = Client(app, "/quick")
        await client.task
        assert client.sent[0]["status"] == 200


async def ask_and_leave(app: Application, ready: Callable[[], object] = lambda: None) -> None:
    client = Client(app)
    await asyncio.sleep(0.01)
    ready()
    client.leave()
    await client.end()
    await settle()


def run_alone(main: Any) -> None:
    """Run on an event loop that is closed with whatever is still to come."""
    loop = new_loop()
    try:
        loop.run_until_complete(main)
    finally:
        loop.close()


def test_an_application_that_was_served_on_one_loop_watches_on_the_next() -> None:
    app, ended = sleeping()
    for _ in range(3):
        run_alone(ask_quickly(app))
        run_alone(ask_and_leave(app))
    assert len(ended) == 3


def test_two_loops_at_once_each_watch_their_own() -> None:
    app, ended = sleeping()
    both = threading.Barrier(2, timeout=STAYS)
    threads = [threading.Thread(target=lambda: run_alone(ask_and_leave(app, both.wait))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(2 * STAYS)
    assert sorted(ended) == sorted(thread.name for thread in threads)


def test_a_loop_that_looks_sends_another_one_to_look_for_its_own() -> None:
    app, ended = sleeping()
    ready, done = threading.Event(), threading.Event()

    async def look() -> None:
        await ask_quickly(app)  # from now on this loop looks, a little later
        ready.set()
        while not done.is_set():
            await asyncio.sleep(0.001)

    async def wait() -> None:
        ready.wait(STAYS)
        await ask_and_leave(app)

    thread = threading.Thread(target=lambda: run_alone(look()))
    thread.start()
    try:
        run_alone(wait())
    finally:
        done.set()
        thread.join(STAYS)
    assert ended == [threading.current_thread().name]
