"""Cached functions: what is remembered, for whom and for how long, and how it is forgotten."""

import asyncio
import datetime as dt
import enum
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Dict, List, Optional, Tuple, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from microframe import Application, Depends, HTTPException, Request, SetupError, WebSocket
from microframe.caching import Shelf
from microframe.exceptions import ClientDisconnect
from microframe.plugins.cache import CachePlugin, Remembering, ValueCache, cached
from microframe.plugins.cache.arguments import Escaping, part_of
from microframe.stores.memory import MemoryStore
from microframe.testing import AsyncTestClient, TestClient
from tests.caching.origin import Clock
from tests.caching.test_responses import Away
from tests.scopes import call

pytestmark = pytest.mark.virtual_time


def make_cache(store: Optional[MemoryStore] = None) -> ValueCache:
    store = MemoryStore() if store is None else store
    return ValueCache(Shelf(store, store, store, "test:values"))


@dataclass
class Card:
    id: int
    title: str
    due: Optional[dt.date] = None


class Board(BaseModel):
    id: int
    name: str = Field(alias="boardName")


async def test_a_result_is_remembered_until_its_time_is_over() -> None:
    clock, called = Clock(), []

    @cached(ttl=60, jitter=0)
    async def card(number: int, *, title: str = "x") -> Card:
        called.append(number)
        return Card(number, title, dt.date(2026, 1, 1))

    with make_cache(MemoryStore(clock=clock)).active():
        assert await card(7) == Card(7, "x", dt.date(2026, 1, 1))
        assert await card(number=7, title="x") == await card(7) == Card(7, "x", dt.date(2026, 1, 1))
        assert called == [7]
        assert (await card(7, title="y")).title == "y"
        clock.turn(60)
        await card(7)
    assert called == [7, 7, 7]


async def test_without_a_cache_a_function_is_simply_called() -> None:
    called = []

    @cached(ttl=60)
    async def number(one: object) -> int:
        called.append(one)
        return 1

    assert [await number(object()), await number(object())] == [1, 1]
    assert len(called) == 2
    with pytest.raises(RuntimeError, match="nothing can be forgotten"):
        await number.forget(1)


async def test_everybody_gets_a_copy() -> None:
    made: List[Dict[str, List[int]]] = []

    @cached(ttl=60)
    async def lists() -> Dict[str, List[int]]:
        await asyncio.sleep(0)
        made.append({"a": [1]})
        return made[0]

    with make_cache().active():
        found = await asyncio.gather(*[lists() for _ in range(3)])
        found[0]["a"].append(2)
        made[0]["a"].append(3)
        assert found[1:] == [{"a": [1]}, {"a": [1]}]
        assert await lists() == {"a": [1]}
    assert len(made) == 1


async def test_a_thousand_misses_at_once_are_one_call() -> None:
    count = 0

    @cached(ttl=60)
    async def slow() -> int:
        nonlocal count
        count += 1
        await asyncio.sleep(0.01)
        return count

    with make_cache().active():
        assert set(await asyncio.gather(*[slow() for _ in range(1000)])) == {1}


async def test_an_exception_is_raised_to_all_who_wait_and_not_kept() -> None:
    count = 0

    @cached(ttl=60)
    async def shaky() -> int:
        nonlocal count
        count += 1
        await asyncio.sleep(0.005)
        if count == 1:
            raise LookupError("away")
        return count

    with make_cache().active():
        found = await asyncio.gather(*[shaky() for _ in range(100)], return_exceptions=True)
        assert {str(one) for one in found} == {"away"}
        assert await shaky() == 2
    depth, trace = 0, cast(BaseException, found[-1]).__traceback__
    while trace is not None:
        depth, trace = depth + 1, trace.tb_next
    assert depth < 20


@pytest.mark.parametrize("leaving", ["cancelled", "disconnected"])
async def test_a_caller_that_leaves_takes_nobody_along(leaving: str) -> None:
    count = 0

    @cached(ttl=60)
    async def slow() -> int:
        nonlocal count
        count += 1
        mine = count
        await asyncio.sleep(0.3)
        if leaving == "disconnected" and mine == 1:
            raise ClientDisconnect()
        return mine

    with make_cache().active():
        callers = [asyncio.ensure_future(slow()) for _ in range(5)]
        await asyncio.sleep(0.01)
        callers[3].cancel()
        if leaving == "cancelled":
            callers[0].cancel()
        found = await asyncio.gather(*callers, return_exceptions=True)
    assert isinstance(found[0], asyncio.CancelledError if leaving == "cancelled" else ClientDisconnect)
    assert isinstance(found[3], asyncio.CancelledError)
    assert [found[1], found[2], found[4], count] == [2, 2, 2, 2]


async def test_none_is_remembered_only_on_request() -> None:
    clock, called = Clock(), []

    @cached(ttl=60)
    async def forgetful(number: int) -> Optional[int]:
        called.append("forgetful")
        return None

    @cached(ttl=60, negative_ttl=5, jitter=0)
    async def careful(number: int) -> Optional[int]:
        called.append("careful")
        return None

    with make_cache(MemoryStore(clock=clock)).active():
        for function in (forgetful, forgetful, careful, careful):
            assert await function(1) is None
        clock.turn(5)
        await careful(1)
    assert called == ["forgetful", "forgetful", "careful", "careful"]


def test_what_was_made_together_does_not_end_together() -> None:
    how = Remembering(100, 0.2)
    seconds = [how.seconds(1) for _ in range(200)]
    assert all(one is not None and 80 <= one <= 100 for one in seconds)
    assert len(set(seconds)) > 100
    assert Remembering(100, 0).seconds(1) == 100
    assert Remembering(100, 0).seconds(None) is None


# Forgetting ----------------------------------------------------------------------------------------------------------


async def test_values_are_forgotten_by_arguments_key_tag_and_prefix() -> None:
    called: List[Any] = []

    @cached(ttl=60, key="board:{board_id}:{part}", tags=("part:{part}", "boards"))
    async def board(board_id: int, part: str, unimportant: object = None) -> str:
        called.append((board_id, part))
        return part

    cache = make_cache()

    async def made() -> List[Any]:
        called.clear()
        for number, part in ((7, "cards"), (7, "members"), (70, "cards")):
            await board(number, part, object())
        return [*called]

    with cache.active():
        everything = await made()
        assert (len(everything), await made()) == (3, [])
        await board.forget(7, "cards")
        assert await made() == [(7, "cards")]
        await cache.forget("board:7:members", "board:7")
        assert await made() == [(7, "members")]
        await cache.forget_prefix("board:7:")
        assert await made() == [(7, "cards"), (7, "members")]
        await cache.forget_tags("part:cards")
        assert await made() == [(7, "cards"), (70, "cards")]
        await cache.forget_prefix("board")
        assert await made() == everything
        await cache.forget_tags("boards")
        assert await made() == everything
    with pytest.raises(ValueError, match="up to 16 parts"):
        await cache.forget_prefix("a:" * 16 + "b")


async def test_all_values_of_a_function_are_forgotten_by_its_name() -> None:
    called: List[int] = []

    @cached(ttl=60)
    async def numbers(one: int) -> int:
        called.append(one)
        return one

    cache = make_cache()
    with cache.active():
        await numbers(1), await numbers(2)
        await cache.forget_prefix(f"{__name__}.{numbers.__qualname__}")  # type: ignore[attr-defined]
        await numbers(1), await numbers(2)
    assert called == [1, 2, 1, 2]


async def test_what_is_forgotten_while_it_is_made_is_not_kept() -> None:
    value, started, go = 1, asyncio.Event(), asyncio.Event()

    @cached(ttl=60)
    async def slow() -> int:
        mine = value
        started.set()
        await go.wait()
        return mine

    with make_cache().active():
        early = asyncio.ensure_future(slow())
        await started.wait()
        value = 2
        await slow.forget()
        late = asyncio.ensure_future(slow())
        await asyncio.sleep(0)
        go.set()
        assert [await early, await late, await slow()] == [1, 2, 2]


# Keys ----------------------------------------------------------------------------------------------------------------


class Color(enum.Enum):
    RED = 1


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.binary(max_size=5)
    | st.floats(allow_nan=False),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=6,
)


def typed(value: Any) -> Any:
    """A value that is equal only to one of the same types."""
    if isinstance(value, (list, tuple)):
        return type(value), [typed(one) for one in value]
    if isinstance(value, dict):
        return dict, {key: typed(one) for key, one in value.items()}
    return type(value), repr(value)


@given(PLAIN, PLAIN)
def test_different_arguments_have_different_keys(left: Any, right: Any) -> None:
    assert (part_of(left) == part_of(right)) == (typed(left) == typed(right))


@given(st.text(max_size=6), st.text(max_size=6), st.text(max_size=6), st.text(max_size=6))
def test_arguments_in_a_template_do_not_look_like_its_parts(a: str, b: str, c: str, d: str) -> None:
    escaping = Escaping()
    left, right = escaping.format("x:{}:{}", a, b), escaping.format("x:{}:{}", c, d)
    assert (left == right) == ((a, b) == (c, d))
    assert left.count(":") == 2


def test_all_plain_values_can_be_arguments() -> None:
    values: List[Any] = [
        *(Color.RED, uuid.UUID(int=1), Decimal("1.0"), dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc)),
        *(dt.date(2026, 1, 1), dt.timedelta(1), {1, 2}, frozenset(["a"]), {"a": [1]}, float("nan")),
    ]
    assert len({part_of(value) for value in values}) == len(values)
    assert part_of({1, 2, 3}) == part_of({3, 2, 1})
    assert part_of({"a": 1, "b": 2}) == part_of({"b": 2, "a": 1})


async def test_an_argument_without_a_key_is_named() -> None:
    @cached(ttl=60)
    async def number(one: int, session: object) -> int:
        return one

    with (
        make_cache().active(),
        pytest.raises(TypeError, match=r"session of .*number .* is a builtins\.object"),
    ):
        await number(1, object())


async def test_a_key_may_be_a_function_of_the_arguments() -> None:
    called: List[Any] = []

    @cached(ttl=60, key=lambda card, session: f"card:{card.id}")
    async def title(card: Card, session: object = None) -> str:
        called.append(card.id)
        return card.title

    with make_cache().active():
        assert await title(Card(1, "a"), object()) == await title(Card(1, "b"), object()) == "a"
        assert await title(Card(2, "b")) == "b"
    assert called == [1, 2]


# Kinds of values -----------------------------------------------------------------------------------------------------


async def test_values_come_back_as_what_the_function_says() -> None:
    @cached(ttl=60)
    async def pair() -> Tuple[int, "Later"]:
        return 1, Later("x")

    with make_cache().active():
        assert [await pair(), await pair()] == [(1, Later("x"))] * 2


@dataclass
class Later:
    name: str


async def test_a_value_that_cannot_be_kept_and_read_again_is_a_mistake() -> None:
    @cached(ttl=60)
    async def number() -> int:
        return cast(int, "many")

    with make_cache().active(), pytest.raises(TypeError, match="cannot be kept and read again"):
        await number()


async def test_a_value_of_another_kind_is_made_anew(caplog: pytest.LogCaptureFixture) -> None:
    cache = make_cache()
    how = Remembering(60)

    async def text() -> str:
        return "seven"

    async def number() -> int:
        return 7

    assert await cache.remember("key", str, text, how) == "seven"
    assert await cache.remember("key", int, number, how, ["tag"]) == 7
    assert await cache.remember("key", int, number, how) == 7
    assert [record.message.split("under")[0] for record in caplog.records] == ["what is kept "] * 2


async def test_models_are_kept_under_the_names_that_they_are_sent_by() -> None:
    @cached(ttl=60)
    async def board() -> Board:
        return Board(id=1, boardName="x")

    with make_cache().active():
        assert await board() == await board() == Board(id=1, boardName="x")


# Mistakes ------------------------------------------------------------------------------------------------------------


async def untyped(one):  # type: ignore[no-untyped-def]
    return one


def blocking() -> int:
    return 1


async def fine(one: int) -> int:
    return one


async def yielding() -> Any:
    yield 1


@pytest.mark.parametrize(
    ("options", "function", "words"),
    [
        ({}, untyped, "must say what it returns"),
        ({}, blocking, "must be an async function"),
        ({}, yielding, "must be an async function"),
        ({"key": "x:{two}"}, fine, "has no argument 'two'"),
        ({"key": "x:{}"}, fine, "has no argument ''"),
        ({"tags": ["x:{two.id}"]}, fine, "has no argument 'two.id'"),
        ({"tags": "x"}, fine, "takes several tags"),
        ({"ttl": 0}, fine, "no time to remember"),
        ({"negative_ttl": -1}, fine, "no time to remember"),
        ({"ttl": float("inf")}, fine, "no time to remember"),
        ({"jitter": 1}, fine, "a part of the time"),
    ],
    ids=[*map(str, range(11))],
)
def test_a_mistake_is_told_where_it_is_written(options: Any, function: Any, words: str) -> None:
    with pytest.raises(SetupError, match=words):
        cached(**{"ttl": 60, **options})(function)


# In an application ---------------------------------------------------------------------------------------------------

CALLED: List[int] = []


@cached(ttl=60, key="member:{member_id}")
async def find_member(member_id: int, request: Request) -> Card:
    CALLED.append(member_id)
    if member_id == 13:
        raise HTTPException(404)
    return Card(member_id, "Ada")


def make_app(**options: Any) -> Application:
    CALLED.clear()
    app = Application(title="Team", plugins=[CachePlugin()], **options)

    @app.get("/members/{member_id}")
    async def read(member: Card = Depends(find_member)) -> Card:
        return member

    @app.delete("/members/{member_id}")
    async def remove(member_id: int, cache: ValueCache) -> None:
        await cache.forget(f"member:{member_id}")

    @app.websocket("/live")
    async def live(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text(str(await number()))
        await socket.close()

    @cached(ttl=60)
    async def number() -> int:
        CALLED.append(0)
        return 0

    return app


def test_a_dependency_is_remembered_and_forgotten() -> None:
    with TestClient(make_app()) as client:
        for _ in range(2):
            assert client.get("/members/7").json() == {"id": 7, "title": "Ada", "due": None}
            assert client.get("/members/13").status_code == 404
        assert CALLED == [7, 13, 13]
        assert client.get("/members/x").status_code == 422
        client.delete("/members/7")
        client.get("/members/7")
        assert CALLED == [7, 13, 13, 7]


async def test_sockets_remember_too() -> None:
    async with AsyncTestClient(make_app()) as client:
        for _ in range(2):
            async with client.websocket_connect("/live") as socket:
                assert await socket.receive_text() == "0"
    assert CALLED == [0]


async def test_two_applications_remember_apart() -> None:
    one, two = make_app(), make_app()
    for app in (one, two, one, two):
        await call(app, "/members/7")
    assert CALLED == [7, 7]


async def test_a_setting_turns_it_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MICROFRAME_CACHE__ENABLED", "false")
    app = make_app()
    await call(app, "/members/7")
    await call(app, "/members/7")
    assert CALLED == [7, 7]


async def test_jobs_and_commands_have_the_same_values() -> None:
    app = make_app()
    await call(app, "/members/7")

    async def job(cache: ValueCache) -> None:
        with cache.active():
            assert await find_member(7, cast(Request, None)) == Card(7, "Ada")
            await find_member.forget(7, cast(Request, None))

    await app.call(job)
    await call(app, "/members/7")
    assert CALLED == [7, 7]


async def test_without_its_store_a_value_is_made_once_for_all_who_want_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = Away()
    store.is_away = True
    count = 0

    @cached(ttl=60)
    async def slow() -> int:
        nonlocal count
        count += 1
        await asyncio.sleep(0.01)
        return count

    with make_cache(store).active():
        assert set(await asyncio.gather(*[slow() for _ in range(50)])) == {1}
        assert await slow() == 2
        await slow.forget()
    assert caplog.records[0].message == "the cache is away, everything is made anew: away"
