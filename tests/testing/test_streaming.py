"""Answers read while they are made."""

import asyncio
from typing import Any, Optional

import pytest

from microframe.testing import AsyncTestClient, ClientTimeout, ProtocolError, TestClient
from microframe.testing.waiting import Receive, Scope, Send
from tests.testing.applications import Life, answering, piece, sending, start

pytestmark = pytest.mark.virtual_time


class Counting:
    """Sends numbered pieces until it is told to stop; counts those that were taken."""

    def __init__(self, last: Optional[int] = None) -> None:
        self.last = last
        self.taken = 0
        self.left = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        watcher = asyncio.ensure_future(receive())
        await send(start())
        while self.taken != self.last and not watcher.done():
            await send(piece(b"%d\n" % self.taken, True))
            self.taken += 1
        self.left = watcher.done()
        watcher.cancel()
        await send(piece())


async def test_send_waits_until_the_test_has_taken_the_piece() -> None:
    app = Counting()
    async with AsyncTestClient(app).stream("GET", "/") as response:
        assert (response.status_code, app.taken) == (200, 0)
        lines = response.aiter_lines()
        for number in range(3):
            assert await lines.__anext__() == str(number)
            assert app.taken == number
            await asyncio.sleep(0.01)
            assert app.taken == number + 1
    assert app.left


async def test_a_stream_read_to_its_end() -> None:
    app = Counting(3)
    async with AsyncTestClient(app).stream("POST", "/", content=b"x") as response:
        assert [text async for text in response.aiter_text()] == ["0\n", "1\n", "2\n"]
    assert (app.taken, app.left) == (3, False)


async def test_a_stream_can_be_read_whole_and_kept() -> None:
    async with AsyncTestClient(Counting(3)).stream("GET", "/") as response:
        with pytest.raises(RuntimeError, match="streamed"):
            _ = response.content
        assert await response.aread() == b"0\n1\n2\n"
        assert response.text == "0\n1\n2\n"
    assert [line async for line in response.aiter_lines()] == ["0", "1", "2"]


async def test_a_stream_is_read_once() -> None:
    async with AsyncTestClient(Counting(1)).stream("GET", "/") as response:
        assert [raw async for raw in response.aiter_raw()] == [b"0\n"]
        with pytest.raises(RuntimeError, match="not kept"):
            response.aiter_raw()
        with pytest.raises(RuntimeError, match="not kept"):
            await response.aread()


async def test_lines_end_where_they_end_in_event_streams() -> None:
    pieces = [b"a\r", b"\nb\rc\n", "d\u2028\u00e9".encode()[:-1], "é".encode()[1:], b"\n\ne"]
    app = sending(start(), *[piece(body, True) for body in pieces], piece())
    async with AsyncTestClient(app).stream("GET", "/") as response:
        assert [line async for line in response.aiter_lines()] == ["a", "b", "c", "d\u2028é", "", "e"]


async def test_the_way_of_waiting_is_the_clients() -> None:
    async with AsyncTestClient(answering(b"x")).stream("GET", "/") as response:
        with pytest.raises(RuntimeError, match="async"):
            next(response.iter_bytes())
    with TestClient(Life(answering(b"x"))).stream("GET", "/") as answer:
        pieces = answer.aiter_bytes()
        with pytest.raises(RuntimeError, match="blocking"):
            await pieces.__anext__()


async def test_two_streams_at_once() -> None:
    client = AsyncTestClient(Counting(2))
    async with client.stream("GET", "/") as one, AsyncTestClient(Counting(2)).stream("GET", "/") as two:
        assert await two.aread() == await one.aread() == b"0\n1\n"


async def test_leaving_early_tells_the_application_and_waits_for_its_end() -> None:
    app = Counting()
    async with AsyncTestClient(app).stream("GET", "/") as response:
        assert response.status_code == 200
    assert (app.left, app.taken) == (True, 1)


@pytest.mark.virtual_time(False)  # on its loop there is always something to do
async def test_an_application_that_never_stops_is_stopped() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start())
        while True:
            await send(piece(b"x", True))

    with pytest.raises(ClientTimeout, match="the client has left, but the application has not ended"):
        async with AsyncTestClient(app).stream("GET", "/", timeout=1):
            pass


async def test_what_the_test_raises_is_not_hidden() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start())
        await receive()
        await receive()
        raise LookupError("the application's")

    with pytest.raises(ArithmeticError):
        async with AsyncTestClient(app).stream("GET", "/"):
            raise ArithmeticError("the test's")
    with pytest.raises(LookupError):
        async with AsyncTestClient(app).stream("GET", "/"):
            pass


@pytest.mark.parametrize("raising", [True, False])
async def test_an_application_that_fails_in_the_middle(raising: bool) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await sending(start(), piece(b"a", True))(scope, receive, send)
        raise LookupError("in the middle")

    async with AsyncTestClient(app, raise_server_exceptions=raising).stream("GET", "/") as response:
        pieces = response.aiter_raw()
        assert await pieces.__anext__() == b"a"
        with pytest.raises(LookupError if raising else ProtocolError):
            await pieces.__anext__()


async def test_an_application_that_fails_before_it_answers() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise LookupError("at once")

    with pytest.raises(LookupError):
        async with AsyncTestClient(app).stream("GET", "/"):
            pass
    async with AsyncTestClient(app, raise_server_exceptions=False).stream("GET", "/") as response:
        assert (response.status_code, await response.aread()) == (500, b"Internal Server Error")


@pytest.mark.parametrize(("messages", "told"), [([], "no answer"), ([start()], "has begun, but not ended")])
async def test_a_stream_that_stands_still_fails(messages: list[Any], told: str) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await sending(*messages)(scope, receive, send)
        await receive()
        await receive()

    with pytest.raises(ClientTimeout, match=told):
        async with AsyncTestClient(app).stream("GET", "/", timeout=0.05) as response:
            await response.aread()


async def test_background_work_after_a_stream_is_waited_for() -> None:
    done = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await answering(b"x")(scope, receive, send)
        await asyncio.sleep(0.01)
        done.append(True)

    async with AsyncTestClient(app).stream("GET", "/") as response:
        await response.aread()
        assert done == []
    assert done == [True]


def test_the_blocking_client_streams_too() -> None:
    app = Counting()
    with TestClient(Life(app)) as client:
        with client.stream("GET", "/") as response:
            lines = response.iter_lines()
            assert [next(lines), next(lines)] == ["0", "1"]
        assert app.left
    with TestClient(Life(Counting(2))) as client, client.stream("GET", "/") as response:
        assert (response.read(), response.text) == (b"0\n1\n", "0\n1\n")


async def test_an_empty_body_has_no_pieces() -> None:
    async with AsyncTestClient(answering()).stream("GET", "/") as response:
        assert [raw async for raw in response.aiter_raw()] == []
