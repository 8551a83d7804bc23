"""Case 11: an answer that is kept for whoever sends a request again is never given to anybody else."""

import asyncio
import secrets
from typing import Dict, List

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microframe import Application, Request
from microframe.http.kept import digest
from microframe.middleware.idempotency import place_of
from microframe.testing import AsyncTestClient
from tests.connections import make_request

AT_ONCE = 200


def build() -> Application:
    app = Application()

    @app.post("/{board}/cards", idempotency=True)
    async def add(request: Request, board: str) -> Dict[str, str]:
        await asyncio.sleep(0)
        return {"board": board, "who": request.headers.get("authorization", "")}

    return app


async def test_users_with_one_key_each_get_their_own_answers() -> None:
    client = AsyncTestClient(build())

    async def ask(who: str, board: str) -> None:
        headers = {"Idempotency-Key": "the same", "authorization": who}
        for _ in range(2):
            answer = await client.post(f"/{board}/cards", headers=headers)
            assert answer.json() == {"board": board, "who": who}

    users = [secrets.token_hex(4) for _ in range(AT_ONCE // 2)]
    await asyncio.gather(*(ask(who, board) for who in users for board in ("one", "two")))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"authorization": "a", "cookie": "b"}, {"authorization": "ab", "cookie": ""}),
        ({"authorization": "a"}, {"cookie": "a"}),
        ({"authorization": "a"}, {"x-api-key": "a"}),
        ({"authorization": ""}, {}),
    ],
    ids=["moved", "cookie", "key", "empty"],
)
async def test_credentials_that_look_alike_are_different_callers(
    one: Dict[str, str], other: Dict[str, str]
) -> None:
    client, seen = AsyncTestClient(build()), []
    for headers in (one, other):
        answer = await client.post("/one/cards", headers={"Idempotency-Key": "k", **headers})
        seen.append("idempotency-replayed" in answer.headers)
    assert seen == [False, False]


async def test_a_key_with_the_parts_of_another_in_it_is_another() -> None:
    client = AsyncTestClient(build())
    for key in ("k", "1:k", "k:", "k,1:", '"1:k"'):
        for board in ("one", "one1:k", "one,k"):
            answer = await client.post(f"/{board}/cards", headers={"Idempotency-Key": key})
            assert answer.json()["board"] == board


texts = st.text(max_size=6)


@given(st.dictionaries(texts, texts, max_size=3), st.dictionaries(texts, texts, max_size=3), texts, texts)
def test_no_two_requests_have_one_name(
    one: Dict[str, str], other: Dict[str, str], caller: str, key: str
) -> None:
    app = build().build()
    route = app.routes[0]

    def name(params: Dict[str, str], *rest: str) -> str:
        request = make_request()
        request.path_params = dict(params)
        return digest([*place_of(request, route), *(part.encode("utf-8", "surrogatepass") for part in rest)])

    assert (name(one, caller, key) == name(other, caller, key)) == (one == other)
    assert (name(one, caller, key) == name(one, key, caller)) == (caller == key)


def test_every_route_keeps_apart_what_it_keeps() -> None:
    seen: List[str] = []
    for prefix in ("", "/a"):
        request = make_request(root_path=prefix)
        route = build().build().routes[0]
        seen.append(digest(place_of(request, route)))
    assert len(set(seen)) == 2
