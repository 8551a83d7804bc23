"""Overrides of dependencies."""

from typing import Annotated, Optional

from fastapi import Depends, FastAPI, Header

app = FastAPI()


async def common(q: Optional[str] = None, skip: int = 0):
    return {"q": q, "skip": skip}


async def override(q: Optional[str] = None, x_other: Annotated[int, Header()] = 5):
    return {"q": q, "skip": x_other}


@app.get("/items")
async def items(commons: Annotated[dict, Depends(common)]):
    return commons


app.dependency_overrides[common] = override
ASKS = ["GET /items", "GET /items?q=foo&skip=100", ("GET /items", {"x-other": "x"})]
