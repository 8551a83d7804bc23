"""Checklist 13 and 14: every cookie of ours is as narrow as can be, and none can be written that is not sound."""

from typing import Any, Dict, List, Mapping, Optional

import pytest

from microframe import Application, Response, SetupError
from microframe.http.cookies import MAX_COOKIE_BYTES, format_cookie
from microframe.middleware.csrf import CSRFMiddleware, CsrfToken
from microframe.middleware.sessions import SessionMiddleware
from microframe.sessions import Session
from microframe.testing import TestClient

PRODUCTION: Dict[str, Any] = {
    "environment": "production",
    "allowed_hosts": ["testserver"],
    "secret_key": "Zk3v9Qm1Xr7tLw2bNc8yHf4dJs6gPa0e",
}


def build(server_side: bool, **options: Any) -> Application:
    app = Application(**options)
    app.add_middleware(SessionMiddleware, server_side=server_side)
    app.add_middleware(CSRFMiddleware)

    @app.get("/token")
    async def token(token: CsrfToken) -> str:
        return str(token)

    @app.post("/login", csrf=False)
    async def login(session: Session) -> None:
        session.login("ann")

    @app.post("/flash", csrf=False)
    async def flash(session: Session) -> None:
        session.flash("Welcome.")

    @app.post("/logout", csrf=False)
    async def logout(session: Session) -> None:
        session.logout()

    return app


def parsed(cookie: str) -> Dict[str, Optional[str]]:
    """A Set-Cookie by the names of its attributes; `""` is the pair itself."""
    first, *rest = cookie.split("; ")
    attributes = {name.lower(): value or None for name, _, value in (one.partition("=") for one in rest)}
    return {"": first, **attributes}


def every_cookie(app: Application, base_url: str) -> List[Mapping[str, Optional[str]]]:
    client = TestClient(app, base_url=base_url)
    asked = [
        *(("GET", "/token"), ("POST", "/flash"), ("POST", "/login"), ("GET", "/token"), ("POST", "/logout"))
    ]
    answers = [client.request(method, path) for method, path in asked]
    return [parsed(line) for answer in answers for line in answer.headers.getlist("set-cookie")]


@pytest.mark.parametrize("server_side", [False, True])
def test_every_cookie_of_production_is_for_this_host_alone(server_side: bool) -> None:
    cookies = every_cookie(build(server_side, **PRODUCTION), "https://testserver")
    assert len(cookies) == 5
    for cookie in cookies:
        name = str(cookie[""]).partition("=")[0]
        assert name in ("__Host-session", "__Host-csrf")
        assert {"secure", "httponly"} <= cookie.keys()
        assert (cookie["path"], cookie["samesite"]) == ("/", "lax")
        assert "domain" not in cookie


@pytest.mark.parametrize("server_side", [False, True])
def test_every_cookie_of_development_is_as_narrow_but_for_https(server_side: bool) -> None:
    cookies = every_cookie(build(server_side), "http://testserver")
    assert len(cookies) == 5
    for cookie in cookies:
        assert "httponly" in cookie
        assert (cookie["path"], cookie["samesite"]) == ("/", "lax")
        assert "domain" not in cookie
        assert "secure" not in cookie


@pytest.mark.parametrize(
    "options", [{"samesite": "none"}, {"cookie_name": "__Host-x"}, {"cookie_name": "a b"}]
)
def test_a_session_cookie_that_browsers_would_throw_away_stops_the_program(options: Any) -> None:
    with pytest.raises(SetupError, match="SessionMiddleware"):
        Application().add_middleware(SessionMiddleware, **options)


# Writing -------------------------------------------------------------------------------------------------------------

CONTROLS = [chr(code) for code in (*range(0x20), 0x7F)]
FIELDS = ["key", "value", "path", "domain", "samesite", "expires"]


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("character", [*CONTROLS, ";"], ids=lambda one: f"{ord(one):02x}")
def test_no_part_of_a_cookie_holds_what_would_end_it(field: str, character: str) -> None:
    parts: Dict[str, Any] = {"key": "a", "value": "b", field: f"x{character}y"}
    if field == "path":
        parts["path"] = f"/x{character}y"
    with pytest.raises(ValueError, match=r"cookie|samesite"):
        format_cookie(**parts)
    with pytest.raises(ValueError, match=r"cookie|samesite"):
        Response().set_cookie(**parts)


def test_a_cookie_is_as_large_as_browsers_keep_and_no_larger() -> None:
    frame = len(format_cookie("a", "x")) - 1
    assert len(format_cookie("a", "x" * (MAX_COOKIE_BYTES - frame))) == MAX_COOKIE_BYTES == 4096
    with pytest.raises(ValueError, match="4097 bytes"):
        format_cookie("a", "x" * (MAX_COOKIE_BYTES - frame + 1))


PROMISES: List[Any] = [
    ({"samesite": "none"}, False),
    ({"samesite": "None"}, False),
    ({"samesite": "none", "secure": True}, True),
    ({"key": "__Secure-a"}, False),
    ({"key": "__secure-a"}, False),
    ({"key": "__Secure-a", "secure": True}, True),
    ({"key": "__Host-a", "secure": True}, True),
    ({"key": "__Host-a"}, False),
    ({"key": "__HOST-a"}, False),
    ({"key": "__Host-a", "secure": True, "domain": "example.com"}, False),
    ({"key": "__Host-a", "secure": True, "path": "/x"}, False),
    ({"key": "__Host-a", "secure": True, "path": None}, False),
    ({"partitioned": True}, False),
    ({"partitioned": True, "secure": True}, True),
    ({"samesite": "sometimes"}, False),
]


@pytest.mark.parametrize(("options", "is_kept"), PROMISES, ids=range(len(PROMISES)))
def test_what_browsers_would_throw_away_is_refused_when_it_is_set(options: Any, is_kept: bool) -> None:
    given = {"key": "a", "value": "b", **options}
    if is_kept:
        Response().set_cookie(**given)
        return
    with pytest.raises(ValueError, match=r"cookie|samesite"):
        Response().set_cookie(**given)
