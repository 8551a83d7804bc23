"""Case 61 (CVE-2026-35192, CVE-2023-30861, CVE-2026-27205): who knows its visitor answers nobody else."""

from typing import Any, Callable, Dict

import pytest

from microframe import Application, Cache, Depends, ForbiddenException, Request
from microframe.middleware.sessions import SessionMiddleware
from microframe.sessions import Session
from microframe.testing import TestClient
from tests.middleware.test_sessions import Clock

LOOKS: Dict[str, Callable[[Session], Any]] = {
    "in": lambda session: "a" in session,
    "len": len,
    "iter": list,
    "get": lambda session: session.get("a"),
    "item": lambda session: session.setdefault("b", 1),
    "user": lambda session: session.user,
    "keys": lambda session: session.keys(),
    "values": lambda session: list(session.values()),
    "items": lambda session: list(session.items()),
    "equal": lambda session: session == {},
    "bool": bool,
    "pop": lambda session: session.pop("a", None),
    "clear": lambda session: session.clear(),
    "flashes": lambda session: session.flashes(),
    "rotate": lambda session: session.rotate(),
    "id": lambda session: session.id,
    "nothing": lambda session: None,
}


@pytest.mark.parametrize("server_side", [False, True])
@pytest.mark.parametrize("look", sorted(LOOKS))
def test_however_a_session_is_looked_at_no_cache_keeps_the_answer(look: str, server_side: bool) -> None:
    app = Application(csrf=False)
    app.add_middleware(SessionMiddleware, server_side=server_side)

    @app.get("/")
    async def index(session: Session) -> str:
        LOOKS[look](session)
        return "seen"

    @app.get("/broken")
    async def broken(session: Session) -> None:
        raise LookupError

    client = TestClient(app, raise_server_exceptions=False)
    for _ in range(2):
        for path in ("/", "/broken"):
            answer = client.get(path)
            assert answer.headers["vary"] == "Cookie"
            assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("server_side", [False, True])
def test_a_session_that_is_only_refreshed_keeps_every_cache_out(server_side: bool) -> None:
    clock = Clock()
    app = Application(csrf=False)
    app.add_middleware(SessionMiddleware, server_side=server_side, clock=clock, idle_timeout=1000)

    @app.post("/")
    async def begin(session: Session) -> None:
        session["a"] = 1

    async def opened(session: Session) -> None:
        """Asks for the session, and does nothing with it."""

    @app.get("/", cache=Cache(max_age=60, public=True), dependencies=[Depends(opened)])
    async def show() -> str:
        return "shown"

    client = TestClient(app)
    client.post("/")
    for passed in (0, 150, 150):
        clock.now += passed
        answer = client.get("/")
        # Its time is noted anew with a cookie, though nobody has looked at it.
        assert ("set-cookie" in answer.headers) == (passed > 0)
        assert answer.headers["vary"] == "Cookie"
        assert answer.headers["cache-control"] == "no-store"
        assert "cache-status" not in answer.headers or "hit" not in answer.headers["cache-status"]
    # An answer to somebody without a session is not theirs, and is kept for nobody either.
    stranger = TestClient(app).get("/")
    assert (stranger.headers["vary"], stranger.headers["cache-control"]) == ("Cookie", "no-store")


@pytest.mark.parametrize("look", sorted(LOOKS))
def test_a_program_that_asks_for_it_itself_is_no_way_around(look: str) -> None:
    app = Application(csrf=False)
    app.add_middleware(SessionMiddleware)

    @app.get("/")
    async def index(request: Request) -> str:
        LOOKS[look](await request.resolve(Session))
        return "seen"

    @app.get("/refused")
    async def refused(request: Request) -> None:
        LOOKS[look](await request.resolve(Session))
        raise ForbiddenException()

    for path in ("/", "/refused"):
        answer = TestClient(app).get(path)
        assert (answer.headers["vary"], answer.headers["cache-control"]) == ("Cookie", "no-store")
