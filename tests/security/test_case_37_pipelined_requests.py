"""Case 37 (CVE-2026-54273, aiohttp): requests sent without waiting are answered in order, and none is made ahead."""

import threading
from typing import Dict, Iterator, List

import pytest

from microframe import Application, PlainTextResponse, Response
from tests.wire import Served, Wire, get, served

BODY = 16_384


class Counter:
    """How many requests the application has been given."""

    def __init__(self) -> None:
        self.begun = 0


@pytest.fixture
def counter() -> Counter:
    return Counter()


@pytest.fixture
def server(counter: Counter) -> Iterator[Served]:
    app = Application()

    @app.get("/numbers/{number}")
    async def show(number: int) -> Dict[str, int]:
        counter.begun += 1
        return {"number": number}

    @app.get("/large/{number}")
    async def show_much(number: int) -> Response:
        counter.begun += 1
        return PlainTextResponse(f"{number}".rjust(BODY))

    with served(app) as running:
        yield running


def pipeline(wire: Wire, path: str, count: int) -> threading.Thread:
    """Send requests without waiting for any answer."""
    requests = b"".join([get(f"/{path}/{number}") for number in range(count)])
    sender = threading.Thread(target=wire.send, args=(requests,), daemon=True)
    sender.start()
    return sender


def answered_in_order(server: Served, count: int) -> None:
    with server.connect() as wire:
        sender = pipeline(wire, "numbers", count)
        answers = [wire.answer() for _ in range(count)]
        sender.join()
    assert [answer.status for answer in answers] == [200] * count
    assert [answer.body for answer in answers] == [b'{"number":%d}' % number for number in range(count)]


def test_pipelined_requests_are_answered_in_order(server: Served) -> None:
    answered_in_order(server, 500)


def test_a_client_that_reads_nothing_stops_the_making_of_answers(server: Served, counter: Counter) -> None:
    count = 2_000  # 32 MB of answers, more than any buffer between the two
    with server.connect() as wire:
        sender = pipeline(wire, "large", count)
        seen: List[int] = []
        while not seen or seen[-1] != counter.begun or not counter.begun:
            seen.append(counter.begun)
            sender.join(0.2)
        assert counter.begun < count
        for number in range(count):
            assert wire.answer().body.strip() == b"%d" % number
        sender.join()
    assert counter.begun == count


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_so_are_ten_thousand(server: Served) -> None:
    answered_in_order(server, 10_000)
