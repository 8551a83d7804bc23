"""Store of an application: one for all of it, in memory by default, given to who asks, closed at the end."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Dict, Optional

import pytest

from microframe import AppConfig, Application, Provided, SetupError
from microframe.assembly.brokers import OwnBroker
from microframe.assembly.stores import OwnStore
from microframe.broker import Broker
from microframe.store import Entry, Limits, Locks, Store, Tags
from microframe.stores.memory import MemoryStore
from microframe.testing import AsyncTestClient, TestClient


class Bare:
    """A store that has nothing but values."""

    def __init__(self) -> None:
        self.values: Dict[str, bytes] = {}
        self.closed = 0

    async def get(self, key: str) -> Optional[Entry]:
        return Entry(self.values[key], "1") if key in self.values else None

    async def set(
        self, key: str, value: bytes, *, ttl: Optional[float] = None, if_version: Optional[str] = None
    ) -> Optional[str]:
        self.values[key] = value
        return "1"

    async def delete(self, key: str, *, if_version: Optional[str] = None) -> bool:
        return self.values.pop(key, None) is not None

    async def add(self, key: str, amount: int = 1, *, ttl: Optional[float] = None) -> int:
        raise NotImplementedError

    async def close(self) -> None:
        self.closed += 1


def counting(app: Application) -> Application:
    @app.get("/")
    async def count(store: Provided[Store]) -> int:
        return await store.add("visits")

    return app


def test_every_part_of_the_program_is_given_the_same_one() -> None:
    app = Application()

    @app.get("/")
    async def show(store: Store, limits: Limits, locks: Provided[Locks], tags: Tags) -> bool:
        return store is limits is locks is tags is app.store  # type: ignore[comparison-overlap]

    with TestClient(app) as client:
        assert client.get("/").json() is True


def test_each_application_has_its_own() -> None:
    first, second = counting(Application()), counting(Application())
    with TestClient(first) as one, TestClient(second) as other:
        assert [one.get("/").json(), one.get("/").json(), other.get("/").json()] == [1, 2, 1]


async def test_one_that_is_given_is_the_one() -> None:
    store = MemoryStore()
    app = counting(Application(store=store))
    assert app.store is store
    assert (await AsyncTestClient(app).get("/")).json() == 1
    assert (await store.get("visits") or Entry(b"", "")).value == b"1"


async def test_it_closes_with_the_application_and_after_everything_else() -> None:
    store, seen = Bare(), []

    async def lifespan(app: Any) -> Any:
        yield
        seen.append(store.closed)

    app = Application(store=store, lifespan=lifespan)
    async with app.lifespan_context():
        assert store.closed == 0
    assert (seen, store.closed) == ([0], 1)


def test_one_that_nobody_asked_for_is_not_made() -> None:
    app = Application()
    with TestClient(app) as client:
        client.get("/")
    assert app.shared._store is None


def test_what_a_store_does_not_have_nobody_is_given() -> None:
    app = Application(store=Bare())

    @app.get("/")
    async def show(limits: Provided[Limits]) -> None: ...

    with pytest.raises(SetupError, match="Limits"):
        app.build()


async def test_another_provider_of_a_part_wins() -> None:
    app, other = Application(store=Bare()), MemoryStore()
    app.provide(Limits, lambda: other, scope="app")

    @app.get("/")
    async def show(store: Store, limits: Limits) -> bool:
        return limits is other and store is app.store

    assert (await AsyncTestClient(app).get("/")).json() is True


async def test_a_test_may_put_another_in_its_place() -> None:
    app, other = counting(Application()), MemoryStore()
    await other.add("visits", 41)
    with app.override({Store: lambda: other}):
        assert (await AsyncTestClient(app).get("/")).json() == 42
    assert (await AsyncTestClient(app).get("/")).json() == 1


@pytest.mark.parametrize("wrong", [MemoryStore, "redis://", object()], ids=["class", "text", "object"])
def test_what_is_no_store_is_refused(wrong: Any) -> None:
    with pytest.raises(SetupError, match="store"):
        Application(store=wrong)


# By its address -----------------------------------------------------------------------------------------------------


def test_a_memory_store_is_not_shared_and_any_that_says_nothing_is() -> None:
    assert Application().shared.is_shared is False
    assert Application(store=MemoryStore()).shared.is_shared is False
    assert Application(store=Bare()).shared.is_shared is True


def test_a_redis_is_shared_by_either_of_its_settings() -> None:
    pytest.importorskip("redis")
    for config in (AppConfig(redis_url="redis://cache.test"), AppConfig(store_url="redis://cache.test")):
        assert Application(config).shared.is_shared is True


async def test_one_in_a_file_is_shared_and_one_setting_is_enough(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/board.db"
    one, other = counting(Application(store_url=url)), counting(Application(AppConfig(store_url=url)))
    assert one.shared.is_shared is other.shared.is_shared is True
    async with one.lifespan_context(), other.lifespan_context():
        found = [(await AsyncTestClient(app).get("/")).json() for app in (one, other, one)]
    assert found == [1, 2, 3]


@pytest.mark.parametrize("scheme", ["postgresql", "postgres"])
def test_a_postgresql_is_shared(scheme: str) -> None:
    pytest.importorskip("asyncpg")
    app = Application(AppConfig(store_url=f"{scheme}://u:hunter2@db.test/board"))
    assert app.shared.is_shared is True
    assert "hunter2" not in repr(app.store)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("sqlite://", "a SQLite store needs a file"),
        ("sqlite:///no/such/folder/board.db", "there is no folder"),
        ("postgresql://u:hunter2@h:port/board", "this is no URL of PostgreSQL"),
    ],
)
def test_a_mistake_in_an_address_is_told_when_the_application_is_made(url: str, problem: str) -> None:
    if url.startswith("postgresql"):
        pytest.importorskip("asyncpg")
    with pytest.raises(SetupError, match=f"^store_url: {problem}") as caught:
        Application(AppConfig(store_url=url))
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("module", "url", "extra"), [("asyncpg", "postgresql://h/b", "postgres"), ("redis", "redis://h", "redis")]
)
def test_what_is_not_installed_is_named_with_its_extra(module: str, url: str, extra: str) -> None:
    program = f"""
import sys
sys.modules[{module!r}] = None
from microframe import Application, AppConfig, SetupError
try:
    Application(AppConfig(store_url={url!r}))
except SetupError as exc:
    print(exc)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=25
    )
    assert (
        done.stdout.strip() == f"store_url: {module} is not installed: pip install 'microframe-web[{extra}]'"
    )


def test_store_url_wins_over_redis_url() -> None:
    config = AppConfig(store_url="memory://", redis_url="redis://cache.test")
    app = Application(config)
    assert config.shared_store == ""
    assert app.shared.is_shared is False
    assert isinstance(app.store, MemoryStore)


@pytest.mark.parametrize("url", ["mongodb://u:hunter2@h", "board.db", "redis:h", "redis://h/\n", "://"])
def test_an_address_of_no_store_is_refused_by_its_setting_and_not_told(url: str) -> None:
    with pytest.raises(SetupError, match=r"^store_url: expected an address such as") as caught:
        AppConfig(store_url=url)
    assert "hunter2" not in str(caught.value)


def test_a_mistake_in_an_address_names_its_setting() -> None:
    pytest.importorskip("redis")
    wrong = "redis://:hunter2@h:port"
    with pytest.raises(SetupError, match=r"^store_url: this is no URL of Redis") as caught:
        Application(AppConfig(store_url=wrong))
    with pytest.raises(SetupError, match=r"^redis_url: this is no URL of Redis"):
        Application(AppConfig(redis_url=wrong))
    assert "hunter2" not in str(caught.value)


class SlowStore(OwnStore):
    """Takes its time to be made, so that others ask meanwhile."""

    def _make(self) -> Store:
        time.sleep(0.05)
        return super()._make()


class SlowBroker(OwnBroker):
    """Takes its time to be made, so that others ask meanwhile."""

    def _make(self) -> Broker:
        time.sleep(0.05)
        return super()._make()


@pytest.mark.parametrize("kind", ["store", "broker"])
def test_there_is_one_however_many_threads_ask_for_it_first(kind: str) -> None:
    config = AppConfig()
    store = SlowStore(None, config)
    own: Any = store if kind == "store" else SlowBroker(None, config, store)
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: own.get(), range(8)))
    assert len({id(one) for one in found}) == 1
