"""Middleware and guards of a whole application: what may be given, in which order it stands, what it sees."""

import asyncio
import logging
from contextvars import ContextVar
from typing import Any, AsyncIterator, Dict, List, Optional

import pytest
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from microframe import (
    Application,
    Depends,
    HTTPException,
    PlainTextResponse,
    Provided,
    Request,
    Response,
    Router,
    SetupError,
    StreamingResponse,
    WebSocket,
)
from microframe.endpoint import Endpoint
from microframe.http.connection import Connection
from microframe.routing.route import Route
from microframe.testing import AsyncTestClient, WebSocketDenied

Notes = List[str]


class Noting:
    """Native middleware with options: notes that it was passed, on the way in and out."""

    def __init__(self, word: str, notes: Notes) -> None:
        self.word = word
        self.notes = notes

    def __call__(self, endpoint: Endpoint) -> Endpoint:
        async def surrounded(request: Request) -> Response:
            self.notes.append(f"{self.word} in")
            response = await endpoint(request)
            self.notes.append(f"{self.word} out {response.status_code}")
            return response

        return surrounded


def named(name: str, notes: Notes) -> Any:
    """Native middleware without options, under a name of its own."""

    def middleware(endpoint: Endpoint) -> Endpoint:
        async def surrounded(request: Request) -> Response:
            notes.append(name)
            return await endpoint(request)

        return surrounded

    middleware.__name__ = name
    return middleware


class Stamp:
    """ASGI middleware: notes itself, and puts a header on every answer."""

    def __init__(self, app: Any, word: str = "stamp", notes: Optional[Notes] = None) -> None:
        self.app = app
        self.word = word
        self.notes = [] if notes is None else notes

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def stamped(message: Any) -> None:
            if message["type"] in ("http.response.start", "websocket.accept"):
                message = {**message, "headers": [*message["headers"], (b"x-stamp", self.word.encode())]}
            await send(message)

        self.notes.append(f"{self.word} {scope['type']}")
        await self.app(scope, receive, stamped)


def plain(**options: Any) -> Application:
    app = Application(**options)

    @app.get("/")
    async def index() -> str:
        return "index"

    return app


async def get(app: Application, path: str = "/", **options: Any) -> Any:
    return await AsyncTestClient(app, raise_server_exceptions=False).get(path, **options)


# What may be given ------------------------------------------------------------------------------------------


async def test_a_function_of_request_and_call_next() -> None:
    app = plain()

    @app.middleware("http")
    async def stamp(request: Request, call_next: Endpoint) -> Response:
        request.state.noted = "before"
        response = await call_next(request)
        response.headers["x-stamp"] = f"{request.state.noted} {response.status_code}"
        return response

    assert (await get(app)).headers["x-stamp"] == "before 200"


async def test_a_function_of_an_endpoint_and_a_class_with_options() -> None:
    notes: Notes = []
    app = plain()
    app.add_middleware(named("function", notes))
    app.add_middleware(Noting, word="class", notes=notes)
    app.add_middleware(Noting("object", notes))
    await get(app)
    assert notes == ["object in", "class in", "function", "class out 200", "object out 200"]


async def test_a_list_of_middleware_begins_with_the_outermost() -> None:
    notes: Notes = []
    await get(plain(middleware=[named("first", notes), named("second", notes)]))
    assert notes == ["first", "second"]


async def test_a_third_partys_asgi_middleware_stands_around_everything() -> None:
    notes: Notes = []
    app = plain()

    @app.get("/client")
    async def client(request: Request) -> List[str]:
        assert request.client is not None
        return [request.client.host, request.scheme]

    app.add_middleware(ProxyHeadersMiddleware, trusted_hosts="127.0.0.1")
    app.add_middleware(named("native", notes))
    headers = {"x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "https"}
    assert (await get(app, "/client", headers=headers)).json() == ["203.0.113.9", "https"]
    assert notes == ["native"]


async def test_the_last_asgi_middleware_added_is_the_outermost() -> None:
    notes: Notes = []
    app = plain()

    async def guard(connection: Connection) -> None:
        notes.append("guard")

    app.add_guard(guard)
    app.add_middleware(Stamp, "inner", notes)
    app.add_middleware(named("native", notes))
    app.add_middleware(Stamp, word="outer", notes=notes)
    response = await get(app)
    assert notes == ["outer http", "inner http", "guard", "native"]
    assert response.headers.getlist("x-stamp") == ["inner", "outer"]


async def test_asgi_middleware_sees_sockets_refused_heads_and_failures() -> None:
    notes: Notes = []
    app = plain()
    app.add_middleware(Stamp, notes=notes)

    @app.websocket("/live")
    async def live(socket: WebSocket) -> None:
        await socket.accept()

    @app.get("/fail")
    async def fail() -> None:
        raise LookupError

    assert (await get(app, "/fail")).headers["x-stamp"] == "stamp"
    assert (await get(app, headers={"host": "a b"})).headers["x-stamp"] == "stamp"
    async with AsyncTestClient(app).websocket_connect("/live") as socket:
        assert socket.headers["x-stamp"] == "stamp"
    assert notes == ["stamp http", "stamp http", "stamp websocket"]


@pytest.mark.parametrize("where", ["router", "route", "inclusion", "mount"])
def test_asgi_middleware_anywhere_else_is_refused_by_name(where: str) -> None:
    app = Application()
    inner = Router(middleware=[Stamp] if where == "router" else [])  # type: ignore[list-item]
    if where == "mount":
        inner = Router(middleware=[Stamp])  # type: ignore[list-item]
        inner.mount("/x", Application())
    else:
        inner.get("/x", middleware=[Stamp] if where == "route" else [])(named)  # type: ignore[list-item]
    app.include_router(inner, middleware=[Stamp] if where == "inclusion" else [])  # type: ignore[list-item]
    with pytest.raises(SetupError, match=r"Stamp is ASGI middleware.*app\.add_middleware\(Stamp\)"):
        app.build()


@pytest.mark.parametrize("place", [{"slot": "cors"}, {"before": "x"}, {"after": "x"}])
def test_asgi_middleware_has_no_place_among_the_others(place: Any) -> None:
    with pytest.raises(SetupError, match="Stamp is ASGI middleware: it stands outside all others"):
        Application().add_middleware(Stamp, **place)


def test_only_http_has_function_middleware() -> None:
    with pytest.raises(SetupError, match="websocket"):
        Application().middleware("websocket")


@pytest.mark.parametrize("middleware", [object(), 3])
def test_what_cannot_be_called_is_refused(middleware: object) -> None:
    with pytest.raises(SetupError, match="cannot be called with an endpoint"):
        Application().add_middleware(middleware)


@pytest.mark.parametrize("where", ["router", "route", "inclusion", "mount"])
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"middleware": [lambda: None]}, "must take an endpoint"),
        ({"middleware": [lambda request, call_next: None]}, r"takes \(request, call_next\)"),
        ({"middleware": [3]}, "cannot be called with an endpoint"),
        ({"guards": [lambda connection: None]}, "the guard .* must be async"),
    ],
)
def test_what_surrounds_a_route_is_checked_and_the_route_named(
    where: str, options: Any, message: str
) -> None:
    app, inner = Application(), Router(**(options if where in ("router", "mount") else {}))
    if where == "mount":
        inner.mount("/x", plain())
    else:
        inner.get("/x", **(options if where == "route" else {}))(lambda: None)
    app.include_router(inner, **(options if where == "inclusion" else {}))
    with pytest.raises(SetupError, match=f"{message}.*/x"):
        app.build()


def test_a_guard_of_the_application_is_checked_at_once() -> None:
    def guard(connection: Connection) -> None: ...

    with pytest.raises(
        SetupError, match=r"the guard .*guard .*test_middleware_order\.py:\d+\) must be async"
    ):
        Application(guards=[guard])  # type: ignore[list-item]
    with pytest.raises(SetupError, match="must be async"):
        Application().add_guard(guard)  # type: ignore[arg-type]


# Order ------------------------------------------------------------------------------------------------------


async def test_the_last_one_added_is_the_outermost() -> None:
    notes: Notes = []
    app = plain()
    for name in ("a", "b", "c"):
        app.add_middleware(named(name, notes))

    @app.middleware("http")
    async def last(request: Request, call_next: Endpoint) -> Response:
        notes.append("last")
        return await call_next(request)

    await get(app)
    assert notes == ["last", "c", "b", "a"]


async def test_slots_go_from_errors_to_app() -> None:
    notes: Notes = []
    app = plain()
    slots = ["errors", "trace", "headers", "cors", "compress", "session", "csrf", "limit", "cache", "app"]
    for slot in [*slots[5:], *slots[:5]]:
        app.add_middleware(named(slot, notes), slot=slot)
    await get(app)
    assert notes == slots


async def test_before_stands_outside_and_after_inside() -> None:
    notes: Notes = []
    app = plain()
    app.add_middleware(named("a", notes))
    app.add_middleware(named("b", notes), slot="cors")
    app.add_middleware(named("c", notes), before="b")
    app.add_middleware(named("d", notes), slot="errors", after="a")
    await get(app)
    assert notes == ["c", "b", "a", "d"]


@pytest.mark.parametrize("times", range(3))
async def test_what_stands_between_moved_ones_keeps_its_order(times: int) -> None:
    notes: Notes = []
    app = plain()
    app.add_middleware(named("innermost", notes))
    for number in range(times):
        app.add_middleware(named(f"moved {number}", notes), after="innermost")
    app.add_middleware(named("middle", notes))
    app.add_middleware(named("outermost", notes))
    app.add_middleware(named("first", notes), before="outermost")
    await get(app)
    assert [word for word in notes if not word.startswith("moved")] == [
        "first",
        "outermost",
        "middle",
        "innermost",
    ]
    assert sorted(notes[4:]) == [f"moved {number}" for number in range(times)]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"slot": "nowhere"}, "names the slot 'nowhere': there is errors, trace"),
        ({"before": "nobody"}, "wants to stand beside 'nobody', which is not there"),
        ({"after": "nobody"}, "wants to stand beside 'nobody', which is not there"),
        ({"before": "moved"}, "cannot be ordered: moved"),
        ({"before": "other", "after": "other"}, "cannot be ordered: .*moved"),
    ],
)
def test_an_impossible_order_is_named(options: Dict[str, str], message: str) -> None:
    app = plain()
    app.add_middleware(named("other", []))
    app.add_middleware(named("moved", []), **options)
    with pytest.raises(SetupError, match=message):
        app.build()


async def test_routers_middleware_stands_inside_the_applications() -> None:
    notes: Notes = []
    app = plain(middleware=[named("app", notes)])
    router = Router(prefix="/r", middleware=[named("router 1", notes), named("router 2", notes)])

    @router.get("/x", middleware=[named("route", notes)])
    async def handler() -> None:
        notes.append("handler")

    app.include_router(router, middleware=[named("inclusion", notes)])
    await get(app, "/r/x")
    assert notes == ["app", "inclusion", "router 1", "router 2", "route", "handler"]


# What depends on the route ----------------------------------------------------------------------------------


class Mark:
    """Metadata of a route."""


class PerRoute:
    """Middleware for marked routes; it asks each once."""

    def __init__(self, notes: Notes) -> None:
        self.notes = notes
        self.asked: List[str] = []

    def for_route(self, route: Route) -> Any:
        self.asked.append(route.path)
        return Noting(f"marked {route.path}", self.notes) if route.metadata_of(Mark) else None


async def test_middleware_may_depend_on_the_route() -> None:
    notes: Notes = []
    per_route = PerRoute(notes)
    app = plain(middleware=[named("app", notes)], openapi_url=None)
    app.add_middleware(per_route)
    marked = Router(prefix="/marked", metadata=[Mark()], middleware=[named("router", notes)])
    marked.get("/{number}")(lambda number: None)
    app.include_router(marked)
    for _ in range(2):
        await get(app, "/marked/1?number=1")
        await get(app)
        await get(app, "/nowhere")
    once = ["app", "marked /marked/{number} in", "router", "marked /marked/{number} out 200", "app", "app"]
    assert notes == once * 2
    assert per_route.asked == ["/", "/marked/{number}"]


# What middleware sees ---------------------------------------------------------------------------------------


class Watching:
    """Middleware that notes what passes."""

    def __init__(self) -> None:
        self.seen: List[Any] = []

    def __call__(self, endpoint: Endpoint) -> Endpoint:
        async def surrounded(request: Request) -> Response:
            response = await endpoint(request)
            content_type = response.headers.get("content-type")
            self.seen.append((request.path, response.status_code, content_type))
            return response

        return surrounded


async def test_middleware_sees_missing_routes_errors_redirects_and_mounts() -> None:
    watching = Watching()
    app, inner = plain(middleware=[watching]), plain()

    @app.get("/fail")
    async def fail() -> None:
        raise LookupError

    @app.get("/refuse")
    async def refuse() -> None:
        raise HTTPException(409)

    app.mount("/inner", inner)
    client = AsyncTestClient(app, raise_server_exceptions=False, follow_redirects=False)
    for path in ("/", "/nowhere", "/fail", "/refuse", "/fail/", "/inner/", "/inner/nowhere"):
        await client.get(path)
    await client.post("/")
    await client.options("/")
    problem = "application/problem+json"
    assert watching.seen == [
        ("/", 200, "application/json"),
        ("/nowhere", 404, problem),
        ("/fail", 500, problem),
        ("/refuse", 409, problem),
        ("/fail/", 307, None),
        ("/inner/", 200, "application/json"),
        ("/inner/nowhere", 404, problem),
        ("/", 405, problem),
        ("/", 204, None),
    ]


async def test_middleware_may_answer_itself_and_change_the_path() -> None:
    app = plain()

    @app.middleware("http")
    async def rewrite(request: Request, call_next: Endpoint) -> Response:
        if request.path == "/teapot":
            return PlainTextResponse("short and stout", 418)
        if request.path == "/old":
            request.path = "/"
        return await call_next(request)

    assert (await get(app, "/teapot")).status_code == 418
    assert (await get(app, "/old")).json() == "index"


async def test_middleware_may_call_next_again() -> None:
    app, tries = Application(), []

    @app.get("/")
    async def flaky() -> str:
        tries.append(1)
        if len(tries) < 3:
            raise HTTPException(503)
        return "at last"

    @app.middleware("http")
    async def retry(request: Request, call_next: Endpoint) -> Response:
        for _ in range(5):
            response = await call_next(request)
            if response.status_code != 503:
                break
        return response

    assert (await get(app)).json() == "at last"


async def test_middleware_may_change_a_stream_as_it_passes() -> None:
    app = Application()

    async def pieces() -> AsyncIterator[str]:
        yield "a"
        yield "b"

    @app.get("/")
    async def stream() -> Response:
        return StreamingResponse(pieces(), media_type="text/plain")

    async def upper(body: Any) -> AsyncIterator[bytes]:
        async for piece in body:
            yield (piece.encode() if isinstance(piece, str) else piece).upper()

    @app.middleware("http")
    async def shout(request: Request, call_next: Endpoint) -> Response:
        response = await call_next(request)
        response.body = upper(response.body)
        return response

    assert (await get(app)).text == "AB"


async def test_context_variables_pass_both_ways() -> None:
    tenant: ContextVar[str] = ContextVar("tenant", default="nobody")
    app, seen = Application(), []

    async def dependency() -> str:
        return tenant.get()

    @app.get("/")
    def blocking(found: str = Depends(dependency)) -> List[str]:
        before = tenant.get()
        tenant.set("handler")
        return [found, before]

    @app.middleware("http")
    async def outer(request: Request, call_next: Endpoint) -> Response:
        tenant.set("middleware")
        response = await call_next(request)
        seen.append(tenant.get())
        return response

    assert (await get(app)).json() == ["middleware", "middleware"]
    assert seen == ["handler"]


async def test_middleware_may_set_cookies_and_background_tasks() -> None:
    app, notes = plain(), []

    async def later() -> None:
        notes.append("later")

    @app.middleware("http")
    async def around(request: Request, call_next: Endpoint) -> Response:
        response = await call_next(request)
        response.set_cookie("seen", "1")
        response.after.append(later)
        return response

    assert (await get(app)).cookies["seen"] == "1"
    assert notes == ["later"]


@pytest.mark.parametrize("outer", [False, True])
async def test_middleware_that_returns_nothing_is_a_clean_500(
    outer: bool, caplog: pytest.LogCaptureFixture
) -> None:
    app = plain()

    @app.middleware("http")
    async def forgetful(request: Request, call_next: Endpoint) -> Any:
        await call_next(request)

    if outer:

        @app.middleware("http")
        async def stamp(request: Request, call_next: Endpoint) -> Response:
            return await call_next(request)

    response = await get(app)
    assert (response.status_code, response.json()["code"]) == (500, "internal_server_error")
    assert len(caplog.records) == 1
    with pytest.raises(TypeError, match="did a middleware return nothing"):
        await AsyncTestClient(app).get("/")


@pytest.mark.parametrize("where", ["router", "mounted"])
async def test_middleware_of_a_router_that_returns_nothing_is_one_too(where: str) -> None:
    def forgetful(endpoint: Endpoint) -> Any:
        async def surrounded(request: Request) -> None:
            await endpoint(request)

        return surrounded

    app, seen = Application(), []

    @app.middleware("http")
    async def outer(request: Request, call_next: Endpoint) -> Response:
        response = await call_next(request)
        seen.append(response.status_code)
        return response

    if where == "router":
        router = Router(middleware=[forgetful])
        router.get("/x/")(lambda: None)
        app.include_router(router)
    else:
        app.mount("/x", plain(middleware=[forgetful]))
    assert (await get(app, "/x/")).status_code == 500
    assert seen == [500]


async def test_middleware_that_fails_is_logged_and_answered(caplog: pytest.LogCaptureFixture) -> None:
    app = plain()

    @app.middleware("http")
    async def failing(request: Request, call_next: Endpoint) -> Response:
        await call_next(request)
        raise LookupError("a secret")

    response = await get(app)
    assert response.status_code == 500
    assert "secret" not in response.text
    assert len(caplog.records) == 1


# Guards -----------------------------------------------------------------------------------------------------


def guarding(notes: Notes, word: str) -> Any:
    async def guard(connection: Connection) -> Optional[Response]:
        notes.append(word)
        if connection.headers.get("x-refuse") == word:
            return PlainTextResponse(f"refused by {word}", 403)
        if connection.headers.get("x-raise") == word:
            raise HTTPException(401, f"raised by {word}")
        return None

    return guard


def guarded(notes: Notes) -> Application:
    app = Application(guards=[guarding(notes, "first")], middleware=[named("middleware", notes)])
    app.add_guard(guarding(notes, "second"))
    router = Router(prefix="/r", guards=[guarding(notes, "router")])

    async def dependency() -> None:
        notes.append("dependency")

    @router.get("/x", guards=[guarding(notes, "route")], dependencies=[Depends(dependency)])
    async def handler() -> None:
        notes.append("handler")

    @router.websocket("/live", guards=[guarding(notes, "route")], dependencies=[Depends(dependency)])
    async def live(socket: WebSocket) -> None:
        notes.append("handler")
        await socket.accept()

    app.include_router(router)
    return app


async def test_guards_come_before_middleware_and_before_the_match() -> None:
    notes: Notes = []
    app = guarded(notes)
    await get(app, "/r/x")
    assert notes == ["first", "second", "middleware", "router", "route", "dependency", "handler"]
    notes.clear()
    await get(app, "/nowhere")
    assert notes == ["first", "second", "middleware"]


@pytest.mark.parametrize(
    ("word", "passed"),
    [
        ("first", ["first"]),
        ("second", ["first", "second"]),
        ("router", ["first", "second", "middleware", "router"]),
        ("route", ["first", "second", "middleware", "router", "route"]),
    ],
)
async def test_the_first_guard_that_answers_has_the_word(word: str, passed: Notes) -> None:
    notes: Notes = []
    app = guarded(notes)
    response = await get(app, "/r/x", headers={"x-refuse": word})
    assert (response.status_code, response.text) == (403, f"refused by {word}")
    assert response.headers["x-content-type-options"] == "nosniff"
    assert notes == passed
    response = await get(app, "/r/x", headers={"x-raise": word})
    assert (response.status_code, response.json()["detail"]) == (401, f"raised by {word}")


@pytest.mark.parametrize("word", ["first", "second", "router", "route"])
async def test_guards_decide_about_sockets_before_dependencies(word: str) -> None:
    notes: Notes = []
    client = AsyncTestClient(guarded(notes))
    async with client.websocket_connect("/r/live"):
        pass
    assert notes == ["first", "second", "router", "route", "dependency", "handler"]
    for header, status in (("x-refuse", 403), ("x-raise", 401)):
        notes.clear()
        with pytest.raises(WebSocketDenied) as caught:
            await client.websocket_connect("/r/live", headers={header: word}).__aenter__()
        assert caught.value.response.status_code == status
        assert notes[-1] == word


async def test_a_denial_that_answers_many_does_not_grow() -> None:
    refusal = PlainTextResponse("no", 403)

    async def guard(connection: Connection) -> Response:
        return refusal

    app = plain(guards=[guard], request_id_header="x-request-id")
    client = AsyncTestClient(app)
    for _ in range(3):
        with pytest.raises(WebSocketDenied) as caught:
            await client.websocket_connect("/").__aenter__()
        assert len(caught.value.response.headers.getlist("x-request-id")) == 1
    assert len(refusal.raw_headers) == 1


async def test_a_guard_that_fails_is_a_500(caplog: pytest.LogCaptureFixture) -> None:
    async def guard(connection: Connection) -> None:
        raise LookupError("a secret")

    app = plain(guards=[guard])
    response = await get(app)
    assert response.status_code == 500
    assert "secret" not in response.text
    client = AsyncTestClient(app, raise_server_exceptions=False)
    with pytest.raises(WebSocketDenied) as caught:
        await client.websocket_connect("/").__aenter__()
    assert caught.value.response.status_code == 500
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 2


async def test_reply_headers_of_a_guard_are_on_every_answer() -> None:
    async def guard(connection: Connection) -> None:
        connection.reply_headers.append((b"x-guard", b"was here"))

    app = plain(guards=[guard])

    @app.get("/fail")
    async def fail() -> None:
        raise LookupError

    @app.get("/stream")
    async def stream() -> Response:
        return StreamingResponse(iter("ab"))

    @app.websocket("/live")
    async def live(socket: WebSocket) -> None:
        await socket.accept()

    for path in ("/", "/nowhere", "/fail", "/stream"):
        assert (await get(app, path)).headers.getlist("x-guard") == ["was here"], path
    async with AsyncTestClient(app).websocket_connect("/live") as socket:
        assert socket.headers.getlist("x-guard") == ["was here"]
    with pytest.raises(WebSocketDenied) as caught:
        await AsyncTestClient(app).websocket_connect("/nowhere").__aenter__()
    assert caught.value.response.headers.getlist("x-guard") == ["was here"]


async def test_many_requests_at_once_do_not_mix() -> None:
    """Case 11 in small: what one request notes, no other sees."""
    app = Application()

    @app.middleware("http")
    async def note(request: Request, call_next: Endpoint) -> Response:
        request.state.who = request.headers["x-who"]
        await asyncio.sleep(0)
        return await call_next(request)

    async def dependency(request: Request) -> str:
        await asyncio.sleep(0)
        return str(request.state.who)

    @app.get("/")
    async def who(request: Request, found: str = Depends(dependency)) -> List[str]:
        await asyncio.sleep(0)
        return [found, request.state.who, request.headers["x-who"]]

    client = AsyncTestClient(app)
    asked = [str(number) for number in range(100)]
    answers = await asyncio.gather(*[client.get("/", headers={"x-who": word}) for word in asked])
    assert [answer.json() for answer in answers] == [[word] * 3 for word in asked]


class Bundle:
    """No middleware itself: what it stands for it registers when it is added."""

    def __init__(self, notes: Notes) -> None:
        self.notes = notes

    def setup(self, host: Any) -> None:
        async def guard(connection: Connection) -> Optional[Response]:
            self.notes.append("guard")
            return None

        host.add_guard(guard)
        host.add_middleware(named("inner", self.notes), slot="cache")
        host.add_middleware(Slotted, notes=self.notes)
        host.provide(Bundle, lambda: self, "app")


class Slotted(Noting):
    """Names its own slot."""

    slot = "headers"

    def __init__(self, notes: Notes) -> None:
        super().__init__("headers", notes)


class Installed:
    """A plugin that adds a bundle."""

    name, version, requires, after, options = "installed", "1", (), (), None

    def __init__(self, notes: Notes) -> None:
        self.notes = notes

    def setup(self, host: Any) -> None:
        host.add_middleware(Bundle, notes=self.notes)


@pytest.mark.parametrize("by_plugin", [False, True])
async def test_what_middleware_needs_it_registers_itself(by_plugin: bool) -> None:
    notes: Notes = []
    app = Application(plugins=[Installed(notes)] if by_plugin else [])
    if not by_plugin:
        app.add_middleware(Bundle, notes=notes)

    @app.get("/")
    async def index(bundle: Provided[Bundle]) -> bool:
        return bundle.notes is notes

    assert (await AsyncTestClient(app).get("/")).json() is True
    assert notes == ["guard", "headers in", "inner", "headers out 200"]
