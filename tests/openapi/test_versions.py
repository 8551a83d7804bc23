"""Versions of an API in its document."""

from datetime import date
from typing import Any, Dict

import pytest

from microframe import (
    Application,
    Deprecation,
    HeaderVersions,
    MediaTypeVersions,
    PathVersions,
    SetupError,
)
from microframe.testing import TestClient


def build(versioning: Any) -> Application:
    app = Application(versioning=versioning)

    @app.get("/cards", versions=["1"])
    async def old_cards() -> int:
        return 1

    @app.get("/cards", versions=["2"])
    async def cards() -> int:
        return 2

    @app.get("/plain")
    async def plain() -> None: ...

    @app.get("/both", versions=["1", "2"])
    async def both() -> None: ...

    return app


def document(versioning: Any) -> Dict[str, Any]:
    return build(versioning).openapi()


GOING = {"1": Deprecation(date(2030, 1, 1))}


def test_versions_in_the_path_are_paths() -> None:
    paths = document(PathVersions(["1", "2"], GOING))["paths"]
    assert list(paths) == ["/v1/cards", "/v2/cards", "/plain", "/v2/both", "/v1/both"]
    assert paths["/v1/cards"]["get"]["deprecated"] is True
    assert "deprecated" not in paths["/v2/cards"]["get"]


def test_versions_in_a_header_are_a_parameter() -> None:
    paths = document(HeaderVersions(["1", "2"], GOING, default="2"))["paths"]
    assert list(paths) == ["/cards", "/cards#2", "/plain", "/both"]
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


# One version alone ---------------------------------------------------------------------------------------------------


def test_each_version_has_a_document_of_its_own() -> None:
    app = build(HeaderVersions(["1", "2"], GOING, default="2"))
    old, new = app.openapi_of("1")["paths"], app.openapi_of("2")["paths"]
    assert list(old) == list(new) == ["/cards", "/plain", "/both"]
    assert old["/cards"]["get"]["operationId"] == "old_cards_cards_get"
    assert new["/cards"]["get"]["operationId"] == "cards_cards_get"
    for paths, version, required in ((old, "1", True), (new, "2", False)):
        header = paths["/both"]["get"]["parameters"][0]
        assert (header["schema"]["enum"], header["required"]) == ([version], required)
    assert old["/both"]["get"]["deprecated"] is True
    assert "deprecated" not in new["/both"]["get"]
    assert "parameters" not in old["/plain"]["get"]


def test_a_version_in_the_path_has_its_paths_alone() -> None:
    app = build(PathVersions(["1", "2"]))
    assert list(app.openapi_of("2")["paths"]) == ["/v2/cards", "/plain", "/v2/both"]


def test_the_document_of_a_version_is_served() -> None:
    app = build(MediaTypeVersions(["1", "2"], default="2"))
    client = TestClient(app)
    answers = {version: client.get(f"/openapi.json?version={version}") for version in ("1", "2")}
    for version, answer in answers.items():
        assert answer.json() == app.openapi_of(version)
        asked_again = {"If-None-Match": answer.headers["etag"]}
        again = client.get(f"/openapi.json?version={version}", headers=asked_again)
        assert again.status_code == 304
    assert client.get("/openapi.json").json() == app.openapi()
    assert len({answer.headers["etag"] for answer in answers.values()}) == 2


@pytest.mark.parametrize("versioning", [None, PathVersions(["1"])], ids=["none", "another"])
def test_a_version_that_there_is_not_has_no_document(versioning: Any) -> None:
    app = Application(versioning=versioning)
    response = TestClient(app).get("/openapi.json?version=9")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")
    with pytest.raises(SetupError, match="openapi_of"):
        app.openapi_of("9")
