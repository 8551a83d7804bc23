"""Case 9 (CVE-2021-21330, CVE-2018-14574) on the wire: no redirect over a slash leads to another host."""

from typing import Iterator

import pytest

from microframe import Application
from tests.wire import Served, served


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    app = Application()

    @app.get("/{first}/{second}")
    async def show(first: str, second: str) -> str:
        return "shown"

    @app.get("/{first}/{second}/{third}/")
    async def show_folder(first: str, second: str, third: str) -> str:
        return "shown"

    @app.get("/pages")
    async def pages() -> str:
        return "pages"

    with served(app) as running:
        yield running


@pytest.mark.parametrize(
    "start", ["//", "///", "/\\", "/%5c", "/%5C", "/%2f", "/%2F/", "/./", "/%09/", "/%0d/", "/"]
)
@pytest.mark.parametrize(
    "rest", ["evil.com/", "evil.com/%2e%2e", "evil.com/a/", "evil.com/a", "evil.com/..;/"]
)
def test_no_location_leads_elsewhere(server: Served, start: str, rest: str) -> None:
    answer = server.get(f"{start}{rest}")
    assert answer.status in (200, 307, 308, 400, 404)
    location = answer.header("location")
    assert (location is not None) == (answer.status in (307, 308))
    if location is not None:
        assert location[0] == "/"
        assert location[1] not in "/\\"
        assert not location.lower().startswith(("/%5c", "/%2f"))
        assert "\\" not in location


def test_a_local_redirect_stays_local(server: Served) -> None:
    answer = server.get("/pages/?a=//evil.com")
    assert (answer.status, answer.header("location")) == (307, "/pages?a=//evil.com")
