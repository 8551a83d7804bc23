"""Litestar: annotated handlers, Pydantic models through its plugin, `Provide`, `ASGIMiddleware`."""

from typing import Any

from litestar import Litestar, MediaType, WebSocket, get, post, websocket
from litestar.datastructures import MutableScopeHeaders
from litestar.di import Provide
from litestar.exceptions import WebSocketDisconnect
from litestar.middleware import ASGIMiddleware
from litestar.response import Stream

from benchmarks import shop
from benchmarks.apps.litestar_transfers import build_lists, build_transfers  # noqa: F401


@get("/plaintext", media_type=MediaType.TEXT)
async def plaintext() -> str:
    return shop.TEXT


@get("/json")
async def greeting() -> dict[str, Any]:
    return shop.GREETING


@get("/users/{user_id:int}/items")
async def params(user_id: int, limit: int, q: str) -> dict[str, Any]:
    return {"user_id": user_id, "limit": limit, "q": q}


@post("/orders", status_code=200)
async def body(data: shop.Order) -> shop.Order:
    return data


async def get_settings() -> dict[str, Any]:
    return shop.SETTINGS


async def get_session(settings: dict[str, Any]) -> dict[str, Any]:
    return {"session": 1, **settings}


async def get_user(session: dict[str, Any]) -> dict[str, Any]:
    return {"user": "ada", **session}


def get_session_blocking(settings: dict[str, Any]) -> dict[str, Any]:
    return {"session": 1, **settings}


@get(
    "/deps",
    dependencies={
        "settings": Provide(get_settings),
        "session": Provide(get_session),
        "user": Provide(get_user),
    },
)
async def deps(user: dict[str, Any]) -> dict[str, Any]:
    return user


@get(
    "/deps-blocking",
    dependencies={
        "settings": Provide(get_settings),
        "session": Provide(get_session_blocking, sync_to_thread=True),
        "user": Provide(get_user),
    },
)
async def deps_blocking(user: dict[str, Any]) -> dict[str, Any]:
    return user


@get("/models")
async def models() -> list[shop.Item]:
    return shop.ITEMS


@get("/stream", media_type="application/octet-stream")
async def stream() -> Stream:
    return Stream(shop.chunks())


@websocket("/ws")
async def ws(socket: WebSocket) -> None:
    await socket.accept()
    try:
        while True:
            await socket.send_text(await socket.receive_text())
    except WebSocketDisconnect:
        pass


def build_main():
    return Litestar([plaintext, greeting, params, body, deps, deps_blocking, models, stream, ws])


def build_routes(count):
    def route(index):
        @get("/area%d/items/{item_id:int}" % index)
        async def item(item_id: int) -> dict[str, Any]:
            return {"item_id": item_id}

        return item

    return Litestar([route(index) for index in range(count)])


class AddHeader(ASGIMiddleware):
    """The documented base of Litestar's middleware, setting a header on the way out."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def handle(self, scope, receive, send, next_app) -> None:
        async def send_with_header(message) -> None:
            if message["type"] == "http.response.start":
                MutableScopeHeaders.from_message(message)[self.name] = "1"
            await send(message)

        await next_app(scope, receive, send_with_header)


def build_middleware():
    return Litestar(
        [plaintext], middleware=[AddHeader("x-layer-%d" % index) for index in range(shop.MIDDLEWARE)]
    )


def build_typed(count):
    def route(index):
        model = shop.make_model(index)

        @post("/items%d/{item_id:int}" % index, status_code=200)
        async def update(item_id: int, data: model, q: str = "") -> model:
            return data

        return update

    return Litestar([route(index) for index in range(count)])
