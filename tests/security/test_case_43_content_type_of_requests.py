"""Case 43 (CVE-2026-25223 and three more) end to end: what is not quite JSON is not read as JSON."""

from typing import Any, Dict, List

import pydantic
import pytest

from microframe import Application
from tests.scopes import call


class Checked(pydantic.BaseModel):
    age: int = pydantic.Field(ge=0)


app = Application()
seen: List[object] = []


@app.post("/model")
async def model(body: Checked) -> str:
    seen.append(body)
    return "read"


@app.post("/fields")
async def fields(first: Checked, second: Checked) -> str:
    seen.append(first)
    return "read"


BODY: Dict[str, bytes] = {
    "/model": b'{"age": %d}',
    "/fields": b'{"first": {"age": %d}, "second": {"age": 1}}',
}


async def post(path: str, age: int, *types: str) -> Any:
    seen.clear()
    pairs = [("content-type", value) for value in types]
    return await call(app, path, *pairs, method="POST", body=[BODY[path] % age])


@pytest.mark.parametrize("path", BODY)
@pytest.mark.parametrize(
    "value",
    [
        "application/json\ta",
        "application/json garbage",
        " application/json garbage",
        "application/json, text/plain",
        "application/json;",
        "application/json; charset",
        "application/json\x0b",
        "application/json\xa0",
        "application/jsonx",
        "application/json/x",
        "text/json",
        "json",
        "",
    ],
)
async def test_it_is_not_read_or_it_is_checked(path: str, value: str) -> None:
    valid, wrong = await post(path, 1, value), await post(path, -1, value)
    assert (valid.status, wrong.status) in [(415, 415), (200, 422)]
    assert seen == []
    assert value == "application/json;" or valid.status == 415


@pytest.mark.parametrize("path", BODY)
@pytest.mark.parametrize(
    "value",
    ["application/json", " application/json", "APPLICATION/JSON; charset=utf-8", "application/x+json"],
)
async def test_what_is_json_is_checked(path: str, value: str) -> None:
    assert (await post(path, 1, value)).status == 200
    assert (await post(path, -1, value)).status == 422
    assert seen == []


@pytest.mark.parametrize("types", [("application/json", "text/plain"), ("text/plain", "application/json")])
async def test_of_two_content_types_none_slips_by(types: "tuple[str, str]") -> None:
    assert (await post("/model", -1, *types)).status in (400, 415, 422)
    assert seen == []
