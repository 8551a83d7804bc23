"""Query parameters: defaults, optional ones, required ones, conversions, many of them."""

from typing import List, Optional, Set, Tuple, Union

from fastapi import FastAPI, Query

app = FastAPI()


@app.get("/skip")
async def skip(skip: int = 0, limit: int = 10):
    return [skip, limit]


@app.get("/optional/{item}")
async def optional(item: str, q: Optional[str] = None, short: bool = False):
    return {"item": item, "q": q, "short": short}


@app.get("/required")
async def required(needy: str, number: float, maybe: Union[int, None] = None):
    return [needy, number, maybe]


@app.get("/list")
async def many(q: List[str] = Query()):
    return q


@app.get("/list-default")
async def many_default(q: List[str] = Query(default=["foo", "bar"])):
    return q


@app.get("/list-optional")
async def many_optional(q: Optional[List[int]] = Query(default=None)):
    return q


@app.get("/list-bare")
async def bare(q: list = Query(default=[])):
    return q


@app.get("/set")
async def distinct(q: Set[int] = Query()):
    return sorted(q)


@app.get("/tuple")
async def pair(q: Tuple[int, str] = Query()):
    return q


@app.get("/union")
async def union(q: Union[int, str] = "x"):
    return q


@app.get("/alias")
async def alias(q: str = Query(alias="item-query")):
    return q


@app.get("/hidden")
async def hidden(secret: Optional[str] = Query(None, include_in_schema=False)):
    return secret


@app.get("/none")
async def nothing(q: None = None):
    return q


ASKS = [
    "GET /skip",
    "GET /skip?skip=20",
    "GET /skip?skip=20&limit=x",
    "GET /skip?skip=&limit=",
    "GET /skip?skip=1&skip=2",
    "GET /skip?skip=a&limit=b",
    "GET /optional/foo",
    "GET /optional/foo?q=a&short=yes",
    "GET /optional/foo?q=",
    "GET /optional/foo?short=maybe",
    "GET /optional/foo?q=%C3%A9+b",
    "GET /required",
    "GET /required?needy=a",
    "GET /required?needy=a&number=1.5",
    "GET /required?needy=a&number=1.5&maybe=x",
    "GET /required?needy=&number=",
    "GET /list",
    "GET /list?q=a",
    "GET /list?q=a&q=b&q=",
    "GET /list-default",
    "GET /list-default?q=",
    "GET /list-default?q=x",
    "GET /list-optional",
    "GET /list-optional?q=1&q=2",
    "GET /list-optional?q=1&q=x&q=y",
    "GET /list-bare",
    "GET /list-bare?q=1&q=b",
    "GET /set?q=1&q=1&q=2",
    "GET /set?q=a",
    "GET /set",
    "GET /tuple?q=1&q=b",
    "GET /tuple?q=1",
    "GET /tuple?q=1&q=2&q=3",
    "GET /union",
    "GET /union?q=3",
    "GET /union?q=c",
    "GET /alias?item-query=1",
    "GET /alias?q=1",
    "GET /hidden?secret=1",
    "GET /none",
    "GET /none?q=1",
    "GET /skip?skip=1;limit=2",
    "GET /skip?%73kip=4",
    "GET /skip?&&skip=4&",
    "GET /optional/x?q=a=b",
    "GET /optional/x?q=%zz",
    "GET /optional/x?q=%ff",
]
