"""Mistakes in a program are found when it is built, and say which handler in which line."""

from dataclasses import dataclass
from typing import Annotated, Any, AsyncIterator, Callable, Dict, Iterator, List, Optional, Union

import pytest
from pydantic import BaseModel

from microframe import (
    Application,
    Body,
    Connection,
    Controller,
    Cookie,
    Depends,
    Header,
    Path,
    Provided,
    Query,
    RedirectResponse,
    Request,
    Response,
    Router,
    SetupError,
    WebSocket,
    route,
)

Mistake = Callable[[Application], Any]
MISTAKES: Dict[str, "tuple[Mistake, str]"] = {}

SHOW = r"show \(.*test_setup_errors\.py:\d+\)"
"""How the handler of every mistake below is named."""


def mistake(expected: str) -> Callable[[Mistake], Mistake]:
    """A program with one mistake in it, and what its error says."""

    def register(program: Mistake) -> Mistake:
        MISTAKES[program.__name__] = (program, expected)
        return program

    return register


class Cards: ...


class Users: ...


class Model(BaseModel):
    a: int


@dataclass
class Point:
    x: int


async def opened() -> AsyncIterator[int]:
    yield 1


def provide_cards() -> Cards:
    return Cards()


def provide_users() -> Users:
    return Users()


class Stranger:
    """A marker as another framework has one."""

    __module__ = "fastapi.params"


@mistake(
    rf"user of .*{SHOW} is given fastapi\.params\.Stranger, which means nothing here: import it from microframe"
)
def another_frameworks_marker(app: Application) -> None:
    @app.get("/")
    async def show(user: Annotated[str, Stranger()]) -> None: ...


@mistake(rf"user of .*{SHOW} is given fastapi\.params\.Stranger")
def another_frameworks_marker_as_a_default(app: Application) -> None:
    @app.get("/")
    async def show(user: str = Stranger()) -> None: ...  # type: ignore[assignment]  # the mistake


@mistake(rf"file of .*{SHOW} is given fastapi\.params\.Stranger")
def another_frameworks_type(app: Application) -> None:
    @app.get("/")
    async def show(file: Stranger) -> None: ...


@mistake(rf"cards of .*{SHOW}: a marker \(Dependency\) is no type: write Annotated\[T, …\]")
def a_marker_as_a_type(app: Application) -> None:
    @app.get("/")
    async def show(cards: Depends(provide_cards)) -> None: ...  # type: ignore[valid-type]  # the mistake


@mistake(rf"raises= takes classes of exceptions, not 404 .*{SHOW}")
def a_number_among_what_is_raised(app: Application) -> None:
    @app.get("/", raises=[404])  # type: ignore[list-item]  # the mistake
    async def show() -> None: ...


# Who makes what ---------------------------------------------------------------------------------------------


@mistake(rf"cards of .*{SHOW}: nobody provides Cards")
def missing_provider(app: Application) -> None:
    @app.get("/")
    async def show(cards: Provided[Cards]) -> None: ...


@mistake(r"users of .*provide_both \(.*test_setup_errors\.py:\d+\): nobody provides Users")
def missing_provider_of_a_provider_that_nobody_asks_for(app: Application) -> None:
    def provide_both(users: Provided[Users]) -> Cards:
        return Cards()

    app.provide(Cards, provide_both)


@mistake(r"Cards is provided twice: .*provide_cards \(.*:\d+\) and .*again \(.*:\d+\)")
def provided_twice(app: Application) -> None:
    def again() -> Cards:
        return Cards()

    app.provide(Cards, provide_cards)
    app.provide(Cards, again)


@mistake(r"there is no scope 'session' \(.*provide_cards \(.*:\d+\)\): transient, function, request, app")
def unknown_scope(app: Application) -> None:
    app.provide(Cards, provide_cards, scope="session")  # type: ignore[arg-type]


@mistake(r"the provider of Cards cannot be called: <")
def provider_that_is_an_object(app: Application) -> None:
    app.provide(Cards, Cards())  # type: ignore[arg-type]


PROVIDER = r"the request provider of {}, .*{} \(.*test_setup_errors\.py:\d+\)"
CARDS, USERS, MODEL = (
    PROVIDER.format(*names) for names in (("Cards", "one"), ("Users", "two"), ("Model", "three"))
)


@mistake(f"providers need each other: {CARDS} -> {USERS} -> {CARDS}$")
def providers_in_a_circle(app: Application) -> None:
    def one(users: Provided[Users]) -> Cards:
        return Cards()

    def two(cards: Provided[Cards]) -> Users:
        return Users()

    app.provide(Cards, one)
    app.provide(Users, two)


@mistake(f"providers need each other: {USERS} -> {MODEL} -> {USERS}$")
def providers_in_a_circle_behind_others(app: Application) -> None:
    def one(users: Provided[Users]) -> Cards:
        return Cards()

    def between(model: Provided[Model]) -> int:
        return 1

    def two(number: Annotated[int, Depends(between)]) -> Users:
        return Users()

    def three(users: Provided[Users]) -> Model:
        return Model(a=1)

    app.provide(Cards, one)
    app.provide(Users, two)
    app.provide(Model, three)


@mistake(f"providers need each other: {CARDS} -> {CARDS}$")
def a_provider_that_needs_itself(app: Application) -> None:
    def one(cards: Provided[Cards]) -> Cards:
        return cards

    app.provide(Cards, one)


@mistake(r"the command 'wants-it': request of .*wants_it \(.*:\d+\): a job or command has no Request")
def a_command_that_wants_a_request(app: Application) -> None:
    def wants_it(request: Request, count: int) -> None: ...

    app.command(wants_it)


@mistake(r"the command 'seed': request of .*opens \(.*:\d+\): a job or command has no Request \(.*seed \(")
def a_command_whose_dependency_wants_a_request(app: Application) -> None:
    def opens(request: Request) -> int:
        return 1

    def seed(count: int, opened: Annotated[int, Depends(opens)]) -> None: ...

    app.command(seed)


@mistake(r"the command 'seed': cards of .*seed \(.*:\d+\): nobody provides Cards")
def a_command_that_wants_what_nobody_provides(app: Application) -> None:
    def seed(cards: Provided[Cards]) -> None: ...

    app.command(seed)


@mistake(r"the command 'seed': limit of .*seed \(.*:\d+\): a job or command has no query to read from")
def a_command_that_reads_a_query(app: Application) -> None:
    def seed(limit: Annotated[int, Query()]) -> None: ...

    app.command(seed)


@mistake(r"dependencies go in a circle: .*first \(.*:\d+\) -> .*second \(.*:\d+\) -> .*first \(")
def dependencies_in_a_circle(app: Application) -> None:
    async def first(value: int) -> int:
        return value

    async def second(value: Annotated[int, Depends(first)]) -> int:
        return value

    first.__annotations__["value"] = Annotated[int, Depends(second)]

    @app.get("/")
    async def show(value: Annotated[int, Depends(first)]) -> None: ...


@mistake(r"dependencies go in a circle: .*itself \(.*:\d+\) -> .*itself \(")
def a_dependency_of_itself(app: Application) -> None:
    async def itself(value: int) -> int:
        return value

    itself.__annotations__["value"] = Annotated[int, Depends(itself)]

    @app.get("/")
    async def show(value: Annotated[int, Depends(itself)]) -> None: ...


@mistake(
    r"dependencies go in a circle: .*provide_session \(.*:\d+\) -> .*helper \(.*:\d+\) -> .*provide_session \("
)
def a_provider_in_a_circle_of_dependencies(app: Application) -> None:
    async def provide_session(value: int) -> Cards:
        return Cards()

    async def helper(value: Annotated[Cards, Depends(provide_session)]) -> int:
        return 1

    provide_session.__annotations__["value"] = Annotated[int, Depends(helper)]
    app.provide(Cards, provide_session)


# How long it lives ------------------------------------------------------------------------------------------


@mistake(
    r"users of .*one \(.*:\d+\): the app provider of Cards.* would capture the request provider of Users"
)
def the_application_captures_a_request(app: Application) -> None:
    def one(users: Provided[Users]) -> Cards:
        return Cards()

    app.provide(Cards, one, scope="app")
    app.provide(Users, provide_users)


@mistake(r"users of .*between \(.*would capture the request provider of Users")
def so_it_does_through_a_transient_one(app: Application) -> None:
    class Between: ...

    def between(users: Provided[Users]) -> Between:
        return Between()

    def one(found: Provided[Between]) -> Cards:
        return Cards()

    app.provide(Users, provide_users)
    app.provide(Between, between, scope="transient")
    app.provide(Cards, one, scope="app")


@mistake(r"users of .*depends \(.*would capture the request provider of Users")
def so_it_does_through_a_dependency(app: Application) -> None:
    def depends(users: Provided[Users]) -> int:
        return 1

    def one(number: Annotated[int, Depends(depends)]) -> Cards:
        return Cards()

    app.provide(Users, provide_users)
    app.provide(Cards, one, scope="app")


@mistake(r"request of .*one \(.*:\d+\): the application has no Request")
def the_application_asks_for_a_request(app: Application) -> None:
    def one(request: Request) -> Cards:
        return Cards()

    app.provide(Cards, one, scope="app")


@mistake(r"q of .*one \(.*:\d+\): the application has no query to read from")
def the_application_asks_for_a_query(app: Application) -> None:
    def one(q: Annotated[str, Query()]) -> Cards:
        return Cards()

    app.provide(Cards, one, scope="app")


@mistake(r"q of .*one \(.*:\d+\): nothing binds it, the application has no parameters")
def the_application_asks_for_a_parameter(app: Application) -> None:
    def one(q: str) -> Cards:
        return Cards()

    app.provide(Cards, one, scope="app")


@mistake(
    r"cards of .*of_request \(.*lives as long as the request and would capture the function provider of Cards"
)
def a_request_captures_a_function(app: Application) -> None:
    async def of_request(cards: Provided[Cards]) -> AsyncIterator[int]:
        yield 1

    app.provide(Cards, provide_cards, scope="function")

    @app.get("/")
    async def show(value: Annotated[int, Depends(of_request)]) -> None: ...


@mistake(
    r"value of .*of_request \(.*dependency of scope request would outlive .*opened \(.*of scope function"
)
def a_request_holds_a_resource_of_a_function(app: Application) -> None:
    async def of_request(value: Annotated[int, Depends(opened, scope="function")]) -> AsyncIterator[int]:
        yield value

    @app.get("/")
    async def show(value: Annotated[int, Depends(of_request)]) -> None: ...


@mistake(r"value of .*one \(.*dependency of scope app would outlive .*opened \(.*of scope function")
def the_application_holds_a_resource_of_a_function(app: Application) -> None:
    def one(value: Annotated[int, Depends(opened, scope="function")]) -> Cards:
        return Cards()

    app.provide(Cards, one, scope="app")


# What there is not in this kind of work ---------------------------------------------------------------------


@mistake(rf"socket of .*{SHOW}: a request has no WebSocket")
def a_socket_in_a_request(app: Application) -> None:
    @app.get("/")
    async def show(socket: WebSocket) -> None: ...


@mistake(rf"request of .*{SHOW}: a WebSocket has no Request")
def a_request_in_a_socket(app: Application) -> None:
    @app.websocket("/")
    async def show(request: Request) -> None: ...


@mistake(rf"response of .*{SHOW}: a WebSocket has no Response")
def a_response_in_a_socket(app: Application) -> None:
    @app.websocket("/")
    async def show(response: Response) -> None: ...


@mistake(rf"model of .*{SHOW}: a WebSocket has no body to read it from")
def a_body_in_a_socket(app: Application) -> None:
    @app.websocket("/")
    async def show(socket: WebSocket, model: Model) -> None: ...


@mistake(rf"a of .*{SHOW}: a WebSocket has no body to read it from")
def a_marked_body_in_a_socket(app: Application) -> None:
    @app.websocket("/")
    async def show(socket: WebSocket, a: Annotated[int, Body()]) -> None: ...


@mistake(r"request of .*of_http \(.*a WebSocket has no Request")
def a_provider_for_requests_in_a_socket(app: Application) -> None:
    def of_http(request: Request) -> Cards:
        return Cards()

    app.provide(Cards, of_http)

    @app.websocket("/")
    async def show(socket: WebSocket, cards: Cards) -> None: ...


# What a parameter says --------------------------------------------------------------------------------------


@mistake(rf"number of .*{SHOW}: the path has no {{number}}")
def a_path_parameter_that_is_not_in_the_path(app: Application) -> None:
    @app.get("/{other}")
    async def show(number: Annotated[int, Path()]) -> None: ...


@mistake(rf"number of .*{SHOW}: the path has no {{seen}}")
def so_is_its_alias(app: Application) -> None:
    @app.get("/{number}")
    async def show(number: Annotated[int, Path(validation_alias="seen")]) -> None: ...


@mistake(rf"number of .*{SHOW}: a path parameter cannot have a default")
def a_path_parameter_with_a_default(app: Application) -> None:
    @app.get("/{number}")
    async def show(number: Annotated[int, Path()] = 1) -> None: ...


@mistake(rf"number of .*{SHOW} has two markers: Parameter\(.*'query'.*Parameter\(.*'header'")
def two_markers(app: Application) -> None:
    @app.get("/")
    async def show(number: Annotated[int, Query(), Header()]) -> None: ...


@mistake(rf"number of .*{SHOW} has two markers")
def one_marker_in_annotated_and_one_as_the_default(app: Application) -> None:
    @app.get("/")
    async def show(number: Annotated[int, Query()] = Cookie(1)) -> None: ...


@mistake(rf"number of .*{SHOW}: inside Annotated a marker has no default, write `= default` instead")
def a_default_inside_annotated(app: Application) -> None:
    @app.get("/")
    async def show(number: Annotated[int, Query(1)]) -> None: ...


@mistake(rf"number of .*{SHOW}: a dependency cannot have a default")
def a_dependency_with_a_default(app: Application) -> None:
    @app.get("/")
    async def show(number: Annotated[int, Depends(provide_cards)] = 1) -> None: ...


@mistake(rf"number of .*{SHOW}: Depends\(\) without an argument needs a class as its type")
def a_dependency_without_a_class(app: Application) -> None:
    @app.get("/")
    async def show(number: Any = Depends()) -> None: ...


@mistake(rf"number of .*{SHOW}: Depends\('text'\) is given something that cannot be called")
def a_dependency_that_cannot_be_called(app: Application) -> None:
    @app.get("/")
    async def show(number: int = Depends("text")) -> None: ...  # type: ignore[arg-type]


@mistake(rf"a type of .*{SHOW} cannot be read: name 'Undefined' is not defined")
def a_name_that_is_not_defined(app: Application) -> None:
    @app.get("/")
    async def show(number: "Undefined") -> None: ...  # type: ignore[name-defined] # noqa: F821


@mistake(rf"value of .*{SHOW}: Pydantic cannot read the type .*Cards")
def a_type_that_no_library_reads(app: Application) -> None:
    @app.get("/")
    async def show(value: Cards) -> None: ...


@mistake(rf"value of .*{SHOW}: Pydantic cannot read the type .*Cards")
def so_it_is_inside_of_another(app: Application) -> None:
    @app.post("/")
    async def show(value: List[Cards], other: Model) -> None: ...


@mistake(rf"value of .*{SHOW}: Pydantic cannot read")
def a_pattern_that_is_none(app: Application) -> None:
    @app.get("/")
    async def show(value: Annotated[str, Query(pattern="(")]) -> None: ...


@mistake(rf"value of .*{SHOW}: Pydantic cannot read .*name 'Undefined' is not defined")
def a_model_with_an_unknown_name_in_it(app: Application) -> None:
    class Broken(BaseModel):
        nothing: "Undefined"  # type: ignore[name-defined] # noqa: F821

    @app.post("/")
    async def show(value: Broken) -> None: ...


# What a handler is ------------------------------------------------------------------------------------------


@mistake(rf"{SHOW} is a generator: only what answers a request may yield")
def an_async_generator_for_a_socket(app: Application) -> None:
    @app.websocket("/")
    async def show() -> AsyncIterator[int]:
        yield 1


@mistake(rf"{SHOW} yields, and a RedirectResponse cannot be made of pieces")
def a_generator_that_redirects(app: Application) -> None:
    @app.get("/", response_class=RedirectResponse)
    def show() -> Iterator[str]:
        yield "/"


@mistake(rf"{SHOW}: Pydantic cannot read the type .*Odd")
def a_generator_of_what_nobody_can_write(app: Application) -> None:
    class Odd:
        pass

    @app.get("/")
    def show() -> Iterator[Odd]:
        yield Odd()


@mistake(r"the handler of '/' cannot be called: 'text'")
def a_handler_that_cannot_be_called(app: Application) -> None:
    app.get("/")("text")  # type: ignore[type-var]


@mistake(rf"{SHOW}: Pydantic cannot read the type .*Cards")
def a_return_type_that_cannot_be_written(app: Application) -> None:
    @app.get("/")
    async def show() -> Union[Response, Cards]:
        return Cards()


@mistake(rf"{SHOW} declares a model, but 204 has no body")
def a_model_where_there_is_no_body(app: Application) -> None:
    @app.delete("/", status_code=204, response_model=Model)
    async def show() -> None: ...


@mistake(rf"unknown route option respnse_model \(.*{SHOW}")
def an_unknown_route_option(app: Application) -> None:
    @app.get("/", respnse_model=Model)  # type: ignore[call-arg]
    async def show() -> None: ...


@mistake(rf"response_model_exclude of .*{SHOW} names 'b', 'c', and Model has no such field")
def a_field_that_is_left_out_and_is_none(app: Application) -> None:
    @app.get("/", response_model_exclude={"c", "b", "a"})
    async def show() -> Model:
        return Model(a=1)


@mistake(rf"response_model_include of .*{SHOW} names 'size', and Point has no such field")
def a_field_that_is_sent_and_is_none(app: Application) -> None:
    @app.get("/", response_model=Point, response_model_include=["x", "size"])
    async def show() -> Any: ...


@mistake(rf"idempotency= of GET / -> .*{SHOW}: its requests change nothing")
def idempotency_where_nothing_changes(app: Application) -> None:
    @app.get("/", idempotency=True)
    async def show() -> None: ...


@mistake(rf"etag= is for requests: WEBSOCKET /live -> .*{SHOW} cannot have it")
def an_etag_of_a_socket(app: Application) -> None:
    @app.websocket("/live", etag=True)
    async def show(socket: WebSocket) -> None: ...


@mistake(rf"cache= is for requests: WEBSOCKET /live -> .*{SHOW} cannot have it")
def a_cache_of_a_socket(app: Application) -> None:
    @app.websocket("/live", cache=False)
    async def show(socket: WebSocket) -> None: ...


@mistake(r"unknown router option tag ")
def an_unknown_router_option(app: Application) -> None:
    app.include_router(Router(), tag=["x"])  # type: ignore[call-arg]


@mistake(r"two equal routes.*GET /\{a\}.*show \(.*:\d+\).*GET /\{b\}.*again \(.*:\d+\)")
def two_equal_routes(app: Application) -> None:
    @app.get("/{a}")
    async def show(a: int) -> None: ...

    @app.get("/{b}")
    async def again(b: str) -> None: ...


@mistake(r"the path 'no-slash' must begin with a slash \(.*show \(")
def a_path_without_a_slash(app: Application) -> None:
    @app.get("no-slash")
    async def show() -> None: ...


@mistake(r"AsgiMiddleware is ASGI middleware, which can only stand around the whole application.*show \(")
def asgi_middleware_on_a_router(app: Application) -> None:
    class AsgiMiddleware:
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...

    router = Router(middleware=[AsgiMiddleware])  # type: ignore[list-item]

    @router.get("/")
    async def show() -> None: ...

    app.include_router(router)


@mistake(r"mount /x -> str: 'text' is no application")
def a_mount_that_is_no_application(app: Application) -> None:
    app.mount("/x", "text")


@mistake(r"mount /x -> .*: .*Router.* is no application")
def a_router_that_is_mounted(app: Application) -> None:
    app.mount("/x", Router())


@mistake(r"the controller .*Empty.* has no method marked with @route")
def a_controller_without_handlers(app: Application) -> None:
    @app.controller("/")
    class Empty(Controller): ...


@mistake(r"show \(.*:\d+\): a handler of a controller is a method that takes `self`")
def a_static_handler_of_a_controller(app: Application) -> None:
    @app.controller("/")
    class Static(Controller):
        @staticmethod
        @route.get("/")
        async def show() -> None: ...


@mistake(r"there is no event 'start': only startup and shutdown \(.*begin \(")
def an_unknown_event(app: Application) -> None:
    @app.on_event("start")
    async def begin() -> None: ...


@mistake(r"a router cannot include itself")
def a_router_in_itself(app: Application) -> None:
    inner, outer = Router(), Router()
    inner.include_router(outer)
    outer.include_router(inner)


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named(name: str) -> None:
    program, expected = MISTAKES[name]
    app = Application()
    with pytest.raises(SetupError, match=expected):  # noqa: PT012 whichever of the two is the first to know
        program(app)
        app.build()


def test_a_build_that_failed_fails_again() -> None:
    """Nobody is served by half of an application."""
    app = Application()
    MISTAKES["missing_provider"][0](app)
    for _ in range(2):
        with pytest.raises(SetupError, match="nobody provides Cards"):
            app.build()


async def test_a_job_cannot_ask_for_a_request() -> None:
    app = Application()

    async def job(request: Request) -> None: ...

    with pytest.raises(SetupError, match=r"request of .*job \(.*:\d+\): a job or command has no Request"):
        await app.call(job)


async def test_a_job_cannot_ask_for_a_header() -> None:
    app = Application()

    async def job(name: Annotated[str, Header()]) -> None: ...

    with pytest.raises(
        SetupError, match=r"name of .*job \(.*:\d+\): a job or command has no header to read from"
    ):
        await app.call(job)


async def test_a_job_cannot_ask_for_what_nothing_binds() -> None:
    app = Application()

    async def job(number: int) -> None: ...

    with pytest.raises(
        SetupError, match=r"number of .*job .*nothing binds it, a job or command has no parameters"
    ):
        await app.call(job)


async def test_a_job_cannot_ask_for_a_provider_that_needs_a_request() -> None:
    app = Application()

    def provide(request: Request) -> Cards:
        return Cards()

    app.provide(Cards, provide)

    async def job(cards: Cards) -> None: ...

    with pytest.raises(SetupError, match=r"request of .*provide .*a job or command has no Request"):
        await app.call(job)


async def handler() -> None: ...


LATE: Dict[str, Callable[[Application], Any]] = {
    "/late -> .*handler": lambda app: app.get("/late")(handler),
    "/live -> .*handler": lambda app: app.websocket("/live")(handler),
    "include_router": lambda app: app.include_router(Router()),
    "mount\\('/x'\\)": lambda app: app.mount("/x", Application()),
    "provide\\('Cards'\\)": lambda app: app.provide(Cards, provide_cards),
    "add_guard": lambda app: app.add_guard(guard),
    "add_middleware": lambda app: app.add_middleware(lambda endpoint: endpoint),
    "add_middleware\\(around\\)": lambda app: app.middleware("http")(around),
    "add_exception_handler\\(404\\)": lambda app: app.exception_handler(404)(handler),
    "on_event\\('startup'\\)": lambda app: app.on_event("startup")(handler),
    "command\\(.*handler": lambda app: app.command(handler),
    "add_converter\\('x'\\)": lambda app: app.add_converter("x", None),  # type: ignore[arg-type]
}


async def guard(connection: Connection) -> Optional[Response]: ...


async def around(request: Request, call_next: Any) -> Any: ...


@pytest.mark.parametrize("named", LATE)
def test_what_is_registered_too_late_names_itself(named: str) -> None:
    app = Application().build()
    with pytest.raises(SetupError, match=rf"{named}.*too late, the application is already built"):
        LATE[named](app)


def test_a_router_that_was_included_is_closed_too() -> None:
    router = Router()
    app = Application()
    app.include_router(router)
    app.build()
    with pytest.raises(SetupError, match=r"/late.*too late"):
        router.get("/late")(handler)
