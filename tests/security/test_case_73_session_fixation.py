"""CVE-2018-1000519, CVE-2018-1000814: an id from outside is not taken, a login changes it, and what is over is over."""

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
