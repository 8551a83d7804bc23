"""Names of parameters that are not their own: aliases, validation aliases, several of them."""

from typing import Annotated, List, Optional

from fastapi import Cookie, FastAPI, Header, Path, Query
from pydantic import AliasChoices, BaseModel, ConfigDict, Field

app = FastAPI()


@app.get("/both")
def both(q: Annotated[str, Query(alias="a", validation_alias="b")]):
    return q


@app.get("/choices")
def choices(q: Annotated[int, Query(validation_alias=AliasChoices("a", "b"))] = 7):
    return q


@app.get("/choices-needed")
def choices_needed(q: Annotated[int, Query(validation_alias=AliasChoices("a", "b"))]):
    return q


@app.get("/choices-list")
def choices_list(q: Annotated[List[int], Query(validation_alias=AliasChoices("a", "b"))] = []):
    return q


@app.get("/choices-header")
def choices_header(q: Annotated[int, Header(validation_alias=AliasChoices("x-a", "x-b"))]):
    return q


@app.get("/choices-cookie")
def choices_cookie(q: Annotated[int, Cookie(validation_alias=AliasChoices("a", "b"))]):
    return q


@app.get("/path/{here}")
def in_path(q: Annotated[int, Path(alias="here")]):
    return q


@app.get("/path-validation/{here}")
def in_path_validation(q: Annotated[int, Path(validation_alias="here")]):
    return q


@app.get("/defaults")
def defaults(q: Annotated[int, Query(validate_default=True)] = "3", r: Annotated[int, Query()] = "4"):
    return [q, r]


@app.get("/serialization")
def serialization(q: Annotated[str, Query(serialization_alias="s", alias_priority=1)] = "x"):
    return q


@app.get("/union-mode")
def union_mode(q: Annotated[float | int, Query(union_mode="left_to_right")]):
    return q


class Filter(BaseModel):
    model_config = ConfigDict(extra="forbid")

    first: int = Field(validation_alias=AliasChoices("a", "b"))
    second: Optional[str] = Field(None, validation_alias="c")
    third: List[str] = Field([], alias="d")


@app.get("/model")
def model(found: Annotated[Filter, Query()]):
    return [found.first, found.second, found.third]


class Heads(BaseModel):
    first: int = Field(validation_alias=AliasChoices("x-a", "x-b"))
    x_c: str = ""


@app.get("/heads")
def heads(found: Annotated[Heads, Header()]):
    return [found.first, found.x_c]


ASKS = [
    *[
        f"GET /{route}?{query}"
        for route in ("both", "choices", "choices-needed", "choices-list", "model")
        for query in (
            "",
            "a=1",
            "b=2",
            "a=1&b=2",
            "q=3",
            "a=x",
            "b=x",
            "a=&b=3",
            "a=1&a=2",
            "a=1&c=3&d=4&d=5",
            "a=1&second=2",
            "first=1",
        )
    ],
    *[
        (f"GET /{route}", {name: value})
        for route in ("choices-header", "heads")
        for name in ("x-a", "x-b", "q")
        for value in ("1", "x")
    ],
    ("GET /heads", {"x-a": "1", "x-c": "y"}),
    *[("GET /choices-cookie", {"cookie": cookie}) for cookie in ("a=1", "b=2", "a=x", "b=x", "q=1")],
    "GET /choices-header",
    "GET /path/3",
    "GET /path/x",
    "GET /path-validation/3",
    "GET /path-validation/x",
    "GET /defaults",
    "GET /serialization?q=1",
    "GET /union-mode?q=1",
]
