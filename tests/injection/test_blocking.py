"""Blocking functions: they run in worker threads, as few hops as can be, with the context of the request."""

import asyncio
import contextvars
import threading
import time
from typing import Annotated, Any, Callable, Iterator, List, TypeVar

import pytest

from microframe import Application, Depends, HTTPException, Request
from microframe.concurrency import Threads
from tests.injection.asking import Answer, ask
from tests.waiting import until
from tests.wire import LIMIT

T = TypeVar("T")
user: contextvars.ContextVar[str] = contextvars.ContextVar("user", default="nobody")


class CountedThreads(Threads):
    """The real threads, and how often one was entered."""

    hops = 0

    async def run(self, function: Callable[[], T]) -> T:
        self.hops += 1
        return await super().run(function)


def here(*_: Any) -> int:
    return threading.get_ident()


async def ask_counting(app: Application, target: str = "/") -> "tuple[Answer, int]":
    threads = app.injector.threads = CountedThreads()
    try:
        return await ask(app, target), threads.hops
    finally:
        threads.close()


def first() -> int:
    return here()


def second(a: Annotated[int, Depends(first)]) -> List[int]:
    return [a, here()]


class Between:
    """A class is made on the loop, unless it stands between two blocking functions."""

    def __init__(self, a: Annotated[List[int], Depends(second)]) -> None:
        self.a = a


def third(between: Annotated[Between, Depends()], q: int = 0) -> List[int]:
    return [*between.a, here()]


async def on_loop() -> int:
    return here()


async def test_blocking_functions_run_off_the_loop_and_async_ones_on_it() -> None:
    app = Application()

    @app.get("/")
    def show(off: Annotated[int, Depends(first)], on: Annotated[int, Depends(on_loop)]) -> List[bool]:
        return [off != threading.main_thread().ident, on == threading.main_thread().ident, here() != on]

    assert (await ask(app)).value == [True, True, True]
    app.injector.threads.close()


async def test_consecutive_blocking_functions_share_one_hop() -> None:
    app = Application()

    @app.get("/")
    def show(values: Annotated[List[int], Depends(third)]) -> List[int]:
        return [*values, here()]

    answer, hops = await ask_counting(app, "/?q=1")
    assert hops == 1
    assert len(set(answer.value)) == 1


async def test_a_chain_of_blocking_functions_below_an_async_handler_is_one_hop() -> None:
    app = Application()

    @app.get("/")
    async def show(
        values: Annotated[List[int], Depends(third)], other: Annotated[int, Depends(lambda: 1)]
    ) -> None: ...

    assert (await ask_counting(app))[1] == 1


async def test_an_async_function_between_them_makes_it_two() -> None:
    app = Application()

    async def middle(a: Annotated[int, Depends(first)]) -> int:
        return a

    def last(a: Annotated[int, Depends(middle)]) -> int:
        return a

    @app.get("/")
    async def show(a: Annotated[int, Depends(last)]) -> None: ...

    assert (await ask_counting(app))[1] == 2


async def test_without_blocking_functions_no_thread_is_entered() -> None:
    app = Application()

    @app.get("/")
    async def show(
        a: Annotated[int, Depends(on_loop)], b: Annotated[threading.Event, Depends(threading.Event)]
    ) -> None: ...

    assert (await ask_counting(app))[1] == 0


async def test_blocking_generators_share_the_hop_and_leave_off_the_loop() -> None:
    app, seen = Application(), []

    def opened() -> Iterator[int]:
        yield here()
        seen.append(here())

    def also(a: Annotated[int, Depends(opened)]) -> Iterator[int]:
        yield a
        seen.append(here())

    @app.get("/")
    def show(a: Annotated[int, Depends(also)]) -> bool:
        return a == here()

    answer, hops = await ask_counting(app)
    assert (answer.value, hops) == (True, 3)
    assert threading.get_ident() not in seen


async def test_context_variables_set_in_blocking_functions_are_seen_downstream() -> None:
    app = Application()

    def login(name: str) -> None:
        user.set(name)

    def blocking(nothing: Annotated[None, Depends(login)]) -> str:
        return user.get()

    async def on_loop(nothing: Annotated[None, Depends(login)]) -> str:
        return user.get()

    @app.get("/")
    async def show(a: Annotated[str, Depends(blocking)], b: Annotated[str, Depends(on_loop)]) -> List[str]:
        return [a, b, user.get()]

    @app.get("/blocking")
    def show_blocking(nothing: Annotated[None, Depends(login)]) -> str:
        return user.get()

    assert (await ask(app, "/?name=ada")).value == ["ada"] * 3
    assert (await ask(app, "/blocking?name=bob")).value == "bob"
    app.injector.threads.close()


async def test_context_variables_of_two_requests_do_not_meet() -> None:
    app = Application()

    def login(name: str) -> str:
        user.set(name)
        return name

    @app.get("/")
    async def show(name: Annotated[str, Depends(login)]) -> bool:
        await asyncio.sleep(0)
        return user.get() == name

    answers = await asyncio.gather(
        *(asyncio.ensure_future(ask(app, f"/?name=n{number}")) for number in range(20))
    )
    assert all(answer.value for answer in answers)
    assert user.get() == "nobody"
    app.injector.threads.close()


async def test_faults_of_parameters_and_errors_come_out_of_the_thread() -> None:
    app, called = Application(), []

    def refuse(word: str = "") -> None:
        called.append(word)
        if word == "no":
            raise HTTPException(403)

    def wrong(q: int, nothing: Annotated[None, Depends(refuse)]) -> int:
        return q

    @app.get("/")
    def show(q: Annotated[int, Depends(wrong)], limit: int) -> None:
        called.append("handler")

    assert (await ask(app, "/?q=x")).faults == [("query.q", "int_parsing"), ("query.limit", "missing")]
    assert (await ask(app, "/?q=x&word=no")).status == 403
    assert called == ["", "no"]
    app.injector.threads.close()


async def test_a_blocking_function_that_raises_stop_iteration_hangs_nobody() -> None:
    app = Application()

    def stop() -> None:
        raise StopIteration

    @app.get("/")
    async def show(nothing: Annotated[None, Depends(stop)]) -> None: ...

    assert (await asyncio.wait_for(ask(app), LIMIT)).status == 500
    app.injector.threads.close()


async def test_a_blocking_handler_does_not_hold_the_loop() -> None:
    app = Application()
    entered, released = threading.Event(), threading.Event()

    @app.get("/")
    def show() -> bool:
        entered.set()
        return released.wait(LIMIT)

    waiting = asyncio.ensure_future(ask(app))
    await until(entered.is_set)
    released.set()
    assert (await waiting).value is True
    app.injector.threads.close()


@pytest.mark.parametrize("size", [1, 3])
async def test_no_more_run_at_once_than_there_are_threads(size: int) -> None:
    app = Application(threads=size)
    running: List[int] = []
    most: List[int] = []
    lock = threading.Lock()
    full = threading.Event()

    @app.get("/")
    def show(request: Request) -> None:
        with lock:
            running.append(1)
            most.append(len(running))
            if len(running) == size:
                full.set()
        full.wait(LIMIT)
        time.sleep(0.02)  # one too many would come now
        with lock:
            running.pop()

    await asyncio.gather(*(ask(app) for _ in range(2 * size + 1)))
    assert max(most) == size
    app.injector.threads.close()
