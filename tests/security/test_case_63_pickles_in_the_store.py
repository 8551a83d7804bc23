"""Case 63: a pickle that somebody has put into the store is not run (CVE-2021-33026, CVE-2025-61765)."""

import os
import pickle
from pathlib import Path
from typing import Any, Tuple

import pytest

from microframe.caching import Shelf
from microframe.plugins.cache import ValueCache, cached
from microframe.plugins.cache.values import MAGIC
from microframe.stores.memory import MemoryStore
from tests.caching.origin import Origin


class Payload:
    """Makes a folder when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self) -> Tuple[Any, Any]:
        return os.mkdir, (self.path,)


class Poisoned(MemoryStore):
    """A store whose every value is somebody else's."""

    payload = b""

    async def set_tagged(self, key: str, value: bytes, *given: Any, **more: Any) -> str:
        return await super().set_tagged(key, self.payload if value else value, *given, **more)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
async def test_a_pickle_in_the_place_of_an_answer_is_ignored_with_a_warning(
    protocol: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = Poisoned()
    store.payload = pickle.dumps(Payload(tmp_path / "proof"), protocol)
    origin = Origin(store=store)
    assert (await origin.ask()).body == b"answer 1"
    assert (await origin.ask()).body == b"answer 2"
    assert not (tmp_path / "proof").exists()
    assert "is no answer of ours" in caplog.text


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
async def test_a_pickle_in_the_place_of_a_value_is_ignored_with_a_warning(
    protocol: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made = []

    @cached(ttl=60)
    async def number() -> int:
        made.append(1)
        return 7

    for begin in (b"", MAGIC):
        store = Poisoned()
        store.payload = begin + pickle.dumps(Payload(tmp_path / "proof"), protocol)
        with ValueCache(Shelf(store, store, store, "app")).active():
            assert [await number(), await number()] == [7, 7]
    assert len(made) == 4
    assert not (tmp_path / "proof").exists()
    assert "is no value of ours" in caplog.text
    assert "is of another kind" in caplog.text
