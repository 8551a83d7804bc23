"""OpenAPI 3.2 has words for what 3.1 has none for."""

from typing import Any, AsyncIterator, Dict

import pytest
from pydantic import BaseModel

from microframe import Application, EventSourceResponse, StreamingResponse


class Card(BaseModel):
    id: int


def program(version: Any) -> Application:
    app = Application(openapi_version=version)

    @app.api_route("/cards", methods=["GET", "QUERY", "PURGE"])
    async def cards() -> None: ...

    @app.get("/lines")
    async def lines() -> AsyncIterator[Card]:
        yield Card(id=1)

    @app.get("/events", response_class=EventSourceResponse)
    async def events() -> AsyncIterator[Card]:
        yield Card(id=1)

    @app.get("/words", response_class=EventSourceResponse)
    async def words():  # type: ignore[no-untyped-def]
        yield "a"

    @app.get("/pieces", response_class=StreamingResponse)
    async def pieces() -> AsyncIterator[str]:
        yield "a"

    return app


def content(version: str, path: str) -> Dict[str, Any]:
    responses = program(version).openapi()["paths"][path]["get"]["responses"]
    found: Dict[str, Any] = responses["200"].get("content", {})
    return found


CARD = {"$ref": "#/components/schemas/Card"}
EVENT = {
    "type": "object",
    "properties": {
        "data": {"type": "string", "contentMediaType": "application/json", "contentSchema": CARD},
        "event": {"type": "string"},
        "id": {"type": "string"},
        "retry": {"type": "integer", "minimum": 0},
    },
    "required": ["data"],
}


@pytest.mark.parametrize("version", ["3.1.0", "3.1.1", "3.1.2", "3.2.0"])
def test_the_document_says_which_version_it_is(version: str) -> None:
    assert program(version).openapi()["openapi"] == version


def test_other_methods_are_left_out_of_3_1() -> None:
    assert list(program("3.1.1").openapi()["paths"]["/cards"]) == ["get"]


def test_3_2_has_query_and_any_other_method() -> None:
    item = program("3.2.0").openapi()["paths"]["/cards"]
    assert list(item) == ["get", "additionalOperations", "query"]
    assert item["query"]["operationId"] == "cards_cards_query"
    assert item["additionalOperations"]["PURGE"]["operationId"] == "cards_cards_purge"


def test_items_of_streams_are_an_extension_in_3_1() -> None:
    text = {"type": "string"}
    assert content("3.1.1", "/lines") == {"application/jsonl": {"schema": text, "x-itemSchema": CARD}}
    assert content("3.1.1", "/events") == {"text/event-stream": {"schema": text, "x-itemSchema": EVENT}}


def test_items_of_streams_have_a_schema_in_3_2() -> None:
    assert content("3.2.0", "/lines") == {"application/jsonl": {"itemSchema": CARD}}
    assert content("3.2.0", "/events") == {"text/event-stream": {"itemSchema": EVENT}}
    assert "required" not in content("3.2.0", "/words")["text/event-stream"]["itemSchema"]


def test_pieces_have_no_media_type_that_could_be_told() -> None:
    assert content("3.2.0", "/pieces") == {}
