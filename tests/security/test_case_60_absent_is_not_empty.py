"""Case 60: a header that is not there and one that is empty are two variants (CVE-2026-113593, RFC 9111 §4.1)."""

from microframe import Cache, Request, Response
from tests.caching.origin import Origin


async def test_absent_and_empty_are_different() -> None:
    def answer(request: Request) -> Response:
        return Response(repr(request.headers.get("x-a")))

    origin = Origin(answer, Cache(max_age=60, vary=["X-A"]))
    for _ in range(2):
        assert (await origin.ask()).body == b"None"
        assert (await origin.ask("/", ("x-a", ""))).body == b"''"
        assert (await origin.ask("/", ("x-a", "None"))).body == b"'None'"
    assert origin.count == 3
