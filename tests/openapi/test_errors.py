"""Errors in the document: what is raised anywhere in the graph, and what a route can answer by itself."""

from functools import partial
from typing import Annotated, Any, Dict, List, Optional

import pytest
from pydantic import BaseModel

from microframe import (
    Application,
    Body,
    Connection,
    Depends,
    Endpoint,
    ForbiddenException,
    Header,
    Idempotency,
    NotFoundException,
    Provided,
    Query,
    Response,
    Router,
    StatusException,
)
from microframe.markers import raises
from microframe.openapi.errors import ErrorShapes, Fault, faults_of
from microframe.openapi.schemas import Components
from microframe.security import HTTPBearer
from microframe.validation import Codecs
from tests.openapi.program import BoardNotFound, CardNotFound, Locked


class Taken(StatusException):
    """This name is taken."""

    status = 409


class Card(BaseModel):
    title: str


def responses(app: Application, path: str = "/", method: str = "get") -> Dict[str, Any]:
    found: Dict[str, Any] = app.openapi()["paths"][path][method]["responses"]
    return found


def statuses(app: Application, path: str = "/", method: str = "get") -> List[str]:
    return list(responses(app, path, method))


def test_errors_of_handler_route_router_and_application_are_listed() -> None:
    app = Application(raises=[Taken])
    router = Router(raises=[BoardNotFound])

    @router.get("/", raises=[Locked])
    @raises(CardNotFound)
    async def read() -> None: ...

    app.include_router(router)
    assert statuses(app) == ["200", "404", "409", "423"]
    found = responses(app)["404"]
    assert found["description"] == "There is no such board.\n\nThere is no such card."
    assert found["content"] == {
        "application/problem+json": {
            "schema": {
                "allOf": [
                    {"$ref": "#/components/schemas/Problem"},
                    {
                        "properties": {
                            "type": {"enum": ["/problems/board_not_found", "/problems/card_not_found"]},
                            "code": {"enum": ["board_not_found", "card_not_found"]},
                        }
                    },
                ]
            }
        }
    }
    assert responses(app)["423"]["content"] == {
        "application/problem+json": {"schema": {"$ref": "#/components/schemas/BoardLockedProblem"}}
    }
    assert app.openapi()["components"]["schemas"]["BoardLockedProblem"]["allOf"][1] == {
        "properties": {"type": {"const": "/problems/board_locked"}, "code": {"const": "board_locked"}}
    }


class Session:
    pass


@raises(Taken)
def open_session() -> Session:
    return Session()


@raises(BoardNotFound)
async def board_guard(connection: Connection) -> Optional[Response]:
    return None


@raises(ForbiddenException)
def around(endpoint: Endpoint) -> Endpoint:
    return endpoint


class Checked:
    """An object that is called, whose method says what it raises."""

    @raises(Locked)
    def __call__(self) -> None: ...


def test_errors_of_guards_middleware_dependencies_and_providers_are_listed() -> None:
    app = Application(guards=[board_guard], middleware=[around])
    app.provide(Session, open_session)

    def deeper(session: Provided[Session]) -> None: ...

    @app.get("/", dependencies=[Depends(Checked())])
    async def read(value: None = Depends(deeper)) -> None: ...

    assert statuses(app) == ["200", "403", "404", "409", "423"]


@pytest.mark.parametrize(("auto_error", "expected"), [(True, ["200", "401"]), (False, ["200"])])
def test_a_security_scheme_is_refused_only_where_it_refuses(auto_error: bool, expected: List[str]) -> None:
    app = Application()
    app.get("/", dependencies=[Depends(HTTPBearer(auto_error=auto_error))])(lambda: None)
    assert statuses(app) == expected


def test_reading_is_listed_as_what_can_go_wrong_with_it() -> None:
    app = Application()
    app.get("/text/{name}")(read_text)
    app.get("/number")(read_number)
    app.post("/card")(read_card)
    app.post("/raw")(read_raw)
    assert statuses(app, "/text/{name}") == ["200"]
    assert statuses(app, "/number") == ["200", "422"]
    assert statuses(app, "/card", "post") == ["200", "413", "415", "422"]
    assert statuses(app, "/raw", "post") == ["200", "413", "422"]


async def read_text(name: str, word: str = "") -> None: ...


async def read_number(number: int = Query(description="A number")) -> None: ...


async def read_card(card: Card) -> None: ...


async def read_raw(body: bytes = Body()) -> None: ...


def test_a_strict_application_may_refuse_a_text_that_is_given_twice() -> None:
    app = Application(strict=True)
    app.get("/text/{name}")(read_text)
    assert statuses(app, "/text/{name}") == ["200", "422"]


def test_what_is_declared_with_content_stands_in_place_of_an_error() -> None:
    app = Application(raises=[BoardNotFound])
    app.get("/own", responses={404: {"model": Card}})(read_number)
    app.get("/words", responses={404: {"description": "Gone for good"}})(read_number)
    app.get("/range", responses={"4XX": {"model": Card, "description": "Wrong"}})(read_number)
    assert responses(app, "/own")["404"] == {
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Card"}}},
        "description": "Not Found",
    }
    assert responses(app, "/words")["404"]["description"] == "Gone for good"
    assert "application/problem+json" in responses(app, "/words")["404"]["content"]
    assert statuses(app, "/range") == ["200", "4XX"]


def test_an_error_that_the_program_answers_itself_is_left_to_it() -> None:
    app = Application(raises=[BoardNotFound, Locked])
    app.add_exception_handler(NotFoundException, lambda request, exc: Response(status_code=404))
    app.get("/")(lambda: None)
    assert statuses(app) == ["200", "423"]


def test_an_error_without_a_status_is_a_500_that_says_nothing() -> None:
    app = Application(raises=[LookupError])
    app.get("/")(lambda: None)
    assert responses(app)["500"]["description"] == "Internal Server Error"


def test_a_422_of_two_kinds_is_either() -> None:
    class Odd(Exception):
        http_status = 422

    app = Application(raises=[Odd])
    app.get("/")(read_number)
    assert responses(app)["422"]["content"]["application/problem+json"]["schema"] == {
        "anyOf": [
            {"$ref": "#/components/schemas/ValidationProblem"},
            {"$ref": "#/components/schemas/UnprocessableContentProblem"},
        ]
    }


def test_in_fastapis_format_errors_have_its_shapes() -> None:
    app = Application(error_format="detail", raises=[BoardNotFound])
    app.get("/")(read_number)
    assert responses(app)["422"] == {
        "description": "Validation Error",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/HTTPValidationError"}}},
    }
    assert responses(app)["404"] == {
        "description": "There is no such board.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/HTTPError"}}},
    }
    assert set(app.openapi()["components"]["schemas"]) == {
        "HTTPError",
        "HTTPValidationError",
        "ValidationError",
    }


def test_a_model_of_the_program_keeps_its_name() -> None:
    class Problem(BaseModel):
        mine: int

    app = Application(raises=[BoardNotFound])

    @app.get("/")
    async def read() -> Problem:
        return Problem(mine=1)

    schemas = app.openapi()["components"]["schemas"]
    assert "mine" in schemas["Problem"]["properties"]
    assert schemas["BoardNotFoundProblem"]["allOf"][0] == {"$ref": "#/components/schemas/MicroFrameProblem"}


def test_the_types_of_problems_begin_with_their_base() -> None:
    app = Application(problem_base="https://example.com/errors/", raises=[Taken])
    app.get("/")(lambda: None)
    schema = app.openapi()["components"]["schemas"]["TakenProblem"]
    assert schema["allOf"][1]["properties"]["type"] == {"const": "https://example.com/errors/taken"}


async def version() -> str:
    return '"1"'


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"etag": version}, ["200", "304", "412"]),
        ({"etag": True}, ["200", "304", "412"]),
        ({"timeout": 3.0}, ["200", "504"]),
        ({}, ["200"]),
    ],
)
def test_options_bring_the_errors_that_they_answer(options: Dict[str, Any], expected: List[str]) -> None:
    app = Application()
    app.get("/", **options)(lambda: None)
    assert statuses(app) == expected
    if "304" in expected:
        assert responses(app)["304"] == {"description": "Not Modified"}
        assert responses(app)["412"]["content"] == {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/PreconditionFailedProblem"}}
        }


def test_a_change_that_needs_a_precondition_may_be_refused_without_one() -> None:
    app = Application()
    app.put("/", etag=version, require_precondition=True)(lambda: None)
    assert statuses(app, "/", "put") == ["200", "412", "428"]


def test_an_option_of_a_router_is_one_of_its_routes() -> None:
    app = Application()
    router = Router(timeout=3.0)
    router.get("/")(lambda: None)
    app.include_router(router)
    assert statuses(app) == ["200", "504"]


def test_of_an_option_that_names_no_error_the_status_is_known() -> None:
    class Busy(StatusException):
        """Too many at once."""

        status = 429

    shapes = ErrorShapes("/problems/", "problem", Components(Codecs(), True))
    found = shapes.build([Fault(429, "", "Too Many Requests"), *faults_of([Busy])])["429"]
    assert found["description"] == "Too many at once."
    assert found["content"]["application/problem+json"]["schema"] == {"$ref": "#/components/schemas/Problem"}


def test_both_of_fastapis_shapes_may_be_one_answer() -> None:
    class Odd(StatusException):
        status = 422

    app = Application(error_format="detail", raises=[Odd])
    app.get("/")(read_number)
    assert responses(app)["422"]["content"]["application/json"]["schema"] == {
        "anyOf": [
            {"$ref": "#/components/schemas/HTTPValidationError"},
            {"$ref": "#/components/schemas/HTTPError"},
        ]
    }


def test_what_a_partial_function_raises_is_that_of_the_function() -> None:
    def check(number: int, word: str = "") -> None: ...

    noted = raises(Taken)(check)
    app = Application()
    app.get("/", dependencies=[Depends(partial(noted, 1))])(lambda: None)
    assert statuses(app) == ["200", "409"]


def test_headers_that_the_framework_reads_for_an_option_are_parameters() -> None:
    app = Application()

    @app.put(
        "/cards/{card_id}", idempotency=Idempotency(required=True), etag=version_of, require_precondition=True
    )
    async def change(card_id: int) -> None: ...

    @app.post("/cards", idempotency=True)
    async def add(idempotency_key: Annotated[str, Header(description="Yours.")]) -> None: ...

    reading = Router(idempotency=True)

    @reading.get("/cards")
    async def cards() -> None: ...

    app.include_router(reading)

    paths = app.openapi()["paths"]
    put = {one["name"]: one["required"] for one in paths["/cards/{card_id}"]["put"]["parameters"]}
    assert put == {"card_id": True, "Idempotency-Key": True, "If-Match": False, "If-Unmodified-Since": False}
    (key,) = paths["/cards"]["post"]["parameters"]
    assert (key["name"], key["description"]) == ("idempotency-key", "Yours.")
    assert "parameters" not in paths["/cards"]["get"]


def version_of(card_id: int) -> str:
    return str(card_id)
