"""F-29: clocks that differ by minutes, and that are set an hour on or back, for limits, sessions, caches and leases.

What has a lifetime is given a clock, and it is set here. What only measures how long something takes reads a clock that
nobody sets (`time.monotonic`, `loop.time`); the last test sees to that.
"""

import ast
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Dict, Iterator, List, Set

import pytest

from microframe import Application, Cache
from microframe.caching.kept import Freshness, Kept
from microframe.http.cookies import format_cookie
from microframe.limits.limit import ALGORITHMS
from microframe.middleware.cache import CacheMiddleware
from microframe.middleware.sessions import SessionMiddleware
from microframe.sessions import Session
from microframe.signing import SignatureExpired, Signer
from microframe.store import Store
from microframe.stores.memory import MemoryStore
from microframe.stores.postgres import PostgresStore
from microframe.stores.redis import RedisStore
from microframe.stores.sqlite import SQLiteStore
from microframe.testing import AsyncTestClient, TestClient
from tests.caching.origin import Origin
from tests.servers import PostgresServer, RedisServer, postgres_server, redis_server
from tests.stores.clock import Clock
from tests.wire import LIMIT

MINUTE, HOUR = 60.0, 3600.0
STEPS = [-HOUR, -5 * MINUTE, -1.0, 1.0, 5 * MINUTE, HOUR]
KINDS = ["memory", "sqlite", "redis", "postgres"]


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


@asynccontextmanager
async def opened(kind: str, clock: Clock, request: Any, folder: Path) -> AsyncIterator[Any]:
    """A store of a kind that reads this clock."""
    store: Any
    if kind == "memory":
        store = MemoryStore(clock=clock)
    elif kind == "sqlite":
        store = SQLiteStore(folder / "store.db", timeout=LIMIT, clock=clock)
    elif kind == "redis":
        store = RedisStore(request.getfixturevalue("redis").url, timeout=LIMIT, clock=clock)
    else:
        store = PostgresStore(
            request.getfixturevalue("postgres").url, timeout=LIMIT, schema="clocks", clock=clock
        )
    try:
        yield store
    finally:
        await store.close()


# Limits --------------------------------------------------------------------------------------------------------------

QUOTA, WINDOW = 10, 60.0


async def passed(store: Any, key: str, algorithm: str, calls: int) -> int:
    found = [await store.hit(key, algorithm=algorithm, limit=QUOTA, window=WINDOW) for _ in range(calls)]
    return [verdict.allowed for verdict in found].count(True)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("kind", KINDS)
async def test_a_clock_that_is_set_within_a_window_lets_at_most_twice_the_limit_pass(
    kind: str, algorithm: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    clock = Clock()
    async with opened(kind, clock, request, tmp_path) as store:
        for step in STEPS:
            key = f"app:{request.node.name}:{step}"
            clock.now += 100_000.0
            before = await passed(store, key, algorithm, QUOTA + 2)
            assert before == QUOTA
            clock.now += step
            after = await passed(store, key, algorithm, QUOTA * 2)
            assert before + after <= 2 * QUOTA, step
            # A second's difference is none at all, but for what refills in a second.
            if abs(step) <= 1.0:
                assert after <= 1, step


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("kind", KINDS)
async def test_a_clock_that_is_set_keeps_nobody_out_for_longer_than_two_windows(
    kind: str, algorithm: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    clock = Clock()
    async with opened(kind, clock, request, tmp_path) as store:
        for step in STEPS:
            key = f"app:{request.node.name}:{step}"
            clock.now += 100_000.0
            await passed(store, key, algorithm, QUOTA)
            clock.now += step
            waited = 0.0
            while await passed(store, key, algorithm, 1) == 0:
                clock.now += WINDOW / 4
                waited += WINDOW / 4
                assert waited <= 2 * WINDOW, step


async def test_a_shared_store_does_not_ask_the_clocks_of_its_processes(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It counts by its own, so it does not matter to it how far theirs are apart."""
    store, real = RedisStore(redis.url, timeout=LIMIT), time.time
    assert await passed(store, "app:shared", "fixed_window", 7) == 7
    lease = await store.acquire("app:lock", ttl=60)
    assert lease is not None
    await store.set("app:value", b"x", ttl=60)
    for skew in STEPS:
        with monkeypatch.context() as patch:
            patch.setattr(time, "time", lambda skew=skew: real() + skew)
            assert await store.acquire("app:lock", ttl=60) is None
            assert await store.renew(lease, ttl=60)
            assert await store.get("app:value") is not None
    assert await passed(store, "app:shared", "fixed_window", 7) == 3
    await store.close()


# Sessions ------------------------------------------------------------------------------------------------------------


def application(clock: Any, store: Any) -> Application:
    app = Application(csrf=False, title="app", secret_key=["Zk3v9Qm1Xr7tLw2bNc8yHf4dJs6gPa0e"])
    options: Dict[str, Any] = {"idle_timeout": 2 * HOUR, "absolute_timeout": 12 * HOUR, "clock": clock}
    app.add_middleware(SessionMiddleware, **options, **({} if store is None else {"store": store}))

    @app.post("/login")
    async def login(session: Session) -> None:
        session.login("ann")

    @app.get("/")
    async def show(session: Session) -> str:
        return session.user

    return app


@pytest.mark.parametrize("skew", [-5 * MINUTE, 5 * MINUTE])
@pytest.mark.parametrize("stored", [False, True])
def test_processes_whose_clocks_differ_know_each_others_sessions(stored: bool, skew: float) -> None:
    clock = Clock()
    store = MemoryStore(clock=clock) if stored else None
    here = application(clock, store)
    there = application(lambda: clock.now + skew, store)
    cookie = cookie_of(TestClient(here).post("/login"), "")
    for _ in range(40):
        clock.now += 10 * MINUTE
        for app in (here, there):
            answer = TestClient(app).get("/", headers={"cookie": cookie})
            assert answer.json() == "ann"
            cookie = cookie_of(answer, cookie)
    # And each ends it, no later than the difference after its time.
    clock.now += 12 * HOUR + abs(skew)
    for app in (here, there):
        assert TestClient(app).get("/", headers={"cookie": cookie}).json() == ""


def cookie_of(answer: Any, before: str) -> str:
    """What a browser sends from now on."""
    for line in answer.headers.getlist("set-cookie"):
        before = line.partition(";")[0]
    return before


@pytest.mark.parametrize("step", [-HOUR, HOUR])
@pytest.mark.parametrize("stored", [False, True])
def test_a_clock_that_is_set_an_hour_ends_no_session_early_and_none_much_later(
    stored: bool, step: float
) -> None:
    clock = Clock()
    app = application(clock, MemoryStore() if stored else None)
    client = TestClient(app)
    client.post("/login")
    clock.now += step
    assert client.get("/").json() == "ann"
    cookie = f"session={client.cookies['session']}"
    clock.now += 2 * HOUR + abs(step)
    client.cookies.clear()
    assert client.get("/", headers={"cookie": cookie}).json() == ""


# Signed tokens and cookies -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("skew", [-5 * MINUTE, 0.0, 5 * MINUTE])
def test_a_token_is_good_for_as_long_as_it_says_give_or_take_the_difference(skew: float) -> None:
    clock = Clock()
    here = Signer(["k" * 32], "link", clock=clock)
    there = Signer(["k" * 32], "link", clock=lambda: clock.now + skew)
    token = here.sign(b"x", expires_in=HOUR)
    clock.now += HOUR - abs(skew) - 1
    assert there.verify(token) == b"x"
    clock.now += 2 * abs(skew) + 1
    with pytest.raises(SignatureExpired):
        there.verify(token)


@pytest.mark.parametrize("step", [-HOUR, HOUR])
def test_a_token_without_an_end_does_not_ask_for_the_time(step: float) -> None:
    clock = Clock()
    signer = Signer(["k" * 32], "link", clock=clock)
    token = signer.sign(b"x")
    clock.now += step
    assert signer.verify(token) == b"x"


def test_a_cookie_of_the_framework_says_for_how_long_and_not_until_when() -> None:
    """A browser whose clock is wrong keeps it for as long as any other (RFC 6265 §5.3)."""
    client = TestClient(application(Clock(), None))
    cookie = client.post("/login").headers["set-cookie"]
    assert "Max-Age=7200" in cookie
    assert "expires" not in cookie.lower()
    assert "expires=Fri, 15 Jan 2027" in format_cookie("a", "b", expires=0, clock=Clock())


# Caches --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", STEPS)
def test_a_clock_that_is_set_makes_no_answer_younger_than_it_was_when_it_came(step: float) -> None:
    kept = Kept(200, [], b"", made=1000.0, age=30.0, freshness=Freshness(60.0))
    assert kept.age_at(1000.0 + step) >= 30.0
    assert kept.left_at(1000.0 + step) <= 30.0
    age = dict(kept.as_response(1000.0 + step, b"").raw_headers)[b"age"]
    assert int(age) >= 30


@pytest.mark.parametrize("step", STEPS)
async def test_an_answer_is_fresh_for_no_longer_than_its_store_keeps_it(step: float) -> None:
    ticking, wall = Clock(), Clock()
    origin = Origin(cache=Cache(max_age=120), store=MemoryStore(clock=ticking))
    wall_origin = rebuilt(origin, wall)
    first = (await AsyncTestClient(wall_origin).get("/kept")).text
    wall.now += step
    ticking.now += 1
    found = (await AsyncTestClient(wall_origin).get("/kept")).text
    # Set on by more than its life, it is made anew; otherwise it is the same.
    assert (found == first) == (step < 120)
    ticking.now += 121
    wall.now += 121
    assert (await AsyncTestClient(wall_origin).get("/kept")).text != first


def rebuilt(origin: Origin, wall: Clock) -> Application:
    """An application whose cache reads another clock than its store."""
    app = Application(store=origin.app.store)
    app.add_middleware(CacheMiddleware, clock=wall)
    made: List[int] = []

    @app.get("/kept", cache=Cache(max_age=120))
    async def kept() -> str:
        made.append(1)
        return f"answer {len(made)}"

    return app


# Leases --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [-HOUR, HOUR])
async def test_the_lease_of_a_running_request_is_of_the_stores_clock(step: float) -> None:
    ticking, wall = Clock(), Clock()
    store: Any = MemoryStore(clock=ticking)
    lease = await store.acquire("app:k", ttl=60)
    assert lease is not None
    wall.now += step
    assert await store.acquire("app:k", ttl=60) is None
    ticking.now += 59
    assert await store.renew(lease, ttl=60)
    ticking.now += 60
    later = await store.acquire("app:k", ttl=60)
    assert later is not None
    assert later.fence > lease.fence
    assert isinstance(store, Store)


# Which clock is read -------------------------------------------------------------------------------------------------

SOURCES = Path(__file__).parents[2] / "src" / "microframe"
WALL = {("time", "time"), ("time", "time_ns"), ("datetime", "now"), ("datetime", "utcnow"), ("dt", "now")}
OF_LIFETIMES = {
    "http/cookies.py": "the end of a cookie as a date",
    "middleware/cache.py": "the age of answers, which other caches count too",
    "middleware/sessions.py": "the age of sessions",
    "sessions/signed.py": "the same",
    "sessions/stored.py": "the same",
    "signing.py": "the end of a token",
    "stores/sqlite.py": "lifetimes in a file that outlives the process",
    "testing/cookies.py": "the end of cookies that a client keeps",
}


def test_the_clock_on_the_wall_is_read_only_for_what_outlives_the_process() -> None:
    """And there it can be given: each of them is the default of a parameter called `clock`."""
    found: Dict[str, Set[int]] = {}
    for path in SOURCES.rglob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        defaults = {id(default) for default in defaults_of(tree)}
        for node in ast.walk(tree):
            if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Name):
                continue
            if (node.value.id, node.attr) in WALL:
                found.setdefault(path.relative_to(SOURCES).as_posix(), set()).add(node.lineno)
                assert id(node) in defaults, f"{path}:{node.lineno} reads a clock that nobody can give"
    assert found.keys() <= OF_LIFETIMES.keys(), found


def defaults_of(tree: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield from node.args.defaults
            yield from (default for default in node.args.kw_defaults if default is not None)
