"""PostgreSQL store: the contract on a real PostgreSQL, and what is its own: away and back, cancelled calls, loops."""

import asyncio
import itertools
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Callable

import asyncpg
import pytest

from microframe import SetupError
from microframe.store import Entry, StoreFull, StoreUnavailable
from microframe.stores.postgres import PostgresStore
from microframe.stores.postgres_lines import translated
from tests.servers import PostgresServer, postgres_server, refused_port
from tests.stores.clock import Clock
from tests.stores.contract import Bench, LimitsContract, LocksContract, StoreContract, TagsContract
from tests.wire import LIMIT

numbers = itertools.count()


@asynccontextmanager
async def opened(url: str, **options: Any) -> AsyncIterator[PostgresStore]:
    """A store in a schema of its own, with more patience than a busy machine needs."""
    schema = f"test_{next(numbers)}"
    store = PostgresStore(url, **{"timeout": LIMIT, "schema": schema, **options})
    try:
        yield store
    finally:
        await store._ask(
            lambda connection: connection.execute(f"DROP SCHEMA IF EXISTS {store._schema} CASCADE")
        )
        await store.close()


class TestPostgresStore(StoreContract, LimitsContract, LocksContract, TagsContract):
    """The contract, on time that is told to go on."""

    @pytest.fixture(autouse=True)
    def _server(self, postgres: PostgresServer) -> None:
        self.url = postgres.url

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Bench]:
        clock = Clock()

        async def wait(units: float) -> None:
            clock.now += units

        async with opened(self.url, clock=clock) as store:
            yield Bench(store, 1.0, wait)


@pytest.fixture
def own_postgres() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


async def value_of(store: PostgresStore, key: str) -> bytes:
    return (await store.get(key) or Entry(b"nothing", "")).value


async def asked(store: PostgresStore, statement: str) -> Any:
    """What PostgreSQL itself says; `{s}` is the schema."""
    return await store._ask(lambda connection: connection.fetchval(statement.format(s=store._schema)))


async def test_lifetimes_pass_by_the_clock_of_the_server(postgres: PostgresServer) -> None:
    async with opened(postgres.url) as store:
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


async def test_two_stores_on_one_database_are_one(postgres: PostgresServer) -> None:
    async with opened(postgres.url) as one, opened(postgres.url, schema=one._schema) as other:
        await one.set("app:k", b"1")
        assert await value_of(other, "app:k") == b"1"
        assert await other.acquire("app:lock", ttl=3600) is not None
        assert await one.acquire("app:lock", ttl=3600) is None


async def test_eight_that_begin_at_once_share_one_schema(postgres: PostgresServer) -> None:
    async with opened(postgres.url) as first:
        stores = [
            first,
            *(PostgresStore(postgres.url, schema=first._schema, timeout=LIMIT) for _ in range(7)),
        ]
        counts = await asyncio.gather(*(store.add("app:count") for store in stores))
        assert sorted(counts) == list(range(1, 9))
        for store in stores[1:]:
            await store.close()


async def test_a_schema_that_somebody_took_away_is_made_again(postgres: PostgresServer) -> None:
    async with opened(postgres.url) as store:
        await store.set("app:k", b"1")
        await asked(store, "DROP SCHEMA {s} CASCADE")
        with pytest.raises(StoreUnavailable, match="PostgreSQL refuses: "):
            await store.get("app:k")
        assert await store.add("app:k") == 1


async def test_one_who_may_not_make_the_schema_is_told_what_is_missing(postgres: PostgresServer) -> None:
    async with opened(postgres.url) as store:
        await asked(store, "DROP ROLE IF EXISTS guest")
        await asked(store, "CREATE ROLE guest LOGIN")
        guest = PostgresStore(
            postgres.url.replace("postgres@", "guest@"), schema=store._schema, timeout=LIMIT
        )
        with pytest.raises(StoreUnavailable, match="create it, and grant usage and create"):
            await guest.get("app:k")
        await asked(store, "CREATE SCHEMA IF NOT EXISTS {s}")
        await asked(store, "DROP SCHEMA {s} CASCADE")
        await asked(store, "CREATE SCHEMA {s}")
        await asked(store, "GRANT USAGE, CREATE ON SCHEMA {s} TO guest")
        assert await guest.add("app:k") == 1  # who may use one that is there needs to be allowed no more
        await guest.close()


def test_each_loop_has_connections_of_its_own(postgres: PostgresServer) -> None:
    store = PostgresStore(postgres.url, schema="loops", timeout=LIMIT)

    async def once() -> int:
        try:
            return await store.add("app:loops")
        finally:
            await store.close()

    assert [asyncio.run(once()) for _ in range(2)] == [1, 2]


async def test_there_are_no_more_connections_than_it_may_have(postgres: PostgresServer) -> None:
    async with opened(postgres.url, max_connections=3) as store:
        await asyncio.gather(*(store.add("app:count") for _ in range(50)))
        (lines,) = store._lines.values()
        assert len(lines._free) == 3


async def test_without_prepared_statements_it_works_too(postgres: PostgresServer) -> None:
    async with opened(postgres.url, prepare=False) as store:
        assert [await store.add("app:count") for _ in range(3)] == [1, 2, 3]
        assert (
            await asked(store, "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%add_1%'")
            == 0
        )


# Addresses -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url", ["127.0.0.1:5432", "http://127.0.0.1", "postgresql://u:hunter2@h:port/b", "postgresql://[h/b"]
)
def test_what_is_no_url_of_postgresql_is_refused_without_telling_it(url: str) -> None:
    with pytest.raises(SetupError, match="no URL of PostgreSQL") as caught:
        PostgresStore(url)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("schema", ["", "Board", "a-b", 'a"; DROP TABLE users', "a" * 64])
def test_what_is_no_name_of_a_schema_is_refused(schema: str) -> None:
    with pytest.raises(SetupError, match="no name of a schema"):
        PostgresStore("postgresql://h/b", schema=schema)


async def test_who_is_refused_is_told_so_without_the_password(postgres: PostgresServer) -> None:
    url = f"postgresql://postgres:hunter2@127.0.0.1:{postgres.port}/nowhere"
    store = PostgresStore(url, timeout=LIMIT)
    assert "hunter2" not in repr(store)
    with pytest.raises(StoreUnavailable, match="PostgreSQL refuses: InvalidCatalogNameError") as caught:
        await store.get("app:k")
    assert "hunter2" not in str(caught.value)
    await store.close()


async def test_where_nobody_answers_it_is_not_asked_for_a_while() -> None:
    with refused_port() as port:
        store = PostgresStore(f"postgresql://postgres@127.0.0.1:{port}/board", timeout=LIMIT)
        store._breaker._pause = 3600
        for _ in range(3):
            with pytest.raises(StoreUnavailable, match="cannot be reached: ConnectionRefusedError"):
                await store.get("app:k")
        with pytest.raises(StoreUnavailable, match="did not answer a moment ago"):
            await store.get("app:k")
        await store.close()


async def answers(store: PostgresStore) -> bool:
    try:
        await store.get("app:0")
    except StoreUnavailable:
        return False
    return True


# Away, and back ------------------------------------------------------------------------------------------------------


async def test_a_postgresql_that_went_away_is_told_at_once_and_found_again(
    own_postgres: PostgresServer,
) -> None:
    async with opened(own_postgres.url) as store:
        await asyncio.gather(*(store.set(f"app:{number}", b"1") for number in range(20)))
        own_postgres.stop()
        while await answers(
            store
        ):  # what served a connection may go on until it notices that its server is gone
            await asyncio.sleep(0.01)
        for _ in range(5):
            with pytest.raises(StoreUnavailable):
                await store.get("app:0")
        own_postgres.start()
        back = time.monotonic()
        while not await answers(store):
            assert time.monotonic() - back < LIMIT
            await asyncio.sleep(0.02)
        # The others that were connected before do not fail once each.
        assert set(await asyncio.gather(*(value_of(store, f"app:{number}") for number in range(20)))) == {
            b"1"
        }


async def test_what_takes_too_long_is_unavailable(postgres: PostgresServer) -> None:
    async with (
        opened(postgres.url) as store,
        opened(postgres.url, schema=store._schema, timeout=0.5) as hasty,
    ):
        await store.set("app:k", b"1")

        async def hold(connection: Any) -> None:
            async with connection.transaction():
                await connection.execute(f"LOCK TABLE {store._schema}.entry")
                with pytest.raises(StoreUnavailable, match="cannot be reached: TimeoutError"):
                    await hasty.get("app:k")

        await store._ask(hold)
        hasty._timeout = LIMIT
        assert await value_of(hasty, "app:k") == b"1"


def test_what_a_failure_means() -> None:
    from asyncpg import exceptions

    assert isinstance(translated(exceptions.DiskFullError("")), StoreFull)
    assert "cannot be reached" in str(translated(exceptions.TooManyConnectionsError("hunter2")))
    assert "cannot be reached" in str(translated(exceptions.CannotConnectNowError("hunter2")))
    told = str(translated(exceptions.ReadOnlySQLTransactionError("hunter2")))
    assert told == "PostgreSQL refuses: ReadOnlySQLTransactionError (25006)"


# Room ----------------------------------------------------------------------------------------------------------------


async def test_what_is_over_is_deleted_as_writes_go_on(postgres: PostgresServer) -> None:
    clock = Clock()
    async with opened(postgres.url, clock=clock) as store:
        for number in range(100):
            await store.set(f"app:{number}", b"1", ttl=1)
            await store.hit(f"app:{number}", algorithm="gcra", limit=1, window=1)
            await store.acquire(f"app:{number}", ttl=1)
        clock.now += 90  # limits are there for a minute more
        for _ in range(100):
            await store.set("app:k", b"1")
        left = [
            await asked(store, f"SELECT count(*) FROM {{s}}.{table}")
            for table in ("entry", "counted", "lease")
        ]
        assert left == [1, 0, 0]


async def test_what_was_written_is_told_though_nothing_could_be_deleted_after_it(
    postgres: PostgresServer,
) -> None:
    async with opened(postgres.url) as store:
        await asked(store, "DROP FUNCTION {s}.sweep_1(bigint, integer)")
        store._until_sweep = 0
        assert await store.add("app:count") == 1
        store._until_sweep = 0  # it has been made again
        assert await store.add("app:count") == 2


async def test_a_number_that_is_too_large_is_never_sent(postgres: PostgresServer) -> None:
    async with opened(postgres.url) as store:
        with pytest.raises(ValueError, match="count past"):
            await store.add("app:k", 10**30)
        with pytest.raises(ValueError, match="count past"):
            await store.add("app:k", 2**53)
        assert await store.set("app:k", b"1", if_version="no version") is None
        assert await store.delete("app:k", if_version="no version") is False
        assert await store.delete("app:k", if_version="") is False


# Who is cancelled, and who is killed ---------------------------------------------------------------------------------


async def test_cancelled_calls_leave_no_transaction_and_no_wrong_answer(own_postgres: PostgresServer) -> None:
    async with opened(own_postgres.url, max_connections=4) as store:
        for number in range(20):
            await store.set(f"app:{number}", str(number).encode())
        seed = random.Random(1)

        async def ask(number: int) -> None:
            asks: list[Callable[[], Any]] = [
                lambda: store.get(f"app:{number}"),
                lambda: store.set(f"app:{number}", str(number).encode()),
                lambda: store.hit(f"app:{number}", algorithm="gcra", limit=10**6, window=3600),
            ]
            asking = asyncio.ensure_future(seed.choice(asks)())
            if seed.random() < 0.5:
                for _ in range(seed.randrange(12)):
                    await asyncio.sleep(0)
                asking.cancel()
            try:
                found = await asking
            except asyncio.CancelledError:
                return
            assert not isinstance(found, Entry) or found.value == str(number).encode()

        for _ in range(10):
            await asyncio.gather(*(ask(seed.randrange(20)) for _ in range(30)))
        mine = "application_name = 'microframe' AND pid <> pg_backend_pid()"
        busy = f"SELECT count(*) FROM pg_stat_activity WHERE {mine} AND state <> 'idle'"
        held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
        while await asked(store, busy) or await asked(store, held):
            await asyncio.sleep(0.01)  # who was cancelled last may still be on its way out


KILLED = """
import asyncio, sys
from microframe.stores.postgres import PostgresStore
async def main():
    store = PostgresStore(sys.argv[1], schema=sys.argv[2], timeout=600)
    async def hold(connection):
        async with connection.transaction():
            await connection.execute(f"UPDATE {sys.argv[2]}.entry SET value = 'half'")
            print("inside", flush=True)
            await asyncio.sleep(600)
    await store._ask(hold)
asyncio.run(main())
"""


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
async def test_others_go_on_when_a_process_is_killed_in_a_transaction(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    async with opened(postgres.url) as store:
        await store.set("app:k", b"whole")
        command = [sys.executable, "-c", KILLED, postgres.url, store._schema]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "inside\n"
            writing = asyncio.ensure_future(store.set("app:k", b"next"))
            await asyncio.sleep(0.05)
            assert not writing.done()
            assert await value_of(store, "app:k") == b"whole"
            process.send_signal(signal.SIGKILL)
        assert await writing is not None
        assert await value_of(store, "app:k") == b"next"


async def test_what_is_in_use_when_it_closes_is_let_go_afterwards(postgres: PostgresServer) -> None:
    async with opened(postgres.url) as store:
        await store.add("app:count")
        adding = asyncio.ensure_future(store.add("app:count"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        (lines,) = store._lines.values()
        await store.close()
        assert await adding == 2
        assert lines._free == []


async def test_what_is_written_while_somebody_forgets_it_does_not_stay(postgres: PostgresServer) -> None:
    async with opened(postgres.url) as store:
        await store.set_tagged("app:1", b"", ["app:tag"])
        mark = await store.set_tagged("app:mark", b"", ["app:tag"])
        other = await asyncpg.connect(postgres.url)
        async with other.transaction():
            await other.execute(f"SELECT 1 FROM {store._schema}.entry WHERE key = 'app:1'::bytea FOR UPDATE")
            forgetting = asyncio.create_task(store.forget("app:tag"))
            waits = "SELECT count(*) FROM pg_locks WHERE NOT granted"
            while not await other.fetchval(waits):
                await asyncio.sleep(0.01)
            await store.set_tagged("app:made", b"old", ["app:tag"])
            is_good = await store.delete("app:mark", if_version=mark)
        await other.close()
        assert await forgetting == 2
        assert is_good
        assert await store.get("app:made") is None
