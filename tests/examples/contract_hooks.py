"""Contract hooks: what schemathesis is told about requests that it cannot write; loaded by the run itself."""

from typing import Any, Dict

import schemathesis

MULTIPART = "multipart/form-data"
NAME = r"^[^\x00-\x1f\x7f-\x9f]+$"


@schemathesis.hook
def before_load_schema(context: Any, raw_schema: Dict[str, Any]) -> None:
    for item in raw_schema["paths"].values():
        for operation in item.values():
            name_fields(operation, raw_schema["components"]["schemas"])
            keep_version(operation)
            leave_keys_out(operation)


def name_fields(operation: Dict[str, Any], schemas: Dict[str, Any]) -> None:
    """Fields of a multipart form have names, without what no header may have in it (RFC 9110 §5.5, RFC 7578 §4.2).

    It writes control characters as they are, and a form like that is malformed before anybody reads a field.
    """
    content = operation.get("requestBody", {}).get("content", {})
    if MULTIPART in content:
        schemas[content[MULTIPART]["schema"]["$ref"].rpartition("/")[2]]["propertyNames"] = {"pattern": NAME}


def keep_version(operation: Dict[str, Any]) -> None:
    """Every request of the run names its version: without, the default one answers, and that is another document."""
    operation["parameters"] = [
        parameter
        for parameter in operation.get("parameters", ())
        if not (parameter["name"] == "API-Version" and parameter["required"])
    ]


def leave_keys_out(operation: Dict[str, Any]) -> None:
    """An `Idempotency-Key` belongs to one request; it would send the same one with many."""
    operation["parameters"] = [one for one in operation["parameters"] if one["name"] != "Idempotency-Key"]
