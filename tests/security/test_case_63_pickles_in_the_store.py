"""Case 63: a pickle that somebody has put into the store is not run (CVE-2021-33026, CVE-2025-61765, 2021-23727)."""

import os
import pickle
from pathlib import Path
from typing import Any, List, Set, Tuple

import pytest
import redis.asyncio

from microframe import Application, Cache
from microframe.caching import Shelf
from microframe.middleware.sessions import SessionMiddleware
from microframe.plugins.cache import ValueCache, cached
from microframe.plugins.cache.values import MAGIC
from microframe.sessions import Session, Sessions
from microframe.sessions.keeper import Lifetimes
from microframe.sessions.stored import StoredKeeper
from microframe.stores.memory import MemoryStore
from microframe.stores.redis import RedisStore
from microframe.testing import AsyncTestClient
from tests.caching.origin import Origin
from tests.servers import redis_server


class Payload:
    """Makes a folder when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self) -> Tuple[Any, Any]:
        return os.mkdir, (self.path,)


class Poisoned(MemoryStore):
    """A store whose every value is somebody else's."""

    payload = b""

    async def set_tagged(self, key: str, value: bytes, *given: Any, **more: Any) -> str:
        return await super().set_tagged(key, self.payload if value else value, *given, **more)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
async def test_a_pickle_in_the_place_of_an_answer_is_ignored_with_a_warning(
    protocol: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = Poisoned()
    store.payload = pickle.dumps(Payload(tmp_path / "proof"), protocol)
    origin = Origin(store=store)
    assert (await origin.ask()).body == b"answer 1"
    assert (await origin.ask()).body == b"answer 2"
    assert not (tmp_path / "proof").exists()
    assert "is no answer of ours" in caplog.text


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
async def test_a_pickle_in_the_place_of_a_value_is_ignored_with_a_warning(
    protocol: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made = []

    @cached(ttl=60)
    async def number() -> int:
        made.append(1)
        return 7

    for begin in (b"", MAGIC):
        store = Poisoned()
        store.payload = begin + pickle.dumps(Payload(tmp_path / "proof"), protocol)
        with ValueCache(Shelf(store, store, store, "app")).active():
            assert [await number(), await number()] == [7, 7]
    assert len(made) == 4
    assert not (tmp_path / "proof").exists()
    assert "is no value of ours" in caplog.text
    assert "is of another kind" in caplog.text


# Whatever else the framework keeps -----------------------------------------------------------------------------------


def visited(store: Any) -> Application:
    """An application that keeps something in its store for every reason it has."""
    app = Application(title="app", store=store)
    app.add_middleware(SessionMiddleware, server_side=True)

    @app.post("/login", csrf=False)
    async def login(session: Session, sessions: Sessions) -> int:
        known = await sessions.of("ann")
        session.login("ann")
        return len(known)

    @app.get("/who")
    async def who(session: Session) -> str:
        return session.user

    @app.post("/once", idempotency=True, csrf=False)
    async def once() -> str:
        return "done"

    @app.get("/cached", cache=Cache(max_age=60))
    async def kept() -> str:
        return "kept"

    @app.get("/limited", limit="100/minute")
    async def limited() -> str:
        return "let"

    return app


async def visit(client: AsyncTestClient) -> List[int]:
    answers = [
        await client.post("/login"),
        await client.get("/who"),
        # Without the cookie of the visitor, by which callers are told apart.
        await AsyncTestClient(client.app).post("/once", headers={"idempotency-key": "k"}),
        await client.get("/cached"),
        await client.get("/limited"),
    ]
    return [answer.status_code for answer in answers]


async def test_whatever_is_kept_in_redis_a_pickle_in_its_place_is_ignored(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    payload = pickle.dumps(Payload(tmp_path / "proof"))
    with redis_server() as server:
        app = visited(RedisStore(server.url, timeout=20))
        async with redis.asyncio.Redis.from_url(server.url) as raw, AsyncTestClient(app) as client:
            assert await visit(client) == [200] * 5
            kinds = await poison(raw, payload)
            assert {b"session", b"sessions", b"idempotency", b"answers"} <= kinds
            assert await visit(client) == [200] * 5
            await raw.flushall()
            # And where a sound one has been replaced only partly.
            assert await visit(client) == [200] * 5
            await poison(raw, b'{"of": 1, "status": "x", "headers": [[1]], "v": 1}\n' + payload)
            assert await visit(client) == [200] * 5
    assert not (tmp_path / "proof").exists()
    assert {record.name for record in caplog.records if "of ours" in record.message} >= {
        *("microframe.sessions", "microframe.idempotency", "microframe.cache")
    }


async def poison(raw: Any, payload: bytes) -> Set[bytes]:
    """Put something else in the place of every value; gives what kinds there were."""
    kinds = set()
    for key in await raw.keys("v:*"):
        kinds.update(key.split(b":"))
        await raw.hset(key, "v", payload)
    return kinds


@pytest.mark.parametrize("value", [b"", b"{", b"[1]", b"{}", b"\x80\x04."])
async def test_a_list_of_sessions_that_is_none_is_begun_anew(
    value: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    keeper = StoredKeeper(MemoryStore(), "app", Lifetimes(60, 60))
    await keeper.store.set(keeper.sessions._key("ann"), value)
    assert await keeper.sessions.of("ann") == []
    session = Session({}, keeper.clock())
    session.login("ann")
    await keeper.save(session)
    assert [note.is_current for note in await keeper.sessions.of("ann", session)] == [True]
    assert "is none of ours" in caplog.text
