"""Case 7 (PYSEC-2026-2603) on the wire: a request without a Host is refused, whatever other headers say."""

from typing import Iterator, List

import pytest

from microframe import AppConfig, Application
from tests.wire import Served, served

FORGED = ["X-Forwarded-Host: good.test", "Forwarded: host=good.test", "X-Forwarded-For: 192.0.2.1"]


@pytest.fixture(scope="module", params=[(), ("good.test",)], ids=["any host", "one host"])
def server(request: pytest.FixtureRequest) -> Iterator[Served]:
    app = Application(AppConfig(allowed_hosts=request.param, trusted_proxies=["127.0.0.1"]))

    @app.get("/")
    async def show() -> str:
        return "shown"

    with served(app) as running:
        yield running


@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize("lines", [[], FORGED[:1], FORGED], ids=["none", "a forwarded one", "all forwarded"])
def test_no_host_is_refused(server: Served, version: str, lines: List[str]) -> None:
    head = "\r\n".join([f"GET / HTTP/{version}", *lines, "", ""])
    assert server.ask(head.encode()).status == 400


def test_with_a_host_it_is_answered(server: Served) -> None:
    assert server.ask(b"GET / HTTP/1.0\r\nHost: good.test\r\n\r\n").status == 200
