"""Case 76 (CVE-2026-48060): what stands in the cookie is never shown; a planted pair of cookie and token is refused."""

import re

import pytest

from microframe import Application, HTMLResponse
from microframe.middleware.csrf import CSRFMiddleware, CsrfToken
from microframe.middleware.sessions import SessionMiddleware
from microframe.sessions import Session
from microframe.testing import TestClient


def test_a_cookie_full_of_markup_is_replaced_and_never_shown() -> None:
    app = Application()
    app.add_middleware(CSRFMiddleware)

    @app.get("/")
    async def form(token: CsrfToken) -> HTMLResponse:
        return HTMLResponse(token.__html__())

    @app.post("/")
    async def send() -> str:
        return "sent"

    client = TestClient(app)
    answer = client.get("/", headers={"cookie": 'csrf="><script>alert(1)</script>'})
    assert "script" not in answer.text
    assert answer.headers["set-cookie"].startswith("csrf=")
    # Naive double submit: a neighbouring domain plants a cookie and sends the same text along.
    planted = "A" * 86
    sent = {"cookie": f"csrf={planted}", "x-csrf-token": planted}
    assert TestClient(app).post("/", headers=sent).status_code == 403


MARKUP = [
    '"><script>alert(1)</script>',
    "'><img src=x onerror=alert(1)>",
    "</form><form action=//evil.example>",
    "{{ 7 * 7 }}",
    "%22%3E%3Cscript%3E",
    "javascript:alert(1)",
]


@pytest.mark.parametrize("planted", MARKUP)
@pytest.mark.parametrize("place", ["cookie", "header", "field"])
def test_markup_is_neither_shown_nor_taken_wherever_it_is_sent(planted: str, place: str) -> None:
    client = TestClient(build())
    client.get("/form")
    if place == "cookie":
        client.cookies.clear()
        answer = client.get("/form", headers={"cookie": f"csrf={planted}"})
        assert re.fullmatch(r'<input type="hidden" name="csrf_token" value="[A-Za-z0-9_-]+">', answer.text)
        answer = client.post("/", headers={"cookie": f"csrf={planted}"}, data={"csrf_token": planted})
    elif place == "header":
        answer = client.post("/", headers={"x-csrf-token": planted})
    else:
        answer = client.post("/", data={"csrf_token": planted})
    assert answer.status_code == 403
    assert planted not in answer.text


def test_a_pair_that_was_made_for_the_attacker_is_worth_nothing_in_the_browser_of_who_is_logged_in() -> None:
    """A neighbouring domain can set cookies, also sound ones that we have signed for it."""
    app = build()
    attacker = TestClient(app)
    theirs = token_of(attacker)
    victim = TestClient(app)
    victim.post("/login")
    victim.cookies.set("csrf", attacker.cookies["csrf"])
    assert victim.post("/", headers={"x-csrf-token": theirs}).status_code == 403
    # Nor one of the attacker's own login.
    attacker.post("/login")
    theirs = token_of(attacker)
    assert attacker.post("/", headers={"x-csrf-token": theirs}).status_code == 200
    victim.cookies.set("csrf", attacker.cookies["csrf"])
    assert victim.post("/", headers={"x-csrf-token": theirs}).status_code == 403
    # And the neighbour's page is refused before any of that, because the browser says where it comes from.
    sent = {"origin": "http://evil.testserver", "x-csrf-token": token_of(victim)}
    assert victim.post("/", headers=sent).status_code == 403


def test_a_login_is_protected_before_anybody_is_logged_in() -> None:
    """Login CSRF: a page of another origin must not log its own user in, in this browser."""
    app = build()
    for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}):
        assert TestClient(app).post("/protected-login", headers=headers).status_code == 403
        client = TestClient(app)
        sent = {**headers, "x-csrf-token": token_of(client)}
        assert client.post("/protected-login", headers=sent).status_code == 403


def token_of(client: TestClient) -> str:
    return re.search('value="([^"]+)"', client.get("/form").text)[1]  # type: ignore[index]  # there is one


def build() -> Application:
    app = Application()
    app.add_middleware(SessionMiddleware)

    @app.get("/form")
    async def form(token: CsrfToken) -> HTMLResponse:
        return HTMLResponse(token.__html__())

    @app.post("/login", csrf=False)
    async def login(session: Session) -> None:
        session.login("somebody")

    @app.post("/protected-login")
    async def protected_login(session: Session) -> None:
        session.login("somebody")

    @app.post("/")
    async def send() -> str:
        return "sent"

    return app
