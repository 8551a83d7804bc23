"""Case 72 (CVE-2026-103655, CVE-2021-43177): what may be used once is used once, and tries are counted per account.

There are no one-time codes in the core. What is tested here is what they will stand on: a store that lets exactly one
of many through, in any number of processes, and limits that a login begun anew does not escape.
"""

import asyncio
import os
import subprocess
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Iterator, List, Optional

import pytest

from microframe import Application, Request
from microframe.middleware.rate_limit import Limit
from microframe.middleware.sessions import SessionMiddleware
from microframe.sessions import Session
from microframe.store import Store
from microframe.stores.memory import MemoryStore
from microframe.stores.redis import RedisStore
from microframe.testing import AsyncTestClient, TestClient
from tests.security.once_process import WAYS, accept
from tests.servers import RedisServer, redis_server

SOURCES = Path(__file__).parents[2]
TRIES = 20


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


# Once ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", sorted(WAYS))
async def test_of_twenty_tries_at_once_one_is_accepted(way: str) -> None:
    store = MemoryStore()
    for step in (41, 42):
        accepted = await asyncio.gather(*(WAYS[way](store, step) for _ in range(TRIES)))
        assert accepted.count(True) == 1


@pytest.mark.parametrize("way", sorted(WAYS))
def test_of_twenty_tries_in_twenty_threads_one_is_accepted(way: str) -> None:
    store = MemoryStore()
    accepted: List[bool] = []
    together = threading.Barrier(TRIES)

    def try_once() -> None:
        together.wait()
        accepted.append(asyncio.run(WAYS[way](store, 41)))

    threads = [threading.Thread(target=try_once) for _ in range(TRIES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(accepted), accepted.count(True)) == (TRIES, 1)


def test_of_twenty_tries_in_each_of_two_processes_one_is_accepted(redis: RedisServer) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(SOURCES), str(SOURCES / "src")])}
    command = [sys.executable, "-m", "tests.security.once_process", redis.url]
    with ExitStack() as stack:
        running = [stack.enter_context(started(command, environment)) for _ in range(2)]
        assert [line_of(process) for process in running] == ["ready", "ready"]
        for way in sorted(WAYS):
            for step in range(41, 46):
                for process in running:
                    say(process, f"{way} {step} {TRIES}")
                assert sum(int(line_of(process)) for process in running) == 1, (way, step)
        # An earlier step than the last one accepted is over, whoever asks.
        for process in running:
            say(process, f"accept 44 {TRIES}")
        assert [line_of(process) for process in running] == ["0", "0"]
        for process in running:
            process.communicate(timeout=20)


def started(command: List[str], environment: Any) -> "subprocess.Popen[str]":
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, stdin=pipe, stdout=pipe, text=True, env=environment, cwd=SOURCES, bufsize=1
    )


def say(process: "subprocess.Popen[str]", line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{line}\n")
    process.stdin.flush()


def line_of(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


async def test_an_earlier_step_than_the_last_one_is_refused() -> None:
    store: Store = MemoryStore()
    assert [await accept(store, step) for step in (41, 41, 40, 43, 42, 43, 44)] == [
        *(True, False, False, True, False, False, True)
    ]


# Five wrong ones -----------------------------------------------------------------------------------------------------


async def account_of(request: Any) -> Optional[str]:
    return str(request.path_params["account"])


def build(store: Store) -> Application:
    """A login that asks for a code: five tries an account, whatever else is begun anew."""
    app = Application(store=store, title="app", environment="test", trusted_proxies=["10.0.0.0/8"])
    app.add_middleware(SessionMiddleware, server_side=True)
    tries = Limit("5/15 minutes", by=account_of, name="code", fail_closed=True)

    @app.post("/login/{account}")
    async def begin(session: Session, account: str) -> None:
        session.rotate()
        session["account"] = account

    @app.post("/code/{account}/{code}", limit=tries, csrf=False)
    async def check(request: Request, account: str, code: int) -> bool:
        return code == 424242

    return app


async def statuses(app: Application, account: str, count: int) -> List[int]:
    """Tries, each with a login begun anew: another session, another address, another browser."""
    found = []
    for number in range(count):
        client = AsyncTestClient(app, client=(f"203.0.113.{number + 1}", 5000))
        await client.post(f"/login/{account}")
        headers = {"user-agent": f"browser {number}", "x-forwarded-for": f"198.51.100.{number}"}
        found.append((await client.post(f"/code/{account}/{number}", headers=headers)).status_code)
    return found


@pytest.mark.parametrize("where", ["memory", "redis"])
async def test_after_five_wrong_codes_a_login_begun_anew_helps_nobody(where: str, redis: RedisServer) -> None:
    store: Any = MemoryStore() if where == "memory" else RedisStore(redis.url, timeout=20)
    app = build(store)
    assert await statuses(app, "ann", 8) == [200] * 5 + [429] * 3
    # Nobody is locked out with her, and the right code comes too late as well.
    assert await statuses(app, "ben", 5) == [200] * 5
    assert (await AsyncTestClient(app).post("/code/ann/424242")).status_code == 429
    await store.close()


async def test_nor_does_an_application_begun_anew(redis: RedisServer) -> None:
    first = RedisStore(redis.url, timeout=20)
    assert await statuses(build(first), "cleo", 4) == [200] * 4
    await first.close()
    second = RedisStore(redis.url, timeout=20)
    assert await statuses(build(second), "cleo", 3) == [200, 429, 429]
    await second.close()


async def test_of_twenty_wrong_codes_at_once_five_are_looked_at() -> None:
    app = build(MemoryStore())
    asked = [AsyncTestClient(app).post(f"/code/ann/{number}") for number in range(TRIES)]
    found = [answer.status_code for answer in await asyncio.gather(*asked)]
    assert (found.count(200), found.count(429)) == (5, TRIES - 5)


def test_tries_refill_when_their_window_is_over() -> None:
    now = [0.0]
    client = TestClient(build(MemoryStore(clock=lambda: now[0])))
    assert [client.post("/code/ann/1").status_code for _ in range(6)] == [200] * 5 + [429]
    now[0] += 15 * 60
    assert client.post("/code/ann/424242").json() is True
