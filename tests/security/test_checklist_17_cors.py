"""Checklist 17: no page of another origin reads anything until it is allowed, and asking in advance runs nothing.

Thirty origins that only look like an allowed one, and `Vary`: `test_case_78_origins_are_compared_whole.py`.
"""

from typing import Any, Dict, List

import pytest

from microframe import Application, Depends, HTTPException, Request, Router, SetupError
from microframe.middleware.cors import CORSMiddleware
from microframe.testing import TestClient

ALLOWED = "https://app.example.com"


def test_it_is_off_until_it_is_added() -> None:
    app = Application()

    @app.get("/")
    async def index() -> int:
        return 1

    client = TestClient(app)
    ask = {"origin": ALLOWED, "access-control-request-method": "GET"}
    for answer in (
        client.get("/", headers=ask),
        client.options("/", headers=ask),
        client.get("/x", headers=ask),
    ):
        assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_added_with_nothing_it_allows_nobody() -> None:
    app = Application()
    app.add_middleware(CORSMiddleware)
    answer = TestClient(app).get("/", headers={"origin": ALLOWED})
    assert "access-control-allow-origin" not in answer.headers
    assert answer.headers["vary"] == "Origin"


def test_a_question_in_advance_runs_nothing() -> None:
    ran: List[str] = []

    def noting(name: str) -> Any:
        async def note(request: Request) -> None:
            ran.append(name)
            raise HTTPException(401)

        return note

    app = Application(dependencies=[Depends(noting("application"))])
    app.add_middleware(CORSMiddleware, allow_origins=[ALLOWED], allow_methods=["POST", "OPTIONS"])
    router = Router(dependencies=[Depends(noting("router"))], guards=[noting("guard")])

    @router.api_route("/", methods=["POST", "OPTIONS"])
    async def act() -> None:
        ran.append("handler")

    app.include_router(router)
    client = TestClient(app)
    for method in ("POST", "OPTIONS"):
        asked = {"origin": ALLOWED, "access-control-request-method": method}
        answer = client.options("/", headers=asked)
        assert (answer.status_code, answer.content) == (204, b"")
        assert client.options("/", headers={**asked, "origin": "https://evil.example"}).status_code == 403
    assert ran == []
    # An OPTIONS that asks for nothing in advance is a request like any other.
    assert client.options("/", headers={"origin": ALLOWED}).status_code == 401
    assert ran == ["guard"]


ASKED = [
    *("https://app.example.com", "https://a.example.com", "https://evilexample.com"),
    *("https://app.example.com.evil", "https://evil/https://app.example.com", "https://app.example.com\n"),
    *("https://a.example.com\nx", "x\nhttps://a.example.com", "https://appxexample.com", "https://app"),
]
PATTERNS = [
    (r"https://app\.example\.com", ["https://app.example.com"]),
    (r"^https://app\.example\.com$", ["https://app.example.com"]),
    (r"https://[a-z]+\.example\.com", ["https://app.example.com", "https://a.example.com"]),
    (r"app\.example\.com", []),
    (r"https://app", ["https://app"]),
    (r"https://evil", []),
    (r"(?m)^https://a\.example\.com$", ["https://a.example.com"]),
]


@pytest.mark.parametrize(("pattern", "allowed"), PATTERNS)
def test_a_pattern_means_all_of_an_origin_whether_or_not_it_is_anchored(
    pattern: str, allowed: List[str]
) -> None:
    middleware = CORSMiddleware(allow_origin_regex=pattern)
    assert [origin for origin in ASKED if middleware.allows(origin)] == allowed


MISTAKES: List[Dict[str, Any]] = [
    {"allow_origins": ["*"], "allow_credentials": True},
    {"allow_origin_regex": ".*", "allow_credentials": True},
    {"allow_origins": ["app.example.com"]},
    {"allow_origins": ["https://*.example.com"]},
    {"allow_origins": ["https://app.example.com/"]},
    {"allow_origins": ["https://app.example.com/x"]},
    {"allow_origins": ["https://App.example.com"]},
    {"allow_origins": ["https://app.example.com:443"]},
    {"allow_origins": ["null"]},
    {"allow_origins": [""]},
    {"allow_origin_regex": "("},
]


@pytest.mark.parametrize("options", MISTAKES, ids=str)
def test_what_cannot_be_meant_stops_the_program(options: Dict[str, Any]) -> None:
    with pytest.raises(SetupError, match="CORSMiddleware"):
        Application().add_middleware(CORSMiddleware, **options)
