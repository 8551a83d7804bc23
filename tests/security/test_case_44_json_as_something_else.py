"""Case 44 (CVE-2021-32677): JSON is read only where it is called JSON, which no form of another site can do."""

from typing import Annotated, Any, Dict, List, Optional

import pydantic
import pytest

from microframe import Application, Body
from tests.scopes import call


class Model(pydantic.BaseModel):
    a: int


app = Application()
called: List[str] = []


@app.post("/model")
async def model(body: Model) -> None:
    called.append("model")


@app.post("/dict")
async def mapping(body: Dict[str, Any]) -> None:
    called.append("dict")


@app.post("/any")
async def anything(body: Annotated[Any, Body()]) -> None:
    called.append("any")


@app.post("/fields")
async def fields(a: Annotated[int, Body()], b: Annotated[int, Body()] = 0) -> None:
    called.append("fields")


@app.post("/optional")
async def optional(body: Optional[Model] = None) -> None:
    called.append("optional")


PATHS = ["/model", "/dict", "/any", "/fields", "/optional"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "sent",
    [
        None,
        "text/plain",
        "text/plain;charset=UTF-8",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
    ],
)
async def test_json_that_is_not_called_so_is_refused(path: str, sent: Optional[str]) -> None:
    called.clear()
    pairs = [] if sent is None else [("content-type", sent)]
    answer = await call(app, path, *pairs, method="POST", body=[b'{"a": 1}'])
    assert answer.status == 415
    assert answer.headers["accept"] == "application/json"
    assert called == []


@pytest.mark.parametrize("path", PATHS)
async def test_json_that_is_called_so_is_read(path: str) -> None:
    called.clear()
    answer = await call(app, path, ("content-type", "application/json"), method="POST", body=[b'{"a": 1}'])
    assert (answer.status, called) == (200, [path[1:]])
