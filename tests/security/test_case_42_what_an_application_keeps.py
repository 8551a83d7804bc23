"""Case 42 (CVE-2026-77050) end to end: what clients send leaves nothing behind that grows."""

import gc
import itertools
import tracemalloc
from typing import Annotated, Any, List, Optional

import pytest

from microframe import AppConfig, Application, Body, Cookie, Header, Request
from tests.scopes import call

FEW = 100
MOST = 40_000  # bytes that may be kept more; a hundred of the long values are 300,000
SHORT = {"host": 2 * 256, "media type": 2 * 256, "client": 1100}  # more than any store of them keeps

app = Application(AppConfig(allowed_hosts=["good.test", "*.good.test"], trusted_proxies=["127.0.0.1"]))


@app.post("/items/{name}")
async def show(
    request: Request,
    name: str,
    body: Annotated[Any, Body()] = None,
    accept_language: Annotated[Optional[str], Header()] = None,
    session: Annotated[Optional[str], Cookie()] = None,
) -> List[object]:
    return [str(request.url), request.client is None, dict(request.cookies), request.query_params.get("q")]


LONG = "x" * 3_000
NUMBERS = itertools.count()  # what was sent before, by any test, might still be known


async def send(field: str, number: int) -> int:
    """One request in which this field has a value that no other request has; its status."""
    value, path, host, headers = (
        f"{number}{LONG}",
        "/items/a",
        "good.test",
        {"content-type": "application/json"},
    )
    if field == "path":
        path = f"/items/{value}"
    elif field == "missing path":
        path = f"/{value}"
    elif field == "query":
        path = f"/items/a?q={value}&{value}=1"
    elif field == "host":
        host = f"h{number}.{'x' * 60}.{'x' * 60}.{'x' * 60}.good.test"
    elif field == "media type":
        headers["content-type"] = f"application/{number}+json"
    elif field == "client":
        headers["x-forwarded-for"] = f"11.{number >> 16}.{(number >> 8) & 255}.{number & 255}"
    elif field == "cookie":
        headers["cookie"] = f"session={value}; n{value}=1"
    elif field == "content-type":
        headers["content-type"] = f"application/{value}+json"
    else:
        headers[field] = value
    return (await call(app, path, *headers.items(), method="POST", body=[b"{}"], host=host)).status


async def send_all(field: str, count: int) -> None:
    expected = {"missing path": 404, "content-type": 415}.get(field, 200)
    for number in itertools.islice(NUMBERS, count):
        assert await send(field, number) == expected


async def growth(field: str, count: int) -> int:
    """How many bytes more are kept after `count` requests more, once as many have been answered.

    The smaller growth of two rounds: a table that is made anew, no larger, may fall into one of them.
    """
    await send_all(field, 1)  # the application is built by its first request
    tracemalloc.start()
    try:
        sizes: List[int] = []
        for _ in range(3):
            await send_all(field, count)
            gc.collect()
            sizes.append(tracemalloc.get_traced_memory()[0])
        return min(sizes[1] - sizes[0], sizes[2] - sizes[1])
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "field",
    ["path", "missing path", "query", "accept", "accept-language", "content-type", "cookie", "x-unknown"],
)
async def test_nothing_long_is_kept(field: str) -> None:
    assert await growth(field, FEW) < MOST


@pytest.mark.parametrize("field", SHORT)
async def test_what_is_short_is_kept_in_bounded_numbers(field: str) -> None:
    assert await growth(field, SHORT[field]) < MOST


@pytest.mark.soak
@pytest.mark.parametrize("field", [*SHORT, "accept-language", "cookie"])
async def test_nothing_grows_however_much_is_sent(field: str) -> None:
    assert await growth(field, 40 * 256) < MOST
