"""Redis at its limits: it is not there at the start, has no memory left, or asks too much patience of too many."""

import asyncio
from typing import List

from tests.fault_proxy import fault_proxy
from tests.outages.kinds import everything, visitor
from tests.outages.program import build
from tests.outages.traffic import Got, Line
from tests.servers import redis_server
from tests.wire import served

FULL = {"login": 503, "stranger": 200, "answer": 200, "value": 200, "limited": 200, "pay": 503}
"""What is answered where nothing more can be kept."""


async def ask_once(port: int, visitor: "dict[str, str]") -> "dict[str, Got]":
    """Everything that the program can do, one after the other."""
    found = {}
    for kind in everything(visitor):
        line = Line(port)
        headers = {**kind.headers, **({"idempotency-key": "k"} if kind.is_single else {})}
        found[kind.name] = await line.ask(kind.method, kind.path.format(number=1), headers)
        line.close()
    return found


async def test_an_application_starts_without_its_redis_and_finds_it_later() -> None:
    with redis_server() as server:
        server.stop()
        app, _ = build(server.url, timeout=10.0)
        with served(app) as web:
            nobody = {"cookie": "session=unknown", "x-csrf-token": "none"}
            found = await ask_once(web.port, nobody)
            assert (
                found.pop("form").status == 403
            )  # without the cookie that belongs to it, no token is looked at
            for kind in everything(nobody):
                if kind.name not in found:
                    continue
                assert found[kind.name].status in kind.away, (kind.name, found[kind.name])
            server.start()
            for _ in range(500):
                line = Line(web.port)
                got = await line.ask("POST", "/login/ann", {})
                line.close()
                if got.status == 200:
                    break
                await asyncio.sleep(0.02)
            found = await ask_once(web.port, await visitor(web.port))
            for kind in everything(nobody):
                assert found[kind.name].status in kind.usual, (kind.name, found[kind.name])


async def test_a_redis_without_memory_is_answered_like_one_that_is_away() -> None:
    with redis_server() as server:
        app, _ = build(server.url, timeout=10.0)
        with served(app) as web:
            known = await visitor(web.port)
            line = Line(web.port)
            store = build(server.url, timeout=10.0)[0].store
            await store._ask(lambda redis: redis.config_set("maxmemory", "1"))  # type: ignore[attr-defined]
            found = await ask_once(web.port, known)
            assert {name: found[name].status for name in FULL} == FULL
            assert found["session"].status == 200  # what is there can be read
            await store._ask(lambda redis: redis.config_set("maxmemory", "0"))  # type: ignore[attr-defined]
            assert (await line.ask("POST", "/login/ben", {})).status == 200
            line.close()
            await store.close()


async def test_however_many_ask_a_silent_redis_only_a_few_wait_for_it() -> None:
    with redis_server() as server, fault_proxy(server.port) as proxy:
        app, _ = build(proxy.url)
        with served(app) as web:
            proxy.fall_silent()
            lines = [Line(web.port) for _ in range(50)]
            statuses: List[int] = []

            async def ask(line: Line) -> None:
                for _ in range(20):
                    statuses.append((await line.ask("POST", "/publish", {})).status)

            await asyncio.gather(*(ask(line) for line in lines))
            for line in lines:
                line.close()
            assert statuses == [503] * 1_000
            # Those that were on their way when it fell silent, and one each half second from then on.
            assert proxy.accepted <= 100
