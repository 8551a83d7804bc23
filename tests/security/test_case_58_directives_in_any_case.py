"""Case 58: what says that nobody may keep it is not kept, in any spelling (CVE-2026-8404, CVE-2026-24472)."""

from typing import Any

import pytest

from microframe import Cache, Request, Response
from tests.caching.origin import NOW, Origin, answering, http_date

SPELLINGS = [
    *(
        "private",
        "Private",
        "PRIVATE",
        "no-store",
        "NO-STORE",
        "No-Cache",
        "max-age=60, Private",
        "public,private",
    ),
    *(
        'private="set-cookie"',
        'no-cache="x-a"',
        "max-age=60,\tno-store",
        "no-store;max-age=60",
        'max-age="60',
    ),
]


@pytest.mark.parametrize("said", SPELLINGS)
@pytest.mark.parametrize("policy", [Cache(max_age=60), Cache(max_age=60, public=True), Cache()])
async def test_what_is_forbidden_is_not_kept(said: str, policy: Cache) -> None:
    expires = ("expires", http_date(NOW + 60))
    assert not await Origin(answering(("cache-control", said), expires), policy).keeps()


@pytest.mark.parametrize("said", [b"no-store", b"Private", b"no-cache"])
async def test_nor_where_it_is_said_beside_the_answer(said: bytes) -> None:
    def answer(request: Request) -> Response:
        request.reply_headers.append((b"cache-control", said))
        return Response("x")

    origin = Origin(answer)
    assert not await origin.keeps()
    assert (await origin.ask()).headers["cache-control"] == said.decode()


@pytest.mark.parametrize(
    "headers", [[("cache-control", "public")], [], [("last-modified", http_date(NOW - 9999))]]
)
async def test_nothing_is_kept_that_does_not_say_for_how_long(headers: Any) -> None:
    assert not await Origin(answering(*headers), Cache()).keeps()


@pytest.mark.parametrize("status", [201, 202, 206, 302, 303, 304, 400, 401, 403, 404, 410, 429, 500, 503])
async def test_a_policy_speaks_of_ordinary_answers_alone(status: int) -> None:
    origin = Origin(answering(status=status))
    assert not await origin.keeps()
    assert "cache-control" not in (await origin.ask()).headers


@pytest.mark.parametrize(
    ("status", "is_kept"),
    [(206, False), (303, False), (403, False), (500, False), (404, True), (410, True), (302, True)],
)
async def test_answers_speak_for_themselves_where_a_cache_may_listen(status: int, is_kept: bool) -> None:
    assert await Origin(answering(("cache-control", "max-age=60"), status=status), Cache()).keeps() is is_kept


async def test_parts_streams_and_large_bodies_are_not_kept() -> None:
    from microframe import StreamingResponse

    async def pieces() -> Any:
        yield b"x"

    assert not await Origin(answering(("content-range", "bytes 0-3/9"))).keeps()
    assert not await Origin(lambda request: StreamingResponse(pieces())).keeps()
    assert not await Origin(answering(body="12345"), Cache(max_age=60, max_size=4)).keeps()
    assert await Origin(answering(body="1234"), Cache(max_age=60, max_size=4)).keeps()
