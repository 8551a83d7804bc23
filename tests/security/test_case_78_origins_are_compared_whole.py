"""Case 78 (CVE-2026-25478, CVE-2020-25032, CVE-2024-6221): an origin that looks like an allowed one is another."""

from pathlib import Path
from typing import Any, Dict, List, Optional

import pytest

from microframe import Application, ForbiddenException, RedirectResponse, SetupError, StaticFiles
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
    "https://example.comevil",
    "https://example.co",
    "https://example.com.",
    "https://example.com:443",
    "https://example.com:",
    "https://example.com#",
    "https://example.com?",
    "https://example.com@evil",
    "https://example.com%2eevil",
    "https://example.com,https://evil",
    "https://evil https://example.com",
    "https://evil/https://example.com",
    "https://xn--exmple-cua.com",
    "HTTPS://example.com",
    "wss://example.com",
    "ftp://example.com",
    "file://example.com",
    "file://",
    "//example.com",
    "example.com",
    "chrome-extension://example.com",
    "https:example.com",
    "Null",
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


EVERY = [
    ("GET", "/", 200),
    ("HEAD", "/", 200),
    ("GET", "/nowhere", 404),
    ("POST", "/", 405),
    ("GET", "/broken", 500),
    ("GET", "/refused", 403),
    ("GET", "/number/x", 422),
    ("GET", "/dated", 304),
    ("GET", "/moved", 307),
    ("GET", "/files/a.txt", 200),
    ("GET", "/files/b.txt", 404),
    ("OPTIONS", "/", 204),
]


@pytest.mark.parametrize(("method", "path", "status"), EVERY)
@pytest.mark.parametrize("origin", [None, "https://example.com", "https://evil.example"])
@pytest.mark.parametrize("allowed", [["https://example.com"], ["*"]], ids=["one", "any"])
def test_every_answer_says_that_it_depends_on_the_origin(
    method: str, path: str, status: int, origin: Optional[str], allowed: List[str], tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("a")
    app = Application()
    app.add_middleware(CORSMiddleware, allow_origins=allowed)
    add_routes(app)
    app.mount("/files", StaticFiles(directory=tmp_path))
    client = TestClient(app, raise_server_exceptions=False, follow_redirects=False)
    headers = {"if-none-match": '"1"'} if status == 304 else {}
    answer = client.request(method, path, headers={**headers, **({"origin": origin} if origin else {})})
    assert answer.status_code == status
    assert "Origin" in answer.headers["vary"]
    given = answer.headers.get("access-control-allow-origin")
    assert given == ("*" if allowed == ["*"] else origin if origin == "https://example.com" else None)


def add_routes(app: Application) -> None:
    @app.get("/")
    async def index() -> int:
        return 1

    @app.get("/broken")
    async def broken() -> None:
        raise LookupError

    @app.get("/refused")
    async def refused() -> None:
        raise ForbiddenException()

    @app.get("/number/{number}")
    async def number(number: int) -> int:
        return number

    @app.get("/dated", etag=lambda: "1")
    async def dated() -> int:
        return 1

    @app.get("/moved")
    async def moved() -> RedirectResponse:
        return RedirectResponse("/")


CREDENTIALS_FOR_ALL: List[Dict[str, Any]] = [
    {"allow_origins": ["*"]},
    {"allow_origins": ["https://example.com", "*"]},
    {"allow_origin_regex": ".*"},
    {"allow_origin_regex": "https?://.*"},
    {"allow_origin_regex": "https://.+"},
    {"allow_origin_regex": "|null"},
]


@pytest.mark.parametrize("options", CREDENTIALS_FOR_ALL, ids=str)
def test_credentials_for_everybody_are_refused_at_startup(options: Dict[str, Any]) -> None:
    with pytest.raises(SetupError, match="credentials for any origin"):
        Application().add_middleware(CORSMiddleware, allow_credentials=True, **options)


@pytest.mark.parametrize("opted_in", [False, True])
@pytest.mark.parametrize("asked", ["true", "false", "TRUE", None])
def test_a_private_network_is_opened_only_where_it_is_said_and_asked(
    opted_in: bool, asked: Optional[str]
) -> None:
    app = Application()
    app.add_middleware(CORSMiddleware, allow_origins=["https://example.com"], allow_private_network=opted_in)
    headers = {"origin": "https://example.com", "access-control-request-method": "GET"}
    if asked is not None:
        headers["access-control-request-private-network"] = asked
    answer = TestClient(app).options("/", headers=headers)
    given = answer.headers.get("access-control-allow-private-network")
    assert given == ("true" if opted_in and asked == "true" else None)


def test_without_the_middleware_nobody_may_read() -> None:
    app = Application()
    add_routes(app)
    client = TestClient(app, raise_server_exceptions=False)
    for method in ("GET", "OPTIONS"):
        sent = {"origin": "https://example.com", "access-control-request-method": "GET"}
        answer = client.request(method, "/", headers=sent)
        assert not [name for name in answer.headers if name.startswith("access-control-")]
