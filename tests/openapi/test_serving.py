"""Serving the document: where, as what, to whom, and how another one takes its place."""

import json
import sys
from typing import Any, Dict

import pytest

from microframe import Application, SetupError
from tests.injection.asking import ask
from tests.openapi.program import BoardNotFound
from tests.wire import served


def program(**options: Any) -> Application:
    app = Application(**options)

    @app.get("/cards", raises=[BoardNotFound])
    async def list_cards() -> None: ...

    return app


async def test_the_document_is_served_as_json() -> None:
    app = program()
    answer = await ask(app, "/openapi.json")
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json == app.openapi()
    assert "/openapi.json" not in answer.json["paths"]


async def test_who_has_the_document_gets_a_304() -> None:
    app = program()
    etag = (await ask(app, "/openapi.json")).headers["etag"]
    again = await ask(app, "/openapi.json", headers={"If-None-Match": etag})
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", etag)
    other = await ask(app, "/openapi.json", headers={"If-None-Match": '"other"'})
    assert other.status == 200


@pytest.mark.parametrize("path", ["/openapi.json", "/docs", "/redoc", "/scalar"])
async def test_without_a_url_nothing_is_served(path: str) -> None:
    assert (await ask(program(), path)).status == 200
    assert (await ask(program(openapi_url=None), path)).status == 404


async def test_production_serves_no_document_unless_asked() -> None:
    production: Dict[str, Any] = {"environment": "production", "allowed_hosts": ["example.com"]}
    assert (await ask(program(**production), "/openapi.json")).status == 404
    assert (await ask(program(**production), "/docs")).status == 404
    asked = program(**production, openapi_url="/openapi.json")
    assert (await ask(asked, "/openapi.json")).status == 200
    assert (await ask(asked, "/docs")).status == 200


async def test_the_pages_are_where_the_configuration_says() -> None:
    app = program(docs_url="/swagger", redoc_url=None, scalar_url="/reference", openapi_url="/api.json")
    assert (await ask(app, "/api.json")).status == 200
    page = await ask(app, "/swagger")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert b"api.json" in page.body
    assert (await ask(app, "/reference")).status == 200
    assert (await ask(app, "/docs/oauth2-redirect")).status == 200
    assert [(await ask(app, path)).status for path in ("/docs", "/redoc", "/scalar", "/openapi.json")] == [
        404
    ] * 4


async def test_a_route_of_the_program_stands_in_front_of_the_document() -> None:
    app = program()
    app.get("/docs")(lambda: "mine")
    assert (await ask(app, "/docs")).json == "mine"
    assert [route.path for route in app.routes] == ["/cards", "/docs"]


async def test_another_function_may_make_the_document() -> None:
    app = program()
    usual = app.openapi

    def own() -> Dict[str, Any]:
        document = usual()
        document["info"]["x-logo"] = "logo.png"
        return document

    app.openapi = own  # type: ignore[method-assign]
    assert (await ask(app, "/openapi.json")).json["info"]["x-logo"] == "logo.png"
    app.openapi_schema = {"openapi": "3.1.1", "info": {"title": "t", "version": "1"}, "paths": {}}
    assert (await ask(app, "/openapi.json")).json["paths"] == {}


async def test_below_a_root_path_the_document_names_its_server_and_problems() -> None:
    app = program(root_path="/api")
    outer = Application()
    outer.mount("/board", app)
    document = (await ask(outer, "/board/openapi.json")).json
    assert document["servers"] == [{"url": "/board"}]
    kind = document["components"]["schemas"]["BoardNotFoundProblem"]["allOf"][1]["properties"]["type"]
    assert kind == {"const": "/board/problems/board_not_found"}
    assert "servers" not in app.openapi()


async def test_a_root_path_may_be_left_out_of_the_servers() -> None:
    app = program(root_path_in_servers=False, servers=[{"url": "https://example.com"}])
    outer = Application()
    outer.mount("/board", app)
    document = (await ask(outer, "/board/openapi.json")).json
    assert document["servers"] == [{"url": "https://example.com"}]


async def test_documents_are_kept_for_a_few_places_only() -> None:
    app = program()
    outer = Application()
    outer.mount("/{name}", app)
    for number in range(20):
        document = (await ask(outer, f"/{number}/openapi.json")).json
        assert document["servers"] == [{"url": f"/{number}"}]


async def test_a_mounted_application_has_a_document_of_its_own() -> None:
    app = Application()
    app.get("/outer")(lambda: None)
    app.mount("/inner", program())
    assert list((await ask(app, "/openapi.json")).json["paths"]) == ["/outer"]
    assert list((await ask(app, "/inner/openapi.json")).json["paths"]) == ["/cards"]


async def test_a_type_without_a_schema_is_told_with_who_asks_for_it() -> None:
    from typing import Callable

    from pydantic import BaseModel

    class Odd(BaseModel):
        call: Callable[[], None]

    app = Application()

    @app.post("/odd")
    async def take(odd: Odd) -> None: ...

    with pytest.raises(SetupError, match=r"odd of .*take .*: there is no JSON Schema"):
        app.openapi()


def test_nothing_of_the_document_is_imported_before_it_is_asked_for() -> None:
    import subprocess

    text = (
        "import sys; from microframe import Application; app = Application()\n"
        "app.get('/')(lambda: None); app.build()\n"
        "print([name for name in sys.modules if name.startswith('microframe.openapi')])"
    )
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_over_real_http_the_document_and_its_pages_are_there() -> None:
    with served(program()) as server:
        answer: Any = server.get("/openapi.json")
        assert answer.status == 200
        assert json.loads(answer.body)["info"]["title"] == "MicroFrame"
        etag = answer.header("etag")
        assert server.get("/openapi.json", f"If-None-Match: {etag}").status == 304
        assert server.get("/docs").status == 200
