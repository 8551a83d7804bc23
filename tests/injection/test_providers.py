"""Providers: who makes the values of a type, how long each lives, and that first use is one call."""

import asyncio
import logging
from typing import Annotated, Any, AsyncIterator, Dict, Iterator, List, NewType, Optional, Protocol

import pytest

from microframe import (
    AppConfig,
    Application,
    Context,
    Depends,
    HTTPException,
    Provided,
    Query,
    Request,
    Response,
    SetupError,
)
from microframe.exceptions import NotFoundException
from microframe.http.responses import PlainTextResponse
from microframe.testing import AsyncTestClient
from tests.injection.asking import ask

pytestmark = pytest.mark.virtual_time

Events = List[str]


class Cards:
    def __init__(self, number: int = 0) -> None:
        self.number = number


class Clock(Protocol):
    def now(self) -> int: ...


class Frozen:
    def now(self) -> int:
        return 5


class CurrentUser:
    __provided__ = True

    def __init__(self, name: str) -> None:
        self.name = name


Region = NewType("Region", str)


@pytest.fixture
def events() -> Events:
    return []


async def test_a_type_is_provided_by_anything_that_can_be_called() -> None:
    app = Application()

    def blocking() -> Cards:
        return Cards(1)

    async def asynchronous(request: Request, q: Annotated[str, Query()] = "q") -> CurrentUser:
        return CurrentUser(request.path + q)

    def generator() -> Iterator[Dict[str, int]]:
        yield {"a": 1}

    app.provide(Cards, blocking)
    app.provide(CurrentUser, asynchronous)
    app.provide(Clock, Frozen)
    app.provide(Region, lambda: "eu")
    app.provide(Dict[str, int], generator)

    @app.get("/x")
    async def show(
        cards: Cards,
        user: CurrentUser,
        clock: Provided[Clock],
        region: Provided[Region],
        numbers: Provided[Dict[str, int]],
    ) -> List[Any]:
        return [cards.number, user.name, clock.now(), region, numbers]

    assert (await ask(app, "/x?q=y")).value == [1, "/xy", 5, "eu", {"a": 1}]
    app.injector.threads.close()


async def test_providers_depend_on_providers_and_dependencies() -> None:
    app = Application()

    async def word(q: str) -> str:
        return q

    class Users:
        def __init__(self, cards: Cards, clock: Provided[Clock], word: Annotated[str, Depends(word)]) -> None:
            self.told = [cards.number, clock.now(), word]

    app.provide(Cards, lambda: Cards(2))
    app.provide(Clock, Frozen, scope="app")
    app.provide(Users, Users)

    @app.get("/")
    async def show(users: Users) -> List[Any]:
        return users.told

    assert (await ask(app, "/?q=w")).value == [2, 5, "w"]
    assert (await ask(app)).faults == [("query.q", "missing")]


async def test_the_configuration_is_provided() -> None:
    app = Application(title="Mine")

    @app.get("/")
    async def show(config: AppConfig) -> str:
        return config.title

    assert (await ask(app)).value == "Mine"


class TestScopes:
    async def ask_twice(self, scope: Any, events: Events) -> List[List[int]]:
        """The numbers of values that two requests get: in middleware, twice in the handler, and by resolve."""
        app = Application()
        made: List[int] = []

        async def provide() -> AsyncIterator[Cards]:
            made.append(len(made))
            yield Cards(made[-1])
            events.append(f"close {made[-1]}")

        app.provide(Cards, provide, scope=scope)

        async def dependency(cards: Cards) -> Cards:
            return cards

        @app.middleware("http")
        async def middleware(request: Request, call_next: Any) -> Response:
            request.state.number = (await request.resolve(Cards)).number
            response: Response = await call_next(request)
            events.append("answered")
            return response

        @app.get("/")
        async def show(
            request: Request, own: Cards, dependent: Annotated[Cards, Depends(dependency)]
        ) -> List[int]:
            events.append("handler")
            resolved = await request.resolve(Cards)
            return [request.state.number, dependent.number, own.number, resolved.number]

        async with AsyncTestClient(app) as client:
            answers = [(await client.get("/")).json() for _ in range(2)]
            events.append("shutdown")
        return answers

    async def test_request_is_one_value_from_middleware_to_handler(self, events: Events) -> None:
        assert await self.ask_twice("request", events) == [[0] * 4, [1] * 4]
        assert events == ["handler", "answered", "close 0", "handler", "answered", "close 1", "shutdown"]

    async def test_app_is_one_value_for_everybody_until_shutdown(self, events: Events) -> None:
        assert await self.ask_twice("app", events) == [[0] * 4, [0] * 4]
        assert events == ["handler", "answered", "handler", "answered", "shutdown", "close 0"]

    async def test_function_closes_when_the_handler_has_returned(self, events: Events) -> None:
        assert await self.ask_twice("function", events) == [[0] * 4, [1] * 4]
        assert events[:3] == ["handler", "close 0", "answered"]

    async def test_transient_is_a_value_for_each_who_asks(self, events: Events) -> None:
        first, second = await self.ask_twice("transient", events)
        assert (sorted(first), sorted(second)) == ([0, 1, 2, 3], [4, 5, 6, 7])
        assert events[:2] == ["handler", "answered"]
        assert len([event for event in events if event.startswith("close")]) == 8

    async def test_request_is_the_default(self) -> None:
        app = Application()
        app.provide(Cards, Cards)

        @app.get("/")
        async def show(request: Request, cards: Cards) -> bool:
            return cards is await request.resolve(Cards)

        assert (await ask(app)).value is True


class TestFirstUse:
    @pytest.mark.parametrize("scope", ["app", "request"])
    async def test_under_concurrency_it_is_one_call(self, scope: Any) -> None:
        app, calls = Application(), []

        async def provide() -> Cards:
            calls.append(1)
            await asyncio.sleep(0.001)
            return Cards()

        app.provide(Cards, provide, scope=scope)

        @app.get("/")
        async def show(request: Request) -> int:
            found = await asyncio.gather(*(request.resolve(Cards) for _ in range(20)))
            return len(set(map(id, found)))

        assert (await ask(app)).value == 1
        assert calls == [1]

    async def test_so_it_is_among_requests_for_a_value_of_the_application(self) -> None:
        app, calls = Application(), []

        async def provide() -> Cards:
            calls.append(1)
            await asyncio.sleep(0.001)
            return Cards(len(calls))

        app.provide(Cards, provide, scope="app")

        @app.get("/")
        async def show(cards: Cards) -> int:
            return cards.number

        answers = await asyncio.gather(*(ask(app) for _ in range(20)))
        assert [answer.value for answer in answers] == [1] * 20
        assert calls == [1]

    @pytest.mark.parametrize("scope", ["app", "request"])
    async def test_a_failure_is_not_kept(self, scope: Any, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.CRITICAL)
        app, calls = Application(), []

        async def provide() -> Cards:
            calls.append(1)
            await asyncio.sleep(0)
            if len(calls) == 1:
                raise LookupError("first")
            return Cards(len(calls))

        app.provide(Cards, provide, scope=scope)

        @app.get("/")
        async def show(request: Request) -> List[str]:
            found = await asyncio.gather(*(request.resolve(Cards) for _ in range(3)), return_exceptions=True)
            return [str(getattr(one, "number", one)) for one in found]

        assert (await ask(app)).value == ["first", "2", "2"]
        assert len(calls) == 2

    async def test_one_who_is_cancelled_takes_nobody_along(self) -> None:
        app, calls = Application(), []
        started = asyncio.Event()

        async def provide() -> Cards:
            calls.append(1)
            started.set()
            await asyncio.sleep(0.001 if len(calls) > 1 else 60)
            return Cards(len(calls))

        app.provide(Cards, provide, scope="app")
        app.build()

        async def resolve() -> Cards:
            return await Context(app).resolve(Cards)

        first = asyncio.ensure_future(resolve())
        await started.wait()
        second = asyncio.ensure_future(resolve())
        await asyncio.sleep(0)
        first.cancel()
        assert (await asyncio.wait_for(second, 5)).number == 2
        assert first.cancelled()

    async def test_an_error_of_a_provider_answers_the_request(self) -> None:
        app = Application()

        async def provide() -> Cards:
            raise NotFoundException("no cards")

        app.provide(Cards, provide)

        @app.get("/")
        async def show(cards: Cards) -> None: ...

        assert (await ask(app)).status == 404


class TestLifetime:
    async def test_who_answers_an_error_gets_a_value_that_is_open(self, events: Events) -> None:
        app = Application()

        async def provide() -> AsyncIterator[Cards]:
            events.append("open")
            cards = Cards()
            try:
                yield cards
            finally:
                cards.number = -1
                events.append("close")

        app.provide(Cards, provide)

        @app.exception_handler(LookupError)
        async def answer(request: Request, exc: Exception) -> Response:
            events.append("answer")
            return PlainTextResponse(str((await request.resolve(Cards)).number))

        @app.middleware("http")
        async def middleware(request: Request, call_next: Any) -> Response:
            events.append(f"before {(await request.resolve(Cards)).number}")
            response: Response = await call_next(request)
            events.append(f"after {(await request.resolve(Cards)).number}")
            return response

        @app.get("/")
        async def show(cards: Cards) -> None:
            raise LookupError

        assert (await AsyncTestClient(app).get("/")).text == "0"
        assert events == ["open", "before 0", "close", "answer", "open", "after 0", "close"]

    async def test_so_does_who_asks_after_the_function_has_returned(self, events: Events) -> None:
        app = Application()

        async def provide() -> AsyncIterator[Cards]:
            cards = Cards()
            yield cards
            cards.number = -1

        app.provide(Cards, provide, scope="function")

        @app.middleware("http")
        async def middleware(request: Request, call_next: Any) -> Response:
            response: Response = await call_next(request)
            events.append(f"after {(await request.resolve(Cards)).number}")
            return response

        @app.get("/")
        async def show(cards: Cards) -> None: ...

        assert (await ask(app)).status == 200
        assert events == ["after 0"]

    async def test_of_one_of_the_application_that_cannot_be_made_nothing_stays_open(
        self, events: Events
    ) -> None:
        app = Application()

        async def connect() -> AsyncIterator[int]:
            events.append("open")
            try:
                yield 1
            finally:
                events.append("close")

        def provide(number: Annotated[int, Depends(connect)]) -> Cards:
            if len(events) < 4:
                raise HTTPException(503)
            return Cards()

        app.provide(Cards, provide, scope="app")

        @app.get("/")
        async def show(cards: Cards) -> None: ...

        async with AsyncTestClient(app) as client:
            statuses = [(await client.get("/")).status_code for _ in range(4)]
            assert (statuses, events) == ([503, 503, 200, 200], ["open", "close", "open", "close", "open"])
        assert events[5:] == ["close"]

    async def test_values_of_the_application_close_in_reverse_at_shutdown(self, events: Events) -> None:
        app = Application()

        class Pool:
            pass

        async def pool() -> AsyncIterator[Pool]:
            events.append("open pool")
            yield Pool()
            events.append("close pool")

        def cards(pool: Provided[Pool]) -> Iterator[Cards]:
            events.append("open cards")
            yield Cards()
            events.append("close cards")

        app.provide(Pool, pool, scope="app")
        app.provide(Cards, cards, scope="app")

        @app.get("/")
        async def show(cards: Cards) -> None: ...

        async with AsyncTestClient(app) as client:
            await client.get("/")
        assert events == ["open pool", "open cards", "close cards", "close pool"]

    async def test_after_shutdown_the_next_start_makes_them_anew(self) -> None:
        app, made = Application(), []

        def provide() -> Cards:
            made.append(1)
            return Cards(len(made))

        app.provide(Cards, provide, scope="app")

        @app.get("/")
        async def show(cards: Cards) -> int:
            return cards.number

        for number in (1, 2):
            async with AsyncTestClient(app) as client:
                assert (await client.get("/")).json() == number

    async def test_one_of_the_request_is_told_of_the_handlers_error(self, events: Events) -> None:
        app = Application()

        async def provide() -> AsyncIterator[Cards]:
            try:
                yield Cards()
            except HTTPException as exc:
                events.append(f"rolled back for {exc.status_code}")
                raise

        app.provide(Cards, provide)

        @app.get("/")
        async def show(cards: Cards) -> None:
            raise HTTPException(409)

        assert (await ask(app)).status == 409
        assert events == ["rolled back for 409"]

    async def test_two_requests_never_share_a_value_of_the_request(self) -> None:
        app = Application()

        async def provide(request: Request) -> CurrentUser:
            await asyncio.sleep(0)
            return CurrentUser(request.headers["name"])

        app.provide(CurrentUser, provide)

        @app.get("/")
        async def show(user: CurrentUser) -> str:
            await asyncio.sleep(0)
            return user.name

        names = [f"n{number}" for number in range(20)]
        answers = await asyncio.gather(*(ask(app, headers={"name": name}) for name in names))
        assert [answer.value for answer in answers] == names

    async def test_jobs_have_their_own(self) -> None:
        app = Application()
        app.provide(Cards, Cards)

        async def job(context: Context, cards: Cards, also: Provided[Cards], number: int = 3) -> List[bool]:
            return [cards is also, cards is await context.resolve(Cards), number == 3]

        assert await app.call(job) == [True, True, True]

    async def test_what_a_job_opened_is_closed_when_it_ends(self, events: Events) -> None:
        app = Application()

        async def provide() -> AsyncIterator[Cards]:
            try:
                yield Cards()
            except LookupError:
                events.append("told")
                raise
            finally:
                events.append("closed")

        app.provide(Cards, provide)

        async def job(cards: Cards) -> None:
            events.append("job")
            raise LookupError("own")

        with pytest.raises(LookupError, match="own"):
            await app.call(job)
        assert events == ["job", "told", "closed"]


class TestWhatIsProvided:
    async def test_a_subclass_is_another_type(self) -> None:
        app = Application()

        class Special(Cards):
            pass

        app.provide(Cards, Cards)

        @app.get("/")
        async def show(special: Provided[Special]) -> None: ...

        with pytest.raises(SetupError, match=r"special of .*show .*nobody provides Special"):
            app.build()

    async def test_a_class_that_says_so_is_never_read_from_the_body(self) -> None:
        app = Application()

        @app.post("/")
        async def show(user: CurrentUser) -> None: ...

        with pytest.raises(SetupError, match=r"user of .*show .*nobody provides CurrentUser"):
            app.build()

    async def test_resolve_of_what_nobody_provides_names_it(self) -> None:
        app = Application()
        with pytest.raises(SetupError, match="nobody provides Cards"):
            await Context(app.build()).resolve(Cards)

    async def test_resolve_of_what_needs_a_request_names_the_job(self) -> None:
        app = Application()

        def provide(request: Request) -> Cards:
            return Cards()

        app.provide(Cards, provide)
        app.build()
        with pytest.raises(SetupError, match=r"request of .*provide .*a job or command has no Request"):
            await Context(app).resolve(Cards)

    async def test_an_optional_type_is_not_the_provided_one(self) -> None:
        """`None` instead of a provided value would hide a missing provider."""
        app = Application()
        app.provide(Cards, Cards)

        @app.get("/")
        async def show(cards: Optional[Cards] = None) -> None: ...

        with pytest.raises(SetupError, match=r"cards of .*show .*cannot read the type"):
            app.build()
