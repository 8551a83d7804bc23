"""The models and values every application answers with, so that all of them do the same work."""

import os
from pathlib import Path
from typing import Any, AsyncIterator, Dict, List, Optional, Type

from pydantic import BaseModel, Field, TypeAdapter, create_model

TEXT = "Hello, World!"
GREETING: Dict[str, Any] = {"message": "Hello, World!", "number": 42, "ok": True}
CHUNK = b"x" * 64
CHUNKS = 100
MIDDLEWARE = 5


class Address(BaseModel):
    street: str = Field(min_length=1, max_length=120)
    city: str
    zip: str


class Customer(BaseModel):
    name: str = Field(min_length=1, max_length=80)
    age: int = Field(ge=0, le=150)
    address: Address


class Line(BaseModel):
    sku: str
    quantity: int = Field(ge=1)
    price: float = Field(gt=0)


class Order(BaseModel):
    """The validated body: three levels, constraints, a list and an optional value."""

    id: int
    customer: Customer
    lines: List[Line]
    note: Optional[str] = None
    paid: bool = False


class Item(BaseModel):
    """One of the hundred models of the list workload."""

    id: int
    name: str
    price: float
    tags: List[str]
    active: bool = True


ORDER: Dict[str, Any] = {
    "id": 7,
    "customer": {
        "name": "Ada Lovelace",
        "age": 36,
        "address": {"street": "12 St James's Square", "city": "London", "zip": "SW1Y 4JH"},
    },
    "lines": [
        {"sku": "A-100", "quantity": 2, "price": 9.5},
        {"sku": "B-200", "quantity": 1, "price": 120.25},
        {"sku": "C-300", "quantity": 12, "price": 0.75},
    ],
    "note": "leave at the door",
    "paid": True,
}
ITEMS = [Item(id=n, name="item %d" % n, price=n + 0.5, tags=["new", "sale"]) for n in range(100)]
ITEM_LIST: TypeAdapter[List[Item]] = TypeAdapter(List[Item])

# What the dependency chain makes of its three steps: settings, then a session, then the user.
SETTINGS = {"database": "memory"}
CHAIN: Dict[str, Any] = {"user": "ada", "session": 1, "database": "memory"}


async def chunks() -> AsyncIterator[bytes]:
    """The streaming workload's body."""
    for _ in range(CHUNKS):
        yield CHUNK


# Transfers: large bodies, events and files, through a real server.
GIGABYTE = 1_000_000_000
LARGEST = 2 * GIGABYTE
BLOCK = bytes(64_000)
EVENTS = 20_000
FOLDER = "BENCHMARK_FILES"
"""The variable that says where the files are that a server has to serve."""
DICTS: List[Dict[str, Any]] = [item.model_dump() for item in ITEMS]


def folder() -> Path:
    return Path(os.environ[FOLDER])


async def blocks() -> AsyncIterator[bytes]:
    """A gigabyte that is nowhere at once."""
    for _ in range(GIGABYTE // len(BLOCK)):
        yield BLOCK


async def events() -> AsyncIterator[Dict[str, Any]]:
    """What happens, as fast as it can be told."""
    for number in range(EVENTS):
        yield {"number": number, "kind": "card changed", "text": "Write the benchmarks"}


def make_model(index: int) -> Type[BaseModel]:
    """A model of its own for route number `index` of the cold start."""
    return create_model(
        "Item%d" % index,
        name=(str, Field(min_length=1, max_length=100)),
        price=(float, Field(gt=0)),
        quantity=(int, 1),
        note=(Optional[str], None),
    )


# What applications with middleware answer and are told --------------------------------------------------------------

SECRET = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
ORIGIN = "https://app.example.com"
HOST = "api.example.com"
HOST_NAMES = ["example.com", "*.example.com"]
PROXIES = "10.0.0.0/8"
RATE = 100
"""Requests that one client may make in a minute."""
MINIMUM_SIZE, LEVEL = 500, 6
"""Compression: from how many bytes on, and how hard gzip tries."""


def rows(size: int) -> bytes:
    """JSON of about so many bytes, as different from row to row as rows of a table are."""
    row = b'{"id": %d, "name": "Chair no. %d", "price": %d.90, "tags": ["oak", "%x"]}'
    listed: List[bytes] = []
    while sum(map(len, listed)) + 2 * len(listed) < size:
        number = len(listed)
        listed.append(row % (number, number * 7919 % 1000, number * 31 % 400, number * 2654435761 % 2**32))
    return b"[%b]" % b", ".join(listed)


SMALL_ROWS, LARGE_ROWS = rows(950), rows(64_000)
