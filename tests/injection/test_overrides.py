"""Overrides: something else is called, for a while or in one context, and nothing of it is left behind."""

import asyncio
from typing import Annotated, Any, AsyncIterator, Callable, Dict, Iterator, List

import pytest

from microframe import Application, Context, Depends, Provided, Request, Router, SetupError, WebSocket
from microframe.testing import AsyncTestClient, TestClient
from tests.injection.asking import ask


async def settings() -> str:
    return "real"


async def user(found: Annotated[str, Depends(settings)]) -> str:
    return f"user of {found}"


async def other(word: str = "other") -> str:
    return word


class Cards:
    def __init__(self, found: Annotated[str, Depends(settings)]) -> None:
        self.found = found


class Fake:
    found = "fake"


def shop(scope: Any = "request") -> Application:
    app = Application()
    app.provide(Cards, Cards, scope=scope)

    @app.get("/user")
    async def show_user(found: Annotated[str, Depends(user)]) -> str:
        return found

    @app.get("/cards")
    async def show_cards(cards: Cards) -> str:
        return cards.found

    @app.get("/plain")
    async def show_plain() -> str:
        return "plain"

    return app


async def told(app: Application, *paths: str) -> List[str]:
    return [(await ask(app, path)).value for path in paths]


class TestLive:
    """`dependency_overrides`, as in FastAPI."""

    async def test_it_may_be_set_changed_and_deleted_between_requests(self) -> None:
        app = shop()
        paths = ("/user", "/cards", "/plain")
        assert await told(app, *paths) == ["user of real", "real", "plain"]
        app.dependency_overrides[settings] = other
        assert await told(app, *paths) == ["user of other", "other", "plain"]
        assert await told(app, "/user?word=sent") == ["user of sent"]
        app.dependency_overrides[settings] = lambda: "changed"
        assert await told(app, *paths) == ["user of changed", "changed", "plain"]
        app.dependency_overrides[user] = lambda: "nobody"
        assert await told(app, *paths) == ["nobody", "changed", "plain"]
        del app.dependency_overrides[settings]
        assert await told(app, *paths) == ["nobody", "real", "plain"]
        app.dependency_overrides = {settings: other}
        assert await told(app, *paths) == ["user of other", "other", "plain"]
        app.dependency_overrides.clear()
        assert await told(app, *paths) == ["user of real", "real", "plain"]
        app.injector.threads.close()

    async def test_it_may_be_set_before_the_build(self) -> None:
        app = shop()
        app.dependency_overrides[settings] = other
        assert await told(app, "/user", "/cards") == ["user of other", "other"]

    async def test_what_does_not_reach_the_key_is_not_compiled_anew(self) -> None:
        """A replacement that cannot be compiled breaks only who asks for it."""
        app = shop()

        async def broken(nothing: "Missing") -> str:  # type: ignore[name-defined] # noqa: F821
            return ""

        app.dependency_overrides[user] = broken
        assert await told(app, "/cards", "/plain") == ["real", "plain"]
        assert (await ask(app, "/user")).status == 500

    async def test_a_replacement_may_have_resources(self) -> None:
        app, events = shop(), []

        async def opened() -> AsyncIterator[str]:
            yield "opened"
            events.append("closed")

        app.dependency_overrides[settings] = opened
        assert await told(app, "/user") == ["user of opened"]
        assert events == ["closed"]

    async def test_what_a_replacement_depends_on_may_be_replaced_too(self) -> None:
        app = shop()
        app.dependency_overrides[user] = other_user = self.depending_on_other
        app.dependency_overrides[other] = lambda: "replaced twice"
        assert await told(app, "/user") == ["replaced twice"]
        assert other_user is app.dependency_overrides[user]
        app.injector.threads.close()

    @staticmethod
    async def depending_on_other(found: Annotated[str, Depends(other)]) -> str:
        return found


class TestInAContext:
    """`app.override`, for tests."""

    async def test_it_holds_inside_and_nowhere_else(self) -> None:
        app = shop()
        with app.override({settings: other}):
            assert await told(app, "/user", "/cards") == ["user of other", "other"]
            with app.override({user: lambda: "inner"}):
                assert await told(app, "/user", "/cards") == ["inner", "other"]
            assert await told(app, "/user") == ["user of other"]
        assert await told(app, "/user", "/cards") == ["user of real", "real"]
        app.injector.threads.close()

    async def test_a_concurrent_request_outside_does_not_see_it(self) -> None:
        app = shop()
        entered, asked = asyncio.Event(), asyncio.Event()

        async def inside() -> List[str]:
            with app.override({settings: other}):
                entered.set()
                await asked.wait()
                return await told(app, "/user")

        task = asyncio.ensure_future(inside())
        await entered.wait()
        assert await told(app, "/user", "/cards") == ["user of real", "real"]
        asked.set()
        assert await task == ["user of other"]

    async def test_a_request_started_inside_keeps_it(self) -> None:
        app = shop()
        with app.override({settings: other}):
            task = asyncio.ensure_future(told(app, "/user"))
        assert await task in (["user of other"], ["user of real"])
        assert await told(app, "/user") == ["user of real"]

    async def test_it_goes_before_the_live_ones(self) -> None:
        app = shop()
        app.dependency_overrides[settings] = lambda: "live"
        with app.override({settings: other}):
            assert await told(app, "/user") == ["user of other"]
        assert await told(app, "/user") == ["user of live"]
        app.injector.threads.close()

    async def test_it_ends_though_the_test_fails(self) -> None:
        app = shop()
        with pytest.raises(LookupError), app.override({settings: other}):
            raise LookupError
        assert await told(app, "/user") == ["user of real"]

    def test_a_blocking_client_sees_it(self) -> None:
        app = shop()
        with app.override({settings: other}), TestClient(app) as client:
            assert client.get("/user").json() == "user of other"

    async def test_sockets_and_jobs_see_it(self) -> None:
        app = shop()

        @app.websocket("/live")
        async def live(socket: WebSocket, found: Annotated[str, Depends(user)]) -> None:
            await socket.accept()
            await socket.send_text(found)

        async def job(found: Annotated[str, Depends(settings)], cards: Cards) -> List[str]:
            return [found, cards.found]

        with app.override({settings: other_without_parameters}):
            async with AsyncTestClient(app).websocket_connect("/live") as socket:
                assert await socket.receive_text() == "user of other"
            assert await app.call(job) == ["other", "other"]
        assert await app.call(job) == ["real", "real"]

    async def test_something_that_cannot_be_called_is_refused_at_once(self) -> None:
        app = shop()
        with pytest.raises(SetupError, match=r"settings .*is replaced by 'text', which cannot"):  # noqa: SIM117
            with app.override({settings: "text"}):  # type: ignore[dict-item]
                pass


async def other_without_parameters() -> str:
    return "other"


class TestProvidedTypes:
    @pytest.mark.parametrize("scope", ["request", "function", "transient", "app"])
    async def test_the_type_or_its_provider_is_replaced(self, scope: Any) -> None:
        app = Application()

        def provide() -> Cards:
            return Cards("provided")

        app.provide(Cards, provide, scope=scope)

        @app.get("/")
        async def show(request: Request, cards: Cards, also: Provided[Cards]) -> List[str]:
            return [cards.found, also.found, (await request.resolve(Cards)).found]

        assert (await ask(app)).value == ["provided"] * 3
        for key in (Cards, provide):
            with app.override({key: Fake}):
                assert (await ask(app)).value == ["fake"] * 3
            assert (await ask(app)).value == ["provided"] * 3
        app.injector.threads.close()

    async def test_a_replacement_has_the_scope_of_what_it_replaces(self) -> None:
        app, made = Application(), []

        def fake() -> Cards:
            made.append(1)
            return Cards(str(len(made)))

        app.provide(Cards, lambda: Cards("real"), scope="app")

        @app.get("/a")
        async def a(cards: Cards) -> str:
            return cards.found

        @app.get("/b")
        async def b(request: Request, cards: Cards) -> List[Any]:
            return [cards.found, cards is await request.resolve(Cards)]

        with app.override({Cards: fake}):
            assert (await ask(app, "/a")).value == (await ask(app, "/a")).value == "1"
            assert (await ask(app, "/b")).value == ["1", True]
        assert (await ask(app, "/b")).value == ["real", True]
        assert made == [1]
        app.injector.threads.close()

    async def test_a_type_that_says_it_is_provided_may_be_provided_by_a_test_only(self) -> None:
        app = Application()
        app.provide(Cards, Cards)

        @app.get("/")
        async def show(request: Request) -> str:
            return (await request.resolve(Absent)).found

        assert (await ask(app)).status == 500
        with app.override({Absent: Fake}):
            assert (await ask(app)).value == "fake"

    @pytest.mark.parametrize("first", ["real", "fake"])
    async def test_a_value_of_the_application_made_meanwhile_is_not_there_afterwards(
        self, first: str
    ) -> None:
        app = shop("app")

        class Above:
            def __init__(self, cards: Cards) -> None:
                self.found = f"above {cards.found}"

        app.provide(Above, Above, scope="app")

        @app.get("/above")
        async def show(above: Above) -> str:
            return above.found

        if first == "real":
            assert await told(app, "/cards", "/above") == ["real", "above real"]
        with app.override({settings: other_without_parameters}):
            assert await told(app, "/cards", "/above") == ["other", "above other"]
            assert await told(app, "/cards", "/above") == ["other", "above other"]
        assert await told(app, "/cards", "/above") == ["real", "above real"]

    async def test_the_real_provider_is_not_called_meanwhile(self) -> None:
        app, called = Application(), []

        def provide() -> Iterator[Cards]:
            called.append("real")
            yield Cards("real")

        app.provide(Cards, provide)

        @app.get("/")
        async def show(cards: Cards) -> str:
            return cards.found

        with app.override({Cards: Fake}):
            assert (await ask(app)).value == "fake"
        assert called == []


class Absent:
    __provided__ = True
    found = "absent"


async def test_dependencies_of_routers_are_replaced_too() -> None:
    calls: List[str] = []

    async def guard() -> None:
        calls.append("real")

    router = Router(dependencies=[Depends(guard)])

    @router.get("/")
    async def show() -> None: ...

    app = Application()
    app.include_router(router)
    with app.override({guard: lambda: calls.append("fake")}):
        await ask(app)
    await ask(app)
    assert calls == ["fake", "real"]
    app.injector.threads.close()


async def test_a_mounted_application_has_its_own() -> None:
    inner, app = shop(), shop()
    app.mount("/inner", inner)
    with app.override({settings: other_without_parameters}):
        assert await told(app, "/user", "/inner/user") == ["user of other", "user of real"]
    with inner.override({settings: other_without_parameters}):
        assert await told(app, "/user", "/inner/user") == ["user of real", "user of other"]


async def test_many_different_replacements_do_not_pile_up() -> None:
    """Each test makes its own; what was compiled for one that is over is given back."""
    app = shop()

    def fakes(number: int) -> Dict[Any, Callable[..., Any]]:
        async def made() -> str:
            return str(number)

        async def cards() -> Cards:
            return Cards(f"fake {number}")

        return {settings: made, Cards: cards}

    for number in range(200):
        with app.override(fakes(number)):
            assert await told(app, "/user", "/cards") == [f"user of {number}", f"fake {number}"]
    kept = {name: len(value) for name, value in vars(app.injector).items() if isinstance(value, dict)}
    assert max(kept.values()) < 100
    assert await told(app, "/user", "/cards") == ["user of real", "real"]


async def test_a_context_outside_of_any_request_sees_it() -> None:
    app = shop().build()
    with app.override({Cards: Fake}):
        assert (await Context(app).resolve(Cards)).found == "fake"
    assert (await Context(app).resolve(Cards)).found == "real"
