"""Request id: every message has one, and its answer says it."""

import pytest

from microframe.exceptions import SetupError
from microframe.middleware.request_id import assign_request_id
from tests.connections import make_request, make_socket


@pytest.mark.parametrize("sent", ["a", "018f2e5c-7b1d-7c3e-9d1a-3f4b5c6d7e8f", "a.b_c~d!", "x" * 128])
async def test_a_well_formed_id_is_taken_and_sent_back(sent: str) -> None:
    for connection in (
        make_request(headers={"X-Request-ID": sent}),
        make_socket(headers={"X-Request-ID": sent}),
    ):
        assert await assign_request_id()(connection) is None
        assert connection.id == sent
        assert connection.reply_headers == [(b"x-request-id", sent.encode())]


@pytest.mark.parametrize(
    "sent", ["", " ", "a b", "a\x1b[2J", "a\r\nx: y", "a,b", "é", 'a"b', "<a>", "x" * 129]
)
async def test_a_malformed_id_is_replaced(sent: str) -> None:
    request = make_request(headers={"X-Request-ID": sent})
    await assign_request_id()(request)
    assert request.id != sent
    assert request.id.isalnum()
    assert request.reply_headers == [(b"x-request-id", request.id.encode())]


async def test_two_messages_without_an_id_get_two() -> None:
    one, other = make_request(), make_request()
    await assign_request_id()(one)
    await assign_request_id()(other)
    assert one.id != other.id


async def test_the_header_has_the_name_that_was_chosen() -> None:
    request = make_request(headers={"X-Request-ID": "no", "X-Correlation-ID": "yes"})
    await assign_request_id("X-Correlation-ID")(request)
    assert request.id == "yes"
    assert request.reply_headers == [(b"x-correlation-id", b"yes")]


async def test_a_mounted_application_keeps_the_id_and_says_it_once() -> None:
    outer = make_request("/inner/a")
    guard = assign_request_id()
    await guard(outer)
    inner = outer.below("/inner", "/a", outer.app)
    await guard(inner)
    assert inner.id == outer.id
    assert inner.reply_headers == [(b"x-request-id", outer.id.encode())]


@pytest.mark.parametrize("name", ["", "a b", "a\r\n", "é"])
def test_what_is_no_header_is_a_setup_error(name: str) -> None:
    with pytest.raises(SetupError, match="request id"):
        assign_request_id(name)
