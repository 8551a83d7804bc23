"""Case 39 end to end: no JSON in a list makes an application fail, and of equal keys every reader takes the last."""

from typing import Annotated, Any, Dict, List

import pydantic
import pytest

from microframe import Application, Body, Request
from tests.scopes import Exchange, call
from tests.security.test_case_39_json_bombs import BODIES, VALUES


class Model(pydantic.BaseModel):
    a: Any = None


app = Application()


@app.post("/model")
async def model(body: Model) -> Any:
    return body.a


@app.post("/dict")
async def mapping(body: Dict[str, Any]) -> Any:
    return body["a"]


@app.post("/any")
async def anything(body: Annotated[Any, Body()]) -> Any:
    return body["a"]


@app.post("/fields")
async def fields(a: Annotated[Any, Body()], b: Annotated[Any, Body()] = None) -> Any:
    return a


@app.post("/list")
async def items(body: List[Any]) -> Any:
    return body[0]["a"]


@app.post("/request")
async def read(request: Request) -> Any:
    return (await request.json())["a"]


PATHS = ["/model", "/dict", "/any", "/fields", "/list", "/request"]


async def post(path: str, body: bytes) -> Exchange:
    return await call(app, path, ("content-type", "application/json"), method="POST", body=[body])


def whole(path: str, body: bytes) -> bytes:
    return b"[" + body + b"]" if path == "/list" else body


def refused(answer: Exchange) -> None:
    assert 400 <= answer.status < 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert len(answer.body) < 1000


@pytest.mark.parametrize("value", VALUES)
async def test_no_value_in_a_list_is_a_failure(value: str) -> None:
    refused(await post("/list", b'[{"a": ' + VALUES[value] + b"}]"))
    refused(await post("/list", b"[" + (VALUES[value] or b",") + b"]"))


@pytest.mark.parametrize("body", BODIES)
async def test_no_body_around_a_list_is_a_failure(body: str) -> None:
    refused(await post("/list", BODIES[body]))
    refused(await post("/list", b"[" + BODIES[body]))


@pytest.mark.parametrize("path", PATHS)
async def test_of_equal_keys_the_last_wins(path: str) -> None:
    assert (await post(path, whole(path, b'{"a": 1, "a": 2}'))).json == 2


@pytest.mark.parametrize("path", PATHS)
async def test_an_escaped_nul_is_an_ordinary_character(path: str) -> None:
    assert (await post(path, whole(path, b'{"a": "\\u0000"}'))).json == "\x00"
