"""PostgreSQL store: the contract on a real PostgreSQL, and what is its own: away and back, cancelled calls, loops."""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from microframe.stores.postgres import PostgresStore
from tests.servers import PostgresServer
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
