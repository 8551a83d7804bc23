"""Constraints of path, query, header and cookie parameters."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from ipaddress import IPv4Address, IPv6Address
from typing import Annotated, List, Literal, Optional
from uuid import UUID

from annotated_types import Ge, Le, MultipleOf
from fastapi import Cookie, FastAPI, Header, Path, Query
from pydantic import AfterValidator, BeforeValidator, Field, Json, PlainValidator

app = FastAPI()


def even(value: int) -> int:
    if value % 2:
        raise ValueError("not even")
    return value


def starts(value: str) -> str:
    assert value.startswith("isbn-"), "must begin with isbn-"
    return value


@app.get("/number/{number}")
def number(number: Annotated[int, Path(ge=0, le=1000, multiple_of=5)]):
    return number


@app.get("/gt/{number}")
def gt(number: Annotated[float, Path(gt=0, lt=10.5)]):
    return number


@app.get("/text")
def text(q: Annotated[Optional[str], Query(min_length=3, max_length=5, pattern="^fix")] = None):
    return q


@app.get("/mixed")
def mixed(q: Annotated[int, Query(gt=3), Field(lt=10), Le(8), Ge(4), MultipleOf(2)]):
    return q


@app.get("/after")
def after(q: Annotated[int, AfterValidator(even)]):
    return q


@app.get("/before")
def before(q: Annotated[str, BeforeValidator(starts), Query()] = "isbn-0"):
    return q


@app.get("/plain")
def plain(q: Annotated[str, PlainValidator(lambda value: [value])]):
    return q


@app.get("/literal")
def literal(q: Literal["a", "b"], n: Literal[1, 2] = 1):
    return [q, n]


@app.get("/decimal")
def decimal(q: Annotated[Decimal, Query(max_digits=4, decimal_places=2)]) -> Decimal:
    return q


@app.get("/inf")
def inf(q: Annotated[float, Query(allow_inf_nan=False)]):
    return q


@app.get("/strict")
def strict(q: Annotated[int, Query(strict=True)]):
    return q


@app.get("/strict-text")
def strict_text(q: Annotated[str, Query(strict=True)]):
    return q


@app.get("/uuid/{q}")
def uuid(q: UUID):
    return q


@app.get("/date")
def a_date(q: date):
    return q


@app.get("/datetime")
def a_datetime(q: datetime) -> datetime:
    return q


@app.get("/time")
def a_time(q: time):
    return q


@app.get("/timedelta")
def a_timedelta(q: timedelta) -> timedelta:
    return q


@app.get("/bytes")
def some_bytes(q: Annotated[bytes, Query(max_length=3)]):
    return q


@app.get("/ipv4")
def ipv4(q: IPv4Address):
    return q


@app.get("/ipv6")
def ipv6(q: IPv6Address):
    return q


@app.get("/json")
def some_json(q: Annotated[Json[List[int]], Query()]):
    return q


@app.get("/json-bare")
def bare_json(q: Annotated[Json, Query()] = None):
    return q


@app.get("/items")
def items(q: Annotated[List[int], Query(min_length=1, max_length=2)]):
    return q


@app.get("/factory")
def factory(q: Annotated[List[int], Query(default_factory=lambda: [1])]):
    return q


@app.get("/validation-alias")
def validation_alias(q: Annotated[str, Query(validation_alias="other")] = "d"):
    return q


@app.get("/header")
def header(x_number: Annotated[int, Header(ge=3)], x_text: Annotated[str, Header(max_length=2)] = ""):
    return [x_number, x_text]


@app.get("/cookie")
def cookie(number: Annotated[int, Cookie(ge=3)], text: Annotated[str, Cookie(max_length=2)] = ""):
    return [number, text]


TEXTS = ["", "abc", "fixed", "fix", "fi", "fixedquery", "FIX", "fix%0A", "äöü"]
NUMBERS = ["4", "3", "6", "8", "9", "10", "5", "", "x", "4.0", "1e1", "0x4", " 6"]
WHEN = [
    "2020-02-29",
    "2021-02-29",
    "2020-02-29T12:30:00",
    "2020-02-29T12:30:00Z",
    "2020-02-29 12:30",
    "2020-02-29T00:00:00",
    "2020-02-29T12:30:00%2B02:00",
    "12:30",
    "12:30:15.5",
    "25:00",
    "P1DT2H",
    "1 day",
    "90",
    "1.5",
    "1600000000",
    "infinity",
    "-1",
    "",
    "x",
]
ASKS = [
    *[f"GET /number/{n}" for n in (0, 5, 1000, 1005, -5, 7, "x")],
    *[f"GET /gt/{n}" for n in (0, 0.1, 10.4, 10.5, "nan", "-inf")],
    "GET /text",
    *[f"GET /text?q={text}" for text in TEXTS],
    *[f"GET /{route}?q={n}" for route in ("mixed", "after", "strict", "inf") for n in NUMBERS],
    "GET /strict-text?q=a",
    "GET /inf?q=nan",
    "GET /inf?q=inf",
    "GET /before",
    "GET /before?q=isbn-1",
    "GET /before?q=1",
    "GET /plain?q=1",
    "GET /literal",
    "GET /literal?q=a",
    "GET /literal?q=c&n=3",
    "GET /literal?q=b&n=2",
    *[f"GET /decimal?q={n}" for n in ("1.23", "12.34", "123.4", "1.234", "12345", "x", "1e2", "NaN")],
    "GET /uuid/6fa459ea-ee8a-3ca4-894e-db77e160355e",
    "GET /uuid/6fa459eaee8a3ca4894edb77e160355e",
    "GET /uuid/6fa459ea",
    "GET /uuid/x",
    *[f"GET /{route}?q={text}" for route in ("date", "datetime", "time", "timedelta") for text in WHEN],
    "GET /bytes?q=abc",
    "GET /bytes?q=abcd",
    *[f"GET /{route}?q={text}" for route in ("ipv4", "ipv6") for text in ("127.0.0.1", "::1", "1.2.3", "x")],
    *[f"GET /json?q={text}" for text in ("[1,2]", "[1,", "[%22a%22]", "1")],
    "GET /json",
    "GET /json-bare",
    "GET /json-bare?q={%22a%22:1}",
    "GET /json-bare?q={",
    "GET /items",
    "GET /items?q=1",
    "GET /items?q=1&q=2&q=3",
    "GET /factory",
    "GET /factory?q=2",
    "GET /validation-alias",
    "GET /validation-alias?other=1",
    "GET /validation-alias?q=1",
    ("GET /header", {"x-number": "3"}),
    ("GET /header", {"x-number": "2", "x-text": "abc"}),
    ("GET /header", {"x_number": "3"}),
    "GET /header",
    ("GET /cookie", {"cookie": "number=3; text=ab"}),
    ("GET /cookie", {"cookie": "number=2; text=abc"}),
    ("GET /cookie", {"cookie": 'number="4"'}),
    "GET /cookie",
]
