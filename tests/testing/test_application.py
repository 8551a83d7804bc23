"""The clients and MicroFrame's own application: what only these two do together."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import pytest

from microframe import (
    Application,
    Depends,
    HTTPException,
    Request,
    SetupError,
    WebSocket,
    WebSocketDisconnect,
)
from microframe.testing import AsyncTestClient, TestClient, WebSocketDenied


async def who() -> str:
    return "the real one"


async def somebody_else() -> str:
    return "somebody else"


def build() -> Application:
    app = Application()

    @app.get("/fail")
    async def fail() -> None:
        raise LookupError("own")

    @app.get("/hints")
    async def hints(request: Request) -> str:
        await request.send_early_hints("</a.css>; rel=preload")
        return "answer"

    @app.get("/who")
    async def show(name: Annotated[str, Depends(who)]) -> str:
        return name

    @app.websocket("/echo")
    async def echo(socket: WebSocket) -> None:
        await socket.accept()
        while True:
            text = await socket.receive_text()
            if text == "fail":
                raise LookupError("own")
            await socket.send_text(text)

    @app.websocket("/refuse")
    async def refuse(socket: WebSocket) -> None:
        raise HTTPException(401, "who are you?")

    return app


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    """Failures of these applications are logged, as they should be."""
    caplog.set_level(logging.CRITICAL)


async def test_the_exception_behind_a_500_is_raised() -> None:
    with pytest.raises(LookupError, match="own"):
        await AsyncTestClient(build()).get("/fail")


async def test_or_the_problem_is_the_answer() -> None:
    response = await AsyncTestClient(build(), raise_server_exceptions=False).get("/fail")
    assert (response.status_code, response.headers["content-type"]) == (500, "application/problem+json")
    assert "own" not in response.text


async def test_early_hints_arrive() -> None:
    response = await AsyncTestClient(build()).get("/hints")
    assert response.extensions["early_hints"] == ["</a.css>; rel=preload"]


async def test_overrides_are_seen_in_the_tests_own_context() -> None:
    app = build()
    client, blocking = AsyncTestClient(app), TestClient(app)
    with app.override({who: somebody_else}):
        assert (await client.get("/who")).json() == blocking.get("/who").json() == "somebody else"
    assert (await client.get("/who")).json() == blocking.get("/who").json() == "the real one"


async def test_a_program_that_is_wrong_does_not_start() -> None:
    app = Application()

    async def handler() -> None: ...

    app.get("/")(handler)
    app.get("/")(handler)
    with pytest.raises(SetupError, match="two equal routes"):
        await AsyncTestClient(app).__aenter__()


async def test_the_lifespans_state_is_in_requests() -> None:
    @asynccontextmanager
    async def lifespan(app: Application) -> AsyncIterator[dict[str, Any]]:
        yield {"pool": "open"}

    app = Application(lifespan=lifespan)

    @app.get("/")
    async def pool(request: Request) -> str:
        return str(request.state.pool)

    async with AsyncTestClient(app) as client:
        assert (await client.get("/")).json() == "open"


async def test_a_socket_that_the_client_closes_is_no_failure() -> None:
    async with AsyncTestClient(build()).websocket_connect("/echo") as socket:
        await socket.send_text("a")
        assert await socket.receive_text() == "a"


async def test_a_socket_handler_that_fails() -> None:
    async with AsyncTestClient(build()).websocket_connect("/echo") as socket:
        await socket.send_text("fail")
        with pytest.raises(LookupError, match="own"):
            await socket.receive_text()
    async with AsyncTestClient(build(), raise_server_exceptions=False).websocket_connect("/echo") as socket:
        await socket.send_text("fail")
        with pytest.raises(WebSocketDisconnect) as caught:
            await socket.receive_text()
    assert caught.value.code == 1011


async def test_a_refused_handshake_has_a_problem_as_its_response() -> None:
    with pytest.raises(WebSocketDenied) as caught:
        await AsyncTestClient(build()).websocket_connect("/refuse").__aenter__()
    assert caught.value.response.status_code == 401
    assert caught.value.response.json()["detail"] == "who are you?"
