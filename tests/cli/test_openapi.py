"""`microframe openapi`: the API document as text and as files, and whether a file still says the same."""

import json
from pathlib import Path
from typing import Any

import pytest

from microframe.cli.differences import differences
from tests.cli.programs import call, only_line

SHOP = """
from microframe import Application

app = Application(title="Shöp", version="7")

@app.get("/cards/{card_id}")
async def read_card(card_id: int) -> str:
    '''One card.'''
"""


@pytest.fixture
def shop(folder: Path) -> Path:
    (folder / "app.py").write_text(SHOP, encoding="utf-8")
    return folder


def test_the_document_is_printed(shop: Path) -> None:
    result = call("openapi")
    assert (result.exit_code, result.stderr) == (0, "")
    document = json.loads(result.stdout)
    assert document["info"] == {"title": "Shöp", "version": "7"}
    assert list(document["paths"]) == ["/cards/{card_id}"]
    assert '\n  "info": {\n    "title": "Shöp"' in result.stdout


def test_it_is_printed_although_it_is_not_served(shop: Path) -> None:
    (shop / "app.py").write_text(SHOP.replace('version="7"', 'version="7", openapi_url=None'))
    assert json.loads(call("openapi").stdout)["info"]["version"] == "7"


@pytest.mark.parametrize(("indent", "lines"), [("0", 1), ("4", 5)])
def test_the_indentation_can_be_chosen(shop: Path, indent: str, lines: int) -> None:
    result = call("openapi", "--indent", indent)
    assert len(result.stdout.splitlines()) >= lines
    assert (len(result.stdout.splitlines()) == 1) is (indent == "0")
    assert json.loads(result.stdout)


def test_it_is_written_to_a_file(shop: Path) -> None:
    result = call("openapi", "-o", "openapi.json")
    assert (result.exit_code, result.stdout) == (0, "")
    assert (shop / "openapi.json").read_text(encoding="utf-8") == call("openapi").stdout


def test_a_file_called_yaml_is_yaml(shop: Path) -> None:
    assert call("openapi", "-o", "openapi.yaml").exit_code == 0
    text = (shop / "openapi.yaml").read_text(encoding="utf-8")
    assert text == call("openapi", "--yaml").stdout
    assert "info:\n  title: Shöp\n  version: '7'\n" in text
    assert call("openapi", "--check", "openapi.yaml").exit_code == 0


def test_a_file_that_cannot_be_written_is_told(shop: Path) -> None:
    result = call("openapi", "-o", "nowhere/openapi.json")
    assert result.exit_code == 1
    assert (
        only_line(result) == "microframe: nowhere/openapi.json cannot be written: No such file or directory"
    )


# Comparing -----------------------------------------------------------------------------------------------------------


def test_a_file_that_says_the_same_is_fine_however_it_is_written(shop: Path) -> None:
    document = json.loads(call("openapi").stdout)
    (shop / "kept.json").write_text(json.dumps(document, sort_keys=True))
    result = call("openapi", "--check", "kept.json")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")


def test_the_places_that_differ_are_named(shop: Path) -> None:
    document = json.loads(call("openapi").stdout)
    document["info"]["version"] = "6"
    document["info"]["summary"] = "Old"
    document["paths"]["/boards"] = {}
    del document["paths"]["/cards/{card_id}"]
    (shop / "kept.json").write_text(json.dumps(document))
    result = call("openapi", "--check", "kept.json")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        'info > version: "6" is now "7"',
        "info > summary: gone",
        "paths > /boards: gone",
        "paths > /cards/{card_id}: new",
    ]
    assert only_line(result) == "microframe: the API document is not the one in kept.json"


def test_of_many_differences_the_first_are_named(shop: Path) -> None:
    (shop / "kept.json").write_text(json.dumps({str(number): 0 for number in range(20)}))
    lines = call("openapi", "--check", "kept.json").stdout.splitlines()
    assert lines[:10] == [f"{number}: gone" for number in range(10)]
    assert lines[10].startswith("and 1")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("kept.json", "{", "kept.json is not JSON: Expecting property name"),
        ("kept.json", "[" * 100_000, "kept.json is not JSON: "),
        ("kept.yml", "a: [", "kept.yml is not YAML: while parsing"),
    ],
    ids=["json", "deep", "yaml"],
)
def test_a_file_that_is_no_document_is_told(shop: Path, name: str, text: str, said: str) -> None:
    (shop / name).write_text(text)
    result = call("openapi", "--check", name)
    assert result.exit_code == 1
    assert only_line(result).startswith(f"microframe: {said}")


def test_writing_and_comparing_at_once_is_refused(shop: Path) -> None:
    (shop / "kept.json").write_text("{}")
    result = call("openapi", "-o", "kept.json", "--check", "kept.json")
    assert result.exit_code == 2
    assert (shop / "kept.json").read_text() == "{}"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ({}, [], ["the whole document: {} is now []"]),
        ({"a": 1}, {"a": True}, ["a: 1 is now true"]),
        ({"a": [1, 2]}, {"a": [1, 3, 4]}, ["a > 1: 2 is now 3", "a > 2: new"]),
        ([1, 2], [1], ["1: gone"]),
        ({"a": "x" * 100}, {"a": None}, ['a: "' + "x" * 58 + "… is now null"]),
        ({"a": {"b": [{}]}}, {"a": {"b": [{}]}}, []),
    ],
    ids=["kinds", "true is not 1", "longer", "shorter", "long text", "same"],
)
def test_differences_are_named_by_their_path(before: Any, after: Any, said: "list[str]") -> None:
    assert [str(one) for one in differences(before, after)] == said


# What cannot be described --------------------------------------------------------------------------------------------


def test_a_document_that_cannot_be_made_is_told(folder: Path) -> None:
    (folder / "app.py").write_text(
        SHOP + "\ndef broken():\n    raise RuntimeError('no')\napp.openapi = broken\n"
    )
    result = call("openapi")
    assert result.exit_code == 1
    assert only_line(result) == (
        "microframe: the API document of app:app cannot be made: RuntimeError: no (app.py:11)"
    )


def test_an_application_that_is_not_ours_has_no_document(folder: Path) -> None:
    (folder / "other.py").write_text("async def app(scope, receive, send): ...\n")
    result = call("openapi", "other:app")
    assert result.exit_code == 2
    assert (
        only_line(result) == "microframe: other:app is no Application of MicroFrame: it has no API document"
    )


def test_the_document_of_one_version_can_be_asked_for(folder: Path) -> None:
    (folder / "app.py").write_text(
        """
from microframe import Application, HeaderVersions

app = Application(versioning=HeaderVersions(["1", "2"]))

@app.get("/old", versions=["1"])
async def old() -> str: ...

@app.get("/new", versions=["2"])
async def new() -> str: ...
"""
    )
    assert list(json.loads(call("openapi", "--api-version", "2").stdout)["paths"]) == ["/new"]
    refused = call("openapi", "--api-version", "3")
    assert (refused.exit_code, refused.stdout) != (0, "")
    assert "no version '3'" in only_line(refused)
