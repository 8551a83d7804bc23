"""Exceptions: statuses, codes and messages of what answers the client."""

import pytest

from microframe import AppConfig, Application, HTTPException, NotFoundException, SetupError, StatusException
from microframe.exceptions import PHRASES, code_of_status
from microframe.testing import TestClient


class PaymentRequired(HTTPException):
    """Pay {amount} first."""

    status = 402


class BoardNotFound(NotFoundException):
    """There is no board {board_id}."""


def make_app() -> Application:
    return Application(AppConfig(debug=False))


def test_a_child_without_a_status_code_has_the_status_of_its_class() -> None:
    exc = PaymentRequired(amount=3)
    assert (exc.status_code, exc.code, exc.detail) == (402, "payment_required", "Pay 3 first.")


def test_a_plain_exception_has_the_code_of_its_status_on_every_python() -> None:
    codes = {
        413: "content_too_large",
        416: "range_not_satisfiable",
        418: "im_a_teapot",
        500: "internal_server_error",
    }
    assert {status: HTTPException(status).code for status in codes} == codes
    assert HTTPException(599).code == "error"


def test_a_field_nobody_gave_stays_as_it_is_written() -> None:
    assert BoardNotFound().detail == "There is no board {board_id}."
    assert BoardNotFound(board_id=7).detail == "There is no board 7."


def test_a_child_of_status_exception_is_raised_with_a_detail_alone() -> None:
    class Closed(StatusException):
        """We are closed."""

        status = 409

    exc = Closed("until Monday", {"Retry-After": "60"})
    assert (exc.status_code, exc.detail, exc.headers) == (409, "until Monday", {"Retry-After": "60"})


@pytest.mark.parametrize("status", PHRASES)
def test_the_type_of_every_plain_problem_leads_to_its_description(status: int) -> None:
    app = make_app()

    @app.get("/fail")
    async def fail() -> None:
        raise HTTPException(status)

    with TestClient(app, raise_server_exceptions=False) as client:
        problem = client.get("/fail").json()
        described = client.get(problem["type"])
    assert problem["code"] == code_of_status(status)
    assert described.status_code == 200
    assert described.json()["status"] == status


def test_the_type_of_a_problem_stands_below_the_root_path() -> None:
    app = Application(AppConfig(debug=False, root_path="/api"))
    with TestClient(app) as client:
        assert client.get("/nowhere").json()["type"] == "/api/problems/not_found"


def test_a_decorator_without_parentheses_is_refused() -> None:
    app = make_app()
    with pytest.raises(SetupError, match=r"handler \(.*test_exceptions.py:\d+\): a decorator wants its path"):

        @app.get  # type: ignore[arg-type]
        async def handler() -> None: ...
