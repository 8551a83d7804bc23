"""Case 55: an answer that sets a cookie is kept for nobody, whatever cookies the request had (CVE-2026-48588)."""

from typing import Any

import pytest

from microframe import Cache, Request, Response
from microframe.middleware.sessions import SessionMiddleware
from microframe.sessions import Session
from tests.caching.origin import Origin, answering

POLICIES = [
    Cache(max_age=60),
    Cache(max_age=60, public=True),
    Cache(s_maxage=60),
    Cache(),
    Cache(max_age=60, vary=["Cookie"]),
]
SENT: Any = [[], [("cookie", "theme=dark")], [("cookie", "session=x; theme=dark")]]


@pytest.mark.parametrize("sent", SENT, ids=["none", "other", "several"])
@pytest.mark.parametrize("policy", POLICIES, ids=["age", "public", "shared", "own", "vary"])
@pytest.mark.parametrize("name", ["set-cookie", "Set-Cookie"])
async def test_an_answer_with_set_cookie_is_never_kept(name: str, policy: Cache, sent: Any) -> None:
    def answer(request: Request) -> Response:
        return Response("x", headers={name: "visitor=1", "cache-control": "public, max-age=60"})

    assert not await Origin(answer, policy).keeps("/", *sent)


async def test_nor_is_one_whose_cookie_is_set_beside_it() -> None:
    def answer(request: Request) -> Response:
        request.reply_headers.append((b"set-cookie", b"visitor=1"))
        return Response("x")

    assert not await Origin(answer).keeps()


async def test_caches_on_the_way_are_told_not_to_keep_it_either() -> None:
    origin = Origin(answering(("set-cookie", "visitor=1")))
    assert (await origin.ask()).headers["cache-control"] == "private, no-store"


async def test_a_session_that_is_opened_in_the_handler_keeps_answers_apart() -> None:
    origin = Origin(cache=Cache(max_age=60, public=True), secret_key="0" * 64)
    origin.app.add_middleware(SessionMiddleware)

    @origin.app.get("/visits", cache=Cache(max_age=60, public=True))
    async def visits(session: Session) -> int:
        session["visits"] = session.get("visits", 0) + 1
        return int(session["visits"])

    first = await origin.ask("/visits")
    assert first.headers["cache-control"] == "no-store"
    cookie = first.headers["set-cookie"].partition(";")[0]
    assert (await origin.ask("/visits", ("cookie", cookie))).body == b"2"
    assert (await origin.ask("/visits")).body == b"1"
