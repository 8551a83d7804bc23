"""Models filled from the query, from headers and from cookies."""

from typing import Annotated, List, Literal, Optional

from fastapi import Cookie, FastAPI, Header, Query
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

app = FastAPI()


class Filter(BaseModel):
    limit: int = Field(100, gt=0, le=100)
    offset: int = Field(0, ge=0)
    order_by: Literal["created_at", "updated_at"] = "created_at"
    tags: List[str] = []
    word: Optional[str] = Field(None, alias="q")


class StrictFilter(BaseModel):
    model_config = ConfigDict(extra="forbid")

    limit: int = Field(100, gt=0, le=100)
    tags: List[str] = []


class OpenFilter(BaseModel):
    model_config = ConfigDict(extra="allow")

    limit: int = 3


class Checked(BaseModel):
    low: int
    high: int

    @field_validator("low")
    @classmethod
    def low_is_low(cls, value: int) -> int:
        if value > 100:
            raise ValueError("too high for low")
        return value

    @model_validator(mode="after")
    def ordered(self):
        if self.low > self.high:
            raise ValueError("low is above high")
        return self


class Common(BaseModel):
    host: str
    save_data: bool
    if_modified_since: Optional[str] = None
    x_tag: List[str] = []


class StrictCookies(BaseModel):
    model_config = ConfigDict(extra="forbid")

    session_id: str
    tracker: Optional[int] = None


@app.get("/filter")
async def read_filter(query: Annotated[Filter, Query()]):
    return query


@app.get("/strict")
async def read_strict(query: Annotated[StrictFilter, Query()]):
    return query


@app.get("/open")
async def read_open(query: Annotated[OpenFilter, Query()]):
    return query


@app.get("/checked")
async def read_checked(query: Annotated[Checked, Query()]):
    return query


@app.get("/headers")
async def read_headers(headers: Annotated[Common, Header()]):
    return headers


@app.get("/underscores")
async def read_underscores(headers: Annotated[Common, Header(convert_underscores=False)]):
    return headers


@app.get("/cookies")
async def read_cookies(cookies: Annotated[StrictCookies, Cookie()]):
    return cookies


ASKS = [
    "GET /filter",
    "GET /filter?limit=5&offset=1&order_by=updated_at&tags=a&tags=b&q=w",
    "GET /filter?limit=0&offset=-1&order_by=x",
    "GET /filter?limit=&tags=",
    "GET /filter?word=x&unknown=1",
    "GET /filter?limit=1&limit=2",
    "GET /strict",
    "GET /strict?limit=5&tool=plumbus",
    "GET /strict?limit=500&tool=plumbus&tags=1",
    "GET /strict?tool=a&tool=b",
    "GET /open?limit=1&tool=a",
    "GET /open?tool=a&tool=b",
    "GET /checked",
    "GET /checked?low=1",
    "GET /checked?low=1&high=2",
    "GET /checked?low=3&high=2",
    "GET /checked?low=300&high=2",
    ("GET /headers", {"save-data": "true", "x-tag": "a"}),
    ("GET /headers", [("save-data", "true"), ("x-tag", "a"), ("x-tag", "b")]),
    "GET /headers",
    ("GET /headers", {"save-data": "x"}),
    ("GET /headers", {"save_data": "true"}),
    ("GET /underscores", {"save_data": "true"}),
    ("GET /underscores", {"save-data": "true"}),
    ("GET /cookies", {"cookie": "session_id=a; tracker=1"}),
    ("GET /cookies", {"cookie": "session_id=a; tracker=x"}),
    ("GET /cookies", {"cookie": "session_id=a; other=x"}),
    "GET /cookies",
]
