"""FastAPI: uploads, downloads, events and files, each as its documentation writes it."""

from collections.abc import AsyncIterator
from typing import Any

from fastapi import FastAPI, Request, UploadFile
from fastapi.responses import FileResponse, StreamingResponse
from fastapi.sse import EventSourceResponse
from fastapi.staticfiles import StaticFiles

from benchmarks import shop


def build_transfers():
    app = FastAPI()
    folder = shop.folder()
    app.mount("/static", StaticFiles(directory=folder), name="static")

    @app.post("/upload")
    async def upload(file: UploadFile) -> dict[str, Any]:
        return {"size": file.size}

    @app.post("/raw")
    async def raw(request: Request) -> dict[str, int]:
        size = 0
        async for piece in request.stream():
            size += len(piece)
        return {"size": size}

    @app.get("/file/{name}")
    async def file(name: str) -> FileResponse:
        return FileResponse(folder / name, media_type="application/octet-stream")

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        return StreamingResponse(shop.blocks(), media_type="application/octet-stream")

    @app.get("/events", response_class=EventSourceResponse)
    async def events() -> AsyncIterator[dict[str, Any]]:
        async for event in shop.events():
            yield event

    return app


def build_lists():
    app = FastAPI()

    @app.get("/dicts")
    async def dicts():
        return shop.DICTS

    @app.post("/form")
    async def form(file: UploadFile) -> dict[str, Any]:
        return {"size": file.size}

    return app
