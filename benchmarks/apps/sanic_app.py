"""Sanic: its own responses and JSON, Pydantic by hand, response middleware; no extensions."""

import asyncio
import itertools

from sanic import Sanic
from sanic.response import json, raw, text

from benchmarks import shop

_numbers = itertools.count()
JSON = "application/json"


def _app():
    return Sanic("benchmark%d" % next(_numbers), configure_logging=False)


async def get_settings():
    return shop.SETTINGS


async def get_session(settings):
    return {"session": 1, **settings}


async def get_user(session):
    return {"user": "ada", **session}


def get_session_blocking(settings):
    return {"session": 1, **settings}


def build_main():
    app = _app()

    @app.get("/plaintext")
    async def plaintext(request):
        return text(shop.TEXT)

    @app.get("/json")
    async def greeting(request):
        return json(shop.GREETING)

    @app.get("/users/<user_id:int>/items")
    async def params(request, user_id: int):
        return json({"user_id": user_id, "limit": int(request.args["limit"][0]), "q": request.args["q"][0]})

    @app.post("/orders")
    async def body(request):
        order = shop.Order.model_validate_json(request.body)
        return raw(order.model_dump_json(), content_type=JSON)

    @app.get("/deps")
    async def deps(request):
        return json(await get_user(await get_session(await get_settings())))

    @app.get("/deps-blocking")
    async def deps_blocking(request):
        session = await asyncio.to_thread(get_session_blocking, await get_settings())
        return json(await get_user(session))

    @app.get("/models")
    async def models(request):
        return raw(shop.ITEM_LIST.dump_json(shop.ITEMS), content_type=JSON)

    _add_streams(app)
    return app


def _add_streams(app):
    @app.get("/stream")
    async def stream(request):
        response = await request.respond(content_type="application/octet-stream")
        async for chunk in shop.chunks():
            await response.send(chunk)
        await response.eof()

    @app.websocket("/ws")
    async def ws(request, websocket):
        while True:
            message = await websocket.recv()
            if message is None:
                return
            await websocket.send(message)


def build_routes(count):
    app = _app()

    async def item(request, item_id: int):
        return json({"item_id": item_id})

    for index in range(count):
        app.add_route(item, "/area%d/items/<item_id:int>" % index, name="item%d" % index)
    return app


def build_middleware():
    app = _app()

    def layer(name):
        @app.on_response
        async def add_header(request, response):
            response.headers[name] = "1"

    for index in range(shop.MIDDLEWARE):
        layer("x-layer-%d" % index)

    @app.get("/plaintext")
    async def plaintext(request):
        return text(shop.TEXT)

    return app


def build_typed(count):
    app = _app()

    def route(index):
        model = shop.make_model(index)

        async def update(request, item_id: int):
            return raw(model.model_validate_json(request.body).model_dump_json(), content_type=JSON)

        app.add_route(update, "/items%d/<item_id:int>" % index, methods=["POST"], name="update%d" % index)

    for index in range(count):
        route(index)
    return app
