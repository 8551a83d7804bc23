"""Idempotency over real connections, and from many threads."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Dict, List

from microframe import Application, Request
from microframe.testing import TestClient
from tests.wire import served

AT_ONCE = 100
BODY = b'{"amount":1}'


def payments(runs: List[str]) -> Application:
    app = Application()

    @app.post("/payments", idempotency=True)
    async def pay(payment: Dict[str, int], request: Request) -> int:
        runs.append(request.headers.get("authorization", ""))
        number = len(runs)
        await asyncio.sleep(0.1)
        return number

    return app


async def ask(port: int, key: str, token: str) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    lines = [
        "POST /payments HTTP/1.1",
        "Host: testserver",
        "Connection: close",
        f"Content-Length: {len(BODY)}",
        "Content-Type: application/json",
        f"Idempotency-Key: {key}",
        f"Authorization: Bearer {token}",
    ]
    writer.write("\r\n".join([*lines, "", ""]).encode() + BODY)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def test_a_hundred_clients_at_once_run_it_once() -> None:
    runs: List[str] = []
    with served(payments(runs)) as server:
        answers = await asyncio.gather(*(ask(server.port, "one", "ada") for _ in range(AT_ONCE)))
        assert len(runs) == 1
        assert all(answer.startswith(b"HTTP/1.1 200") and answer.endswith(b"\r\n\r\n1") for answer in answers)
        assert sum(b"idempotency-replayed: true" in answer.lower() for answer in answers) == AT_ONCE - 1


async def test_a_key_of_each_client_runs_for_each() -> None:
    runs: List[str] = []
    with served(payments(runs)) as server:
        tokens = [f"user-{number % 20}" for number in range(AT_ONCE)]
        answers = await asyncio.gather(*(ask(server.port, "one", token) for token in tokens))
    assert sorted(runs) == sorted(f"Bearer user-{number}" for number in range(20))
    for token, answer in zip(tokens, answers):
        assert json.loads(answer.partition(b"\r\n\r\n")[2]) == runs.index(f"Bearer {token}") + 1


def test_threads_with_one_client_run_it_once() -> None:
    runs: List[str] = []
    with TestClient(payments(runs)) as client, ThreadPoolExecutor(10) as pool:
        headers = {"Idempotency-Key": "one", "Content-Type": "application/json"}
        waiting = [pool.submit(client.post, "/payments", content=BODY, headers=headers) for _ in range(30)]
        assert {one.result().json() for one in waiting} == {1}
    assert len(runs) == 1
