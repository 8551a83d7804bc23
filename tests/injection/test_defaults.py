"""Defaults: what a parameter is when nothing is sent, and that no two requests share it."""

import threading
from typing import Annotated, Any, Callable, Dict, List, Optional, Set

import pytest
from pydantic import BaseModel

from microframe import Application, Body, Cookie, Header, Query, SetupError
from microframe.http.request import Request
from tests.injection.asking import ask, post


class Item(BaseModel):
    names: List[str] = []


async def test_what_is_not_sent_is_the_default_in_every_place() -> None:
    app = Application()

    @app.post("/")
    async def show(
        plain: int = 1,
        query: Annotated[int, Query()] = 2,
        header: Annotated[int, Header()] = 3,
        cookie: int = Cookie(4),
        body: Annotated[int, Body()] = 5,
        nothing: Optional[int] = None,
    ) -> List[Any]:
        return [plain, query, header, cookie, body, nothing]

    assert (await post(app)).value == [1, 2, 3, 4, 5, None]


async def test_optional_without_a_default_must_be_sent() -> None:
    app = Application()

    @app.get("/")
    async def show(q: Optional[int]) -> None: ...

    assert (await ask(app)).faults == [("query.q", "missing")]


async def test_three_dots_mean_that_it_must_be_sent() -> None:
    app = Application()

    @app.get("/")
    async def show(a: int = Query(...), b: Annotated[int, Query(...)] = ...) -> None: ...

    assert (await ask(app)).faults == [("query.a", "missing"), ("query.b", "missing")]


async def test_a_default_is_not_checked() -> None:
    app = Application()

    @app.get("/")
    async def show(a: int = Query("as it is", gt=5)) -> Any:
        return a

    assert (await ask(app)).value == "as it is"


async def test_a_factory_makes_the_default_of_each_request() -> None:
    made: List[int] = []

    def make() -> int:
        made.append(len(made))
        return made[-1]

    app = Application()

    @app.get("/")
    async def show(
        a: Annotated[int, Query(default_factory=make)], b: int = Header(default_factory=make)
    ) -> List[int]:
        return [a, b]

    assert (await ask(app)).value == [0, 1]
    assert (await ask(app, "/?a=9")).value == [9, 2]


@pytest.mark.parametrize(
    "default", [["a"], {"a": 1}, {"a"}, Item(names=["a"]), ([],)], ids=lambda value: type(value).__name__
)
async def test_a_default_that_can_change_is_nobody_elses(default: Any) -> None:
    app, seen = Application(), []

    @app.get("/")
    async def show(
        request: Request, a: Annotated[Any, Query()] = default, b: Annotated[Any, Body()] = default
    ) -> None:
        seen.append((a, b))

    await ask(app)
    await ask(app)
    values = [value for pair in seen for value in pair]
    assert all(value == default and value is not default for value in values)
    assert len({id(value) for value in values}) == 4


async def test_a_changed_default_is_as_it_was_for_the_next() -> None:
    app = Application()
    default = Item(names=["first"])

    @app.post("/")
    async def show(item: Item = default, words: Annotated[Set[str], Query()] = set()) -> List[Any]:  # noqa: B006
        item.names.append("changed")
        words.add("w")
        return [item.names, len(words)]

    assert (await post(app)).value == (await post(app)).value == [["first", "changed"], 1]


async def test_a_default_that_cannot_be_copied_is_shared() -> None:
    app = Application()
    lock = threading.Lock()

    @app.get("/")
    async def show(a: Annotated[Any, Query()] = lock) -> bool:
        return a is lock

    assert (await ask(app)).value is True


def in_annotated() -> Callable[..., Any]:
    async def show(a: Annotated[int, Query(1)]) -> None: ...

    return show


def in_both() -> Callable[..., Any]:
    async def show(a: Annotated[int, Query(1)] = 2) -> None: ...

    return show


@pytest.mark.parametrize("make", [in_annotated, in_both])
async def test_a_default_in_an_annotated_marker_is_an_error(make: Callable[[], Callable[..., Any]]) -> None:
    app = Application()
    app.get("/")(make())
    with pytest.raises(SetupError, match=r"a of .*show .*inside Annotated a marker has no default"):
        app.build()


def as_default() -> Callable[..., Any]:
    async def show(a: int = Query(1, default_factory=int)) -> None: ...

    return show


def beside_annotated() -> Callable[..., Any]:
    async def show(a: Annotated[int, Query(default_factory=int)] = 1) -> None: ...

    return show


@pytest.mark.parametrize("make", [as_default, beside_annotated])
async def test_a_default_and_a_factory_contradict_each_other(make: Callable[[], Callable[..., Any]]) -> None:
    app = Application()
    app.get("/")(make())
    with pytest.raises(SetupError, match=r"a of .*show .*has a default and a default_factory"):
        app.build()


async def test_an_empty_value_is_a_value() -> None:
    app = Application()

    @app.get("/")
    async def show(a: str = "default", b: Optional[str] = None) -> Dict[str, Any]:
        return {"a": a, "b": b}

    assert (await ask(app, "/?a=&b=")).value == {"a": "", "b": ""}
