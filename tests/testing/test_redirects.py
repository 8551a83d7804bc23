"""Redirects: which are followed, how the request changes, what stays at home."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from microframe.testing import AsyncTestClient, ProtocolError, TooManyRedirects
from microframe.testing.waiting import ASGIApplication
from tests.testing.applications import Routes, answering, echo, header


def to(location: str, status: int = 302, *cookies: bytes) -> ASGIApplication:
    set_cookies = [(b"set-cookie", cookie) for cookie in cookies]
    return answering(b"over there", status, [(b"location", location.encode()), *set_cookies])


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_followed_and_remembered(status: int) -> None:
    response = await AsyncTestClient(Routes(a=to("/b", status), b=to("c?x=1"), c=echo)).get("/a")
    assert (str(response.url), response.json()["query"]) == ("http://testserver/c?x=1", "x=1")
    assert [(old.status_code, old.url.path) for old in response.history] == [(status, "/a"), (302, "/b")]
    assert [len(old.history) for old in response.history] == [0, 1]


async def test_redirects_are_not_followed_where_the_test_says_so() -> None:
    app = Routes(a=to("/b"), b=echo)
    response = await AsyncTestClient(app, follow_redirects=False).get("/a")
    assert (response.status_code, response.text, response.has_redirect_location) == (302, "over there", True)
    assert (await AsyncTestClient(app).get("/a", follow_redirects=False)).status_code == 302
    assert (
        await AsyncTestClient(app, follow_redirects=False).get("/a", follow_redirects=True)
    ).status_code == 200


async def test_no_redirect_without_a_location_or_with_another_status() -> None:
    for app in (answering(status=302), to("/b", 300), to("/b", 201)):
        assert (await AsyncTestClient(app).get("/")).history == []


@pytest.mark.parametrize(
    ("status", "method", "then"),
    [
        (301, "POST", "GET"),
        (302, "POST", "GET"),
        (303, "POST", "GET"),
        (303, "PUT", "GET"),
        (303, "HEAD", "HEAD"),
        (301, "PUT", "PUT"),
        (302, "DELETE", "DELETE"),
        (307, "POST", "POST"),
        (308, "PATCH", "PATCH"),
    ],
)
async def test_method_and_body_after_a_redirect(status: int, method: str, then: str) -> None:
    app = Routes(a=to("/b", status), b=echo)
    await AsyncTestClient(app).request(method, "/a", json={"a": 1}, params={"q": "1"})
    assert (app.last["path"], app.last["method"], app.last["query_string"]) == ("/b", then, b"")
    described = {name for name, _ in app.last["headers"]} & {b"content-type", b"content-length"}
    assert len(described) == (0 if method != then else 2)


async def test_the_body_is_sent_again() -> None:
    response = await AsyncTestClient(Routes(a=to("/b", 307), b=echo)).post("/a", content=b"again")
    assert response.json()["body"] == "again"


async def test_a_streamed_body_cannot_be_sent_again() -> None:
    def body() -> Iterator[bytes]:
        yield b"once"

    with pytest.raises(RuntimeError, match="cannot be sent again"):
        await AsyncTestClient(Routes(a=to("/b", 307), b=echo)).post("/a", content=body())
    response = await AsyncTestClient(Routes(a=to("/b", 303), b=echo)).post("/a", content=body())
    assert response.json()["method"] == "GET"
    assert header(response.json(), "transfer-encoding") == []


@pytest.mark.parametrize(
    ("location", "kept"),
    [
        ("http://testserver:80/b", True),
        ("//testserver/b", True),
        ("http://other/b", False),
        ("https://testserver/b", False),
        ("http://testserver:81/b", False),
        ("//other/b", False),
    ],
)
async def test_credentials_do_not_leave_their_origin(location: str, kept: bool) -> None:
    client = AsyncTestClient(Routes(a=to(location), b=echo), headers={"x-own": "1"})
    told = (await client.get("/a", auth=("user", "password"), cookies={"own": "1"})).json()
    assert bool(header(told, "authorization")) is kept
    assert header(told, "cookie") == []
    assert header(told, "x-own") == ["1"]
    assert header(told, "host") == [re.sub(r"^(http:)?//|/.*|:80/.*", "", location.replace("https:", ""))]


async def test_cookies_set_on_the_way_are_sent() -> None:
    client = AsyncTestClient(Routes(a=to("/b", 302, b"one=1"), b=to("/c", 302, b"two=2"), c=echo))
    response = await client.get("/a")
    assert header(response.json(), "cookie") == ["one=1; two=2"]
    assert dict(response.history[0].cookies) == {"one": "1"}
    assert dict(response.cookies) == {}


async def test_fragments() -> None:
    client = AsyncTestClient(Routes(a=to("/b"), c=to("/b#new"), b=answering()))
    assert str((await client.get("/a#old")).url) == "http://testserver/b#old"
    assert str((await client.get("/c#old")).url) == "http://testserver/b#new"


async def test_a_location_in_utf_8_is_read() -> None:
    response = await AsyncTestClient(Routes(a=to("/é?q=ü"), é=echo)).get("/a")
    assert (response.json()["path"], response.json()["query"]) == ("/é", "q=%C3%BC")


@pytest.mark.parametrize("location", ["javascript:alert(1)", "ftp://testserver/", "http://[/"])
async def test_a_location_that_no_client_follows_is_a_fault(location: str) -> None:
    with pytest.raises(ProtocolError, match="redirects to"):
        await AsyncTestClient(to(location)).get("/")


async def test_redirects_end() -> None:
    app = Routes(a=to("/a"))
    with pytest.raises(TooManyRedirects, match="GET /a was redirected 20 times"):
        await AsyncTestClient(app).get("/a")
    assert len(app.scopes) == 21


async def test_streams_follow_redirects_too() -> None:
    app: Any = Routes(a=to("/b"), b=answering(b"here"))
    async with AsyncTestClient(app).stream("GET", "/a") as response:
        assert await response.aread() == b"here"
    assert [old.status_code for old in response.history] == [302]
