"""Which exceptions a function may answer the client with, read from its source."""

import asyncio
import contextlib
import functools
from contextlib import suppress
from typing import Annotated, Any, Callable, Optional, TypeVar

import pytest

from microframe import BadRequestException, ForbiddenException, HTTPException, NotFoundException, status
from microframe import exceptions as module_of_exceptions
from microframe.cli.checks.raised import raised_by
from microframe.extras import requires_extra

F = TypeVar("F", bound=Callable[..., Any])

SURE = len(__name__) > 1_000
CLOSED = HTTPException(423)
BOTH = (NotFoundException, ForbiddenException)


class Teapot(HTTPException):
    status = 418


class Domain(Exception):
    http_status = 409


class Unanswered(Exception):
    http_status = "later"


class Store:
    def get(self) -> None:
        self.find()

    def find(self) -> None:
        raise NotFoundException()

    @classmethod
    def open(cls) -> None:
        raise ForbiddenException()

    @staticmethod
    def count() -> None:
        raise BadRequestException()

    def __call__(self) -> None:
        raise Teapot()


class Opened(Store):
    def __init__(self, closed: bool = False) -> None:
        if closed:
            raise CLOSED


def find() -> None:
    raise NotFoundException()


def around(function: F) -> F:
    @functools.wraps(function)
    def wrapper(*args: Any) -> Any:
        if not args:
            raise Domain()
        return function(*args)

    return wrapper  # type: ignore[return-value]


# Ways to raise -------------------------------------------------------------------------------------------------------


def by_number() -> None:
    raise HTTPException(404)


def by_name() -> None:
    raise HTTPException(status_code=status.HTTP_404_NOT_FOUND, detail="…")


def by_class() -> None:
    raise NotFoundException


def of_a_module() -> None:
    raise module_of_exceptions.NotFoundException("…")


def from_another() -> None:
    try:
        int("x")
    except ValueError as exc:
        raise HTTPException(404) from exc


def assigned_before() -> None:
    error = HTTPException(404)
    if SURE:
        raise error


def one_of_two() -> None:
    raise NotFoundException() if SURE else BadRequestException()


def made_once() -> None:
    raise CLOSED


def with_own_status() -> None:
    raise Teapot()


def foreign() -> None:
    raise Domain("…")


def unknown_status(number: int) -> None:
    raise HTTPException(number)


async def in_a_loop() -> Any:
    async with contextlib.AsyncExitStack():
        while True:
            yield 1
            raise NotFoundException()


# Ways to call --------------------------------------------------------------------------------------------------------


def calls() -> None:
    find()


def calls_and_calls() -> None:
    calls()
    calls()


def calls_a_method(store: Annotated[Store, "…"]) -> None:
    store.get()


def calls_on_a_class() -> None:
    Store.open()
    Store.count()


def makes_one() -> None:
    Opened()


@around
def decorated(store: Store) -> None:
    store.get()


def goes_in_circles(depth: int) -> None:
    with suppress(Domain):
        goes_in_circles(depth - 1)
    raise NotFoundException()


# Nothing -------------------------------------------------------------------------------------------------------------


def other_errors() -> None:
    raise ValueError("…")


def not_an_answer() -> None:
    raise Unanswered()


def caught() -> None:
    try:
        find()
        raise Teapot()
    except HTTPException:
        return


def caught_of_several() -> None:
    try:
        find()
    except (KeyError, BOTH):  # type: ignore[misc]
        return


def caught_bare() -> None:
    try:
        find()
    except:  # noqa: E722
        return


def suppressed() -> None:
    with suppress(NotFoundException):
        find()


def runs_by_itself(loop: asyncio.AbstractEventLoop) -> None:
    loop.create_task(a_task())


async def a_task() -> None:
    raise NotFoundException()


def of_other_packages() -> None:
    requires_extra("nothing")
    contextlib.nullcontext()


def only_defines() -> Callable[[], None]:
    def inner() -> None:
        raise NotFoundException()

    class Inner:
        def method(self) -> None:
            raise NotFoundException()

    return inner


def cannot_be_told(error: Exception, other: "Optional[nowhere]" = None) -> None:  # type: ignore[name-defined]  # noqa: F821
    raise error
    raise make_error(error.nothing.at.all)
    raise unheard_of  # type: ignore[name-defined]  # noqa: F821


def make_error(text: str) -> Exception:
    return NotFoundException(text)


# Let on --------------------------------------------------------------------------------------------------------------


def lets_on() -> None:
    try:
        find()
    except NotFoundException:
        raise


def lets_on_by_name() -> None:
    try:
        find()
    except NotFoundException as exc:
        if SURE:
            raise exc


def catches_another() -> None:
    try:
        find()
    except ForbiddenException:
        return
    else:
        raise Teapot()
    finally:
        Store.count()


def statuses(function: Callable[..., Any]) -> "list[Optional[int]]":
    return sorted((raised.status for raised in raised_by(function)), key=lambda status: status or 0)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (by_number, [404]),
        (by_name, [404]),
        (by_class, [404]),
        (of_a_module, [404]),
        (from_another, [404]),
        (assigned_before, [404]),
        (one_of_two, [400, 404]),
        (made_once, [423]),
        (with_own_status, [418]),
        (foreign, [409]),
        (unknown_status, [None]),
        (in_a_loop, [404]),
        (calls, [404]),
        (calls_and_calls, [404]),
        (calls_a_method, [404]),
        (calls_on_a_class, [400, 403]),
        (makes_one, [423]),
        (decorated, [404, 409]),
        (goes_in_circles, [404]),
        (other_errors, []),
        (not_an_answer, []),
        (caught, []),
        (caught_of_several, []),
        (caught_bare, []),
        (suppressed, []),
        (runs_by_itself, []),
        (of_other_packages, []),
        (only_defines, []),
        (cannot_be_told, []),
        (lets_on, [404]),
        (lets_on_by_name, [404]),
        (catches_another, [400, 404, 418]),
        (Opened, [423]),
        (Store(), [418]),
        (Store().get, [404]),
        (Store.open, [403]),
        (functools.partial(calls_a_method, Store()), [404]),
        (print, []),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__) if callable(value) else "",
)
def test_what_a_function_may_answer(function: Callable[..., Any], expected: "list[Optional[int]]") -> None:
    assert statuses(function) == expected


def test_the_place_is_that_of_the_raise() -> None:
    (raised,) = raised_by(calls)
    assert raised.file == __file__
    assert raised.line == find.__code__.co_firstlineno + 1
    assert raised.kind is NotFoundException


def test_what_stands_around_a_function_is_known() -> None:
    def make(kind: "type[HTTPException]") -> Callable[[], None]:
        def check() -> None:
            raise kind()

        return check

    assert statuses(make(ForbiddenException)) == [403]


def test_a_function_without_source_is_passed_over() -> None:
    names: dict[str, Any] = {}
    exec("def made():\n    raise ValueError\n", names)
    assert raised_by(names["made"]) == []
