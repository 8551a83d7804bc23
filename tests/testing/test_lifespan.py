"""The application's start and end around the requests."""

import asyncio
from typing import Any, Optional

import pytest

from microframe.testing import AsyncTestClient, ClientTimeout, ProtocolError, TestClient
from microframe.testing.waiting import ASGIApplication, Message, Receive, Scope, Send
from tests.testing.applications import Life, Routes, answering

pytestmark = pytest.mark.virtual_time


async def test_the_application_lives_as_long_as_the_client() -> None:
    app = Life()
    async with AsyncTestClient(app) as client:
        await client.get("/")
        assert app.events == ["startup", "request"]
    assert app.events == ["startup", "request", "shutdown"]
    async with client:
        pass
    assert app.events[3:] == ["startup", "shutdown"]


async def test_without_entering_there_is_no_lifespan() -> None:
    app = Life()
    await AsyncTestClient(app).get("/")
    assert app.events == ["request"]


async def test_a_client_is_not_entered_twice() -> None:
    async with AsyncTestClient(Life()) as client:
        with pytest.raises(RuntimeError, match="open already"):
            await client.__aenter__()


async def test_lifespan_scope_is_a_servers() -> None:
    scopes: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scopes.append(dict(scope))
        await Life()(scope, receive, send)

    async with AsyncTestClient(app):
        pass
    assert scopes == [{"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}]


async def test_state_of_the_lifespan_is_in_every_request_and_belongs_to_it() -> None:
    shared: list[int] = []
    inner = Routes(a=answering())
    async with AsyncTestClient(Life(inner, pool=shared)) as client:
        await client.get("/a")
        inner.last["state"]["own"] = 1
        await client.get("/a")
    assert inner.last["state"] == {"pool": shared}
    assert inner.last["state"]["pool"] is shared


async def test_shutdown_runs_when_the_test_fails() -> None:
    app = Life()
    with pytest.raises(ArithmeticError):
        async with AsyncTestClient(app):
            raise ArithmeticError
    assert app.events == ["startup", "shutdown"]


def lifespan(*messages: Optional[Message], error: Optional[Exception] = None) -> ASGIApplication:
    """Answers each lifespan message with one of these, None for a startup that never ends; then raises."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in messages:
            await receive()
            if message is None:
                await asyncio.sleep(60)
            else:
                await send(message)
        if error is not None:
            raise error

    return app


def told(phase: str, outcome: str = "complete", **more: Any) -> Message:
    return {"type": f"lifespan.{phase}.{outcome}", **more}


@pytest.mark.parametrize(
    ("app", "kind", "text"),
    [
        (lifespan(error=LookupError("at once")), LookupError, "at once"),
        (lifespan(told("startup", "failed", message="text"), error=LookupError("own")), LookupError, "own"),
        (
            lifespan(told("startup", "failed", message="no database")),
            RuntimeError,
            "startup failed: no database",
        ),
        (lifespan(), RuntimeError, "ended without a word"),
        (lifespan(None), ClientTimeout, r"startup of the application is not complete after 1 s; .*in app"),
        (lifespan(told("shutdown")), ProtocolError, "shutdown.complete during lifespan.startup"),
        (lifespan(told("startup", "done")), ProtocolError, "during lifespan.startup"),
    ],
)
async def test_startups_that_fail(app: ASGIApplication, kind: type[Exception], text: str) -> None:
    seconds = 1 if kind is ClientTimeout else 60
    with pytest.raises(kind, match=text):
        await AsyncTestClient(app, timeout=seconds).__aenter__()
    with pytest.raises(kind, match=text):
        TestClient(app, timeout=seconds).__enter__()


@pytest.mark.parametrize(
    ("app", "kind", "text"),
    [
        (
            lifespan(told("startup"), told("shutdown", "failed", message="sad")),
            RuntimeError,
            "shutdown failed: sad",
        ),
        (lifespan(told("startup"), told("shutdown", "failed"), error=LookupError("own")), LookupError, "own"),
        (lifespan(told("startup"), None), ClientTimeout, "shutdown of the application is not complete"),
        (lifespan(told("startup"), told("shutdown"), error=LookupError("late")), LookupError, "late"),
        (lifespan(told("startup"), error=LookupError("between")), LookupError, "between"),
    ],
)
async def test_shutdowns_that_fail(app: ASGIApplication, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=text):
        async with AsyncTestClient(app, timeout=0.05):
            pass


@pytest.mark.parametrize(
    "app", [lifespan(told("startup")), lifespan(told("startup"), told("shutdown"), None)]
)
async def test_a_lifespan_call_may_end_early_or_late(app: ASGIApplication) -> None:
    async with AsyncTestClient(app):
        pass
