"""The documentation pages: what is in them, and what they load."""

import json
import re
from pathlib import Path
from typing import Any, Optional
from urllib.parse import urljoin

import pytest

from microframe import Application
from microframe.middleware.security_headers import SecurityHeadersMiddleware
from microframe.openapi import assets
from microframe.openapi.assets import PACKAGES
from microframe.openapi.documentation import Documentation, documentation_pages, relative_url
from microframe.openapi.ui import BUNDLE, REDIRECT, SCALAR_BUNDLE, STYLES, Look
from microframe.testing import TestClient

DOCUMENT = {"openapi": "3.1.0", "info": {"title": "Board", "version": "1"}, "paths": {}}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the files of the pages are looked for: nothing is there."""
    monkeypatch.setattr(assets, "FOLDER", tmp_path)
    return tmp_path


def put_files(folder: Path) -> None:
    for package in PACKAGES:
        for asset in package.assets:
            (folder / asset.file).parent.mkdir(exist_ok=True)
            (folder / asset.file).write_text(f"/* {asset.path} */")


def application(documentation: Optional[Documentation] = None) -> Application:
    """An application with these pages, as its assembly adds them."""
    app = Application()
    for path, endpoint in documentation_pages(documentation or Documentation("Board"), lambda: DOCUMENT):
        app.add_api_route(path, endpoint, include_in_schema=False)
    return app


def client_of(documentation: Optional[Documentation] = None) -> TestClient:
    return TestClient(application(documentation))


def options_in(page: str) -> Any:
    found = re.search(r'<script type="application/json" id="options">(.*)</script>', page)
    assert found is not None
    return json.loads(found[1])


def addresses_in(page: str) -> "list[str]":
    return re.findall(r'(?:src|href)="([^"]*)"', page)


PAGES = ["/docs", "/redoc", "/scalar"]


@pytest.mark.parametrize("path", PAGES)
def test_no_script_stands_in_a_page(path: str) -> None:
    page = client_of().get(path).text
    scripts = re.findall(r"<script([^>]*)>(.*?)</script>", page)
    assert [content for tag, content in scripts if "application/json" not in tag and content] == []
    assert not re.search(r"\son\w+=", page)


@pytest.mark.parametrize("path", PAGES)
def test_what_a_page_loads_is_served_by_the_application(path: str, folder: Path) -> None:
    put_files(folder)
    client = client_of()
    response = client.get(path)
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    loaded = [url for url in addresses_in(response.text) if url != "data:,"]
    assert len(loaded) >= 2
    for url in loaded:
        found = client.get(f"/{url}")
        assert found.status_code == 200
        assert found.headers["cache-control"] == "public, max-age=31536000, immutable"
        kind = "text/css" if url.endswith(".css") else "text/javascript"
        assert found.headers["content-type"].startswith(kind)


@pytest.mark.parametrize("path", PAGES)
def test_without_the_files_a_page_loads_them_from_the_cdn_with_their_hash(path: str) -> None:
    page = client_of().get(path).text
    tags = re.findall(r'<(?:script|link)[^>]*"https:[^>]*>', page)
    assert tags
    for tag in tags:
        assert re.search(r'"https://cdn\.jsdelivr\.net/npm/[^"]+@\d[^"]+"', tag)
        assert 'crossorigin="anonymous"' in tag
        assert any(
            f'integrity="{asset.integrity}"' in tag for package in PACKAGES for asset in package.assets
        )


def test_a_file_that_the_client_has_is_not_sent_again(folder: Path) -> None:
    put_files(folder)
    client = client_of()
    first = client.get(f"/docs/assets/{BUNDLE.name}")
    again = client.get(f"/docs/assets/{BUNDLE.name}", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("name", ["swagger-ui-bundle.js", "..%2Fassets.py", BUNDLE.name, "LICENSE"])
def test_nothing_else_is_served(name: str) -> None:
    assert client_of().get(f"/docs/assets/{name}").status_code == 404


# Options -------------------------------------------------------------------------------------------------------------


def test_swagger_ui_begins_with_the_options_that_fastapi_gives_it() -> None:
    options = options_in(client_of().get("/docs").text)
    assert options["url"] == "openapi.json"
    assert options["parameters"] == {
        "dom_id": "#swagger-ui",
        "layout": "BaseLayout",
        "deepLinking": True,
        "showExtensions": True,
        "showCommonExtensions": True,
        "validatorUrl": "none",
    }
    assert (options["initOAuth"], options["oauth2RedirectUrl"]) == (None, "docs/oauth2-redirect")


def test_the_options_of_every_page_can_be_changed() -> None:
    documentation = Documentation(
        "Board",
        swagger_ui_parameters={"deepLinking": False, "tryItOutEnabled": True},
        swagger_ui_init_oauth={"clientId": "board"},
        redoc_parameters={"disableSearch": True},
        scalar_parameters={"theme": "moon", "telemetry": True},
    )
    client = client_of(documentation)
    swagger = options_in(client.get("/docs").text)
    assert (swagger["parameters"]["deepLinking"], swagger["parameters"]["tryItOutEnabled"]) == (False, True)
    assert swagger["initOAuth"] == {"clientId": "board"}
    assert options_in(client.get("/redoc").text)["parameters"] == {"disableSearch": True}
    scalar = options_in(client.get("/scalar").text)["parameters"]
    assert (scalar["theme"], scalar["telemetry"], scalar["withDefaultFonts"]) == ("moon", True, False)


def test_scalar_sends_and_loads_nothing_elsewhere() -> None:
    parameters = options_in(client_of().get("/scalar").text)["parameters"]
    assert (parameters["telemetry"], parameters["withDefaultFonts"]) == (False, False)
    assert parameters["agent"] == parameters["mcp"] == {"disabled": True}
    assert "proxyUrl" not in parameters


@pytest.mark.parametrize("path", PAGES)
def test_the_look_of_every_page_can_be_changed(path: str) -> None:
    look = Look("/static/icon.png", "/static/docs.css", "dark")
    page = client_of(Documentation("Board", look=look)).get(path).text
    assert '<link rel="icon" href="static/icon.png">' in page
    assert '<link rel="stylesheet" href="static/docs.css">' in page
    assert page.index("static/docs.css") > page.index("<style>")
    assert '<meta name="color-scheme" content="dark">' in page
    assert options_in(page)["colorScheme"] == "dark"


# Which pages there are -----------------------------------------------------------------------------------------------


def paths_of(documentation: Documentation) -> "list[str]":
    return [path for path, _ in documentation_pages(documentation, lambda: DOCUMENT)]


def test_each_page_can_be_left_out() -> None:
    everything = ["/docs", "/redoc", "/scalar", "/docs/oauth2-redirect", "/docs/assets/{name}"]
    assert paths_of(Documentation("Board")) == everything
    assert paths_of(Documentation("Board", docs_url=None)) == ["/redoc", "/scalar", "/redoc/assets/{name}"]
    only = Documentation("Board", docs_url="/", redoc_url=None, scalar_url=None)
    assert paths_of(only) == ["/", "/docs/oauth2-redirect", "/assets/{name}"]
    without = Documentation("Board", redoc_url=None, scalar_url=None, swagger_ui_oauth2_redirect_url=None)
    assert paths_of(without) == ["/docs", "/docs/assets/{name}"]
    assert options_in(client_of(without).get("/docs").text)["oauth2RedirectUrl"] is None


def test_without_a_document_there_are_no_pages() -> None:
    assert paths_of(Documentation("Board", openapi_url=None)) == []
    assert paths_of(Documentation("Board", docs_url=None, redoc_url=None, scalar_url=None)) == []


# Where they stand ----------------------------------------------------------------------------------------------------


def test_a_page_works_behind_any_prefix(folder: Path) -> None:
    put_files(folder)
    outer = Application()
    outer.mount("/api/v1", application())
    client = TestClient(outer)
    page = client.get("/api/v1/docs").text
    for url in [*addresses_in(page)[1:], options_in(page)["oauth2RedirectUrl"]]:
        assert client.get(urljoin("/api/v1/docs", url)).status_code == 200


@pytest.mark.parametrize(
    ("url", "page", "expected"),
    [
        ("/openapi.json", "/docs", "openapi.json"),
        ("/openapi.json", "/docs/", "../openapi.json"),
        ("/openapi.json", "/", "openapi.json"),
        ("/api/openapi.json", "/internal/docs", "../api/openapi.json"),
        ("/docs/assets", "/docs/oauth2-redirect", "assets"),
        ("/a:b/openapi.json", "/docs", "./a:b/openapi.json"),
        ("https://example.com/openapi.json", "/docs", "https://example.com/openapi.json"),
        ("//example.com/openapi.json", "/docs", "//example.com/openapi.json"),
        ("", "/docs", ""),
    ],
)
def test_a_path_of_the_application_is_written_relative_to_the_page(
    url: str, page: str, expected: str
) -> None:
    assert relative_url(url, page) == expected


# OAuth2 --------------------------------------------------------------------------------------------------------------


def test_the_page_that_an_authorization_server_sends_back_to_tells_nobody(folder: Path) -> None:
    put_files(folder)
    response = client_of().get("/docs/oauth2-redirect?code=secret&state=1")
    assert f'<script src="assets/{REDIRECT.name}"></script>' in response.text
    assert "secret" not in response.text
    assert response.headers["referrer-policy"] == "no-referrer"
    assert "script-src 'self';" in response.headers["content-security-policy"]


@pytest.mark.parametrize("path", PAGES)
def test_strict_headers_leave_a_page_what_it_needs(path: str, folder: Path) -> None:
    put_files(folder)
    app = application()
    app.add_middleware(SecurityHeadersMiddleware)
    response = TestClient(app).get(path)
    (policy,) = response.headers.getlist("content-security-policy")
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'")
    # The window of a login must still be able to tell this page.
    assert response.headers.getlist("cross-origin-opener-policy") == ["same-origin-allow-popups"]


def test_the_policy_follows_the_files_that_are_there(folder: Path) -> None:
    policy = client_of().get("/docs").headers["content-security-policy"]
    assert f"script-src 'self' {BUNDLE.cdn_url};" in policy
    assert STYLES.cdn_url in policy
    assert SCALAR_BUNDLE.cdn_url not in policy
    put_files(folder)
    assert "jsdelivr" not in client_of().get("/docs").headers["content-security-policy"]
