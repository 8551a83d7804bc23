"""Versions of an API in its document."""

from datetime import date
from typing import Any, Dict

from microframe import Application, Deprecation, HeaderVersions, MediaTypeVersions, PathVersions


def document(versioning: Any) -> Dict[str, Any]:
    app = Application(versioning=versioning)

    @app.get("/cards", versions=["1"])
    async def old_cards() -> int:
        return 1

    @app.get("/cards", versions=["2"])
    async def cards() -> int:
        return 2

    @app.get("/plain")
    async def plain() -> None: ...

    return app.openapi()


GOING = {"1": Deprecation(date(2030, 1, 1))}


def test_versions_in_the_path_are_paths() -> None:
    paths = document(PathVersions(["1", "2"], GOING))["paths"]
    assert list(paths) == ["/v1/cards", "/v2/cards", "/plain"]
    assert paths["/v1/cards"]["get"]["deprecated"] is True
    assert "deprecated" not in paths["/v2/cards"]["get"]


def test_versions_in_a_header_are_a_parameter() -> None:
    paths = document(HeaderVersions(["1", "2"], GOING, default="2"))["paths"]
    assert list(paths) == ["/cards", "/cards#2", "/plain"]
    header = {
        "name": "API-Version",
        "in": "header",
        "required": True,
        "schema": {"type": "string", "enum": ["1"], "title": "Version"},
    }
    assert paths["/cards"]["get"]["parameters"] == [header]
    assert paths["/cards"]["get"]["deprecated"] is True
    assert paths["/cards#2"]["get"]["parameters"][0]["required"] is False
    assert list(paths["/cards"]["get"]["responses"]) == ["200", "400"]
    assert list(paths["/plain"]["get"]["responses"]) == ["200"]


def test_versions_in_the_media_type_are_media_types() -> None:
    paths = document(MediaTypeVersions(["1", "2"]))["paths"]
    responses = paths["/cards#2"]["get"]["responses"]
    assert list(responses["200"]["content"]) == ["application/vnd.api.v2+json"]
    assert list(responses) == ["200", "406"]
    assert list(responses["406"]["content"]) == ["application/problem+json"]
