"""Controllers: classes made anew for every request, whose marked methods are handlers."""

from dataclasses import dataclass
from typing import Annotated, Any, AsyncIterator, Dict, List, Optional

import pytest
from pydantic import BaseModel

from microframe import (
    Application,
    Controller,
    Depends,
    Header,
    HTTPException,
    Provided,
    Request,
    Router,
    SetupError,
    route,
)
from microframe.exceptions import NotFoundException
from microframe.http.responses import PlainTextResponse, Response
from tests.injection.asking import ask, post


class Card(BaseModel):
    title: str


class Cards:
    def __init__(self) -> None:
        self.titles = ["a", "b"]


async def current_user(x_user: Annotated[str, Header()] = "nobody") -> str:
    return x_user


class CardsController(Controller):
    """What a user writes."""

    def __init__(
        self, board_id: int, cards: Provided[Cards], user: Annotated[str, Depends(current_user)]
    ) -> None:
        self.board_id, self.cards, self.user = board_id, cards, user

    @route.get("/", tags=["cards"])
    async def list_cards(self, limit: int = 10) -> List[str]:
        return self.cards.titles[:limit]

    @route.post("/", status_code=201)
    async def add_card(self, card: Card) -> Dict[str, Any]:
        return {"board": self.board_id, "by": self.user, "title": card.title}

    @route.get("/{card_id}")
    @route("/{card_id}/again", methods=["GET", "QUERY"])
    async def show_card(self, card_id: int, user: Annotated[str, Depends(current_user)]) -> List[Any]:
        return [self.board_id, card_id, user == self.user]

    @route.delete("/{card_id}", status_code=204)
    def delete_card(self, card_id: int) -> None:
        if card_id > 1:
            raise NotFoundException(f"no card {card_id}")

    async def helper(self) -> str:
        raise AssertionError("nobody calls this")

    def _private(self) -> str:
        raise AssertionError("nobody calls this")


def build() -> Application:
    app = Application()
    app.provide(Cards, Cards)
    app.controller("/boards/{board_id}/cards")(CardsController)
    return app


async def test_methods_get_the_controller_and_their_own_parameters() -> None:
    app = build()
    assert (await ask(app, "/boards/1/cards/?limit=1")).value == ["a"]
    added = await post(app, "/boards/2/cards/", data={"title": "x"}, headers={"x-user": "ada"})
    assert (added.status, added.value) == (201, {"board": 2, "by": "ada", "title": "x"})
    assert (await ask(app, "/boards/3/cards/4")).value == [3, 4, True]
    assert (await ask(app, "/boards/3/cards/4/again", "QUERY")).value == [3, 4, True]
    assert (await ask(app, "/boards/3/cards/1", "DELETE")).status == 204
    assert (await ask(app, "/boards/3/cards/2", "DELETE")).status == 404
    app.injector.threads.close()


async def test_faults_of_the_constructor_and_of_the_method_are_told_together() -> None:
    app = build()
    assert (await ask(app, "/boards/x/cards/?limit=y")).faults == [
        ("path.board_id", "int_parsing"),
        ("query.limit", "int_parsing"),
    ]


async def test_what_is_not_marked_is_no_handler() -> None:
    app = build()
    for path in ("/boards/1/cards/helper", "/boards/1/cards/_private", "/boards/1/cards/__init__"):
        assert (await ask(app, path)).status == 422
    for method in ("HELPER", "helper", "PUT", "__INIT__"):
        assert (await ask(app, "/boards/1/cards/", method)).status == 405


async def test_each_request_has_its_own_instance() -> None:
    app, seen = Application(), []

    @app.controller("/")
    class Counting(Controller):
        def __init__(self) -> None:
            self.count = 0
            seen.append(self)

        @route.get("/")
        async def count_up(self) -> int:
            self.count += 1
            return self.count

    assert (await ask(app)).value == (await ask(app)).value == 1
    assert seen[0] is not seen[1]


async def test_one_without_a_constructor_is_enough() -> None:
    app = Application()

    @app.controller("/x")
    class Plain(Controller):
        @route.get()
        async def show(self) -> str:
            return type(self).__name__

    assert (await ask(app, "/x")).value == "Plain"


async def test_a_dataclass_may_be_one() -> None:
    app = Application()

    @app.controller("/{number}")
    @dataclass
    class Of(Controller):
        number: int
        word: str = "none"

        @route.get("/")
        async def show(self) -> List[Any]:
            return [self.number, self.word]

    assert (await ask(app, "/5/?word=w")).value == [5, "w"]


class TestInheritance:
    class Base(Controller):
        def __init__(self, q: str = "none") -> None:
            self.q = q

        @route.get("/")
        async def show(self) -> List[str]:
            return [type(self).__name__, self.q, self.word()]

        @route.get("/both")
        async def both(self) -> str:
            return "base"

        def word(self) -> str:
            return "base"

    class Child(Base):
        def word(self) -> str:
            return "child"

        @route.get("/own")
        async def own(self) -> str:
            return "own"

        @route.get("/both")
        async def both(self) -> str:
            return "child"

    class Silent(Base):
        async def both(self) -> str:
            return "not marked, so no handler"

    def build(self) -> Application:
        app = Application()
        app.controller("/base")(self.Base)
        app.controller("/child")(self.Child)
        app.controller("/silent")(self.Silent)
        return app

    async def test_marked_methods_and_constructors_are_inherited(self) -> None:
        app = self.build()
        assert (await ask(app, "/base/?q=x")).value == ["Base", "x", "base"]
        assert (await ask(app, "/child/?q=x")).value == ["Child", "x", "child"]
        assert (await ask(app, "/child/own")).value == "own"
        assert (await ask(app, "/base/own")).status == 404

    async def test_a_method_written_anew_counts_and_only_if_it_is_marked(self) -> None:
        app = self.build()
        assert (await ask(app, "/child/both")).value == "child"
        assert (await ask(app, "/base/both")).value == "base"
        assert (await ask(app, "/silent/both")).status == 404

    async def test_routes_stand_in_the_order_in_which_they_are_written(self) -> None:
        app = Application()
        app.controller()(self.Child)
        names = [one.name for one in app.build().routes]
        assert names == ["show", "both", "own"]


async def test_everything_a_router_shares_goes_for_a_controller() -> None:
    app, events = Application(), []

    async def noted() -> AsyncIterator[None]:
        events.append("dependency")
        yield
        events.append("closed")

    def middleware(endpoint: Any) -> Any:
        async def around(request: Request) -> Response:
            events.append("middleware")
            response: Response = await endpoint(request)
            return response

        return around

    async def guard(connection: Any) -> Optional[Response]:
        events.append("guard")
        return PlainTextResponse("refused", 403) if connection.headers.get("x-no") else None

    async def answer(request: Request, exc: Exception) -> Response:
        return PlainTextResponse("caught", 418)

    @app.controller(
        "/x",
        dependencies=[Depends(noted)],
        middleware=[middleware],
        guards=[guard],
        exception_handlers={LookupError: answer},
        tags=["x"],
    )
    class Shared(Controller):
        @route.get("/")
        async def show(self) -> None:
            events.append("handler")

        @route.get("/fail", tags=["y"])
        async def fail(self) -> None:
            raise LookupError

    assert (await ask(app, "/x/")).status == 200
    assert events == ["guard", "middleware", "dependency", "handler", "closed"]
    assert (await ask(app, "/x/fail")).status == 418
    assert (await ask(app, "/x/", headers={"x-no": "1"})).status == 403
    assert [one.inherited.tags for one in app.routes] == [("x",), ("x", "y")]


async def test_resources_of_its_constructor_live_as_those_of_a_handler() -> None:
    app, events = Application(), []

    async def opened() -> AsyncIterator[str]:
        try:
            yield "open"
        except HTTPException as exc:
            events.append(str(exc.status_code))
            raise
        finally:
            events.append("closed")

    @app.controller("/")
    class Holding(Controller):
        def __init__(self, resource: Annotated[str, Depends(opened)]) -> None:
            self.resource = resource

        @route.get("/")
        async def show(self) -> str:
            return self.resource

        @route.get("/fail")
        async def fail(self) -> None:
            raise HTTPException(409)

    assert (await ask(app)).value == "open"
    assert (await ask(app, "/fail")).status == 409
    assert events == ["closed", "409", "closed"]


async def test_a_router_takes_controllers_too_and_one_may_be_registered_twice() -> None:
    class Hello(Controller):
        @route.get("/hello", name="hello")
        async def show(self) -> str:
            return "hello"

    router = Router("/in")
    router.controller("/a")(Hello)
    router.controller("/b")(Hello)
    app = Application()
    app.include_router(router)
    assert (await ask(app, "/in/a/hello")).value == (await ask(app, "/in/b/hello")).value == "hello"


async def test_its_dependencies_can_be_overridden() -> None:
    app = build()
    with app.override({current_user: lambda: "fake"}):
        added = await post(app, "/boards/2/cards/", data={"title": "x"})
        assert added.value["by"] == "fake"
    app.injector.threads.close()


def test_methods_that_take_no_self_cannot_be_handlers() -> None:
    with pytest.raises(SetupError, match=r"show \(.*:\d+\): a handler of a controller is a method"):

        class Marked(Controller):
            @route.get("/")
            @staticmethod
            async def show() -> None: ...

    class Wrapped(Controller):
        @classmethod
        @route.get("/")
        async def show(cls) -> None: ...

    with pytest.raises(SetupError, match=r"show \(.*:\d+\): a handler of a controller is a method"):
        Application().controller()(Wrapped)


def test_one_that_asks_for_what_nobody_provides_is_an_error() -> None:
    app = Application()
    app.controller("/{board_id}")(CardsController)
    with pytest.raises(SetupError, match=r"cards of CardsController .*nobody provides Cards"):
        app.build()
