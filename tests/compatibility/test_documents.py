"""The API document of a program for FastAPI is the same under MicroFrame, but for what it says more."""

import warnings
from pathlib import Path
from typing import Any, Dict, Iterator, Tuple

import pytest

from microframe.http.form_limits import MalformedFormException
from tests.compatibility.asking import PROGRAMS, program
from tests.compatibility.translation import translate

Document = Dict[str, Any]

BETTER = {
    # Theirs calls the operations of two methods by one name, of which method depends on the process, and warns of it.
    "bigger": {
        f"/paths//both/{method}/{place}"
        for method in ("get", "post")
        for place in ("operationId", "responses/200/content/application~1json/schema/title")
    },
    # Ours has limits.
    "forms": {
        f"/components/schemas/Body_token_token_post/properties/{place}/maxLength"
        for place in ("username", "password", "scope", "client_id/anyOf/0", "client_secret/anyOf/0")
    },
    # Two schemes of one name that differ: theirs describes the last one alone.
    "security": {"/paths//optional/get/security/0", "/components/securitySchemes/OAuth2PasswordBearer_2"},
}
"""Where ours is meant to say something else."""


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_a_program_is_described_as_under_fastapi(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("fastapi", reason="FastAPI is not installed here: NOTHING WAS COMPARED")
    monkeypatch.chdir(tmp_path)
    text = path.read_text(encoding="utf-8")
    with program(text, path, f"fastapi_{path.stem}") as theirs, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        expected = theirs.app.openapi()
    with program(translate(text), path, f"microframe_{path.stem}") as ours:
        found = ours.app.openapi()
    forget_what_is_ours(found)
    forget_what_never_happens(expected, found)
    wrong = [
        f"{where}: {one!r} here {other!r}"
        for where, one, other in differences(expected, found)
        if where not in BETTER.get(path.stem, ())
    ]
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)


def operations(document: Document) -> Iterator[Tuple[str, str, Dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def forget_what_is_ours(document: Document) -> None:
    """The errors of bodies, which FastAPI does not describe, and the version of the specification."""
    document["openapi"] = "3.1.0"
    if document["info"]["title"] == "MicroFrame":
        document["info"]["title"] = "FastAPI"
    for _, _, operation in operations(document):
        for status in ("413", "415"):
            operation["responses"].pop(status, None)
        if is_malformed_form(operation["responses"].get("400", {})):
            del operation["responses"]["400"]
        refused = operation["responses"].get("401")
        if refused and "HTTPError" in str(refused):
            del operation["responses"]["401"]
    document.get("components", {}).get("schemas", {}).pop("HTTPError", None)


def is_malformed_form(response: Dict[str, Any]) -> bool:
    return response.get("description") == MalformedFormException.message


def forget_what_never_happens(expected: Document, found: Document) -> None:
    """The 422 of routes that validate nothing: text of which nothing is demanded is never refused."""
    for path, method, operation in operations(expected):
        if "422" not in found["paths"][path][method]["responses"]:
            operation["responses"].pop("422", None)
    schemas = expected.get("components", {}).get("schemas", {})
    if "HTTPValidationError" not in found.get("components", {}).get("schemas", {}):
        schemas.pop("HTTPValidationError", None)
        schemas.pop("ValidationError", None)
    for document in (expected, found):
        components = document.get("components", {})
        for name in [name for name, inside in components.items() if not inside]:
            del components[name]
        if not components:
            document.pop("components", None)


def differences(one: Any, other: Any, where: str = "") -> Iterator[Tuple[str, Any, Any]]:
    if isinstance(one, dict) and isinstance(other, dict) and not where.endswith("/security/0"):
        for key in {**one, **other}:
            named = f"{where}/{key.replace('/', '~1')}" if where.count("/") > 1 else f"{where}/{key}"
            yield from differences(one.get(key, "-"), other.get(key, "-"), named)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, (left, right) in enumerate(zip(one, other)):
            yield from differences(left, right, f"{where}/{number}")
    elif one != other:
        yield where, one, other
