"""Case 59: two users get two bodies where answers depend on who asks (CVE-2026-44457)."""

import asyncio
from typing import Any

import pytest

from microframe import Cache, Cookie, Request, Response
from microframe.middleware.security_headers import csp_nonce
from tests.caching.origin import Origin

pytestmark = pytest.mark.virtual_time


@pytest.mark.parametrize("header", ["Authorization", "Cookie", "X-User"])
@pytest.mark.parametrize("spelling", [str, str.lower, str.upper])
async def test_vary_keeps_users_apart(header: str, spelling: Any) -> None:
    def answer(request: Request) -> Response:
        return Response(
            request.headers.get(header, "nobody"), headers={"vary": f"Accept, {spelling(header)}"}
        )

    origin = Origin(answer, Cache(max_age=60, public=True))
    for _ in range(2):
        for user in ("user=ada", "user=grace"):
            assert (await origin.ask("/", (header.lower(), user))).body == user.encode()
        assert (await origin.ask()).body == b"nobody"
    assert origin.count == 3


async def test_an_answer_that_was_made_with_cookies_is_not_kept_without_saying_so() -> None:
    def answer(request: Request) -> Response:
        return Response(request.cookies.get("user", "nobody"))

    origin = Origin(answer)
    for user in ("ada", "grace", ""):
        sent = [("cookie", f"user={user}")] if user else []
        found = await origin.ask("/", *sent)
        assert found.body == (user or "nobody").encode()
        assert found.headers["cache-control"] == "private, no-store"
    # Also where no cookie was sent: the next one may have some.
    assert (await origin.ask("/", ("cookie", "user=ada"))).body == b"ada"


async def test_a_guard_that_reads_cookies_counts() -> None:
    async def guard(request: Request) -> None:
        request.state.user = request.cookies.get("user", "nobody")

    origin = Origin(lambda request: Response(request.state.user), guards=[guard])
    assert (await origin.ask("/", ("cookie", "user=ada"))).body == b"ada"
    assert (await origin.ask()).body == b"nobody"
    assert (await origin.ask("/", ("cookie", "user=grace"))).body == b"grace"


async def test_cookies_that_parameters_read_keep_users_apart() -> None:
    origin = Origin()

    @origin.app.get("/user", cache=Cache(max_age=60))
    async def page(user: str = Cookie("nobody")) -> str:
        return user

    for _ in range(2):
        for user in ("ada", "grace"):
            assert (await origin.ask("/user", ("cookie", f"user={user}"))).json == user
        assert (await origin.ask("/user")).json == "nobody"
    assert (await origin.ask("/user")).headers["vary"] == "Cookie"


async def test_the_nonce_of_a_page_is_not_shared() -> None:
    origin = Origin(lambda request: Response(csp_nonce(request)))
    assert (await origin.ask()).body != (await origin.ask()).body


async def test_who_waits_with_other_headers_gets_an_answer_of_its_own() -> None:
    async def slow(request: Request) -> Response:
        await asyncio.sleep(0.01)
        return Response(request.headers.get("x-user", "nobody"), headers={"vary": "X-User"})

    origin = Origin()
    origin.app.add_api_route("/slow", slow, cache=Cache(max_age=60))
    users = ["ada", "grace", "nobody", "ada", "linus"]
    found = await asyncio.gather(*[origin.ask("/slow", ("x-user", user)) for user in users])
    assert [one.body.decode() for one in found] == users
