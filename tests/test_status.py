"""Status codes by name."""

from http import HTTPStatus

from microframe import status

NAMES = {name: value for name, value in vars(status).items() if name.startswith(("HTTP_", "WS_"))}


def test_every_name_has_its_number_in_it() -> None:
    assert len(NAMES) > 75
    for name, value in NAMES.items():
        assert name.split("_")[1] == str(value)


def test_every_code_that_python_knows_has_a_name() -> None:
    assert {code.value for code in HTTPStatus} <= set(NAMES.values())


def test_codes_renamed_by_rfc_9110_have_both_names() -> None:
    assert status.HTTP_413_REQUEST_ENTITY_TOO_LARGE == status.HTTP_413_CONTENT_TOO_LARGE == 413
    assert status.HTTP_414_REQUEST_URI_TOO_LONG == status.HTTP_414_URI_TOO_LONG == 414
    assert status.HTTP_416_REQUESTED_RANGE_NOT_SATISFIABLE == status.HTTP_416_RANGE_NOT_SATISFIABLE == 416
    assert status.HTTP_422_UNPROCESSABLE_ENTITY == status.HTTP_422_UNPROCESSABLE_CONTENT == 422


def test_names_are_those_of_fastapi() -> None:
    assert status.HTTP_200_OK == 200
    assert status.HTTP_418_IM_A_TEAPOT == 418
    assert status.WS_1000_NORMAL_CLOSURE == 1000
    assert status.WS_1008_POLICY_VIOLATION == 1008
