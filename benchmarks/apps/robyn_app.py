"""Robyn: handlers on its own Rust server; it is not an ASGI application, so only the wire runs have it."""

import asyncio

from robyn import Response, Robyn, StreamingResponse, WebSocketDisconnect

from benchmarks import shop

JSON = {"content-type": "application/json"}


async def get_settings():
    return shop.SETTINGS


async def get_session(settings):
    return {"session": 1, **settings}


async def get_user(session):
    return {"user": "ada", **session}


def get_session_blocking(settings):
    return {"session": 1, **settings}


def build_main():
    app = Robyn(__file__)

    @app.get("/plaintext")
    async def plaintext():
        return shop.TEXT

    @app.get("/json")
    async def greeting():
        return shop.GREETING

    @app.get("/users/:user_id/items")
    async def params(user_id: int, limit: int, q: str):
        return {"user_id": user_id, "limit": limit, "q": q}

    @app.post("/orders")
    async def body(order: shop.Order):
        return order

    @app.get("/deps")
    async def deps():
        return await get_user(await get_session(await get_settings()))

    @app.get("/deps-blocking")
    async def deps_blocking():
        session = await asyncio.to_thread(get_session_blocking, await get_settings())
        return await get_user(session)

    @app.get("/models")
    async def models():
        return Response(200, JSON, shop.ITEM_LIST.dump_json(shop.ITEMS))

    _add_streams(app)
    return app


def _add_streams(app):
    @app.get("/stream")
    async def stream():
        return StreamingResponse(shop.chunks(), media_type="application/octet-stream")

    @app.websocket("/ws")
    async def ws(websocket):
        try:
            while True:
                await websocket.send_text(await websocket.receive_text())
        except WebSocketDisconnect:
            pass


def build_routes(count):
    app = Robyn(__file__)

    def route(index):
        @app.get("/area%d/items/:item_id" % index)
        async def item(item_id: int):
            return {"item_id": item_id}

    for index in range(count):
        route(index)
    return app


def build_middleware():
    app = Robyn(__file__)

    def layer(name):
        @app.after_request()
        async def add_header(response):
            response.headers.set(name, "1")
            return response

    for index in range(shop.MIDDLEWARE):
        layer("x-layer-%d" % index)

    @app.get("/plaintext")
    async def plaintext():
        return shop.TEXT

    return app
