"""The document of a whole program: valid, the same every time, and what is expected of it."""

import json
import os
import subprocess
import sys
from http import HTTPStatus
from pathlib import Path
from typing import Any, Dict, List, Union

import pytest

from microframe import Application, Depends, NotFoundException, Router, SetupError
from microframe.routing.converters import Converter
from tests.openapi.program import app

ROOT = Path(__file__).parents[2]
PRINT = "import json; from tests.openapi.program import app; print(json.dumps(app.openapi()))"


def schema(name: str) -> Dict[str, Any]:
    found: Dict[str, Any] = app.openapi()["components"]["schemas"][name]
    return found


def operation(path: str, method: str = "get") -> Dict[str, Any]:
    found: Dict[str, Any] = app.openapi()["paths"][path][method]
    return found


def parameters(path: str, method: str = "get") -> List[Any]:
    return [(one["in"], one["name"], one["required"]) for one in operation(path, method)["parameters"]]


def test_the_document_is_valid() -> None:
    validator = pytest.importorskip("openapi_spec_validator", reason="it needs Python 3.10")
    errors = validator.OpenAPIV31SpecValidator(app.openapi()).iter_errors()
    assert [error.message for error in errors] == []


def test_the_document_is_the_same_in_every_process() -> None:
    told = set()
    for seed in ("1", "2", "3"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run(
            [sys.executable, "-c", PRINT], cwd=ROOT, env=environment, capture_output=True, check=True
        )
        told.add(done.stdout)
    assert told == {json.dumps(app.openapi()).encode() + b"\n"}


def test_what_the_configuration_says_stands_at_its_ends() -> None:
    document = app.openapi()
    assert list(document) == [
        "openapi",
        "info",
        "servers",
        "paths",
        "webhooks",
        "components",
        "tags",
        "externalDocs",
    ]
    assert document["openapi"] == "3.1.1"
    assert document["info"] == {
        "title": "Team board",
        "summary": "Cards",
        "description": "What it is for",
        "termsOfService": "https://example.com/terms",
        "contact": {"name": "Ada", "email": "ada@example.com"},
        "license": {"name": "MIT", "identifier": "MIT"},
        "version": "2.0",
    }
    assert document["servers"] == [{"url": "https://example.com"}]
    assert document["tags"] == [{"name": "boards", "description": "All of them"}]
    assert document["externalDocs"] == {"url": "https://example.com/docs"}


def test_paths_are_in_the_order_in_which_they_are_written_without_converters() -> None:
    assert list(app.openapi()["paths"]) == [
        "/boards/{board_id}/cards",
        "/boards/{board_id}/cards/{card_id}",
        "/boards/{board_id}/cards/{card_id}/{part}",
        "/pets",
        "/forms/url",
        "/forms/model",
        "/forms/files",
        "/raw",
        "/either",
        "/page",
        "/elsewhere",
        "/lines",
        "/both/{name}",
        "/any/{day}/{number}",
        "/notes/{note_id}",
        "/page#tenant.example.com",
    ]


def test_an_operation_is_described_as_fastapi_does() -> None:
    listing = operation("/boards/{board_id}/cards")
    assert listing["tags"] == ["boards"]
    assert listing["summary"] == "List Cards"
    assert listing["description"] == "The cards of one board, newest first."
    assert listing["operationId"] == "list_cards_boards__board_id__cards_get"
    assert listing["responses"]["200"] == {
        "description": "Successful Response",
        "content": {
            "application/json": {
                "schema": {
                    "type": "array",
                    "items": {"$ref": "#/components/schemas/Card-Output"},
                    "title": "Response List Cards Boards  Board Id  Cards Get",
                }
            }
        },
    }
    assert operation("/boards/{board_id}/cards/{card_id}")["operationId"] == "readCard"
    assert operation("/boards/{board_id}/cards/{card_id}/{part}", "put")["deprecated"] is True
    assert operation("/boards/{board_id}/cards", "post")["responses"]["201"]["description"] == "The new card"


def test_parameters_are_those_of_the_handler_then_of_what_it_depends_on_by_place() -> None:
    assert parameters("/boards/{board_id}/cards") == [
        ("path", "board_id", True),
        ("query", "search", False),
        ("query", "limit", False),
        ("query", "page", False),
        ("header", "x-tenant", True),
        ("cookie", "session", False),
    ]
    _, search, limit, page, tenant, session = operation("/boards/{board_id}/cards")["parameters"]
    assert search["description"] == "Words to look for"
    assert limit["schema"] == {"type": "integer", "maximum": 100, "default": 20, "title": "Limit"}
    assert page["deprecated"] is True
    assert tenant["schema"] == {"type": "string", "title": "X-Tenant"}
    assert session["examples"] == {"one": {"value": "abc"}}


def test_a_parameter_that_nobody_asks_for_is_named_with_what_its_converter_takes() -> None:
    assert operation("/any/{day}/{number}")["parameters"] == [
        {
            "name": "day",
            "in": "path",
            "required": True,
            "schema": {"type": "string", "format": "date", "title": "Day"},
        },
        {
            "name": "number",
            "in": "path",
            "required": True,
            "schema": {"type": "number", "minimum": 0, "title": "Number"},
        },
    ]


def test_several_values_of_a_body_are_one_object_with_a_name() -> None:
    body = operation("/boards/{board_id}/cards/{card_id}/{part}", "put")["requestBody"]
    name = "Body_replace_parts_boards__board_id__cards__card_id___part__put"
    assert body == {
        "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}},
        "required": True,
    }
    assert schema(name) == {
        "type": "object",
        "title": name,
        "properties": {
            "a": {"$ref": "#/components/schemas/Card-Input"},
            "b": {"type": "integer", "exclusiveMinimum": 0, "title": "B"},
            "c": {"anyOf": [{"$ref": "#/components/schemas/Owner-Input"}, {"type": "null"}]},
        },
        "required": ["a", "b"],
    }


def test_forms_are_described_by_their_fields_and_files() -> None:
    (url,) = operation("/forms/url", "post")["requestBody"]["content"]
    assert url == "application/x-www-form-urlencoded"
    assert operation("/forms/model", "post")["requestBody"]["content"] == {
        "application/x-www-form-urlencoded": {"schema": {"$ref": "#/components/schemas/Address"}}
    }
    (files,) = operation("/forms/files", "post")["requestBody"]["content"]
    assert files == "multipart/form-data"
    binary = {"type": "string", "contentMediaType": "application/octet-stream"}
    assert schema("Body_upload_forms_files_post")["properties"] == {
        "one": {**binary, "title": "One"},
        "more": {"type": "array", "items": binary, "title": "More"},
        "content": {**binary, "description": "Bytes", "title": "Content"},
        "note": {"type": "string", "default": "", "title": "Note"},
    }


def test_a_body_may_be_raw_or_of_several_media_types() -> None:
    assert operation("/raw", "post")["requestBody"]["content"] == {
        "application/octet-stream": {
            "schema": {"type": "string", "contentMediaType": "application/octet-stream"}
        }
    }
    assert "415" not in operation("/raw", "post")["responses"]
    card = {"schema": {"$ref": "#/components/schemas/NewCard"}}
    assert operation("/either", "post")["requestBody"]["content"] == {
        "application/json": card,
        "application/x-www-form-urlencoded": card,
    }


def test_models_have_two_schemas_only_where_they_differ() -> None:
    names = list(app.openapi()["components"]["schemas"])
    assert names == sorted(names)
    assert {"Card-Input", "Card-Output", "Owner-Input", "Owner-Output", "NewCard", "Point"} < {*names}
    assert "link" in schema("Card-Output")["properties"]
    assert "link" not in schema("Card-Input")["properties"]
    assert schema("NewCard")["properties"]["labels"]["default"] == ["a", "b", "c"]
    assert "Page_Point_" in names


def test_a_discriminated_union_keeps_its_discriminator() -> None:
    pet = schema("Body_add_pet_pets_post")["properties"]["pet"]
    assert pet["discriminator"]["propertyName"] == "kind"
    assert pet["oneOf"] == [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}]


def test_answers_have_the_media_type_and_status_of_their_class() -> None:
    assert operation("/page")["responses"]["200"]["content"] == {"text/html": {"schema": {"type": "string"}}}
    assert operation("/elsewhere")["responses"]["307"] == {"description": "Successful Response"}
    assert operation("/boards/{board_id}/cards/{card_id}", "delete")["responses"]["204"] == {
        "description": "Successful Response"
    }
    assert operation("/lines")["responses"]["200"]["content"] == {
        "application/jsonl": {
            "schema": {"type": "string"},
            "x-itemSchema": {"$ref": "#/components/schemas/Card-Output"},
        }
    }


def test_declared_responses_are_inherited_and_merged() -> None:
    assert operation("/boards/{board_id}/cards")["responses"]["418"] == {"description": "A teapot"}
    pets = operation("/pets", "post")["responses"]
    assert pets["4XX"] == {
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Address"}}},
        "description": "Client Error",
    }
    assert list(pets) == ["200", "4XX", "default"]


def test_what_is_said_besides_is_merged_into_the_operation() -> None:
    assert operation("/any/{day}/{number}")["x-own"] is True
    assert operation("/any/{day}/{number}")["tags"] == ["extra"]


def test_security_schemes_have_the_scopes_that_are_asked_for_on_the_way() -> None:
    assert operation("/boards/{board_id}/cards", "post")["security"] == [
        {"OAuth2PasswordBearer": ["write", "read"]}
    ]
    assert operation("/boards/{board_id}/cards/{card_id}")["security"] == [{"APIKeyHeader": []}]
    assert app.openapi()["components"]["securitySchemes"] == {
        "APIKeyHeader": {"type": "apiKey", "name": "X-API-Key", "in": "header"},
        "OAuth2PasswordBearer": {
            "type": "oauth2",
            "flows": {"password": {"scopes": {"read": "Read", "write": "Write"}, "tokenUrl": "token"}},
        },
    }


def test_callbacks_and_webhooks_are_described_without_our_errors() -> None:
    (item,) = operation("/pets", "post")["callbacks"]["paid"].items()
    path, described = item
    assert path == "{$request.body.url}/paid/{number}"
    assert described["post"]["parameters"] == [
        {"name": "number", "in": "path", "required": True, "schema": {"type": "integer", "title": "Number"}}
    ]
    assert list(described["post"]["responses"]) == ["200"]
    hook = app.openapi()["webhooks"]["card-added"]["post"]
    assert hook["description"] == "Sent for each card."
    assert hook["requestBody"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/Card-Input"
    }
    assert list(hook["responses"]) == ["200"]


def test_the_same_path_on_another_host_stands_beside_the_first_with_its_server() -> None:
    hosted = operation("/page#tenant.example.com")
    assert hosted["servers"] == [
        {"url": "//{tenant}.example.com", "variables": {"tenant": {"default": "tenant"}}}
    ]
    assert "parameters" not in hosted
    assert "servers" not in operation("/page")


def test_two_handlers_cannot_be_given_one_name() -> None:
    clashing = Application()
    clashing.get("/a", operation_id="read")(lambda: None)
    clashing.get("/b", operation_id="read")(lambda: None)
    with pytest.raises(SetupError, match="two operations are called 'read'"):
        clashing.build()
    clashing = Application(generate_unique_id_function=lambda route: route.name)
    clashing.get("/a", name="read")(lambda: None)
    clashing.get("/b", name="read")(lambda: None)
    with pytest.raises(SetupError, match="two operations are called 'read'"):
        clashing.openapi()


def test_one_handler_in_several_places_has_a_number_in_its_names() -> None:
    cards = Router(generate_unique_id_function=lambda route: f"{route.tags[0]}-{route.name}", tags=["cards"])

    @cards.api_route("/cards", methods=["POST", "GET"])
    def both() -> None: ...

    twice = Application()
    twice.include_router(cards, prefix="/v1")
    twice.include_router(cards, prefix="/v2")
    paths = twice.openapi()["paths"]
    assert [paths[path][method]["operationId"] for path in paths for method in paths[path]] == [
        "cards-both_get",
        "cards-both_post",
        "cards-both_get_2",
        "cards-both_post_2",
    ]


def test_a_path_parameter_without_a_type_has_what_its_converter_takes() -> None:
    converting = Application()
    converting.add_converter("code", Converter(str, pattern="[A-Z]{3}"))
    converting.add_converter("odd", Converter(str))

    @converting.get("/{number:int}/{code:code}/{odd:odd}")
    async def read(number, code, odd):  # type: ignore[no-untyped-def]
        ...

    described = converting.openapi()["paths"]["/{number}/{code}/{odd}"]["get"]["parameters"]
    assert [one["schema"] for one in described] == [
        {"type": "integer", "minimum": 0, "title": "Number"},
        {"type": "string", "pattern": "^(?:[A-Z]{3})$", "title": "Code"},
        {"title": "Odd"},
    ]


def test_of_two_parameters_of_one_name_the_one_that_must_be_sent_counts() -> None:
    def first(word: str = "") -> None: ...

    def second(word: int) -> None: ...

    twice = Application()
    twice.get("/", dependencies=[Depends(first), Depends(second)])(lambda: None)
    assert twice.openapi()["paths"]["/"]["get"]["parameters"] == [
        {"name": "word", "in": "query", "required": True, "schema": {"type": "integer", "title": "Word"}}
    ]


def test_every_status_has_a_phrase() -> None:
    statuses: Dict[Union[int, str], Any] = {
        HTTPStatus.ACCEPTED: {},
        302: {},
        "409": {},
        "5xx": {},
        "default": {},
        799: {},
        "odd": {},
    }
    phrased = Application()
    phrased.get("/", responses=statuses)(lambda: None)
    told = phrased.openapi()["paths"]["/"]["get"]["responses"]
    assert {status: response["description"] for status, response in told.items()} == {
        "200": "Successful Response",
        "202": "Accepted",
        "302": "Found",
        "409": "Conflict",
        "5XX": "Server Error",
        "799": "Error",
        "ODD": "Additional Response",
        "default": "Default Response",
    }


def test_what_is_hidden_is_in_no_document() -> None:
    hiding = Application()
    hiding.include_router(boards_of_nobody, include_in_schema=False)
    assert hiding.openapi()["paths"] == {}
    assert "components" not in hiding.openapi()


boards_of_nobody = Router()
boards_of_nobody.get("/", raises=[NotFoundException])(lambda: None)


def test_a_webhook_has_a_name() -> None:
    with pytest.raises(SetupError, match="a webhook has a name"):
        Application().webhooks.post("")(lambda: None)


def test_a_path_that_begins_with_an_expression_is_one_of_callbacks_only() -> None:
    wrong = Application()
    wrong.post("{$request.body.url}/paid")(lambda: None)
    with pytest.raises(SetupError, match="must begin with a slash"):
        wrong.build()


def test_callbacks_of_a_router_are_those_of_its_routes() -> None:
    told = Router()
    told.post("{$url}/a", name="told")(lambda: None)
    calling = Application(callbacks=told.routes)
    calling.get("/one")(lambda: None)
    calling.get("/two")(lambda: None)
    names = [
        item["get"]["callbacks"]["told"]["{$url}/a"]["post"]["operationId"]
        for item in calling.openapi()["paths"].values()
    ]
    assert names == ["told__url__a_post", "told__url__a_post_2"]
