"""Starlette: routes as a list, the documented orjson response, Pydantic by hand, pure ASGI middleware."""

import orjson
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocketDisconnect

from benchmarks import shop


class OrjsonResponse(JSONResponse):
    """As in Starlette's documentation, "Custom JSON serialization"."""

    def render(self, content):
        return orjson.dumps(content)


async def plaintext(request):
    return PlainTextResponse(shop.TEXT)


async def greeting(request):
    return OrjsonResponse(shop.GREETING)


async def params(request):
    query = request.query_params
    return OrjsonResponse(
        {"user_id": request.path_params["user_id"], "limit": int(query["limit"]), "q": query["q"]}
    )


async def body(request):
    order = shop.Order.model_validate_json(await request.body())
    return Response(order.model_dump_json(), media_type="application/json")


async def get_settings():
    return shop.SETTINGS


async def get_session(settings):
    return {"session": 1, **settings}


async def get_user(session):
    return {"user": "ada", **session}


async def deps(request):
    return OrjsonResponse(await get_user(await get_session(await get_settings())))


def get_session_blocking(settings):
    return {"session": 1, **settings}


async def deps_blocking(request):
    session = await run_in_threadpool(get_session_blocking, await get_settings())
    return OrjsonResponse(await get_user(session))


async def models(request):
    return Response(shop.ITEM_LIST.dump_json(shop.ITEMS), media_type="application/json")


async def stream(request):
    return StreamingResponse(shop.chunks(), media_type="application/octet-stream")


async def ws(websocket):
    await websocket.accept()
    try:
        while True:
            await websocket.send_text(await websocket.receive_text())
    except WebSocketDisconnect:
        pass


def build_main():
    return Starlette(
        routes=[
            Route("/plaintext", plaintext),
            Route("/json", greeting),
            Route("/users/{user_id:int}/items", params),
            Route("/orders", body, methods=["POST"]),
            Route("/deps", deps),
            Route("/deps-blocking", deps_blocking),
            Route("/models", models),
            Route("/stream", stream),
            WebSocketRoute("/ws", ws),
        ]
    )


async def item(request):
    return OrjsonResponse({"item_id": request.path_params["item_id"]})


def build_routes(count):
    return Starlette(routes=[Route("/area%d/items/{item_id:int}" % index, item) for index in range(count)])


class AddHeader:
    """Pure ASGI middleware, what Starlette's documentation recommends."""

    def __init__(self, app, name):
        self.app = app
        self.name = name

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_header(message):
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[self.name] = "1"
            await send(message)

        await self.app(scope, receive, send_with_header)


def build_middleware():
    layers = [Middleware(AddHeader, name="x-layer-%d" % index) for index in range(shop.MIDDLEWARE)]
    return Starlette(routes=[Route("/plaintext", plaintext)], middleware=layers)


def build_typed(count):
    def route(index):
        model = shop.make_model(index)

        async def update(request):
            found = model.model_validate_json(await request.body())
            return Response(found.model_dump_json(), media_type="application/json")

        return Route("/items%d/{item_id:int}" % index, update, methods=["POST"])

    return Starlette(routes=[route(index) for index in range(count)])
