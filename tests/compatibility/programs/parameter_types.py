"""Every kind of type and container that a parameter may have."""

from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum, IntEnum
from ipaddress import IPv4Network
from pathlib import Path as FilePath
from typing import (
    Annotated,
    Any,
    Deque,
    FrozenSet,
    List,
    Literal,
    NewType,
    Optional,
    Sequence,
    Set,
    Tuple,
    Union,
)
from uuid import UUID

from fastapi import Cookie, FastAPI, Header, Query
from pydantic import (
    AfterValidator,
    AnyUrl,
    ByteSize,
    Field,
    PositiveInt,
    SecretStr,
    StringConstraints,
    conint,
    constr,
)

app = FastAPI()
UserId = NewType("UserId", int)


class Color(str, Enum):
    red = "r"
    blue = "b"


class Number(IntEnum):
    one = 1
    two = 2


@app.get("/set")
def a_set(q: Annotated[Set[int], Query(max_length=2)]):
    return sorted(q)


@app.get("/frozenset")
def a_frozenset(q: FrozenSet[Color] = Query(default=frozenset())):
    return sorted(q)


@app.get("/deque")
def a_deque(q: Deque[int] = Query()):
    return list(q)


@app.get("/sequence")
def a_sequence(q: Sequence[float] = Query(default=())):
    return list(q)


@app.get("/tuple-any")
def a_tuple(q: Annotated[Tuple[int, ...], Query()]):
    return q


@app.get("/list-literal")
def list_literal(q: Annotated[List[Literal["a", "b"]], Query()] = []):
    return q


@app.get("/list-union")
def list_union(q: Annotated[List[Union[int, str]], Query()]):
    return q


@app.get("/maybe-list")
def maybe_list(q: Annotated[Union[List[int], None], Query(min_length=2)] = None):
    return q


@app.get("/list-constrained")
def list_constrained(q: Annotated[List[Annotated[int, Field(gt=2)]], Query()]):
    return q


@app.get("/union")
def a_union(q: Union[int, float, str]):
    return [type(q).__name__, q]


@app.get("/union-enum")
def union_enum(q: Union[Color, Number]):
    return q


@app.get("/enum")
def enum(q: Color = Color.red, n: Number = Number.one):
    return [q, n]


@app.get("/constrained")
def constrained(n: conint(gt=2), s: constr(max_length=2) = ""):
    return [n, s]


@app.get("/positive")
def positive(q: PositiveInt):
    return q


@app.get("/stripped")
def stripped(q: Annotated[str, StringConstraints(strip_whitespace=True, to_upper=True, max_length=3)]):
    return q


@app.get("/newtype")
def newtype(q: UserId):
    return q


@app.get("/any")
def anything(q: Any, r=None, s="text", n: Any = 3):
    return [q, r, s, n]


@app.get("/file")
def file(q: FilePath):
    return str(q)


@app.get("/url")
def url(q: AnyUrl):
    return str(q)


@app.get("/size")
def size(q: ByteSize):
    return q


@app.get("/secret")
def secret(q: SecretStr):
    return len(q.get_secret_value())


@app.get("/network")
def network(q: IPv4Network):
    return str(q)


@app.get("/complex/{a}/{b}")
def in_path(a: Decimal, b: date):
    return [str(a), b]


@app.get("/uuid")
def uuids(q: Annotated[List[UUID], Query()]):
    return q


@app.get("/headers")
def headers(
    x_when: Annotated[datetime, Header()],
    x_colors: Annotated[List[Color], Header()] = [],
    x_flag: Annotated[bool, Header()] = False,
    x_set: Annotated[Optional[Set[int]], Header()] = None,
):
    return [x_when.isoformat(), x_colors, x_flag, x_set and sorted(x_set)]


@app.get("/cookies")
def cookies(when: Annotated[Optional[time], Cookie()] = None, color: Annotated[Color, Cookie()] = Color.blue):
    return [when, color]


@app.get("/described")
def described(
    q: Annotated[
        Optional[str],
        Query(
            title="T",
            description="D",
            deprecated=True,
            examples=["a"],
            json_schema_extra={"x": 1},
            alias="q-q",
        ),
    ] = None,
):
    return q


@app.get("/none-default")
def none_default(q: int = None, r: Annotated[str, Query()] = None):
    return [q, r]


@app.get("/required-none")
def required_none(q: Optional[str]):
    return q


@app.get("/required-ellipsis")
def required_ellipsis(q: Optional[str] = Query(...), r: str = Query(default=..., min_length=1)):
    return [q, r]


@app.get("/two-validators")
def two(q: Annotated[int, AfterValidator(lambda v: v + 1), Query(gt=3)]):
    return q


@app.get("/discriminating/{kind}")
def discriminating(kind: Literal["a", "b", 3]):
    return kind


TEXTS = [
    "",
    "1",
    "3",
    "r",
    "b",
    "a",
    "x",
    "1.5",
    "true",
    "None",
    "[1]",
    " 1 ",
    "10.0.0.0/8",
    "1KB",
    "http://a.b",
    "%20ab%20",
]
SINGLE = "union union-enum enum positive stripped newtype any file url size secret network required-none none-default two-validators".split()
MANY = (
    "set frozenset deque sequence tuple-any list-literal list-union maybe-list list-constrained uuid".split()
)
ASKS = [
    *[f"GET /{route}" for route in [*SINGLE, *MANY]],
    *[("GET", f"/{route}?q=", text) for route in SINGLE for text in TEXTS],
    *[("GET", f"/{route}?q=", text) for route in MANY for text in TEXTS],
    *[
        f"GET /{route}?{query}"
        for route in MANY
        for query in ("q=1&q=2", "q=a&q=b&q=a", "q=3&q=4&q=5", "q=r&q=x", "q=1&q=x", "q[]=1")
    ],
    "GET /enum?q=b&n=2",
    "GET /enum?q=z&n=3",
    "GET /constrained?n=3&s=abc",
    "GET /constrained?n=2",
    "GET /any?q=1&r=2&s=3&n=4",
    "GET /complex/1.50/2020-01-01",
    "GET /complex/x/y",
    "GET /headers",
    (
        "GET /headers",
        [
            ("x-when", "2020-01-01T00:00:00"),
            ("x-colors", "r"),
            ("x-colors", "b"),
            ("x-flag", "on"),
            ("x-set", "1"),
        ],
    ),
    ("GET /headers", [("x-when", "x"), ("x-colors", "z"), ("x-flag", "x"), ("x-set", "x")]),
    ("GET /headers", [("x-when", "2020-01-01"), ("x-colors", "r,b")]),
    "GET /cookies",
    ("GET /cookies", {"cookie": "when=12:00; color=r"}),
    ("GET /cookies", {"cookie": "when=x; color=x"}),
    "GET /described",
    "GET /described?q-q=1",
    "GET /described?q=1",
    "GET /none-default?r=1",
    "GET /required-ellipsis",
    "GET /required-ellipsis?q=&r=",
    "GET /required-ellipsis?q=1&r=2",
    *[f"GET /discriminating/{kind}" for kind in ("a", "c", "3")],
]
ASKS = [
    f"{ask[0]} {ask[1]}{ask[2].replace(' ', '%20')}"
    if isinstance(ask, tuple) and len(ask) == 3 and isinstance(ask[2], str)
    else ask
    for ask in ASKS
]
