"""D3: an error with a status keeps it, wherever it is raised; it never becomes a 500."""

from typing import Annotated, Any, AsyncIterator, Callable, Iterator, NoReturn

import pytest
from pydantic import BaseModel

from microframe import (
    Application,
    BadRequestException,
    Connection,
    Depends,
    Endpoint,
    ForbiddenException,
    HTTPException,
    NotFoundException,
    Provided,
    Request,
    Response,
    UnauthorizedException,
    ValidationException,
    WebSocket,
)
from microframe.testing import TestClient, WebSocketDenied


class TeapotException(HTTPException):
    """I am a {shape} teapot."""

    status = 418


class Card(BaseModel):
    """What is posted."""

    title: str
    rank: int


class Board:
    """What somebody provides."""


FAULT = {"loc": ("body", "title"), "msg": "Too plain", "type": "too_plain"}

ERRORS = [
    (lambda: HTTPException(409, "Taken."), 409, "conflict"),
    (lambda: BadRequestException(), 400, "bad_request"),
    (lambda: UnauthorizedException(), 401, "unauthorized"),
    (lambda: ForbiddenException("Not yours."), 403, "forbidden"),
    (lambda: NotFoundException(), 404, "not_found"),
    (lambda: ValidationException([FAULT]), 422, "validation_error"),
    (lambda: TeapotException(shape="short"), 418, "teapot"),
]


def in_async_handler(app: Application, fail: Callable[[], NoReturn]) -> None:
    @app.get("/")
    async def handler() -> None:
        fail()


def in_sync_handler(app: Application, fail: Callable[[], NoReturn]) -> None:
    @app.get("/")
    def handler() -> None:
        fail()


def depending(app: Application, dependency: Callable[..., Any]) -> None:
    @app.get("/")
    async def handler(value: Annotated[None, Depends(dependency)]) -> str:
        return "never"


def in_async_dependency(app: Application, fail: Callable[[], NoReturn]) -> None:
    async def dependency() -> None:
        fail()

    depending(app, dependency)


def in_sync_dependency(app: Application, fail: Callable[[], NoReturn]) -> None:
    def dependency() -> None:
        fail()

    depending(app, dependency)


def in_async_generator(app: Application, fail: Callable[[], NoReturn]) -> None:
    async def dependency() -> AsyncIterator[None]:
        yield fail()

    depending(app, dependency)


def in_sync_generator(app: Application, fail: Callable[[], NoReturn]) -> None:
    def dependency() -> Iterator[None]:
        yield fail()

    depending(app, dependency)


def in_provider(app: Application, fail: Callable[[], NoReturn]) -> None:
    async def make() -> Board:
        fail()

    app.provide(Board, make)

    @app.get("/")
    async def handler(board: Provided[Board]) -> str:
        return "never"


def in_middleware(app: Application, fail: Callable[[], NoReturn]) -> None:
    def middleware(endpoint: Endpoint) -> Endpoint:
        async def around(request: Request) -> Response:
            fail()

        return around

    app.add_middleware(middleware)


def in_call_next_middleware(app: Application, fail: Callable[[], NoReturn]) -> None:
    @app.middleware("http")
    async def around(request: Request, call_next: Endpoint) -> Response:
        fail()


def in_guard(app: Application, fail: Callable[[], NoReturn]) -> None:
    async def guard(connection: Connection) -> None:
        fail()

    app.add_guard(guard)


PLACES = [
    in_async_handler,
    in_sync_handler,
    in_async_dependency,
    in_sync_dependency,
    in_async_generator,
    in_sync_generator,
    in_provider,
    in_middleware,
    in_call_next_middleware,
    in_guard,
]


@pytest.mark.parametrize(("make", "status", "code"), ERRORS, ids=[code for _, _, code in ERRORS])
@pytest.mark.parametrize("place", PLACES)
def test_a_raised_error_keeps_its_status(
    place: Callable[..., None], make: Callable[[], HTTPException], status: int, code: str
) -> None:
    app = Application()

    def fail() -> NoReturn:
        raise make()

    place(app, fail)
    answer = TestClient(app).get("/")
    assert (answer.status_code, answer.json()["status"], answer.json()["code"]) == (status, status, code)
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("is_async", [True, False])
@pytest.mark.parametrize(
    ("body", "status"),
    [(b'{"title": "x", "rank": "first"}', 422), (b"{}", 422), (b"{not json", 422), (b"", 422)],
)
def test_a_body_that_is_wrong_is_the_clients_fault(body: bytes, status: int, is_async: bool) -> None:
    app = Application()

    async def asynchronous(card: Card) -> Card:
        return card

    def blocking(card: Card) -> Card:
        return card

    app.post("/")(asynchronous if is_async else blocking)
    answer = TestClient(app).post("/", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (status, "validation_error")
    assert all(error["loc"][0] == "body" for error in answer.json()["errors"])


@pytest.mark.parametrize(("make", "status", "code"), ERRORS, ids=[code for _, _, code in ERRORS])
@pytest.mark.parametrize("in_dependency", [True, False])
def test_a_refused_handshake_keeps_its_status(
    make: Callable[[], HTTPException], status: int, code: str, in_dependency: bool
) -> None:
    app = Application()

    def admit() -> None:
        if in_dependency:
            raise make()

    @app.websocket("/")
    async def talk(socket: WebSocket, admitted: Annotated[None, Depends(admit)]) -> None:
        raise make()

    with pytest.raises(WebSocketDenied) as denied, TestClient(app).websocket_connect("/"):
        pass
    assert (denied.value.response.status_code, denied.value.response.json()["code"]) == (status, code)


def test_a_fault_of_the_program_is_still_a_500_without_its_text() -> None:
    app = Application(debug=False)

    @app.get("/")
    async def handler() -> None:
        raise TypeError("the text of a bug")

    answer = TestClient(app, raise_server_exceptions=False).get("/")
    assert answer.status_code == 500
    assert "the text of a bug" not in answer.text
