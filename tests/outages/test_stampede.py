"""Stampede: what a thousand clients want at once, and nobody has, is made once, with the store and without (F-24)."""

import asyncio
from typing import List

import pytest

from tests.outages.program import build
from tests.outages.traffic import Got, Line
from tests.servers import redis_server
from tests.wire import served

each_path = pytest.mark.parametrize("path", ["/answer/new", "/value/new"])
each_state = pytest.mark.parametrize("is_there", [True, False], ids=["there", "away"])


async def stampede(path: str, is_there: bool, clients: int) -> None:
    with redis_server() as server:
        app, origin = build(server.url, timeout=20.0)
        with served(app) as web:
            lines = [Line(web.port) for _ in range(clients)]
            for line in lines:
                assert (await line.ask("GET", "/plain", {})).status == 200
            if not is_there:
                server.stop()
                for _ in range(5):  # it is known by now that it is away
                    assert (await lines[0].ask("POST", "/publish", {})).status == 503
            # The origin is not done before everybody has asked.
            origin.waits_for = origin.received + clients
            found: List[Got] = await asyncio.gather(*(line.ask("GET", path, {}) for line in lines))
            for line in lines:
                line.close()
    key = path.strip("/").replace("/", " ")
    assert {(got.status, got.body) for got in found} == {(200, f'"{key}"'.encode())}
    assert origin.made[key] == 1


@each_path
@each_state
async def test_what_a_hundred_clients_want_at_once_is_made_once(path: str, is_there: bool) -> None:
    await stampede(path, is_there, clients=100)


@pytest.mark.soak
@each_path
@each_state
async def test_what_a_thousand_clients_want_at_once_is_made_once(path: str, is_there: bool) -> None:
    await stampede(path, is_there, clients=1_000)
