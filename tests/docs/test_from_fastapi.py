"""The pairs of the guide for who comes from FastAPI: each is run by both frameworks, and answers the same."""

import re
from dataclasses import dataclass
from typing import List

import pytest

from tests.compatibility.asking import Ask, answers, program, read_ask
from tests.docs.pages import ROOT

PAGE = ROOT / "docs" / "guides" / "from-fastapi.md"
PAIR = re.compile(
    r"^```python fastapi\n(.*?)^```\n\n```python\n(.*?)^```\n\n```requests\n(.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Pair:
    """A program before and after, and what both are asked."""

    before: str
    after: str
    asks: List[Ask]


def read_request(line: str) -> Ask:
    """`GET /path [name: value]`, or with a JSON body behind the path."""
    found = re.fullmatch(r"(.*) \[([\w-]+): (.*)\]", line)
    return read_ask((found[1], {found[2]: found[3]})) if found else read_ask(line)


def pairs() -> List[Pair]:
    found = PAIR.findall(PAGE.read_text(encoding="utf-8"))
    return [Pair(one, two, [read_request(line) for line in asks.splitlines()]) for one, two, asks in found]


@pytest.mark.parametrize("number", range(len(pairs())))
async def test_before_and_after_answer_the_same(number: int) -> None:
    pytest.importorskip("fastapi", reason="FastAPI is not installed here: NOTHING WAS COMPARED")
    pair = pairs()[number]
    with program(pair.before, PAGE, f"before_{number}") as before:
        expected = await answers(before.app, pair.asks)
    with program(pair.after, PAGE, f"after_{number}") as after:
        found = await answers(after.app, pair.asks)
    assert [(told.status, told.body) for told in found] == [(told.status, told.body) for told in expected]
    assert len({told.status for told in found}) > 1


def test_every_program_for_fastapi_is_one_of_a_pair() -> None:
    assert len(pairs()) == PAGE.read_text(encoding="utf-8").count("```python fastapi\n") > 2
