"""Case 57: an answer that depends on everything is never kept, however it is written (CVE-2026-6907, 48587)."""

import pytest

from microframe import Request, Response
from tests.caching.origin import Origin, answering


@pytest.mark.parametrize("vary", ["*", " * ", "Accept, *", "*, Accept", "Accept,*,X-A", "\t*\t,"])
async def test_vary_on_everything_is_never_kept(vary: str) -> None:
    assert not await Origin(answering(("vary", vary))).keeps()
    assert not await Origin(answering(("vary", "Accept"), ("vary", vary))).keeps()


async def test_nor_where_it_is_said_beside_the_answer() -> None:
    def answer(request: Request) -> Response:
        request.reply_headers.append((b"vary", b"*"))
        return Response("x")

    assert not await Origin(answer).keeps()

    async def guard(connection: Request) -> None:
        connection.reply_headers.append((b"vary", b"*"))

    assert not await Origin(guards=[guard]).keeps()
