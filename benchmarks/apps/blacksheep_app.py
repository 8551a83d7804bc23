"""BlackSheep: binders from annotations, orjson as its documentation sets it, services injected by type."""

from typing import Any

import orjson
from blacksheep import Application, Content, Response, StreamedContent, WebSocket, WebSocketDisconnectError
from blacksheep.server.responses import json, text
from blacksheep.settings.json import json_settings

from benchmarks import shop

json_settings.use(loads=orjson.loads, dumps=lambda value: orjson.dumps(value).decode())


def build_main():
    app = Application()
    get, post = app.router.get, app.router.post

    @get("/plaintext")
    async def plaintext():
        return text(shop.TEXT)

    @get("/json")
    async def greeting():
        return json(shop.GREETING)

    @get("/users/{user_id}/items")
    async def params(user_id: int, limit: int, q: str):
        return json({"user_id": user_id, "limit": limit, "q": q})

    @post("/orders")
    async def body(order: shop.Order):
        return Response(200, content=Content(b"application/json", order.model_dump_json().encode()))

    _add_dependencies(app)

    @get("/models")
    async def models():
        return Response(200, content=Content(b"application/json", shop.ITEM_LIST.dump_json(shop.ITEMS)))

    @get("/stream")
    async def stream():
        return Response(200, content=StreamedContent(b"application/octet-stream", shop.chunks))

    @app.router.ws("/ws")
    async def ws(websocket: WebSocket):
        await websocket.accept()
        try:
            while True:
                await websocket.send_text(await websocket.receive_text())
        except WebSocketDisconnectError:
            pass

    return app


class Settings:
    def __init__(self) -> None:
        self.values: dict[str, Any] = shop.SETTINGS


class Session:
    def __init__(self, settings: Settings) -> None:
        self.values = {"session": 1, **settings.values}


class User:
    def __init__(self, session: Session) -> None:
        self.values = {"user": "ada", **session.values}


def _add_dependencies(app):
    # Its container (rodi) builds objects synchronously: neither async factories nor ones in a thread.
    for service in (Settings, Session, User):
        app.services.add_scoped(service)

    @app.router.get("/deps")
    async def deps(user: User):
        return json(user.values)


UNSUPPORTED = {"deps-blocking": "its container has no factories that run in a thread"}


def build_routes(count):
    app = Application()

    def route(index):
        @app.router.get("/area%d/items/{item_id}" % index)
        async def item(item_id: int):
            return json({"item_id": item_id})

    for index in range(count):
        route(index)
    return app


def build_middleware():
    app = Application()

    def layer(name):
        async def add_header(request, handler):
            response = await handler(request)
            response.add_header(name, b"1")
            return response

        app.middlewares.append(add_header)

    for index in range(shop.MIDDLEWARE):
        layer(b"x-layer-%d" % index)

    @app.router.get("/plaintext")
    async def plaintext():
        return text(shop.TEXT)

    return app


def build_typed(count):
    app = Application()

    def route(index):
        model = shop.make_model(index)

        @app.router.post("/items%d/{item_id}" % index)
        async def update(item_id: int, item: model, q: str = ""):
            return Response(200, content=Content(b"application/json", item.model_dump_json().encode()))

    for index in range(count):
        route(index)
    return app
