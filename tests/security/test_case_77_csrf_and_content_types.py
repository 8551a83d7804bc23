"""CVE-2014-9720, GHSA-3fjj-p79j-c9hh: tokens are masked anew, and no type of content goes around the check."""

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
