"""F-15: what is small to send and dear to read is refused, and what is read takes time in proportion."""

import asyncio
import time
from pathlib import Path
from typing import Callable, Dict, Iterator

import pytest

from microframe import Application
from tests.conftest import close, new_loop
from tests.faults.bombs import BOMBS, HUGE, Bomb, build, drop
from tests.growth import assert_linear
from tests.wire import Served, served

LARGE = 100_000
FULL: Dict[str, int] = {
    "parameters of a query": 1_000_000,
    "names of a query": 1_000_000,
    "a long path": 1_000_000,
    "arrays in each other": 1_000_000,
    "objects in each other": 1_000_000,
    "digits": 1_000_000,
    "digits of a model": 1_000_000,
    "escapes of a form": 2_000_000,
    "gzip": 10_000,
    "deflate": 10_000,
}
"""Of what is counted in more than a hundred thousands."""
SLOWEST = 2.0
"""Seconds of processor time that one may take; only asked of a machine that is given time for it."""


def folder_in(path: Path) -> Path:
    (path / "a.bin").write_bytes(b"x" * 1000)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder_in(tmp_path_factory.mktemp("files"))


@pytest.fixture(scope="module")
def app(folder: Path) -> Application:
    return build(folder)


@pytest.mark.parametrize("kind", sorted(BOMBS))
async def test_a_bomb_is_refused_and_the_next_request_is_answered(kind: str, app: Application) -> None:
    found = await drop(app, BOMBS[kind](FULL.get(kind, LARGE)))
    assert 400 <= found.status < 500, found.body[:200]
    assert found.headers["content-type"] == "application/problem+json"
    assert len(found.body) < 200_000
    assert (await drop(app, Bomb())).status == 200


@pytest.fixture(scope="module")
def server(app: Application) -> Iterator[Served]:
    with served(app) as running:
        yield running


@pytest.mark.parametrize("kind", sorted(BOMBS))
def test_a_real_server_survives_a_bomb(kind: str, server: Served) -> None:
    bomb = BOMBS[kind](20_000)
    lines = [f"{name}: {value}" for name, value in bomb.headers]
    head = [f"{bomb.method} {bomb.path} HTTP/1.1", "Host: testserver", *lines]
    if bomb.body:
        head.append(f"Content-Length: {len(bomb.body)}")
    try:
        answer = server.ask("\r\n".join([*head, "", ""]).encode("latin-1") + bomb.body, bomb.method)
        assert answer.status < 500
    except OSError:
        pass  # the server has heard enough, and closed
    assert server.get("/").status == 200


# Read to its end -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def open_app(folder: Path) -> Application:
    return build(folder, **HUGE)


@pytest.fixture(scope="module")
def run(open_app: Application) -> Iterator[Callable[[Bomb], int]]:
    """What sends a bomb to an application that has no limits, on a loop that is there already."""
    loop = new_loop()
    asyncio.set_event_loop(loop)
    try:
        yield lambda bomb: loop.run_until_complete(drop(open_app, bomb)).status
    finally:
        close(loop)


@pytest.mark.parametrize("kind", sorted(BOMBS))
def test_what_is_read_takes_time_in_proportion(kind: str, run: Callable[[Bomb], int]) -> None:
    def read(bomb: Bomb) -> None:
        assert run(bomb) < 500

    assert_linear(BOMBS[kind], read, 2000)


# With full counts ----------------------------------------------------------------------------------------------------


@pytest.mark.soak
async def test_no_bomb_costs_much(app: Application) -> None:
    """The largest figures are printed, for docs/RELIABILITY.md; only what is far beyond them fails."""
    seconds: Dict[str, float] = {}
    for kind in sorted(BOMBS):
        bomb = BOMBS[kind](FULL.get(kind, LARGE))
        await drop(app, bomb)
        start = time.process_time()
        found = await drop(app, bomb)
        seconds[kind] = time.process_time() - start
        assert 400 <= found.status < 500, kind
    for kind, took in sorted(seconds.items(), key=lambda pair: -pair[1])[:10]:
        print(f"{kind}: {took * 1000:.1f} ms of processor time")
    assert max(seconds.values()) < SLOWEST
