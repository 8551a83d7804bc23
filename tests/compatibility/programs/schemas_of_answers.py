"""Answers: response models, what they leave out, status codes, response classes, headers, cookies."""

from typing import Annotated, Any, Dict, List, Optional, Union

from fastapi import Cookie, FastAPI, Response, status
from fastapi.encoders import jsonable_encoder
from fastapi.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    StreamingResponse,
)
from pydantic import BaseModel, Field

app = FastAPI()


class Item(BaseModel):
    name: str
    description: Optional[str] = None
    price: float = 1.5
    tags: List[str] = []


class Secret(BaseModel):
    username: str
    password: str


class Public(BaseModel):
    username: str


class Aliased(BaseModel):
    inner_name: str = Field(alias="innerName")


class Plane(BaseModel):
    size: int


ITEMS = {
    "foo": {"name": "Foo", "price": 50.2},
    "bar": {"name": "Bar", "description": "The bartenders", "price": 62, "tags": []},
    "baz": {"name": "Baz", "description": None, "price": 1.5, "tags": []},
}


@app.post("/items")
async def create(item: Item) -> Item:
    return item


@app.get("/items")
async def listed() -> List[Item]:
    return [Item(name="a"), Item(name="b", price=3)]


@app.post("/user", response_model=Public)
async def user(user: Secret) -> Any:
    return user


@app.get("/unset/{name}", response_model=Item, response_model_exclude_unset=True)
async def unset(name: str):
    return ITEMS[name]


@app.get("/defaults/{name}", response_model=Item, response_model_exclude_defaults=True)
async def defaults(name: str):
    return ITEMS[name]


@app.get("/none/{name}", response_model=Item, response_model_exclude_none=True)
async def without_none(name: str):
    return ITEMS[name]


@app.get("/include/{name}", response_model=Item, response_model_include={"name", "price"})
async def include(name: str):
    return ITEMS[name]


@app.get("/exclude/{name}", response_model=Item, response_model_exclude={"price"})
async def exclude(name: str):
    return ITEMS[name]


@app.get("/exclude-list/{name}", response_model=Item, response_model_exclude=["price"])
async def exclude_list(name: str):
    return ITEMS[name]


@app.get("/aliased")
async def aliased() -> Aliased:
    return Aliased(innerName="x")


@app.get("/by-name", response_model=Aliased, response_model_by_alias=False)
async def by_name():
    return Aliased(innerName="x")


@app.get("/union", response_model=Union[Plane, Item])
async def union(plane: bool = True):
    return {"size": 3} if plane else {"name": "x"}


@app.get("/dict", response_model=Dict[str, float])
async def a_dict():
    return {"foo": 2, "bar": 3.4}


@app.get("/off", response_model=None)
async def off() -> Union[Response, dict]:
    return {"a": 1}


@app.get("/wrong", response_model=Item)
async def wrong():
    return {"price": "x"}


@app.post("/created", status_code=201)
async def created():
    return {"a": 1}


@app.delete("/gone", status_code=status.HTTP_204_NO_CONTENT)
async def gone() -> None:
    return None


@app.get("/portal")
async def portal(teleport: bool = False) -> Response:
    if teleport:
        return RedirectResponse(url="https://example.com/x y")
    return JSONResponse(content={"message": "here"}, status_code=202, headers={"X-A": "b"})


@app.get("/redirect", response_class=RedirectResponse, status_code=302)
async def redirect():
    return "/other"


@app.get("/redirect-fast", response_class=RedirectResponse)
async def redirect_fast():
    return "https://example.com"


@app.get("/html", response_class=HTMLResponse)
async def html():
    return "<p>é</p>"


@app.get("/text", response_class=PlainTextResponse)
async def text():
    return "plain"


@app.get("/stream")
async def stream():
    async def pieces():
        for number in range(3):
            yield f"{number}\n".encode()

    return StreamingResponse(pieces(), media_type="text/csv")


@app.get("/xml")
def xml():
    return Response(content="<a/>", media_type="application/xml")


@app.get("/cookie")
def cookie(response: Response):
    response.set_cookie(key="fakesession", value="fake-cookie-session-value")
    response.headers["X-Cat"] = "cat"
    return {"a": 1}


@app.get("/cookies")
def cookies():
    response = JSONResponse({"a": None})
    response.set_cookie("a", "1", max_age=60, httponly=True, samesite="strict", secure=True, path="/x")
    response.delete_cookie("b")
    return response


@app.put("/status/{task}", status_code=200)
def a_status(task: str, response: Response):
    if task == "new":
        response.status_code = status.HTTP_201_CREATED
    return task


@app.get("/encoded")
def encoded():
    return JSONResponse(jsonable_encoder(Item(name="a", tags=["é"]), exclude={"price"}))


@app.get("/models")
def models():
    return {"item": Item(name="a"), "list": [Item(name="b")], "aliased": Aliased(innerName="x")}


@app.get("/nothing")
def nothing():
    return None


@app.get("/number")
def number():
    return 3


@app.get("/unicode")
def unicode():
    return {"ä": "→"}


@app.get("/cookie-in-and-out")
def in_and_out(response: Response, last: Annotated[Optional[str], Cookie()] = None):
    response.set_cookie("last", "now")
    return last


ASKS = [
    'POST /items {"name": "a"}',
    'POST /items {"name": 1}',
    "GET /items",
    'POST /user {"username": "a", "password": "b"}',
    *[
        f"GET /{way}/{name}"
        for way in ("unset", "defaults", "none", "include", "exclude", "exclude-list")
        for name in ITEMS
    ],
    "GET /aliased",
    "GET /by-name",
    "GET /union",
    "GET /union?plane=false",
    "GET /dict",
    "GET /off",
    "POST /created",
    "DELETE /gone",
    "GET /portal",
    "GET /portal?teleport=true",
    "GET /redirect",
    "GET /redirect-fast",
    "GET /html",
    "GET /text",
    "GET /stream",
    "GET /xml",
    "GET /cookie",
    "GET /cookies",
    "PUT /status/new",
    "PUT /status/old",
    "GET /encoded",
    "GET /models",
    "GET /nothing",
    "GET /number",
    "GET /unicode",
    ("GET /cookie-in-and-out", {"cookie": "last=then"}),
    "GET /cookie-in-and-out",
]
