"""What the policy of a documentation page allows."""

from pathlib import Path
from typing import Any, Mapping

import pytest

from microframe.openapi import assets
from microframe.openapi.policy import content_security_policy, origins
from microframe.openapi.ui import BUNDLE, PLAIN, STYLES, Look


def policy_of(document: Mapping[str, Any], look: Look = PLAIN) -> "dict[str, list[str]]":
    text = content_security_policy((BUNDLE, STYLES), look, document)
    words = [directive.split() for directive in text.split("; ")]
    return {name: sources for name, *sources in words}


@pytest.fixture
def no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "FOLDER", tmp_path)


@pytest.fixture
def files(no_files: None, tmp_path: Path) -> None:
    for asset in (BUNDLE, STYLES):
        (tmp_path / asset.file).parent.mkdir(exist_ok=True)
        (tmp_path / asset.file).write_text("")


def test_with_the_files_everything_comes_from_the_application(files: None) -> None:
    policy = policy_of({})
    assert policy["default-src"] == ["'none'"]
    assert policy["script-src"] == policy["connect-src"] == ["'self'"]
    assert policy["style-src"] == ["'self'", "'unsafe-inline'"]
    assert policy["frame-ancestors"] == policy["base-uri"] == ["'none'"]


def test_without_the_files_no_more_than_these_may_come_from_the_cdn(no_files: None) -> None:
    policy = policy_of({})
    assert policy["script-src"] == ["'self'", BUNDLE.cdn_url]
    assert policy["style-src"] == ["'self'", "'unsafe-inline'", STYLES.cdn_url]


def test_requests_may_go_to_the_servers_that_the_document_names() -> None:
    policy = policy_of(
        {
            "servers": [{"url": "https://api.example.com/v1"}, {"url": "/v1"}, {"url": "http://localhost:9000"}],
            "paths": {
                "/files": {
                    "servers": [{"url": "https://files.example.com"}],
                    "summary": "Files",
                    "get": {"servers": [{"url": "https://{region}.example.com"}]},
                }
            },
            "components": {
                "securitySchemes": {
                    "oauth": {
                        "flows": {"clientCredentials": {"tokenUrl": "https://id.example.com/token", "refreshUrl": "r"}}
                    },
                    "oidc": {"openIdConnectUrl": "https://oidc.example.com/.well-known/openid-configuration"},
                    "key": {"type": "apiKey"},
                }
            },
        }
    )  # fmt: skip
    assert policy["connect-src"] == [
        "'self'",
        "https://api.example.com",
        "http://localhost:9000",
        "https://files.example.com",
        "https://*.example.com",
        "https://id.example.com",
        "https://oidc.example.com",
    ]


def test_pictures_may_come_from_where_the_description_says() -> None:
    info = {
        "description": "![build](https://img.example.com/a.svg) and [a link](https://other.example.com)",
        "x-logo": {"url": "https://logo.example.com/logo.png"},
    }
    policy = policy_of({"info": info}, Look(favicon_url="https://icons.example.com/a.ico"))
    assert policy["img-src"][3:] == [
        "https://icons.example.com",
        "https://logo.example.com",
        "https://img.example.com",
    ]


def test_a_style_sheet_of_ones_own_may_come_from_elsewhere() -> None:
    policy = policy_of({}, Look(css_url="https://static.example.com/docs.css"))
    assert policy["style-src"][-1] == policy["font-src"][-1] == "https://static.example.com"


@pytest.mark.parametrize(
    "url",
    ["", "/v1", "v1", "//host/v1", "https://", "https://a;script-src", "javascript:alert(1)", "https://a b", "https://[",
     "https://a:port", "https://{host}", "https://api.{domain}.com"],
)  # fmt: skip
def test_what_is_no_origin_gets_into_no_policy(url: str) -> None:
    assert origins([url]) == []
