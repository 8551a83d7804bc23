"""Errors: what an exception becomes, who may say so, what is logged, and what never leaves the application."""

import json
import logging
import re
from base64 import b64encode
from hashlib import sha256
from typing import Any, AsyncIterator, Dict, List, Mapping, Optional

import pytest

from microframe import (
    Application,
    Connection,
    Context,
    Depends,
    ForbiddenException,
    HTTPException,
    NotFoundException,
    PlainTextResponse,
    Request,
    Response,
    Router,
    SetupError,
    StatusException,
    StreamingResponse,
    UnauthorizedException,
    ValidationException,
    WebSocket,
)
from microframe.endpoint import Endpoint
from microframe.middleware.security_headers import SecurityHeadersMiddleware
from microframe.testing import AsyncTestClient, ClientResponse, WebSocketDenied
from microframe.testing.failures import ProtocolError

BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


class CardNotFound(NotFoundException):
    """There is no card {number} on the board {board!r}.

    This sentence is for who reads the code.
    """


class TooManyCards(StatusException):
    status = 409
    code = "too_many_cards"
    message = "There are {count} cards, and {limit} are allowed."


class Domain(Exception):
    """An exception of a package that knows nothing of us."""

    http_status = 404


def raising(exc: BaseException, **options: Any) -> Application:
    app = Application(**options)

    @app.get("/")
    async def fail() -> None:
        raise exc

    return app


async def get(app: Application, path: str = "/", **options: Any) -> ClientResponse:
    return await AsyncTestClient(app, raise_server_exceptions=False).get(path, **options)


def answering(word: str, status: int = 200) -> Any:
    async def handler(request: Request, exc: Exception) -> Response:
        return PlainTextResponse(word, status)

    return handler


# The envelope -----------------------------------------------------------------------------------------------


async def test_an_http_error_is_a_problem_document() -> None:
    response = await get(raising(HTTPException(403, "not you", {"x-why": "because"})))
    assert response.status_code == 403
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["x-why"] == "because"
    problem = response.json()
    assert problem.pop("request_id")
    assert problem == {
        "type": "/problems/forbidden",
        "title": "Forbidden",
        "status": 403,
        "detail": "not you",
        "instance": "/",
        "code": "forbidden",
    }


async def test_fields_fill_the_message() -> None:
    problem = (await get(raising(CardNotFound(number=7)))).json()
    assert problem["detail"] == "There is no card 7 on the board {board!r}."
    assert problem["code"] == "card_not_found"
    problem = (await get(raising(TooManyCards(count=11, limit=10)))).json()
    assert (problem["status"], problem["code"]) == (409, "too_many_cards")
    assert problem["detail"] == "There are 11 cards, and 10 are allowed."


async def test_a_detail_given_when_raised_wins() -> None:
    assert (await get(raising(CardNotFound("gone", number=7)))).json()["detail"] == "gone"


async def test_a_detail_may_be_any_value() -> None:
    app = raising(HTTPException(400, {"field": ["a", 1, None]}))
    assert (await get(app)).json()["detail"] == {"field": ["a", 1, None]}
    app = raising(HTTPException(400, {"field": ["a", 1, None]}), error_format="detail")
    response = await get(app)
    assert response.json() == {"detail": {"field": ["a", 1, None]}}
    assert response.headers["content-type"] == "application/json"


async def test_a_401_says_how_to_authenticate() -> None:
    assert (await get(raising(UnauthorizedException()))).headers["www-authenticate"] == "Bearer"
    own = UnauthorizedException(headers={"WWW-Authenticate": 'Basic realm="x"'})
    assert (await get(raising(own))).headers["www-authenticate"] == 'Basic realm="x"'


async def test_an_error_without_content_has_none() -> None:
    response = await get(raising(HTTPException(304, headers={"etag": '"x"'})))
    assert (response.status_code, response.content, response.headers["etag"]) == (304, b"", '"x"')


@pytest.mark.parametrize("status", [400, 401, 402, 405, 409, 410, 413, 418, 422, 429, 451, 499, 503])
async def test_the_code_of_any_status_is_a_slug(status: int) -> None:
    problem = (await get(raising(HTTPException(status)))).json()
    assert problem["code"].replace("_", "").isalnum()
    assert problem["code"] == problem["code"].lower()
    assert problem["type"] == f"/problems/{problem['code']}"


async def test_a_validation_error_names_places_and_never_the_input() -> None:
    app = Application()

    @app.get("/{number}")
    async def show(number: int, limit: int) -> None: ...

    problem = (await get(app, "/secret-a?limit=secret-b")).json()
    assert (problem["status"], problem["code"]) == (422, "validation_error")
    assert [error["loc"] for error in problem["errors"]] == [["path", "number"], ["query", "limit"]]
    assert all(set(error) <= {"loc", "msg", "type", "ctx"} for error in problem["errors"])
    assert "secret" not in json.dumps(problem["errors"])


async def test_browsers_get_a_page_in_which_nothing_is_markup() -> None:
    response = await get(raising(HTTPException(404, "<script>alert(1)</script>")), headers=BROWSER)
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["vary"] == "Accept"
    assert "<script>" not in response.text
    assert "&lt;script&gt;" in response.text
    assert "404 Not Found" in response.text


@pytest.mark.parametrize("path", ["/", "/problems/not_found"])
async def test_the_policy_of_an_error_page_knows_its_one_style_whatever_the_application_says(
    path: str,
) -> None:
    app = raising(HTTPException(404))
    app.add_middleware(SecurityHeadersMiddleware)
    response = await get(app, path, headers=BROWSER)
    (style,) = re.findall("<style>(.*?)</style>", response.text, re.DOTALL)
    known = b64encode(sha256(style.encode()).digest()).decode()
    (policy,) = response.headers.getlist("content-security-policy")
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{known}';")


@pytest.mark.parametrize("accept", ["application/json", "*/*", "application/json, text/html;q=0.5", ""])
async def test_programs_get_json(accept: str) -> None:
    response = await get(raising(HTTPException(404)), headers={"accept": accept})
    assert response.headers["content-type"] == "application/problem+json"


async def test_the_type_of_a_problem_leads_to_a_page_about_it() -> None:
    app = raising(TooManyCards(count=1, limit=1))
    found = await get(app, (await get(app)).json()["type"])
    assert found.json() == {
        "code": "too_many_cards",
        "title": "Conflict",
        "status": 409,
        "detail": "There are {count} cards, and {limit} are allowed.",
    }
    page = await get(app, "/problems/too_many_cards", headers=BROWSER)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert (await AsyncTestClient(app).head("/problems/too_many_cards")).status_code == 200
    assert (await get(app, "/problems/nothing_of_that_name")).status_code == 404
    assert (await get(app, "/problems/")).status_code == 404
    assert (await AsyncTestClient(app).post("/problems/too_many_cards")).status_code in (404, 405)


@pytest.mark.parametrize("status", [402, 409, 418, 429, 500, 503])
async def test_the_type_of_a_plain_http_error_leads_somewhere_too(status: int) -> None:
    app = raising(HTTPException(status))
    found = await get(app, (await get(app)).json()["type"])
    assert (found.status_code, found.json()["status"]) == (200, status)


async def test_the_type_of_an_unexpected_error_leads_somewhere_too() -> None:
    app = raising(LookupError("x"))
    found = await get(app, (await get(app)).json()["type"])
    assert (found.status_code, found.json()["status"]) == (200, 500)


async def test_a_route_of_ones_own_at_a_problems_address_wins() -> None:
    app = Application()

    @app.get("/problems/not_found")
    async def own() -> str:
        return "own"

    assert (await get(app, "/problems/not_found")).json() == "own"


async def test_messages_can_be_translated() -> None:
    app = raising(TooManyCards(count=2, limit=1))

    def translate(code: str, message: str, fields: Mapping[str, Any], context: Context) -> str:
        assert isinstance(context, Request)
        return f"{context.headers['accept-language']}: {code} {message} {sorted(fields.items())}"

    app.translate = translate  # type: ignore[method-assign]
    problem = (await get(app, headers={"accept-language": "fr"})).json()
    expected = "There are {count} cards, and {limit} are allowed. [('count', 2), ('limit', 1)]"
    assert problem["detail"] == f"fr: too_many_cards {expected}"
    assert (await get(raising(HTTPException(403, "as it is")))).json()["detail"] == "as it is"


async def test_an_application_class_may_translate() -> None:
    class Polyglot(Application):
        def translate(self, code: str, message: str, fields: Mapping[str, Any], context: Context) -> str:
            return f"<{code}>"

    assert (await get(Polyglot(), "/nowhere")).json()["detail"] == "<not_found>"


async def test_a_translation_that_fails_still_leaves_an_answer(caplog: pytest.LogCaptureFixture) -> None:
    app = Application()

    def translate(code: str, message: str, fields: Mapping[str, Any], context: Context) -> str:
        raise LookupError("no such language")

    app.translate = translate  # type: ignore[method-assign]
    response = await get(app, "/nowhere")
    assert (response.status_code, response.json()["status"]) == (500, 500)
    assert "no such language" in caplog.text
    assert "no such language" not in response.text


# Handlers ---------------------------------------------------------------------------------------------------


class Base(Exception):
    pass


class Child(Base):
    pass


@pytest.mark.parametrize(
    ("handlers", "exc", "answer"),
    [
        ({Base: "base"}, Child(), "base"),
        ({Base: "base", Child: "child"}, Child(), "child"),
        ({Base: "base", Child: "child"}, Base(), "base"),
        ({Exception: "any"}, Child(), "any"),
        ({Exception: "any", Base: "base"}, Child(), "base"),
        ({404: "status"}, HTTPException(404), "status"),
        ({404: "status"}, CardNotFound(number=1), "status"),
        ({404: "status", HTTPException: "http"}, CardNotFound(), "status"),
        ({HTTPException: "http"}, CardNotFound(), "http"),
        ({HTTPException: "http", CardNotFound: "card"}, CardNotFound(), "card"),
        ({StatusException: "status class"}, ForbiddenException(), "status class"),
        ({500: "five hundred"}, Child(), "five hundred"),
        ({500: "five hundred", Base: "base"}, Child(), "base"),
        ({ValidationException: "invalid"}, ValidationException([]), "invalid"),
        ({422: "invalid"}, ValidationException([]), "invalid"),
    ],
)
async def test_the_nearest_handler_answers(handlers: Dict[Any, str], exc: Exception, answer: str) -> None:
    app = raising(exc, exception_handlers={key: answering(word) for key, word in handlers.items()})
    assert (await get(app)).text == answer


async def test_a_handler_for_exceptions_leaves_http_errors_alone() -> None:
    app = raising(CardNotFound(number=1), exception_handlers={Exception: answering("any")})
    assert (await get(app)).json()["code"] == "card_not_found"
    assert (await get(app, "/nowhere")).json()["code"] == "not_found"
    app = raising(Domain("foreign"), exception_handlers={Exception: answering("any")})
    assert (await get(app)).json()["detail"] == "foreign"


async def test_a_blocking_handler_and_one_that_returns_data_will_do() -> None:
    app = raising(Child("x"))

    @app.exception_handler(Base)
    def handler(request: Request, exc: Base) -> Any:
        return {"error": str(exc)}

    assert (await get(app)).json() == {"error": "x"}


async def test_a_404_handler_answers_what_no_route_answers() -> None:
    app = Application(exception_handlers={404: answering("own 404", 404), 405: answering("own 405", 405)})
    app.get("/x")(answering)
    assert (await get(app, "/nowhere")).text == "own 404"
    assert (await AsyncTestClient(app).post("/x")).text == "own 405"


async def test_a_handler_that_fails_is_a_500_that_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def handler(request: Request, exc: Exception) -> Response:
        raise LookupError("a secret")

    app = raising(Child(), exception_handlers={Child: handler})
    response = await get(app)
    assert response.json()["code"] == "internal_server_error"
    assert "secret" not in response.text
    assert "a secret" in caplog.text
    with pytest.raises(LookupError, match="a secret"):
        await AsyncTestClient(app).get("/")


@pytest.mark.parametrize("status", [404, 500])
async def test_a_handler_of_a_status_that_fails_is_a_500_too(
    status: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def handler(request: Request, exc: Exception) -> Response:
        raise LookupError("a secret")

    app = raising(HTTPException(404) if status == 404 else Child(), exception_handlers={status: handler})
    response = await get(app)
    assert (response.status_code, response.json()["code"]) == (500, "internal_server_error")


async def test_a_routers_handler_that_fails_goes_on_outwards() -> None:
    async def handler(request: Request, exc: Exception) -> Response:
        raise Base("from the handler")

    app, router = Application(exception_handlers={Base: answering("outer")}), Router()
    router.add_exception_handler(LookupError, handler)

    @router.get("/")
    async def fail() -> None:
        raise LookupError

    app.include_router(router)
    assert (await get(app)).text == "outer"


async def test_a_routers_handlers_answer_its_own_routes_only() -> None:
    app, router = Application(), Router(prefix="/r", exception_handlers={404: answering("router", 404)})

    @router.get("/x")
    async def fail() -> None:
        raise NotFoundException

    app.get("/x")(fail)
    app.include_router(router)
    assert (await get(app, "/r/x")).text == "router"
    assert (await get(app, "/x")).json()["code"] == "not_found"
    assert (await get(app, "/r/nowhere")).json()["code"] == "not_found"


async def test_exceptions_of_dependencies_guards_and_middleware_are_handled_alike() -> None:
    app = Application(exception_handlers={Base: answering("handled")})

    async def dependency() -> None:
        raise Child

    async def guard(connection: Any) -> Optional[Response]:
        if connection.path == "/guard":
            raise Child
        return None

    @app.middleware("http")
    async def middleware(request: Request, call_next: Endpoint) -> Response:
        if request.path == "/middleware":
            raise Child
        return await call_next(request)

    app.add_guard(guard)
    app.get("/dependency", dependencies=[Depends(dependency)])(lambda: None)
    for path in ("/dependency", "/guard", "/middleware"):
        assert (await get(app, path)).text == "handled", path


@pytest.mark.parametrize(
    ("key", "handler", "message"),
    [
        ("404", answering("x"), "'404' is neither an exception class nor an error status"),
        (object, answering("x"), "neither an exception class nor an error status"),
        (200, answering("x"), "200 is neither an exception class nor an error status"),
        (404, "handler", "the handler of 404 cannot be called: 'handler'"),
        (404, lambda request: None, r"test_errors\.py:\d+\) must take the request and the exception"),
        (Base, lambda: None, "must take the request and the exception"),
    ],
)
def test_a_handler_that_could_never_answer_is_refused(key: Any, handler: Any, message: str) -> None:
    app, router = Application(), Router()
    router.get("/")(client_error)
    router.add_exception_handler(key, handler)
    app.include_router(router)
    with pytest.raises(SetupError, match=message):
        app.build()
    with pytest.raises(SetupError, match=message):
        Application(exception_handlers={key: handler}).build()


async def client_error() -> None:
    raise HTTPException(400)


# Exceptions of others ---------------------------------------------------------------------------------------


async def test_an_exception_with_an_http_status_is_answered_with_it(caplog: pytest.LogCaptureFixture) -> None:
    exc = Domain("no such thing")
    response = await get(raising(exc))
    assert (response.status_code, response.json()["detail"]) == (404, "no such thing")
    assert response.json()["code"] == "not_found"
    exc.code = "thing_missing"  # type: ignore[attr-defined]
    assert (await get(raising(exc))).json()["code"] == "thing_missing"
    assert caplog.records == []


async def test_one_with_a_status_of_500_and_more_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    exc = Domain("a secret")
    exc.http_status = 503
    response = await get(raising(exc))
    assert (response.status_code, response.json()["code"]) == (503, "service_unavailable")
    assert "secret" not in response.text
    assert "a secret" in caplog.text


@pytest.mark.parametrize(
    ("seconds", "told"), [(0, "0"), (7, "7"), (-1, None), ("7", None), (1.5, None), (True, None)]
)
@pytest.mark.parametrize("status", [429, 503])
async def test_one_that_knows_when_to_come_back_says_so(
    status: int, seconds: Any, told: Optional[str]
) -> None:
    exc = Domain("later")
    exc.http_status, exc.retry_after = status, seconds  # type: ignore[attr-defined]
    response = await get(raising(exc))
    assert (response.status_code, response.headers.get("retry-after")) == (status, told)


async def test_what_is_away_is_logged_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    exc = Domain("the store\nis away")
    exc.http_status = 503
    await get(raising(exc))
    (record,) = caplog.records
    assert record.exc_info is None
    assert "Domain: the store\\nis away" in record.getMessage()


@pytest.mark.parametrize("status", ["404", None, 200, 302, 600, True, 4.04])
async def test_what_is_no_error_status_is_none(status: Any) -> None:
    exc = Domain("x")
    exc.http_status = status
    assert (await get(raising(exc))).status_code == 500


# 500 --------------------------------------------------------------------------------------------------------


async def test_an_unexpected_error_is_logged_once_and_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    response = await get(raising(LookupError("a secret")))
    problem = response.json()
    assert (response.status_code, problem["code"]) == (500, "internal_server_error")
    assert "secret" not in response.text
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("microframe.errors", logging.ERROR)
    assert problem["request_id"] in record.getMessage()
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], LookupError)
    assert "test_errors.py" in caplog.text


async def test_middleware_around_does_not_log_it_again(caplog: pytest.LogCaptureFixture) -> None:
    app = raising(LookupError("x"))
    seen: List[int] = []
    for _ in range(3):

        @app.middleware("http")
        async def middleware(request: Request, call_next: Endpoint) -> Response:
            response = await call_next(request)
            seen.append(response.status_code)
            return response

    assert (await get(app)).status_code == 500
    assert seen == [500, 500, 500]
    assert len(caplog.records) == 1


async def test_the_log_shows_no_control_characters_of_the_path(caplog: pytest.LogCaptureFixture) -> None:
    app = Application()

    @app.get("/{rest:path}")
    async def fail(rest: str) -> None:
        raise LookupError

    await get(app, "/%0d%0aFAKE%20LOG%1b[2J")
    assert caplog.records[0].getMessage().startswith(r"GET /\r\nFAKE LOG\x1b[2J failed")


async def test_a_handler_for_exceptions_does_not_keep_it_out_of_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = raising(LookupError("x"), exception_handlers={Exception: answering("sorry", 500)})
    assert (await get(app)).text == "sorry"
    assert len(caplog.records) == 1
    with pytest.raises(LookupError):
        await AsyncTestClient(app).get("/")


async def test_an_exception_that_has_a_handler_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    app = raising(Child(), exception_handlers={Base: answering("handled")})
    assert (await AsyncTestClient(app).get("/")).text == "handled"
    assert caplog.records == []


class NoSpace(StatusException):
    """There is no space left."""

    status = 507


@pytest.mark.parametrize(
    ("exc", "options", "status"),
    [
        (HTTPException(500), {}, 500),
        (HTTPException(503, "later"), {}, 503),
        (NoSpace(), {}, 507),
        (HTTPException(503), {"error_format": "detail"}, 503),
        (HTTPException(503), {"exception_handlers": {503: answering("sorry", 503)}}, 503),
        (Child(), {"exception_handlers": {Base: answering("sorry", 502)}}, 502),
    ],
    ids=["500", "503", "child", "detail", "handler of a status", "handler of a class"],
)
async def test_an_exception_that_is_answered_with_a_5xx_is_logged_once(
    exc: Exception, options: Dict[str, Any], status: int, caplog: pytest.LogCaptureFixture
) -> None:
    app = raising(exc, **options)

    @app.middleware("http")
    async def note_id(request: Request, call_next: Endpoint) -> Response:
        ids.append(request.id)
        return await call_next(request)

    ids: List[str] = []
    # An answer that was meant: the test client does not raise it.
    assert (await AsyncTestClient(app).get("/")).status_code == status
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("microframe.errors", logging.ERROR)
    assert record.getMessage() == f"GET / failed (request {ids[0]})"
    assert record.exc_info is not None
    assert record.exc_info[1] is exc


@pytest.mark.parametrize("kind", ["request", "socket"])
@pytest.mark.parametrize("where", ["handler", "guard", "dependency"])
async def test_a_5xx_of_a_routers_handler_is_logged_once_wherever_it_was_raised(
    where: str, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail() -> None:
        raise Child("down")

    async def guard(connection: Connection) -> None:
        await fail()

    router = Router(
        guards=[guard] if where == "guard" else [],
        dependencies=[Depends(fail)] if where == "dependency" else [],
    )

    @router.get("/")
    async def get_it() -> None:
        await fail()

    @router.websocket("/")
    async def open_it(socket: WebSocket) -> None:
        await fail()

    router.add_exception_handler(Exception, answering("sorry", 503))
    app = Application(exception_handlers={Base: answering("sorry", 503)} if where == "guard" else {})
    app.include_router(router)
    client = AsyncTestClient(app)
    if kind == "request":
        assert (await client.get("/")).status_code == 503
    else:
        with pytest.raises(WebSocketDenied) as denied:
            async with client.websocket_connect("/"):
                pass
        assert denied.value.response.status_code == 503
    (record,) = caplog.records
    assert record.getMessage().startswith("GET / failed" if kind == "request" else "WebSocket / failed")
    assert "Child" in caplog.text


@pytest.mark.parametrize("status", [400, 404, 429, 499])
async def test_a_4xx_is_not_logged(status: int, caplog: pytest.LogCaptureFixture) -> None:
    assert (await get(raising(HTTPException(status)))).status_code == status
    app = raising(Child(), exception_handlers={Base: answering("sorry", status)})
    assert (await get(app)).status_code == status
    assert caplog.records == []


async def test_a_5xx_that_a_handler_returns_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    app = Application()

    @app.get("/")
    async def show() -> Response:
        return PlainTextResponse("later", 503)

    assert (await get(app)).status_code == 503
    assert caplog.records == []


async def test_base_exceptions_are_not_swallowed() -> None:
    class Stop(BaseException):
        pass

    with pytest.raises(Stop):
        await AsyncTestClient(raising(Stop(), exception_handlers={Exception: answering("x")})).get("/")


async def test_a_header_that_cannot_be_sent_is_a_500(caplog: pytest.LogCaptureFixture) -> None:
    response = await get(raising(HTTPException(400, headers={"x": "a\r\nb"})))
    assert (response.status_code, response.json()["code"]) == (500, "internal_server_error")
    assert len(caplog.records) == 1


async def test_what_cannot_be_written_as_json_is_still_told() -> None:
    problem = (await get(raising(HTTPException(400, {"when": {1, 2}, "who": b"x"})))).json()
    assert isinstance(problem["detail"]["when"], str)


# After the answer -------------------------------------------------------------------------------------------


async def test_a_stream_that_breaks_is_told_to_the_server_and_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = Application(exception_handlers={Exception: answering("too late")})

    async def pieces() -> AsyncIterator[str]:
        yield "some"
        raise LookupError("in the middle")

    @app.get("/")
    async def stream() -> Response:
        return StreamingResponse(pieces())

    with pytest.raises(ProtocolError):
        await get(app)
    (record,) = caplog.records
    assert "failed after its answer" in record.getMessage()
    assert "in the middle" in caplog.text
    with pytest.raises(Exception, match="in the middle"):
        await AsyncTestClient(app).get("/")


@pytest.mark.parametrize("error", [OSError("disk"), ConnectionResetError("upstream"), TimeoutError("slow")])
async def test_an_os_error_of_a_stream_is_no_client_that_left(
    error: OSError, caplog: pytest.LogCaptureFixture
) -> None:
    app = Application()

    async def pieces() -> AsyncIterator[str]:
        yield "some"
        raise error

    @app.get("/")
    async def stream() -> Response:
        return StreamingResponse(pieces())

    with pytest.raises(ProtocolError):
        await get(app)
    assert str(error) in caplog.text


async def test_a_dependency_that_fails_after_the_answer_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    app = Application()

    async def resource() -> AsyncIterator[int]:
        yield 1
        raise LookupError("at the end")

    @app.get("/")
    async def handler(value: int = Depends(resource)) -> int:
        return value

    response = await get(app)
    assert (response.status_code, response.json()) == (200, 1)
    assert "at the end" in caplog.text
    with pytest.raises(LookupError, match="at the end"):
        await AsyncTestClient(app).get("/")
