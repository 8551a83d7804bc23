"""Case 77 (CVE-2014-9720, GHSA-3fjj-p79j-c9hh): tokens are masked anew; no type of content goes around the check."""

from typing import Dict, List, Tuple

import pytest

from microframe import Application, Request
from microframe.middleware.csrf import CSRFMiddleware, CsrfToken
from microframe.testing import TestClient

TYPES = [
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=b",
    "text/plain",
    "application/json",
    "application/json\ta",
    "text/plain; charset=utf-8",
    "",
]


@pytest.mark.parametrize("kind", TYPES)
def test_every_type_of_content_needs_a_token(kind: str) -> None:
    app = Application()
    app.add_middleware(CSRFMiddleware)

    @app.get("/")
    async def form(token: CsrfToken) -> str:
        return str(token)

    @app.post("/")
    async def send(request: Request) -> str:
        return "sent"

    client = TestClient(app)
    tokens = {client.get("/").json() for _ in range(3)}
    assert len(tokens) == 3
    headers = {"content-type": kind} if kind else {}
    assert client.post("/", content="a=1", headers=headers).status_code in (400, 403)
    for site in ("cross-site", "same-site"):
        sent = {**headers, "sec-fetch-site": site, "x-csrf-token": tokens.copy().pop()}
        assert client.post("/", content="a=1", headers=sent).status_code == 403
    ours = {**headers, "origin": "http://testserver", "x-csrf-token": tokens.pop()}
    assert client.post("/", content="a=1", headers=ours).status_code == 200
    assert client.post("/", content="a=1", headers={**ours, "origin": "null"}).status_code == 403


# Where a request says that it comes from, the token beside it, and whether it passes.
SOURCES: List[Tuple[Dict[str, str], bool, bool]] = [
    # Nothing is said, as by a browser of long ago or by a program: the token decides.
    ({}, False, False),
    ({}, True, True),
    ({"origin": ""}, True, False),
    ({"referer": ""}, True, True),
    ({"referer": ""}, False, False),
    # `null` is a page that nobody knows: a sandbox, a file, a redirect across origins.
    ({"origin": "null"}, True, False),
    ({"origin": "null", "referer": "https://testserver/form"}, True, False),
    ({"referer": "null"}, True, True),
    ({"referer": "null"}, False, False),
    # Without an Origin, what the Referer says counts.
    ({"referer": "https://testserver/form"}, True, True),
    ({"referer": "https://testserver/form"}, False, False),
    ({"referer": "https://evil.example/form"}, True, False),
    ({"referer": "http://testserver/form"}, True, False),
    ({"referer": "https://testserver.evil.example/"}, True, False),
    ({"referer": "https://testserver:8443/"}, True, False),
    ({"referer": "https://evil.example/https://testserver/"}, True, False),
    # An Origin counts more than a Referer.
    ({"origin": "https://evil.example", "referer": "https://testserver/form"}, True, False),
    ({"origin": "https://testserver", "referer": "https://evil.example/"}, True, True),
    ({"origin": "https://testserver"}, False, False),
    ({"origin": "https://TESTSERVER"}, True, False),
    ({"origin": "https://testserver, https://evil.example"}, True, False),
    ({"origin": "https://testserver/"}, True, False),
    # What the browser says of the site.
    ({"sec-fetch-site": "cross-site"}, True, False),
    ({"sec-fetch-site": "same-site"}, True, False),
    ({"sec-fetch-site": "same-origin"}, True, True),
    ({"sec-fetch-site": "none"}, True, True),
    ({"sec-fetch-site": "cross-site", "origin": "https://evil.example"}, True, False),
]


@pytest.mark.parametrize(("said", "with_token", "passes"), SOURCES, ids=range(len(SOURCES)))
def test_where_a_request_comes_from_and_its_token_decide_together(
    said: Dict[str, str], with_token: bool, passes: bool
) -> None:
    app = Application()
    app.add_middleware(CSRFMiddleware)

    @app.get("/")
    async def form(token: CsrfToken) -> str:
        return str(token)

    @app.post("/")
    async def send() -> str:
        return "sent"

    client = TestClient(app, base_url="https://testserver")
    token = client.get("/").json()
    headers = {**said, "x-csrf-token": token} if with_token else said
    assert client.post("/", headers=headers).status_code == (200 if passes else 403)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_each_reading_of_a_token_and_each_page_is_masked_anew(method: str) -> None:
    app = Application()
    app.add_middleware(CSRFMiddleware)

    @app.get("/")
    async def form(token: CsrfToken) -> List[str]:
        return [str(token), str(token), token.__html__()]

    @app.api_route("/", methods=[method])
    async def send() -> str:
        return "sent"

    client = TestClient(app)
    shown = [token for _ in range(5) for token in client.get("/").json()]
    assert len(set(shown)) == 15
    # What compresses well with a guess tells nothing: no two share a beginning that is the secret's.
    assert len({token[:8] for token in shown if not token.startswith("<")}) == 10
    for token in shown:
        sent = token if not token.startswith("<") else token.partition('value="')[2][:-2]
        assert client.request(method, "/", headers={"x-csrf-token": sent}).status_code == 200
