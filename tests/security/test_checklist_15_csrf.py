"""Checklist 15 and 16: whatever a cookie says who is calling for needs a token, or a program that says so itself.

Where a request says that it comes from, with and without its token: `test_case_77_csrf_and_content_types.py`.
"""

import itertools
from typing import Any, Dict, List, Optional, Tuple

import pytest

from microframe import Application
from microframe.middleware.csrf import SIZE, CsrfToken, encode, unmask, xor
from microframe.middleware.sessions import SessionMiddleware
from microframe.sessions import Session
from microframe.testing import TestClient

METHODS = ["POST", "PUT", "PATCH", "DELETE", "LINK"]
SAFE = ["GET", "HEAD", "OPTIONS", "QUERY"]
PLACES = ["header", "field", "json field", "query", "cookie"]
TOKENS = ["good", "another's", "another session's", "none", "empty", "garbage", "cut", "longer", "unmasked"]


def build() -> Application:
    """An application with sessions, and nothing said of CSRF: it is protected by itself."""
    app = Application()
    app.add_middleware(SessionMiddleware)

    @app.get("/token")
    async def token(token: CsrfToken) -> str:
        return str(token)

    @app.post("/login", csrf=False)
    async def login(session: Session) -> None:
        session.login("ann")

    @app.api_route("/act", methods=[*METHODS, *SAFE])
    async def act() -> str:
        return "done"

    @app.post("/hook", csrf=False)
    async def hook() -> str:
        return "done"

    return app


def visitor(app: Application) -> TestClient:
    client = TestClient(app)
    client.post("/login")
    return client


def token_of_kind(kind: str, app: Application, client: TestClient) -> str:
    good: str = client.get("/token").json()
    if kind == "another's":
        return str(visitor(app).get("/token").json())
    if kind == "another session's":
        client.post("/login")  # a new session: what was given before is bound to the old one
        return good
    secret = unmask(good)
    return {
        "good": good,
        "none": "",
        "empty": "",
        "garbage": "A" * 86,
        "cut": good[:-4],
        "longer": f"{good}AAAA",
        "unmasked": encode(secret),
    }[kind]


def sent(place: str, kind: str, token: str) -> Dict[str, Any]:
    """What a request carries its token in."""
    if kind == "none":
        return {}
    return {
        "header": {"headers": {"x-csrf-token": token}},
        "field": {"data": {"csrf_token": token}},
        "json field": {"json": {"csrf_token": token}},
        "query": {"params": {"csrf_token": token}},
        "cookie": {"headers": {"x-other": token}},
    }[place]


MATRIX: List[Tuple[str, str, str]] = list(itertools.product(METHODS, PLACES, TOKENS))


@pytest.mark.parametrize(("method", "place", "kind"), MATRIX, ids=range(len(MATRIX)))
def test_only_a_good_token_in_its_place_lets_a_visitor_change_something(
    method: str, place: str, kind: str
) -> None:
    app = build()
    client = visitor(app)
    token = token_of_kind(kind, app, client)
    answer = client.request(method, "/act", **sent(place, kind, token))
    passes = kind == "good" and place in ("header", "field")
    assert answer.status_code == (200 if passes else 403)
    if not passes:
        assert answer.json()["code"] == "csrf"


@pytest.mark.parametrize("method", SAFE)
def test_what_changes_nothing_needs_no_token(method: str) -> None:
    assert visitor(build()).request(method, "/act").status_code < 300


PROGRAMS: List[Tuple[Optional[str], int]] = [
    ("Bearer abc", 200),
    ("bearer abc", 200),
    ("Token abc", 200),
    ("DPoP abc", 200),
    ("Basic YTpi", 403),
    ("BASIC YTpi", 403),
    ("Digest username=a", 403),
    ("Negotiate abc", 403),
    ("NTLM abc", 403),
    (None, 403),
]


@pytest.mark.parametrize(("authorization", "status"), PROGRAMS)
def test_only_who_proves_itself_by_what_no_browser_adds_is_exempt(
    authorization: Optional[str], status: int
) -> None:
    headers = {} if authorization is None else {"authorization": authorization}
    assert visitor(build()).post("/act", headers=headers).status_code == status


AMBIENT = ["Basic YTpi", "BASIC YTpi", "Digest username=a", "Negotiate abc", "NTLM abc"]
TOLD: List[Tuple[Dict[str, str], int]] = [
    ({}, 403),
    ({"origin": "http://testserver"}, 200),
    ({"origin": "http://evil.example"}, 403),
    ({"origin": "null"}, 403),
    ({"referer": "http://testserver/form"}, 200),
    ({"sec-fetch-site": "same-origin"}, 200),
    ({"sec-fetch-site": "same-site", "x-requested-with": "x"}, 403),
    ({"sec-fetch-site": "none"}, 403),
    ({"x-requested-with": "curl"}, 200),
    ({"x-requested-with": "x", "origin": "http://evil.example"}, 403),
]


@pytest.mark.parametrize("authorization", AMBIENT)
@pytest.mark.parametrize(("headers", "status"), TOLD)
def test_what_browsers_add_by_themselves_is_worth_nothing_from_a_page_that_nobody_knows(
    authorization: str, headers: Dict[str, str], status: int
) -> None:
    client = TestClient(build())  # without any cookie
    assert client.post("/act", headers={"authorization": authorization, **headers}).status_code == status


def test_a_route_is_exempt_only_where_it_says_so() -> None:
    client = visitor(build())
    assert client.post("/hook").status_code == 200
    assert client.post("/act").status_code == 403


def test_a_token_is_the_secret_under_a_mask_of_its_own_length() -> None:
    client = visitor(build())
    tokens = [client.get("/token").json() for _ in range(20)]
    assert len(set(tokens)) == 20
    assert {len(token) for token in tokens} == {-(-2 * SIZE * 4 // 3)}
    assert len({unmask(token) for token in tokens}) == 1
    secret = unmask(tokens[0])
    masked = encode(bytes(SIZE) + secret)
    assert xor(bytes(SIZE), secret) == secret
    # A mask of zeros is one as well: what counts is what is behind it.
    assert client.post("/act", headers={"x-csrf-token": masked}).status_code == 200


def test_a_token_is_bound_to_who_is_logged_in() -> None:
    app = build()
    client = TestClient(app)
    before = client.get("/token").json()
    assert client.post("/act", headers={"x-csrf-token": before}).status_code == 200
    client.post("/login")
    assert client.post("/act", headers={"x-csrf-token": before}).status_code == 403
    after = client.get("/token").json()
    assert client.post("/act", headers={"x-csrf-token": after}).status_code == 200
