"""Streams of items: lines of JSON, and iterators closed with their reader."""

from typing import Any, AsyncIterator, List

import pytest

from microframe import JSONLinesResponse
from microframe.http.streams import line_writer
from tests.connections import body_of


@pytest.mark.parametrize(
    ("json", "line"),
    [(b'{"a":1}', b'{"a":1}\n'), (b'{\n "a":\r\n1}', b'{  "a":  1}\n'), (b'"\\n"', b'"\\n"\n')],
)
def test_json_that_somebody_writes_on_several_lines_is_one(json: bytes, line: bytes) -> None:
    assert line_writer(lambda item: json)(None) == line


@pytest.mark.parametrize("content", [[{"a": 1}, "b"], iter([{"a": 1}, "b"])], ids=["list", "iterator"])
async def test_anything_that_can_be_iterated_becomes_lines(content: Any) -> None:
    response = JSONLinesResponse(content, 201, {"x-own": "1"})
    assert (response.status_code, response.headers["content-type"]) == (201, "application/jsonl")
    assert await body_of(response) == b'{"a":1}\n"b"\n'


async def test_an_iterator_is_closed_although_nothing_was_read() -> None:
    notes: List[str] = []

    class Items:
        def __aiter__(self) -> AsyncIterator[Any]:
            return self

        async def __anext__(self) -> Any:
            raise AssertionError

        async def aclose(self) -> None:
            notes.append("closed")

    body: Any = JSONLinesResponse(Items()).body
    await body.aclose()
    assert notes == ["closed"]
