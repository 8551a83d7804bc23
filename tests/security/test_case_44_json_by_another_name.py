"""Case 44 (CVE-2021-32677): JSON is read only from who says that it is JSON, or a page of any site could send it."""

from typing import Annotated, Any, Dict, Optional

import pytest
from pydantic import BaseModel

from microframe import Application, Body, Depends
from tests.injection.asking import Answer, post


class Model(BaseModel):
    a: int


def build() -> Application:
    app = Application()

    async def dependency(value: Model) -> Model:
        return value

    @app.post("/model")
    async def model(value: Model) -> Model:
        return value

    @app.post("/optional")
    async def optional(value: Optional[Model] = None) -> Optional[Model]:
        return value

    @app.post("/dict")
    async def mapping(value: Dict[str, int]) -> Dict[str, int]:
        return value

    @app.post("/any")
    async def anything(value: Annotated[Any, Body()]) -> Any:
        return value

    @app.post("/fields")
    async def fields(value: Annotated[Model, Body(embed=True)]) -> Model:
        return value

    @app.post("/two")
    async def two(value: Model, other: Annotated[int, Body()] = 0) -> Model:
        return value

    @app.post("/dependency")
    async def depending(value: Annotated[Model, Depends(dependency)]) -> Model:
        return value

    return app


PATHS = ["/model", "/optional", "/dict", "/any", "/fields", "/two", "/dependency"]


async def send(path: str, content_type: Optional[str]) -> Answer:
    body = b'{"value":{"a":1}}' if path in ("/fields", "/two") else b'{"a":1}'
    headers = {} if content_type is None else {"content-type": content_type}
    return await post(build(), path, body=body, headers=headers)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/plain",
        "text/plain;application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/json",
        "application/jsonp",
        "application/json\ta",
        "application/json garbage",
        "application/json, text/plain",
        "text/plain+json",
        "x/application/json",
        "*/*",
    ],
)
async def test_json_by_another_name_is_refused(path: str, content_type: Optional[str]) -> None:
    answer = await send(path, content_type)
    assert (answer.status, answer.json["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json; charset=utf-8", "application/merge-patch+json"]
)
async def test_json_by_its_names_is_read(path: str, content_type: str) -> None:
    assert (await send(path, content_type)).value == {"a": 1}
