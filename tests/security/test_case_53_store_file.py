"""Case 53: the file of a store is its owner's alone, whatever the umask (CVE-2026-25674, CVE-2020-24583)."""

import asyncio
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from microframe.store import StoreUnavailable
from microframe.stores.sqlite import SQLiteStore
from tests.wire import LIMIT

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs modes of files")


@pytest.fixture(params=[0o000, 0o022, 0o277], ids=oct)
def _umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def modes(folder: Path) -> "dict[str, int]":
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


@pytest.mark.usefixtures("_umask")
async def test_every_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "board.db", timeout=LIMIT)
    await store.set("app:k", b"secret")
    found = modes(tmp_path)
    await store.close()
    assert found == {"board.db": 0o600, "board.db-wal": 0o600, "board.db-shm": 0o600}


def test_and_when_many_threads_begin_at_once(tmp_path: Path) -> None:
    def work() -> None:
        async def once() -> None:
            store = SQLiteStore(tmp_path / "board.db", timeout=LIMIT)
            await store.add("app:k")
            found.append(modes(tmp_path)["board.db"])
            await store.close()

        asyncio.run(once())

    found: list[int] = []
    before = os.umask(0)
    try:
        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        os.umask(before)
    assert found == [0o600] * 8


async def test_a_file_that_anybody_may_write_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "board.db"
    path.touch()
    path.chmod(0o666)
    store = SQLiteStore(path)
    with pytest.raises(StoreUnavailable, match=r"board\.db belongs to somebody else, or anybody may write"):
        await store.get("app:k")
    path.chmod(0o640)  # a group that reads it is somebody's decision
    assert await store.get("app:k") is None
    await store.close()


async def test_a_file_of_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "board.db"
    path.touch(mode=0o600)
    store = SQLiteStore(path)
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    with pytest.raises(StoreUnavailable, match="belongs to somebody else"):
        await store.get("app:k")
    await store.close()
