"""Errors as they are without any handler."""

from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class Item(BaseModel):
    title: str
    size: int


@app.post("/items")
async def create(item: Item):
    return item


@app.post("/list")
async def create_list(items: list[Item]):
    return items


@app.get("/only-get")
async def only_get():
    return 1


ASKS = [
    'POST /items {"title": "a", "size": [1, {"a": "b"}]}',
    ("POST /items", {"content-type": "application/json"}, b'{"title": "\xff", "size": 1}'),
    ("POST /items", {"content-type": "application/json"}, b"\xff"),
    ("POST /items", {"content-type": "application/json"}, "nul"),
    ("POST /items", {"content-type": "application/json"}, " "),
    ("POST /items", {"content-type": "application/json"}, "["),
    ("POST /items", {"content-type": "application/json"}, "'a'"),
    ("POST /items", {"content-type": "application/json"}, '{"a" 1}'),
    ("POST /items", {"content-type": "application/json"}, '{"title": "a", "size": 01}'),
    ("POST /items", {"content-type": "application/json"}, '{"title": "a\nb", "size": 1}'),
    ("POST /items", {"content-type": "application/json"}, '{"title": "\\x", "size": 1}'),
    'POST /list [{"title": "a", "size": 1}, {"title": 1}, 3]',
    "PUT /only-get",
    "PATCH /items",
    "GET /nowhere",
    "GET /only-get/",
]
