"""Case 56: an answer to a request with Authorization is kept only where it says so (CVE-2026-35193, RFC 9111 §3.5)."""

import asyncio
from typing import Any

import pytest

from microframe import Cache, Request, Response
from tests.caching.origin import Origin

pytestmark = pytest.mark.virtual_time

ADA, GRACE = ("authorization", "Bearer ada"), ("authorization", "Bearer grace")


def who(request: Request) -> Response:
    return Response(request.headers.get("authorization", "nobody"))


@pytest.mark.parametrize("policy", [Cache(max_age=60), Cache(max_age=60, stale_while_revalidate=60), Cache()])
async def test_an_answer_to_credentials_is_nobody_elses(policy: Cache) -> None:
    origin = Origin(who, policy)
    if not policy.header:
        origin.answer = lambda request: Response(who(request).body, headers={"cache-control": "max-age=60"})
    found = [(await origin.ask("/", *sent)).body for sent in ([ADA], [GRACE], [], [ADA], [])]
    assert found == [b"Bearer ada", b"Bearer grace", b"nobody", b"Bearer ada", b"nobody"]
    assert origin.count == 4


@pytest.mark.parametrize(
    "policy", [Cache(max_age=60, public=True), Cache(s_maxage=60), Cache(max_age=60, must_revalidate=True)]
)
async def test_it_is_kept_where_the_route_says_so(policy: Cache) -> None:
    origin = Origin(lambda request: Response("the same for all"), policy)
    for sent in ([ADA], [GRACE], []):
        assert (await origin.ask("/", *sent)).body == b"the same for all"
    assert origin.count == 1


@pytest.mark.parametrize(
    ("said", "made"),
    [("max-age=60", 2), ("max-age=60, public", 1), ("s-maxage=60", 1), ("max-age=60, private", 2)],
)
async def test_it_is_kept_where_the_answer_says_so(said: str, made: int) -> None:
    origin = Origin(lambda request: Response("x", headers={"cache-control": said}), Cache())
    await origin.ask("/", ADA)
    await origin.ask("/", GRACE)
    assert origin.count == made


async def test_who_waits_for_an_answer_to_credentials_does_not_get_it() -> None:
    origin = Origin(who)
    sent: Any = [[ADA], [GRACE], [], [ADA], []]
    found = await asyncio.gather(*[origin.ask("/", *pairs) for pairs in sent])
    assert [one.body for one in found] == [
        b"Bearer ada",
        b"Bearer grace",
        b"nobody",
        b"Bearer ada",
        b"nobody",
    ]


async def test_what_is_renewed_behind_an_answer_to_credentials_is_theirs() -> None:
    origin = Origin(cache=Cache())
    origin.answer = lambda request: Response(
        who(request).body, headers={"cache-control": "public, max-age=1, stale-while-revalidate=60"}
    )
    await origin.ask()
    origin.clock.turn(2)
    origin.answer = lambda request: Response(who(request).body, headers={"cache-control": "max-age=60"})
    assert (await origin.ask("/", ADA)).body == b"nobody"
    assert origin.count == 2
    origin.clock.turn(1)
    assert (await origin.ask()).body == b"nobody"


async def test_who_has_credentials_does_not_get_what_nobody_was_to_share_with_them() -> None:
    async def slow(request: Request) -> Response:
        await asyncio.sleep(0.005)
        return Response(
            request.headers.get("authorization", "nobody"), headers={"cache-control": "max-age=60"}
        )

    origin = Origin()
    origin.app.add_api_route("/slow", slow, cache=Cache(max_age=60, public=True))
    sent: Any = [[], [ADA], [GRACE], []]
    for _ in range(2):
        found = await asyncio.gather(*[origin.ask("/slow", *pairs) for pairs in sent])
        assert [one.body for one in found] == [b"nobody", b"Bearer ada", b"Bearer grace", b"nobody"]
