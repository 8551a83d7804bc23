"""Lifespan: what opens and closes with an application, in which order, and what happens when it fails."""

import asyncio
import contextlib
import logging
import threading
from typing import Any, AsyncIterator, Dict, List

import pytest

from microframe import Application, Depends, Request, Router, WebSocket
from microframe.lifespan import LifespanError
from microframe.testing import AsyncTestClient, TestClient

pytestmark = pytest.mark.virtual_time

Notes = List[str]


def noting(word: str, notes: Notes, state: Any = None) -> Any:
    """A lifespan that notes how it began and ended."""

    @contextlib.asynccontextmanager
    async def lifespan(app: Application) -> AsyncIterator[Any]:
        notes.append(f"{word} opens")
        try:
            yield state
        except BaseException as exc:
            notes.append(f"{word} sees {exc}")
            raise
        finally:
            notes.append(f"{word} closes")

    return lifespan


def failing(word: str, notes: Notes, at_end: bool = False) -> Any:
    async def lifespan(app: Application) -> AsyncIterator[None]:
        if not at_end:
            notes.append(f"{word} fails")
            raise LookupError(f"no {word}")
        yield
        notes.append(f"{word} fails")
        raise LookupError(f"no {word}")

    return lifespan


class Life:
    """A plugin with a lifespan."""

    version = "1"

    def __init__(self, name: str, lifespan: Any) -> None:
        self.name = name
        self.lifespan = lifespan

    def setup(self, host: Any) -> None:
        host.add_lifespan(self.lifespan)


# Kinds ------------------------------------------------------------------------------------------------------


async def test_a_context_manager_leaves_state_to_requests_and_sockets() -> None:
    app = Application(lifespan=noting("app", [], {"pool": "open"}))

    @app.get("/")
    async def pool(request: Request) -> str:
        return str(request.state.pool)

    @app.websocket("/")
    async def live(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text(socket.state.pool)

    async with AsyncTestClient(app) as client:
        assert (await client.get("/")).json() == "open"
        async with client.websocket_connect("/") as session:
            assert await session.receive_text() == "open"


async def test_no_request_changes_the_state_of_others() -> None:
    app = Application(lifespan=noting("app", [], {"count": 0}))

    @app.get("/")
    async def count(request: Request) -> int:
        request.state.count += 1
        return int(request.state.count)

    async with AsyncTestClient(app) as client:
        assert [(await client.get("/")).json() for _ in range(3)] == [1, 1, 1]


async def test_a_plain_async_generator_will_do() -> None:
    notes: Notes = []

    async def lifespan(app: Application) -> AsyncIterator[Dict[str, str]]:
        notes.append(f"{app.name} opens")
        yield {"a": "b"}
        notes.append("closes")

    app = Application(title="Board", lifespan=lifespan)
    assert await app.start() == {"a": "b"}
    await app.stop()
    assert notes == ["Board opens", "closes"]


async def test_events_may_block() -> None:
    notes: List[Any] = []
    app = Application()

    @app.on_event("startup")
    def blocking() -> None:
        notes.append(threading.current_thread() is threading.main_thread())

    @app.on_event("startup")
    async def started() -> None:
        notes.append("started")

    @app.on_event("shutdown")
    async def stopped() -> None:
        notes.append("stopped")

    app.add_event_handler("shutdown", lambda: notes.append("last"))
    async with AsyncTestClient(app):
        assert notes == [False, "started"]
    assert notes[2:] == ["stopped", "last"]


async def test_events_may_be_given_as_lists() -> None:
    notes: Notes = []

    async def opens() -> None:
        notes.append("opens")

    router = Router(on_startup=[opens], on_shutdown=[lambda: notes.append("closes")])
    app = Application(on_startup=[opens], on_shutdown=[lambda: notes.append("closes")])
    app.include_router(router)
    async with AsyncTestClient(app):
        assert notes == ["opens"] * 2
    assert notes[2:] == ["closes"] * 2


def test_there_are_two_events() -> None:
    with pytest.raises(Exception, match="no event 'start'"):
        Application().on_event("start")(print)


# Order ------------------------------------------------------------------------------------------------------


def whole(notes: Notes, failing_part: str = "", at_end: str = "") -> Application:
    """Plugins, an application, routers two deep and two mounts, each with a lifespan."""

    def part(word: str) -> Any:
        if word in (failing_part, at_end):
            return failing(word, notes, at_end=word == at_end)
        return noting(word, notes)

    app: Application = Application(
        lifespan=part("app"), plugins=[Life("one", lambda: noting("one", notes)(app))]
    )
    app.add_event_handler("startup", lambda: notes.append("event opens"))
    app.add_event_handler("shutdown", lambda: notes.append("event closes"))
    outer, inner = Router(prefix="/outer", lifespan=part("outer")), Router(lifespan=part("inner"))
    outer.include_router(inner, prefix="/a")
    outer.include_router(inner, prefix="/b")
    app.include_router(outer)
    app.mount("/mounted", Application(lifespan=part("mounted")))
    return app


ALL = ["one", "app", "event", "outer", "inner", "mounted"]


async def test_parts_open_from_the_outside_in_and_close_in_reverse() -> None:
    notes: Notes = []
    async with AsyncTestClient(whole(notes)):
        assert notes == [f"{word} opens" for word in ALL]
        notes.clear()
    assert notes == [f"{word} closes" for word in reversed(ALL)]


@pytest.mark.parametrize("part", ["app", "outer", "inner", "mounted"])
async def test_a_start_that_fails_half_way_is_undone_and_names_its_owner(part: str) -> None:
    notes: Notes = []
    app = whole(notes, failing_part=part)
    with pytest.raises(LifespanError) as caught:
        await app.start()
    before = ALL[: ALL.index(part)]
    assert notes[: len(before) + 1] == [*[f"{word} opens" for word in before], f"{part} fails"]
    assert [note for note in notes if note.endswith("closes")] == [
        f"{word} closes" for word in reversed(before)
    ]
    owner = {"app": "the application", "outer": "the router /outer", "inner": "the router /"}
    expected = owner.get(part, "mount /mounted -> Application")
    assert expected in str(caught.value)
    assert f"no {part}" in str(caught.value)


@pytest.mark.parametrize("part", ["app", "outer", "inner", "mounted"])
async def test_an_end_that_fails_keeps_no_other_from_ending(part: str) -> None:
    notes: Notes = []
    app = whole(notes, at_end=part)
    await app.start()
    notes.clear()
    with pytest.raises(LifespanError, match=f"did not stop.*no {part}"):
        await app.stop()
    assert notes == [f"{word} {'fails' if word == part else 'closes'}" for word in reversed(ALL)]


async def test_an_event_handler_that_fails_keeps_no_other_from_running() -> None:
    notes: Notes = []
    app = Application()

    @app.on_event("shutdown")
    async def fails() -> None:
        raise LookupError("first")

    app.add_event_handler("shutdown", lambda: notes.append("second"))
    await app.start()
    with pytest.raises(LifespanError, match=r"an event handler of the application did not stop: .*first"):
        await app.stop()
    assert notes == ["second"]


async def test_an_event_handler_that_fails_at_the_start_is_named() -> None:
    app = Application()

    @app.on_event("startup")
    def fails() -> None:
        raise ConnectionError("no database")

    with pytest.raises(
        LifespanError, match=r"an event handler of the application did not start: .*no database"
    ):
        await app.start()


async def test_a_plugin_that_does_not_start_is_named() -> None:
    async def lifespan() -> AsyncIterator[None]:
        if app.config.title == "MicroFrame":
            raise LookupError("no server")
        yield

    app = Application(plugins=[Life("mail", lifespan)])
    with pytest.raises(LifespanError, match="the plugin 'mail' did not start: LookupError: no server"):
        await app.start()


async def test_a_lifespan_that_is_cancelled_closes_the_others_too() -> None:
    notes: Notes = []
    app = Application(lifespan=noting("app", notes))

    waits = asyncio.Event()

    async def slow(app: Application) -> AsyncIterator[None]:
        yield
        waits.set()
        await asyncio.Event().wait()

    app.include_router(Router(lifespan=slow))
    await app.start()
    task = asyncio.ensure_future(app.stop())
    await waits.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert notes == ["app opens", "app closes"]


# Again ------------------------------------------------------------------------------------------------------


async def test_an_application_may_be_started_again_once_it_has_stopped() -> None:
    notes: Notes = []
    app = Application(lifespan=noting("app", notes, {"a": 1}))
    app.get("/")(lambda request: dict(request.state.items()))
    for _ in range(2):
        async with AsyncTestClient(app):
            assert notes[-1] == "app opens"
        assert notes[-1] == "app closes"
    assert len(notes) == 4
    assert dict(app.new_state().items()) == {}


async def test_who_starts_it_while_it_runs_shares_it() -> None:
    notes: Notes = []
    app = Application(lifespan=noting("app", notes, {"a": 1}))
    async with AsyncTestClient(app):
        async with AsyncTestClient(app):
            assert notes == ["app opens"]
        assert notes == ["app opens"]
        assert await app.start() == {"a": 1}
        await app.stop()
    assert notes == ["app opens", "app closes"]


def test_it_lives_in_one_event_loop_at_a_time() -> None:
    notes: Notes = []
    app = Application(lifespan=noting("app", notes))
    with TestClient(app):
        with pytest.raises(LifespanError, match="another event loop"):
            TestClient(app).__enter__()
        assert notes == ["app opens"]
    assert notes == ["app opens", "app closes"]
    with TestClient(app):
        assert len(notes) == 3


def test_a_loop_that_ended_without_a_stop_is_forgotten() -> None:
    notes: Notes = []
    app = Application(lifespan=noting("app", notes))
    for _ in range(2):
        loop = asyncio.new_event_loop()
        loop.run_until_complete(app.start())
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
    assert notes.count("app opens") == 2


async def test_a_start_that_failed_may_be_tried_again() -> None:
    notes: Notes = []
    tries: List[int] = []

    async def flaky(app: Application) -> AsyncIterator[None]:
        tries.append(1)
        if len(tries) == 1:
            raise ConnectionError("not yet")
        yield

    app = Application(lifespan=noting("app", notes))
    app.include_router(Router(lifespan=flaky))
    with pytest.raises(LifespanError):
        await app.start()
    await app.start()
    await app.stop()
    assert notes == ["app opens", "app sees not yet", "app closes", "app opens", "app closes"]


async def test_stopping_what_was_never_started_is_nothing() -> None:
    app = Application(lifespan=noting("app", []))
    app.build()
    await app.stop()
    await app.stop()


# Values and threads -----------------------------------------------------------------------------------------


class Pool:
    """A value that lives as long as the application."""

    def __init__(self) -> None:
        self.is_open = True


def with_pool(pools: List[Pool], **options: Any) -> Application:
    async def pool() -> AsyncIterator[Pool]:
        made = Pool()
        pools.append(made)
        yield made
        made.is_open = False

    app = Application(**options)
    app.provide(Pool, pool, scope="app")

    @app.get("/")
    def blocking(pool: Any = Depends(lambda: None)) -> str:
        return threading.current_thread().name

    return app


async def test_values_of_the_application_are_made_once_and_closed_at_its_end() -> None:
    pools: List[Pool] = []
    app = with_pool(pools)

    @app.get("/pool")
    async def use(request: Request) -> int:
        return id(await request.resolve(Pool))

    for number in (1, 2):
        async with AsyncTestClient(app) as client:
            found = [(await client.get("/pool")).json() for _ in range(3)]
            assert len(set(found)) == 1
            assert len(pools) == number
            assert pools[-1].is_open
        assert not pools[-1].is_open


async def test_values_of_the_application_are_closed_when_the_start_fails() -> None:
    pools: List[Pool] = []
    app = with_pool(pools)

    async def lifespan(app: Application) -> AsyncIterator[None]:
        async def use(pool: Pool) -> None:
            assert pool.is_open

        await app.call(use)
        if pools:
            raise LookupError("after that")
        yield

    # A router's, so that the type hints of `use` are read where Pool is known.
    app.include_router(Router(lifespan=lifespan))
    with pytest.raises(LifespanError, match="after that"):
        await app.start()
    assert [pool.is_open for pool in pools] == [False]


@pytest.fixture
def own_threads() -> Any:
    """The worker threads of applications that run now."""

    # Applications of other tests may have left theirs, under the same names.
    before = set(threading.enumerate())

    def names() -> List[str]:
        own = [thread for thread in threading.enumerate() if thread not in before]
        return [thread.name for thread in own if thread.name.startswith("microframe")]

    return names


async def test_worker_threads_end_with_the_application(own_threads: Any) -> None:
    app = with_pool([])
    async with AsyncTestClient(app) as client:
        assert (await client.get("/")).json() in own_threads()
    assert own_threads() == []
    async with AsyncTestClient(app) as client:
        assert (await client.get("/")).status_code == 200
    assert own_threads() == []


async def test_worker_threads_end_when_the_start_fails(own_threads: Any) -> None:
    app = Application()

    async def lifespan(app: Application) -> AsyncIterator[None]:
        def blocking() -> None: ...

        await app.call(blocking)  # type: ignore[arg-type]
        if own_threads():
            raise LookupError
        yield

    app.include_router(Router(lifespan=lifespan))
    with pytest.raises(LifespanError):
        await app.start()
    assert own_threads() == []


# The protocol -----------------------------------------------------------------------------------------------


async def speak(app: Any, scope: Dict[str, Any], *events: str) -> List[Dict[str, Any]]:
    waiting = [{"type": f"lifespan.{event}"} for event in events]
    sent: List[Dict[str, Any]] = []

    async def receive() -> Dict[str, Any]:
        return waiting.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    with contextlib.suppress(Exception):
        await app({"type": "lifespan", "asgi": {"version": "3.0"}, **scope}, receive, send)
    return sent


async def test_the_server_is_told_and_given_the_state() -> None:
    app = Application(lifespan=noting("app", [], {"pool": "open"}))
    state: Dict[str, Any] = {}
    sent = await speak(app, {"state": state}, "startup", "shutdown")
    assert [message["type"] for message in sent] == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]
    assert state == {"pool": "open"}
    assert len(await speak(app, {}, "startup", "shutdown")) == 2


async def test_the_server_is_told_what_failed(caplog: pytest.LogCaptureFixture) -> None:
    app = Application(lifespan=failing("database", []))
    (sent,) = await speak(app, {}, "startup")
    assert sent["type"] == "lifespan.startup.failed"
    assert "the lifespan of the application" in sent["message"]
    assert "no database" in sent["message"]
    app = Application(lifespan=failing("database", [], at_end=True))
    sent = (await speak(app, {}, "startup", "shutdown"))[1]
    assert (sent["type"], "no database" in sent["message"]) == ("lifespan.shutdown.failed", True)
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 2


async def test_a_program_that_is_wrong_is_a_start_that_fails(caplog: pytest.LogCaptureFixture) -> None:
    app = Application()
    app.get("/x")(lambda: None)
    app.get("/x")(lambda: None)
    (sent,) = await speak(app, {}, "startup")
    assert sent["type"] == "lifespan.startup.failed"
    assert "two equal routes" in sent["message"]


# Mounted applications of others -----------------------------------------------------------------------------


class Other:
    """An ASGI application with a lifespan that may fail."""

    def __init__(self, fails: str = "") -> None:
        self.fails = fails
        self.notes: Notes = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "lifespan"
        for event in ("startup", "shutdown"):
            message = await receive()
            assert message == {"type": f"lifespan.{event}"}
            self.notes.append(event)
            failed = self.fails == event
            await send(
                {"type": f"lifespan.{event}.{'failed' if failed else 'complete'}", "message": "no disk"}
            )
            if failed:
                return


async def test_the_lifespan_of_a_mounted_application_runs() -> None:
    other, app = Other(), Application()
    app.mount("/other", other)
    app.mount("/again", other)
    await app.start()
    assert other.notes == ["startup"]
    await app.stop()
    assert other.notes == ["startup", "shutdown"]


@pytest.mark.parametrize("event", ["startup", "shutdown"])
async def test_a_mounted_application_that_fails_is_named(event: str) -> None:
    app = Application()
    app.mount("/other", Other(event))
    if event == "shutdown":
        await app.start()
    end = app.start if event == "startup" else app.stop
    with pytest.raises(LifespanError, match=r"mount /other -> Other did not (start|stop): .*no disk"):
        await end()


async def test_a_mounted_application_is_stopped_when_a_later_one_fails() -> None:
    other, app = Other(), Application()
    app.mount("/other", other)
    app.mount("/fails", Other("startup"))
    with pytest.raises(LifespanError, match="/fails"):
        await app.start()
    assert other.notes == ["startup", "shutdown"]


async def test_a_mounted_application_without_a_lifespan_is_left_alone() -> None:
    async def refuses(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"

    async def returns(scope: Any, receive: Any, send: Any) -> None:
        return

    app = Application()
    app.mount("/a", refuses)
    app.mount("/b", returns)
    await app.start()
    await app.stop()


async def test_a_start_that_is_cancelled_leaves_no_mounted_application_behind() -> None:
    waits = asyncio.Event()

    async def hangs(scope: Any, receive: Any, send: Any) -> None:
        waits.set()
        await asyncio.Event().wait()

    app = Application()
    app.mount("/hangs", hangs)
    task = asyncio.ensure_future(app.start())
    await waits.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
