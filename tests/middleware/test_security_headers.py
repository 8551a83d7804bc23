"""Security headers: the strict policy, its nonces, and what each setting changes."""

import re
from typing import Any, Dict

import pytest

from microframe import Application, HTMLResponse, Request, SetupError
from microframe.middleware.security_headers import SecurityHeadersMiddleware, csp_nonce
from microframe.testing import TestClient

STRICT = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def client_of(base_url: str = "https://example.com", **options: Any) -> TestClient:
    app, inner = Application(), Application()
    app.add_middleware(SecurityHeadersMiddleware, **options)

    @app.get("/")
    async def index() -> str:
        return "hello"

    @app.get("/page")
    async def page(request: Request) -> HTMLResponse:
        assert csp_nonce(request) == csp_nonce(request)
        return HTMLResponse(f'<script nonce="{csp_nonce(request)}"></script>')

    @app.get("/own")
    async def own() -> HTMLResponse:
        return HTMLResponse("", headers={"Content-Security-Policy": "default-src 'none'"})

    @app.get("/broken")
    async def broken() -> None:
        raise LookupError

    inner.get("/page")(page)
    app.mount("/inner", inner)
    return TestClient(app, base_url=base_url, raise_server_exceptions=False)


@pytest.mark.parametrize("path", ["/", "/nowhere", "/broken"])
def test_every_answer_is_protected(path: str) -> None:
    headers = client_of().get(path).headers
    assert headers["content-security-policy"] == STRICT
    assert headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "strict-origin-when-cross-origin"
    assert headers["cross-origin-opener-policy"] == headers["cross-origin-resource-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert len(headers.getlist("x-frame-options")) == 1


@pytest.mark.parametrize("path", ["/page", "/inner/page"])
def test_a_nonce_is_in_the_policy_where_it_was_asked_for(path: str) -> None:
    client = client_of()
    seen = set()
    for _ in range(3):
        answer = client.get(path)
        found = re.search('nonce="([^"]+)"', answer.text)
        assert found is not None
        policy = answer.headers["content-security-policy"]
        assert policy == STRICT.replace("-src 'self';", f"-src 'self' 'nonce-{found[1]}';").replace(
            f"default-src 'self' 'nonce-{found[1]}'", "default-src 'self'"
        )
        seen.add(found[1])
    assert len(seen) == 3


def test_what_an_answer_sets_itself_stays() -> None:
    answer = client_of().get("/own")
    assert answer.headers.getlist("content-security-policy") == ["default-src 'none'"]


def test_strict_transport_is_said_over_https_only() -> None:
    assert "strict-transport-security" not in client_of("http://example.com").get("/").headers


def test_each_header_can_be_changed_or_left_out() -> None:
    client = client_of(
        csp={"default-src": ["'self'", "https://cdn.example.com"], "upgrade-insecure-requests": ""},
        csp_report_only=True,
        hsts=63_072_000,
        hsts_preload=True,
        frame_options="SAMEORIGIN",
        permissions_policy=None,
        cross_origin_embedder_policy="require-corp",
    )
    headers = client.get("/").headers
    policy = "default-src 'self' https://cdn.example.com; upgrade-insecure-requests"
    assert headers["content-security-policy-report-only"] == policy
    assert headers["strict-transport-security"] == "max-age=63072000; includeSubDomains; preload"
    assert headers["x-frame-options"] == "SAMEORIGIN"
    assert headers["cross-origin-embedder-policy"] == "require-corp"
    assert "permissions-policy" not in headers


def test_a_policy_may_be_text_or_nothing() -> None:
    assert (
        client_of(csp="default-src 'none'").get("/").headers["content-security-policy"]
        == "default-src 'none'"
    )
    headers = client_of(csp=None, hsts=None).get("/").headers
    assert "content-security-policy" not in headers
    assert "strict-transport-security" not in headers


MISTAKES: Dict[str, Any] = {
    "preload of a part": ({"hsts_preload": True, "hsts_include_subdomains": False}, "preloading needs"),
    "preload for a day": ({"hsts_preload": True, "hsts": 86_400}, "preloading needs"),
    "a line": ({"referrer_policy": "a\r\nb: c"}, "control characters"),
    "a line in the policy": ({"csp": "a\r\nb: c"}, "control characters"),
    "two directives in one": ({"csp": {"default-src": "'self'; script-src *"}}, "separator"),
    "no seconds": ({"hsts": True}, "hsts is seconds or None, not True"),
    "fewer seconds than none": ({"hsts": -1}, "hsts is seconds"),
    "no directive": ({"csp": {"img_src": "'self'"}}, "csp has no directive 'img_src'"),
    "a keyword as a host": ({"csp": {"img-src": ["data:", "self"]}}, "img-src: self is a host"),
}


@pytest.mark.parametrize("name", sorted(MISTAKES))
def test_what_cannot_be_a_header_is_refused(name: str) -> None:
    options, message = MISTAKES[name]
    with pytest.raises(SetupError, match=message):
        SecurityHeadersMiddleware(**options)
