"""Case 21 (CVE-2026-53878): a value with a line break at its end is not the value without it."""

from datetime import date
from enum import Enum
from ipaddress import IPv4Address
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

import pytest

from microframe import Application, Path, Query
from microframe.testing import AsyncTestClient


class Word(Enum):
    YES = "yes"


app = Application()


@app.get("/words/{word}")
async def by_word(word: Annotated[str, Path(pattern="^[a-z]+$")]) -> str:
    return word


@app.get("/numbers/{number:int}")
async def by_number(number: int) -> int:
    return number


@app.get("/ids/{found:uuid}")
async def by_id(found: UUID) -> str:
    return str(found)


@app.get("/words")
async def words(
    word: Annotated[str, Query(pattern=r"^[a-z.]+$")] = "",
    kind: Word = Word.YES,
    found: UUID = UUID(int=0),
    day: date = date(2020, 1, 1),
    address: IPv4Address = IPv4Address("1.2.3.4"),
) -> str:
    return word


ID = "00000000-0000-0000-0000-000000000001"
ENDS = ["\n", "\r\n", "\x00", "\u2028"]


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("path", ["/words/abc", "/numbers/1", f"/ids/{ID}"])
async def test_a_part_of_the_path_with_a_line_break_is_refused(path: str, end: str) -> None:
    client = AsyncTestClient(app)
    assert (await client.get(path)).status_code == 200
    assert (await client.get(path + quote(end))).status_code in (404, 422)


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize(
    ("name", "value"),
    [("word", "example.com"), ("kind", "yes"), ("found", ID), ("day", "2020-01-01"), ("address", "1.2.3.4")],
)
async def test_a_parameter_with_a_line_break_is_refused(name: str, value: str, end: str) -> None:
    client = AsyncTestClient(app)
    assert (await client.get("/words", params={name: value})).status_code == 200
    assert (await client.get("/words", params={name: value + end})).status_code == 422
