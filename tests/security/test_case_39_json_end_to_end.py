"""Case 39 for every library and place: JSON that breaks its reader is the client's fault, and can be told."""

import json
from typing import Annotated, Any, Dict, List, Optional, Union

import attrs
import msgspec
import pydantic
import pytest

from microframe import Application, Body, Depends
from tests.injection.asking import post
from tests.security.test_case_39_json_bombs import BODIES, VALUES

JSON = {"content-type": "application/json"}


class Model(pydantic.BaseModel):
    a: Any


class Typed(pydantic.BaseModel):
    a: Union[int, float, str, List[Any], Dict[str, Any], None]


class Struct(msgspec.Struct):
    a: Any


@attrs.define
class Attrs:
    a: Any


def build() -> Application:
    app = Application()

    async def dependency(value: Model) -> Any:
        return value

    @app.post("/typed")
    async def typed(value: Typed) -> Any:
        return value

    @app.post("/struct")
    async def struct(value: Struct) -> Any:
        return value

    @app.post("/attrs")
    async def of_attrs(value: Attrs) -> Any:
        return value

    @app.post("/optional")
    async def optional(value: Optional[Model] = None) -> Any:
        return value

    @app.post("/embedded")
    async def embedded(a: Annotated[Any, Body(embed=True)]) -> Any:
        return {"a": a}

    @app.post("/dependency")
    async def depending(value: Annotated[Model, Depends(dependency)]) -> Any:
        return value

    return app


PATHS = ["/typed", "/struct", "/attrs", "/optional", "/embedded", "/dependency"]


@pytest.fixture(scope="module")
def app() -> Application:
    return build()


async def refuse(app: Application, body: bytes) -> None:
    for path in PATHS:
        if path == "/optional" and not body:
            continue
        answer = await post(app, path, body=body, headers=JSON)
        assert (path, answer.status) in ((path, 400), (path, 422)), (path, answer.status, answer.body[:200])
        assert answer.headers["content-type"] == "application/problem+json"
        assert len(answer.body) < 1000, "an answer is not as large as what it refuses"
        answer.body.decode()


@pytest.mark.parametrize("value", VALUES)
async def test_a_broken_value_is_refused(app: Application, value: str) -> None:
    await refuse(app, b'{"a": ' + VALUES[value] + b"}")


@pytest.mark.parametrize("body", BODIES)
async def test_a_broken_body_is_refused(app: Application, body: str) -> None:
    await refuse(app, BODIES[body])


@pytest.mark.parametrize(
    "value", ["nested lists", "nested lists that end", "nested objects", "a million digits"]
)
async def test_so_it_is_in_the_shape_of_fastapi(value: str) -> None:
    app = Application(error_format="detail")

    @app.post("/model")
    async def model(value: Model) -> Any:
        return value

    answer = await post(app, "/model", body=b'{"a": ' + VALUES[value] + b"}", headers=JSON)
    assert (answer.status, answer.json) == (400, {"detail": "There was an error parsing the body"})


DEEPEST_THAT_IS_FINE = 50


async def test_what_is_only_unusual_is_read_and_answered(app: Application) -> None:
    unusual: List[Any] = [
        {"a": "\x00"},
        {"a": "\U0001f600"},
        {"a": ""},
        {"a": 10**18},
        {"a": -1e308},
        {"a": json.loads("[" * DEEPEST_THAT_IS_FINE + "]" * DEEPEST_THAT_IS_FINE)},
        {"a": None},
    ]
    for path in PATHS:
        for value in unusual:
            answer = await post(app, path, data=value)
            assert (path, answer.value) == (path, value)


async def test_a_wrong_value_of_a_model_may_be_one_that_no_text_can_hold(app: Application) -> None:
    """The refusal itself is written: what it quotes must not break it."""
    strict = Application(error_format="detail")

    class Numbers(pydantic.BaseModel):
        a: int
        b: pydantic.StrictStr = ""

    @strict.post("/")
    async def show(value: Numbers) -> None: ...

    for body in (
        b'{"a": "\\u0000\\ud83d\\ude00"}',
        b'{"a": 1e308, "b": 1}',
        b'{"a": {"\\u0001": [1, null]}}',
    ):
        answer = await post(strict, "/", body=body, headers=JSON)
        assert answer.status == 422
        assert answer.json["detail"]


async def test_text_in_a_query_or_header_that_is_no_unicode_breaks_nothing() -> None:
    strict = Application(error_format="detail")

    @strict.post("/{part}")
    async def show(part: str, q: int = 0) -> Any:
        return part

    for target in ("/%ff?q=%ff", "/%00?q=%00", "/%ed%a0%80?q=%ed%a0%80"):
        answer = await post(strict, target)
        assert answer.status in (400, 404, 422)
