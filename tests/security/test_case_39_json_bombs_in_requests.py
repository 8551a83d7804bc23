"""Case 39 (CVE-2024-27454, CVE-2021-29510 and others) end to end: no JSON makes an application fail."""

from typing import Annotated, Any, Callable, Dict, List

import pydantic
import pytest

from microframe import Application, Body, Request
from tests.scopes import Exchange, call


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

VALUES: Dict[str, bytes] = {
    "cut off": b"",
    "malformed": b"abc",
    "invalid UTF-8": b'"\xff"',
    "not a number": b"NaN",
    "infinity": b"Infinity",
    "negative infinity": b"-Infinity",
    "overflow": b"1e400",
    "nested lists": b"[" * 100_000,
    "nested lists that end": b"[" * 100_000 + b"]" * 100_000,
    "nested objects": b'{"a":' * 100_000,
    "nested objects that end": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "a million digits": b"1" * 1_000_000,
    "half a surrogate pair": b'"\\ud800"',
    "raw NUL": b'"\x00"',
    "NUL": b"\x00",
}

OBJECT = '{"a": 1}'
BODIES: Dict[str, Callable[[str], bytes]] = {
    "byte order mark": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "UTF-16": lambda text: text.encode("utf-16"),
    "UTF-16 without mark": lambda text: text.encode("utf-16-le"),
    "UTF-32": lambda text: text.encode("utf-32"),
    "NUL behind": lambda text: text.encode() + b"\x00",
    "twice": lambda text: text.encode() * 2,
}


async def post(path: str, body: bytes) -> Exchange:
    return await call(app, path, ("content-type", "application/json"), method="POST", body=[body])


def whole(path: str, body: bytes) -> bytes:
    return b"[" + body + b"]" if path == "/list" else body


def refused(answer: Exchange) -> None:
    assert 400 <= answer.status < 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert len(answer.body) < 1000


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("value", VALUES)
async def test_no_value_is_a_failure(path: str, value: str) -> None:
    refused(await post(path, whole(path, b'{"a": ' + VALUES[value] + b"}")))
    refused(await post(path, VALUES[value] or b" "))


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("body", BODIES)
async def test_no_body_is_a_failure(path: str, body: str) -> None:
    refused(await post(path, BODIES[body](whole(path, OBJECT.encode()).decode())))


@pytest.mark.parametrize("path", PATHS)
async def test_of_equal_keys_the_last_wins(path: str) -> None:
    assert (await post(path, whole(path, b'{"a": 1, "a": 2}'))).json == 2


@pytest.mark.parametrize("path", PATHS)
async def test_an_escaped_nul_is_an_ordinary_character(path: str) -> None:
    assert (await post(path, whole(path, b'{"a": "\\u0000"}'))).json == "\x00"
