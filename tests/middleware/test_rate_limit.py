"""Rate limits of an application: every form, whom they count, what they tell, what they leave alone."""

import asyncio
from typing import Any, Callable, Dict, List, Optional

import pytest

from microframe import (
    AppConfig,
    Application,
    Connection,
    Controller,
    Depends,
    HTTPException,
    Identity,
    Request,
    Router,
    SetupError,
    UnauthorizedException,
    WebSocket,
    route,
)
from microframe.middleware.rate_limit import Limit, RateLimit, RateLimitMiddleware, limited
from microframe.middleware.sessions import SessionMiddleware
from microframe.sessions.session import Session
from microframe.store import Algorithm, Limits, StoreUnavailable, Verdict
from microframe.stores.memory import MemoryStore
from microframe.testing import TestClient, WebSocketDenied
from tests.scopes import call


class Time:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def build(clock: Optional[Callable[[], float]] = None, **options: Any) -> Application:
    """An application whose store counts by a clock that stands still."""
    return Application(store=MemoryStore(clock=clock or Time()), environment="test", **options)


async def answer() -> str:
    return "yes"


def asked(app: Application, *paths: str, client: str = "203.0.113.7", **headers: str) -> List[int]:
    own = TestClient(app, client=(client, 5000))
    return [own.get(path, headers=headers).status_code for path in paths]


# Forms ---------------------------------------------------------------------------------------------------------------


def test_a_route_refuses_what_is_past_its_limit_and_says_when_to_come_back() -> None:
    clock = Time()
    app = build(clock)
    app.get("/cards", limit=Limit("2/minute", algorithm="fixed_window"))(answer)
    client = TestClient(app)
    first = client.get("/cards")
    assert first.headers["ratelimit-policy"] == '"2/minute";q=2;w=60'
    assert first.headers["ratelimit"] == '"2/minute";r=1;t=60'
    assert "retry-after" not in first.headers
    client.get("/cards")
    clock.now += 17.5
    refused = client.get("/cards")
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["retry-after"] == "43"
    assert refused.headers["ratelimit"] == '"2/minute";r=0;t=43'
    clock.now += 43
    assert client.get("/cards").status_code == 200


def test_routes_that_each_say_a_limit_are_counted_apart() -> None:
    app = build()
    app.get("/a", limit="1/minute")(answer)
    app.get("/b", limit="1/minute")(answer)
    app.post("/a", limit="1/minute")(answer)
    assert asked(app, "/a", "/b", "/a", "/b") == [200, 200, 429, 429]
    assert TestClient(app, client=("203.0.113.7", 1)).post("/a").status_code == 200


def test_what_a_router_says_is_one_count_for_its_routes() -> None:
    inner, outer = Router("/inner"), Router(limit="2/minute")
    inner.get("/x")(answer)
    outer.get("/a")(answer)
    outer.get("/own", limit="1/minute")(answer)
    outer.get("/free", limit=None)(answer)
    outer.include_router(inner)
    app = build()
    app.include_router(outer)
    assert asked(app, "/a", "/inner/x", "/a", "/inner/x") == [200, 200, 429, 429]
    assert asked(app, "/own", "/own", "/free", "/free", "/free") == [200, 429, 200, 200, 200]


def test_what_an_application_says_is_one_count_for_all_that_says_nothing_itself() -> None:
    async def below(request: Request) -> Any:
        return await call_answer(request)

    async def call_answer(request: Request) -> Any:
        from microframe import PlainTextResponse

        return PlainTextResponse(request.path)

    app = build(limit="3/minute")
    app.get("/a")(answer)
    app.get("/b")(answer)
    app.mount("/below", below)
    assert asked(app, "/a", "/b", "/below/x", "/below/y", "/a") == [200, 200, 200, 429, 429]


def test_limits_by_route_and_client_count_each_route_of_a_router() -> None:
    app = build(limit=Limit("1/minute", by=("client", "route")))
    app.get("/a")(answer)
    app.get("/b/{number}")(answer)
    assert asked(app, "/a", "/b/1", "/a", "/b/2") == [200, 200, 429, 429]
    assert asked(app, "/a", client="203.0.113.8") == [200]


def test_one_limit_object_and_one_name_are_one_count() -> None:
    shared = Limit("2/minute")
    app = build()
    app.get("/a", limit=shared)(answer)
    app.get("/b", limit=shared)(answer)
    app.get("/c", limit=Limit("1/hour", name="costly"))(answer)
    app.get("/d", limit=Limit("1/hour", name="costly"))(answer)
    assert asked(app, "/a", "/b", "/b", "/c", "/d") == [200, 200, 429, 200, 429]


@pytest.mark.parametrize("above", [True, False], ids=["above", "below"])
def test_a_decorator_says_the_same_wherever_it_stands(above: bool) -> None:
    app = build()

    async def cards() -> str:
        return "yes"

    if above:
        limited("1/minute")(app.get("/a")(cards))
    else:
        app.get("/a")(limited("1/minute")(cards))
    assert asked(app, "/a", "/a") == [200, 429]


def test_a_decorated_method_of_a_controller_is_limited() -> None:
    app = build()

    @app.controller("/cards")
    class Cards(Controller):
        @route.get("/")
        @limited("1/minute")
        async def all(self) -> str:
            return "yes"

    assert asked(app, "/cards/", "/cards/") == [200, 429]


def test_a_dependency_limits_each_route_apart_unless_it_has_a_name() -> None:
    each = Depends(RateLimit("1/minute"))
    together = Depends(RateLimit(Limit("1/minute", name="together")))
    app = build()
    for path, dependency in [("/a", each), ("/b", each), ("/c", together), ("/d", together)]:
        app.get(path, dependencies=[dependency])(answer)
    assert asked(app, "/a", "/b", "/a", "/b", "/c", "/d") == [200, 200, 429, 429, 200, 429]
    told = TestClient(app, client=("203.0.113.9", 1)).get("/a")
    assert told.headers["ratelimit"] == '"1/minute";r=0;t=60'


def test_middleware_gives_a_default_to_what_says_nothing() -> None:
    app = build()
    app.add_middleware(RateLimitMiddleware, default="2/minute")
    app.get("/a")(answer)
    app.get("/b")(answer)
    app.get("/own", limit="1/minute")(answer)
    app.get("/free", limit=None)(answer)
    assert asked(app, "/a", "/b", "/a", "/own", "/own", "/free", "/free") == [
        200,
        200,
        429,
        200,
        429,
        200,
        200,
    ]


def test_middleware_counts_in_a_store_of_its_own() -> None:
    app = build()
    own = MemoryStore()
    app.add_middleware(RateLimitMiddleware, store=own)
    app.get("/a", limit="1/minute")(answer)
    assert asked(app, "/a", "/a") == [200, 429]
    assert len(own) == 1


def test_a_handshake_is_limited_as_a_request_is() -> None:
    app = build()
    below = Application()
    app.mount("/below", below)

    @app.websocket("/live", limit="1/minute")
    @below.websocket("/live", limit="1/minute")
    async def live(socket: WebSocket) -> None:
        await socket.accept()

    client = TestClient(app)
    for path in ("/live", "/below/live"):
        with client.websocket_connect(path) as socket:
            assert socket.headers["ratelimit"].endswith("r=0;t=60")
        with pytest.raises(WebSocketDenied) as denied, client.websocket_connect(path):
            pass
        assert denied.value.response.status_code == 429
        assert denied.value.response.headers["retry-after"] == "60"


def test_handshakes_to_what_is_mounted_are_held_to_what_stands_around_it() -> None:
    below = Application()

    @below.websocket("/live")
    async def live(socket: WebSocket) -> None:
        await socket.accept()

    app = build(limit="1/minute")
    app.mount("/below", below)
    client = TestClient(app)
    with client.websocket_connect("/below/live"):
        pass
    with pytest.raises(WebSocketDenied), client.websocket_connect("/below/live"):
        pass


def test_a_dependency_limits_handshakes_before_they_are_accepted() -> None:
    app = build()

    @app.websocket("/live", dependencies=[Depends(RateLimit("1/minute"))])
    async def live(socket: WebSocket) -> None:
        await socket.accept()

    client = TestClient(app)
    with client.websocket_connect("/live") as socket:
        assert socket.headers["ratelimit-policy"] == '"1/minute";q=1;w=60'
    with pytest.raises(WebSocketDenied) as denied, client.websocket_connect("/live"):
        pass
    assert denied.value.response.status_code == 429


# Whom ----------------------------------------------------------------------------------------------------------------


def test_clients_are_counted_apart_and_behind_a_trusted_proxy_by_what_it_tells() -> None:
    app = build(trusted_proxies=["10.0.0.0/8"])
    app.get("/a", limit="1/minute")(answer)
    assert asked(app, "/a", client="203.0.113.7") == [200]
    assert asked(app, "/a", client="203.0.113.8") == [200]
    assert asked(app, "/a", client="10.0.0.1", **{"X-Forwarded-For": "203.0.113.7"}) == [429]
    assert asked(app, "/a", client="10.0.0.1", **{"X-Forwarded-For": "203.0.113.9"}) == [200]


class Somebody:
    def __init__(self, known_as: str) -> None:
        self.id = known_as


def test_users_are_counted_by_their_identity_and_nobody_by_address() -> None:
    async def identify(connection: Connection) -> Optional[Identity]:
        name = connection.headers.get("x-user")
        if name == "refused":
            raise UnauthorizedException()
        return Somebody(name) if name else None

    app = build()
    app.provide(Identity, identify)
    app.get("/a", limit=Limit("1/minute", by="user"))(answer)
    assert asked(app, "/a", client="203.0.113.7", **{"X-User": "ann"}) == [200]
    assert asked(app, "/a", client="203.0.113.8", **{"X-User": "ann"}) == [429]
    assert asked(app, "/a", "/a", client="203.0.113.8", **{"X-User": "bob"}) == [200, 429]
    assert asked(app, "/a", "/a", client="203.0.113.8") == [200, 429]
    assert asked(app, "/a", client="203.0.113.8", **{"X-User": "refused"}) == [429]


def test_users_are_counted_by_their_session_where_no_identity_is_provided() -> None:
    app = build(secret_key="k" * 40)
    app.add_middleware(SessionMiddleware)

    @app.get("/login/{name}")
    async def login(name: str, session: Session) -> None:
        session.login(name)

    app.get("/a", limit=Limit("1/minute", by="user"))(answer)
    ann, other = TestClient(app, client=("203.0.113.7", 1)), TestClient(app, client=("203.0.113.8", 1))
    ann.get("/login/ann")
    other.get("/login/ann")
    assert (ann.get("/a").status_code, other.get("/a").status_code) == (200, 429)
    assert asked(app, "/a", "/a") == [200, 429]


def test_users_are_clients_where_nobody_knows_users() -> None:
    app = build()
    app.get("/a", limit=Limit("1/minute", by="user"))(answer)
    assert asked(app, "/a", "/a") == [200, 429]


def test_a_function_may_leave_a_call_uncounted() -> None:
    app = build()
    app.get("/a", limit=Limit("1/minute", by=lambda c: c.headers.get("x-tenant")))(answer)
    assert asked(app, "/a", "/a", "/a") == [200, 200, 200]
    assert asked(app, "/a", "/a", **{"X-Tenant": "blue"}) == [200, 429]
    assert "ratelimit" not in TestClient(app).get("/a").headers


# Several -------------------------------------------------------------------------------------------------------------


def test_of_several_limits_the_tightest_is_told_and_all_are_named() -> None:
    clock = Time()
    app = build(clock)
    app.get("/a", limit=["5/day", "2/second"])(answer)
    client = TestClient(app)
    told = client.get("/a").headers
    assert told["ratelimit-policy"] == '"2/second";q=2;w=1, "5/day";q=5;w=86400'
    assert told["ratelimit"] == '"2/second";r=1;t=1'
    for _ in range(2):
        clock.now += 2
        told = client.get("/a").headers
    assert told["ratelimit"] == '"2/second";r=1;t=1'
    clock.now += 2
    assert client.get("/a").headers["ratelimit"].startswith('"5/day";r=1;t=')


def test_a_flood_that_the_shortest_limit_refuses_uses_up_no_other() -> None:
    clock = Time()
    app = build(clock)
    app.get("/a", limit=["4/day", "2/second"])(answer)
    assert asked(app, *["/a"] * 50).count(200) == 2
    clock.now += 2
    assert asked(app, *["/a"] * 50).count(200) == 2
    clock.now += 2
    assert asked(app, "/a") == [429]


def test_of_limits_that_leave_as_many_the_later_is_told() -> None:
    app = build()
    app.get("/a", limit=["2/minute", "2/hour"])(answer)
    assert TestClient(app).get("/a").headers["ratelimit"].startswith('"2/hour";r=1;')


def test_a_call_may_cost_more_than_one() -> None:
    app = build()
    app.get("/a", limit=Limit("5/minute", cost=2))(answer)
    assert asked(app, "/a", "/a", "/a") == [200, 200, 429]


# What is left alone --------------------------------------------------------------------------------------------------


async def is_probe(connection: Connection) -> bool:
    return connection.headers.get("x-probe") == "1"


def test_paths_clients_and_functions_are_exempt() -> None:
    app = build()
    exempt: List[Any] = ["/health/", "10.0.0.0/8", "2001:db8::1", is_probe, lambda c: "x-other" in c.headers]
    app.add_middleware(RateLimitMiddleware, default="1/minute", exempt=exempt)
    for path in ("/a", "/health", "/health/deep", "/healthy"):
        app.get(path)(answer)
    assert asked(app, "/a", "/a", "/health", "/health/deep", "/healthy") == [200, 429, 200, 200, 429]
    assert asked(app, "/a", "/a", client="10.1.2.3") == [200, 200]
    assert asked(app, "/a", "/a", client="2001:db8::1") == [200, 200]
    assert asked(app, "/a", "/a", client="2001:db8::2") == [200, 429]
    assert asked(app, "/a", "/a", **{"X-Probe": "1"}) == [200, 200]
    assert asked(app, "/a", "/a", **{"X-Other": "1"}) == [200, 200]


@pytest.mark.parametrize("exempt", ["health", ["10.0.0.1/8"], [5]], ids=["word", "network", "number"])
def test_what_is_no_exemption_is_refused(exempt: Any) -> None:
    with pytest.raises(SetupError, match="exempt="):
        build().add_middleware(RateLimitMiddleware, exempt=exempt)


def test_one_path_or_function_needs_no_list() -> None:
    for exempt in ("/a", is_probe):
        app = build()
        app.add_middleware(RateLimitMiddleware, default="1/minute", exempt=exempt)
        app.get("/a")(answer)
        assert asked(app, "/a", "/a", **{"X-Probe": "1"}) == [200, 200]


def test_no_middleware_is_there_where_nothing_is_limited() -> None:
    app = build()
    app.get("/a")(answer)
    app.build()
    assert app._stack.layers == []
    app = build()
    app.get("/a")(answer)
    app.get("/b", limit="1/minute")(answer)
    app.build()
    (layer,) = app._stack.layers
    free = next(found for found in app.routes if found.path == "/a")
    assert layer.middleware.for_route(free) is None


def test_preflights_unknown_paths_and_wrong_methods_are_not_counted() -> None:
    app = build(limit="1/minute")
    app.get("/a")(answer)
    client = TestClient(app)
    assert [
        client.options("/a").status_code,
        client.post("/a").status_code,
        client.get("/b").status_code,
    ] == [
        204,
        405,
        404,
    ]
    assert [client.head("/a").status_code, client.get("/a").status_code] == [200, 429]


# Answers -------------------------------------------------------------------------------------------------------------


def test_every_answer_of_a_limited_route_tells_errors_included() -> None:
    app = build(limit="9/minute")

    @app.get("/a/{number}")
    async def read(number: int) -> int:
        if number == 0:
            raise HTTPException(409)
        return 1 // (number - 1)

    client = TestClient(app, raise_server_exceptions=False)
    answers = [client.get(f"/a/{text}") for text in ("2", "0", "x", "1")]
    assert [one.status_code for one in answers] == [200, 409, 422, 500]
    assert [one.headers["ratelimit"] for one in answers] == [
        f'"9/minute";r={left};t=60' for left in (8, 7, 6, 5)
    ]


def test_an_application_may_answer_the_refusal_in_its_own_words() -> None:
    app = build()
    app.get("/a", limit="1/minute")(answer)

    @app.exception_handler(429)
    async def busy(request: Request, exc: HTTPException) -> Dict[str, Any]:
        return {"wait": (exc.headers or {})["Retry-After"]}

    client = TestClient(app)
    client.get("/a")
    refused = client.get("/a")
    assert refused.json() == {"wait": "60"}
    assert refused.headers["ratelimit"] == '"1/minute";r=0;t=60'


def test_the_document_tells_of_the_refusal() -> None:
    app = build()
    app.get("/a", limit="1/minute")(answer)
    app.get("/b", dependencies=[Depends(RateLimit("1/minute"))])(answer)
    app.get("/c", limit=None)(answer)
    paths = app.openapi()["paths"]
    assert ["429" in paths[path]["get"]["responses"] for path in ("/a", "/b", "/c")] == [True, True, False]


def test_the_document_tells_of_a_default_too() -> None:
    app = build()
    app.add_middleware(RateLimitMiddleware, default="9/minute")
    app.get("/a")(answer)
    assert "429" in app.openapi()["paths"]["/a"]["get"]["responses"]


# Counting ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ["fixed_window", "sliding_window", "gcra"])
async def test_with_time_stopped_exactly_the_limit_passes_of_a_thousand_at_once(algorithm: Algorithm) -> None:
    app = build()
    app.get("/a", limit=Limit("100/minute", algorithm=algorithm))(answer)
    found = await asyncio.gather(*(call(app, "/a") for _ in range(1000)))
    statuses = [exchange.status for exchange in found]
    assert (statuses.count(200), statuses.count(429)) == (100, 900)


class Away(MemoryStore):
    """A store that cannot be reached."""

    async def hit(
        self, key: str, *, algorithm: Algorithm, limit: int, window: float, cost: int = 1
    ) -> Verdict:
        raise StoreUnavailable("gone")


def test_while_the_store_is_away_each_process_counts_and_logins_are_closed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = Application(store=Away(), environment="test")
    app.get("/a", limit=Limit("2/hour"))(answer)
    app.get("/login", limit=Limit("5/minute", fail_closed=True))(answer)
    assert asked(app, "/a", "/a", "/a", "/a") == [200, 200, 429, 429]
    closed = TestClient(app).get("/login")
    assert (closed.status_code, closed.json()["code"]) == (503, "service_unavailable")
    assert closed.headers["retry-after"] == "1"
    assert [record.name for record in caplog.records].count("microframe.limits") == 1


def test_processes_of_one_program_count_under_one_name() -> None:
    def program(store: MemoryStore) -> Application:
        app = Application(store=store, environment="test", title="board", limit="4/minute")
        app.get("/a")(answer)
        app.get("/b", limit=["2/minute", "3/hour"])(answer)
        app.post("/b", limit="2/minute")(answer)
        return app

    store = MemoryStore(clock=Time())
    one, other = program(store), program(store)
    assert asked(one, "/a", "/b", "/a") + asked(other, "/a", "/b", "/a", "/a", "/b") == [
        200,
        200,
        200,
        200,
        200,
        200,
        429,
        429,
    ]
    keys = {str(key[0]) for key in store._room.promises if isinstance(key, tuple)}
    assert keys == {
        "board:limit@GET /a:203.0.113.7",
        "board:limit@GET /b:203.0.113.7",
        "board:limit@GET /b#2:203.0.113.7",
    }


def test_a_name_that_is_too_long_for_a_store_is_shortened() -> None:
    app, path = build(title="t" * 200), "/" + "a" * 400
    app.get(path, limit="1/minute")(answer)
    assert asked(app, path, path) == [200, 429]


# Setup ---------------------------------------------------------------------------------------------------------------


def test_a_limit_that_cannot_be_read_names_the_handler_and_the_line() -> None:
    app = build()
    with pytest.raises(
        SetupError, match=r"the limit 'often' cannot be read.*\(answer \(.*test_rate_limit.py:"
    ):
        app.get("/a", limit="often")(answer)
    with pytest.raises(SetupError, match=r"prefix '/x'"):
        Router("/x", limit="often")


def test_a_decorator_against_its_route_names_the_route() -> None:
    app = build()
    app.get("/a", limit=None)(limited("1/minute")(lambda: None))
    with pytest.raises(SetupError, match=r"limit=None, but @limited says otherwise \(GET /a"):
        app.build()


def test_two_that_count_are_refused() -> None:
    app = build()
    app.add_middleware(RateLimitMiddleware)
    app.add_middleware(RateLimitMiddleware)
    app.get("/a", limit="1/minute")(answer)
    with pytest.raises(SetupError, match="added twice"):
        app.build()


def test_around_a_router_it_says_what_to_write_instead() -> None:
    app = build()
    app.include_router(Router(middleware=[RateLimitMiddleware("1/minute")]))
    router = Router(middleware=[RateLimitMiddleware("1/minute")])
    router.get("/a")(answer)
    app.include_router(router)
    with pytest.raises(SetupError, match="a router or a route has limit="):
        app.build()


class OnlyValues:
    """A store that cannot count limits."""

    async def get(self, key: str) -> None: ...
    async def set(self, key: str, value: bytes, **options: Any) -> None: ...
    async def delete(self, key: str, **options: Any) -> bool:
        return False

    async def add(self, key: str, amount: int = 1, **options: Any) -> int:
        return 0

    async def close(self) -> None: ...


def test_a_store_that_cannot_count_is_refused_unless_limits_have_another() -> None:
    store: Any = OnlyValues()
    app = Application(AppConfig(environment="test"), store=store)
    app.get("/a", limit="1/minute")(answer)
    with pytest.raises(SetupError, match="cannot count limits"):
        app.build()
    app = Application(AppConfig(environment="test"), store=store)
    app.add_middleware(RateLimitMiddleware, store=MemoryStore())
    app.get("/a", limit="1/minute")(answer)
    assert asked(app, "/a", "/a") == [200, 429]


def test_an_address_is_no_store_that_counts() -> None:
    with pytest.raises(SetupError, match=r"RateLimitMiddleware: store='redis://127\.0\.0\.1' is no store"):
        build().add_middleware(RateLimitMiddleware, store="redis://127.0.0.1")


def test_a_test_may_put_another_store_in_its_place() -> None:
    app = build()
    app.get("/a", limit="1/minute")(answer)
    other = MemoryStore()
    assert asked(app, "/a", "/a") == [200, 429]
    with app.override({Limits: lambda: other}):
        assert asked(app, "/a", "/a") == [200, 429]


def test_one_dependency_in_several_applications_asks_each_of_them_who_is_calling() -> None:
    each = Depends(RateLimit(Limit("1/minute", by="user")))
    plain, app = build(), build()
    plain.get("/cards", dependencies=[each])(answer)
    assert asked(plain, "/cards", "/cards") == [200, 429]

    async def identify(connection: Connection) -> Optional[Identity]:
        return Somebody(connection.headers["x-user"])

    app.provide(Identity, identify, "request")
    app.get("/cards", dependencies=[each])(answer)
    assert asked(app, "/cards", "/cards", **{"x-user": "ann"}) == [200, 429]
    assert asked(app, "/cards", **{"x-user": "ben"}) == [200]
    assert asked(app, "/cards", client="203.0.113.8", **{"x-user": "ann"}) == [429]
