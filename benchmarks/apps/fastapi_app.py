"""FastAPI: declared response models (its documentation's fastest way out), `Depends`, `@app.middleware`."""

from typing import Annotated, Any

from fastapi import Depends, FastAPI, WebSocket, WebSocketDisconnect
from fastapi.responses import PlainTextResponse, StreamingResponse

from benchmarks import shop
from benchmarks.apps.fastapi_transfers import build_lists, build_transfers  # noqa: F401


async def get_settings() -> dict[str, Any]:
    return shop.SETTINGS


async def get_session(settings: Annotated[dict[str, Any], Depends(get_settings)]) -> dict[str, Any]:
    return {"session": 1, **settings}


async def get_user(session: Annotated[dict[str, Any], Depends(get_session)]) -> dict[str, Any]:
    return {"user": "ada", **session}


def get_session_blocking(settings: Annotated[dict[str, Any], Depends(get_settings)]) -> dict[str, Any]:
    return {"session": 1, **settings}


async def get_user_blocking(
    session: Annotated[dict[str, Any], Depends(get_session_blocking)],
) -> dict[str, Any]:
    return {"user": "ada", **session}


def build_main():
    app = FastAPI()

    @app.get("/plaintext", response_class=PlainTextResponse)
    async def plaintext() -> str:
        return shop.TEXT

    @app.get("/json")
    async def greeting() -> dict[str, Any]:
        return shop.GREETING

    @app.get("/users/{user_id}/items")
    async def params(user_id: int, limit: int, q: str) -> dict[str, Any]:
        return {"user_id": user_id, "limit": limit, "q": q}

    @app.post("/orders")
    async def body(order: shop.Order) -> shop.Order:
        return order

    @app.get("/deps")
    async def deps(user: Annotated[dict[str, Any], Depends(get_user)]) -> dict[str, Any]:
        return user

    @app.get("/deps-blocking")
    async def deps_blocking(user: Annotated[dict[str, Any], Depends(get_user_blocking)]) -> dict[str, Any]:
        return user

    @app.get("/models")
    async def models() -> list[shop.Item]:
        return shop.ITEMS

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        return StreamingResponse(shop.chunks(), media_type="application/octet-stream")

    @app.websocket("/ws")
    async def ws(websocket: WebSocket) -> None:
        await websocket.accept()
        try:
            while True:
                await websocket.send_text(await websocket.receive_text())
        except WebSocketDisconnect:
            pass

    return app


def build_routes(count):
    app = FastAPI()

    async def item(item_id: int) -> dict[str, Any]:
        return {"item_id": item_id}

    for index in range(count):
        app.get("/area%d/items/{item_id}" % index)(item)
    return app


def build_middleware():
    app = FastAPI()

    def layer(name):
        @app.middleware("http")
        async def add_header(request, call_next):
            response = await call_next(request)
            response.headers[name] = "1"
            return response

    for index in range(shop.MIDDLEWARE):
        layer("x-layer-%d" % index)

    @app.get("/plaintext", response_class=PlainTextResponse)
    async def plaintext() -> str:
        return shop.TEXT

    return app


def build_typed(count):
    app = FastAPI()

    def route(index):
        model = shop.make_model(index)

        @app.post("/items%d/{item_id}" % index)
        async def update(item_id: int, item: model, q: str = "") -> model:
            return item

    for index in range(count):
        route(index)
    return app
