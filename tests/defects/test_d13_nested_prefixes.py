"""D13: the prefix of every router and of every inclusion is part of the path, to any depth."""

from typing import Any

import pytest

from microframe import Application, Request, Router, WebSocket
from microframe.testing import TestClient


def test_the_prefix_of_the_parent_is_kept() -> None:
    app, api, users = Application(), Router(prefix="/api"), Router(prefix="/users")

    @users.get("/")
    async def index() -> str:
        return "users"

    api.include_router(users)
    app.include_router(api)
    client = TestClient(app)
    assert client.get("/api/users/").json() == "users"
    assert client.get("/users/").status_code == 404


@pytest.mark.parametrize("depth", [1, 2, 3, 12])
def test_prefixes_of_routers_and_inclusions_add_up_to_any_depth(depth: int) -> None:
    app, expected = Application(), "/cards"
    router = Router()

    @router.get("/cards", name="cards")
    async def cards() -> str:
        return "cards"

    @router.websocket("/cards/live")
    async def live(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text("live")

    for level in range(depth):
        outer = Router(prefix=f"/own{level}")
        outer.include_router(router, prefix=f"/given{level}")
        router, expected = outer, f"/own{level}/given{level}{expected}"
    app.include_router(router)
    with TestClient(app) as client:
        assert client.get(expected).json() == "cards"
        assert client.get("/cards").status_code == 404
        with client.websocket_connect(f"{expected}/live") as socket:
            assert socket.receive_text() == "live"
    assert app.url_path_for("cards") == expected
    assert [route.path for route in app.routes] == [expected, f"{expected}/live"]


def test_one_router_is_included_at_several_places() -> None:
    app, shared, left, right = Application(), Router(), Router(prefix="/left"), Router(prefix="/right")

    @shared.get("/x")
    async def where(request: Request) -> str:
        return request.path

    for router in (left, right):
        router.include_router(shared, prefix="/deep")
        app.include_router(router)
    client = TestClient(app)
    assert [client.get(f"/{side}/deep/x").json() for side in ("left", "right")] == [
        "/left/deep/x",
        "/right/deep/x",
    ]


def test_what_is_registered_after_the_inclusion_has_the_prefix_too() -> None:
    app, api, users = Application(), Router(prefix="/api"), Router(prefix="/users")
    app.include_router(api)
    api.include_router(users)

    @users.get("/late")
    async def late() -> str:
        return "late"

    assert TestClient(app).get("/api/users/late").json() == "late"


def test_parameters_of_prefixes_reach_the_handler() -> None:
    app, team, board = Application(), Router(prefix="/{team}"), Router(prefix="/boards/{board}")

    @board.get("/cards/{card}")
    async def show(team: str, board: int, card: int) -> "list[Any]":
        return [team, board, card]

    team.include_router(board)
    app.include_router(team, prefix="/teams")
    assert TestClient(app).get("/teams/red/boards/1/cards/2").json() == ["red", 1, 2]
