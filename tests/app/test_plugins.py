"""Plugins: their order, what they may register, whose word wins, their options, and how they fail."""

import contextlib
from dataclasses import dataclass
from typing import Any, AsyncIterator, Callable, Dict, List, Optional, Sequence, Tuple

import pytest
from pydantic import BaseModel

from microframe import (
    AppConfig,
    Application,
    Context,
    HTTPException,
    PlainTextResponse,
    Plugin,
    Provided,
    Request,
    Response,
    Router,
    SetupError,
    WebSocket,
    load_config,
)
from microframe.configurations import read_section
from microframe.plugin import Host, order_plugins
from microframe.testing import AsyncTestClient, WebSocketDenied

Notes = List[str]


class Piece:
    """A plugin whose setup is given."""

    def __init__(
        self,
        name: str,
        setup: Optional[Callable[[Host], None]] = None,
        *,
        version: str = "1.0",
        requires: Sequence[str] = (),
        after: Sequence[str] = (),
    ) -> None:
        self.name = name
        self.version = version
        self.requires = requires
        self.after = after
        self._setup = setup

    def setup(self, host: Host) -> None:
        if self._setup is not None:
            self._setup(host)


def built(*plugins: Any, **options: Any) -> Application:
    return Application(plugins=list(plugins), **options).build()


def client_of(app: Application) -> AsyncTestClient:
    return AsyncTestClient(app, raise_server_exceptions=False)


# Order ------------------------------------------------------------------------------------------------------


def names_in_order(*plugins: Piece) -> Notes:
    return [plugin.name for plugin in order_plugins(plugins)]


def test_plugins_are_set_up_as_they_are_given() -> None:
    notes: Notes = []
    built(*[Piece(name, lambda host, name=name: notes.append(name)) for name in "cab"])  # type: ignore[misc]
    assert notes == ["c", "a", "b"]


def test_what_is_required_or_wanted_before_comes_before() -> None:
    ui = Piece("ui", requires=["templates>=3"])
    admin = Piece("admin", requires=["ui"], after=["metrics", "nobody"])
    templates, metrics = Piece("templates", version="3.1"), Piece("metrics")
    for given in (
        [admin, ui, templates, metrics],
        [metrics, templates, ui, admin],
        [ui, admin, metrics, templates],
    ):
        order = names_in_order(*given)
        assert order.index("templates") < order.index("ui") < order.index("admin")
        assert order.index("metrics") < order.index("admin")


def test_what_depends_on_nothing_stays_in_front() -> None:
    assert names_in_order(Piece("a"), Piece("b", after=["d"]), Piece("c"), Piece("d"))[0] == "a"


@pytest.mark.parametrize(
    ("wanted", "version", "fits"),
    [
        ("3", "3", True),
        ("3", "3.0.1", True),
        ("3", "10", True),
        ("3.2", "3.10", True),
        ("3", "2.9.9", False),
        ("3.2", "3.1", False),
        ("3.2", "3", False),
        ("1", "1.0.dev0", True),
    ],
)
def test_versions_are_compared_as_numbers(wanted: str, version: str, fits: bool) -> None:
    plugins = [Piece("ui", requires=[f"templates>={wanted}"]), Piece("templates", version=version)]
    if fits:
        assert names_in_order(*plugins) == ["templates", "ui"]
    else:
        message = f"'ui' requires templates>={wanted}, but templates {version} is given"
        with pytest.raises(SetupError, match=message):
            order_plugins(plugins)


@pytest.mark.parametrize(
    ("plugins", "message"),
    [
        ([Piece("ui", requires=["templates"])], "'ui' requires 'templates', which is not given"),
        ([Piece("x"), Piece("x")], "the plugin 'x' is given twice"),
        (
            [Piece("a", requires=["b"]), Piece("b", after=["a"])],
            "want to come before each other: a -> b -> a",
        ),
        ([Piece("a", after=["a"])], "want to come before each other: a -> a"),
        ([Piece], "Piece is a class: give the application a plugin made from it"),
        (["templates"], "'templates' is no plugin"),
        ([object()], "is no plugin: it needs a name and setup"),
    ],
)
def test_what_cannot_be_ordered_is_named(plugins: Sequence[Any], message: str) -> None:
    with pytest.raises(SetupError, match=message) as caught:
        Application(plugins=plugins).build()
    assert caught.value.__cause__ is None


def test_a_plugin_is_anything_with_a_name_and_a_setup() -> None:
    class Small:
        name = "small"

        def setup(self, host: Host) -> None: ...

    assert isinstance(Small(), Plugin)
    built(Small())


# Failures ---------------------------------------------------------------------------------------------------


FAILED = r"the plugin 'mail' failed in .*test_plugins\.py:\d+.*: LookupError: no disk"


def test_a_plugin_that_fails_is_named_with_its_cause() -> None:
    def fail(host: Host) -> None:
        raise LookupError("no disk")

    with pytest.raises(
        SetupError, match=r"the plugin 'mail' failed in .*test_plugins\.py:\d+.*: LookupError: no disk"
    ) as caught:
        built(Piece("mail", fail))
    assert isinstance(caught.value.__cause__, LookupError)


def test_what_a_plugin_registers_wrongly_names_it_too() -> None:
    def wrong(host: Host) -> None:
        router = Router()
        router.get("no-slash")(fail_not)

    with pytest.raises(SetupError, match="the plugin 'mail': the path 'no-slash' must begin with a slash"):
        built(Piece("mail", wrong))


def fail_not() -> None: ...


def test_nothing_can_be_registered_through_a_host_that_is_kept() -> None:
    kept: List[Host] = []
    app = built(Piece("late", kept.append))
    (host,) = kept
    attempts: List[Tuple[str, Callable[[], None]]] = [
        ("include_router", lambda: host.include_router(Router())),
        ("mount", lambda: host.mount("/x", app)),
        ("add_middleware", lambda: host.add_middleware(lambda endpoint: endpoint)),
        ("add_guard", lambda: host.add_guard(allow)),
        ("provide", lambda: host.provide(int, int)),
        ("add_exception_handler", lambda: host.add_exception_handler(404, fail_not)),
        ("add_lifespan", lambda: host.add_lifespan(nothing)),
        ("command", lambda: host.command(fail_not)),
    ]
    for name, attempt in attempts:
        with pytest.raises(SetupError, match=f"the plugin 'late': {name}: too late"):
            attempt()


async def allow(connection: Any) -> None:
    return None


@contextlib.asynccontextmanager
async def nothing() -> AsyncIterator[None]:
    yield


# What they may register -------------------------------------------------------------------------------------


class Clock:
    """A type that a plugin provides."""

    __provided__ = True

    def __init__(self, time: str) -> None:
        self.time = time


class Everything:
    """A plugin that uses every verb."""

    name = "everything"
    version = "1"

    def __init__(self, notes: Notes) -> None:
        self.notes = notes

    def setup(self, host: Host) -> None:
        router = Router(prefix="/plugin")
        router.get("/time")(self.show_time)
        router.websocket("/live")(self.live)
        host.include_router(router, prefix="/a")
        inner = Application()
        inner.get("/")(self.mounted)
        host.mount("/mounted", inner, "mounted")
        host.add_middleware(self.around, slot="trace")
        host.add_guard(self.guard)
        host.provide(Clock, lambda: Clock("noon"))
        host.add_exception_handler(LookupError, self.handle)
        host.add_lifespan(self.lifespan)
        host.command(self.wind_up)
        self.clock_of = host.resolver(Clock)
        self.name_of_application = host.name

    def show_time(self, clock: Clock) -> str:
        return clock.time

    async def live(self, socket: WebSocket, clock: Clock) -> None:
        await socket.accept()
        await socket.send_text(clock.time)

    def mounted(self) -> str:
        return "mounted"

    def around(self, endpoint: Any) -> Any:
        async def surrounded(request: Request) -> Response:
            self.notes.append((await self.clock_of(request)).time)
            response: Response = await endpoint(request)
            return response

        return surrounded

    async def guard(self, connection: Any) -> Optional[Response]:
        return PlainTextResponse("guarded", 403) if connection.path == "/guarded" else None

    async def handle(self, request: Request, exc: Exception) -> Response:
        return PlainTextResponse("of the plugin")

    async def lifespan(self) -> AsyncIterator[Dict[str, str]]:
        yield {"wound": "up"}
        self.notes.append("run down")

    def wind_up(self, clock: Clock) -> str:
        return f"wound up at {clock.time}"


async def test_everything_a_plugin_registers_works() -> None:
    notes: Notes = []
    plugin = Everything(notes)
    app = Application(title="Board", plugins=[plugin])

    @app.get("/fail")
    async def fail() -> None:
        raise LookupError

    @app.get("/state")
    async def state(request: Request) -> str:
        return str(request.state.wound)

    async with client_of(app) as client:
        assert (await client.get("/a/plugin/time")).json() == "noon"
        assert (await client.get("/mounted/")).json() == "mounted"
        assert (await client.get("/fail")).text == "of the plugin"
        assert (await client.get("/state")).json() == "up"
        assert notes == ["noon"] * 4
        assert (await client.get("/guarded")).text == "guarded"
        with pytest.raises(WebSocketDenied):
            await client.websocket_connect("/guarded").__aenter__()
        async with client.websocket_connect("/a/plugin/live") as socket:
            assert await socket.receive_text() == "noon"
    assert notes[-1] == "run down"
    assert plugin.name_of_application == "Board"
    assert await app.call(app.commands["wind-up"]) == "wound up at noon"
    assert app.url_path_for("mounted:mounted") == "/mounted/"


async def test_a_plugins_middleware_stands_inside_the_applications_of_its_slot() -> None:
    notes: Notes = []

    def noting(word: str) -> Any:
        def middleware(endpoint: Any) -> Any:
            async def surrounded(request: Request) -> Response:
                notes.append(word)
                response: Response = await endpoint(request)
                return response

            return surrounded

        middleware.__name__ = word.replace(" ", "_")
        return middleware

    def first(host: Host) -> None:
        host.add_middleware(noting("first"))
        host.add_middleware(noting("first traces"), slot="trace")

    def second(host: Host) -> None:
        host.add_middleware(noting("second"))
        host.add_middleware(noting("beside first"), before="first")

    app = Application(plugins=[Piece("one", first), Piece("two", second)], middleware=[noting("app")])
    await client_of(app).get("/")
    assert notes == ["first traces", "app", "second", "beside first", "first"]


class Stamp:
    """ASGI middleware."""

    def __init__(self, app: Any, word: str) -> None:
        self.app = app
        self.word = word.encode()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def stamped(message: Any) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], (b"x-stamp", self.word)]}
            await send(message)

        await self.app(scope, receive, stamped)


async def test_a_plugin_may_bring_asgi_middleware() -> None:
    app = Application(plugins=[Piece("stamp", lambda host: host.add_middleware(Stamp, word="plugin"))])
    app.add_middleware(Stamp, word="app")
    assert (await client_of(app).get("/")).headers.getlist("x-stamp") == ["plugin", "app"]


async def test_guards_of_plugins_come_before_the_applications() -> None:
    notes: Notes = []

    def noting(word: str) -> Any:
        async def guard(connection: Any) -> None:
            notes.append(word)

        return guard

    plugins = [Piece(word, lambda host, word=word: host.add_guard(noting(word))) for word in ("one", "two")]  # type: ignore[misc]
    await client_of(Application(plugins=plugins, guards=[noting("app")])).get("/")
    assert notes == ["one", "two", "app"]


# Whose word wins --------------------------------------------------------------------------------------------


async def test_the_applications_own_registrations_win_over_a_plugins() -> None:
    async def of_plugin(request: Request, exc: Exception) -> Response:
        return PlainTextResponse("plugin")

    async def of_app(request: Request, exc: Exception) -> Response:
        return PlainTextResponse("app")

    def setup(host: Host) -> None:
        router = Router()
        router.api_route("/same", methods=["GET", "POST"])(lambda: "plugin")
        router.get("/same/{number}")(lambda number: "plugin")
        router.get("/other")(lambda: "plugin")
        router.websocket("/same")(socket_of("plugin"))
        host.include_router(router)
        host.mount("/mounted", Application(title="plugin"))
        host.provide(Clock, lambda: Clock("plugin"))
        host.add_exception_handler(LookupError, of_plugin)
        host.add_exception_handler(KeyError, of_plugin)
        host.command(lambda: "plugin", "say")

    def socket_of(word: str) -> Any:
        async def handler(socket: WebSocket) -> None:
            await socket.accept()
            await socket.send_text(word)

        return handler

    app = Application(plugins=[Piece("one", setup)], exception_handlers={LookupError: of_app})
    inner = Application(exception_handlers={404: of_app})
    app.get("/same")(lambda: "app")
    app.get("/same/{other}")(lambda other: "app")
    app.websocket("/same")(socket_of("app"))
    app.mount("/mounted", inner)
    app.provide(Clock, lambda: Clock("app"))
    app.command(lambda: "app", "say")

    @app.get("/clock")
    async def clock(clock: Clock) -> str:
        return clock.time

    @app.get("/fail/{kind}")
    async def fail(kind: str) -> None:
        raise {"lookup": LookupError(), "key": KeyError()}[kind]

    client = client_of(app)
    assert (await client.get("/same")).json() == "app"
    assert (await client.post("/same")).json() == "plugin"  # only what is equal gives way
    assert (await client.get("/same/1?other=1")).json() == "app"
    assert (await client.get("/other")).json() == "plugin"
    assert (await client.get("/clock")).json() == "app"
    assert (await client.get("/mounted/nowhere")).text == "app"
    assert (await client.get("/fail/lookup")).text == "app"
    assert (await client.get("/fail/key")).text == "plugin"
    async with client.websocket_connect("/same") as socket:
        assert await socket.receive_text() == "app"
    assert app.commands["say"]() == "app"


@pytest.mark.parametrize("what", ["route", "provider", "command"])
def test_two_plugins_that_want_the_same_are_refused(what: str) -> None:
    def setup(host: Host) -> None:
        if what == "route":
            router = Router()
            router.get("/same")(fail_not)
            host.include_router(router)
        elif what == "provider":
            host.provide(Clock, lambda: Clock("x"))
        else:
            host.command(fail_not, "same")

    message = {"route": "two equal routes", "provider": "provided twice", "command": "'same'"}[what]
    with pytest.raises(SetupError, match=message):
        built(Piece("one", setup), Piece("two", setup))


async def test_several_applications_may_have_the_same_plugin() -> None:
    class Counter:
        name = "counter"
        version = "1"

        def __init__(self, start: int) -> None:
            self.count = start

        def setup(self, host: Host) -> None:
            router = Router()
            router.get("/count")(self.show)
            host.include_router(router)
            host.provide(Clock, lambda: Clock(f"{host.name} {self.count}"))

        def show(self, clock: Clock) -> str:
            self.count += 1
            return clock.time

    shared = Counter(100)
    apps = [
        Application(title="one", plugins=[Counter(1)]),
        Application(title="two", plugins=[Counter(10)]),
        Application(title="three", plugins=[shared]),
        Application(title="four", plugins=[shared]),
    ]
    found = [(await client_of(app).get("/count")).json() for app in apps for _ in range(2)]
    assert found == ["one 1", "one 2", "two 10", "two 11", "three 100", "three 101", "four 102", "four 103"]


async def test_a_mounted_application_has_plugins_of_its_own() -> None:
    def provide(word: str) -> Piece:
        return Piece("clock", lambda host: host.provide(Clock, lambda: Clock(word)))

    inner, outer = Application(plugins=[provide("inner")]), Application(plugins=[provide("outer")])

    async def clock(clock: Clock) -> str:
        return clock.time

    inner.get("/clock")(clock)
    outer.get("/clock")(clock)
    outer.mount("/inner", inner)
    client = client_of(outer)
    assert [(await client.get(path)).json() for path in ("/clock", "/inner/clock")] == ["outer", "inner"]


# Options ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MailOptions:
    server: str
    port: int = 25


class MailModel(BaseModel):
    server: str
    port: int = 25


def reading(kind: Any, found: List[Any], name: str = "mail") -> Piece:
    return Piece(name, lambda host: found.append(host.options(kind)))


@pytest.mark.parametrize("kind", [MailOptions, MailModel])
def test_options_come_from_the_environment_and_from_files(
    kind: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: List[Any] = []
    (tmp_path / "microframe.toml").write_text('[plugins.mail]\nserver = "file"\nport = 26\n')
    config = load_config(tmp_path / "microframe.toml", environ={"MICROFRAME_MAIL__SERVER": "environment"})
    Application(config, plugins=[reading(kind, found)]).build()
    monkeypatch.setenv("MICROFRAME_MAIL__SERVER", "variable")
    Application(plugins=[reading(kind, found)]).build()
    assert [(options.server, options.port) for options in found] == [("environment", 26), ("variable", 25)]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({}, r"the plugin 'mail': plugins.mail.server: it is not set"),
        (
            {"server": "x", "prot": 1},
            r"mail.prot in AppConfig.sections: no such setting; did you mean port\?",
        ),
        ({"server": "x", "port": "many"}, "mail.port in AppConfig.sections"),
    ],
)
def test_options_that_are_wrong_name_the_plugin_and_the_key(table: Any, message: str) -> None:
    app = Application(AppConfig(sections={"mail": table}), plugins=[reading(MailOptions, [])])
    with pytest.raises(SetupError, match=message):
        app.build()


def test_a_section_of_no_plugin_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MICROFRAME_MIAL__SERVER", "x")
    app = Application(plugins=[Piece("mail")])
    with pytest.raises(SetupError, match=r"MICROFRAME_MIAL__SERVER in environment.*did you mean mail\?"):
        app.build()


def test_a_section_of_the_program_itself_is_one_that_was_read() -> None:

    app = Application(AppConfig(sections={"board": {"server": "x"}}))
    assert read_section(app.config, "board", MailOptions).server == "x"
    app.build()


async def test_sections_of_the_application_around_do_not_disturb_a_mounted_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MICROFRAME_MAIL__SERVER", "x")
    outer = Application(plugins=[reading(MailOptions, [])])
    outer.mount("/inner", Application())
    outer.build()


# Records ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MenuEntry:
    """What plugins leave for the one that draws the menu."""

    title: str


async def test_contributions_are_gathered_by_type_wherever_they_come_from() -> None:
    class Menu:
        name = "menu"

        def setup(self, host: Host) -> None:
            self.gather: Callable[[], List[MenuEntry]] = lambda: host.contributions(MenuEntry)

    menu = Menu()

    def contribute(host: Host) -> None:
        host.contribute(MenuEntry("cards"))
        host.contribute("something else")

    built(menu, Piece("cards", contribute), Piece("chat", lambda host: host.contribute(MenuEntry("chat"))))
    assert menu.gather() == [MenuEntry("cards"), MenuEntry("chat")]
    other = Menu()
    built(other)
    assert other.gather() == []


async def test_a_resolver_gives_the_value_that_handlers_get() -> None:
    def setup(host: Host) -> None:
        host.provide(Clock, lambda: Clock("noon"))
        resolve = host.resolver(Clock)

        def middleware(endpoint: Any) -> Any:
            async def surrounded(request: Request) -> Response:
                request.state.clock = await resolve(request)
                response: Response = await endpoint(request)
                return response

            return surrounded

        host.add_middleware(middleware)

    app = Application(plugins=[Piece("clock", setup)])

    @app.get("/")
    async def same(request: Request, clock: Provided[Clock]) -> bool:
        return request.state.clock is clock

    assert (await client_of(app).get("/")).json() is True


async def test_a_resolver_works_outside_requests_too() -> None:
    resolvers: List[Any] = []

    def setup(host: Host) -> None:
        host.provide(Clock, lambda: Clock("noon"))
        resolvers.append(host.resolver(Clock))

    app = built(Piece("clock", setup))
    async with Context(app) as context:
        assert (await resolvers[0](context)).time == "noon"


async def test_errors_of_a_plugins_routes_are_the_applications() -> None:
    def setup(host: Host) -> None:
        router = Router()
        router.get("/refuse")(refuse)
        host.include_router(router)

    async def refuse() -> None:
        raise HTTPException(409, "no")

    app = Application(plugins=[Piece("one", setup)], error_format="detail")
    assert (await client_of(app).get("/refuse")).json() == {"detail": "no"}
