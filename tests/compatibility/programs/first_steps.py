"""First steps: paths, parameters in them, their order, enumerations, paths in paths."""

from enum import Enum

from fastapi import FastAPI

app = FastAPI()


class Metal(str, Enum):
    gold = "gold"
    tin = "tin"


class Level(int, Enum):
    low = 1
    high = 2


@app.get("/")
async def root():
    return {"message": "Hello World"}


@app.get("/items/{item_id}")
async def read_item(item_id: int):
    return {"item_id": item_id}


@app.get("/users/me")
def read_me():
    return {"user": "me"}


@app.get("/users/{user}")
def read_user(user: str):
    return {"user": user}


@app.get("/metals/{metal}")
async def read_metal(metal: Metal):
    if metal is Metal.gold:
        return {"metal": metal, "note": metal.value}
    return {"metal": metal}


@app.get("/levels/{level}")
async def read_level(level: Level):
    return level


@app.get("/files/{file_path:path}")
async def read_file(file_path: str):
    return {"file_path": file_path}


@app.get("/floats/{number}")
async def read_float(number: float):
    return number


@app.get("/flags/{flag}")
async def read_flag(flag: bool):
    return flag


@app.get("/text/{text}/end")
async def read_text(text):
    return text


ASKS = [
    "GET /",
    "GET /items/3",
    "GET /items/-3",
    "GET /items/foo",
    "GET /items/3.0",
    "GET /items/3.5",
    "GET /items/%203",
    "GET /items/1_000",
    "GET /items/٣",
    "GET /items/99999999999999999999999999",
    "GET /users/me",
    "GET /users/ada",
    "GET /users/a%20b",
    "GET /metals/gold",
    "GET /metals/tin",
    "GET /metals/iron",
    "GET /levels/1",
    "GET /levels/3",
    "GET /levels/x",
    "GET /files/home/a/b.txt",
    "GET /files//home/a",
    "GET /floats/1e3",
    "GET /floats/x",
    *[
        f"GET /flags/{word}"
        for word in ("1", "true", "True", "on", "yes", "y", "t", "0", "off", "2", "TRUE", "x")
    ],
    "GET /text/abc/end",
    "GET /nowhere",
    "GET /items",
    "POST /items/3",
    "DELETE /",
]
