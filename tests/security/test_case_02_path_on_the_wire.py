"""Case 2 (PYSEC-2026-248) on the wire: a target without its slash moves nothing of a rebuilt URL."""

from typing import Any, Dict, Iterator

import pytest

from microframe import Application, Request
from tests.scopes import call
from tests.wire import Served, served

app = Application()


@app.get("/{rest:path}", name="any")
async def show(request: Request, rest: str) -> Dict[str, Any]:
    return {
        "host": request.url.hostname,
        "base": request.base_url.hostname,
        "absolute": request.url_for("any", rest=rest).hostname,
    }


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    with served(app) as running:
        yield running


TARGETS = [
    "@evil.com/x",
    "@evil.com",
    ":80@evil.com/",
    ".evil.com",
    "//evil.com/x",
    "/\\evil.com",
    "evil.com",
]


@pytest.mark.parametrize(
    "target", [*TARGETS, "http://evil.com/x", "/@evil.com", "/x@evil.com:80/", "/.evil.com"]
)
def test_no_target_moves_the_host(server: Served, target: str) -> None:
    answer = server.ask(f"GET {target} HTTP/1.1\r\nHost: good\r\n\r\n".encode())
    assert answer.status == 400 or answer.body == b'{"host":"good","base":"good","absolute":"good"}'


@pytest.mark.parametrize("path", TARGETS)
async def test_a_server_that_lets_such_a_path_through_moves_it_neither(path: str) -> None:
    answer = await call(app, path, host="good")
    if path.startswith("/"):
        assert answer.json == {"host": "good", "base": "good", "absolute": "good"}
    else:
        assert answer.status == 400
