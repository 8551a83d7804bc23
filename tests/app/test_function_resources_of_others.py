"""What is opened for the handler's time and by somebody else: closed before the answer leaves, whoever gives it."""

from typing import Any, List, Optional

import pytest

from microframe import Application, Connection, JSONResponse, PlainTextResponse, Request, Response
from microframe.middleware.sessions import SessionMiddleware
from microframe.sessions import Session
from microframe.testing import TestClient


class Banned(Exception):
    """Answered by a handler for exceptions."""


def build(server_side: bool) -> Application:
    app, inner = Application(csrf=False), Application()
    app.add_middleware(SessionMiddleware, server_side=server_side)

    @app.post("/login")
    async def login(session: Session) -> None:
        session.login("ada")

    @app.get("/who")
    async def who(session: Session) -> str:
        return session.user

    @app.get("/ban")
    async def ban() -> None:
        raise Banned

    @app.exception_handler(Banned)
    async def banned(request: Request, exc: Exception) -> Response:
        (await request.resolve(Session)).logout()
        return JSONResponse({}, 401)

    @inner.get("/page")
    async def page() -> str:
        return "page"

    app.mount("/inner", inner)
    return app


@pytest.mark.parametrize("server_side", [False, True])
def test_a_logout_in_a_handler_for_exceptions_counts(server_side: bool) -> None:
    client = TestClient(build(server_side))
    client.post("/login")
    assert client.get("/who").json() == "ada"
    assert client.get("/ban").status_code == 401
    assert client.get("/who").json() == ""


@pytest.mark.parametrize("path", ["/who", "/nowhere", "/inner/page", "/inner/nowhere"])
def test_what_middleware_changes_is_kept_whoever_answers(path: str) -> None:
    app = build(False)

    @app.middleware("http")
    async def counting(request: Request, call_next: Any) -> Any:
        session = await request.resolve(Session)
        session["count"] = session.get("count", 0) + 1
        return await call_next(request)

    @app.get("/count")
    async def count(session: Session) -> int:
        counted: int = session["count"]
        return counted

    client = TestClient(app)
    client.get(path)
    assert client.get("/count").json() == 2


def test_a_guard_that_answers_has_its_resources_closed_and_their_failure_is_the_answer() -> None:
    app, closed = Application(), []

    async def refusing(connection: Connection) -> Optional[Response]:
        async def close(error: Optional[BaseException]) -> None:
            closed.append(connection.path)
            if connection.path == "/failing":
                raise LookupError

        connection.on_close(close, "function")
        return PlainTextResponse("no", 403)

    app.add_guard(refusing)
    client = TestClient(app, raise_server_exceptions=False)
    assert client.get("/").status_code == 403
    assert client.get("/failing").status_code == 500
    assert closed == ["/", "/failing"]


def test_in_a_mount_they_close_when_its_handler_has_returned() -> None:
    app, inner, order = Application(), Application(), []

    @inner.get("/")
    async def index(request: Request) -> List[str]:
        async def close(error: Optional[BaseException]) -> None:
            order.append("closed")

        request.on_close(close, "function")
        return order

    @app.middleware("http")
    async def after(request: Request, call_next: Any) -> Any:
        response = await call_next(request)
        order.append("after")
        return response

    app.mount("/inner", inner)
    assert TestClient(app).get("/inner/").json() == []
    assert order == ["closed", "after"]
