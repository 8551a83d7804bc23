"""Case 19: what would break a line never leaves the client (CVE-2026-22779, CVE-2023-49081)."""

from typing import Any

import pytest

from microframe.testing import AsyncTestClient
from tests.testing.applications import Routes

BREAKS = ["\r\nX: 1", "\n", "\r", "\0"]


async def nothing_is_sent(method: str = "GET", url: str = "/", **options: Any) -> None:
    app = Routes()
    with pytest.raises(ValueError, match=r"cannot be|control characters|no header can carry"):
        await AsyncTestClient(app).request(method, url, **options)
    with pytest.raises(ValueError, match=r"cannot be|control characters|no header can carry"):
        AsyncTestClient(app).stream(method, url, **options)
    assert app.scopes == []


@pytest.mark.parametrize("line_break", BREAKS)
async def test_line_breaks_are_refused_before_anything_is_sent(line_break: str) -> None:
    await nothing_is_sent(method=f"GET{line_break}")
    await nothing_is_sent(url=f"/{line_break}")
    await nothing_is_sent(url=f"/?{line_break}")
    await nothing_is_sent(url=f"http://testserver{line_break}/")
    await nothing_is_sent(headers={"x-a": f"b{line_break}c"})
    await nothing_is_sent(headers={f"x-a{line_break}": "b"})
    await nothing_is_sent(cookies={"a": f"b{line_break}"})
    await nothing_is_sent(files={"a": ("b", b"", f"text/plain{line_break}c")})


@pytest.mark.parametrize("method", ["", "GET /", "G E T", "É", "GET:"])
async def test_a_method_is_a_token(method: str) -> None:
    await nothing_is_sent(method=method)


@pytest.mark.parametrize("name", ["", "a b", "a:", "é", "a\x7f"])
async def test_a_header_name_is_a_token(name: str) -> None:
    await nothing_is_sent(headers={name: "b"})


async def test_a_header_value_is_latin_1() -> None:
    await nothing_is_sent(headers={"x-a": "\u20ac"})


@pytest.mark.parametrize("line_break", BREAKS)
async def test_headers_of_the_client_and_of_sockets_are_checked_too(line_break: str) -> None:
    client = AsyncTestClient(Routes())
    with pytest.raises(ValueError, match="control characters"):
        AsyncTestClient(Routes(), headers={"x-a": f"b{line_break}c"})
    with pytest.raises(ValueError, match="control characters"):
        client.headers["x-a"] = f"b{line_break}c"
    with pytest.raises(ValueError, match="control characters"):
        client.websocket_connect("/", subprotocols=[f"b{line_break}c"])
