"""Case 11 (CVE-2020-35681): what belongs to one request is never seen by another that runs at the same time."""

import asyncio
import contextvars
import secrets
from typing import Annotated, AsyncIterator, Dict, List

import pytest

from microframe import Application, BackgroundTasks, Depends, Header, Provided, Request, Response
from microframe.testing import AsyncTestClient

AT_ONCE = 200
token: contextvars.ContextVar[str] = contextvars.ContextVar("token")


class Session:
    """A provided value of one request."""

    def __init__(self, request: Request) -> None:
        self.token = request.headers["authorization"]


async def read_token(request: Request, authorization: Annotated[str, Header()]) -> str:
    request.state.token = authorization
    token.set(authorization)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return request.headers["authorization"]


async def opened(known: Annotated[str, Depends(read_token)]) -> AsyncIterator[List[str]]:
    held = [known]
    await asyncio.sleep(0)
    yield held
    assert held == [known, known]


def blocking(known: Annotated[str, Depends(read_token)]) -> str:
    return known if token.get() == known else "somebody else's"


def build(mixed_up: List[str]) -> Application:
    app = Application()
    app.provide(Session, Session)

    @app.middleware("http")
    async def around(request: Request, call_next: "object") -> Response:
        session = await request.resolve(Session)
        response: Response = await call_next(request)  # type: ignore[operator]
        if session.token != request.state.token:
            mixed_up.append(session.token)
        return response

    @app.get("/")
    async def show(
        request: Request,
        response: Response,
        tasks: BackgroundTasks,
        known: Annotated[str, Depends(read_token)],
        held: Annotated[List[str], Depends(opened)],
        session: Provided[Session],
    ) -> Dict[str, str]:
        await asyncio.sleep(0)
        response.headers["x-token"] = known
        tasks.add_task(check, known, mixed_up)
        await asyncio.sleep(0)
        held.append(known)
        return {
            "header": known,
            "state": request.state.token,
            "variable": token.get(),
            "held": held[0],
            "provided": session.token,
            "resolved": (await request.resolve(Session)).token,
        }

    @app.get("/blocking")
    def show_blocking(known: Annotated[str, Depends(blocking)]) -> Dict[str, str]:
        return {"blocking": known, "variable": token.get()}

    return app


async def check(known: str, mixed_up: List[str]) -> None:
    await asyncio.sleep(0)
    if token.get() != known:
        mixed_up.append(known)


async def rounds(number: int, path: str) -> None:
    """Many requests at once, again and again, each with a token of its own."""
    mixed_up: List[str] = []
    async with AsyncTestClient(build(mixed_up)) as client:

        async def ask() -> None:
            mine = f"Bearer {secrets.token_hex(8)}"
            answer = await client.get(path, headers={"authorization": mine})
            assert set(answer.json().values()) == {mine}
            assert answer.headers.get("x-token", mine) == mine

        for _ in range(number):
            await asyncio.gather(*(ask() for _ in range(AT_ONCE)))
    assert mixed_up == []


@pytest.mark.parametrize("path", ["/", "/blocking"])
async def test_requests_at_the_same_time_have_nothing_in_common(path: str) -> None:
    await rounds(1, path)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("path", ["/", "/blocking"])
async def test_nor_do_a_hundred_thousand(path: str) -> None:
    await rounds(100_000 // AT_ONCE, path)
