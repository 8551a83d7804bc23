"""CVE-2026-35192, CVE-2023-30861, CVE-2026-27205: an answer that knows its visitor is never another visitor's."""

from typing import Any, Callable, Dict

import pytest

from microframe import Application
from microframe.middleware.sessions import SessionMiddleware
from microframe.sessions import Session
from microframe.testing import TestClient

LOOKS: Dict[str, Callable[[Session], Any]] = {
    "in": lambda session: "a" in session,
    "len": len,
    "iter": list,
    "get": lambda session: session.get("a"),
    "item": lambda session: session.setdefault("b", 1),
    "user": lambda session: session.user,
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
