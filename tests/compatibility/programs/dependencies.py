"""Dependencies: functions, classes, sub-dependencies, without the cache, of routes and applications, with yield."""

from typing import Annotated, Any, Optional

from fastapi import Cookie, Depends, FastAPI, Header, HTTPException, Query

LOG: list = []


async def verify_token(x_token: Annotated[str, Header()]):
    if x_token != "secret-token":
        raise HTTPException(status_code=400, detail="X-Token header invalid")


async def verify_key(x_key: Annotated[str, Header()] = "key"):
    if x_key != "key":
        raise HTTPException(status_code=400, detail="X-Key header invalid")
    return x_key


app = FastAPI(dependencies=[Depends(verify_key)])


async def common(q: Optional[str] = None, skip: int = 0, limit: int = 100):
    return {"q": q, "skip": skip, "limit": limit}


class Common:
    def __init__(self, q: Optional[str] = None, skip: int = 0, limit: Annotated[int, Query(le=100)] = 100):
        self.q = q
        self.skip = skip
        self.limit = limit


def query_extractor(q: Optional[str] = None):
    return q


def query_or_cookie(
    q: Annotated[Optional[str], Depends(query_extractor)], last: Annotated[Optional[str], Cookie()] = None
):
    return q or last


class Checker:
    def __init__(self, fixed: str):
        self.fixed = fixed

    def __call__(self, q: str = ""):
        return self.fixed in q


checker = Checker("bar")
COUNT = {"n": 0}


def counted():
    COUNT["n"] += 1
    return COUNT["n"]


def resource(name: str = "r"):
    LOG.append(f"open {name}")
    try:
        yield name
    except ValueError as exc:
        LOG.append(f"saw {exc}")
        raise HTTPException(status_code=400, detail=f"Owner error: {exc}") from exc
    finally:
        LOG.append(f"close {name}")


async def inner(outer: Annotated[str, Depends(resource)]):
    LOG.append("open inner")
    yield outer + "-inner"
    LOG.append("close inner")


async def number(n: int):
    return n


async def other(m: int, n: Annotated[int, Depends(number)]):
    return m + n


@app.get("/items")
async def items(commons: Annotated[dict, Depends(common)]):
    return commons


@app.get("/users")
async def users(commons: dict = Depends(common)):
    return commons


@app.get("/classes")
async def classes(commons: Annotated[Common, Depends(Common)]):
    return vars(commons)


@app.get("/classes-short")
async def short(commons: Annotated[Common, Depends()]):
    return vars(commons)


@app.get("/untyped")
async def untyped(commons: Annotated[Any, Depends(Common)]):
    return commons.q


@app.get("/sub")
async def sub(found: Annotated[str, Depends(query_or_cookie)]):
    return found


@app.get("/guarded", dependencies=[Depends(verify_token), Depends(verify_key)])
async def guarded():
    return [1]


@app.get("/callable")
async def callable_(has: Annotated[bool, Depends(checker)]):
    return has


@app.get("/cached")
async def cached(a: Annotated[int, Depends(counted)], b: Annotated[int, Depends(counted)]):
    return a == b


@app.get("/uncached")
async def uncached(
    a: Annotated[int, Depends(counted, use_cache=False)], b: Annotated[int, Depends(counted, use_cache=False)]
):
    return a == b


@app.get("/yield")
async def with_yield(found: Annotated[str, Depends(inner)], fail: bool = False):
    LOG.append("handler")
    if fail:
        raise ValueError("bad")
    return found


@app.get("/log")
async def log():
    told, LOG[:] = list(LOG), []
    return told


@app.get("/order/{p}")
async def order(
    p: int,
    h: Annotated[int, Header()],
    o: Annotated[int, Depends(other)],
    q: int,
    c: Annotated[int, Cookie()],
):
    return [p, h, o, q, c]


@app.get("/lambda")
async def a_lambda(value: int = Depends(lambda: 7)):
    return value


ASKS = [
    "GET /items?q=a&skip=3",
    "GET /users?limit=x",
    ("GET /items", {"x-key": "wrong"}),
    ("GET /items?skip=x", {"x-key": "wrong"}),
    "GET /classes?q=a",
    "GET /classes?limit=1000",
    "GET /classes-short?skip=3",
    "GET /untyped?q=1",
    "GET /sub?q=1",
    ("GET /sub", {"cookie": "last=2"}),
    "GET /sub",
    "GET /guarded",
    ("GET /guarded", {"x-token": "secret-token"}),
    ("GET /guarded", {"x-token": "no"}),
    ("GET /guarded", {"x-token": "no", "x-key": "no"}),
    "GET /callable?q=foobar",
    "GET /callable",
    "GET /cached",
    "GET /uncached",
    "GET /yield",
    "GET /log",
    "GET /yield?fail=true&name=z",
    "GET /log",
    "GET /order/x?n=x&m=x&q=x",
    ("GET /order/1?n=2&m=3&q=4", {"h": "5", "cookie": "c=6"}),
    ("GET /order/1?n=2&m=x&q=x", {"h": "5", "cookie": "c=x"}),
    "GET /order/1",
    "GET /lambda",
]
