"""Falcon: ASGI resources, the documented msgspec JSON handler, Pydantic by hand, `process_response`."""

import asyncio

import falcon.asgi
import falcon.media
import msgspec
from falcon import WebSocketDisconnected

from benchmarks import shop


class Plaintext:
    async def on_get(self, req, resp):
        resp.content_type = falcon.MEDIA_TEXT
        resp.text = shop.TEXT


class Greeting:
    async def on_get(self, req, resp):
        resp.media = shop.GREETING


class Params:
    async def on_get(self, req, resp, user_id):
        limit = req.get_param_as_int("limit", required=True)
        resp.media = {"user_id": user_id, "limit": limit, "q": req.get_param("q", required=True)}


class Body:
    async def on_post(self, req, resp):
        order = shop.Order.model_validate_json(await req.stream.read())
        resp.content_type = falcon.MEDIA_JSON
        resp.data = order.model_dump_json().encode()


async def get_settings():
    return shop.SETTINGS


async def get_session(settings):
    return {"session": 1, **settings}


async def get_user(session):
    return {"user": "ada", **session}


def get_session_blocking(settings):
    return {"session": 1, **settings}


class Deps:
    async def on_get(self, req, resp):
        resp.media = await get_user(await get_session(await get_settings()))


class DepsBlocking:
    async def on_get(self, req, resp):
        session = await asyncio.to_thread(get_session_blocking, await get_settings())
        resp.media = await get_user(session)


class Models:
    async def on_get(self, req, resp):
        resp.content_type = falcon.MEDIA_JSON
        resp.data = shop.ITEM_LIST.dump_json(shop.ITEMS)


class Stream:
    async def on_get(self, req, resp):
        resp.content_type = "application/octet-stream"
        resp.stream = shop.chunks()


class Echo:
    async def on_websocket(self, req, ws):
        await ws.accept()
        try:
            while True:
                await ws.send_text(await ws.receive_text())
        except WebSocketDisconnected:
            pass


class Item:
    async def on_get(self, req, resp, item_id):
        resp.media = {"item_id": item_id}


def _app(middleware=()):
    app = falcon.asgi.App(middleware=list(middleware))
    handler = falcon.media.JSONHandler(dumps=msgspec.json.encode, loads=msgspec.json.decode)
    app.req_options.media_handlers[falcon.MEDIA_JSON] = handler
    app.resp_options.media_handlers[falcon.MEDIA_JSON] = handler
    return app


def build_main():
    app = _app()
    app.add_route("/plaintext", Plaintext())
    app.add_route("/json", Greeting())
    app.add_route("/users/{user_id:int}/items", Params())
    app.add_route("/orders", Body())
    app.add_route("/deps", Deps())
    app.add_route("/deps-blocking", DepsBlocking())
    app.add_route("/models", Models())
    app.add_route("/stream", Stream())
    app.add_route("/ws", Echo())
    return app


def build_routes(count):
    app = _app()
    item = Item()
    for index in range(count):
        app.add_route("/area%d/items/{item_id:int}" % index, item)
    return app


class AddHeader:
    def __init__(self, name):
        self.name = name

    async def process_response(self, req, resp, resource, req_succeeded):
        resp.set_header(self.name, "1")


def build_middleware():
    app = _app(AddHeader("x-layer-%d" % index) for index in range(shop.MIDDLEWARE))
    app.add_route("/plaintext", Plaintext())
    return app


class Update:
    def __init__(self, model):
        self.model = model

    async def on_post(self, req, resp, item_id):
        found = self.model.model_validate_json(await req.stream.read())
        resp.content_type = falcon.MEDIA_JSON
        resp.data = found.model_dump_json().encode()


def build_typed(count):
    app = _app()
    for index in range(count):
        app.add_route("/items%d/{item_id:int}" % index, Update(shop.make_model(index)))
    return app
