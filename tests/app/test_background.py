"""Background tasks: run when the answer is sent, in order, before what the request opened is closed."""

import asyncio
import logging
import threading
from contextvars import ContextVar
from pathlib import Path
from typing import Any, AsyncIterator, Dict, List, Optional

import pytest

from microframe import (
    Application,
    BackgroundTask,
    BackgroundTasks,
    Depends,
    FileResponse,
    HTTPException,
    PlainTextResponse,
    Request,
    Response,
    StreamingResponse,
)
from microframe.testing import AsyncTestClient
from tests.wire import LIMIT, eventually, get, served

pytestmark = pytest.mark.virtual_time

Notes = List[str]


async def note_later(notes: Notes, word: str) -> None:
    await asyncio.sleep(0)
    notes.append(word)


def note_blocking(notes: Notes, word: str) -> None:
    where = "main" if threading.current_thread() is threading.main_thread() else "thread"
    notes.append(f"{word} in {where}")


async def test_tasks_run_in_order_after_the_answer_is_sent() -> None:
    notes: Notes = []
    app = Application()

    async def dependency(tasks: BackgroundTasks) -> None:
        tasks.add_task(note_later, notes, "of the dependency")

    @app.get("/")
    async def handler(tasks: BackgroundTasks, asked: None = Depends(dependency)) -> str:
        tasks.add_task(note_blocking, notes, word="blocking")
        tasks.add_task(note_later, notes, "last")
        return "answer"

    async def send(message: Dict[str, Any]) -> None:
        notes.append(message["type"])

    async def receive() -> Dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "query_string": b"",
        "headers": [(b"host", b"x")],
        "client": None,
    }
    await app(scope, receive, send)  # type: ignore[arg-type]
    assert notes == [
        "http.response.start",
        "http.response.body",
        "of the dependency",
        "blocking in thread",
        "last",
    ]


@pytest.mark.parametrize("kind", ["task", "tasks", "function", "stream"])
async def test_a_response_brings_its_own_task(kind: str) -> None:
    notes: Notes = []
    app = Application()

    @app.get("/")
    async def handler() -> Response:
        task = BackgroundTask(note_later, notes, "done")
        if kind == "stream":
            return StreamingResponse(iter(["answer"]), background=task)
        if kind == "tasks":
            return PlainTextResponse("answer", background=BackgroundTasks([task, task]))
        return PlainTextResponse("answer", background=task if kind == "task" else task.__call__)

    assert (await AsyncTestClient(app).get("/")).text == "answer"
    assert notes == (["done", "done"] if kind == "tasks" else ["done"])


async def test_tasks_run_before_what_the_request_opened_is_closed() -> None:
    notes: Notes = []
    app = Application()

    async def resource() -> AsyncIterator[str]:
        yield "open"
        notes.append("closed")

    async def use(opened: str) -> None:
        notes.append(opened)

    @app.get("/")
    async def handler(tasks: BackgroundTasks, opened: str = Depends(resource)) -> None:
        tasks.add_task(use, opened)

    await AsyncTestClient(app).get("/")
    assert notes == ["open", "closed"]


async def test_a_task_that_fails_ends_the_rest_is_logged_and_changes_no_answer(
    caplog: pytest.LogCaptureFixture,
) -> None:
    notes: Notes = []
    told: List[Optional[BaseException]] = []

    async def fail() -> None:
        raise LookupError("too late")

    async def resource() -> AsyncIterator[None]:
        try:
            yield
        except LookupError as exc:
            told.append(exc)
            raise

    app = Application(exception_handlers={LookupError: lambda request, exc: PlainTextResponse("handled")})

    @app.get("/")
    async def handler(tasks: BackgroundTasks, opened: None = Depends(resource)) -> str:
        tasks.add_task(note_later, notes, "first")
        tasks.add_task(fail)
        tasks.add_task(note_later, notes, "never")
        return "answer"

    response = await AsyncTestClient(app, raise_server_exceptions=False).get("/")
    assert (response.status_code, response.json()) == (200, "answer")
    assert notes == ["first"]
    assert len(told) == 1
    (record,) = caplog.records
    assert (record.levelno, "failed after its answer" in record.getMessage()) == (logging.ERROR, True)
    with pytest.raises(LookupError, match="too late"):
        await AsyncTestClient(app).get("/")


async def test_tasks_of_a_handler_that_fails_do_not_run() -> None:
    notes: Notes = []
    app = Application()

    @app.get("/")
    async def handler(tasks: BackgroundTasks) -> None:
        tasks.add_task(note_later, notes, "never")
        raise HTTPException(409)

    assert (await AsyncTestClient(app).get("/")).status_code == 409
    assert notes == []


async def test_tasks_see_the_context_variables_of_the_request() -> None:

    tenant: ContextVar[str] = ContextVar("tenant", default="nobody")
    notes: Notes = []
    app = Application()

    async def note() -> None:
        notes.append(tenant.get())

    def blocking() -> None:
        notes.append(tenant.get())

    @app.get("/")
    async def handler(tasks: BackgroundTasks) -> None:
        tenant.set("blue")
        tasks.add_task(note)
        tasks.add_task(blocking)

    await AsyncTestClient(app).get("/")
    assert notes == ["blue", "blue"]


async def test_tasks_of_a_mounted_application_run_too() -> None:
    notes: Notes = []
    inner, outer = Application(), Application()

    @inner.get("/")
    async def handler(tasks: BackgroundTasks) -> None:
        tasks.add_task(note_later, notes, "inner")

    outer.mount("/inner", inner)
    await AsyncTestClient(outer).get("/inner/")
    assert notes == ["inner"]


async def test_a_task_may_still_read_the_request() -> None:
    notes: Notes = []
    app = Application()

    async def note(request: Request) -> None:
        notes.append(f"{request.method} {request.url.path} {(await request.body()).decode()}")

    @app.post("/")
    async def handler(request: Request, tasks: BackgroundTasks) -> None:
        await request.body()
        tasks.add_task(note, request)

    await AsyncTestClient(app).post("/", content=b"body")
    assert notes == ["POST / body"]


def test_the_answer_does_not_wait_for_its_tasks() -> None:
    release = threading.Event()
    notes: Notes = []

    def wait() -> None:
        notes.append("released" if release.wait(LIMIT) else "timed out")

    app = Application()

    @app.get("/")
    async def handler(tasks: BackgroundTasks) -> str:
        tasks.add_task(wait)
        return "answer"

    with served(app) as server:
        assert server.ask(get("/")).body == b'"answer"'
        assert notes == []
        release.set()
    assert notes == ["released"]


class LeavingClient:
    """Takes `pieces` messages of an answer and leaves: the server refuses the rest, or only tells of it."""

    def __init__(self, pieces: int, refuses: bool) -> None:
        self.pieces = pieces
        self.refuses = refuses
        self.left = asyncio.Event()
        self.asked = False

    async def receive(self) -> Dict[str, Any]:
        if not self.asked:
            self.asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.pieces -= 1
        if self.pieces == 0:
            self.left.set()
        if self.pieces < 0 and self.refuses:
            raise OSError("nobody is there")
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("kind", "refuses", "pieces"),
    [
        ("stream", True, 3),
        ("stream", False, 3),
        ("stream", True, 0),
        ("file", True, 1),
        ("whole", True, 0),
        ("whole", True, 1),
    ],
)
async def test_tasks_run_when_the_client_leaves_while_it_is_answered(
    kind: str, refuses: bool, pieces: int, tmp_path: Path
) -> None:
    notes: Notes = []
    app = Application()
    (tmp_path / "file").write_bytes(b"content")

    async def resource() -> AsyncIterator[None]:
        try:
            yield
        finally:
            notes.append("closed")

    async def endless() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"piece"
        finally:
            notes.append("stream closed")

    @app.get("/")
    async def handler(tasks: BackgroundTasks, opened: None = Depends(resource)) -> Response:
        tasks.add_task(note_later, notes, "async task")
        tasks.add_task(note_blocking, notes, "task")
        if kind == "file":
            return FileResponse(tmp_path / "file")
        return PlainTextResponse("whole") if kind == "whole" else StreamingResponse(endless())

    client = LeavingClient(pieces, refuses)
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": [(b"host", b"x")]}
    await asyncio.wait_for(app(scope, client.receive, client.send), LIMIT)
    before = ["stream closed"] if kind == "stream" and pieces else []
    assert notes == [*before, "async task", "task in thread", "closed"]


async def test_tasks_of_an_answer_that_breaks_do_not_run(caplog: pytest.LogCaptureFixture) -> None:
    notes: Notes = []
    app = Application()

    async def broken() -> AsyncIterator[bytes]:
        yield b"piece"
        raise LookupError("no more of it")

    @app.get("/")
    async def handler(tasks: BackgroundTasks) -> Response:
        tasks.add_task(note_later, notes, "never")
        return StreamingResponse(broken())

    with pytest.raises(RuntimeError, match="no more of it"):
        await AsyncTestClient(app).get("/")
    assert notes == []


def test_tasks_run_though_a_client_closes_its_connection_in_the_middle_of_a_stream() -> None:
    notes: Notes = []
    app = Application()

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield bytes(65_536)

    @app.get("/")
    async def handler(tasks: BackgroundTasks) -> Response:
        tasks.add_task(note_later, notes, "done")
        return StreamingResponse(endless())

    with served(app) as server:
        with server.connect() as wire:
            wire.send(get("/"))
        eventually(lambda: notes)
    assert notes == ["done"]
