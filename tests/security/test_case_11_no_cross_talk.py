"""Case 11 (CVE-2020-35681): what one request knows, no other sees, however many there are at once."""

import asyncio
import secrets
from contextvars import ContextVar
from typing import Annotated, AsyncIterator, List

import pytest

from microframe import Application, Depends, Request, Response
from microframe.endpoint import Endpoint
from tests.scopes import call

AT_ONCE = 200

noted: "ContextVar[str]" = ContextVar("noted")


async def turns() -> None:
    """Give others their turn, twice, and not the same one each time."""
    await asyncio.sleep(0)
    await asyncio.sleep(0 if secrets.randbelow(4) else 0.0001)


async def bearer(request: Request) -> str:
    await turns()
    return request.headers["authorization"]


async def opened(request: Request, token: Annotated[str, Depends(bearer)]) -> AsyncIterator[str]:
    await turns()
    yield token
    await turns()
    assert request.headers["authorization"] == token


async def who(
    request: Request, token: Annotated[str, Depends(bearer)], resource: Annotated[str, Depends(opened)]
) -> List[str]:
    await turns()
    return [token, resource, request.headers["authorization"], request.state.token, noted.get()]


async def note(request: Request, call_next: Endpoint) -> Response:
    noted.set(request.headers["authorization"])
    request.state.token = request.headers["authorization"]
    await turns()
    return await call_next(request)


def build() -> Application:
    app = Application()
    app.middleware("http")(note)
    app.get("/{place}")(who)
    return app


async def ask_many(count: int) -> None:
    app = build()
    for _ in range(count // AT_ONCE):
        tokens = [f"Bearer {secrets.token_hex(8)}" for _ in range(AT_ONCE)]
        answers = await asyncio.gather(*[call(app, "/x", ("authorization", token)) for token in tokens])
        assert [answer.json for answer in answers] == [[token] * 5 for token in tokens]


async def test_two_hundred_requests_at_once_do_not_mix() -> None:
    await ask_many(5 * AT_ONCE)


@pytest.mark.soak
async def test_a_hundred_thousand_requests_do_not_mix() -> None:
    await ask_many(100_000)
