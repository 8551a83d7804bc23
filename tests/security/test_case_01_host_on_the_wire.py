"""Case 1 (CVE-2026-48710) on the wire: what the Host header says never changes the path that guards see."""

from typing import Any, Dict, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microframe import Application, Request
from tests.scopes import call
from tests.wire import Served, served

app = Application()


@app.get("/admin")
async def show(request: Request) -> Dict[str, Any]:
    return {"path": request.path, "url": request.url.path, "host": request.url.hostname}


@app.get("/public")
async def show_public() -> str:
    return "public"


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    with served(app) as running:
        yield running


@pytest.mark.parametrize(
    "host",
    [b"x/public?", b"x/public#", b"x?", b"x#", b"x\\public", b"a@x", b"x:80/public", b"x y", b"x\xff", b""],
)
def test_a_host_that_would_change_the_path_is_refused(server: Served, host: bytes) -> None:
    answer = server.ask(b"GET /admin HTTP/1.1\r\nHost: " + host + b"\r\n\r\n")
    assert answer.status == 400
    assert answer.header("content-type") == "application/problem+json"


def test_the_same_request_with_a_host_is_answered(server: Served) -> None:
    answer = server.ask(b"GET /admin HTTP/1.1\r\nHost: x:80\r\n\r\n")
    assert (answer.status, answer.body) == (200, b'{"path":"/admin","url":"/admin","host":"x"}')


HOSTS = st.one_of(st.binary(), st.text("ab.:/?#@\\[]%1 ").map(str.encode))


@given(HOSTS)
async def test_whatever_the_host_the_path_is_the_one_that_was_asked_for(host: bytes) -> None:
    answer = await call(app, "/admin", host=host.decode("latin-1"))
    if answer.status == 400:
        return
    assert answer.status == 200
    assert answer.json["path"] == answer.json["url"] == "/admin"
    assert not set(answer.json["host"]) & set("/?#@\\")
