"""Workers: what several processes must share is where all of them see it, or nothing is started."""

from pathlib import Path

import pytest

from tests.cli.programs import Server, call, eventually, only_line, running
from tests.servers import redis_server

pytestmark = pytest.mark.timeout(240)

BEGIN = """
from typing import Annotated
from microframe import *
from microframe.http.cache_control import Cache
from microframe.middleware.cache import CacheMiddleware
from microframe.middleware.rate_limit import RateLimit, RateLimitMiddleware
from microframe.middleware.sessions import SessionMiddleware
from microframe.plugins.cache import CachePlugin
from microframe.sessions import Session
from microframe.broker import Broker
from microframe.brokers.memory import MemoryBroker
from microframe.store import Store
from microframe.stores.memory import MemoryStore
"""
PROGRAMS = {
    "limit of a route": ("""
app = Application()
@app.get("/", limit="5/minute")
async def index() -> None: ...
""", "rate limits"),
    "limit of a dependency": ("""
app = Application()
@app.get("/", dependencies=[Depends(RateLimit("5/minute"))])
async def index() -> None: ...
""", "rate limits"),
    "limit of a mount": ("""
app = Application(limit="5/minute")
app.mount("/files", StaticFiles(directory="."))
""", "rate limits"),
    "limits in a store of their own": ("""
app = Application(middleware=[RateLimitMiddleware("5/minute", store=MemoryStore())])
@app.get("/")
async def index() -> None: ...
""", "rate limits"),
    "sessions": ("""
app = Application()
app.add_middleware(SessionMiddleware, server_side=True)
@app.get("/")
async def index(session: Session) -> None: ...
""", "sessions"),
    "sessions in a store of their own": ("""
app = Application()
app.add_middleware(SessionMiddleware, store=MemoryStore())
""", "what SessionMiddleware keeps in its store"),
    "cache": ("""
app = Application()
@app.get("/", cache=Cache(max_age=60))
async def index() -> str: return ""
""", "answers of routes with cache="),
    "cached functions": ("""
app = Application(plugins=[CachePlugin()])
""", "what ValueCache keeps in the store"),
    "idempotency": ("""
app = Application()
@app.post("/", idempotency=True)
async def index() -> None: ...
""", "answers of routes with idempotency="),
    "handler": ("""
app = Application()
@app.get("/")
async def index(store: Store) -> None: ...
""", "what index keeps in the store"),
    "dependency": ("""
app = Application()
async def counted(store: Store) -> None: ...
@app.get("/")
async def index(counted: Annotated[None, Depends(counted)]) -> None: ...
""", "what index keeps in the store"),
    "provider": ("""
class Visits:
    def __init__(self, store: Provided[Store]) -> None: ...
app = Application()
app.provide(Visits, Visits)
@app.get("/")
async def index(visits: Provided[Visits]) -> None: ...
""", "what Visits keeps in the store"),
    "mounted": ("""
app, inner = Application(), Application()
@inner.get("/", limit="5/minute")
async def index() -> None: ...
app.mount("/inner", inner)
""", "rate limits"),
    "several": ("""
app = Application()
app.add_middleware(SessionMiddleware, server_side=True)
@app.get("/", limit="5/minute")
async def index(store: Store, session: Session) -> None: ...
@app.get("/again", limit="5/minute")
async def again() -> None: ...
""", "rate limits, sessions"),
}  # fmt: skip


@pytest.mark.parametrize(("program", "kept"), PROGRAMS.values(), ids=PROGRAMS.keys())
def test_what_each_worker_would_keep_for_itself_is_refused(folder: Path, program: str, kept: str) -> None:
    (folder / "app.py").write_text(BEGIN + program)
    result = call("run", "--workers", "2", "--port", "0")
    assert result.exit_code == 2
    assert only_line(result) == (
        f"microframe: 2 workers would each keep for themselves what they must share ({kept}): set redis_url "
        "(MICROFRAME_REDIS_URL=redis://…) or store_url (MICROFRAME_STORE_URL=sqlite:///…), or start one worker"
    )


MESSAGES = {
    "handler": ("""
app = Application()
@app.get("/")
async def index(broker: Broker) -> None: ...
@app.get("/again")
async def again(broker: Broker) -> None: ...
""", "index, again"),
    "provider": ("""
class Rooms:
    def __init__(self, broker: Provided[Broker]) -> None: ...
app = Application()
app.provide(Rooms, Rooms, scope="app")
@app.get("/")
async def index(rooms: Provided[Rooms]) -> None: ...
""", "Rooms"),
    "mounted": ("""
app, inner = Application(), Application()
@inner.get("/")
async def index(broker: Broker) -> None: ...
app.mount("/inner", inner)
""", "index"),
}  # fmt: skip


@pytest.mark.parametrize(("program", "told"), MESSAGES.values(), ids=MESSAGES.keys())
def test_what_each_worker_would_tell_itself_alone_is_refused(folder: Path, program: str, told: str) -> None:
    (folder / "app.py").write_text(BEGIN + program)
    result = call("run", "--workers", "2", "--port", "0")
    assert result.exit_code == 2
    assert only_line(result) == (
        f"microframe: 2 workers would each hear their own messages alone ({told}): set redis_url "
        "(MICROFRAME_REDIS_URL=redis://…) or broker_url (MICROFRAME_BROKER_URL=redis://…), or start one worker"
    )


def test_a_broker_that_was_given_is_named(folder: Path) -> None:
    program = (
        "app = Application(broker=MemoryBroker())\n@app.get('/')\nasync def index(broker: Broker): ...\n"
    )
    (folder / "app.py").write_text(BEGIN + program)
    assert "instead of giving broker=, or start one worker" in only_line(call("run", "--workers", "2"))


def test_a_store_that_was_given_is_named(folder: Path) -> None:
    program = "app = Application(store=MemoryStore())\n@app.get('/')\nasync def index(store: Store): ...\n"
    (folder / "app.py").write_text(BEGIN + program)
    assert "instead of giving store=, or start one worker" in only_line(call("run", "--workers", "2"))


def test_workers_of_the_configuration_are_workers(folder: Path) -> None:
    (folder / ".env").write_text("MICROFRAME_WORKERS=3\n")
    (folder / "app.py").write_text(BEGIN + PROGRAMS["handler"][0])
    assert only_line(call("run")).startswith("microframe: 3 workers would each keep")


COUNTING = """
import os
from microframe import Application
from microframe.store import Store

app = Application(title="Counting", store_url=os.environ.get("STORE", ""))

@app.get("/process")
async def process() -> int:
    return os.getpid()

@app.get("/count")
async def count(store: Store) -> int:
    return await store.add("counting:visits")
"""
SEPARATE = """
import os
from microframe import Application
from microframe.middleware.sessions import SessionMiddleware
from microframe.sessions import Session

app = Application(title="Separate")
app.add_middleware(SessionMiddleware)

@app.get("/process")
async def process(session: Session) -> int:
    return os.getpid()
"""


def processes_behind(server: Server, count: int) -> "set[str]":
    """The processes that answer, once so many have."""
    found: set[str] = set()

    def have_answered() -> bool:
        found.add(server.get("/process")[1])
        return len(found) >= count

    assert eventually(have_answered)
    return found


def test_workers_that_share_a_store_count_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "app.py").write_text(COUNTING)
    with redis_server() as redis:
        monkeypatch.setenv("STORE", redis.patient_url)
        with running(tmp_path, "--port", "0", "--workers", "2") as server:
            server.ready()
            processes_behind(server, 2)
            assert [server.get("/count")[1] for _ in range(20)] == [str(number) for number in range(1, 21)]
            assert server.stop() == 0


def test_workers_that_would_count_apart_are_not_started(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(COUNTING)
    with running(tmp_path, "--port", "0", "--workers", "2") as server:
        assert server.end() == 2
    assert len(server.errors) == 1
    assert "MICROFRAME_REDIS_URL=redis://…" in server.errors[0]
    with running(tmp_path, "--port", "0") as server:
        server.ready()
        assert server.get("/count") == (200, "1")


def test_workers_of_an_application_that_keeps_nothing_are_started(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(SEPARATE)
    with running(tmp_path, "--port", "0", "--workers", "2") as server:
        server.ready()
        assert len(processes_behind(server, 2)) == 2
        assert server.stop() == 0
