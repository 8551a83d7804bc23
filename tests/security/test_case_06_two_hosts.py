"""Case 6 (CVE-2026-34525): two Host headers are refused, whatever they say (RFC 9112 §3.2)."""

from typing import Iterator

import pytest

from microframe import AppConfig, Application
from tests.scopes import call
from tests.wire import Served, served

app = Application(AppConfig(allowed_hosts=["good.test"]))


@app.get("/")
async def show() -> str:
    return "shown"


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    with served(app) as running:
        yield running


@pytest.mark.parametrize(
    "hosts", [("good.test", "evil.test"), ("evil.test", "good.test"), ("good.test", "good.test")]
)
def test_two_hosts_are_refused(server: Served, hosts: "tuple[str, str]") -> None:
    answer = server.ask(f"GET / HTTP/1.1\r\nHost: {hosts[0]}\r\nhOST: {hosts[1]}\r\n\r\n".encode())
    assert answer.status == 400


def test_one_host_is_not(server: Served) -> None:
    assert server.ask(b"GET / HTTP/1.1\r\nHost: good.test\r\n\r\n").status == 200


@pytest.mark.parametrize("host", ["good.test, evil.test", "good.test,good.test", "good.test evil.test"])
async def test_two_hosts_that_a_server_has_joined_are_refused_too(host: str) -> None:
    assert (await call(app, host=host)).status == 400
