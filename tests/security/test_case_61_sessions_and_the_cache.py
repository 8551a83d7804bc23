"""Case 61: whatever a handler does with a session, no cache keeps its answer (CVE-2026-35192, CVE-2023-30861)."""

from typing import Any, Callable

import pytest

from microframe import Cache, Request
from microframe.middleware.sessions import SessionMiddleware
from microframe.sessions import Session
from tests.caching.origin import Origin

USES: "dict[str, Callable[[Session], Any]]" = {
    "nothing": lambda session: None,
    "in": lambda session: "x" in session,
    "len": len,
    "iter": list,
    "get": lambda session: session.get("x"),
    "user": lambda session: session.user,
}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("public", [False, True])
async def test_a_session_that_was_looked_at_keeps_the_answer_out(use: str, public: bool) -> None:
    origin = Origin(secret_key="0" * 64)
    origin.app.add_middleware(SessionMiddleware)
    count = 0

    @origin.app.get("/asked", cache=Cache(max_age=60, public=public))
    async def asked(session: Session) -> str:
        nonlocal count
        count += 1
        USES[use](session)
        return "x"

    @origin.app.get("/resolved", cache=Cache(max_age=60, public=public))
    async def resolved(request: Request) -> str:
        nonlocal count
        count += 1
        USES[use](await request.resolve(Session))
        return "x"

    for path in ("/asked", "/resolved"):
        for sent in ([], [("cookie", "session=x")]):
            found = await origin.ask(path, *sent)
            assert (found.headers["vary"], found.headers["cache-control"]) == ("Cookie", "no-store")
    assert count == 4
