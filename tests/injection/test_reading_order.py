"""Where an unmarked parameter comes from, and what goes before what."""

from typing import Annotated, Any, List

from pydantic import BaseModel

from microframe import Application, BackgroundTasks, Body, Connection, Depends, Header, Provided, Query
from microframe.context import Context
from microframe.http.request import Request
from microframe.http.responses import Response
from tests.injection.asking import ask, post


class Item(BaseModel):
    name: str


class Cards:
    """Something that is provided."""


async def test_types_of_the_framework_are_what_they_say_whatever_the_name() -> None:
    app = Application()

    @app.get("/{request}")
    async def show(
        request: Request, tasks: BackgroundTasks, response: Response, context: Context, connection: Connection
    ) -> List[str]:
        assert context is request
        assert connection is request
        return [request.path, type(tasks).__name__, type(response).__name__]

    assert (await ask(app, "/a")).value == ["/a", "BackgroundTasks", "Response"]


async def test_a_type_of_the_framework_may_have_a_default_and_remarks() -> None:
    app = Application()

    @app.get("/")
    async def show(request: Annotated[Request, "remark"], again: Request = None) -> bool:  # type: ignore[assignment]
        return request is again

    assert (await ask(app)).value is True


async def test_a_marker_goes_before_the_name_in_the_path() -> None:
    app = Application()

    @app.get("/{name}")
    async def show(name: Annotated[str, Query()]) -> str:
        return name

    assert (await ask(app, "/path?name=query")).value == "query"


async def test_the_name_in_the_path_goes_before_a_provided_type() -> None:
    app = Application()
    app.provide(str, lambda: "provided")

    @app.get("/{name}")
    async def show(name: str, other: str) -> List[str]:
        return [name, other]

    assert (await ask(app, "/path")).value == ["path", "provided"]


async def test_a_provided_type_is_never_read_from_the_body() -> None:
    app = Application()
    app.provide(Item, lambda: Item(name="provided"))

    @app.post("/")
    async def show(item: Item) -> Item:
        return item

    assert (await post(app, data={"name": "sent"})).value == {"name": "provided"}


async def test_a_provided_type_may_have_remarks() -> None:
    app = Application()
    app.provide(Cards, Cards)

    @app.get("/")
    async def show(plain: Cards, remarked: Annotated[Cards, "of the team"], marked: Provided[Cards]) -> bool:
        return plain is remarked is marked

    assert (await ask(app)).value is True


async def test_scalars_come_from_the_query_and_the_rest_from_the_body() -> None:
    app = Application()

    @app.post("/{part}")
    async def show(part: int, scalar: int, item: Item) -> List[Any]:
        return [part, scalar, item.name]

    assert (await post(app, "/1?scalar=2", data={"name": "x"})).value == [1, 2, "x"]


async def test_a_sequence_of_scalars_comes_from_the_body_unless_it_is_marked() -> None:
    app = Application()

    @app.post("/")
    async def show(inside: List[int], outside: Annotated[List[int], Query()]) -> List[List[int]]:
        return [inside, outside]

    assert (await post(app, "/?outside=3&outside=4", data=[1, 2])).value == [[1, 2], [3, 4]]


async def test_a_parameter_without_a_type_is_text_from_path_or_query() -> None:
    app = Application()

    @app.get("/{a}")
    async def show(a, b, c="default"):  # type: ignore[no-untyped-def]
        return [a, b, c]

    assert (await ask(app, "/1?b=2")).value == ["1", "2", "default"]


async def test_any_comes_from_the_query_and_from_the_body_where_it_is_marked() -> None:
    app = Application()

    @app.post("/")
    async def show(outside: Any, inside: Any = Body()) -> List[Any]:
        return [outside, inside]

    assert (await post(app, "/?outside=1", data={"a": [1]})).value == ["1", {"a": [1]}]


async def test_a_dependency_reads_in_the_same_order() -> None:
    app = Application()
    app.provide(Cards, Cards)

    async def dependency(request: Request, part: int, cards: Cards, q: int, item: Item) -> List[Any]:
        return [request.method, part, type(cards).__name__, q, item.name]

    @app.post("/{part}")
    async def show(values: Annotated[List[Any], Depends(dependency)]) -> List[Any]:
        return values

    assert (await post(app, "/1?q=2", data={"name": "x"})).value == ["POST", 1, "Cards", 2, "x"]


async def test_one_name_may_be_asked_of_every_place() -> None:
    app = Application()

    async def from_query(name: str) -> str:
        return name

    async def from_header(name: Annotated[str, Header()]) -> str:
        return name

    async def from_body(name: Annotated[str, Body()]) -> str:
        return name

    @app.post("/{name}")
    async def show(
        name: str,
        query: Annotated[str, Depends(from_query)],
        header: Annotated[str, Depends(from_header)],
        body: Annotated[str, Depends(from_body)],
    ) -> List[str]:
        return [name, query, header, body]

    # What a dependency asks for by a name in the path comes from the path, as in FastAPI.
    answer = await post(app, "/path?name=query", headers={"name": "header"}, data="body")
    assert answer.value == ["path", "path", "header", "body"]
