"""Case 38 (CVE-2024-52581): bodies have a limit, a route may have another, and nothing is kept of a larger one."""

import tracemalloc
from typing import Annotated, Any, Dict

import pytest
from pydantic import BaseModel

from microframe import AppConfig, Application, Body, Controller, Depends, Request, Router, route
from microframe.http.request import DEFAULT_BODY_LIMIT
from microframe.testing import AsyncTestClient
from tests.security.test_case_33_bytes_are_counted import Server


class Model(BaseModel):
    text: str


async def echo(data: Annotated[bytes, Body()]) -> int:
    return len(data)


async def status_of(app: Application, path: str, size: int) -> int:
    return (await AsyncTestClient(app).post(path, content=b"a" * size)).status_code


async def test_the_default_is_ten_megabytes() -> None:
    assert AppConfig().max_body_size == DEFAULT_BODY_LIMIT == 10_000_000
    app = Application()
    app.post("/")(echo)
    assert await status_of(app, "/", 10_000_000) == 200
    assert await status_of(app, "/", 10_000_001) == 413


async def test_a_router_a_route_and_an_inclusion_may_have_their_own() -> None:
    app = Application(max_body_size=100)
    app.post("/application")(echo)
    app.post("/larger", max_body_size=1000)(echo)
    app.post("/smaller", max_body_size=10)(echo)
    router = Router("/router", max_body_size=50)
    router.post("/own")(echo)
    router.post("/larger", max_body_size=200)(echo)
    app.include_router(router)
    app.include_router(router, prefix="/again", max_body_size=70)

    @app.controller("/controller", max_body_size=30)
    class Upload(Controller):
        @route.post("/")
        async def own(self, data: Annotated[bytes, Body()]) -> int:
            return len(data)

    limits = {
        "/application": 100,
        "/larger": 1000,
        "/smaller": 10,
        "/router/own": 50,
        "/router/larger": 200,
        "/again/router/own": 50,
        "/controller/": 30,
    }
    for path, limit in limits.items():
        assert (path, await status_of(app, path, limit)) == (path, 200)
        assert (path, await status_of(app, path, limit + 1)) == (path, 413)


async def test_the_limit_holds_for_whoever_reads_first() -> None:
    app = Application(max_body_size=100)

    async def early(request: Request) -> int:
        return len(await request.body())

    async def model(value: Model) -> Model:
        return value

    @app.post("/dependency", max_body_size=10)
    async def dependency(size: Annotated[int, Depends(early)]) -> int:
        return size

    @app.post("/model", max_body_size=10)
    async def read_model(value: Annotated[Model, Depends(model)]) -> Model:
        return value

    @app.post("/dict", max_body_size=10)
    async def mapping(value: Dict[str, Any]) -> int:
        return len(value)

    for path in ("/dependency", "/model", "/dict"):
        answer = await AsyncTestClient(app).post(path, json={"text": "a" * 20})
        assert (path, answer.status_code) == (path, 413)


async def test_the_answer_is_a_problem_document() -> None:
    app = Application(max_body_size=10)
    app.post("/")(echo)
    answer = await AsyncTestClient(app).post("/", content=b"a" * 11)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "payload_too_large"


async def test_a_route_that_reads_no_body_takes_any() -> None:
    app = Application(max_body_size=10)

    @app.post("/")
    async def show() -> str:
        return "not read"

    assert await status_of(app, "/", 100) == 200


@pytest.mark.parametrize("declared", [True, False])
async def test_nothing_is_kept_of_a_body_that_is_too_large(declared: bool) -> None:
    limit, size = 100_000, 50_000_000
    app = Application(max_body_size=limit)
    app.post("/")(echo)
    app.build()
    chunk = b"a" * 65_536
    headers = [(b"content-length", str(size).encode())] if declared else []
    server = Server([], headers)

    async def receive() -> Any:
        server.taken += 1
        return {"type": "http.request", "body": bytes(chunk), "more_body": True}

    server.receive = receive  # type: ignore[method-assign]
    tracemalloc.start()
    try:
        assert await server.ask(app, "/") == 413
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert server.taken <= 2
    assert peak < 1_000_000
