"""Resources of scope `function`: closed after the handler and before the first byte, where a failure is the answer."""

import logging
from typing import Annotated, Any, AsyncIterator, Callable, Iterator, List

import pytest

from microframe import (
    Application,
    BackgroundTasks,
    Depends,
    HTTPException,
    Response,
    SetupError,
    StreamingResponse,
)
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
    response = await AsyncTestClient(app, raise_server_exceptions=False).get(path)
    app.injector.threads.close()
    return response


@kinds
async def test_it_closes_after_the_handler_and_before_the_body(kind: Any, events: Events) -> None:
    app = Application()

    async def pieces() -> AsyncIterator[bytes]:
        events.append("body")
        yield b"x"

    async def task() -> None:
        events.append("task")

    @app.get("/")
    async def show(
        of_request: Annotated[str, Depends(kind("request", events))],
        a: Annotated[str, Depends(kind("a", events), scope="function")],
        b: Annotated[str, Depends(kind("b", events), scope="function")],
        explicit: Annotated[str, Depends(kind("explicit", events), scope="request")],
        tasks: BackgroundTasks,
    ) -> Response:
        events.append("handler")
        tasks.add_task(task)
        return StreamingResponse(pieces())

    assert (await answer_of(app)).text == "x"
    assert events == ["handler", "close b", "close a", "body", "task", "close explicit", "close request"]


@kinds
async def test_it_is_told_that_the_handler_raised(kind: Any, events: Events) -> None:
    app = Application()

    @app.get("/")
    async def show(
        a: Annotated[str, Depends(kind("function", events), scope="function")],
        b: Annotated[str, Depends(kind("request", events))],
    ) -> None:
        raise HTTPException(409)

    assert (await answer_of(app)).status_code == 409
    assert events == [
        "function told HTTPException",
        "close function",
        "request told HTTPException",
        "close request",
    ]


def commit_async() -> Callable[..., Any]:
    async def commit() -> AsyncIterator[None]:
        yield
        raise HTTPException(503, "cannot commit")

    return commit


def commit_blocking() -> Callable[..., Any]:
    def commit() -> Iterator[None]:
        yield
        raise HTTPException(503, "cannot commit")

    return commit


@pytest.mark.parametrize("make", [commit_async, commit_blocking])
async def test_its_failure_is_the_answer(make: Callable[[], Any], events: Events) -> None:
    app = Application()

    @app.get("/")
    async def show(
        a: Annotated[str, Depends(asynchronous("request", events))],
        b: Annotated[str, Depends(asynchronous("function", events), scope="function")],
        nothing: Annotated[None, Depends(make(), scope="function")],
    ) -> str:
        return "done"

    response = await answer_of(app)
    assert (response.status_code, response.json()["detail"]) == (503, "cannot commit")
    assert events == [
        "function told HTTPException",
        "close function",
        "request told HTTPException",
        "close request",
    ]


async def test_an_answer_that_cannot_be_written_rolls_back(events: Events) -> None:
    """What commits is told of everything that goes wrong before the first byte."""
    app = Application()

    @app.get("/")
    async def show(a: Annotated[str, Depends(asynchronous("session", events), scope="function")]) -> int:
        return "no number"  # type: ignore[return-value]

    assert (await answer_of(app)).status_code == 500
    assert events == ["session told ResponseValidationException", "close session"]


async def test_it_may_change_the_response_parameter_while_it_closes(events: Events) -> None:
    app = Application()

    async def timed(response: Response) -> AsyncIterator[None]:
        response.headers["x-begin"] = "1"
        yield
        events.append("closed")

    @app.get("/")
    async def show(nothing: Annotated[None, Depends(timed, scope="function")]) -> None: ...

    assert (await ask(app)).headers["x-begin"] == "1"
    assert events == ["closed"]


async def test_one_of_the_request_cannot_hold_one_of_the_function(events: Events) -> None:
    app = Application()
    inner = asynchronous("inner", events)

    async def outer(name: Annotated[str, Depends(inner, scope="function")]) -> AsyncIterator[None]:
        yield

    @app.get("/")
    async def show(nothing: Annotated[None, Depends(outer)]) -> None: ...

    with pytest.raises(SetupError, match=r"name of .*outer .*would outlive .*resource .*function"):
        app.build()


async def test_not_through_another_that_is_known_already(events: Events) -> None:
    app = Application()
    inner = asynchronous("inner", events)

    async def between(name: Annotated[str, Depends(inner, scope="function")]) -> str:
        return name

    async def outer(name: Annotated[str, Depends(between)]) -> AsyncIterator[None]:
        yield

    @app.get("/")
    async def show(
        name: Annotated[str, Depends(between)], nothing: Annotated[None, Depends(outer)]
    ) -> None: ...

    with pytest.raises(SetupError, match=r"name of .*outer .*would outlive .*between"):
        app.build()


async def test_one_of_the_function_may_hold_either(events: Events) -> None:
    app = Application()
    of_request, of_function = asynchronous("request", events), asynchronous("function", events)

    async def outer(
        a: Annotated[str, Depends(of_request)], b: Annotated[str, Depends(of_function, scope="function")]
    ) -> AsyncIterator[str]:
        yield a + b
        events.append("close outer")

    @app.get("/")
    async def show(name: Annotated[str, Depends(outer, scope="function")]) -> str:
        return name

    assert (await ask(app)).value == "requestfunction"
    assert events == ["close outer", "close function", "close request"]


async def test_scope_means_nothing_for_what_does_not_yield(events: Events) -> None:
    app = Application()

    async def plain() -> str:
        return "plain"

    async def outer(name: Annotated[str, Depends(plain, scope="function")]) -> AsyncIterator[str]:
        yield name

    @app.get("/")
    async def show(name: Annotated[str, Depends(outer)]) -> str:
        return name

    assert (await ask(app)).value == "plain"


async def test_one_dependency_in_two_scopes_is_two_resources(events: Events) -> None:
    app = Application()
    resource = asynchronous("it", events)

    @app.get("/")
    async def show(
        a: Annotated[str, Depends(resource, scope="function")], b: Annotated[str, Depends(resource)]
    ) -> None:
        events.append("handler")

    await ask(app)
    assert events == ["handler", "close it", "close it"]
