"""Checklist 18 to 23: sessions that nobody guesses, that end, that are ended, and what a signed cookie cannot do."""

import base64
from typing import Any, Dict, List

import pytest

from microframe import Application
from microframe.middleware.sessions import DAY, SessionMiddleware
from microframe.sessions import Session, SessionNote, Sessions
from microframe.sessions.session import new_id
from microframe.sessions.stored import reference_of
from microframe.stores.memory import MemoryStore
from microframe.testing import TestClient
from tests.middleware.test_sessions import Clock

either = pytest.mark.parametrize("server_side", [False, True], ids=["signed", "stored"])


def build(server_side: bool, clock: Any = None, **options: Any) -> Application:
    app = Application(csrf=False, title="app")
    given: Dict[str, Any] = {"store": options.pop("store", MemoryStore())} if server_side else {}
    app.add_middleware(SessionMiddleware, clock=clock or Clock(), **given, **options)

    @app.post("/login/{user}")
    async def login(session: Session, user: str) -> str:
        session.login(user)
        return session.id

    @app.post("/step-up")
    async def step_up(session: Session) -> str:
        session["second factor"] = True
        session.rotate()
        return session.id

    @app.post("/logout")
    async def logout(session: Session) -> None:
        session.logout()

    @app.get("/")
    async def show(session: Session) -> List[Any]:
        return [session.user, session.get("second factor", False)]

    if server_side:
        add_lists(app)
    return app


def add_lists(app: Application) -> None:
    @app.get("/sessions")
    async def listed(sessions: Sessions, session: Session) -> List[SessionNote]:
        return await sessions.of(session.user, session)

    @app.delete("/sessions/{reference}")
    async def revoke(sessions: Sessions, session: Session, reference: str) -> bool:
        return await sessions.revoke(session.user, reference)

    @app.post("/new-factor")
    async def new_factor(sessions: Sessions, session: Session) -> int:
        session.rotate()
        return await sessions.revoke_all(session.user, keep=session)

    @app.post("/disable/{user}")
    async def disable(sessions: Sessions, user: str) -> int:
        return await sessions.revoke_all(user)


def logged_in(app: Application, user: str = "ann") -> TestClient:
    client = TestClient(app)
    client.post(f"/login/{user}")
    return client


def with_cookie(app: Application, cookie: str) -> List[Any]:
    found: List[Any] = TestClient(app).get("/", headers={"cookie": f"session={cookie}"}).json()
    return found


# 18: what a session is called ----------------------------------------------------------------------------------------


def test_an_id_is_256_random_bits() -> None:
    ids = [new_id() for _ in range(1000)]
    assert len(set(ids)) == 1000
    raw = [base64.urlsafe_b64decode(one + "=") for one in ids]
    assert {len(one) for one in raw} == {32}
    # Each bit is set about half of the time: a counter or a clock would leave some of them as they are.
    for bit in range(256):
        assert 380 < sum(one[bit // 8] >> bit % 8 & 1 for one in raw) < 620


def test_a_store_holds_the_hash_of_an_id_and_never_the_id() -> None:
    store = MemoryStore()
    app = build(True, store=store)
    client = logged_in(app)
    sent = client.cookies["session"]
    kept = [(key, item.body[0]) for key, item in store._room.values.items()]
    assert len(kept) == 2
    assert any(reference_of(sent) in str(key) for key, _ in kept)
    assert not any(sent in str(part) for pair in kept for part in pair)
    # Who reads the store cannot come in with what stands there.
    for key, _ in kept:
        assert with_cookie(app, str(key).rpartition(":")[2]) == ["", False]


# 19: rotation --------------------------------------------------------------------------------------------------------


@either
def test_the_id_changes_at_login_and_at_every_further_step(server_side: bool) -> None:
    app = build(server_side)
    client = logged_in(app)
    before = client.cookies["session"]
    assert client.post("/step-up").json() not in (before, "")
    after = client.cookies["session"]
    assert after != before
    assert with_cookie(app, after) == ["ann", True]
    assert with_cookie(app, before) == (["", False] if server_side else ["ann", False])
    assert client.post("/login/ben").json() not in (before, after)
    assert with_cookie(app, client.cookies["session"])[0] == "ben"


# 20: timeouts --------------------------------------------------------------------------------------------------------


@either
def test_a_session_ends_by_itself(server_side: bool) -> None:
    clock = Clock()
    app = build(server_side, clock)
    client = logged_in(app)
    clock.now += 14 * DAY - 1
    assert client.get("/").json()[0] == "ann"
    clock.now += 14 * DAY
    assert with_cookie(app, client.cookies.get("session", ""))[0] == ""


@either
def test_a_session_that_is_used_every_day_ends_too(server_side: bool) -> None:
    clock = Clock()
    app = build(server_side, clock)
    client = logged_in(app)
    for _ in range(89):
        clock.now += DAY
        assert client.get("/").json()[0] == "ann"
    kept = client.cookies["session"]
    clock.now += DAY
    assert with_cookie(app, kept)[0] == ""
    assert client.get("/").json()[0] == ""


# 21, 22: ending sessions ---------------------------------------------------------------------------------------------


def test_who_logs_out_is_logged_out_wherever_the_cookie_went() -> None:
    app = build(True)
    client = logged_in(app)
    stolen = client.cookies["session"]
    client.post("/logout")
    assert with_cookie(app, stolen) == ["", False]


def test_who_is_disabled_is_logged_out_everywhere_and_nobody_else() -> None:
    app = build(True)
    phones = [logged_in(app) for _ in range(3)]
    other = logged_in(app, "ben")
    assert other.post("/disable/ann").json() == 3
    assert [phone.get("/").json()[0] for phone in phones] == ["", "", ""]
    assert other.get("/").json()[0] == "ben"


def test_a_user_sees_sessions_and_ends_one_and_nobody_elses() -> None:
    app = build(True)
    desk, phone, other = logged_in(app), logged_in(app), logged_in(app, "ben")
    notes = desk.get("/sessions").json()
    assert [note["is_current"] for note in notes] == [False, True]
    assert phone.cookies["session"] not in str(notes)
    assert other.delete(f"/sessions/{notes[0]['reference']}").json() is False
    assert phone.get("/").json()[0] == "ann"
    assert desk.delete(f"/sessions/{notes[0]['reference']}").json() is True
    assert phone.get("/").json()[0] == ""


def test_after_a_new_factor_only_this_session_is_left() -> None:
    app = build(True)
    desk, phone = logged_in(app), logged_in(app)
    before = desk.cookies["session"]
    desk.post("/new-factor")
    assert phone.get("/").json()[0] == ""
    assert desk.get("/").json()[0] == "ann"
    assert with_cookie(app, before)[0] == ""


# 23: signed cookies --------------------------------------------------------------------------------------------------


def test_a_signed_cookie_is_good_until_it_ends_whatever_the_browser_is_told() -> None:
    """What cannot be otherwise without a store: it is documented (docs/guides/sessions-and-csrf.md)."""
    clock = Clock()
    app = build(False, clock, idle_timeout=100)
    client = logged_in(app)
    stolen = client.cookies["session"]
    client.post("/logout")
    assert "session" not in client.cookies
    assert with_cookie(app, stolen)[0] == "ann"
    clock.now += 99
    assert with_cookie(app, stolen)[0] == "ann"
    clock.now += 1
    assert with_cookie(app, stolen)[0] == ""


def test_its_end_is_inside_the_signature() -> None:
    clock = Clock()
    app = build(False, clock, idle_timeout=100)
    cookie = logged_in(app).cookies["session"]
    raw = bytearray(base64.urlsafe_b64decode(cookie + "=" * (-len(cookie) % 4)))
    for later in (0, int((clock.now + 10**6) * 1000)):
        raw[1:9] = later.to_bytes(8, "big")
        forged = base64.urlsafe_b64encode(bytes(raw)).rstrip(b"=").decode()
        assert with_cookie(app, forged)[0] == ""
    clock.now += 100
    assert with_cookie(app, cookie)[0] == ""


def test_the_guide_says_what_a_signed_cookie_cannot_do() -> None:
    from pathlib import Path

    guide = (Path(__file__).parents[2] / "docs/guides/sessions-and-csrf.md").read_text("utf-8")
    assert "a copy stays good until it expires" in guide


@either
def test_what_was_sent_before_is_worth_nothing_under_another_key(server_side: bool) -> None:
    app = build(server_side)
    cookie = logged_in(app).cookies["session"]
    other = build(server_side)
    assert with_cookie(app, cookie)[0] == "ann"
    if server_side:
        assert with_cookie(other, cookie)[0] == ""
    changed = Application(csrf=False, title="app", secret_key=["Yt5u8Wn2Vq6rKx1aMb9zGe3hDi7fOc4j"])
    changed.add_middleware(SessionMiddleware, clock=Clock())

    @changed.get("/")
    async def show(session: Session) -> List[Any]:
        return [session.user, False]

    assert with_cookie(changed, cookie)[0] == ""
