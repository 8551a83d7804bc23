"""Resources: dependencies that yield: when they close, in which order, and what they are told."""

import logging
from typing import Annotated, Any, AsyncIterator, Callable, Iterator, List, Type

import pytest

from microframe import (
    Application,
    BackgroundTasks,
    Depends,
    HTTPException,
    Request,
    Response,
    StreamingResponse,
)
from microframe.http.responses import JSONResponse, PlainTextResponse
from microframe.testing import AsyncTestClient
from tests.injection.asking import ask

Events = List[str]


@pytest.fixture
def events() -> Events:
    return []


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)


def asynchronous(name: str, events: Events) -> Callable[..., AsyncIterator[str]]:
    async def resource() -> AsyncIterator[str]:
        events.append(f"open {name}")
        try:
            yield name
        except BaseException as exc:
            events.append(f"{name} told {type(exc).__name__}")
            raise
        finally:
            events.append(f"close {name}")

    return resource


def blocking(name: str, events: Events) -> Callable[..., Iterator[str]]:
    def resource() -> Iterator[str]:
        events.append(f"open {name}")
        try:
            yield name
        except BaseException as exc:
            events.append(f"{name} told {type(exc).__name__}")
            raise
        finally:
            events.append(f"close {name}")

    return resource


kinds = pytest.mark.parametrize("kind", [asynchronous, blocking])


async def answer_of(app: Application, path: str = "/") -> Any:
    """One request through the edge, whose part it is to close what is left open."""
    response = await AsyncTestClient(app, raise_server_exceptions=False).get(path)
    app.injector.threads.close()
    return response


@kinds
async def test_resources_close_in_reverse_after_body_and_background_tasks(kind: Any, events: Events) -> None:
    app = Application()

    async def pieces() -> AsyncIterator[bytes]:
        events.append("body")
        yield b"piece"

    async def task() -> None:
        events.append("task")

    @app.get("/")
    async def show(
        a: Annotated[str, Depends(kind("a", events))],
        b: Annotated[str, Depends(kind("b", events))],
        tasks: BackgroundTasks,
    ) -> Response:
        events.append(f"handler {a} {b}")
        tasks.add_task(task)
        return StreamingResponse(pieces())

    assert (await answer_of(app)).text == "piece"
    assert events == ["open a", "open b", "handler a b", "body", "task", "close b", "close a"]


@kinds
async def test_one_that_another_needs_outlives_it(kind: Any, events: Events) -> None:
    app = Application()
    outer = kind("outer", events)

    async def inner(name: Annotated[str, Depends(outer)]) -> AsyncIterator[str]:
        events.append(f"open inner on {name}")
        yield "inner"
        events.append("close inner")

    @app.get("/")
    async def show(a: Annotated[str, Depends(inner)], b: Annotated[str, Depends(outer)]) -> str:
        return a + b

    assert (await ask(app)).value == "innerouter"
    assert events == ["open outer", "open inner on outer", "close inner", "close outer"]
    app.injector.threads.close()


@kinds
@pytest.mark.parametrize("error", [LookupError, lambda: HTTPException(409)])
async def test_when_the_handler_raises_they_are_told_before_it_is_answered(
    kind: Any, error: Any, events: Events
) -> None:
    app = Application()

    @app.exception_handler(Exception)
    @app.exception_handler(HTTPException)
    async def answer(request: Request, exc: Exception) -> Response:
        events.append("answer")
        return PlainTextResponse(type(exc).__name__, 400)

    @app.get("/")
    async def show(
        a: Annotated[str, Depends(kind("a", events))], b: Annotated[str, Depends(kind("b", events))]
    ) -> None:
        raise error()

    name = type(error()).__name__
    assert (await answer_of(app)).text == name
    told = [f"b told {name}", "close b", f"a told {name}", "close a"]
    assert events == ["open a", "open b", *told, "answer"]


@kinds
async def test_one_may_raise_another_error_instead(kind: Any, events: Events) -> None:
    app = Application()
    outermost = kind("outermost", events)

    async def translate(name: Annotated[str, Depends(outermost)]) -> AsyncIterator[None]:
        try:
            yield
        except LookupError as exc:
            raise HTTPException(404, "translated") from exc

    @app.get("/")
    async def show(nothing: Annotated[None, Depends(translate)]) -> None:
        raise LookupError

    response = await answer_of(app)
    assert (response.status_code, response.json()["detail"]) == (404, "translated")
    assert events == ["open outermost", "outermost told HTTPException", "close outermost"]


def swallow_async() -> Callable[..., Any]:
    async def swallow() -> AsyncIterator[None]:
        try:
            yield
        except LookupError:
            return

    return swallow


def swallow_blocking() -> Callable[..., Any]:
    def swallow() -> Iterator[None]:
        try:
            yield
        except LookupError:
            return

    return swallow


@pytest.mark.parametrize("make", [swallow_async, swallow_blocking])
async def test_swallowing_an_error_does_not_lose_it(make: Callable[[], Any], events: Events) -> None:
    app = Application()

    @app.get("/")
    async def show(
        a: Annotated[str, Depends(asynchronous("a", events))], nothing: Annotated[None, Depends(make())]
    ) -> None:
        raise LookupError

    assert (await answer_of(app)).status_code == 500
    assert events == ["open a", "a told LookupError", "close a"]


@kinds
async def test_a_dependency_that_raises_closes_those_before_it(kind: Any, events: Events) -> None:
    app = Application()

    async def refuse() -> None:
        raise HTTPException(403)

    @app.get("/")
    async def show(
        a: Annotated[str, Depends(kind("a", events))],
        nothing: Annotated[None, Depends(refuse)],
        b: Annotated[str, Depends(kind("b", events))],
    ) -> None: ...

    assert (await answer_of(app)).status_code == 403
    assert events == ["open a", "a told HTTPException", "close a"]


@kinds
async def test_a_fault_of_the_request_is_told_too(kind: Any, events: Events) -> None:
    app = Application()

    @app.get("/")
    async def show(a: Annotated[str, Depends(kind("a", events))], q: int) -> None: ...

    assert (await answer_of(app)).status_code == 422
    assert events == ["open a", "a told ValidationException", "close a"]


@kinds
async def test_an_answer_that_cannot_be_written_is_an_error_of_the_handler(kind: Any, events: Events) -> None:
    app = Application()

    @app.get("/")
    async def show(a: Annotated[str, Depends(kind("a", events))]) -> Any:
        return object()

    assert (await answer_of(app)).status_code == 500
    assert events == ["open a", "a told ValueError", "close a"]


async def test_an_error_on_closing_after_the_answer_changes_nothing_for_the_client(events: Events) -> None:
    app = Application()

    async def careless() -> AsyncIterator[None]:
        yield
        events.append("raises")
        raise LookupError

    @app.get("/")
    async def show(
        a: Annotated[str, Depends(asynchronous("a", events))], nothing: Annotated[None, Depends(careless)]
    ) -> str:
        return "fine"

    assert (await answer_of(app)).json() == "fine"
    assert events == ["open a", "raises", "a told LookupError", "close a"]


@kinds
async def test_a_streaming_answer_still_has_its_resources(kind: Any, events: Events) -> None:
    app = Application()

    @app.get("/")
    async def show(name: Annotated[str, Depends(kind("a", events))]) -> Response:
        async def pieces() -> AsyncIterator[str]:
            for number in range(3):
                events.append(f"piece {number}")
                yield name

        return StreamingResponse(pieces())

    assert (await answer_of(app)).text == "aaa"
    assert events == ["open a", "piece 0", "piece 1", "piece 2", "close a"]


@kinds
async def test_a_stream_that_breaks_tells_its_resources(kind: Any, events: Events) -> None:
    app = Application()

    @app.get("/")
    async def show(name: Annotated[str, Depends(kind("a", events))]) -> Response:
        async def pieces() -> AsyncIterator[str]:
            yield name
            raise LookupError

        return StreamingResponse(pieces())

    with pytest.raises(Exception):  # noqa: B017,PT011 whatever the server is told
        await AsyncTestClient(app).get("/")
    assert events[0] == "open a"
    assert events[-1] == "close a"
    app.injector.threads.close()


def yields_twice_async() -> Callable[..., Any]:
    async def twice() -> AsyncIterator[int]:
        yield 1
        yield 2

    return twice


def yields_twice_blocking() -> Callable[..., Any]:
    def twice() -> Iterator[int]:
        yield 1
        yield 2

    return twice


@pytest.mark.parametrize("make", [yields_twice_async, yields_twice_blocking])
async def test_one_that_yields_twice_is_an_error(
    make: Callable[[], Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    app = Application()

    @app.get("/")
    async def show(number: Annotated[int, Depends(make())]) -> int:
        return number

    assert (await answer_of(app)).json() == 1
    assert "yielded more than once" in caplog.text


def yields_never_async() -> Callable[..., Any]:
    async def never() -> AsyncIterator[int]:
        for number in range(0):
            yield number

    return never


def yields_never_blocking() -> Callable[..., Any]:
    def never() -> Iterator[int]:
        yield from ()

    return never


@pytest.mark.parametrize("make", [yields_never_async, yields_never_blocking])
async def test_one_that_never_yields_is_an_error(
    make: Callable[[], Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    app = Application()

    @app.get("/")
    async def show(number: Annotated[int, Depends(make())]) -> int:
        return number

    assert (await answer_of(app)).status_code == 500
    assert "ended without yielding a value" in caplog.text


@pytest.mark.parametrize("thrown", [StopIteration, StopAsyncIteration, RuntimeError, GeneratorExit])
@kinds
async def test_odd_errors_of_a_handler_do_not_get_lost(
    kind: Any, thrown: Type[BaseException], events: Events
) -> None:
    app = Application()
    seen: List[BaseException] = []

    @app.get("/")
    async def show(a: Annotated[str, Depends(kind("a", events))]) -> None:
        raise thrown("own")

    try:
        response = await AsyncTestClient(app, raise_server_exceptions=False).get("/")
        assert response.status_code == 500
    except GeneratorExit as exc:
        seen.append(exc)
    assert bool(seen) == (thrown is GeneratorExit)
    assert events[0] == "open a"
    assert events[-1] == "close a"
    app.injector.threads.close()


async def test_whoever_runs_an_endpoint_directly_closes_with_async_with(events: Events) -> None:
    app = Application()

    @app.get("/")
    async def show(a: Annotated[str, Depends(asynchronous("a", events))]) -> Response:
        return JSONResponse(a)

    assert (await ask(app)).value == "a"
    assert events == ["open a", "close a"]
