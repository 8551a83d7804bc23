"""Case 3 (CVE-2026-48817): no method of a controller is reached by its name, only the marked ones by theirs."""

from typing import Iterator, List

import pytest

from microframe import Application, Controller, route
from microframe.testing import AsyncTestClient
from tests.wire import Served, served

called: List[str] = []


class Reports(Controller):
    @route.get("/r")
    async def show(self) -> str:
        return "a report"

    async def export_all(self) -> str:
        called.append("export_all")
        return "everything"

    async def delete(self) -> str:
        called.append("delete")
        return "deleted"

    async def trace(self) -> str:
        called.append("trace")
        return "traced"


def reports() -> Application:
    app = Application()
    app.controller()(Reports)
    return app


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    with served(reports(), http="h11") as running:  # httptools knows a fixed list of methods
        yield running


@pytest.mark.parametrize("method", ["EXPORT_ALL", "export_all", "DELETE", "TRACE", "SHOW", "__INIT__", "get"])
def test_a_method_of_that_name_is_not_called(server: Served, method: str) -> None:
    answer = server.ask(f"{method} /r HTTP/1.1\r\nHost: x\r\n\r\n".encode(), method)
    assert answer.status == 405
    assert answer.header("allow") == "GET, HEAD, OPTIONS"
    assert called == []


@pytest.mark.parametrize("method", ["EXPORT_ALL", "DELETE", "TRACE", "SHOW"])
async def test_nor_is_it_whatever_the_server(method: str) -> None:
    answer = await AsyncTestClient(reports()).request(method, "/r")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert called == []
