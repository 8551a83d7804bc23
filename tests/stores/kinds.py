"""Kinds: the stores that processes share, each with what it needs, for tests that ask all of them the same."""

from contextlib import nullcontext
from pathlib import Path
from typing import Any, ContextManager, NamedTuple, Protocol

import pytest

from microframe.store import Store
from tests.servers import postgres_server, redis_server
from tests.wire import LIMIT

each_kind = pytest.mark.parametrize("kind", ["redis", "postgres", "sqlite"])


class Server(Protocol):
    """What a store is on."""

    @property
    def url(self) -> str: ...


class File(NamedTuple):
    """The file that a store is in."""

    url: str


def server_for(kind: str, folder: Path) -> "ContextManager[Server]":
    """What a store of this kind is on: empty, and nobody else's."""
    if kind == "redis":
        return redis_server()
    if kind == "postgres":
        return postgres_server()
    return nullcontext(File(f"sqlite:///{folder / 'store.db'}"))


def store_at(url: str, **options: Any) -> Store:
    """The store at this address, with more patience than a busy machine needs."""
    if url.startswith("redis:"):
        from microframe.stores.redis import RedisStore

        return RedisStore(url, timeout=LIMIT, **options)
    if url.startswith("postgresql:"):
        from microframe.stores.postgres import PostgresStore

        return PostgresStore(url, timeout=LIMIT, **options)
    from microframe.stores.sqlite import SQLiteStore

    return SQLiteStore(url, timeout=LIMIT, **options)


def few_connections(kind: str) -> "dict[str, int]":
    """What makes those who ask at once wait for each other."""
    return {} if kind == "sqlite" else {"max_connections": 4}
