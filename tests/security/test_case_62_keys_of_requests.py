"""Case 62: no two requests share an answer because of how they are written (CVE-2020-13254)."""

from typing import Any

import pytest

from microframe import Cache, Request, Response
from tests.caching.origin import Origin

LONG = "/" + "x" * 4000
PAIRS: Any = [
    (("/a?x=1&y=2",), ("/a?y=2&x=1",)),
    (("/a?x=1;y=2",), ("/a?x=1&y=2",)),
    (("/a?x=1%26y=2",), ("/a?x=1&y=2",)),
    (("/a?",), ("/a?x",)),
    (("/a;b",), ("/a",)),
    (("/a",), ("/a/",)),
    (("/a", ("x-a", "1"), ("x-b", "2")), ("/a", ("x-a", "1x-b2"))),
    (("/a", ("x-a", "1:2")), ("/a", ("x-a", "1"), ("x-b", "2"))),
    (("/a", ("x-a", "1, 2")), ("/a", ("x-a", "1"), ("x-b", "2"))),
    ((LONG + "1",), (LONG + "2",)),
    (("/a b",), ("/a%20b",)),
]


@pytest.mark.parametrize(("left", "right"), PAIRS, ids=[*map(str, range(len(PAIRS)))])
async def test_two_requests_have_two_answers(left: Any, right: Any) -> None:
    def answer(request: Request) -> Response:
        said = [
            request.path,
            request.query_string,
            [request.headers.get(name) for name in ("x-a", "x-b")],
        ]
        return Response(repr(said))

    origin = Origin(answer, Cache(max_age=60, vary=["X-A", "X-B"]))
    first, second = await origin.ask(*left), await origin.ask(*right)
    assert (first.body != second.body, origin.count) == (True, 2)
    assert ((await origin.ask(*left)).body, (await origin.ask(*right)).body) == (first.body, second.body)


async def test_hosts_schemes_and_methods_have_answers_of_their_own() -> None:
    origin = Origin(lambda request: Response(request.host + request.method))
    assert (await origin.ask(host="a.example")).body == b"a.exampleGET"
    assert (await origin.ask(host="b.example")).body == b"b.exampleGET"
    assert (await origin.ask(host="a.example", method="POST")).body == b"a.examplePOST"
    assert (await origin.ask(host="b.example")).body == b"b.exampleGET"


async def test_an_encoded_slash_is_no_slash() -> None:
    origin = Origin(lambda request: Response(request.path))
    from microframe.testing import AsyncTestClient

    async with AsyncTestClient(origin.app) as client:
        for path in ("/a/b", "/a%2Fb", "/a%252Fb", "/a/b", "/a%2Fb", "/a%252Fb"):
            await client.get(path)
    assert origin.count == 3
