"""Checklist 6 and 12: only pages are sent on to https, and nobody is sent to another host that is not allowed."""

from typing import Any, Dict

import pytest

from microframe import Application, Request, Response, safe_redirect
from microframe.http.redirects import UnsafeRedirectException
from microframe.testing import ClientResponse, TestClient

PAGE = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
PROGRAM = {"accept": "application/json"}


def client_of(**options: Any) -> TestClient:
    app = Application(https_only=True, **options)

    @app.api_route("/cards", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    async def cards(request: Request) -> str:
        return request.method

    return TestClient(app, follow_redirects=False)


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("GET", PAGE, 308),
        ("HEAD", PAGE, 308),
        ("GET", PROGRAM, 403),
        ("GET", {"accept": "*/*"}, 403),
        ("GET", {"accept": ""}, 403),
        ("HEAD", PROGRAM, 403),
        ("POST", PAGE, 403),
        ("POST", PROGRAM, 403),
        ("PUT", PAGE, 403),
        ("PATCH", PAGE, 403),
        ("DELETE", PAGE, 403),
        ("OPTIONS", PAGE, 403),
    ],
)
def test_plain_http_is_a_redirect_for_pages_alone(method: str, headers: Dict[str, str], status: int) -> None:
    answer = client_of().request(method, "/cards?page=2", headers=headers)
    assert answer.status_code == status
    assert ("location" in answer.headers) == (status == 308)
    if status == 308:
        assert answer.headers["location"] == "https://testserver/cards?page=2"


def test_a_secret_that_came_in_the_clear_is_not_answered_as_if_nothing_were() -> None:
    answer = client_of().post("/cards", headers={"authorization": "Bearer hunter2"}, json={})
    assert (answer.status_code, answer.json()["code"]) == (403, "https_required")


def test_what_a_client_says_of_its_scheme_is_not_believed() -> None:
    for name in ("X-Forwarded-Proto", "X-Forwarded-Ssl", "Front-End-Https", "X-Url-Scheme"):
        assert client_of().post("/cards", headers={name: "https"}).status_code == 403
    behind = client_of(trusted_proxies=["127.0.0.1"])
    told = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"}
    client = TestClient(behind.app, client=("127.0.0.1", 5000), follow_redirects=False)
    assert client.post("/cards", headers=told).status_code == 200


# Redirects -----------------------------------------------------------------------------------------------------------

ELSEWHERE = [
    "https://evil.example/",
    "http://evil.example",
    "//evil.example/",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "https:evil.example",
    "https:/evil.example",
    "https:///evil.example",
    "http:\\\\evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "https://example.com@evil.example/",
    "https://example.com.evil.example/",
    "https://evil.example#example.com",
    "https://evil.example?example.com",
    "https://evil.example\\@example.com",
    "https://evil\u3002example/",
    "/%0d%0aLocation:https://evil.example",
    "ftp://example.com/",
    "mailto:a@example.com",
    "",
]


def redirected(url: str, **options: Any) -> ClientResponse:
    app = Application()

    @app.get("/")
    async def go(next: str = "") -> Response:
        return safe_redirect(next, **options)

    return TestClient(app, follow_redirects=False).get("/", params={"next": url})


@pytest.mark.parametrize("url", ELSEWHERE, ids=range(len(ELSEWHERE)))
def test_nobody_is_sent_to_another_host(url: str) -> None:
    answer = redirected(url, allowed_hosts=["example.com"])
    if answer.status_code == 303:
        # A path of this host, however strange, with nothing in it that would end the header.
        assert answer.headers["location"] == "/%0d%0aLocation:https://evil.example"
        return
    assert answer.status_code == 400
    assert "location" not in answer.headers
    fallen_back = redirected(url, default="/home")
    assert fallen_back.headers["location"] == "/home"


@pytest.mark.parametrize(
    "url", ["/", "/cards?page=2#top", "https://example.com/x", "https://example.com:443/x"]
)
def test_who_is_allowed_is_sent_on(url: str) -> None:
    assert redirected(url, allowed_hosts=["example.com"]).headers["location"] == url


def test_without_a_list_no_other_host_is_allowed() -> None:
    with pytest.raises(UnsafeRedirectException):
        safe_redirect("https://example.com/")
