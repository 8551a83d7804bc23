"""Dependencies: everything that can be called, what each asks for in turn, and how often it is called."""

import functools
from dataclasses import dataclass
from typing import Annotated, Any, Dict, List, Optional

import pytest

from microframe import (
    Application,
    Controller,
    Depends,
    Header,
    HTTPException,
    Query,
    Request,
    Router,
    Security,
    SecurityScopes,
    SetupError,
    route,
)
from tests.injection.asking import Answer, ask


async def page(number: int = 1, size: Annotated[int, Query(le=100)] = 10) -> Dict[str, int]:
    return {"number": number, "size": size}


class Pager:
    def __init__(self, number: int = 1) -> None:
        self.number = number


@dataclass(eq=False)
class Checker:
    allowed: str

    def __call__(self, word: str) -> bool:
        return word == self.allowed


@dataclass
class Unhashable:
    by: int

    async def __call__(self, number: int = 1) -> int:
        return self.by * number


class Service:
    async def method(self, q: str = "none") -> str:
        return f"method {q}"

    @staticmethod
    def static(q: str = "none") -> str:
        return f"static {q}"

    @classmethod
    def of_class(cls, q: str = "none") -> str:
        return f"{cls.__name__} {q}"


async def test_anything_that_can_be_called_is_a_dependency() -> None:
    app = Application()

    @app.get("/")
    async def show(
        a: Annotated[Dict[str, int], Depends(page)],
        b: Annotated[Pager, Depends()],
        c: Annotated[bool, Depends(Checker("yes"))],
        d: Annotated[int, Depends(Unhashable(10))],
        e: Annotated[str, Depends(Service().method)],
        f: Annotated[str, Depends(Service.static)],
        g: Annotated[str, Depends(Service.of_class)],
        h: Annotated[str, Depends(lambda q="none": f"lambda {q}")],
        i: Dict[str, int] = Depends(functools.partial(page, size=3)),
        j: Pager = Depends(),
    ) -> List[Any]:
        assert b is j
        return [a, b.number, c, d, e, f, g, h, i]

    assert (await ask(app, "/?number=2&word=yes&q=x")).value == [
        {"number": 2, "size": 10},
        2,
        True,
        20,
        "method x",
        "static x",
        "Service x",
        "lambda x",
        {"number": 2, "size": 3},
    ]


async def test_two_unhashable_dependencies_are_two() -> None:
    app = Application()

    @app.get("/")
    async def show(
        a: Annotated[int, Depends(Unhashable(10))], b: Annotated[int, Depends(Unhashable(100))]
    ) -> List[int]:
        return [a, b]

    assert (await ask(app, "/?number=3")).value == [30, 300]


async def test_dependencies_have_dependencies_to_any_depth() -> None:
    app = Application()

    def step(inner: Optional[Any], name: str) -> Any:
        if inner is None:

            async def first(q: str) -> List[str]:
                return [q, name]

            return first

        async def later(before: Annotated[List[str], Depends(inner)]) -> List[str]:
            return [*before, name]

        return later

    made: Any = None
    for number in range(20):
        made = step(made, str(number))

    @app.get("/")
    async def show(names: Annotated[List[str], Depends(made)]) -> List[str]:
        return names

    assert (await ask(app, "/?q=start")).value == ["start", *map(str, range(20))]


class TestCalls:
    async def test_a_dependency_used_twice_is_called_once_a_request(self) -> None:
        app, calls = Application(), []

        async def shared() -> object:
            calls.append("shared")
            return object()

        async def left(value: Annotated[object, Depends(shared)]) -> object:
            return value

        async def right(value: Annotated[object, Depends(shared)]) -> object:
            return value

        @app.get("/", dependencies=[Depends(shared)])
        async def show(
            a: Annotated[object, Depends(left)],
            b: Annotated[object, Depends(right)],
            c: Annotated[object, Depends(shared)],
        ) -> bool:
            return a is b is c

        assert (await ask(app)).value is True
        assert calls == ["shared"]
        await ask(app)
        assert calls == ["shared", "shared"]

    async def test_use_cache_false_calls_it_for_this_use(self) -> None:
        app = Application()
        calls: List[int] = []

        async def count() -> int:
            calls.append(len(calls))
            return calls[-1]

        async def inner(
            fresh: Annotated[int, Depends(count, use_cache=False)], cached: Annotated[int, Depends(count)]
        ) -> List[int]:
            return [fresh, cached]

        @app.get("/")
        async def show(
            pair: Annotated[List[int], Depends(inner)],
            cached: Annotated[int, Depends(count)],
            fresh: Annotated[int, Depends(count, use_cache=False)],
        ) -> List[int]:
            return [*pair, cached, fresh]

        assert (await ask(app)).value == [0, 1, 1, 2]

    async def test_what_a_dependency_gives_may_be_none_or_false(self) -> None:
        app, calls = Application(), []

        async def nothing() -> None:
            calls.append(1)

        @app.get("/")
        async def show(
            a: Annotated[None, Depends(nothing)], b: Annotated[None, Depends(nothing)]
        ) -> List[Any]:
            return [a, b]

        assert (await ask(app)).value == [None, None]
        assert calls == [1]

    async def test_providers_and_handlers_share_what_both_depend_on(self) -> None:
        app = Application()
        opened: List[str] = []

        async def connect(name: str = "main") -> Any:
            opened.append(name)
            yield object()
            opened.append("closed")

        async def session(connection: Annotated[object, Depends(connect)]) -> object:
            return connection

        class Cards:
            def __init__(self, connection: Annotated[object, Depends(session)]) -> None:
                self.connection = connection

        class Users:
            def __init__(self, connection: Annotated[object, Depends(connect)]) -> None:
                self.connection = connection

        app.provide(Cards, Cards)
        app.provide(Users, Users, scope="transient")

        @app.get("/")
        async def show(
            request: Request, cards: Cards, users: Users, own: Annotated[object, Depends(connect)]
        ) -> bool:
            again = await request.resolve(Users)
            assert again is not users
            return cards.connection is users.connection is own is again.connection

        assert (await ask(app, "/?name=other")).value is True
        assert opened == ["other", "closed"]


class TestSecurity:
    @staticmethod
    async def scopes(scopes: SecurityScopes) -> List[str]:
        return [*scopes.scopes, scopes.scope_str]

    async def test_scopes_of_all_around_a_dependency_are_gathered(self) -> None:
        app = Application()

        async def user(found: Annotated[List[str], Security(self.scopes, scopes=["me"])]) -> List[str]:
            return found

        @app.get("/", dependencies=[Security(self.scopes, scopes=["route"])])
        async def show(
            nested: Annotated[List[str], Security(user, scopes=["items", "me"])],
            plain: Annotated[List[str], Depends(self.scopes)],
        ) -> List[List[str]]:
            return [nested, plain]

        assert (await ask(app)).value == [["items", "me", "items me"], [""]]

    async def test_one_dependency_is_called_once_for_each_set_of_scopes(self) -> None:
        app, calls = Application(), []

        async def check(scopes: SecurityScopes) -> int:
            calls.append(scopes.scope_str)
            return len(calls)

        async def plain() -> int:
            calls.append("plain")
            return len(calls)

        @app.get("/")
        async def show(
            a: Annotated[int, Security(check, scopes=["a"])],
            b: Annotated[int, Security(check, scopes=["b"])],
            again: Annotated[int, Security(check, scopes=["a"])],
            c: Annotated[int, Security(plain, scopes=["a"])],
            d: Annotated[int, Security(plain, scopes=["b"])],
        ) -> None: ...

        await ask(app)
        assert calls == ["a", "b", "plain"]

    async def test_nobody_can_change_the_scopes_of_the_next_request(self) -> None:
        app = Application()

        async def careless(scopes: SecurityScopes) -> List[str]:
            scopes.scopes.append("admin")
            return scopes.scopes

        @app.get("/")
        async def show(found: Annotated[List[str], Security(careless, scopes=["me"])]) -> List[str]:
            return found

        await ask(app)
        assert (await ask(app)).value == ["me", "admin"]

    async def test_a_graph_that_is_wide_and_deep_is_compiled_at_once(self) -> None:
        """Each step is asked for by two others: looking at every way would take for ever."""
        app = Application()

        def above(inner: Any) -> Any:
            async def one(a: Annotated[int, Depends(inner)]) -> int:
                return a

            async def two(a: Annotated[int, Depends(inner)]) -> int:
                return a

            async def both(a: Annotated[int, Depends(one)], b: Annotated[int, Depends(two)]) -> int:
                return a + b

            return both

        async def start(scopes: SecurityScopes) -> int:
            return 1

        made: Any = start
        for _ in range(40):
            made = above(made)

        @app.get("/")
        async def show(number: Annotated[int, Depends(made)]) -> int:
            return number

        assert (await ask(app)).value == 2**40


class TestLevels:
    """Dependencies of the application, of routers, of one inclusion, of a route."""

    @staticmethod
    def note(name: str, calls: List[str]) -> Any:
        async def dependency() -> None:
            calls.append(name)

        return Depends(dependency)

    async def ask_nested(self, calls: List[str], path: str = "/in/out/") -> Answer:
        def note(name: str) -> Any:
            return self.note(name, calls)

        inner = Router("/out", dependencies=[note("inner 1"), note("inner 2")])

        async def wanted() -> None:
            calls.append("parameter")

        @inner.get("/", dependencies=[note("route")])
        async def show(nothing: Annotated[None, Depends(wanted)]) -> None:
            calls.append("handler")

        @inner.controller("/c", dependencies=[note("controller")])
        class Here(Controller):
            def __init__(self, nothing: Annotated[None, Depends(wanted)]) -> None:
                calls.append("init")

            @route.get("/", dependencies=[note("method")])
            async def show(self) -> None:
                calls.append("handler")

        outer = Router(dependencies=[note("outer")])
        outer.include_router(inner, prefix="/in", dependencies=[note("inclusion")])
        app = Application(dependencies=[note("application")])
        app.include_router(outer)
        return await ask(app, path)

    async def test_the_outermost_come_first_and_the_handlers_own_last(self) -> None:
        calls: List[str] = []
        assert (await self.ask_nested(calls)).status == 200
        around = ["application", "outer", "inclusion", "inner 1", "inner 2"]
        assert calls == [*around, "route", "parameter", "handler"]

    async def test_so_they_do_around_a_controller(self) -> None:
        calls: List[str] = []
        assert (await self.ask_nested(calls, "/in/out/c/")).status == 200
        around = ["application", "outer", "inclusion", "inner 1", "inner 2"]
        assert calls == [*around, "controller", "method", "parameter", "init", "handler"]

    async def test_one_that_refuses_ends_the_request(self) -> None:
        calls: List[str] = []

        async def refuse(x_key: Annotated[str, Header()] = "") -> None:
            if x_key != "right":
                raise HTTPException(401)

        app = Application(dependencies=[Depends(refuse), self.note("behind", calls)])

        @app.get("/")
        async def show() -> None:
            calls.append("handler")

        assert (await ask(app)).status == 401
        assert calls == []
        assert (await ask(app, headers={"x-key": "right"})).status == 200
        assert calls == ["behind", "handler"]

    async def test_a_router_included_twice_has_each_inclusions_dependencies(self) -> None:
        calls: List[str] = []
        inner = Router()

        @inner.get("/x")
        async def show() -> None: ...

        app = Application()
        app.include_router(inner, prefix="/a", dependencies=[self.note("a", calls)])
        app.include_router(inner, prefix="/b", dependencies=[self.note("b", calls)])
        await ask(app, "/b/x")
        await ask(app, "/a/x")
        assert calls == ["b", "a"]

    async def test_they_may_ask_for_names_in_the_path(self) -> None:
        seen: List[int] = []

        async def check(board_id: int) -> None:
            seen.append(board_id)

        boards = Router("/boards/{board_id}", dependencies=[Depends(check)])

        @boards.get("/cards")
        async def show() -> None: ...

        app = Application()
        app.include_router(boards)
        assert (await ask(app, "/boards/7/cards")).status == 200
        assert seen == [7]
        assert (await ask(app, "/boards/x/cards")).faults == [("path.board_id", "int_parsing")]

    async def test_what_is_no_dependency_is_an_error(self) -> None:
        app = Application(dependencies=[page])

        @app.get("/")
        async def show() -> None: ...

        with pytest.raises(SetupError, match=r"dependencies of .*show .*must be Depends"):
            app.build()
