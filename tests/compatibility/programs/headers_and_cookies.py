"""Header and cookie parameters: underscores, repeated headers, optional ones."""

from typing import Annotated, List, Optional

from fastapi import Cookie, FastAPI, Header

app = FastAPI()


@app.get("/agent")
async def agent(user_agent: Annotated[Optional[str], Header()] = None):
    return {"User-Agent": user_agent}


@app.get("/strange")
async def strange(strange_header: Annotated[Optional[str], Header(convert_underscores=False)] = None):
    return strange_header


@app.get("/tokens")
async def tokens(x_token: Annotated[Optional[List[str]], Header()] = None):
    return x_token


@app.get("/single")
async def single(x_token: Annotated[str, Header()]):
    return x_token


@app.get("/alias")
async def alias(token: Annotated[str, Header(alias="X_Odd")] = "none"):
    return token


@app.get("/numbers")
async def numbers(x_n: Annotated[List[int], Header()]):
    return x_n


@app.get("/cookie")
async def cookie(ads_id: Annotated[Optional[str], Cookie()] = None):
    return {"ads_id": ads_id}


@app.get("/cookie-needed")
async def cookie_needed(session: Annotated[str, Cookie(alias="the-session")]):
    return session


@app.get("/old")
async def old(x_a: str = Header("a"), b: int = Cookie(2), x_c: str = Header(...)):
    return [x_a, b, x_c]


ASKS = [
    "GET /agent",
    ("GET /agent", {"User-Agent": "me"}),
    ("GET /strange", {"strange-header": "a"}),
    ("GET /strange", {"strange_header": "a"}),
    "GET /tokens",
    ("GET /tokens", [("x-token", "a"), ("X-Token", "b")]),
    ("GET /tokens", [("x-token", "a, b")]),
    ("GET /single", [("x-token", "a"), ("X-Token", "b")]),
    ("GET /single", {"x-token": ""}),
    "GET /single",
    ("GET /alias", {"x_odd": "1"}),
    ("GET /alias", {"x-odd": "1"}),
    ("GET /numbers", [("x-n", "1"), ("x-n", "2")]),
    ("GET /numbers", [("x-n", "1"), ("x-n", "a")]),
    "GET /numbers",
    ("GET /cookie", {"cookie": "ads_id=1"}),
    ("GET /cookie", {"cookie": "ads_id="}),
    ("GET /cookie", {"cookie": "other=1; ads_id=2"}),
    ("GET /cookie", {"cookie": 'ads_id="a b"'}),
    "GET /cookie",
    ("GET /cookie-needed", {"cookie": "the-session=1"}),
    "GET /cookie-needed",
    "GET /old",
    ("GET /old", {"x-c": "c", "cookie": "b=x"}),
    ("GET /old", {"x-c": "c", "cookie": "b=3"}),
]
