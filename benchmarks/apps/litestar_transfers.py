"""Litestar: uploads, downloads, events and files, each as its documentation writes it."""

import os
from collections.abc import AsyncGenerator
from typing import Annotated, Any

from litestar import Litestar, Request, get, post
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import File, ServerSentEvent, Stream
from litestar.serialization import encode_json
from litestar.static_files import create_static_files_router

from benchmarks import shop

Sent = Annotated[UploadFile, Body(media_type=RequestEncodingType.MULTI_PART)]


@post("/upload", status_code=200, request_max_body_size=None)
async def upload(data: Sent) -> dict[str, int]:
    return {"size": data.file.seek(0, os.SEEK_END)}


@post("/raw", status_code=200, request_max_body_size=None)
async def raw(request: Request) -> dict[str, int]:
    size = 0
    async for piece in request.stream():
        size += len(piece)
    return {"size": size}


@get("/file/{name:str}")
async def file(name: str) -> File:
    return File(shop.folder() / name, media_type="application/octet-stream")


@get("/stream", media_type="application/octet-stream")
async def stream() -> Stream:
    return Stream(shop.blocks())


async def written() -> AsyncGenerator[bytes, None]:
    async for event in shop.events():
        yield encode_json(event)


@get("/events")
async def events() -> ServerSentEvent:
    return ServerSentEvent(written())


def build_transfers():
    static = create_static_files_router(path="/static", directories=[shop.folder()])
    return Litestar([upload, raw, file, stream, events, static])


@get("/dicts")
async def dicts() -> list[dict[str, Any]]:
    return shop.DICTS


@post("/form", status_code=200)
async def form(data: Sent) -> dict[str, int]:
    return {"size": data.file.seek(0, os.SEEK_END)}


def build_lists():
    return Litestar([dicts, form])
