"""Case 75 (CVE-2025-47278): the newest key signs; an older one verifies, and what it verified is signed anew."""

from typing import Any, List, Optional

import pytest

from microframe import Application
from microframe.middleware.csrf import CSRFMiddleware, CsrfToken
from microframe.middleware.sessions import SessionMiddleware
from microframe.sessions import Session
from microframe.testing import ClientResponse, TestClient

NEW = "Zk3v9Qm1Xr7tLw2bNc8yHf4dJs6gPa0e"
MIDDLE = "Qw7e1Rt5yUi9oPa3sDf6gHj2kLz8xCv4"
OLD = "Yt5u8Wn2Vq6rKx1aMb9zGe3hDi7fOc4j"


def client_of(*keys: str) -> TestClient:
    app = Application(secret_key=list(keys))
    app.add_middleware(SessionMiddleware)
    app.add_middleware(CSRFMiddleware)

    @app.post("/login", csrf=False)
    async def login(session: Session) -> None:
        session.login("ann")

    @app.get("/")
    async def show(session: Session) -> str:
        return session.user

    @app.get("/token")
    async def token(token: CsrfToken) -> str:
        return str(token)

    @app.post("/")
    async def change() -> str:
        return "changed"

    return TestClient(app)


def set_by(answer: ClientResponse, name: str) -> Optional[str]:
    """The value that an answer gives to a cookie."""
    pairs = [line.partition(";")[0].partition("=") for line in answer.headers.getlist("set-cookie")]
    return next((value for key, _, value in pairs if key == name), None)


def user_of(client: TestClient, session: Any) -> Any:
    client.cookies.clear()
    return client.get("/", headers={"cookie": f"session={session}"}).json()


def session_by(*keys: str) -> str:
    session = set_by(client_of(*keys).post("/login"), "session")
    assert session is not None
    return session


@pytest.mark.parametrize("older", [[], [OLD], [MIDDLE, OLD]])
def test_a_new_cookie_is_signed_with_the_newest_key_and_no_other_opens_it(older: List[str]) -> None:
    session = session_by(NEW, *older)
    assert user_of(client_of(NEW), session) == "ann"
    for key in older:
        assert user_of(client_of(key), session) == ""
        assert user_of(client_of(key, MIDDLE, OLD), session) == ""


@pytest.mark.parametrize("older", [OLD, MIDDLE])
def test_an_older_key_opens_and_the_cookie_is_signed_anew_at_once(older: str) -> None:
    sent = {"cookie": f"session={session_by(older)}"}
    answer = client_of(NEW, MIDDLE, OLD).get("/", headers=sent)
    assert answer.json() == "ann"
    renewed = set_by(answer, "session")
    assert user_of(client_of(NEW), renewed) == "ann"
    assert user_of(client_of(older), renewed) == ""
    # Signed with the newest key, it stays as it is.
    again = client_of(NEW, MIDDLE, OLD).get("/", headers={"cookie": f"session={renewed}"})
    assert (again.json(), set_by(again, "session")) == ("ann", None)


def test_a_key_that_has_left_the_ring_opens_nothing() -> None:
    assert user_of(client_of(NEW, MIDDLE), session_by(OLD)) == ""


def test_a_token_of_a_form_outlives_its_key_once_a_page_was_shown_with_the_new_one() -> None:
    before = client_of(OLD)
    before.get("/token")
    kept = before.cookies["csrf"]
    both = client_of(NEW, OLD)
    sent = {"cookie": f"csrf={kept}"}
    answer = both.get("/token", headers=sent)
    renewed = set_by(answer, "csrf")
    assert renewed not in (None, kept)
    # A form that was open before the change is still good, with either cookie.
    for value in (kept, renewed):
        both.cookies.clear()
        headers = {"cookie": f"csrf={value}", "x-csrf-token": answer.json()}
        assert both.post("/", headers=headers).status_code == 200
    after = client_of(NEW)
    headers = {"cookie": f"csrf={renewed}", "x-csrf-token": answer.json()}
    assert after.post("/", headers=headers).status_code == 200
    assert after.post("/", headers={**headers, "cookie": f"csrf={kept}"}).status_code == 403
    assert set_by(both.get("/token", headers={"cookie": f"csrf={renewed}"}), "csrf") is None
