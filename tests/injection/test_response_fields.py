"""Fields that a route names: refused where its model has none of that name, and left alone where nobody can tell."""

from dataclasses import dataclass
from typing import Any, Dict, List, NamedTuple, Type

import pytest
from pydantic import BaseModel, ConfigDict, RootModel, computed_field, model_serializer

from microframe import Application, Router, SetupError
from microframe.testing import TestClient


class Plain(BaseModel):
    a: int = 1


class Computed(Plain):
    @computed_field  # type: ignore[prop-decorator]
    @property
    def b(self) -> int:
        return 2


class Open(Plain):
    model_config = ConfigDict(extra="allow")


class Written(Plain):
    @model_serializer
    def write(self) -> Dict[str, int]:
        return {"b": 1}


class Root(RootModel[Dict[str, int]]):
    root: Dict[str, int] = {"b": 1}


@dataclass
class Data:
    a: int = 1


class Pair(NamedTuple):
    a: int = 1


@pytest.mark.parametrize("model", [Plain, Data])
def test_a_name_that_no_field_has_is_refused(model: Type[Any]) -> None:
    app = Application()

    @app.get("/", response_model=model, response_model_exclude={"b"})
    async def show() -> Any: ...

    with pytest.raises(SetupError, match=r"names 'b'"):
        app.build()


@pytest.mark.parametrize("model", [Computed, Open, Written, Root, Pair, List[Plain], Dict[str, int]])
def test_a_name_that_may_be_there_is_let_be(model: Type[Any]) -> None:
    app = Application()

    @app.get("/", response_model=model, response_model_exclude={"b"})
    async def show() -> Any: ...

    app.build()


def test_a_router_may_name_what_some_of_its_models_have() -> None:
    router = Router(response_model_exclude={"secret"})

    @router.get("/")
    async def show() -> Plain:
        return Plain()

    app = Application()
    app.include_router(router)
    with TestClient(app) as client:
        assert client.get("/").json() == {"a": 1}
