"""SQLite store: the contract on real files, and what is its own."""

import asyncio
import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any, Callable

import pytest

from microframe import SetupError
from microframe.store import Entry, Lease, StoreFull, StoreUnavailable
from microframe.stores.sqlite import SQLiteStore
from tests.stores.clock import Clock
from tests.stores.contract import Bench, LimitsContract, LocksContract, StoreContract, TagsContract
from tests.wire import LIMIT


class TestSQLiteStore(StoreContract, LimitsContract, LocksContract, TagsContract):
    """The contract, on time that is told to go on."""

    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.path = tmp_path / "board.db"

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Bench]:
        clock = Clock()

        async def wait(units: float) -> None:
            clock.now += units

        store = SQLiteStore(self.path, timeout=LIMIT, clock=clock)
        try:
            yield Bench(store, 1.0, wait)
        finally:
            await store.close()


@asynccontextmanager
async def opened(path: Path, **options: Any) -> AsyncIterator[SQLiteStore]:
    """A store with more patience than a busy machine needs."""
    store = SQLiteStore(path, **{"timeout": LIMIT, **options})
    try:
        yield store
    finally:
        await store.close()


async def value_of(store: SQLiteStore, key: str) -> bytes:
    return (await store.get(key) or Entry(b"nothing", "")).value


def rows(path: Path, table: str) -> int:
    with closing(sqlite3.connect(str(path), timeout=LIMIT)) as connection:
        (count,) = connection.execute(f"SELECT count(*) FROM microframe_{table}").fetchone()
        return int(count)


async def test_lifetimes_pass_by_the_clock_of_the_machine(tmp_path: Path) -> None:
    async with opened(tmp_path / "a.db") as store:
        await store.set("app:long", b"value", ttl=3600)
        await store.set("app:short", b"value", ttl=0.05)
        assert await store.acquire("app:lock", ttl=0.05)
        await store.hit("app:ip", algorithm="fixed_window", limit=1, window=0.05)
        while await store.get("app:short") is not None:
            await asyncio.sleep(0.001)
        while await store.acquire("app:lock", ttl=3600) is None:
            await asyncio.sleep(0.001)
        while not (await store.hit("app:ip", algorithm="fixed_window", limit=1, window=0.05)).allowed:
            await asyncio.sleep(0.001)
        assert await store.get("app:long") is not None


async def test_two_stores_on_one_file_are_one(tmp_path: Path) -> None:
    async with opened(tmp_path / "a.db") as one, opened(tmp_path / "a.db") as other:
        await one.set("app:k", b"1")
        assert await value_of(other, "app:k") == b"1"
        assert await other.acquire("app:lock", ttl=3600) is not None
        assert await one.acquire("app:lock", ttl=3600) is None


async def test_eight_that_begin_at_once_share_one_file(tmp_path: Path) -> None:
    stores = [SQLiteStore(tmp_path / "a.db", timeout=LIMIT) for _ in range(8)]
    counts = await asyncio.gather(*(store.add("app:count") for store in stores))
    assert sorted(counts) == list(range(1, 9))
    for store in stores:
        await store.close()


async def test_nothing_is_opened_before_the_first_call(tmp_path: Path) -> None:
    async with opened(tmp_path / "a.db"):
        assert list(tmp_path.iterdir()) == []


def test_any_loop_may_use_it(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "a.db", timeout=LIMIT)
    assert [asyncio.run(store.add("app:count")) for _ in range(3)] == [1, 2, 3]
    asyncio.run(store.close())


# Addresses -----------------------------------------------------------------------------------------------------------


async def test_an_address_is_relative_or_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    for address in ("a.db", "sqlite:///data/b.db", f"sqlite:///{tmp_path}/c%20d.db"):
        store = SQLiteStore(address)
        monkeypatch.chdir("/")  # where it is was decided before
        await store.set("app:k", b"1")
        await store.close()
        monkeypatch.chdir(tmp_path)
    found = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.db"))
    assert found == ["a.db", "c d.db", "data/b.db"]
    assert repr(SQLiteStore("a.db")) == f"SQLiteStore({str(tmp_path / 'a.db')!r})"


@pytest.mark.parametrize(
    "address", ["", ":memory:", "sqlite://", "sqlite:///", "sqlite:///a.db?mode=ro", "sqlite:a"]
)
def test_what_names_no_file_is_refused(address: str) -> None:
    with pytest.raises(SetupError, match="needs a file"):
        SQLiteStore(address)


def test_a_folder_that_does_not_exist_is_told_when_it_is_made(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"no folder .*missing"):
        SQLiteStore(tmp_path / "missing" / "a.db")


# What can be wrong with a file ---------------------------------------------------------------------------------------


async def test_what_is_no_database_is_unavailable_until_it_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(b"nothing that SQLite would know" * 100)
    async with opened(path) as store:
        for ask in (store.get, store.add):
            with pytest.raises(StoreUnavailable, match=r"a\.db cannot be used: file is not a database"):
                await ask("app:k")
        path.unlink()
        await store.set("app:k", b"1")
        assert await value_of(store, "app:k") == b"1"


async def test_a_folder_in_its_place_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "a.db").mkdir()
    async with opened(tmp_path / "a.db") as store:
        with pytest.raises(StoreUnavailable, match=r"a\.db cannot be used: unable to open"):
            await store.get("app:k")


async def test_a_folder_that_goes_away_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    async with opened(tmp_path / "data" / "a.db") as store:
        (tmp_path / "data").rmdir()
        with pytest.raises(StoreUnavailable, match=r"a\.db cannot be used"):
            await store.get("app:k")


async def test_a_file_that_is_locked_too_long_is_unavailable_and_read_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    async with opened(path, timeout=0.05) as store:
        await store.set("app:k", b"1")
        with closing(sqlite3.connect(str(path), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            for _ in range(5):  # after some of them it is not even tried
                with pytest.raises(StoreUnavailable):
                    await store.set("app:k", b"2")
                assert await value_of(store, "app:k") == b"1"
            other.execute("ROLLBACK")
        while True:
            try:
                await store.set("app:k", b"3")
                break
            except StoreUnavailable:
                await asyncio.sleep(0.05)
        assert await value_of(store, "app:k") == b"3"


async def test_the_event_loop_turns_while_a_file_is_locked(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    async with opened(path) as store:
        await store.set("app:k", b"1")
        with closing(sqlite3.connect(str(path), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            writing = asyncio.ensure_future(store.set("app:k", b"2"))
            for _ in range(20):
                await asyncio.sleep(0.001)
            assert not writing.done()
            other.execute("ROLLBACK")
        assert await writing is not None


async def test_a_new_file_that_somebody_writes_to_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(str(path), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # it can be read, and not be made what a store needs
        other.execute("CREATE TABLE boards (title TEXT)")
        async with opened(path, timeout=0.05) as hasty:
            with pytest.raises(StoreUnavailable, match="is locked"):
                await hasty.get("app:k")
        async with opened(path) as store:
            adding = asyncio.ensure_future(store.add("app:k"))
            await asyncio.sleep(0.05)
            assert not adding.done()
            other.execute("COMMIT")
            assert await adding == 1
        assert other.execute("SELECT count(*) FROM boards").fetchone() == (0,)  # what else is there stays


def test_an_old_sqlite_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 22, 0))
    with pytest.raises(SetupError, match=r"needs SQLite 3\.24"):
        SQLiteStore(tmp_path / "a.db")


# Room ----------------------------------------------------------------------------------------------------------------


async def test_what_is_over_is_deleted_as_writes_go_on(tmp_path: Path) -> None:
    path, clock = tmp_path / "a.db", Clock()
    async with opened(path, clock=clock) as store:
        for number in range(100):
            await store.set_tagged(f"app:{number}", b"1", ["app:tag"], ttl=1)
            await store.hit(f"app:{number}", algorithm="gcra", limit=1, window=1)
            await store.acquire(f"app:{number}", ttl=1)
        clock.now += 2
        for _ in range(100):
            await store.set("app:k", b"1")
    assert [rows(path, table) for table in ("values", "tags", "limits", "locks")] == [1, 0, 0, 0]


async def test_a_full_file_forgets_what_is_over_then_the_oldest_values_and_never_a_promise(
    tmp_path: Path,
) -> None:
    path, clock = tmp_path / "a.db", Clock()
    async with opened(path, clock=clock, max_bytes=1_000_000) as store:
        await store.add("app:count")
        lease = await store.acquire("app:lock", ttl=3600)
        await store.hit("app:limit", algorithm="gcra", limit=1, window=3600)
        for number in range(2000):
            await store.set(f"app:{number}", b"x" * 2000, ttl=3600)
        assert await store.get("app:0") is None
        assert await store.get("app:1999") is not None
        assert await store.add("app:count") == 2
        assert lease is not None
        assert await store.renew(lease, ttl=3600)
        assert not (await store.hit("app:limit", algorithm="gcra", limit=1, window=3600)).allowed
        await store.set("app:large", b"x" * 700_000)  # which needs the room of many others
        assert len(await value_of(store, "app:large")) == 700_000
        assert path.stat().st_size <= 1_000_000
        clock.now += 3601
        kept = {f"app:{number}" for number in range(3000, 3100)}
        for key in sorted(kept):
            await store.set(key, b"x" * 2000)
        assert {key for key in kept if await store.get(key)} == kept


async def test_where_nothing_can_be_forgotten_it_is_full(tmp_path: Path) -> None:
    async with opened(tmp_path / "a.db", max_bytes=200_000) as store:
        with pytest.raises(StoreFull, match="no room left"):
            await asyncio.gather(*(store.add(f"app:{'k' * 400}{number}") for number in range(1_000)))
        assert await store.add(f"app:{'k' * 400}0") == 2
        with pytest.raises(StoreFull, match="less room"):
            await store.set("app:k", b"x" * 200_000)


# Who is cancelled, and who is killed ---------------------------------------------------------------------------------


async def test_cancelled_calls_leave_no_transaction_and_no_wrong_answer(tmp_path: Path) -> None:
    async with opened(tmp_path / "a.db") as store:
        for number in range(20):
            await store.set(f"app:{number}", str(number).encode())
        seed = random.Random(1)

        async def ask(number: int) -> None:
            asks: list[Callable[[], Any]] = [
                lambda: store.get(f"app:{number}"),
                lambda: store.set(f"app:{number}", str(number).encode()),
            ]
            asking = asyncio.ensure_future(seed.choice(asks)())
            if seed.random() < 0.5:
                for _ in range(seed.randrange(6)):
                    await asyncio.sleep(0)
                asking.cancel()
            try:
                found = await asking
            except asyncio.CancelledError:
                return
            assert not isinstance(found, Entry) or found.value == str(number).encode()

        for _ in range(10):
            await asyncio.gather(*(ask(seed.randrange(20)) for _ in range(30)))
        async with opened(tmp_path / "a.db") as other:  # nobody holds the file
            await other.set("app:k", b"1")


KILLED = """
import sys, time
from pathlib import Path
from microframe.stores.sqlite_file import SQLiteFile, transaction
from microframe.stores import sqlite_rows
connection = SQLiteFile(Path(sys.argv[1]), 20, 10**9).open()
with transaction(connection):
    sqlite_rows.write(connection, "app:k", b"half", None)
    print("inside", flush=True)
    time.sleep(600)
"""


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
async def test_others_go_on_when_a_process_is_killed_in_a_transaction(tmp_path: Path) -> None:
    async with opened(tmp_path / "a.db") as store:
        await store.set("app:k", b"whole")
        command = [sys.executable, "-c", KILLED, str(tmp_path / "a.db")]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "inside\n"
            writing = asyncio.ensure_future(store.add("app:count"))
            await asyncio.sleep(0.05)
            assert not writing.done()
            process.send_signal(signal.SIGKILL)
        assert await writing == 1
        assert await value_of(store, "app:k") == b"whole"


async def test_who_closes_waits_for_what_is_on_its_way(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "a.db", timeout=LIMIT)
    adding = [asyncio.ensure_future(store.add("app:count")) for _ in range(20)]
    await asyncio.sleep(0)
    await store.close()
    assert sorted(await asyncio.gather(*adding)) == list(range(1, 21))
    lease = await store.acquire("app:lock", ttl=3600)
    assert isinstance(lease, Lease)
    await store.close()


async def test_who_calls_while_it_is_closed_has_a_connection_of_its_own(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "a.db", timeout=LIMIT)
    for _ in range(20):
        adding = [asyncio.ensure_future(store.add("app:count")) for _ in range(3)]
        await asyncio.sleep(0)
        closing = asyncio.ensure_future(store.close())
        await asyncio.sleep(0)
        adding += [asyncio.ensure_future(store.add("app:count")) for _ in range(3)]
        reading = asyncio.ensure_future(store.get("app:other"))
        await asyncio.gather(*adding, closing, reading)
    assert await value_of(store, "app:count") == b"120"
    await store.close()
