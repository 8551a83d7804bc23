"""Case 85: cancelled at any turn of the event loop, what was done is done once, and what was forgotten is not back."""

from typing import Any, Iterable, List, Optional

import pytest

from microframe import Application, Cache
from microframe.caching import ResponseCache, Shelf
from microframe.store import StoreUnavailable
from tests.scopes import call
from tests.stores.pausing import Cut, PausingStore, at_each_turn

pytestmark = pytest.mark.virtual_time

KEY = ("idempotency-key", "one")


class Board:
    """What an application shows, and how often it was changed."""

    def __init__(self) -> None:
        self.shown = "old"
        self.changes = 0
        self.app = Application(store=PausingStore())

    def with_cache(self) -> "Board":
        self.app.get("/shown", cache=Cache(max_age=60, tags=("shown",)))(self.show)
        self.app.put("/shown")(self.change)
        self.app.get("/changing", cache=Cache(max_age=60, tags=("shown",)))(self.show_what_changes)
        return self

    async def with_key(self) -> "Board":
        self.app.post("/once", idempotency=True)(self.change)
        await call(self.app, "/once", ("idempotency-key", "first"), method="POST")  # the store is there then
        self.changes = 0
        return self

    async def show(self) -> str:
        return self.shown

    async def change(self) -> str:
        self.changes += 1
        self.shown = "new"
        return "changed"

    async def show_what_changes(self, cache: ResponseCache) -> str:
        seen = self.shown
        if not self.changes:
            await self.change()
            await cache.forget_tags("shown")
        return seen

    async def ask(self, path: str, method: str = "GET") -> Any:
        return (await call(self.app, path, KEY, method=method)).json


async def test_what_has_run_does_not_run_again_for_the_same_key_and_leaves_no_lock() -> None:
    async def check(cut: Cut) -> None:
        board = await Board().with_key()
        await cut(board.ask("/once", "POST"))
        assert await board.ask("/once", "POST") == "changed"
        assert board.changes == 1

    assert await at_each_turn(check) > 3


async def test_what_was_forgotten_while_it_was_made_is_not_kept() -> None:
    async def check(cut: Cut) -> None:
        board = Board().with_cache()
        await cut(board.ask("/changing"))
        if board.changes:
            assert await board.ask("/changing") == "new"

    assert await at_each_turn(check) > 3


async def test_what_was_changed_is_forgotten() -> None:
    async def check(cut: Cut) -> None:
        board = Board().with_cache()
        assert await board.ask("/shown") == "old"
        await cut(board.ask("/shown", "PUT"))
        assert await board.ask("/shown") == board.shown

    assert await at_each_turn(check) > 3


class LosingStore(PausingStore):
    """Does what it is asked, and once says that it could not."""

    is_losing = False

    async def set_tagged(
        self, key: str, value: bytes, tags: Iterable[str], *, ttl: Optional[float] = None
    ) -> str:
        version: str = await super().set_tagged(key, value, tags, ttl=ttl)
        if self.is_losing:
            self.is_losing = False
            raise StoreUnavailable("the answer was lost")
        return version


async def test_what_may_be_kept_and_may_have_been_forgotten_is_not_there() -> None:
    store = LosingStore()
    shelf = Shelf(store, store, store, "app:answers")
    tags: List[str] = ["tag"]
    mark = await shelf.mark("board", tags)
    await shelf.forget(tags)
    store.is_losing = True
    assert await shelf.keep("board", b"old", tags, 60, mark) is None
    assert await shelf.find("board") is None
