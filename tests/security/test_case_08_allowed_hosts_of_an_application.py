"""Case 8 (CVE-2026-25479) on the wire: the allowed hosts of an application are names, no patterns."""

from typing import Iterator

import pytest

from microframe import AppConfig, Application
from tests.wire import Served, served


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    app = Application(AppConfig(allowed_hosts=["example.com", "*.example.org"]))

    @app.get("/")
    async def show() -> str:
        return "shown"

    with served(app) as running:
        yield running


@pytest.mark.parametrize(
    "host",
    [
        "examplexcom",
        "evilexample.com",
        "example.com.evil.test",
        "a.example.com",
        "example.org",
        "evilexample.org",
        "a.examplexorg",
        ".example.org",
        "*.example.org",
        "127.0.0.1",
    ],
)
def test_a_host_that_only_resembles_an_allowed_one_is_refused(server: Served, host: str) -> None:
    for path in ("/", "/nowhere"):
        assert server.ask(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()).status == 400


@pytest.mark.parametrize("host", ["example.com", "EXAMPLE.com:8000", "a.example.org", "a.b.example.org"])
def test_an_allowed_one_is_served(server: Served, host: str) -> None:
    assert server.ask(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()).status == 200
