"""Case 74 (CVE-2026-6873): what is signed for one purpose is refused for every other, as a whole and in parts."""

import itertools
from typing import Callable, Dict, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microframe import Application
from microframe.middleware.csrf import CSRFMiddleware, CsrfToken
from microframe.middleware.sessions import SessionMiddleware
from microframe.sessions import Session
from microframe.signing import BadSignature, Signer
from microframe.testing import TestClient

KEY = "Zk3v9Qm1Xr7tLw2bNc8yHf4dJs6gPa0e"
PARTS = st.lists(st.text(max_size=3), min_size=1, max_size=4).filter(any).map(tuple)


@given(PARTS, PARTS)
def test_two_purposes_never_share_a_token(left: Tuple[str, ...], right: Tuple[str, ...]) -> None:
    token = Signer([KEY], left).sign(b"user 7")
    if left == right:
        assert Signer([KEY], right).verify(token) == b"user 7"
    else:
        with pytest.raises(BadSignature):
            Signer([KEY], right).verify(token)


def test_the_parts_of_a_purpose_do_not_run_into_each_other() -> None:
    purposes = [("ab", "c"), ("a", "bc"), ("abc",), ("abc", ""), ("", "abc"), ("a", "b", "c")]
    for made, read in itertools.permutations(purposes, 2):
        with pytest.raises(BadSignature):
            Signer([KEY], read).verify(Signer([KEY], made).sign(b"x"))


# What the framework signs --------------------------------------------------------------------------------------------


def build(prefix: str = "") -> Application:
    """Everything that is signed, with one key."""
    app = Application(secret_key=[KEY])
    app.add_middleware(SessionMiddleware, cookie_name=f"{prefix}session")
    app.add_middleware(CSRFMiddleware, cookie_name=f"{prefix}csrf")

    @app.get("/token")
    async def token(token: CsrfToken) -> str:
        return str(token)

    @app.post("/login", csrf=False)
    async def login(session: Session) -> None:
        session.login("ann")
        session.flash("Welcome.")

    @app.get("/")
    async def show(session: Session) -> str:
        return f"{session.user} {[flash.message for flash in session.flashes()]}"

    @app.post("/")
    async def change() -> str:
        return "changed"

    return app


def session_of(app: Application, name: str = "session") -> str:
    client = TestClient(app)
    client.post("/login")
    return client.cookies[name]


def csrf_of(app: Application, name: str = "csrf") -> str:
    client = TestClient(app)
    client.get("/token")
    return client.cookies[name]


def signed_by_the_program(*purpose: str) -> Callable[[Application], str]:
    """Tokens that a program makes for itself, some of them so that they would pass for the framework's."""
    payload = b'{"i":"x","u":"root","c":1800000000,"s":99999999999,"v":{}}'
    return lambda app: Signer([KEY], purpose).sign(payload)


MADE: Dict[str, Callable[[Application], str]] = {
    "session": session_of,
    "csrf": csrf_of,
    "other session": lambda app: session_of(build("x"), "xsession"),
    "other csrf": lambda app: csrf_of(build("x"), "xcsrf"),
    "reset": signed_by_the_program("reset"),
    "email": signed_by_the_program("email"),
    "run together": signed_by_the_program("sessionsession"),
    "one part": signed_by_the_program("session"),
    "turned round": signed_by_the_program("session", "csrf"),
}


@pytest.mark.parametrize("kind", sorted(MADE))
def test_nothing_else_that_was_signed_is_a_session(kind: str) -> None:
    app = build()
    sent = {"cookie": f"session={MADE[kind](app)}"}
    expected = "ann ['Welcome.']" if kind == "session" else " []"
    assert TestClient(app).get("/", headers=sent).json() == expected


@pytest.mark.parametrize("kind", sorted(MADE))
def test_nothing_else_that_was_signed_is_a_csrf_cookie(kind: str) -> None:
    app = build()
    client = TestClient(app)
    answer = client.get("/token", headers={"cookie": f"csrf={MADE[kind](app)}"})
    # One that is not known is replaced, and the token belongs to the new one.
    assert ("set-cookie" in answer.headers) == (kind != "csrf")


@pytest.mark.parametrize("kind", sorted(MADE))
def test_nothing_that_was_signed_is_a_token_of_a_form(kind: str) -> None:
    app = build()
    client = TestClient(app)
    token = client.get("/token").json()
    assert client.post("/", headers={"x-csrf-token": token}).status_code == 200
    assert client.post("/", headers={"x-csrf-token": MADE[kind](app)}).status_code == 403


def test_the_cookie_of_the_visitor_is_no_token_either() -> None:
    client = TestClient(build())
    client.get("/token")
    assert client.post("/", headers={"x-csrf-token": client.cookies["csrf"]}).status_code == 403


@pytest.mark.parametrize("environment", ["development", "production"])
def test_what_development_signed_is_worth_nothing_in_production(environment: str) -> None:
    """The same key and program: the cookies have other names there, and so another purpose."""
    made = session_of(build())
    app = Application(environment="production", secret_key=[KEY], allowed_hosts=["testserver"])
    app.add_middleware(SessionMiddleware)

    @app.get("/")
    async def show(session: Session) -> str:
        return session.user

    client = TestClient(app, base_url="https://testserver")
    name = "session" if environment == "development" else "__Host-session"
    assert client.get("/", headers={"cookie": f"{name}={made}"}).json() == ""
