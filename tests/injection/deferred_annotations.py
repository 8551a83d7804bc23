"""Deferred annotations: handlers of a module whose annotations are texts, as many users write them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple, Optional

from pydantic import BaseModel

from microframe import Depends, Header, Provided, Query, Request, Router

router = Router()


class Item(BaseModel):
    name: str
    tags: list[str] = []
    size: int | None = None


class Cards:
    def __init__(self, request: Request, limit: int = 10) -> None:
        self.path, self.limit = request.path, limit


@dataclass
class Page:
    number: int = 1
    word: str | None = None


class Range(NamedTuple):
    low: int | None = None
    high: Optional[int] = None


async def find_word(word: str | None = None, words: Annotated[list[str] | None, Query()] = None) -> list[Any]:
    return [word, words]


@router.get("/scalars")
async def scalars(
    number: int | None = None, many: Annotated[list[int] | None, Query()] = None, either: int | str = 0
) -> list[Any]:
    return [number, many, either]


@router.get("/dependencies")
async def dependencies(
    page: Annotated[Page, Depends()],
    found: Annotated[list[Any], Depends(find_word)],
    span: Annotated[Range, Depends()],
    cards: Provided[Cards],
) -> list[Any]:
    return [page.number, page.word, found, span, cards.path, cards.limit]


@router.post("/body")
async def body(item: Item | None, x_token: Annotated[str | None, Header()] = None) -> dict[str, Any] | None:
    return None if item is None else {**item.model_dump(), "token": x_token}
