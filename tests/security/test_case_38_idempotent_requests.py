"""Case 38: a key by which a request may be sent again opens no way around the limits on what is kept and read."""

from typing import List

import pytest

from microframe import Application, PlainTextResponse, Request, Response
from microframe.stores.memory import MemoryStore
from microframe.testing import AsyncTestClient
from tests.scopes import call

LIMIT = 1_000


def build(store: MemoryStore, runs: List[int]) -> Application:
    app = Application(max_body_size=LIMIT, store=store)

    @app.post("/", idempotency=True)
    async def add(request: Request) -> Response:
        runs.append(len(await request.body()))
        return PlainTextResponse("x" * int(request.query_params.get("size", "1")))

    return app


async def test_a_body_over_the_limit_is_refused_before_it_is_read() -> None:
    runs: List[int] = []
    app = build(MemoryStore(), runs)
    declared = await call(
        app, "/", ("idempotency-key", "a"), ("content-length", "5000"), method="POST", body=[b"x"] * 5000
    )
    chunked = await call(app, "/", ("idempotency-key", "a"), method="POST", body=[b"x" * 100] * 500)
    assert (declared.status, chunked.status, runs) == (413, 413, [])
    assert declared.taken <= 1
    assert chunked.taken <= LIMIT // 100 + 1


async def test_what_is_kept_of_many_keys_is_bounded() -> None:
    runs: List[int] = []
    store = MemoryStore(max_entries=50, max_bytes=200_000)
    client = AsyncTestClient(build(store, runs))
    for number in range(200):
        answer = await client.post("/?size=10000", headers={"idempotency-key": f"{number}"})
        assert answer.status_code == 200
        assert store.size <= 200_000
        assert len(store) <= 50


@pytest.mark.parametrize("header", ["idempotency-key", "authorization", "cookie"])
async def test_nothing_that_a_client_sends_makes_what_is_kept_longer(header: str) -> None:
    runs: List[int] = []
    sizes = []
    for length in (1, 200):
        store = MemoryStore()
        headers = {"idempotency-key": "k", header: "x" * length}
        await AsyncTestClient(build(store, runs)).post("/", headers=headers)
        sizes.append(store.size)
    assert sizes[0] == sizes[1]
