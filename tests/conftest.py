"""How the suite runs: one fresh event loop per async test, and nothing left open after any test."""

import asyncio
import gc
import inspect
import itertools
import logging
import os
from collections.abc import Coroutine, Iterator
from functools import wraps
from typing import Any, Callable, Optional

import pytest
from hypothesis import HealthCheck, settings

from tests.virtual import VirtualLoop

SETTLING_TURNS = 5  # a cancelled task needs a turn or two of the loop before it is done

settings.register_profile(
    "suite",
    max_examples=50,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "soak", settings.get_profile("suite"), max_examples=2000, derandomize=False, print_blob=True
)
settings.load_profile(os.environ.get("SUITE_PROFILE", "suite"))

# What a server of another test, or its event loop, says as it ends is nobody else's affair.
for name in ("uvicorn", "asyncio", "websockets"):
    logging.getLogger(name).propagate = False


def pytest_sessionstart() -> None:
    """Take what the imports made out of the collector's sight, so a collection after every test is cheap."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Optional[object]:
    """Run `async def` tests (and those under Hypothesis' `@given`) on a loop of their own."""
    inner = getattr(getattr(pyfuncitem.obj, "hypothesis", None), "inner_test", None)
    if inspect.iscoroutinefunction(inner):
        pyfuncitem.obj.hypothesis.inner_test = synchronous(inner)
        return None
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    virtual = pyfuncitem.get_closest_marker("virtual_time")
    loop = VirtualLoop() if virtual is not None and virtual.args != (False,) else None
    run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}), loop)
    return True


@pytest.hookimpl(tryfirst=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[Any]) -> None:
    """Refuse async fixtures: they would live on another loop than the test."""
    if inspect.iscoroutinefunction(fixturedef.func) or inspect.isasyncgenfunction(fixturedef.func):
        pytest.fail(f"fixture {fixturedef.argname!r} is async: use `async with` inside the test instead")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Leave what is there before the first test out of the collections after each one: they take microseconds then."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def nothing_left_open() -> Iterator[None]:
    """Collect garbage, so that whatever was left open warns (warnings are errors) in this test's name."""
    yield
    gc.collect()
    if next(FINISHED) % TESTS_BETWEEN_FREEZES == 0:
        gc.freeze()  # modules and models that tests bring along: they stay, and cost every later collection


FINISHED = itertools.count(1)
TESTS_BETWEEN_FREEZES = 25


def synchronous(function: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Make a plain function of a coroutine function: each call has its own loop."""

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> None:
        run(function(*args, **kwargs))

    return call


def run(main: Coroutine[Any, Any, None], loop: Optional[asyncio.AbstractEventLoop] = None) -> None:
    """Run one coroutine to its end on a fresh loop; fail if it leaves a task or a lost exception behind."""
    loop = loop or new_loop()
    lost: list[str] = []

    def report(_: asyncio.AbstractEventLoop, context: "dict[str, Any]") -> None:
        lost.append(f"{context.get('message')}: {context.get('exception')!r}")
        if isinstance(context.get("exception"), pytest.fail.Exception):
            loop.stop()  # the time limit, on a loop (uvloop) that swallows what a signal handler raises

    loop.set_exception_handler(report)
    try:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(main)
        del main
        pending = loop.run_until_complete(settle())
    finally:
        close(loop)
    assert not pending, f"still running after the test: {pending}"
    gc.collect()  # an exception nobody asked a task for is reported when the task is collected
    assert not lost, f"lost in the event loop: {lost}"


def new_loop() -> asyncio.AbstractEventLoop:
    """Make asyncio's own loop, or uvloop's where SUITE_LOOP asks for it."""
    name = os.environ.get("SUITE_LOOP", "asyncio")
    if name == "asyncio":
        return asyncio.new_event_loop()
    assert name == "uvloop", f"SUITE_LOOP is asyncio or uvloop, not {name!r}"
    import uvloop

    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop


async def settle() -> list[str]:
    """Let tasks that are about to end do so; name those that are still there."""
    for _ in range(SETTLING_TURNS):
        await asyncio.sleep(0)
    return sorted(repr(task) for task in asyncio.all_tasks() if task is not asyncio.current_task())


def close(loop: asyncio.AbstractEventLoop) -> None:
    """Cancel what is left, close async generators and the default executor, then the loop."""
    try:
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        loop.run_until_complete(asyncio.wait(tasks, timeout=30) if tasks else asyncio.sleep(0))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        asyncio.set_event_loop(None)
        loop.close()
