"""Case 73 (CVE-2018-1000519, CVE-2018-1000814): no id from outside is taken, a login changes it, and all ids end."""

from typing import Any, List

import pytest

from microframe import Application
from microframe.middleware.sessions import SessionMiddleware
from microframe.sessions import Session
from microframe.testing import TestClient
from tests.middleware.test_sessions import Clock


@pytest.mark.parametrize("server_side", [False, True])
def test_what_was_planted_before_the_login_is_worth_nothing_after_it(server_side: bool) -> None:
    app, clock = Application(csrf=False), Clock()
    app.add_middleware(SessionMiddleware, server_side=server_side, clock=clock, idle_timeout=60)

    @app.post("/visit")
    async def visit(session: Session) -> None:
        session["seen"] = True

    @app.post("/login")
    async def login(session: Session) -> None:
        session.login("ann")

    @app.get("/who")
    async def who(session: Session) -> str:
        return session.user

    attacker, victim = TestClient(app), TestClient(app)
    attacker.post("/visit")
    planted = attacker.cookies["session"]
    victim.cookies.set("session", planted)
    victim.post("/login")
    assert victim.get("/who").json() == "ann"
    assert attacker.get("/who").json() == ""
    assert victim.cookies["session"] != planted
    stolen = {"cookie": f"session={victim.cookies['session']}"}
    clock.now += 60
    assert TestClient(app).get("/who", headers=stolen).json() == ""


def build(clock: Clock, server_side: bool) -> Application:
    app = Application(csrf=False)
    app.add_middleware(SessionMiddleware, server_side=server_side, clock=clock, idle_timeout=60)

    @app.post("/login")
    async def login(session: Session) -> str:
        session.login("ann")
        return session.id

    @app.post("/visit")
    async def visit(session: Session) -> str:
        session["seen"] = True
        return session.id

    @app.post("/become-admin")
    async def become_admin(session: Session) -> str:
        session["admin"] = True
        session.rotate()
        return session.id

    @app.post("/logout")
    async def logout(session: Session) -> None:
        session.logout()

    @app.get("/who")
    async def who(session: Session) -> List[Any]:
        return [session.user, session.get("admin", False), session.id]

    return app


def seen_with(app: Application, cookie: str) -> List[Any]:
    """What somebody is told who has only this cookie."""
    answer = TestClient(app).get("/who", headers={"cookie": f"session={cookie}"})
    found: List[Any] = answer.json()
    return found


PLANTED = ["A" * 43, "0", "x" * 64, "x" * 65, "..", "null", "%00", "a" * 4000, "session", '"quoted"']


@pytest.mark.parametrize("server_side", [False, True])
@pytest.mark.parametrize("planted", PLANTED, ids=range(len(PLANTED)))
def test_an_id_that_a_client_has_chosen_is_not_taken(server_side: bool, planted: str) -> None:
    app = build(Clock(), server_side)
    for path in ("/visit", "/login"):
        client = TestClient(app)
        answer = client.post(path, headers={"cookie": f"session={planted}"})
        assert answer.json() != planted
        assert client.cookies["session"] != planted
        assert seen_with(app, planted)[:2] == ["", False]


@pytest.mark.parametrize("server_side", [False, True])
def test_the_id_changes_at_login_at_a_change_of_rights_and_at_logout(server_side: bool) -> None:
    app = build(Clock(), server_side)
    client = TestClient(app)
    ids, cookies = [], []
    for path in ("/visit", "/login", "/become-admin"):
        ids.append(client.post(path).json())
        cookies.append(client.cookies["session"])
    assert len(set(ids)) == len(set(cookies)) == 3
    # The cookies from before have none of the rights that were given since.
    assert seen_with(app, cookies[0])[:2] == ["", False]
    assert seen_with(app, cookies[1])[1] is False
    assert seen_with(app, cookies[2])[:2] == ["ann", True]
    if server_side:
        assert [seen_with(app, old)[0] for old in cookies[:2]] == ["", ""]
    client.post("/logout")
    assert client.get("/who").json()[:2] == ["", False]
    if server_side:
        assert seen_with(app, cookies[2])[:2] == ["", False]


@pytest.mark.parametrize("server_side", [False, True])
def test_a_cookie_that_is_sent_again_after_its_time_is_worth_nothing(server_side: bool) -> None:
    clock = Clock()
    app = build(clock, server_side)
    client = TestClient(app)
    client.post("/login")
    stolen = client.cookies["session"]
    clock.now += 59
    assert seen_with(app, stolen)[0] == "ann"
    clock.now += 61
    assert seen_with(app, stolen)[0] == ""
