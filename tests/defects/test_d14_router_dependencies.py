"""D14: dependencies of applications, routers, inclusions and routes run, outermost first, for sockets too."""

from typing import Annotated, Any, Callable, Iterator, List

import pytest

from microframe import Application, Depends, ForbiddenException, Header, Request, Router, WebSocket
from microframe.testing import TestClient, WebSocketDenied

ORDER = ["application", "first inclusion", "outer", "second inclusion", "inner", "route", "parameter"]


def noting(notes: List[str], name: str) -> Callable[[], None]:
    """A dependency that leaves its name."""

    def dependency() -> None:
        notes.append(name)

    return dependency


def make_app(notes: List[str]) -> Application:
    """Dependencies at every place there is."""

    def at(name: str) -> "list[Any]":
        return [Depends(noting(notes, name))]

    app = Application(dependencies=at("application"))
    outer, inner = Router(dependencies=at("outer")), Router(dependencies=at("inner"))
    own = noting(notes, "parameter")

    @inner.get("/", dependencies=at("route"))
    async def handler(value: Annotated[None, Depends(own)]) -> None:
        notes.append("handler")

    @inner.websocket("/socket", dependencies=at("route"))
    async def talk(socket: WebSocket, value: Annotated[None, Depends(own)]) -> None:
        notes.append("handler")
        await socket.accept()

    outer.include_router(inner, prefix="/inner", dependencies=at("second inclusion"))
    app.include_router(outer, prefix="/outer", dependencies=at("first inclusion"))
    return app


def test_they_run_from_the_outermost_to_the_handler() -> None:
    notes: list[str] = []
    assert TestClient(make_app(notes)).get("/outer/inner/").status_code == 200
    assert notes == [*ORDER, "handler"]


def test_they_run_for_sockets_in_the_same_order() -> None:
    notes: list[str] = []
    with TestClient(make_app(notes)).websocket_connect("/outer/inner/socket"):
        pass
    assert notes == [*ORDER, "handler"]


def require_key(key: Annotated[str, Header(alias="x-api-key")] = "") -> None:
    if key != "right":
        raise ForbiddenException("The key is not right.")


@pytest.mark.parametrize("where", ["router", "inclusion", "parent"])
def test_a_key_guard_on_a_router_guards_requests_and_sockets(where: str) -> None:
    def at(place: str) -> "list[Any]":
        return [Depends(require_key)] if where == place else []

    app, parent, router = Application(), Router(dependencies=at("parent")), Router(dependencies=at("router"))

    @router.get("/secret")
    async def secret() -> str:
        return "the secret"

    @router.websocket("/live")
    async def live(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text("the secret")

    @app.get("/public")
    async def public() -> str:
        return "for all"

    parent.include_router(router, dependencies=at("inclusion"))
    app.include_router(parent)
    with TestClient(app) as client:
        assert client.get("/secret").status_code == 403
        assert client.get("/secret", headers={"x-api-key": "right"}).json() == "the secret"
        assert client.get("/public").json() == "for all"
        with pytest.raises(WebSocketDenied) as denied, client.websocket_connect("/live"):
            pass
        assert denied.value.response.status_code == 403
        with client.websocket_connect("/live", headers={"x-api-key": "right"}) as socket:
            assert socket.receive_text() == "the secret"


def test_inclusions_of_one_router_have_their_own_dependencies() -> None:
    app, router = Application(), Router()

    @router.get("/x")
    async def handler() -> str:
        return "reached"

    app.include_router(router, prefix="/open")
    app.include_router(router, prefix="/closed", dependencies=[Depends(require_key)])
    client = TestClient(app)
    assert (client.get("/open/x").status_code, client.get("/closed/x").status_code) == (200, 403)


def test_a_resource_of_a_router_is_open_while_the_handler_runs() -> None:
    notes: list[str] = []

    def session(request: Request) -> Iterator[None]:
        notes.append("opened")
        yield
        notes.append("closed")

    app, router = Application(), Router(dependencies=[Depends(session)])

    @router.get("/")
    async def handler() -> None:
        notes.append("handler")

    app.include_router(router)
    assert TestClient(app).get("/").status_code == 200
    assert notes == ["opened", "handler", "closed"]


def test_a_dependency_asked_for_at_several_places_runs_once() -> None:
    notes: list[str] = []
    once = noting(notes, "once")
    app = Application(dependencies=[Depends(once)])
    router = Router(dependencies=[Depends(once)])

    @router.get("/")
    async def handler(value: Annotated[None, Depends(once)]) -> None:
        """Nothing."""

    app.include_router(router)
    assert TestClient(app).get("/").status_code == 200
    assert notes == ["once"]
