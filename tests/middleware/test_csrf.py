"""CSRF: what comes from a page of ours, what from another's, and what from no page at all."""

import base64
import re
from typing import Any, Dict, List, Optional

import pytest

from microframe import Application, Controller, FormParts, HTMLResponse, Router, SetupError, UploadFile, route
from microframe.middleware.csrf import CSRFMiddleware, CsrfToken, origin_of, unmask
from microframe.middleware.sessions import SessionMiddleware
from microframe.sessions import Session
from microframe.testing import TestClient

OURS = "http://testserver"
FOREIGN = "https://evil.example"


def build(sessions: bool = True, **options: Any) -> Application:
    app = Application(secret_key=["Zk3v9Qm1Xr7tLw2bNc8yHf4dJs6gPa0e"])
    if sessions:
        app.add_middleware(SessionMiddleware)
    app.add_middleware(CSRFMiddleware, **options)

    @app.get("/form")
    async def form(token: CsrfToken) -> HTMLResponse:
        return HTMLResponse(f"<form>{token.__html__()}</form>")

    @app.post("/cards")
    async def add_card() -> str:
        return "added"

    @app.post("/upload")
    async def upload(file: UploadFile) -> Optional[str]:
        return file.filename

    @app.post("/hook", csrf=False)
    async def hook() -> str:
        return "hooked"

    if sessions:

        @app.post("/login/{user}", csrf=False)
        async def login(session: Session, user: str) -> None:
            session.login(user)

    return app


def token_for(client: TestClient) -> str:
    found = re.search('name="csrf_token" value="([^"]+)"', client.get("/form").text)
    assert found is not None
    return found[1]


def status(client: TestClient, headers: Optional[Dict[str, str]] = None, **options: Any) -> int:
    return client.post("/cards", headers=headers or {}, **options).status_code


@pytest.mark.parametrize("sessions", [True, False])
def test_a_token_in_the_header_or_the_form_lets_a_request_pass(sessions: bool) -> None:
    client = TestClient(build(sessions))
    token = token_for(client)
    assert status(client, {"x-csrf-token": token}) == 200
    assert status(client, data={"csrf_token": token}) == 200
    answer = client.post("/upload", data={"csrf_token": token}, files={"file": ("a.txt", b"a")})
    assert (answer.status_code, answer.json()) == (200, "a.txt")


def test_without_a_token_cookies_are_worth_nothing() -> None:
    client = TestClient(build())
    token_for(client)
    answer = client.post("/cards")
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf")
    assert answer.json()["detail"] == "This request has no CSRF token."
    assert status(client, json={"csrf_token": "x"}) == 403


@pytest.mark.parametrize("token", ["", "x", "é", "A" * 86, "====", "A" * 100_000, "\U0001f600"])
def test_a_token_that_was_made_up_is_refused(token: str) -> None:
    client = TestClient(build())
    token_for(client)
    assert status(client, data={"csrf_token": token}) == 403


def test_a_token_of_another_visitor_is_refused() -> None:
    app = build()
    one, other = TestClient(app), TestClient(app)
    theirs = token_for(one)
    token_for(other)
    assert status(other, {"x-csrf-token": theirs}) == 403


def test_a_token_from_before_the_login_is_refused() -> None:
    client = TestClient(build())
    before = token_for(client)
    client.post("/login/ann")
    assert status(client, {"x-csrf-token": before}) == 403
    assert status(client, {"x-csrf-token": token_for(client)}) == 200


def test_a_cookie_with_its_token_is_worth_nothing_in_another_session() -> None:
    app = build()
    attacker, victim = TestClient(app), TestClient(app)
    attacker.post("/login/eve")
    token = token_for(attacker)
    victim.post("/login/ann")
    # A neighbouring domain can plant a cookie.
    victim.cookies.set("csrf", attacker.cookies["csrf"])
    assert status(victim, {"x-csrf-token": token}) == 403


def test_each_token_is_masked_anew() -> None:
    client = TestClient(build())
    tokens = {token_for(client) for _ in range(5)}
    assert len(tokens) == 5
    assert len({unmask(token) for token in tokens}) == 1
    assert all(status(client, {"x-csrf-token": token}) == 200 for token in tokens)


FROM: List[Any] = [
    ({"origin": OURS}, 403),  # the token is still wanted
    ({"origin": OURS, "hx-request": "true"}, 200),
    ({"origin": OURS, "x-requested-with": "XMLHttpRequest"}, 200),
    ({"sec-fetch-site": "same-origin", "hx-request": "true"}, 200),
    ({"sec-fetch-site": "none"}, 403),
    ({"hx-request": "true"}, 403),  # no browser of today leaves out where it comes from
    ({"referer": f"{OURS}/form", "hx-request": "true"}, 200),
    ({"origin": FOREIGN, "hx-request": "true"}, 403),
    ({"origin": "null", "hx-request": "true"}, 403),
    ({"origin": f"{OURS}:8080", "hx-request": "true"}, 403),
    ({"origin": "https://testserver", "hx-request": "true"}, 403),
    ({"sec-fetch-site": "same-site", "hx-request": "true"}, 403),
    ({"sec-fetch-site": "cross-site", "hx-request": "true"}, 403),
    ({"referer": f"{FOREIGN}/x", "hx-request": "true"}, 403),
    ({"authorization": "Bearer abc"}, 200),
    ({"authorization": "Basic YTpi"}, 403),
    ({"authorization": "negotiate abc"}, 403),
]


@pytest.mark.parametrize(("headers", "expected"), FROM)
def test_where_a_request_comes_from_decides(headers: Dict[str, str], expected: int) -> None:
    client = TestClient(build())
    token_for(client)
    assert status(client, headers) == expected


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_foreign_page_is_refused_even_without_cookies_and_with_a_token(site: str) -> None:
    app = build()
    assert status(TestClient(app), {"sec-fetch-site": site}) == 403
    client = TestClient(app)
    token = token_for(client)
    assert status(client, {"x-csrf-token": token, "origin": FOREIGN}) == 403


def test_who_sends_no_cookies_has_nothing_to_abuse() -> None:
    assert status(TestClient(build())) == 200


def test_trusted_origins_may_send() -> None:
    client = TestClient(build(trusted_origins=["https://app.example.com"]))
    token_for(client)
    assert status(client, {"origin": "https://app.example.com", "sec-fetch-site": "cross-site"}) == 200
    assert status(client, {"origin": "https://app.example.com.evil.org"}) == 403


def test_routes_and_routers_can_be_left_out() -> None:
    app = build()
    hooks = Router(prefix="/hooks", csrf=False)

    @hooks.post("/one")
    async def one() -> str:
        return "one"

    @hooks.post("/two", csrf=True)
    async def two() -> str:
        return "two"

    app.include_router(hooks)
    client = TestClient(app)
    token_for(client)
    assert client.post("/hook").json() == "hooked"
    assert client.post("/hooks/one").json() == "one"
    assert client.post("/hooks/two").status_code == 403


def test_controllers_and_mounts_are_protected_too() -> None:
    app, inner, open_inner = build(), Application(), Application()

    @inner.post("/deep")
    async def deep() -> str:
        return "deep"

    open_inner.post("/deep")(deep)

    @app.controller("/boards")
    class Boards(Controller):
        @route.post("")
        async def add(self) -> str:
            return "board"

    app.mount("/inner", inner)
    opened = Router(csrf=False)
    opened.mount("/open", open_inner)
    app.include_router(opened)
    client = TestClient(app)
    token = token_for(client)
    assert client.post("/boards").status_code == client.post("/inner/deep").status_code == 403
    assert client.post("/open/deep").json() == "deep"
    assert client.post("/inner/deep", headers={"x-csrf-token": token}).json() == "deep"


def test_sessions_bring_it_along() -> None:
    app = Application()
    app.add_middleware(SessionMiddleware)

    @app.post("/cards")
    async def add_card(session: Session) -> None:
        session["n"] = 1

    client = TestClient(app)
    assert client.post("/cards").status_code == 200
    assert client.post("/cards").status_code == 403


def test_the_limits_of_a_route_hold_for_its_form() -> None:
    app = build()

    @app.post("/small", max_body_size=100)
    async def small() -> str:
        return "small"

    client = TestClient(app)
    token = token_for(client)
    assert client.post("/small", data={"csrf_token": token}).status_code in (200, 413)
    assert client.post("/small", data={"csrf_token": token, "more": "x" * 200}).status_code == 413


def test_a_token_hides_itself_and_its_field_is_escaped() -> None:
    token = CsrfToken(b"s" * 32, 'a"><script>')
    assert repr(token) == "CsrfToken(...)"
    assert token.__html__().startswith('<input type="hidden" name="a&quot;&gt;&lt;script&gt;" value="')
    assert unmask(str(token)) == b"s" * 32
    assert unmask(base64.b64encode(b"short").decode()) == b""


ORIGINS = [
    ("http://a.example:80/x", "http://a.example"),
    ("https://A.example:8443", "https://a.example:8443"),
    ("https://[::1]:443", "https://[::1]"),
    ("http://[", None),
    ("nowhere", None),
    ("http://user@a.example", None),
]


@pytest.mark.parametrize(("url", "origin"), ORIGINS)
def test_an_origin_is_written_as_browsers_write_it(url: str, origin: Optional[str]) -> None:
    assert origin_of(url) == origin


def test_one_trusted_origin_is_a_list_too() -> None:
    with pytest.raises(SetupError, match="CSRFMiddleware: trusted_origins is a list"):
        Application().add_middleware(CSRFMiddleware, trusted_origins="https://app.example.com")


def test_a_token_that_nobody_provides_says_what_would() -> None:
    app = Application()

    @app.get("/form")
    async def form(token: CsrfToken) -> None: ...

    with pytest.raises(
        SetupError, match=r"nobody provides CsrfToken: app\.add_middleware\(CSRFMiddleware\) does"
    ):
        app.build()


@pytest.mark.parametrize("options", [{"trusted_origins": ["app.example.com"]}, {"header_name": "a b"}])
def test_what_cannot_be_meant_is_refused(options: Any) -> None:
    with pytest.raises(SetupError, match="CSRFMiddleware"):
        CSRFMiddleware(**options)


def test_a_handler_that_takes_parts_wants_its_token_in_the_header() -> None:
    app = build()

    @app.post("/parts")
    async def parts(parts: FormParts) -> List[str]:
        return [part.name async for part in parts]

    client = TestClient(app)
    token = token_for(client)
    files = {"file": ("a.txt", b"a")}
    refused = client.post("/parts", data={"csrf_token": token}, files=files)
    assert (refused.status_code, "x-csrf-token" in refused.json()["detail"]) == (403, True)
    assert client.post("/parts", files=files, headers={"x-csrf-token": token}).json() == ["file"]


@pytest.mark.parametrize("options", [{"samesite": "some"}, {"cookie_name": "a b"}])
def test_cookies_that_cannot_be_set_are_refused_at_once(options: Any) -> None:
    with pytest.raises(SetupError, match="SessionMiddleware"):
        Application().add_middleware(SessionMiddleware, **options)
    with pytest.raises(SetupError, match="CSRFMiddleware"):
        Application().add_middleware(CSRFMiddleware, cookie_name="a b")


def test_the_cookie_of_the_token_does_not_tell_the_id_of_the_session() -> None:
    app = Application()
    app.add_middleware(SessionMiddleware, server_side=True)

    @app.post("/login", csrf=False)
    async def login(session: Session) -> str:
        session.login("ada")
        return session.id

    @app.get("/form")
    async def form(token: CsrfToken) -> str:
        return str(token)

    client = TestClient(app)
    known_as = client.post("/login").json()
    client.get("/form")
    cookie = client.cookies["csrf"]
    assert known_as.encode() not in base64.urlsafe_b64decode(cookie + "=" * (-len(cookie) % 4))
