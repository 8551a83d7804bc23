"""Errors: HTTPException, handlers of exceptions, of faults in requests, the body of a bad request."""

from fastapi import FastAPI, HTTPException, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import BaseModel

app = FastAPI()


class UnicornException(Exception):
    def __init__(self, name: str):
        self.name = name


class Item(BaseModel):
    title: str
    size: int


@app.exception_handler(UnicornException)
async def unicorn_handler(request: Request, exc: UnicornException):
    return JSONResponse(status_code=418, content={"message": f"Oops! {exc.name} did something."})


@app.exception_handler(RequestValidationError)
async def validation_handler(request: Request, exc: RequestValidationError):
    if request.url.path == "/plain":
        lines = [f"{error['loc']}: {error['msg']}" for error in exc.errors()]
        return PlainTextResponse("\n".join(lines), status_code=400)
    return JSONResponse(status_code=422, content=jsonable_encoder({"detail": exc.errors(), "body": exc.body}))


@app.get("/items/{item_id}")
async def read_item(item_id: str):
    if item_id == "none":
        raise HTTPException(status_code=404, detail="Item not found", headers={"X-Error": "There goes"})
    if item_id == "bare":
        raise HTTPException(status_code=404)
    if item_id == "json":
        raise HTTPException(status_code=400, detail={"a": [1]})
    if item_id == "empty":
        raise HTTPException(status_code=400, detail="")
    if item_id == "odd":
        raise HTTPException(status_code=418)
    if item_id == "no-body":
        raise HTTPException(status_code=304)
    return {"item": item_id}


@app.get("/unicorns/{name}")
async def unicorn(name: str):
    raise UnicornException(name)


@app.get("/plain")
async def plain(number: int, other: int = 0):
    return number


@app.post("/items/")
async def create(item: Item):
    return item


@app.get("/broken")
async def broken():
    return {"a": object.__hash__.nothing}


ASKS = [
    *[f"GET /items/{name}" for name in ("none", "bare", "json", "empty", "odd", "no-body", "fine")],
    "GET /unicorns/yolo",
    "GET /plain?number=x&other=y",
    'POST /items/ {"title": "towel", "size": "XL"}',
    'POST /items/ {"title": [1]}',
    ("POST /items/", {"content-type": "application/json"}, "{"),
]
