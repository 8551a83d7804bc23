"""Routing in a whole application: nested routers, what they share, hosts, converters, redirects, methods."""

import traceback
from typing import Any, Dict, List

import pytest

from microframe import (
    Application,
    Depends,
    HTTPException,
    NotFoundException,
    PlainTextResponse,
    Request,
    Response,
    Router,
    SetupError,
    WebSocket,
)
from microframe.endpoint import Endpoint
from microframe.http.connection import Connection
from microframe.routing.converters import Converter
from microframe.routing.route import Route
from microframe.testing import AsyncTestClient

Notes = List[str]


def client_of(app: Application, **options: Any) -> AsyncTestClient:
    return AsyncTestClient(app, follow_redirects=False, **options)


def noting(word: str, notes: Notes) -> Any:
    """Middleware that notes that it was passed."""

    def middleware(endpoint: Endpoint) -> Endpoint:
        async def surrounded(request: Request) -> Response:
            notes.append(word)
            return await endpoint(request)

        return surrounded

    return middleware


def note_guard(word: str, notes: Notes) -> Any:
    async def guard(connection: Connection) -> None:
        notes.append(word)

    return guard


def note_dependency(word: str, notes: Notes) -> Any:
    async def dependency() -> None:
        notes.append(word)

    return Depends(dependency)


def route_of(app: Application, path: str) -> Route:
    app.build()
    return next(route for route in app.routes if route.path == path)


# Nesting ----------------------------------------------------------------------------------------------------


async def test_prefixes_add_up_to_any_depth() -> None:
    app, inner = Application(), Router(prefix="/leaf")

    @inner.get("/{number}")
    async def show(number: int, depth: int) -> List[int]:
        return [number, depth]

    for level in range(20):
        outer = Router(prefix=f"/r{level}")
        outer.include_router(inner, prefix=f"/i{level}")
        inner = outer
    app.include_router(inner, prefix="/top")
    path = "/top" + "".join(f"/r{level}/i{level}" for level in reversed(range(20))) + "/leaf/7"
    response = await client_of(app).get(path, params={"depth": 20})
    assert response.json() == [7, 20]


async def test_a_router_and_an_inclusion_without_any_path_add_nothing() -> None:
    app, middle, inner = Application(), Router(), Router()

    @inner.get("/here")
    async def here() -> str:
        return "here"

    @inner.get()
    async def index() -> str:
        return "index"

    middle.include_router(inner)
    app.include_router(middle)
    assert (await client_of(app).get("/here")).json() == "here"
    assert (await client_of(app).get("/")).json() == "index"


async def test_a_route_without_a_path_answers_at_the_routers_prefix() -> None:
    app, router = Application(), Router(prefix="/cards")

    @router.get("")
    async def cards() -> str:
        return "cards"

    app.include_router(router)
    assert (await client_of(app).get("/cards")).json() == "cards"


@pytest.mark.parametrize("prefix", ["cards", "cards/", "{x}"])
def test_a_prefix_without_its_slash_is_refused(prefix: str) -> None:
    with pytest.raises(SetupError, match="must begin with a slash"):
        Router(prefix=prefix)
    with pytest.raises(SetupError, match="must begin with a slash"):
        Application().include_router(Router(), prefix=prefix)


async def test_tags_merge_from_the_outside_in() -> None:
    app = Application(tags=["app"])
    inner, outer = Router(tags=["inner", "both"]), Router(tags=["outer", "both"])

    @inner.get("/x", tags=["route", "inner"])
    async def handler() -> None: ...

    outer.include_router(inner, tags=["when"])
    app.include_router(outer, tags=["at"])
    assert route_of(app, "/x").inherited.tags == ("app", "at", "outer", "both", "when", "inner", "route")


async def test_what_routers_share_runs_from_the_outside_in() -> None:
    notes: Notes = []

    def options(word: str) -> Any:
        return {
            "guards": [note_guard(f"{word} guard", notes)],
            "middleware": [noting(f"{word} middleware", notes)],
            "dependencies": [note_dependency(f"{word} dependency", notes)],
        }

    app, outer, inner = Application(**options("app")), Router(**options("outer")), Router(**options("inner"))

    @inner.get("/x", **options("route"))
    async def handler() -> None:
        notes.append("handler")

    outer.include_router(inner, **options("inclusion"))
    app.include_router(outer)
    assert (await client_of(app).get("/x")).status_code == 200
    words = ["outer", "inclusion", "inner", "route"]
    assert notes == [
        "app guard",
        "app middleware",
        *[f"{word} guard" for word in words],
        *[f"{word} middleware" for word in words],
        *[f"{word} dependency" for word in ["app", *words]],
        "handler",
    ]


async def test_the_innermost_routers_exception_handler_answers_first() -> None:
    class Lost(Exception):
        pass

    def answer(word: str) -> Any:
        async def handler(request: Request, exc: Exception) -> Response:
            return PlainTextResponse(word)

        return handler

    app = Application(exception_handlers={Lost: answer("app"), KeyError: answer("app")})
    outer = Router(exception_handlers={Lost: answer("outer")})
    inner = Router(prefix="/inner")

    async def fail(kind: str) -> None:
        raise {"lost": Lost(), "key": KeyError()}[kind]

    app.get("/app/{kind}")(fail)
    outer.get("/outer/{kind}")(fail)
    inner.get("/{kind}")(fail)
    inner.add_exception_handler(Lost, answer("inner"))
    outer.include_router(inner)
    app.include_router(outer)
    client = client_of(app)
    found = {path: (await client.get(f"{path}/lost")).text for path in ("/app", "/outer", "/inner")}
    assert found == {"/app": "app", "/outer": "outer", "/inner": "inner"}
    assert (await client.get("/inner/key")).text == "app"


async def test_an_inclusion_may_bring_exception_handlers_of_its_own() -> None:
    app, router = Application(), Router()

    @router.get("/x")
    async def fail() -> None:
        raise LookupError("no")

    async def here(request: Request, exc: Exception) -> Response:
        return PlainTextResponse("here")

    app.include_router(router, prefix="/a", exception_handlers={LookupError: here})
    app.include_router(router, prefix="/b")
    client = client_of(app, raise_server_exceptions=False)
    assert (await client.get("/a/x")).text == "here"
    assert (await client.get("/b/x")).status_code == 500


async def test_responses_metadata_and_flags_are_inherited() -> None:
    class Gone(NotFoundException):
        """It is gone."""

    mark, other = object(), object()
    app = Application(metadata=[mark])
    outer = Router(deprecated=True, responses={404: {"description": "outer"}, 409: {}}, raises=[Gone])
    inner = Router(include_in_schema=False, metadata=[other], responses={404: {"description": "inner"}})

    @inner.get("/x")
    async def deprecated() -> None: ...

    @inner.get("/y", deprecated=False)
    async def alive() -> None: ...

    outer.include_router(inner, responses={418: {}})
    app.include_router(outer)
    found = route_of(app, "/x").inherited
    assert found.deprecated is True
    assert route_of(app, "/y").inherited.deprecated is False
    assert found.include_in_schema is False
    assert found.metadata == (mark, other)
    assert found.responses == {404: {"description": "inner"}, 409: {}, 418: {}}
    assert found.raises == (Gone,)


async def test_the_default_response_class_of_the_nearest_router_counts() -> None:
    app = Application()
    outer, inner = Router(default_response_class=PlainTextResponse), Router()

    @inner.get("/x")
    async def handler() -> str:
        return "text"

    outer.include_router(inner)
    app.include_router(outer, prefix="/a")
    app.include_router(inner, prefix="/b")
    client = client_of(app)
    assert (await client.get("/a/x")).text == "text"
    assert (await client.get("/b/x")).text == '"text"'


async def test_a_router_may_be_included_twice() -> None:
    notes: Notes = []
    app, router = Application(), Router(prefix="/cards", tags=["cards"])

    @router.get("/{number}")
    async def show(number: int) -> int:
        return number

    app.include_router(router, prefix="/v1", tags=["v1"], dependencies=[note_dependency("v1", notes)])
    app.include_router(router, prefix="/v2", tags=["v2"], deprecated=True)
    client = client_of(app)
    assert (await client.get("/v1/cards/1")).json() == 1
    assert notes == ["v1"]
    assert (await client.get("/v2/cards/2")).json() == 2
    assert notes == ["v1"]
    assert route_of(app, "/v1/cards/{number}").inherited.tags == ("v1", "cards")
    assert route_of(app, "/v2/cards/{number}").inherited.tags == ("v2", "cards")
    assert route_of(app, "/v1/cards/{number}").inherited.deprecated is None


async def test_what_is_added_to_a_router_after_its_inclusion_is_served_too() -> None:
    app, outer, inner = Application(), Router(prefix="/outer"), Router(prefix="/inner")
    app.include_router(outer)
    outer.include_router(inner)

    @inner.get("/late")
    async def late() -> str:
        return "late"

    inner.add_exception_handler(LookupError, lambda request, exc: PlainTextResponse("handled"))

    @inner.get("/fail")
    async def fail() -> None:
        raise LookupError

    assert (await client_of(app).get("/outer/inner/late")).json() == "late"
    assert (await client_of(app).get("/outer/inner/fail")).text == "handled"


async def test_two_applications_may_share_a_router() -> None:
    router = Router()

    @router.get("/title")
    async def title(request: Request) -> str:
        return str(request.app.name)  # type: ignore[attr-defined]

    one, two = Application(title="one"), Application(title="two")
    one.include_router(router)
    two.include_router(router)
    assert (await client_of(one).get("/title")).json() == "one"
    assert (await client_of(two).get("/title")).json() == "two"


def test_a_router_cannot_include_itself() -> None:
    outer, inner = Router(prefix="/outer"), Router(prefix="/inner")
    outer.include_router(inner)
    with pytest.raises(SetupError, match="cannot include itself"):
        inner.include_router(outer)
    with pytest.raises(SetupError, match="cannot include itself"):
        outer.include_router(outer)


def test_what_is_no_router_is_refused() -> None:
    with pytest.raises(SetupError, match="takes a Router"):
        Application().include_router(object())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "register",
    [
        lambda app: app.get("/late")(print),
        lambda app: app.websocket("/late")(print),
        lambda app: app.include_router(Router()),
        lambda app: app.mount("/late", Application()),
        lambda app: app.host("late.test", Router()),
        lambda app: app.add_middleware(noting("late", [])),
        lambda app: app.add_guard(note_guard("late", [])),
        lambda app: app.provide(int, int),
        lambda app: app.add_converter("late", Converter(str, str)),
        lambda app: app.add_exception_handler(404, print),
        lambda app: app.on_event("startup")(print),
        lambda app: app.command(print),
        lambda app: app.middleware("http")(print),
    ],
)
def test_nothing_can_be_registered_once_the_application_is_built(register: Any) -> None:
    app = Application()
    app.build()
    with pytest.raises(SetupError, match="too late, the application is already built"):
        register(app)


def test_a_router_of_a_built_application_is_closed_too() -> None:
    app, router = Application(), Router()
    app.include_router(router)
    app.build()
    with pytest.raises(SetupError, match=r"/late -> .*too late"):
        router.get("/late")(lambda: None)


def test_an_application_is_mounted_and_not_included() -> None:
    with pytest.raises(SetupError, match="an application is mounted, not included"):
        Application().include_router(Application(), prefix="/x")


@pytest.mark.parametrize("methods", ["GET", ["GET "], ["G\r\nET"], [""], ["GET", "a b"]])
def test_methods_that_are_none_are_refused(methods: Any) -> None:
    with pytest.raises(SetupError, match=r"test_routing_app\.py:\d+"):
        Router().api_route("/x", methods=methods)(client_of)


def test_unknown_options_are_named() -> None:
    with pytest.raises(SetupError, match="unknown router option tag "):
        Router(tag=["x"])  # type: ignore[call-arg]
    with pytest.raises(SetupError, match=r"^Application has no option colour, nothing$"):
        Application(nothing=1, colour="red")  # type: ignore[call-arg]
    with pytest.raises(SetupError, match="unknown router option nothing"):
        Application().include_router(Router(), nothing=1)  # type: ignore[call-arg]
    with pytest.raises(SetupError, match=r"unknown route option nothing \(.*test_routing_app\.py:\d+\)"):
        Router().get("/", nothing=1)(test_unknown_options_are_named)  # type: ignore[call-arg]


def test_building_twice_is_building_once() -> None:
    app = Application()
    assert app.build().build() is app


def test_a_program_that_cannot_be_built_fails_in_the_same_words_again() -> None:
    class Counting:
        name = "counting"
        version = "1"

        def __init__(self) -> None:
            self.times = 0

        def setup(self, host: Any) -> None:
            self.times += 1

    plugin = Counting()
    app = Application(plugins=[plugin])
    app.get("/x")(lambda: None)
    app.get("/x")(lambda: None)
    words, frames = [], []
    for _ in range(20):
        with pytest.raises(SetupError) as caught:
            app.build()
        words.append(str(caught.value))
        frames.append(len(traceback.extract_tb(caught.value.__traceback__)))
    assert words[0] == words[1]
    assert "two equal routes" in words[0]
    assert frames[1] == frames[-1]
    assert plugin.times == 1


# Hosts ------------------------------------------------------------------------------------------------------


def hosted() -> Application:
    app = Application()
    api, tenants = Router(), Router()

    @api.get("/who")
    async def api_who() -> str:
        return "api"

    @tenants.get("/who")
    async def tenant_who(tenant: str) -> str:
        return f"tenant {tenant}"

    @tenants.websocket("/live")
    async def live(socket: WebSocket, tenant: str) -> None:
        await socket.accept()
        await socket.send_text(tenant)

    @app.get("/who")
    async def anybody() -> str:
        return "anybody"

    @app.get("/everywhere")
    async def everywhere() -> str:
        return "everywhere"

    app.host("api.example.com", api)
    app.host("{tenant}.example.com", tenants)
    return app


@pytest.mark.parametrize(
    ("host", "who"),
    [
        ("api.example.com", "api"),
        ("API.Example.COM:8443", "api"),
        ("blue.example.com", "tenant blue"),
        ("example.com", "anybody"),
        ("a.b.example.com", "anybody"),
        ("api.example.com.evil.test", "anybody"),
        ("[::1]", "anybody"),
    ],
)
async def test_the_most_specific_host_answers(host: str, who: str) -> None:
    client = client_of(hosted())
    assert (await client.get("/who", headers={"host": host})).json() == who
    assert (await client.get("/everywhere", headers={"host": host})).json() == "everywhere"


async def test_sockets_are_routed_by_host_too() -> None:
    client = client_of(hosted())
    async with client.websocket_connect("/live", headers={"host": "blue.example.com"}) as socket:
        assert await socket.receive_text() == "blue"


# Converters -------------------------------------------------------------------------------------------------


async def test_a_converter_of_ones_own_reads_and_writes_paths() -> None:
    def parse_side(text: str) -> bool:
        if text not in ("left", "right"):
            raise ValueError("no side")
        return text == "left"

    app = Application()
    app.add_converter("side", Converter(parse_side, lambda left: "left" if left else "right"))

    @app.get("/turn/{is_left:side}")
    async def turn(request: Request, is_left: bool) -> Dict[str, Any]:
        return {"left": is_left, "path": app.url_path_for("turn", is_left=not is_left)}

    client = client_of(app)
    assert (await client.get("/turn/left")).json() == {"left": True, "path": "/turn/right"}
    assert (await client.get("/turn/up")).status_code == 404


def test_an_unknown_converter_names_the_route() -> None:
    app = Application()
    app.get("/turn/{x:side}")(test_an_unknown_converter_names_the_route)
    with pytest.raises(SetupError, match=r"side.*GET /turn/\{x:side\} -> test_an_unknown_converter"):
        app.build()


# Paths ------------------------------------------------------------------------------------------------------


async def test_paths_are_decoded_once_and_an_encoded_slash_never_splits() -> None:
    app = Application()

    @app.get("/files/{name}")
    async def one(name: str) -> List[str]:
        return ["one", name]

    @app.get("/files/{folder}/{name}")
    async def two(folder: str, name: str) -> List[str]:
        return ["two", folder, name]

    client = client_of(app)
    for sent, expected in [
        ("/files/a%2Fb", ["one", "a/b"]),
        ("/files/a%2fb", ["one", "a/b"]),
        ("/files/a%252Fb", ["one", "a%2Fb"]),
        ("/files/a%2Fb%2525", ["one", "a/b%25"]),
        ("/files/a/b%20c", ["two", "a", "b c"]),
        ("/files/%C3%A9", ["one", "é"]),
        ("/files/%2E%2E%2Fsecret", ["one", "../secret"]),
    ]:
        assert (await client.get(sent)).json() == expected, sent


async def test_a_literal_segment_wins_over_a_parameter_declared_first() -> None:
    app = Application()

    @app.get("/users/{name}")
    async def user(name: str) -> str:
        return f"user {name}"

    @app.get("/users/me")
    async def me() -> str:
        return "me"

    @app.get("/{anything}/other")
    async def other(anything: str) -> str:
        return f"other {anything}"

    client = client_of(app)
    assert (await client.get("/users/me")).json() == "me"
    assert (await client.get("/users/you")).json() == "user you"
    assert (await client.get("/members/other")).json() == "other members"


@pytest.mark.parametrize("paths", [("/x", "/x"), ("/x/{a}", "/x/{b}"), ("/x/{a:int}", "/x/{b:int}")])
def test_two_equal_routes_are_refused_with_both_names(paths: "tuple[str, str]") -> None:
    app = Application()

    async def first() -> None: ...

    async def second() -> None: ...

    app.get(paths[0])(first)
    app.get(paths[1])(second)
    with pytest.raises(SetupError, match=r"first.*second"):
        app.build()


# Methods ----------------------------------------------------------------------------------------------------


def with_methods() -> Application:
    app = Application()

    @app.get("/plain")
    async def plain() -> str:
        return "plain"

    @app.post("/plain")
    async def post_plain() -> str:
        return "posted"

    @app.get("/own")
    async def own() -> str:
        return "got"

    @app.head("/own")
    async def own_head() -> Response:
        return Response(headers={"x-own": "head"})

    @app.options("/own")
    async def own_options() -> Response:
        return Response("mine", headers={"x-own": "options"})

    @app.delete("/cards/{number}")
    async def delete(number: int) -> None: ...

    @app.api_route("/many", methods=["put", "PATCH"])
    async def many(request: Request) -> str:
        return request.method

    @app.trace("/trace")
    async def trace() -> str:
        return "trace"

    return app


async def test_head_answers_where_get_does_with_the_length_and_no_body() -> None:
    client = client_of(with_methods())
    got, asked = await client.get("/plain"), await client.head("/plain")
    assert (asked.status_code, asked.content) == (200, b"")
    assert asked.headers["content-length"] == got.headers["content-length"] == "7"


async def test_a_head_handler_of_ones_own_wins() -> None:
    response = await client_of(with_methods()).head("/own")
    assert response.headers["x-own"] == "head"


async def test_options_tells_what_is_allowed() -> None:
    client = client_of(with_methods())
    response = await client.options("/plain")
    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["allow"] == "GET, HEAD, OPTIONS, POST"
    assert "content-length" not in response.headers
    assert (await client.options("/cards/1")).headers["allow"] == "DELETE, OPTIONS"
    assert (await client.options("/nowhere")).status_code == 404


async def test_an_options_handler_of_ones_own_wins() -> None:
    response = await client_of(with_methods()).options("/own")
    assert (response.text, response.headers["x-own"]) == ("mine", "options")


async def test_a_405_says_what_is_allowed() -> None:
    client = client_of(with_methods())
    response = await client.delete("/plain")
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, HEAD, OPTIONS, POST"
    assert response.json()["code"] == "method_not_allowed"
    assert (await client.head("/many")).headers["allow"] == "OPTIONS, PATCH, PUT"
    assert (await client.request("BREW", "/plain")).status_code == 405
    # Methods are case-sensitive (RFC 9110 §9.1).
    assert (await client.request("Get", "/plain")).status_code in (200, 405)


async def test_several_methods_share_a_handler() -> None:
    client = client_of(with_methods())
    assert [(await client.put("/many")).json(), (await client.patch("/many")).json()] == ["PUT", "PATCH"]
    assert (await client.request("TRACE", "/trace")).json() == "trace"


async def test_a_404_is_a_problem_that_names_the_path() -> None:
    response = await client_of(with_methods()).get("/no%20where")
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert (problem["code"], problem["instance"]) == ("not_found", "/no%20where")


# Slashes ----------------------------------------------------------------------------------------------------


def slashed(**options: Any) -> Application:
    app = Application(**options)

    @app.get("/without")
    async def without() -> str:
        return "without"

    @app.post("/with/")
    async def posted() -> str:
        return "with"

    @app.get("/folders/{name}/")
    async def folder(name: str) -> str:
        return name

    @app.get("/any/{rest:path}")
    async def rest(rest: str) -> str:
        return rest

    return app


@pytest.mark.parametrize(
    ("method", "sent", "location"),
    [
        ("GET", "/without/", "/without"),
        ("HEAD", "/without/", "/without"),
        ("POST", "/with", "/with/"),
        ("POST", "/with//", "/with/"),
        ("GET", "/folders/a%20b", "/folders/a%20b/"),
        ("GET", "/without/?a=1&b=%2F&a=2", "/without?a=1&b=%2F&a=2"),
    ],
)
async def test_the_other_spelling_of_a_path_is_redirected_to_this_one(
    method: str, sent: str, location: str
) -> None:
    response = await client_of(slashed()).request(method, sent)
    assert (response.status_code, response.headers["location"]) == (307, location)


@pytest.mark.parametrize(
    ("method", "sent"),
    [
        ("GET", "/"),
        ("GET", "//"),
        ("GET", "//without"),
        ("GET", "//evil.test/"),
        ("GET", "//evil.test/%2e%2e"),
        ("GET", "/%2Fevil.test/"),
        ("GET", "/without//"),
        ("GET", "/%5Cevil.test/"),
        ("DELETE", "/without/"),
        ("GET", "/nowhere/"),
        ("GET", "/folders//"),
    ],
)
async def test_what_leads_nowhere_or_elsewhere_is_not_redirected(method: str, sent: str) -> None:
    response = await client_of(slashed()).request(method, sent)
    assert response.status_code in (404, 405)
    assert "location" not in response.headers


async def test_no_redirect_leaves_the_host_even_where_everything_matches() -> None:
    app = Application()

    @app.get("/{a:path}/")
    async def everything(a: str) -> str:
        return a

    client = client_of(app)
    for sent in ["//evil.test", "/%5C/evil.test", "/%5Cevil.test", "/%2Fevil.test", "/%09/evil.test"]:
        location = (await client.get(sent)).headers.get("location", "/")
        assert location[:2] not in ("//", "/\\"), sent
        assert location[:1] == "/"


async def test_the_redirect_is_relative_and_keeps_the_root_path() -> None:
    response = await client_of(slashed(), root_path="/api").get("/without/")
    assert response.headers["location"] == "/api/without"


async def test_redirects_can_be_turned_off() -> None:
    response = await client_of(slashed(redirect_slashes=False)).get("/without/")
    assert response.status_code == 404


# Names ------------------------------------------------------------------------------------------------------


def named() -> Application:
    app, boards = Application(), Router(prefix="/boards/{board:int}")

    @boards.get("/cards/{name}", name="card")
    async def card(request: Request, board: int, name: str) -> Dict[str, str]:
        return {
            "absolute": str(request.url_for("card", board=board + 1, name="a/b c", _query={"page": 2})),
            "relative": app.url_path_for("card", board=board, name=name),
            "url": str(request.url),
            "base": str(request.base_url),
        }

    @app.get("/search")
    async def search() -> None: ...

    app.include_router(boards)
    return app


async def test_a_name_leads_back_to_its_path() -> None:
    app = named()
    app.build()
    assert app.url_path_for("card", board=1, name="é/x") == "/boards/1/cards/%C3%A9%2Fx"
    assert app.url_path_for("search", _query={"q": "a&b", "tag": ["x", "y"]}) == "/search?q=a%26b&tag=x&tag=y"


async def test_a_request_knows_the_absolute_url() -> None:
    found = (
        await client_of(named(), base_url="https://example.com:8443").get("/boards/1/cards/x?y=1")
    ).json()
    assert found == {
        "absolute": "https://example.com:8443/boards/2/cards/a%2Fb%20c?page=2",
        "relative": "/boards/1/cards/x",
        "url": "https://example.com:8443/boards/1/cards/x?y=1",
        "base": "https://example.com:8443/",
    }


async def test_behind_a_root_path_urls_are_whole() -> None:
    found = (await client_of(named(), root_path="/api/v1").get("/boards/1/cards/x")).json()
    assert found["absolute"] == "http://testserver/api/v1/boards/2/cards/a%2Fb%20c?page=2"
    assert found["relative"] == "/boards/1/cards/x"
    assert found["url"] == "http://testserver/api/v1/boards/1/cards/x"
    assert found["base"] == "http://testserver/api/v1/"


async def test_behind_a_trusted_proxy_urls_are_the_clients() -> None:
    app = named()
    app.config = app.config.replace(trusted_proxies=["127.0.0.1"])
    headers = {
        "x-forwarded-for": "203.0.113.9",
        "x-forwarded-proto": "https",
        "x-forwarded-host": "boards.example",
    }
    found = (await client_of(app).get("/boards/1/cards/x", headers=headers)).json()
    assert found["absolute"] == "https://boards.example/boards/2/cards/a%2Fb%20c?page=2"


@pytest.mark.parametrize(
    ("name", "params", "message"),
    [
        ("cart", {}, "no route is called 'cart'; there is card"),
        ("card", {"board": 1}, "needs name"),
        ("card", {"board": 1, "name": "x", "extra": 2}, "not extra"),
        ("card", {"board": "one", "name": "x"}, "board='one' is no int"),
    ],
)
def test_a_name_or_parameter_that_is_wrong_is_told(name: str, params: Dict[str, Any], message: str) -> None:
    app = named()
    app.build()
    with pytest.raises(LookupError, match=message):
        app.url_path_for(name, **params)


def test_an_application_that_is_not_built_says_so() -> None:
    with pytest.raises(LookupError, match="'search': the application is not built yet"):
        named().url_path_for("search")


async def test_a_wrong_name_in_a_handler_is_a_500_and_not_a_404() -> None:
    app = Application()

    @app.get("/x")
    async def handler(request: Request) -> str:
        return str(request.url_for("nothing"))

    assert (await client_of(app, raise_server_exceptions=False).get("/x")).status_code == 500


async def test_a_route_says_which_one_it_is() -> None:
    app = Application()

    @app.get("/cards/{number}", name="card")
    async def card(request: Request, number: int) -> List[str]:
        assert request.route is not None
        return [request.route.name, request.route.path]

    assert (await client_of(app).get("/cards/1")).json() == ["card", "/cards/{number}"]


async def test_a_handler_is_not_changed_by_being_registered() -> None:
    app = Application()

    async def handler() -> str:
        return "x"

    assert app.get("/a")(app.post("/b")(handler)) is handler
    assert (await client_of(app).get("/a")).json() == (await client_of(app).post("/b")).json() == "x"


async def test_errors_of_a_handler_are_not_taken_for_missing_routes() -> None:
    app = Application()

    @app.get("/x/{number}")
    async def handler(number: int) -> None:
        raise HTTPException(404, "no such card")

    assert (await client_of(app).get("/x/1")).json()["detail"] == "no such card"
