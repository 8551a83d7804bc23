"""Detached requests: like the one that was answered, and nobody's any more."""

import asyncio

import pytest

from microframe.caching.detached import detached
from tests.connections import make_request

pytestmark = pytest.mark.virtual_time


async def test_it_is_the_same_request_as_a_get() -> None:
    request = make_request(
        "/a", "HEAD", {"x-a": "1"}, scheme="https", query=b"x=1", root_path="/root", body=[b"secret"]
    )
    request.state.language = "fr"
    request.reply_headers.append((b"vary", b"X-A"))
    copy = detached(request)
    assert (copy.method, copy.path, copy.scheme, copy.url.path) == ("GET", "/a", "https", request.url.path)
    assert (copy.query_string, copy.headers["x-a"], copy.id, copy.client) == (
        b"x=1",
        "1",
        request.id,
        request.client,
    )
    assert (copy.http_version, copy.edge.server, copy.edge.extensions, copy.scope) == (
        "1.1",
        ("127.0.0.1", 8000),
        {},
        {"root_path": "/root"},
    )
    copy.state.language = "de"
    copy.reply_headers.append((b"vary", b"X-B"))
    assert request.state.language == "fr"
    assert request.reply_headers == [(b"vary", b"X-A")]


async def test_its_client_says_nothing_more_and_does_not_leave() -> None:
    copy = detached(make_request(body=[b"body"], client=None))
    assert copy.client is None
    assert copy.edge.scheme == "http"
    assert await copy.body() == b""
    assert not await copy.is_disconnected()
    await copy.send_early_hints("</a.css>; rel=preload")
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(copy.edge.disconnected(), 0.01)
