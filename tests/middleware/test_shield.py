"""The shield: one line, and what it turns on."""

from typing import Any

import pytest

import microframe
from microframe import Application, Body, SecurityMiddleware, SetupError
from microframe.testing import TestClient


def build(**options: Any) -> TestClient:
    app = Application()
    app.add_middleware(SecurityMiddleware, **options)

    @app.get("/")
    async def index() -> str:
        return "hello"

    @app.get("/more", limit="3/minute")
    async def more() -> str:
        return "more"

    @app.post("/")
    async def write(body: bytes = Body(media_type="text/plain")) -> int:
        return len(body)

    @app.post("/long", max_body_size=30)
    async def write_more(body: bytes = Body(media_type="text/plain")) -> int:
        return len(body)

    return TestClient(app, base_url="https://example.com")


@pytest.mark.parametrize("path", ["/", "/nowhere", "/openapi.json"])
def test_every_answer_has_the_security_headers(path: str) -> None:
    headers = build().get(path).headers
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
    assert headers["cross-origin-opener-policy"] == "same-origin"


def test_the_pages_of_the_api_still_work_under_their_own_policy() -> None:
    for path in ("/docs", "/redoc"):
        (policy,) = build().get(path).headers.getlist("content-security-policy")
        assert "script-src 'self'" in policy


def test_one_client_may_ask_so_much_and_a_route_may_say_otherwise() -> None:
    client = build(rate_limit_requests=2, rate_limit_window=3600)
    assert [client.get("/").status_code for _ in range(3)] == [200, 200, 429]
    assert [client.get("/more").status_code for _ in range(4)] == [200, 200, 200, 429]


def test_each_part_can_be_left_out() -> None:
    client = build(rate_limit_requests=None, csp=None, hsts=None)
    answers = [client.get("/") for _ in range(150)]
    assert {answer.status_code for answer in answers} == {200}
    assert "content-security-policy" not in answers[0].headers


def test_a_body_may_have_so_many_bytes_and_a_route_may_say_otherwise() -> None:
    client = build(max_content_length=20)
    sizes = [("/", 20), ("/", 21), ("/long", 30), ("/long", 31)]
    answers = [
        client.post(path, content=b"x" * size, headers={"content-type": "text/plain"}) for path, size in sizes
    ]
    assert [answer.status_code for answer in answers] == [200, 413, 200, 413]


def test_methods_that_are_not_named_are_refused_wherever_they_go() -> None:
    client = build(allowed_methods=["get", "HEAD"])
    assert [client.request(method, "/").status_code for method in ("GET", "HEAD", "POST")] == [200, 200, 405]
    refused = client.request("TRACE", "/nowhere")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")
    assert refused.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "options", [{"rate_limit_requests": 0}, {"rate_limit_window": 0}, {"max_content_length": 0}]
)
def test_a_limit_that_is_none_is_refused(options: "dict[str, int]") -> None:
    with pytest.raises(SetupError, match="SecurityMiddleware"):
        SecurityMiddleware(**options)  # type: ignore[arg-type]  # all of them are numbers


def test_the_face_has_no_other_names() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Shield'"):
        _ = microframe.Shield
