"""What nobody uses: a route without a feature runs the same functions as in an application that does not have it."""

import sys
from types import FrameType
from typing import Any, Callable, Dict, List

import pytest

from microframe import AppConfig, Application
from microframe.http.cache_control import Cache
from microframe.middleware.csrf import CSRFMiddleware
from microframe.middleware.rate_limit import RateLimitMiddleware
from microframe.middleware.sessions import SessionMiddleware
from microframe.sessions.session import Session
from tests.scopes import call

Add = Callable[[Application], None]


def another_route(**options: Any) -> Add:
    def add(app: Application) -> None:
        @app.post("/other", **options)
        async def other() -> int:
            return 1

    return add


def a_kept_route(app: Application) -> None:
    @app.get("/other", cache=Cache(max_age=60))
    async def other() -> int:
        return 1


def sessions_in(**options: Any) -> Add:
    def add(app: Application) -> None:
        app.add_middleware(SessionMiddleware, **options)

        @app.post("/other")
        async def other(session: Session) -> int:
            return len(session)

    return add


FEATURES: Dict[str, Add] = {
    "a limit of another route": another_route(limit="1/day"),
    "rate limits": lambda app: app.add_middleware(RateLimitMiddleware),
    "a cache of another route": a_kept_route,
    "idempotency of another route": another_route(idempotency=True),
    "a timeout of another route": another_route(timeout=5),
    "sessions in cookies": sessions_in(),
    "sessions in a store": sessions_in(server_side=True),
    "csrf, which asks what changes something": lambda app: app.add_middleware(CSRFMiddleware),
}


def build(add: Add = lambda app: None) -> Application:
    app = Application(AppConfig(secret_key="s" * 32))

    @app.get("/")
    async def home() -> Dict[str, int]:
        return {"number": 1}

    add(app)
    return app.build()


async def functions_called(app: Application) -> List[str]:
    """Every function that one request calls, in their order, those of C included."""
    await call(app, "/", ("cookie", "session=abc"))
    called: List[str] = []

    def note(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call":
            called.append(
                f"{frame.f_code.co_filename}:{frame.f_code.co_qualname}"
                if sys.version_info >= (3, 11)
                else f"{frame.f_code.co_filename}:{frame.f_code.co_name}"
            )
        elif event == "c_call":
            called.append(getattr(argument, "__qualname__", repr(argument)))

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        await call(app, "/", ("cookie", "session=abc"))
    finally:
        sys.setprofile(before)
    return called


@pytest.mark.parametrize("name", FEATURES)
async def test_a_route_that_does_not_use_it_runs_the_same_functions(name: str) -> None:
    assert await functions_called(build(FEATURES[name])) == await functions_called(build())


async def test_functions_that_run_are_seen() -> None:
    assert await functions_called(build(lambda app: app.add_middleware(RateLimitMiddleware, "9/day"))) != (
        await functions_called(build())
    )
