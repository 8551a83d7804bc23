"""Answers that are kept: fresh, stale, validated, and what is said about it (RFC 9111)."""

import asyncio
from typing import Any, Callable, List, Tuple

import pytest

from microframe import (
    Application,
    Cache,
    Depends,
    Header,
    HTTPException,
    Request,
    Response,
    Router,
    SetupError,
    StreamingResponse,
)
from microframe.caching import ResponseCache, Shelf
from microframe.caching.responses import LARGEST_LATELY, MOST_ALONE, MOST_LATELY
from microframe.middleware.cache import CacheMiddleware
from microframe.security import APIKeyCookie, APIKeyHeader, HTTPBearer
from microframe.store import Store, StoreUnavailable
from microframe.stores.memory import MemoryStore
from tests.caching.origin import NOW, Clock, Origin, answering, http_date
from tests.scopes import call

pytestmark = pytest.mark.virtual_time


async def test_an_answer_is_kept_while_it_is_fresh() -> None:
    origin = Origin()
    first = await origin.ask("/a")
    origin.clock.turn(59)
    again = await origin.ask("/a")
    assert (again.body, again.status, origin.count) == (b"answer 1", 200, 1)
    assert first.headers["cache-control"] == again.headers["cache-control"] == "max-age=60"
    assert first.headers["cache-status"] == "MicroFrame; fwd=uri-miss; stored"
    assert again.headers["cache-status"] == "MicroFrame; hit; ttl=1"
    assert (first.headers.get("age"), again.headers["age"]) == (None, "59")
    origin.clock.turn(1)
    later = await origin.ask("/a")
    assert (later.body, later.headers["cache-status"]) == (
        b"answer 2",
        "MicroFrame; fwd=uri-miss; stored",
    )


async def test_nothing_is_kept_that_nobody_asked_for() -> None:
    app, count = Application(), 0

    @app.get("/")
    async def plain() -> Response:
        nonlocal count
        count += 1
        return Response("x", headers={"cache-control": "public, max-age=60"})

    await call(app)
    assert (await call(app)).headers["cache-control"] == "public, max-age=60"
    assert count == 2
    assert app.injector.providers.get(ResponseCache) is None


async def test_no_handler_is_run_for_what_is_kept_and_guards_are() -> None:
    asked: List[str] = []

    async def guard(connection: Any) -> Any:
        asked.append("guard")
        return Response("no", 403) if "x-evil" in connection.headers else None

    def middleware(endpoint: Any) -> Any:
        async def inner(request: Request) -> Response:
            asked.append("middleware")
            response: Response = await endpoint(request)
            return response

        return inner

    def dependency() -> None:
        asked.append("dependency")

    router = Router(prefix="/r", guards=[guard], middleware=[middleware], dependencies=[Depends(dependency)])

    @router.get("/x", cache=Cache(max_age=9))
    async def handler() -> str:
        asked.append("handler")
        return "x"

    app = Application()
    app.include_router(router)
    assert (await call(app, "/r/x")).status == 200
    assert asked == ["guard", "middleware", "dependency", "handler"]
    asked.clear()
    assert (await call(app, "/r/x")).body == b'"x"'
    assert asked == ["guard", "middleware"]
    assert (await call(app, "/r/x", ("x-evil", "1"))).status == 403


async def test_head_is_answered_from_what_get_has_left() -> None:
    origin = Origin()
    assert await origin.made("/", method="HEAD") == 1
    assert await origin.made("/", method="HEAD") == 1
    assert await origin.made("/") == 1
    head = await origin.ask("/", method="HEAD")
    assert (origin.count, head.body, head.headers["content-length"]) == (3, b"", "8")


async def test_a_version_is_said_and_asked_for() -> None:
    origin = Origin()
    tag = (await origin.ask()).headers["etag"]
    for sent in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        known = await origin.ask("/", ("if-none-match", sent))
        assert (known.status, known.body, known.headers["etag"]) == (304, b"", tag)
    assert (await origin.ask("/", ("if-none-match", '"other"'))).status == 200
    assert origin.count == 1


async def test_a_first_request_with_conditions_fills_the_cache() -> None:
    origin = Origin(answering(("etag", 'W/"v1"'), ("last-modified", http_date(NOW - 9))))
    known = await origin.ask(
        "/", ("if-none-match", '"v1"'), ("if-modified-since", http_date(NOW)), ("range", "bytes=0-1")
    )
    assert known.status == 304
    sent = {name for name, _ in origin.seen[0].raw_headers}
    assert sent == {b"host", b"if-none-match", b"if-modified-since", b"range"}
    whole = await origin.ask()
    assert (whole.status, whole.body, origin.count) == (200, b"same", 1)
    assert whole.headers["etag"] == 'W/"v1"'
    assert (await origin.ask("/", ("if-modified-since", http_date(NOW)))).status == 304


async def test_the_origin_is_asked_for_the_whole() -> None:
    seen: List[Any] = []

    def answer(request: Request) -> Response:
        seen.append((request.headers.get("range"), request.headers.get("if-none-match")))
        return Response("whole")

    origin = Origin(answer)
    await origin.ask("/", ("range", "bytes=0-1"), ("if-none-match", '"v"'))
    assert seen == [(None, None)]


async def test_preconditions_of_writers_go_to_the_origin() -> None:
    origin = Origin()
    await origin.ask()
    again = await origin.ask("/", ("if-match", '"v"'))
    assert (origin.count, again.headers["cache-status"]) == (2, "MicroFrame; fwd=bypass")


# What a request demands ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "age", "made"),
    [
        ("no-cache", 0, 1),
        ("max-age=0", 1, 1),
        ("max-age=30", 31, 1),
        ("max-age=30", 30, 0),
        ("max-age=soon", 1, 1),
        ("min-fresh=30", 31, 1),
        ("min-fresh=30", 30, 0),
        ("max-stale", 90, 0),
        ("max-stale=29", 90, 1),
        ("max-stale=30", 90, 0),
        ("no-transform", 30, 0),
    ],
)
async def test_a_request_says_how_fresh_it_must_be(said: str, age: int, made: int) -> None:
    # Whoever can be asked for a newer version is kept for longer than it is fresh.
    origin = Origin(answering(("etag", '"v"')))
    await origin.ask()
    origin.clock.turn(age)
    assert await origin.made("/", ("cache-control", said)) == made


async def test_a_request_that_wants_only_what_is_kept_is_answered_504() -> None:
    origin = Origin()
    assert (await origin.ask("/", ("cache-control", "only-if-cached"))).status == 504
    await origin.ask()
    assert (await origin.ask("/", ("cache-control", "only-if-cached"))).status == 200
    assert origin.count == 1


async def test_of_a_request_that_says_no_store_nothing_is_kept() -> None:
    origin = Origin()
    assert await origin.made("/", ("cache-control", "no-store")) == 1
    assert await origin.made("/") == 1
    assert await origin.made("/", ("cache-control", "no-store")) == 0


async def test_must_revalidate_wins_over_max_stale() -> None:
    origin = Origin(answering(("etag", '"v"')), Cache(max_age=10, must_revalidate=True))
    await origin.ask()
    origin.clock.turn(11)
    assert await origin.made("/", ("cache-control", "max-stale")) == 1


# What is no longer fresh ---------------------------------------------------------------------------------------------


async def test_a_stale_answer_is_sent_while_a_new_one_is_made() -> None:
    origin = Origin(cache=Cache(max_age=10, stale_while_revalidate=20))
    await origin.ask()
    origin.clock.turn(15)
    stale = await origin.ask()
    assert (stale.body, stale.headers["cache-status"]) == (b"answer 1", "MicroFrame; hit; ttl=-5")
    assert stale.headers["cache-control"] == "max-age=10, stale-while-revalidate=20"
    assert origin.count == 2
    fresh = await origin.ask()
    assert (fresh.body, fresh.headers["age"], origin.count) == (b"answer 2", "0", 2)
    origin.clock.turn(30)
    assert (await origin.ask()).body == b"answer 3"


async def test_many_stale_answers_are_renewed_once() -> None:
    app, clock, count = Application(), Origin().clock, 0
    app.add_middleware(CacheMiddleware, clock=clock)

    @app.get("/", cache=Cache(max_age=10, stale_while_revalidate=20))
    async def slow() -> int:
        nonlocal count
        count += 1
        await asyncio.sleep(0.02)
        return count

    await call(app)
    clock.turn(15)
    found = await asyncio.gather(*[call(app) for _ in range(50)])
    assert {one.body for one in found} == {b"1"}
    assert count == 2


async def test_what_runs_behind_an_answer_has_state_and_resources_of_its_own() -> None:
    told: List[str] = []

    async def guard(connection: Any) -> None:
        connection.state.language = "fr"
        connection.reply_headers.append((b"x-guard", b"1"))

    async def resource() -> Any:
        told.append("open")
        yield 1
        told.append("closed")

    app = Application(guards=[guard])
    app.add_middleware(CacheMiddleware, clock=(clock := Origin().clock))

    @app.get("/{name}", cache=Cache(max_age=1, stale_while_revalidate=9))
    async def page(request: Request, name: str, opened: int = Depends(resource)) -> str:
        told.append(f"{request.state.language} {name} {request.client} {await request.body()!r}")
        return request.state.language  # type: ignore[no-any-return]

    await call(app, "/x")
    clock.turn(2)
    stale = await call(app, "/x", ("cookie", "a=b"))
    assert stale.headers["x-guard"] == "1"
    assert told[:3] == told[3:]
    assert told[3:] == ["open", "fr x Address(host='127.0.0.1', port=50000) b''", "closed"]


def renewed(told: List[str], answer: Callable[[], Any]) -> Tuple[Application, Clock]:
    """An application whose handler has a resource, and answers otherwise from the second time on."""
    app, clock = Application(), Clock()
    app.add_middleware(CacheMiddleware, clock=clock)

    async def resource() -> Any:
        try:
            yield len(told)
        finally:
            told.append("closed")

    @app.get("/", cache=Cache(max_age=1, stale_while_revalidate=9))
    async def page(opened: int = Depends(resource)) -> Response:
        return (await answer() if told else None) or Response("first")

    return app, clock


async def test_a_renewal_that_is_cancelled_closes_what_it_has_opened() -> None:
    told: List[str] = []
    app, clock = renewed(told, lambda: asyncio.sleep(60))
    await call(app)
    clock.turn(2)
    asking = asyncio.ensure_future(call(app))
    await asyncio.sleep(0.01)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert told == ["closed", "closed"]


async def test_a_renewal_that_gives_a_stream_is_let_go() -> None:
    told: List[str] = []

    async def pieces() -> Any:
        try:
            yield b"x"
        finally:
            told.append("stream closed")

    async def answer() -> Response:
        body = pieces()
        await body.__anext__()
        return StreamingResponse(body)

    app, clock = renewed(told, answer)
    await call(app)
    clock.turn(2)
    assert (await call(app)).body == b"first"
    assert told == ["closed", "stream closed", "closed"]


async def test_a_store_that_goes_behind_an_answer_harms_nobody() -> None:
    store = Away()
    shelf = Shelf(store, store, store, "app")
    mark = await shelf.mark("key", ["tag"])
    assert await shelf.keep("key", b"1", ["tag"], 60, mark)
    store.is_away = True
    await shelf.point("key", b"2", ["tag"], 60)
    await shelf.drop("key")
    await shelf.forget(["tag"])
    assert await shelf.find("key") is None
    store.is_away = False
    assert await shelf.find("key") == b"1"
    await shelf.drop("key")
    assert await shelf.find("key") is None


async def test_a_renewal_that_fails_leaves_the_old_answer_and_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    origin = Origin(cache=Cache(max_age=10, stale_while_revalidate=20))
    await origin.ask()
    origin.clock.turn(15)

    def fail(request: Request) -> Response:
        raise RuntimeError("the database is away")

    origin.answer = fail
    assert (await origin.ask()).body == b"answer 1"
    assert (await origin.ask()).body == b"answer 1"
    assert origin.count == 3
    assert "could not be made anew" in caplog.text
    assert "the database is away" in caplog.text


@pytest.mark.parametrize("failure", [500, 502, 503, 504, "raised 503", "raised", "foreign"])
async def test_a_stale_answer_is_sent_where_no_new_one_can_be_made(failure: Any) -> None:
    origin = Origin(cache=Cache(max_age=10, stale_if_error=20))
    await origin.ask()
    origin.clock.turn(15)

    def fail(request: Request) -> Response:
        if isinstance(failure, int):
            return Response("failed", failure)
        errors = {
            "raised 503": HTTPException(503),
            "raised": RuntimeError(),
            "foreign": StoreUnavailable(),
        }
        raise errors[failure]

    origin.answer = fail
    stale = await origin.ask()
    assert (stale.status, stale.body) == (200, b"answer 1")
    assert stale.headers["cache-status"] == "MicroFrame; fwd=stale; detail=failed"
    origin.clock.turn(16)
    assert (await origin.ask()).status >= 500


@pytest.mark.parametrize("refusal", [404, "raised 403"])
async def test_a_refusal_is_an_answer_and_no_failure(refusal: Any) -> None:
    origin = Origin(cache=Cache(max_age=10, stale_if_error=20))
    await origin.ask()
    origin.clock.turn(15)

    def refuse(request: Request) -> Response:
        if isinstance(refusal, int):
            return Response("", refusal)
        raise HTTPException(403)

    origin.answer = refuse
    assert (await origin.ask()).status in (403, 404)


async def test_a_stream_that_failed_is_closed_when_an_older_answer_is_sent() -> None:
    closed: List[int] = []

    async def pieces() -> Any:
        try:
            yield b"x"
        finally:
            closed.append(1)

    origin = Origin(cache=Cache(max_age=10, stale_if_error=20))
    await origin.ask()
    origin.clock.turn(15)
    body = pieces()
    await body.__anext__()
    origin.answer = lambda request: StreamingResponse(body, 503)
    assert (await origin.ask()).body == b"answer 1"
    assert closed == [1]


# Validation ----------------------------------------------------------------------------------------------------------


async def test_a_stale_answer_with_a_version_is_confirmed_and_fresh_again() -> None:
    seen: List[Any] = []

    def answer(request: Request) -> Response:
        sent = [request.headers.get(name) for name in ("if-none-match", "if-modified-since")]
        seen.append(sent)
        headers = {"etag": '"v1"', "last-modified": http_date(NOW - 99), "x-seen": str(len(seen))}
        return Response("big", 304 if sent[0] == '"v1"' else 200, headers)

    origin = Origin(answer, Cache(max_age=10))
    await origin.ask()
    origin.clock.turn(11)
    confirmed = await origin.ask()
    assert (confirmed.status, confirmed.body, confirmed.headers["x-seen"]) == (200, b"big", "2")
    assert confirmed.headers["cache-status"] == "MicroFrame; fwd=stale; stored"
    assert seen == [[None, None], ['"v1"', http_date(NOW - 99)]]
    origin.clock.turn(9)
    again = await origin.ask()
    assert (again.body, again.headers["x-seen"], origin.count) == (b"big", "2", 2)


async def test_a_route_with_a_version_is_asked_only_for_that() -> None:
    made: List[str] = []
    app = Application()
    clock = Origin().clock
    app.add_middleware(CacheMiddleware, clock=clock)
    version = "1"

    def current() -> str:
        return version

    @app.get("/", cache=Cache(max_age=10), etag=current)
    async def page() -> str:
        made.append(version)
        return version

    assert (await call(app)).headers["etag"] == '"1"'
    clock.turn(11)
    assert ((await call(app)).body, made) == (b'"1"', ["1"])
    version = "2"
    clock.turn(11)
    assert ((await call(app)).body, made) == (b'"2"', ["1", "2"])


# Variants ------------------------------------------------------------------------------------------------------------


async def test_headers_that_parameters_and_schemes_read_tell_answers_apart() -> None:
    app = Application()
    key = APIKeyHeader(name="X-Key", auto_error=False)
    crumb = APIKeyCookie(name="crumb", auto_error=False)

    def language(accept_language: str = Header("en")) -> str:
        return accept_language

    @app.get("/", cache=Cache(max_age=60))
    async def page(
        chosen: str = Depends(language), caller: str = Depends(key), c: str = Depends(crumb)
    ) -> Any:
        return [chosen, caller, c]

    first = await call(app)
    assert first.headers["vary"] == "accept-language, X-Key, Cookie"
    assert (await call(app, "/", ("accept-language", "fr"))).json == ["fr", None, None]
    assert (await call(app, "/", ("x-key", "ada"))).json == ["en", "ada", None]
    assert (await call(app, "/", ("cookie", "crumb=7"))).json == ["en", None, "7"]
    assert (await call(app, "/")).headers["cache-status"].startswith("MicroFrame; hit")
    again = await call(app, "/", ("cookie", "crumb=7"))
    assert (again.json[2], again.headers["cache-status"][:15]) == ("7", "MicroFrame; hit")


async def test_public_answers_to_bearers_are_kept_for_each_of_them() -> None:
    app = Application()
    made: List[str] = []

    @app.get("/", cache=Cache(max_age=60, public=True))
    async def page(caller: Any = Depends(HTTPBearer())) -> str:
        made.append(caller.credentials)
        return str(caller.credentials)

    for token in ("ada", "grace", "ada"):
        answer = await call(app, "/", ("authorization", f"Bearer {token}"))
        assert answer.json == token
    assert made == ["ada", "grace"]
    assert (await call(app)).status == 401


async def test_answers_name_further_headers_on_which_they_depend() -> None:
    def answer(request: Request) -> Response:
        return Response(
            f"{request.headers.get('x-a')} {request.headers.get('x-b')}",
            headers={"vary": "X-A" if "x-b" not in request.headers else "X-B, x-a"},
        )

    origin = Origin(answer)
    assert (await origin.ask("/", ("x-a", "1"))).body == b"1 None"
    assert (await origin.ask("/", ("x-a", "2"))).body == b"2 None"
    assert await origin.made("/", ("x-a", "1")) == 0
    assert await origin.made("/", ("x-a", "2")) == 0
    # X-B is not yet known to matter: this is the first answer that says so.
    assert (await origin.ask("/", ("x-a", "3"), ("x-b", "3"))).body == b"3 3"
    assert (await origin.ask("/", ("x-a", "3"), ("x-b", "4"))).body == b"3 4"
    assert await origin.made("/", ("x-a", "3"), ("x-b", "3")) == 0


async def test_what_is_said_while_an_answer_is_made_goes_with_it() -> None:
    async def guard(connection: Any) -> None:
        connection.reply_headers.append((b"vary", b"Origin"))

    def answer(request: Request) -> Response:
        request.reply_headers.append((b"vary", b"X-Flag"))
        return Response(str(request.headers.get("x-flag")))

    origin = Origin(answer, guards=[guard])
    await origin.ask()
    assert await origin.made("/", ("x-flag", "1")) == 1
    assert await origin.made("/", ("origin", "http://a.example")) == 1
    again = await origin.ask()
    vary = [value for name, value in again.sent[0]["headers"] if name == b"vary"]
    assert (origin.count, vary) == (3, [b"x-flag", b"Origin"])


# One for many --------------------------------------------------------------------------------------------------------


async def test_a_thousand_misses_at_once_are_one_call_of_the_handler() -> None:
    app = Application()
    count = 0

    @app.get("/", cache=Cache(max_age=60))
    async def slow() -> int:
        nonlocal count
        count += 1
        await asyncio.sleep(0.01)
        return count

    found = await asyncio.gather(*[call(app) for _ in range(1000)])
    assert (count, {one.body for one in found}) == (1, {b"1"})
    notes = [one.headers["cache-status"] for one in found]
    assert notes.count("MicroFrame; fwd=uri-miss; stored") == 1
    assert notes.count("MicroFrame; fwd=uri-miss; collapsed") == 999


async def test_who_waits_gets_no_answer_that_is_not_for_all_and_nobody_waits_the_next_time() -> None:
    app = Application()
    running, most, count = 0, 0, 0

    @app.get("/", cache=Cache(max_age=60))
    async def personal(response: Response) -> int:
        nonlocal running, most, count
        running, count = running + 1, count + 1
        most = max(most, running)
        mine = count
        await asyncio.sleep(0.01)
        running -= 1
        response.set_cookie("visitor", str(mine))
        return mine

    found = await asyncio.gather(*[call(app) for _ in range(20)])
    assert sorted(int(one.body) for one in found) == [*range(1, 21)]
    assert all(one.headers["set-cookie"].startswith(f"visitor={one.body.decode()};") for one in found)
    assert most == 19
    await asyncio.gather(*[call(app) for _ in range(20)])
    assert most == 20


async def test_how_many_answers_are_known_not_to_be_for_all_is_bounded() -> None:
    origin = Origin(answering(("set-cookie", "a=b")))
    for number in range(MOST_ALONE + 10):
        await origin.ask(f"/{number}")
    cache = await origin.seen[0].resolve(ResponseCache)
    assert len(cache._alone) == MOST_ALONE


async def test_a_leader_that_leaves_takes_nobody_with_it() -> None:
    app = Application()
    count = 0

    @app.get("/", cache=Cache(max_age=60))
    async def slow() -> int:
        nonlocal count
        count += 1
        await asyncio.sleep(0.3)
        return count

    leader = asyncio.ensure_future(call(app))
    await asyncio.sleep(0)
    others = [asyncio.ensure_future(call(app)) for _ in range(5)]
    await asyncio.sleep(0.01)
    leader.cancel()
    assert {one.body for one in await asyncio.gather(*others)} == {b"2"}
    with pytest.raises(asyncio.CancelledError):
        await leader
    assert count == 2


async def test_a_failure_of_the_leader_is_its_own() -> None:
    app = Application()
    count = 0

    @app.get("/", cache=Cache(max_age=60))
    async def shaky() -> int:
        nonlocal count
        count += 1
        mine = count
        await asyncio.sleep(0.005)
        if mine == 1:
            raise HTTPException(418)
        return mine

    found = await asyncio.gather(*[call(app) for _ in range(4)])
    assert sorted(one.status for one in found) == [200, 200, 200, 418]
    assert count == 4


# Changes -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["POST", "DELETE"])
async def test_what_changes_an_address_makes_its_answers_forgotten(method: str) -> None:
    origin = Origin()
    for path in ("/a", "/a?x=1", "/b"):
        await origin.ask(path)
    assert await origin.made("/a", method=method) == 1
    assert [await origin.made(path) for path in ("/a", "/a?x=1", "/b")] == [1, 1, 0]


async def test_a_change_that_was_refused_forgets_nothing() -> None:
    origin = Origin()
    await origin.ask("/a")
    origin.answer = answering(status=409)
    await origin.ask("/a", method="POST")
    assert await origin.made("/a") == 0


@pytest.mark.parametrize(
    ("said", "made"),
    [("/b", 1), ("http://testserver/b?x=1", 1), ("http://other.example/b", 0), ("//[", 0), ("b", 0)],
)
async def test_a_change_names_other_addresses_of_the_same_host(said: str, made: int) -> None:
    origin = Origin()
    await origin.ask("/b")
    origin.answer = answering(("location", said), status=201)
    await origin.ask("/a", method="POST")
    assert await origin.made("/b") == made


async def test_tags_are_forgotten_by_routes_that_have_them() -> None:
    app = Application()
    boards = Router(prefix="/boards/{board_id}", cache=Cache(max_age=60, tags=("board:{board_id}",)))
    made: List[int] = []

    @boards.get("/cards")
    async def cards(board_id: int) -> int:
        made.append(board_id)
        return board_id

    @boards.post("/members")
    async def join(board_id: int) -> None: ...

    @app.post("/other")
    async def other() -> None: ...

    app.include_router(boards)
    for path in ("/boards/1/cards", "/boards/2/cards"):
        await call(app, path)
    await call(app, "/boards/1/members", method="POST")
    await call(app, "/other", method="POST")
    for path in ("/boards/1/cards", "/boards/2/cards"):
        await call(app, path)
    assert made == [1, 2, 1]


async def test_answers_are_forgotten_by_tag_url_and_prefix() -> None:
    origin = Origin(cache=Cache(max_age=60, tags=("all", "rest:{rest}")))
    await origin.ask("/")
    cache = await origin.seen[0].resolve(ResponseCache)
    paths = ["/a", "/a/b", "/a/b/c", "/ab", "/%20x"]

    async def made() -> List[int]:
        return [await origin.made(path) for path in paths]

    assert await made() == [1, 1, 1, 1, 1]
    await cache.forget_tags("rest:a", "rest:nothing")
    assert await made() == [1, 0, 0, 0, 0]
    await cache.forget_url("/a/b?x=1")
    assert await made() == [0, 1, 0, 0, 0]
    await cache.forget_prefix("/a/")
    assert await made() == [1, 1, 1, 0, 0]
    await cache.forget_prefix("/")
    assert await made() == [1, 1, 1, 1, 1]
    with pytest.raises(ValueError, match="less than 16"):
        await cache.forget_prefix("/a" * 16)


async def test_deep_paths_are_known_by_their_first_parts() -> None:
    origin = Origin()
    deep = "/a" * 40
    await origin.ask(deep)
    cache = await origin.seen[0].resolve(ResponseCache)
    await cache.forget_prefix("/a" * 15)
    assert await origin.made(deep) == 1
    await cache.forget_url(deep)
    assert await origin.made(deep) == 1


async def test_what_is_changed_while_it_is_made_is_not_kept() -> None:
    app = Application()
    value, started, go = 1, asyncio.Event(), asyncio.Event()

    @app.get("/x", cache=Cache(max_age=60))
    async def read() -> int:
        mine = value
        started.set()
        await go.wait()
        return mine

    @app.put("/x")
    async def write() -> None:
        nonlocal value
        value = 2

    old = asyncio.ensure_future(call(app, "/x"))
    await started.wait()
    late = asyncio.ensure_future(call(app, "/x", method="PUT"))
    await late
    after = asyncio.ensure_future(call(app, "/x"))
    await asyncio.sleep(0)
    go.set()
    assert (await old).body == b"1"
    assert (await after).body == b"2"
    assert (await call(app, "/x")).body == b"2"


async def test_below_a_mount_answers_have_addresses_of_their_own() -> None:
    origin = Origin()
    outer = Application()
    outer.mount("/one", origin.app)
    outer.mount("/two", origin.app)
    assert (await call(outer, "/one/a")).body == b"answer 1"
    assert (await call(outer, "/two/a")).body == b"answer 2"
    assert (await call(outer, "/one/a")).body == b"answer 1"
    origin.answer = answering(("location", "/one/a"), status=201)
    await call(outer, "/one/b", method="POST")
    origin.answer = answering(body="new")
    assert (await call(outer, "/one/a")).body == b"new"


# Stores --------------------------------------------------------------------------------------------------------------


class Away(MemoryStore):
    """A store that can be away."""

    is_away = False

    def check(self) -> None:
        if self.is_away:
            raise StoreUnavailable("away")

    async def get(self, key: str) -> Any:
        self.check()
        return await super().get(key)

    async def set_tagged(self, *given: Any, **more: Any) -> str:
        self.check()
        return await super().set_tagged(*given, **more)

    async def forget(self, tag: str) -> int:
        self.check()
        return await super().forget(tag)

    async def delete(self, *given: Any, **more: Any) -> bool:
        self.check()
        return await super().delete(*given, **more)

    async def acquire(self, *given: Any, **more: Any) -> Any:
        self.check()
        return await super().acquire(*given, **more)


async def test_without_its_store_the_origin_answers_once_for_all_who_ask(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = Away()
    app = Application(store=store)
    count = 0

    @app.get("/", cache=Cache(max_age=60))
    async def slow() -> int:
        nonlocal count
        count += 1
        await asyncio.sleep(0.01)
        return count

    @app.post("/")
    async def change() -> str:
        return "changed"

    store.is_away = True
    found = await asyncio.gather(*[call(app) for _ in range(50)])
    assert (count, {one.body for one in found}) == (1, {b"1"})
    assert found[0].headers["cache-status"] == "MicroFrame; fwd=uri-miss"
    assert (await call(app)).body == b"2"
    assert (await call(app, method="POST")).status == 200
    store.is_away = False
    await call(app)
    assert (await call(app)).body == b"3"
    told = [record.message for record in caplog.records]
    assert told == [
        "the cache is away, everything is made anew: away",
        "what has changed could not be forgotten, and is sent until its time is over",
        "the cache is back",
    ]


async def test_a_store_that_goes_while_an_answer_is_made_harms_nobody() -> None:
    store = Away()
    origin = Origin(store=store, cache=Cache(max_age=60, vary=("x-a",)))

    def answer(request: Request) -> Response:
        store.is_away = True
        return Response("made", headers={"vary": "x-b"})

    origin.answer = answer
    assert (await origin.ask()).body == b"made"
    store.is_away = False
    assert (await origin.ask()).body == b"made"
    assert origin.count == 2


def test_a_store_that_cannot_forget_by_tag_stops_the_program() -> None:
    class Plain:
        async def get(self, key: str) -> Any: ...
        async def set(self, key: str, value: bytes, *, ttl: Any = None, if_version: Any = None) -> Any: ...
        async def delete(self, key: str, *, if_version: Any = None) -> Any: ...
        async def add(self, key: str, amount: int = 1, *, ttl: Any = None) -> Any: ...
        async def close(self) -> None: ...

    store: Store = Plain()
    app = Application(store=store)
    app.add_api_route("/", lambda: 1, cache=Cache(max_age=1))
    with pytest.raises(SetupError, match="Tags"):
        app.build()


# Routes --------------------------------------------------------------------------------------------------------------


async def test_a_router_says_it_for_its_routes_and_a_route_says_otherwise() -> None:
    app = Application(cache=Cache(max_age=60))
    count = 0

    @app.get("/kept")
    async def kept() -> int:
        nonlocal count
        count += 1
        return count

    @app.get("/not", cache=False)
    async def unkept() -> int:
        return await kept()

    @app.get("/own", cache=Cache(max_age=5))
    async def own() -> int:
        return await kept()

    assert [(await call(app, "/kept")).body for _ in range(2)] == [b"1", b"1"]
    assert [(await call(app, "/not")).body for _ in range(2)] == [b"2", b"3"]
    assert (await call(app, "/own")).headers["cache-control"] == "max-age=5"
    assert "cache-control" not in (await call(app, "/not")).headers
    assert "cache-status" not in (await call(app, "/openapi.json")).headers


@pytest.mark.parametrize(
    ("policy", "header"),
    [
        (Cache(max_age=60, private=True), "max-age=60, private"),
        (Cache(no_store=True), "no-store"),
        (Cache(private=True), "private"),
    ],
)
async def test_answers_for_the_visitor_alone_say_so_and_are_not_kept(policy: Cache, header: str) -> None:
    origin = Origin(cache=policy)
    answer = await origin.ask()
    assert answer.headers["cache-control"] == header
    assert "cache-status" not in answer.headers
    assert await origin.made() == 1


async def test_a_shared_response_of_a_handler_is_not_written_on() -> None:
    same = Response("same")
    origin = Origin(lambda request: same)
    await origin.ask("/1")
    await origin.ask("/2")
    assert same.raw_headers == []


async def test_background_tasks_run_for_who_had_the_answer_made() -> None:
    ran: List[int] = []

    async def task() -> None:
        ran.append(1)

    origin = Origin(lambda request: Response("x", background=task))
    await origin.ask()
    await origin.ask()
    assert ran == [1]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"cache": 60}, "is no Cache"),
        ({"cache": True}, "is no Cache"),
        ({"cache": Cache(max_age=1, tags=("board:{board_id}",))}, "its path has no board_id"),
    ],
)
def test_a_mistake_stops_the_program_and_names_the_handler(given: Any, words: str) -> None:
    app = Application()

    @app.get("/", **given)
    async def handler() -> None: ...

    with pytest.raises(SetupError, match=words) as caught:
        app.build()
    assert "handler" in str(caught.value)
    assert __file__ in str(caught.value)


async def test_other_methods_pass() -> None:
    origin = Origin()
    assert (await origin.ask("/", method="OPTIONS")).status == 204
    assert "OPTIONS" in (await origin.ask("/", method="PATCH")).headers["allow"]


async def test_what_was_read_lately_is_forgotten_with_what_is_kept() -> None:
    origin = Origin()
    answers = [(await origin.ask("/a")).body for _ in range(3)]
    await origin.app.store.close()  # everything is gone
    answers += [(await origin.ask("/a")).body for _ in range(2)]
    assert answers == [b"answer 1"] * 3 + [b"answer 2"] * 2


async def test_few_answers_are_remembered_as_they_were_read_and_no_large_ones() -> None:
    origin = Origin(lambda request: Response("x" * (LARGEST_LATELY if request.path == "/large" else 1)))
    for number in range(MOST_LATELY + 10):
        for _ in range(2):
            await origin.ask(f"/{number}")
    assert [(await origin.ask("/large")).body for _ in range(2)] == [b"x" * LARGEST_LATELY] * 2
    owner = origin.app.injector.owner_context
    assert owner is not None
    cache = await owner.resolve(ResponseCache)
    assert len(cache._lately) == MOST_LATELY
    assert all(len(raw) <= LARGEST_LATELY for raw, _ in cache._lately.values())
