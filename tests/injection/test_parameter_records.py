"""Query, headers and cookies read into one object with fields, as FastAPI's parameter models."""

from dataclasses import dataclass, field
from typing import Annotated, Any, List, Optional, Type

import attrs
import msgspec
import pytest
from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import Literal, NotRequired, TypedDict

from microframe import Application, Cookie, Depends, Header, Query
from tests.injection.asking import ask


class Filter(BaseModel):
    limit: int = Field(100, gt=0, le=100)
    order_by: Literal["created", "updated"] = "created"
    tags: List[str] = []
    word: Optional[str] = Field(None, alias="q")


class Strict(Filter):
    model_config = ConfigDict(extra="forbid")


class Open(Filter):
    model_config = ConfigDict(extra="allow")


class Common(BaseModel):
    x_token: str
    save_data: bool = False
    x_tag: List[str] = []
    traced: Optional[str] = Field(None, alias="Trace_Parent")


class Cookies(BaseModel):
    session_id: str
    tracker: Optional[int] = None


def listing(kind: Any) -> Application:
    app = Application()

    async def show(found) -> Any:  # type: ignore[no-untyped-def]
        return found

    show.__annotations__.update(found=Annotated[kind, Query()])
    app.get("/", response_model=None)(show)
    return app


async def test_a_model_is_filled_from_the_query() -> None:
    app = listing(Filter)
    answer = await ask(app, "/?limit=5&order_by=updated&tags=a&tags=b&q=w&other=1")
    assert answer.value == {"limit": 5, "order_by": "updated", "tags": ["a", "b"], "q": "w"}
    assert (await ask(app)).value == {"limit": 100, "order_by": "created", "tags": [], "q": None}


async def test_its_faults_stand_below_the_query() -> None:
    answer = await ask(listing(Filter), "/?limit=0&order_by=x&tags=1")
    assert answer.faults == [("query.limit", "greater_than"), ("query.order_by", "literal_error")]


async def test_it_decides_on_what_it_does_not_know() -> None:
    assert (await ask(listing(Strict), "/?tool=plumbus&limit=1")).faults == [
        ("query.tool", "extra_forbidden")
    ]
    assert (await ask(listing(Strict), "/?tags=a&q=w")).status == 200
    answer = await ask(listing(Open), "/?tool=a&tool=b&one=c")
    assert (answer.value["tool"], answer.value["one"]) == (["a", "b"], "c")


async def test_a_model_is_filled_from_headers_which_are_written_with_hyphens() -> None:
    app = Application()

    @app.get("/")
    async def show(common: Annotated[Common, Header()]) -> Any:
        return common

    headers = [("X-Token", "t"), ("save-data", "true"), ("x-tag", "a"), ("x-tag", "b"), ("trace_parent", "p")]
    answer = await ask(app, headers=headers)
    assert answer.value == {"x_token": "t", "save_data": True, "x_tag": ["a", "b"], "Trace_Parent": "p"}
    assert (await ask(app, headers={"x_token": "t", "save-data": "x"})).faults == [
        ("header.x-token", "missing"),
        ("header.save-data", "bool_parsing"),
    ]


async def test_headers_keep_their_underscores_where_it_is_said() -> None:
    app = Application()

    @app.get("/")
    async def show(common: Annotated[Common, Header(convert_underscores=False)]) -> str:
        return common.x_token

    assert (await ask(app, headers={"x_token": "t"})).value == "t"
    assert (await ask(app, headers={"x-token": "t"})).faults == [("header.x_token", "missing")]


async def test_a_model_is_filled_from_cookies() -> None:
    app = Application()

    @app.get("/")
    async def show(cookies: Annotated[Cookies, Cookie()]) -> Cookies:
        return cookies

    assert (await ask(app, headers={"cookie": "session_id=a; tracker=3; x=y"})).value == {
        "session_id": "a",
        "tracker": 3,
    }
    assert (await ask(app, headers={"cookie": "tracker=x"})).faults == [
        ("cookie.session_id", "missing"),
        ("cookie.tracker", "int_parsing"),
    ]


async def test_other_parameters_may_stand_beside_it() -> None:
    app = Application()

    async def dependency(found: Annotated[Filter, Query()], page: int = 1) -> List[int]:
        return [found.limit, page]

    @app.get("/")
    async def show(values: Annotated[List[int], Depends(dependency)], limit: int = 0) -> List[int]:
        return [*values, limit]

    assert (await ask(app, "/?limit=5&page=2")).value == [5, 2, 5]


async def test_a_default_counts_when_no_field_is_sent() -> None:
    app = Application()
    nothing = Filter(limit=1, q=None)

    @app.get("/")
    async def show(
        found: Annotated[Filter, Query()] = nothing, common: Annotated[Optional[Common], Header()] = None
    ) -> List[Any]:
        return [found.limit, common]

    assert (await ask(app, "/?other=1")).value == [1, None]
    assert (await ask(app, "/?q=1")).value == [100, None]
    assert (await ask(app, headers={"save-data": "1"})).faults == [("header.x-token", "missing")]


async def test_a_strict_application_refuses_a_scalar_field_given_twice() -> None:
    app = Application(strict=True)

    @app.get("/")
    async def show(found: Annotated[Filter, Query()]) -> int:
        return found.limit

    assert (await ask(app, "/?tags=a&tags=b&limit=2")).value == 2
    assert (await ask(app, "/?limit=1&limit=2&q=1&q=2")).faults == [
        ("query.limit", "duplicate_parameter"),
        ("query.q", "duplicate_parameter"),
    ]


@dataclass
class Page:
    number: int
    words: List[str] = field(default_factory=list)


class PageDict(TypedDict):
    number: int
    words: NotRequired[List[str]]


class PageStruct(msgspec.Struct):
    number: int
    words: List[str] = []


@attrs.define
class PageAttrs:
    number: int
    words: List[str] = attrs.Factory(list)


@pytest.mark.parametrize("kind", [Page, PageDict, PageStruct, PageAttrs])
async def test_every_library_has_such_objects(kind: Type[Any]) -> None:
    app = listing(kind)
    assert (await ask(app, "/?number=2&words=a&words=b")).value == {"number": 2, "words": ["a", "b"]}
    answer = await ask(app, "/?words=a")
    assert answer.status == 422
    assert answer.errors[0]["loc"][0] == "query"
