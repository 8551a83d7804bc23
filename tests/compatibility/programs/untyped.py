"""Answers of handlers that do not say what they return."""

import dataclasses
from collections import deque
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from ipaddress import IPv4Address
from pathlib import PurePosixPath
from uuid import UUID

from fastapi import FastAPI
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

app = FastAPI()


class Color(str, Enum):
    red = "r"


class Size(Enum):
    small = 1


@dataclasses.dataclass
class Point:
    x: int
    y: float = 1.0


class Model(BaseModel):
    at: datetime
    cost: Decimal
    long: timedelta
    name: str = Field("n", alias="theName")


class Plain:
    def __init__(self):
        self.a = 1
        self.b = "c"


VALUES = {
    "decimal": Decimal("1.5"),
    "whole": Decimal(3),
    "utc": datetime(2020, 1, 1, tzinfo=timezone.utc),
    "naive": datetime(2020, 1, 1, 12, 30, 5),  # noqa: DTZ001
    "date": date(2020, 1, 2),
    "time": time(12, 30),
    "delta": timedelta(hours=1, milliseconds=500),
    "uuid": UUID(int=5),
    "color": Color.red,
    "size": Size.small,
    "bytes": b"abc",
    "set": {1},
    "frozenset": frozenset({2}),
    "tuple": (1, "a"),
    "deque": deque([1]),
    "generator": (n for n in ()),
    "path": PurePosixPath("/a/b"),
    "ip": IPv4Address("127.0.0.1"),
    "point": Point(1),
    "model": Model(at=datetime(2020, 1, 1, tzinfo=timezone.utc), cost=Decimal("1.50"), long=timedelta(1)),
    "nested": {"a": [Decimal("1.5"), {"b": datetime(2020, 1, 1, tzinfo=timezone.utc)}]},
    "keys": {1: "a", Color.red: "b", 1.5: "d"},
    "plain": Plain(),
    "none": None,
    "float": 1.0,
    "big": 10**20,
    "text": "ä\u2028",
}


@app.get("/value/{name}")
def value(name: str):
    return VALUES[name]


@app.get("/encoded/{name}")
def encoded(name: str):
    return JSONResponse(jsonable_encoder(VALUES[name]))


ASKS = [f"GET /{way}/{name}" for way in ("value", "encoded") for name in VALUES]
