"""CVE-2026-25478, CVE-2020-25032, CVE-2024-6221: an origin that looks like an allowed one is another origin."""

import pytest

from microframe import Application
from microframe.middleware.cors import CORSMiddleware
from microframe.testing import TestClient

STRANGERS = [
    "https://examplexcom",
    "https://example.com.evil",
    "https://evilexample.com",
    "https://example.com:8443",
    "https://EXAMPLE.com",
    "http://example.com",
    "https://example.com/",
    "https://example.com\\.evil",
    "https://user@example.com",
    "https://example.com evil",
    "https://sub.example.com",
    "null",
    "",
    "*",
]


@pytest.mark.parametrize("origin", STRANGERS)
@pytest.mark.parametrize("by_pattern", [False, True])
def test_an_origin_like_an_allowed_one_may_not_read(origin: str, by_pattern: bool) -> None:
    app = Application()
    if by_pattern:
        app.add_middleware(CORSMiddleware, allow_origin_regex=r"https://example\.com", allow_credentials=True)
    else:
        app.add_middleware(CORSMiddleware, allow_origins=["https://example.com"], allow_credentials=True)

    @app.get("/")
    async def index() -> int:
        return 1

    client = TestClient(app)
    answers = [client.get("/", headers={"origin": origin})]
    answers.append(client.options("/", headers={"origin": origin, "access-control-request-method": "GET"}))
    answers.append(client.get("/nowhere", headers={"origin": origin}))
    for answer in answers:
        assert "access-control-allow-origin" not in answer.headers
        assert "Origin" in answer.headers["vary"]
    allowed = client.get("/", headers={"origin": "https://example.com"})
    assert allowed.headers["access-control-allow-origin"] == "https://example.com"
