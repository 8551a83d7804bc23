"""What the client raises: the application's exceptions, faults of the protocol, waits that have an end."""

import asyncio
import time
from typing import Any

import pytest

from microframe.testing import AsyncTestClient, ClientTimeout, ProtocolError
from microframe.testing.waiting import ASGIApplication, Message, Receive, Scope, Send
from tests.testing.applications import Pairs, answering, piece, sending, start

pytestmark = pytest.mark.virtual_time


async def get(app: ASGIApplication, **options: Any) -> Any:
    return await AsyncTestClient(app, **options).get("/x")


def failing(error: BaseException, *messages: Message) -> ASGIApplication:
    """Sends these messages and raises."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await sending(*messages)(scope, receive, send)
        raise error

    return app


# Exceptions


@pytest.mark.parametrize(
    "messages", [[], [start()], [start(), piece(b"x", True)], [start(500), piece(b"sorry")]]
)
async def test_what_the_application_raises_is_raised(messages: list[Message]) -> None:
    error = LookupError("the application's own")
    with pytest.raises(LookupError) as caught:
        await get(failing(error, *messages))
    assert caught.value is error


async def test_or_it_is_an_answer_500() -> None:
    response = await get(failing(LookupError()), raise_server_exceptions=False)
    assert (response.status_code, response.text) == (500, "Internal Server Error")
    response = await get(failing(LookupError(), start(500), piece(b"sorry")), raise_server_exceptions=False)
    assert (response.status_code, response.text) == (500, "sorry")


async def test_or_a_fault_where_the_answer_had_begun() -> None:
    with pytest.raises(ProtocolError, match="ended before its answer did") as caught:
        await get(failing(LookupError(), start(), piece(b"x", True)), raise_server_exceptions=False)
    assert isinstance(caught.value.__cause__, LookupError)


async def test_an_exception_that_no_server_answers_is_raised_in_any_case() -> None:
    with pytest.raises(KeyboardInterrupt):
        await get(failing(KeyboardInterrupt()), raise_server_exceptions=False)


async def test_an_application_that_cancels_itself_does_not_cancel_the_test() -> None:
    with pytest.raises(ProtocolError, match="cancelled from within"):
        await get(failing(asyncio.CancelledError()))


# Faults


def started(headers: Any, status: Any = 200) -> Message:
    return {"type": "http.response.start", "status": status, "headers": headers}


@pytest.mark.parametrize(
    ("messages", "told"),
    [
        ([], "without an answer"),
        ([start()], "ended before its answer"),
        ([start(), piece(b"a", True)], "ended before its answer"),
        ([piece(b"a")], "before http.response.start"),
        ([start(), start()], "twice"),
        ([start(), piece(), piece()], "after the end"),
        ([start(204), piece(b"a")], "204, which has none"),
        ([start(headers=[(b"content-length", b"2")]), piece(b"abc")], "content-length is 2; the body has 3"),
        ([start(headers=[(b"content-length", b"4")]), piece(b"abc")], "content-length is 4; the body has 3"),
        ([start(headers=[(b"content-length", b"-1")]), piece()], "content-length b'-1'"),
        ([started([], 99)], "status 99"),
        ([started([], "200")], "status '200'"),
        ([started([("a", "b")])], "'a': 'b'; both must be bytes"),
        ([started([(b"A", b"b")])], "lower-case token"),
        ([started([(b"", b"b")])], "lower-case token"),
        ([started([(b"a b", b"b")])], "lower-case token"),
        ([started([b"abc"])], "no pair"),
        ([started([(b"a", b"b\r\nc: d")])], "line break"),
        ([started([(b"a", b"b\0")])], "line break"),
        ([start(), {"type": "http.response.body", "body": "text"}], "no bytes: 'text'"),
        ([{"status": 200}], "no message with a type"),
        ([{"type": 5}], "type is 5"),
        ([{"type": "http.response.zerocopy"}], "did not offer"),
        ([{"type": "websocket.accept"}], "did not offer"),
    ],
)
@pytest.mark.parametrize("raising", [True, False])
async def test_messages_against_the_protocol(messages: list[Message], told: str, raising: bool) -> None:
    with pytest.raises(ProtocolError, match=told):
        await get(sending(*messages), raise_server_exceptions=raising)


async def test_a_fault_that_the_application_catches_is_told_anyway() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await send(piece(b"too early"))
        except Exception:
            await answering(b"sorry", 500)(scope, receive, send)

    with pytest.raises(ProtocolError, match=r"before http\.response\.start"):
        await get(app)


@pytest.mark.parametrize("status", [204, 304])
async def test_a_length_without_a_body_is_no_fault_where_there_is_none(status: int) -> None:
    headers: Pairs = [(b"content-length", b"5")]
    assert (await get(answering(b"", status, headers))).status_code == status


def test_a_fault_is_an_assertion_that_failed() -> None:
    assert issubclass(ProtocolError, AssertionError)


# Waits


async def waits_for_itself(scope: Scope, receive: Receive, send: Send) -> None:
    await asyncio.sleep(60)


async def waits_for_the_client(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await receive()


async def does_not_end(scope: Scope, receive: Receive, send: Send) -> None:
    await answering()(scope, receive, send)
    await asyncio.sleep(60)


@pytest.mark.parametrize(
    ("app", "told"),
    [
        (
            waits_for_itself,
            r"GET /x: there is no answer after 0.05 s; .*test_failing.py:\d+, in waits_for_itself",
        ),
        (waits_for_the_client, "waits in receive"),
        (does_not_end, "the answer is complete, but the application has not ended"),
    ],
)
async def test_a_request_that_takes_too_long_fails_and_says_where_it_waits(
    app: ASGIApplication, told: str
) -> None:
    with pytest.raises(ClientTimeout, match=told):
        await get(app, timeout=0.05)
    with pytest.raises(TimeoutError):
        await AsyncTestClient(app).get("/x", timeout=0.01)


async def test_no_timeout_no_limit() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(0.05)
        await answering()(scope, receive, send)

    assert (await AsyncTestClient(app, timeout=0.01).get("/x", timeout=None)).status_code == 200


async def test_the_application_that_took_too_long_is_cancelled() -> None:
    ended = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(True)

    with pytest.raises(ClientTimeout):
        await get(app, timeout=0.01)
    assert ended == [True]


async def test_a_test_that_is_cancelled_cancels_the_application() -> None:
    ended = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(True)

    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(get(app), 0.02)
    assert ended == [True]


async def test_background_work_is_over_when_the_answer_is_there() -> None:
    done = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await answering()(scope, receive, send)
        await asyncio.sleep(0.01)
        done.append(time.monotonic())

    await get(app)
    assert len(done) == 1
