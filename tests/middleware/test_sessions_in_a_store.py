"""Sessions in a store: ids that nobody else has, lists of a user's sessions, and ending them."""

import asyncio
import json
from typing import Any, Awaitable, Dict, List, Optional

import pytest

from microframe import Application
from microframe.middleware.sessions import SessionMiddleware
from microframe.sessions import Session, SessionNote, Sessions
from microframe.sessions.keeper import Lifetimes
from microframe.sessions.stored import MOST_SESSIONS, StoredKeeper, reference_of
from microframe.store import Entry, StoreUnavailable
from microframe.stores.memory import MemoryStore
from microframe.testing import TestClient
from tests.middleware.test_sessions import Clock, cookies_of
from tests.stores.pausing import PausingStore


def build(store: MemoryStore, **options: Any) -> Application:
    app = Application(title="Board", csrf=False)
    app.add_middleware(SessionMiddleware, store=store, **options)

    @app.post("/login/{user}")
    async def login(session: Session, user: str) -> str:
        session.login(user)
        return session.id

    @app.post("/logout")
    async def logout(session: Session) -> None:
        session.logout()

    @app.post("/values")
    async def change(session: Session, values: Dict[str, Any]) -> None:
        session.update(values)

    @app.get("/")
    async def show(session: Session) -> Dict[str, Any]:
        return {**session, "user": session.user}

    @app.get("/sessions/{user}")
    async def listed(sessions: Sessions, session: Session, user: str) -> List[SessionNote]:
        return await sessions.of(user, session)

    @app.delete("/sessions/{user}/{reference}")
    async def revoke(sessions: Sessions, user: str, reference: str) -> bool:
        return await sessions.revoke(user, reference)

    @app.delete("/sessions/{user}")
    async def revoke_others(sessions: Sessions, session: Session, user: str) -> int:
        return await sessions.revoke_all(user, keep=session)

    return app


def test_the_browser_holds_an_id_alone_and_the_store_only_its_hash() -> None:
    store = MemoryStore()
    with TestClient(build(store)) as client:
        identity = client.post("/login/ann").json()
        assert client.cookies["session"] == identity
        kept = {str(key) for key in store._room.values}
    assert any(reference_of(identity) in key for key in kept)
    assert not any(identity in key for key in kept)


def test_an_id_that_somebody_planted_is_not_taken() -> None:
    with TestClient(build(MemoryStore())) as client:
        sent = {"cookie": "session=planted-by-somebody"}
        assert client.post("/values", json={"a": 1}, headers=sent).status_code == 200
        assert client.cookies["session"] != "planted-by-somebody"


def test_after_login_and_logout_the_old_id_is_dead() -> None:
    with TestClient(build(MemoryStore())) as client:
        client.post("/values", json={"a": 1})
        before = {"cookie": f"session={client.cookies['session']}"}
        client.post("/login/ann")
        inside = {"cookie": f"session={client.cookies['session']}"}
        assert client.get("/").json() == {"a": 1, "user": "ann"}
        client.cookies.clear()
        assert client.get("/", headers=before).json() == {"user": ""}
        client.post("/logout", headers=inside)
        client.cookies.clear()
        assert client.get("/", headers=inside).json() == {"user": ""}


def test_a_user_sees_all_sessions_and_can_end_them() -> None:
    app = build(MemoryStore())
    desk = TestClient(app)
    with TestClient(app) as phone:
        for client in (phone, desk):
            client.post("/login/ann")
        notes = desk.get("/sessions/ann").json()
        assert [note["is_current"] for note in notes] == [True, False]
        assert desk.delete(f"/sessions/ben/{notes[1]['reference']}").json() is False
        assert desk.delete(f"/sessions/ann/{notes[1]['reference']}").json() is True
        assert phone.get("/").json() == {"user": ""}
        phone.post("/login/ann")
        assert desk.delete("/sessions/ann").json() == 1
        assert phone.get("/").json() == {"user": ""}
        assert desk.get("/").json() == {"user": "ann"}


async def test_a_session_that_was_ended_meanwhile_does_not_come_back() -> None:
    keeper = keeper_of(MemoryStore())
    session = Session({"a": 1}, 0.0)
    sent = await keeper.save(session)
    assert sent is not None
    loaded = await keeper.load(sent)
    assert loaded is not None
    loaded["a"] = 2
    await keeper.discard(session)
    assert await keeper.save(loaded) is None
    assert await keeper.load(sent) is None


async def test_two_requests_at_once_keep_what_both_changed() -> None:
    keeper = keeper_of(MemoryStore())
    sent = await keeper.save(Session({"a": 1, "b": 1}, 0.0))
    assert sent is not None
    one, other = await keeper.load(sent), await keeper.load(sent)
    assert one is not None
    assert other is not None
    one["a"], other["b"] = 2, 2
    await keeper.save(one)
    await keeper.save(other)
    last = await keeper.load(sent)
    assert last is not None
    assert dict(last) == {"a": 2, "b": 2}


class DistantStore(MemoryStore):
    """A store where others get their turn before an answer comes."""

    async def get(self, key: str) -> Optional[Entry]:
        found = await super().get(key)
        await asyncio.sleep(0)
        return found


class BusyStore(MemoryStore):
    """A store where somebody else has always been quicker."""

    async def set(
        self, key: str, value: bytes, *, ttl: Optional[float] = None, if_version: Optional[str] = None
    ) -> Optional[str]:
        await super().set(key, value)
        return await super().set(key, value, ttl=ttl, if_version=if_version)


async def test_of_many_requests_at_once_none_is_lost() -> None:
    keeper = keeper_of(DistantStore())
    sent = await keeper.save(Session({"a": 1}, 0.0))
    assert sent is not None

    async def change(number: int) -> None:
        mine = await keeper.load(sent)
        assert mine is not None
        await asyncio.sleep(0.01)
        mine[str(number)] = number
        await keeper.save(mine)

    async def login() -> None:
        session = Session({}, 0.0)
        session.login("ann")
        await keeper.save(session)

    await asyncio.gather(*map(change, range(30)), *(login() for _ in range(30)))
    last = await keeper.load(sent)
    assert last is not None
    assert len(dict(last)) == 31
    assert len(await keeper.sessions.of("ann")) == 30  # who is not listed could not be ended


async def loaded_twice(keeper: StoredKeeper, user: str = "ann") -> "tuple[Session, Session]":
    """A session of a user, as two requests have it at once."""
    session = Session({"a": 1}, 0.0)
    session.login(user)
    sent = await keeper.save(session)
    assert sent is not None
    one, other = await keeper.load(sent), await keeper.load(sent)
    assert one is not None
    assert other is not None
    return one, other


async def meanwhile(turns: int, work: Awaitable[Any], other: Awaitable[Any]) -> "tuple[Any, Any]":
    """Do some work, and so many turns of the event loop later something else."""
    working = asyncio.ensure_future(work)
    for _ in range(turns):
        await asyncio.sleep(0)
    found = await other
    return await working, found


TURNS = range(60)
"""More than it takes to keep a session."""


@pytest.mark.parametrize("change", ["rotate", "login", "login of another", "logout"])
async def test_what_one_request_keeps_goes_on_under_the_new_id_of_another(change: str) -> None:
    for turns in TURNS:
        keeper = keeper_of(PausingStore())
        one, other = await loaded_twice(keeper)
        other["b"] = 2
        if change.startswith("login"):
            one.login("ann" if change == "login" else "ben")
        else:
            getattr(one, change)()
        one["c"] = 3
        sent, kept = await meanwhile(turns, keeper.save(one), keeper.save(other))
        assert await keeper.load(other.id) is None
        last = await keeper.load(sent)
        assert last is not None
        # Of a user who is here no longer nothing is left; otherwise what was said to be kept is there.
        is_same = change in ("rotate", "login")
        expected = {"c": 3, **({"a": 1} if is_same else {}), **({"b": 2} if is_same and kept else {})}
        assert (turns, dict(last)) == (turns, expected)


async def test_a_session_that_goes_on_under_a_new_id_is_ended_with_all_others() -> None:
    for turns in TURNS:
        keeper = keeper_of(PausingStore())
        one, other = await loaded_twice(keeper)
        one.rotate()
        sent, _ = await meanwhile(turns, keeper.save(one), keeper.sessions.revoke_all("ann"))
        assert (turns, sent and await keeper.load(sent), await keeper.load(other.id)) == (turns, None, None)
        assert await keeper.sessions.of("ann") == []


async def test_nor_does_one_that_was_ended_before_go_on_under_a_new_id() -> None:
    keeper = keeper_of(MemoryStore())
    one, other = await loaded_twice(keeper)
    assert await keeper.sessions.revoke("ann", reference_of(one.id))
    one.rotate()
    assert await keeper.save(one) is None
    assert await keeper.load(one.id) is None
    other.login("ann")  # who knows the password may go on
    sent = await keeper.save(other)
    assert sent is not None
    assert await keeper.load(sent) is not None


async def test_however_often_it_has_a_new_id_a_session_is_listed_once() -> None:
    keeper = keeper_of(MemoryStore())
    _, phone = await loaded_twice(keeper)
    desk, _ = await loaded_twice(keeper)
    for _ in range(MOST_SESSIONS + 5):
        desk.rotate()
        sent = await keeper.save(desk)
        assert sent is not None
        found = await keeper.load(sent)
        assert found is not None
        desk = found
    assert {note.reference for note in await keeper.sessions.of("ann")} == {
        reference_of(desk.id),
        reference_of(phone.id),
    }


async def test_what_cannot_be_kept_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("microframe.sessions.stored.TRIES", 3)
    session = Session({"a": 1}, 0.0)
    with pytest.raises(StoreUnavailable, match="too many requests"):
        await keeper_of(BusyStore()).save(session)


async def test_what_else_is_in_the_store_is_no_session() -> None:
    store = MemoryStore()
    keeper = keeper_of(store)
    for value in (
        b"",
        b"{",
        b"[]",
        b'{"v": 1, "u": "", "c": 1, "s": 1}',
        b'{"v": {}, "u": "", "c": "x", "s": 1}',
    ):
        await store.set(keeper.key(reference_of("k")), value)
        assert await keeper.load("k") is None
    assert await keeper.load("k" * 65) is None


async def test_the_oldest_of_too_many_sessions_end() -> None:
    store = MemoryStore()
    keeper = keeper_of(store)
    sent: List[str] = []
    for _ in range(MOST_SESSIONS + 2):
        session = Session({}, 0.0)
        session.login("ann")
        sent.append(str(await keeper.save(session)))
    assert len(await keeper.sessions.of("ann")) == MOST_SESSIONS
    assert await keeper.load(sent[0]) is None
    assert await keeper.load(sent[2]) is not None
    entry = await store.get("Board:sessions:" + reference_of("ann"))
    assert isinstance(entry, Entry)
    assert len(json.loads(entry.value)) == MOST_SESSIONS


def test_a_session_in_a_store_ends_too() -> None:
    clock = Clock()
    with TestClient(build(MemoryStore(), clock=clock, idle_timeout=100, absolute_timeout=150)) as client:
        assert "Max-Age=100" in cookies_of(client.post("/values", json={"a": 1}))[0]
        clock.now += 90
        assert client.get("/").json() == {"a": 1, "user": ""}
        clock.now += 70
        assert client.get("/").json() == {"user": ""}


def test_the_applications_own_store_serves_too() -> None:
    app = Application(csrf=False)
    app.add_middleware(SessionMiddleware, server_side=True)

    @app.post("/login")
    async def login(session: Session) -> None:
        session.login("ann")

    @app.get("/count")
    async def count(sessions: Sessions) -> int:
        return len(await sessions.of("ann"))

    with TestClient(app) as client:
        client.post("/login")
        assert client.get("/count").json() == 1


def keeper_of(store: MemoryStore) -> StoredKeeper:
    return StoredKeeper(store, "Board", Lifetimes(1000, 1000), lambda: 100.0)
