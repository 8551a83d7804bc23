"""How a type may be written: markers in Annotated or as defaults, texts, deferred, and newer spellings."""

import functools
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Callable, Generic, List, NamedTuple, Optional, TypeVar

import pytest
from pydantic import BaseModel
from typing_extensions import TypeAliasType

from microframe import Application, Depends, Header, Path, Query, SetupError
from tests.injection import deferred_annotations
from tests.injection.asking import ask, post

if TYPE_CHECKING:
    from decimal import Decimal as Unseen

T = TypeVar("T")


class Item(BaseModel):
    name: str


async def test_a_marker_stands_in_annotated_or_as_the_default() -> None:
    app = Application()

    @app.get("/{a}/{b}")
    async def show(
        a: Annotated[int, Path(ge=1)],
        c: Annotated[int, Query(alias="C")],
        b: int = Path(ge=1),
        d: int = Query(alias="D"),
        e: str = Header("none"),
    ) -> List[Any]:
        return [a, b, c, d, e]

    assert (await ask(app, "/1/2?C=3&D=4", headers={"e": "five"})).value == [1, 2, 3, 4, "five"]
    assert (await ask(app, "/0/0?C=3&D=4")).faults == [
        ("path.a", "greater_than_equal"),
        ("path.b", "greater_than_equal"),
    ]


async def test_types_in_quotes_are_read_where_they_were_written() -> None:
    app = Application()

    @app.post("/")
    async def show(item: "Item", number: "int", word: "Optional[str]" = None) -> "List[Any]":
        return [item.name, number, word]

    assert (await post(app, "/?number=1", data={"name": "x"})).value == ["x", 1, None]


async def test_the_newer_spelling_in_quotes_is_read_on_every_python() -> None:
    app = Application()

    @app.get("/")
    async def show(
        a: "int | None" = None,
        b: "Annotated[list[int] | None, Query()]" = None,
        c: Annotated["int | None", Query()] = None,
        d: Optional["int"] = None,
        e: Optional["Annotated[int, Query()]"] = None,
    ) -> "list[Any]":
        return [a, b, c, d]

    assert (await ask(app)).value == [None, None, None, None]
    assert (await ask(app, "/?a=1&b=2&b=3&c=4&d=5")).value == [1, [2, 3], 4, 5]
    assert (await ask(app, "/?a=x&c=x")).faults == [("query.a", "int_parsing"), ("query.c", "int_parsing")]


@pytest.mark.skipif(sys.version_info < (3, 10), reason="X | Y cannot be written before Python 3.10")
async def test_the_newer_spelling_is_read_at_runtime() -> None:
    app = Application()
    names: dict[str, Any] = {}
    exec("async def show(a: int | None = None, b: list[int] | str = 'b') -> list: return [a, b]", names)
    app.get("/")(names["show"])
    app.post("/")(names["show"])
    assert (await ask(app, "/?a=1")).value == [1, "b"]
    assert (await post(app, "/", data=[1, 2])).value == [None, [1, 2]]


class TestAModuleWithDeferredAnnotations:
    @pytest.fixture
    def app(self) -> Application:
        app = Application()
        app.provide(deferred_annotations.Cards, deferred_annotations.Cards)
        app.include_router(deferred_annotations.router)
        return app

    async def test_scalars(self, app: Application) -> None:
        assert (await ask(app, "/scalars")).value == [None, None, 0]
        assert (await ask(app, "/scalars?number=1&many=2&many=3&either=x")).value == [1, [2, 3], "x"]
        assert (await ask(app, "/scalars?number=x")).faults == [("query.number", "int_parsing")]

    async def test_dependencies_and_provided_types(self, app: Application) -> None:
        answer = await ask(app, "/dependencies?number=2&word=w&words=v&limit=3&high=9")
        assert answer.value == [2, "w", ["w", ["v"]], [None, 9], "/dependencies", 3]

    async def test_bodies(self, app: Application) -> None:
        sent = {"name": "x", "size": 3}
        answer = await post(app, "/body", data=sent, headers={"x-token": "t"})
        assert answer.value == {**sent, "tags": [], "token": "t"}
        assert (await post(app, "/body", data=None)).value is None


async def test_a_default_of_none_hides_no_marker() -> None:
    app = Application()

    async def show(a: Annotated[int, Query(alias="A", ge=1)], b: "int") -> List[Any]:
        return [a, b]

    show.__defaults__ = (None, None)
    app.get("/")(show)
    assert (await ask(app)).value == [None, None]
    assert (await ask(app, "/?A=0&b=x")).faults == [
        ("query.A", "greater_than_equal"),
        ("query.b", "int_parsing"),
    ]


async def test_a_name_that_nobody_defines_is_named() -> None:
    app = Application()

    @app.get("/")
    async def show(number: "Unseen") -> None: ...

    with pytest.raises(SetupError, match=r"a type of .*show \(.*test_annotations.py:\d+\).*Unseen"):
        app.build()


@pytest.mark.parametrize("text", ["functools.nothing", "1 +", "1 / 0", "List['Missing']"])
async def test_a_text_that_is_no_type_is_an_error_at_build(text: str) -> None:
    app = Application()

    async def show(number: Any) -> None: ...

    show.__annotations__["number"] = text
    app.get("/")(show)
    with pytest.raises(SetupError, match="show"):
        app.build()


async def test_an_alias_of_an_annotated_type_is_what_it_stands_for() -> None:
    app = Application()

    async def make() -> str:
        return "made"

    class Aliases:
        word = TypeAliasType("word", Annotated[str, Depends(make)])
        number = TypeAliasType("number", Annotated[int, Query(ge=1)])

    @app.get("/")
    async def show(word: Aliases.word, number: Aliases.number) -> List[Any]:
        return [word, number]

    assert (await ask(app, "/?number=1")).value == ["made", 1]
    assert (await ask(app, "/?number=0")).faults == [("query.number", "greater_than_equal")]


async def test_anything_that_can_be_called_is_a_handler() -> None:
    app = Application()

    class Counter:
        def __init__(self, start: int) -> None:
            self.start = start

        async def __call__(self, by: int = 1) -> int:
            return self.start + by

        def method(self, by: int = 2) -> int:
            return self.start + by

    async def two(first: int, second: int) -> int:
        return first + second

    counter = Counter(10)
    app.get("/object")(counter)
    app.get("/method")(counter.method)
    app.get("/partial")(functools.partial(two, second=100))
    app.get("/lambda")(lambda x="said": x)
    assert (await ask(app, "/object?by=5")).value == 15
    assert (await ask(app, "/method")).value == 12
    assert (await ask(app, "/partial?first=1")).value == 101
    assert (await ask(app, "/lambda")).value == "said"


def wrap(function: Callable[..., Any]) -> Callable[..., Any]:
    """A decorator as people write them: a plain function around whatever there is."""

    @functools.wraps(function)
    def around(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return around


async def test_a_plain_wrapper_does_not_hide_what_it_wraps() -> None:
    app = Application()
    closed: List[str] = []

    @wrap
    async def opened(number: int) -> Any:
        yield number
        closed.append("async")

    @wrap
    def opened_blocking(number: int) -> Any:
        yield number
        closed.append("blocking")

    @app.get("/")
    @wrap
    async def show(a: Annotated[int, Depends(opened)], b: Annotated[int, Depends(opened_blocking)]) -> int:
        return a + b

    assert (await ask(app, "/?number=2")).value == 4
    assert closed == ["blocking", "async"]


async def test_a_class_is_made_of_what_its_constructor_asks_for() -> None:
    app = Application()

    @dataclass
    class Page:
        number: int
        size: "int" = 10

    class Named(NamedTuple):
        name: str = "n"

    class Model(BaseModel):
        limit: int = 5

    class Base(Generic[T]):
        def __init__(self, base: "int" = 0) -> None:
            self.base = base

    class Child(Base[int]):
        """Its constructor is inherited."""

    @app.get("/")
    async def show(
        page: Annotated[Page, Depends()],
        named: Annotated[Named, Depends()],
        model: Annotated[Model, Depends()],
        child: Child = Depends(),
    ) -> List[Any]:
        return [page.number, page.size, named.name, model.limit, child.base]

    assert (await ask(app, "/?number=1&limit=2&base=3")).value == [1, 10, "n", 2, 3]
    assert (await ask(app, "/?limit=x")).faults == [
        ("query.number", "missing"),
        ("query.limit", "int_parsing"),
    ]


async def test_positional_only_parameters_are_given_in_their_place() -> None:
    app = Application()

    async def pair(first: int, second: int = 2, /, third: int = 3) -> List[int]:
        return [first, second, third]

    def opened(number: int, /) -> Any:
        yield number

    @app.get("/")
    async def show(
        pair: Annotated[List[int], Depends(pair)], number: Annotated[int, Depends(opened)], /, last: int = 0
    ) -> List[int]:
        return [*pair, number, last]

    assert (await ask(app, "/?first=1&third=5&number=7")).value == [1, 2, 5, 7, 0]


async def test_star_parameters_are_left_alone() -> None:
    app = Application()

    @app.get("/")
    async def show(a: int, *args: int, b: int, **kwargs: int) -> List[Any]:
        return [a, args, b, kwargs]

    assert (await ask(app, "/?a=1&b=2&kwargs=3")).value == [1, [], 2, {}]
