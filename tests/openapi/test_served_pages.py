"""The API pages as an application serves them."""

import re
from urllib.parse import urljoin

import pytest

from microframe import Application, Depends
from microframe.security import OAuth2PasswordBearer
from microframe.testing import TestClient
from tests.wire import served


def test_the_configuration_says_how_the_pages_look() -> None:
    app = Application(
        title="Shop",
        docs_color_scheme="dark",
        docs_css_url="/static/docs.css",
        docs_favicon_url="/icon.svg",
        redoc_parameters={"disableSearch": True},
        scalar_parameters={"theme": "moon"},
    )
    client = TestClient(app)
    for path, said in [("/docs", '"colorScheme":"dark"'), ("/redoc", "disableSearch"), ("/scalar", "moon")]:
        page = client.get(path).text
        assert said in page
        assert 'href="static/docs.css"' in page
        assert 'href="icon.svg"' in page


def test_requests_may_go_where_the_document_of_the_application_says() -> None:
    app = Application(servers=[{"url": "https://api.example.com/v1"}])
    scheme = OAuth2PasswordBearer(tokenUrl="https://id.example.com/token")

    @app.get("/")
    async def read(token: str = Depends(scheme)) -> str:
        return token

    policy = TestClient(app).get("/docs").headers["content-security-policy"]
    assert "connect-src 'self' https://api.example.com https://id.example.com;" in policy


def test_another_function_may_stand_for_the_document() -> None:
    app = Application()
    app.openapi = lambda: {"servers": [{"url": "https://other.example.com"}]}  # type: ignore[method-assign]
    policy = TestClient(app).get("/scalar").headers["content-security-policy"]
    assert "connect-src 'self' https://other.example.com;" in policy


@pytest.mark.parametrize("root_path", ["", "/api/v1"])
def test_a_page_and_what_it_loads_arrive_behind_a_proxy_that_cuts_a_prefix_off(root_path: str) -> None:
    app = Application(title="Shop", root_path=root_path)
    with served(app) as server:
        page = server.get("/docs").body.decode()
        script = re.findall(r'src="([^"]+/swagger\.[^"]+)"', page)
        document = re.findall(r'"url":"([^"]+)"', page)
        for url in [*script, *document]:
            outside = urljoin(f"{root_path}/docs", url)
            assert outside.startswith(root_path)
            assert server.get(outside[len(root_path) :]).status == 200
    assert len(script) == len(document) == 1


def test_in_production_there_are_no_pages() -> None:
    app = Application(environment="production", allowed_hosts=["testserver"])
    client = TestClient(app)
    assert {client.get(path).status_code for path in ("/docs", "/redoc", "/scalar", "/openapi.json")} == {404}
