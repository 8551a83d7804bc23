"""Idempotency: of requests with one key the first runs, and those like it get its answer."""

import asyncio
import hashlib
import json
import logging
from typing import Annotated, Any, AsyncIterator, Dict, List, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from microframe import (
    Application,
    BackgroundTasks,
    Depends,
    Header,
    HTTPException,
    Idempotency,
    Identity,
    PlainTextResponse,
    Request,
    Response,
    Router,
    SetupError,
    StreamingResponse,
)
from microframe.http.kept import SMALL, Kept, digest, pack, unpack
from microframe.middleware.idempotency import IdempotencyKeyInvalidException, read_key
from microframe.middleware.sessions import SessionMiddleware
from microframe.security import APIKeyHeader
from microframe.sessions import Session
from microframe.store import Entry, Store, StoreUnavailable
from microframe.stores.memory import MemoryStore
from microframe.testing import AsyncTestClient
from tests.connections import make_request

pytestmark = pytest.mark.virtual_time

KEY = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)


class Card(BaseModel):
    """What is posted."""

    title: str


class Cards:
    """A handler that adds a card each time it runs."""

    def __init__(self, option: Any = True, **options: Any) -> None:
        self.app = Application(**options)
        self.runs: List[str] = []
        self.pause = 0.0
        self.app.post("/cards", status_code=201, idempotency=option)(self.add)

    async def add(self, card: Card) -> Dict[str, Any]:
        self.runs.append(card.title)
        await asyncio.sleep(self.pause)
        return {"number": len(self.runs), "title": card.title}

    def client(self, **options: Any) -> AsyncTestClient:
        return AsyncTestClient(self.app, raise_server_exceptions=False, **options)

    async def post(self, title: str = "a", path: str = "/cards", **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client().post(path, json={"title": title}, headers={**KEY, **named})


def app_with(handler: Any, option: Any = True, **options: Any) -> AsyncTestClient:
    app = Application(**options)
    app.post("/", idempotency=option)(handler)
    return AsyncTestClient(app, raise_server_exceptions=False)


# Running once --------------------------------------------------------------------------------------------------------


async def test_a_request_that_is_sent_again_gets_the_first_ones_answer() -> None:
    cards = Cards()
    first, again = await cards.post(), await cards.post()
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert first.headers["content-type"] == again.headers["content-type"]
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert cards.runs == ["a"]


async def test_without_a_key_every_request_runs_and_nothing_is_kept() -> None:
    store = MemoryStore()
    cards = Cards(store=store)
    for _ in range(2):
        await cards.client().post("/cards", json={"title": "a"})
    assert (cards.runs, len(store)) == (["a", "a"], 0)


async def test_a_hundred_at_once_run_once() -> None:
    cards = Cards()
    cards.pause = 0.02
    answers = await asyncio.gather(*(cards.post() for _ in range(100)))
    assert cards.runs == ["a"]
    assert {answer.content for answer in answers} == {b'{"number":1,"title":"a"}'}
    assert sum("idempotency-replayed" in answer.headers for answer in answers) == 99


async def test_another_key_is_another_request() -> None:
    cards = Cards()
    await cards.post()
    await cards.client().post("/cards", json={"title": "a"}, headers={"Idempotency-Key": "other"})
    assert len(cards.runs) == 2


@pytest.mark.parametrize(
    ("body", "kind", "query"),
    [
        (b'{"title": "b"}', "application/json", ""),
        (b'{"title": "a"}', "application/vnd.card+json", ""),
        (b'{"title": "a"}', "application/json", "?draft=1"),
    ],
    ids=["body", "content type", "query"],
)
async def test_another_request_under_the_same_key_is_a_422(body: bytes, kind: str, query: str) -> None:
    cards = Cards()
    headers = {**KEY, "content-type": "application/json"}
    await cards.client().post("/cards", content=b'{"title": "a"}', headers=headers)
    answer = await cards.client().post(f"/cards{query}", content=body, headers={**KEY, "content-type": kind})
    assert answer.status_code == 422
    assert answer.json()["code"] == "idempotency_key_reused"
    assert cards.runs == ["a"]


async def test_who_waits_too_long_is_told_to_come_back() -> None:
    cards = Cards(Idempotency(wait=0.02))
    cards.pause = 0.8
    first = asyncio.ensure_future(cards.post())
    await asyncio.sleep(0.01)
    answer = await cards.post()
    assert answer.status_code == 409
    assert answer.headers["retry-after"] == "1"
    assert answer.json()["code"] == "idempotent_request_running"
    assert (await first).status_code == 201
    assert (await cards.post()).status_code == 201
    assert cards.runs == ["a"]


async def test_answers_are_kept_for_as_long_as_is_said() -> None:
    now = 1000.0
    cards = Cards(Idempotency(ttl=60), store=MemoryStore(clock=lambda: now))
    await cards.post()
    now += 59
    await cards.post()
    assert len(cards.runs) == 1
    now += 1
    await cards.post()
    assert len(cards.runs) == 2


async def test_headers_and_background_tasks_are_the_first_ones() -> None:
    done: List[int] = []

    async def add(tasks: BackgroundTasks) -> Response:
        tasks.add_task(done.append, 1)
        return PlainTextResponse(
            "added", 202, headers={"location": "/cards/1", "x-note": "é", "date": "yesterday"}
        )

    client = app_with(add)
    for _ in range(2):
        answer = await client.post("/", headers=KEY)
        assert (answer.status_code, answer.text) == (202, "added")
        assert answer.headers["location"] == "/cards/1"
        assert answer.headers["x-note"] == "é"
        assert answer.headers["content-length"] == "5"
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert "date" not in answer.headers
    assert done == [1]


async def test_safe_methods_have_no_use_for_a_key() -> None:
    app, runs = Application(), []

    @app.api_route("/", methods=["GET", "POST", "PUT"], idempotency=True)
    async def show(request: Request) -> str:
        runs.append(request.method)
        return request.method

    client = AsyncTestClient(app)
    for method in ("GET", "HEAD", "POST", "PUT"):
        for _ in range(2):
            await client.request(method, "/", headers=KEY)
    assert runs == ["GET", "GET", "HEAD", "HEAD", "POST", "PUT"]


# What is kept --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422])
async def test_an_error_that_the_handler_raised_is_its_answer(status: int) -> None:
    runs = []

    async def fail() -> None:
        runs.append(1)
        raise HTTPException(status, f"number {len(runs)}")

    client = app_with(fail)
    answers = [await client.post("/", headers=KEY) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [status, status]
    assert [answer.json()["detail"] for answer in answers] == ["number 1"] * 2
    assert answers[1].headers["idempotency-replayed"] == "true"


@pytest.mark.parametrize("status", [401, 408, 425, 429, 500, 503])
async def test_an_error_that_may_be_gone_next_time_is_not_kept(status: int) -> None:
    runs = []

    async def fail_once() -> str:
        runs.append(1)
        if len(runs) == 1:
            raise HTTPException(status)
        return "done"

    client = app_with(fail_once)
    answers = [await client.post("/", headers=KEY) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [status, 200, 200]
    assert len(runs) == 2


async def test_a_handler_that_breaks_runs_again_for_who_waited() -> None:
    runs = []

    async def break_once() -> str:
        runs.append(1)
        await asyncio.sleep(0.01)
        if len(runs) == 1:
            raise LookupError
        return "done"

    client = app_with(break_once)
    answers = await asyncio.gather(*(client.post("/", headers=KEY) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [200] * 9 + [500]
    assert len(runs) == 2


async def test_a_request_that_is_not_valid_may_be_mended_under_its_key() -> None:
    cards = Cards()
    answer = await cards.client().post("/cards", json={"name": "a"}, headers=KEY)
    assert answer.status_code == 422
    assert (await cards.post()).status_code == 201


async def pieces() -> AsyncIterator[bytes]:
    yield b"x"


def with_cookie() -> Response:
    response = PlainTextResponse("x")
    response.set_cookie("a", "b")
    return response


@pytest.mark.parametrize(
    "make",
    [
        lambda: StreamingResponse(pieces()),
        lambda: PlainTextResponse(b"x" * 1_000_001),
        with_cookie,
    ],
    ids=["stream", "large", "cookie"],
)
async def test_an_answer_that_cannot_be_given_again_is_not_but_nothing_runs_twice(make: Any) -> None:
    runs, store = [], MemoryStore()

    async def add() -> Response:
        runs.append(1)
        await asyncio.sleep(0.01)
        made: Response = make()
        return made

    client = app_with(add, store=store)
    answers = await asyncio.gather(*(client.post("/", headers=KEY) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert refused.json()["code"] == "idempotent_answer_not_kept"
    assert "retry-after" not in refused.headers
    assert len(runs) == 1
    assert store.size < 2_000


async def test_the_largest_answer_may_be_chosen() -> None:
    async def add() -> Response:
        return PlainTextResponse("12345")

    for largest, status in ((5, 200), (4, 409)):
        client = app_with(add, Idempotency(max_answer=largest))
        await client.post("/", headers=KEY)
        assert (await client.post("/", headers=KEY)).status_code == status


async def test_a_first_one_that_was_cancelled_frees_its_key() -> None:
    cards = Cards()
    cards.pause = 60
    first = asyncio.ensure_future(cards.post())
    while not cards.runs:
        await asyncio.sleep(0.001)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    cards.pause = 0
    assert (await cards.post()).status_code == 201
    assert len(cards.runs) == 2


async def test_a_first_one_whose_process_died_blocks_only_until_its_lease_ends() -> None:
    store = MemoryStore(clock=asyncio.get_running_loop().time)
    cards = Cards(Idempotency(wait=1, lease=10), store=store)
    acquire, taken = store.acquire, []

    async def note(key: str, **options: Any) -> Any:
        taken.append(key)
        return await acquire(key, **options)

    store.acquire = note  # type: ignore[method-assign]
    await cards.client().post("/cards", json={"title": "a"}, headers=KEY)
    await store.close()
    assert await acquire(taken[0], ttl=50)  # somebody who will never let go
    assert (await cards.post()).status_code == 409
    await asyncio.sleep(50)
    assert (await cards.post()).status_code == 201


async def test_a_first_one_that_takes_longer_than_its_lease_goes_on_holding_it() -> None:
    store = MemoryStore(clock=asyncio.get_running_loop().time)
    cards = Cards(Idempotency(lease=3), store=store)
    cards.pause = 9
    answers = await asyncio.gather(*(cards.post() for _ in range(3)))
    assert [answer.status_code for answer in answers] == [201] * 3
    assert len(cards.runs) == 1


async def test_whoever_lost_the_lock_does_not_write_over_the_next_ones_answer() -> None:
    store = MemoryStore()
    cards = Cards(store=store)
    cards.pause = 0.02
    first = asyncio.ensure_future(cards.post())
    while not cards.runs:
        await asyncio.sleep(0.001)
    await store.close()  # as if its lease had ended
    second = await cards.post()
    await first
    kept = await cards.post()
    assert kept.content == (await cards.post()).content
    assert kept.json()["number"] in (1, 2)
    assert second.status_code == 201
    assert len(cards.runs) == 2


class Failing(MemoryStore):
    """A store that some calls cannot reach."""

    def __init__(self, *names: str) -> None:
        super().__init__()
        for name in names:
            setattr(self, name, self.fail)

    async def fail(self, *args: Any, **options: Any) -> Any:
        raise StoreUnavailable


@pytest.mark.parametrize("name", ["get", "acquire"])
async def test_without_its_store_a_request_with_a_key_does_not_run(name: str) -> None:
    cards = Cards(store=Failing(name))
    assert (await cards.post()).status_code == 503
    assert cards.runs == []


@pytest.mark.parametrize("name", ["set", "release", "renew"])
async def test_a_store_that_fails_afterwards_costs_no_answer(name: str) -> None:
    cards = Cards(Idempotency(lease=0.02), store=Failing(name))
    cards.pause = 0.03
    assert (await cards.post()).status_code == 201
    assert cards.runs == ["a"]


# Keys ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "key"),
    [
        ("abc", b"abc"),
        ('"abc"', b"abc"),
        (r'"a\"b\\c"', rb'a"b\c'),
        ('a"b', b'a"b'),
        ("x" * 255, b"x" * 255),
        ("with space", b"with space"),
    ],
)
def test_a_key_is_a_string_or_bare_text(sent: str, key: bytes) -> None:
    assert read_key(make_request(headers={"idempotency-key": sent})) == key


@pytest.mark.parametrize("sent", ["", "x" * 256, "é", "a\tb", '"', '""', '"abc', r'"a\b"', '"a"b"', '"a\\"'])
def test_what_cannot_be_a_key_is_refused(sent: str) -> None:
    with pytest.raises(IdempotencyKeyInvalidException):
        read_key(make_request(headers={"idempotency-key": sent}))


async def test_a_key_that_cannot_be_one_is_a_400_and_nothing_runs() -> None:
    cards = Cards()
    for headers in ([("idempotency-key", "x" * 256)], [("idempotency-key", "a"), ("idempotency-key", "a")]):
        answer = await cards.client().post("/cards", json={"title": "a"}, headers=headers)
        assert answer.status_code == 400
        assert answer.json()["code"] == "idempotency_key_invalid"
    assert cards.runs == []


async def test_a_key_may_be_required() -> None:
    cards = Cards(Idempotency(required=True))
    answer = await cards.client().post("/cards", json={"title": "a"})
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")
    assert (await cards.post()).status_code == 201


@given(st.lists(st.binary(max_size=6), max_size=5), st.lists(st.binary(max_size=6), max_size=5))
def test_two_lists_of_parts_have_two_names(one: List[bytes], other: List[bytes]) -> None:
    assert (digest(one) == digest(other)) == (one == other)


@pytest.mark.parametrize("size", [0, SMALL, SMALL + 1, 3 * SMALL])
def test_large_parts_are_named_as_small_ones_are(size: int) -> None:
    parts = [b"first", b"x" * size, b"", b"last"]
    framed = b"".join(b"%d:%b" % (len(part), part) for part in parts)
    assert digest(parts) == hashlib.sha256(framed).hexdigest()


@given(
    st.integers(200, 499),
    st.lists(st.tuples(st.from_regex(b"x-[a-z]{1,8}", fullmatch=True), st.binary(max_size=20)), max_size=4),
    st.binary(max_size=200),
)
def test_an_answer_comes_back_as_it_was(status: int, headers: Any, body: bytes) -> None:
    response = PlainTextResponse(body, status)
    response.raw_headers += headers
    kept = unpack(pack(Kept("of", response)))
    assert kept is not None
    found = kept.response
    assert found is not None
    assert (found.status_code, found.raw_headers, found.body) == (status, response.raw_headers, body)
    assert unpack(pack(Kept("of", None))) == Kept("of", None)
    for other in (b"", b"{", b"[]", b"1", b'{"status": 200}', b'{"of": "x", "status": "y", "headers": []}'):
        assert unpack(other) is None


# Who is calling, and what --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["authorization", "cookie", "x_api_key"])
async def test_each_caller_gets_its_own_answer(name: str) -> None:
    cards = Cards()
    numbers = [(await cards.post(**{name: f"a={who}"})).json()["number"] for who in "ababb"]
    assert numbers == [1, 2, 1, 2, 2]


async def test_without_credentials_an_address_is_a_caller() -> None:
    cards = Cards()
    for address in ("203.0.113.1", "203.0.113.2", "203.0.113.1"):
        await cards.client(client=(address, 1)).post("/cards", json={"title": "a"}, headers=KEY)
    assert len(cards.runs) == 2


class User:
    """Who is calling."""

    def __init__(self, id: str) -> None:
        self.id = id


async def test_an_identity_is_a_caller_whatever_its_credentials() -> None:
    cards = Cards()

    async def identify(request: Request) -> Optional[User]:
        token = request.headers.get("authorization")
        if token == "bad":
            raise HTTPException(401)
        return User(token.partition("-")[0]) if token else None

    cards.app.provide(Identity, identify)
    numbers = [
        (await cards.post(authorization=token)).json()["number"] for token in ("ada-1", "ada-2", "bob-1")
    ]
    assert numbers == [1, 1, 2]
    assert (await cards.post()).json()["number"] == 3
    assert (await cards.post(authorization="bad")).status_code == 401
    assert len(cards.runs) == 3


async def test_the_user_of_a_session_is_a_caller_whatever_other_cookies_there_are() -> None:
    cards = Cards()
    cards.app.add_middleware(SessionMiddleware)

    @cards.app.post("/login/{name}", csrf=False)
    async def login(session: Session, name: str) -> None:
        session.login(name)

    async def session_of(name: str) -> str:
        answer = await cards.client().post(f"/login/{name}")
        return answer.headers["set-cookie"].partition(";")[0]

    ann, bob = await session_of("ann"), await session_of("bob")
    sent = [ann, bob, f"{ann}; seen=2", await session_of("ann"), f"seen=1; {bob}"]
    origin = {"origin": "http://testserver", "hx-request": "true"}
    answers = [await cards.post(cookie=cookie, **origin) for cookie in sent]
    assert [answer.json()["number"] for answer in answers] == [1, 2, 1, 1, 2]
    assert (await cards.post(cookie=ann, authorization="Bearer x")).json()["number"] == 3


async def test_the_header_of_a_security_scheme_is_a_caller() -> None:
    async def add(key: Annotated[str, Depends(APIKeyHeader(name="X-Token"))]) -> str:
        return key

    client = app_with(add)
    found = [(await client.post("/", headers={**KEY, "x-token": who})).json() for who in "aba"]
    assert found == ["a", "b", "a"]


async def test_a_header_that_may_be_a_credential_is_never_mixed_up() -> None:
    async def add(x_token: Annotated[str, Header()]) -> str:
        return x_token

    client = app_with(add)
    answers = [await client.post("/", headers={**KEY, "x-token": who}) for who in "aba"]
    assert [answer.status_code for answer in answers] == [200, 422, 200]
    client = app_with(add, Idempotency(headers=["X-Token"]))
    assert [(await client.post("/", headers={**KEY, "x-token": w})).json() for w in "aba"] == ["a", "b", "a"]


async def test_a_program_may_say_who_is_calling() -> None:
    async def tenant(request: Request) -> str:
        return request.query_params["tenant"]

    async def add(tenant: str) -> str:
        return tenant

    client = app_with(add, Idempotency(caller=tenant))
    found = [(await client.post(f"/?tenant={who}", headers=KEY)).json() for who in "aba"]
    assert found == ["a", "b", "a"]


async def test_routes_methods_and_parameters_have_keys_of_their_own() -> None:
    app, runs = Application(idempotency=True), []

    @app.api_route("/boards/{board}/cards/{card}", methods=["PUT", "DELETE"])
    @app.api_route("/boards/{board}", methods=["POST"])
    async def change(request: Request, board: str) -> str:
        runs.append(f"{request.method} {request.path}")
        return runs[-1]

    client = AsyncTestClient(app)
    asked = [
        ("POST", "/boards/1"),
        ("POST", "/boards/2"),
        ("PUT", "/boards/1/cards/23"),
        ("PUT", "/boards/12/cards/3"),
        ("DELETE", "/boards/1/cards/23"),
    ]
    for _ in range(2):
        for method, path in asked:
            answer = await client.request(method, path, headers=KEY)
            assert answer.json() == f"{method} {path}"
    assert runs == [f"{method} {path}" for method, path in asked]


async def test_one_application_mounted_twice_has_keys_for_each_place() -> None:
    cards, outer = Cards(), Application()
    outer.mount("/one", cards.app)
    outer.mount("/two", cards.app)
    client = AsyncTestClient(outer)
    for path in ("/one/cards", "/two/cards", "/one/cards"):
        await client.post(path, json={"title": path}, headers=KEY)
    assert cards.runs == ["/one/cards", "/two/cards"]


async def test_a_router_says_it_for_all_its_routes_and_one_may_say_no() -> None:
    app, router, runs = Application(), Router(idempotency=True), []

    @router.post("/yes")
    @router.post("/no", idempotency=False)
    async def add(request: Request) -> None:
        runs.append(request.path)

    app.include_router(router)
    client = AsyncTestClient(app)
    for path in ("/yes", "/no"):
        for _ in range(2):
            await client.post(path, headers=KEY)
    assert runs == ["/yes", "/no", "/no"]


async def test_guards_are_asked_each_time() -> None:
    asked, cards = [], Cards()

    async def guard(connection: Any) -> None:
        asked.append(1)
        if "x-banned" in connection.headers:
            raise HTTPException(403)

    router = Router(guards=[guard])
    router.post("/guarded", idempotency=True)(cards.add)
    cards.app.include_router(router)
    assert (await cards.post(path="/guarded")).status_code == 200
    assert (await cards.post(path="/guarded", x_banned="1")).status_code == 403
    assert (await cards.post(path="/guarded")).status_code == 200
    assert (len(asked), len(cards.runs)) == (3, 1)


async def test_exception_handlers_of_the_router_make_the_answer_that_is_kept() -> None:
    runs = []

    async def fail() -> None:
        runs.append(1)
        raise LookupError

    def handle(request: Request, exc: Exception) -> Response:
        return PlainTextResponse(f"handled {len(runs)}", 404)

    app = Application(exception_handlers={LookupError: handle})
    app.post("/", idempotency=True)(fail)
    client = AsyncTestClient(app)
    assert [(await client.post("/", headers=KEY)).text for _ in range(2)] == ["handled 1"] * 2


# Limits --------------------------------------------------------------------------------------------------------------


async def test_the_limit_on_bodies_holds() -> None:
    app = Application(max_body_size=100)
    runs: List[int] = []

    @app.post("/a", idempotency=True)
    @app.post("/b", idempotency=True, max_body_size=10)
    async def add(request: Request) -> int:
        runs.append(len(await request.body()))
        return runs[-1]

    client = AsyncTestClient(app)
    for path, size, status in (("/a", 100, 200), ("/a", 101, 413), ("/b", 10, 200), ("/b", 11, 413)):
        answer = await client.post(path, content=bytes(size), headers={"Idempotency-Key": f"{path}{size}"})
        assert answer.status_code == status
    assert runs == [100, 10]


async def test_a_body_can_still_be_read_as_a_stream() -> None:
    async def add(request: Request) -> int:
        return sum([len(piece) async for piece in request.stream()])

    client = app_with(add)
    assert (await client.post("/", content=b"12345", headers=KEY)).json() == 5


async def test_keys_in_the_store_begin_with_the_applications_name_and_are_short() -> None:
    seen: List[str] = []

    class Noting(MemoryStore):
        async def get(self, key: str) -> Optional[Entry]:
            seen.append(key)
            return await super().get(key)

    cards = Cards(title="Team board " + "x" * 189, store=Noting())  # the longest that there may be
    await cards.post(title="t" * 10_000, authorization="a" * 5_000)
    assert seen
    assert seen[0].startswith("Team board ")
    assert max(map(len, seen)) < 200


async def test_a_deadline_counts_while_one_waits_for_the_first() -> None:
    cards = Cards()
    cards.pause = 5
    cards.app.post("/soon", idempotency=True, timeout=1)(cards.add)
    first, second = await asyncio.gather(cards.post(path="/soon"), cards.post(path="/soon"))
    assert (first.status_code, second.status_code) == (504, 504)
    cards.pause = 0
    assert (await cards.post(path="/soon")).status_code == 200


async def test_a_test_may_put_another_store_in_its_place() -> None:
    cards, other = Cards(), MemoryStore()
    with cards.app.override({Store: lambda: other}):
        await cards.post()
    assert len(other) == 1
    await cards.post()
    assert len(cards.runs) == 2


# Mistakes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [1, "yes", Idempotency(wait=-1), Idempotency(ttl=0), Idempotency(lease=0), Idempotency(max_answer=-1)],
    ids=str,
)
def test_what_it_cannot_be_is_refused_at_build(wrong: Any) -> None:
    with pytest.raises(SetupError, match=r"test_idempotency\.py"):
        Cards(wrong).app.build()


def test_a_socket_cannot_have_it() -> None:
    app = Application()

    @app.websocket("/", idempotency=True)
    async def live() -> None: ...

    with pytest.raises(SetupError, match=r"idempotency=.*test_idempotency\.py"):
        app.build()


class Bare:
    """A store without locks."""

    async def get(self, key: str) -> Optional[Entry]:
        return None

    async def set(self, key: str, value: bytes, **options: Any) -> Optional[str]:
        return None

    async def delete(self, key: str, **options: Any) -> bool:
        return False

    async def add(self, key: str, amount: int = 1, **options: Any) -> int:
        return 0

    async def close(self) -> None: ...


def test_a_store_that_cannot_hold_locks_is_not_enough() -> None:
    cards = Cards(store=Bare())
    with pytest.raises(SetupError, match=r"Locks.*|.*test_idempotency\.py.*Locks"):
        cards.app.build()


def test_what_is_kept_is_json_and_bytes() -> None:
    line, _, body = pack(Kept("of", PlainTextResponse("text"))).partition(b"\n")
    assert json.loads(line) == {
        "of": "of",
        "status": 200,
        "headers": [["content-type", "text/plain; charset=utf-8"]],
    }
    assert body == b"text"
