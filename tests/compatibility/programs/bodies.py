"""Bodies: models, several of them, embedded ones, single values, fields, nesting, lists, dicts."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any, Dict, List, Optional, Set, Tuple, Union
from uuid import UUID

from fastapi import Body, FastAPI, Path, Query
from pydantic import BaseModel, Field, HttpUrl

app = FastAPI()


class Image(BaseModel):
    url: HttpUrl
    name: str


class Item(BaseModel):
    name: str
    description: Optional[str] = Field(default=None, max_length=10)
    price: float = Field(gt=0)
    tax: Union[float, None] = None
    tags: Set[str] = set()
    images: Optional[List[Image]] = None


class User(BaseModel):
    username: str
    full_name: Optional[str] = None


class Plane(BaseModel):
    kind: str = "plane"
    size: int


class Car(BaseModel):
    kind: str = "car"


@app.post("/items")
async def create(item: Item):
    return item


@app.put("/items/{item_id}")
async def update(
    item_id: Annotated[int, Path(ge=0, le=1000)], item: Optional[Item] = None, q: Optional[str] = None
):
    return {"item_id": item_id, "q": q, "item": item}


@app.put("/two/{item_id}")
async def two(item_id: int, item: Item, user: User, importance: Annotated[int, Body(gt=0)], q: str = "x"):
    return {"item_id": item_id, "item": item, "user": user, "importance": importance, "q": q}


@app.put("/optional-two")
async def optional_two(item: Optional[Item] = None, user: Optional[User] = None):
    return {"item": item, "user": user}


@app.post("/embed")
async def embed(item: Annotated[Item, Body(embed=True)]):
    return item


@app.post("/single")
async def single(importance: Annotated[int, Body()]):
    return importance


@app.post("/single-text")
async def single_text(text: Annotated[str, Body(min_length=2)]):
    return text


@app.post("/list")
async def images(images: List[Image]):
    return images


@app.post("/dict")
async def weights(weights: Dict[int, float]):
    return weights


@app.post("/any")
async def anything(payload: Any = Body()):
    return payload


@app.post("/plain-dict")
async def plain_dict(payload: dict):
    return payload


@app.post("/tuple")
async def a_tuple(pair: Tuple[int, str]):
    return pair


@app.post("/union")
async def union(thing: Union[Plane, Car]):
    return thing


@app.post("/optional")
async def optional(item: Optional[Item] = None):
    return item


@app.post("/nullable")
async def nullable(item: Optional[Item]):
    return item


@app.put("/extra-types/{item_id}")
async def extra_types(
    item_id: UUID,
    start: Annotated[datetime, Body()],
    process_after: Annotated[timedelta, Body()],
    repeat_at: Annotated[Optional[time], Body()] = None,
    on: Annotated[Optional[date], Body()] = None,
    price: Annotated[Optional[Decimal], Body()] = None,
):
    return {
        "id": item_id,
        "end": (start + process_after).timestamp(),
        "at": repeat_at,
        "on": on,
        "price": str(price),
    }


@app.post("/with-query")
async def with_query(item: User, limit: Annotated[int, Query(le=5)]):
    return [item, limit]


ITEM = '{"name": "Foo", "price": 42}'
USER = '{"username": "ada"}'
ASKS = [
    f"POST /items {ITEM}",
    'POST /items {"name": "Foo", "price": "42.5", "tags": ["a", "a"], "extra": 1}',
    'POST /items {"name": "Foo", "price": -1, "description": "longer than ten"}',
    "POST /items {}",
    "POST /items []",
    'POST /items "text"',
    "POST /items null",
    "POST /items 3",
    "POST /items true",
    ("POST /items", {"content-type": "application/json"}, ""),
    ("POST /items", {"content-type": "application/json"}, "{"),
    ("POST /items", {"content-type": "application/json"}, '{"name": }'),
    ("POST /items", {"content-type": "application/json"}, '{"name": "a",}'),
    ("POST /items", {"content-type": "application/json"}, "x"),
    ("POST /items", {"content-type": "application/json"}, '{"a": 1} x'),
    ("POST /items", {"content-type": "application/json"}, '[1,\n2,\n"a]'),
    ("POST /items", {"content-type": "application/vnd.api+json"}, ITEM),
    ("POST /items", {"content-type": "application/json; charset=utf-8"}, ITEM),
    'POST /items {"name": 3, "price": 1}',
    'POST /items {"name": null, "price": null}',
    'POST /items {"name": "a", "price": "x", "images": [{"url": "no", "name": "a"}, {"url": "http://a.b"}]}',
    'POST /items {"name": "a", "price": 1, "images": [{"url": "http://a.b/c d", "name": "a"}]}',
    "POST /items",
    "PUT /items/3",
    f"PUT /items/3?q=a {ITEM}",
    "PUT /items/2000 {}",
    "PUT /items/x null",
    f'PUT /two/3 {{"item": {ITEM}, "user": {USER}, "importance": 5}}',
    f'PUT /two/3?q=z {{"item": {ITEM}, "importance": 0}}',
    "PUT /two/x {}",
    "PUT /two/3",
    "PUT /two/3 []",
    "PUT /two/3 null",
    'PUT /two/3 "a"',
    'PUT /two/3 {"item": [], "user": null, "importance": "x"}',
    "PUT /optional-two",
    "PUT /optional-two {}",
    f'PUT /optional-two {{"user": {USER}}}',
    'PUT /optional-two {"user": null}',
    'PUT /optional-two {"user": 3}',
    "PUT /optional-two []",
    f'POST /embed {{"item": {ITEM}}}',
    f"POST /embed {ITEM}",
    'POST /embed {"item": {}}',
    "POST /embed []",
    "POST /single 5",
    'POST /single "5"',
    'POST /single {"importance": 5}',
    "POST /single",
    "POST /single null",
    "POST /single 5.0",
    "POST /single 5.5",
    "POST /single 0",
    'POST /single-text ""',
    'POST /single-text "ab"',
    "POST /single-text 12",
    'POST /list [{"url": "http://a.b", "name": "a"}]',
    "POST /list []",
    "POST /list {}",
    'POST /list [{"name": 3}, 4, null]',
    'POST /dict {"1": 2.5, "2": "3"}',
    'POST /dict {"a": "b"}',
    "POST /dict []",
    "POST /any 3",
    'POST /any {"a": [1, null, 2.5]}',
    "POST /any",
    'POST /plain-dict {"a": [1, null, 2.5]}',
    "POST /plain-dict []",
    "POST /plain-dict 0",
    'POST /tuple [1, "a"]',
    "POST /tuple [1]",
    'POST /tuple [1, "a", 2]',
    'POST /union {"size": 3}',
    'POST /union {"kind": "car"}',
    'POST /union {"kind": 3}',
    "POST /union 3",
    "POST /optional",
    "POST /optional null",
    f"POST /optional {ITEM}",
    "POST /optional {}",
    "POST /optional []",
    "POST /nullable",
    "POST /nullable null",
    'PUT /extra-types/6fa459ea-ee8a-3ca4-894e-db77e160355e {"start": "2020-01-01T00:00:00", "process_after": 60}',
    'PUT /extra-types/x {"start": 0, "process_after": "P1D", "repeat_at": "12:00", "on": "2020-01-01", "price": 1.5}',
    'PUT /extra-types/6fa459ea-ee8a-3ca4-894e-db77e160355e {"start": 0, "process_after": "P1D", "repeat_at": "12:00", "on": "2020-01-01", "price": "1.50"}',
    'PUT /extra-types/6fa459ea-ee8a-3ca4-894e-db77e160355e {"start": "x", "process_after": "x", "repeat_at": "x", "on": "x", "price": "x"}',
    'POST /with-query?limit=9 {"username": 1}',
    'POST /with-query {"username": "a"}',
]
