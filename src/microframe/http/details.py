"""Details: errors as FastAPI writes them, for applications whose `error_format` is `detail`."""

from typing import Any, Dict, Final, List, Mapping, Tuple

from microframe.exceptions import (
    HTTPException,
    MethodNotAllowedException,
    NotFoundException,
    ValidationException,
    fill,
)

UNSAID: Final = (NotFoundException, MethodNotAllowedException)
"""What has no words of its own in FastAPI, which says the reason phrase."""

UNREADABLE: Final = "There was an error parsing the body"

RENAMED: Final[Mapping[str, str]] = {
    "dict_type": "Input should be a valid dictionary",
    "list_type": "Input should be a valid list",
    "tuple_type": "Input should be a valid tuple",
    "set_type": "Input should be a valid set",
    "frozen_set_type": "Input should be a valid frozenset",
    "deque_type": "Input should be a valid deque",
    "dataclass_type": "Input should be a dictionary or an instance of {class_name}",
}
"""Faults that a JSON text has under another name: FastAPI makes Python's values of it first."""

NO_OBJECT: Final = {
    "type": "model_attributes_type",
    "msg": "Input should be a valid dictionary or object to extract fields from",
}


def as_detail(exc: HTTPException) -> Tuple[int, Dict[str, Any]]:
    """The status and body by which FastAPI answers an error."""
    if isinstance(exc, ValidationException):
        errors = exc.errors()
        if any(is_unreadable(error) for error in errors):
            return 400, {"detail": UNREADABLE}
        return exc.status_code, {"detail": [as_fault(error) for error in errors]}
    is_unsaid = type(exc) in UNSAID or exc.code == "internal_server_error"
    detail = exc.title if is_unsaid and exc.given_detail is None else exc.detail
    return exc.status_code, {"detail": detail}


def is_unreadable(error: Mapping[str, Any]) -> bool:
    """Whether a text is no JSON for another reason than its syntax: its encoding, a number, its depth."""
    if error["type"] != "json_invalid" or error["msg"] != "JSON decode error":
        return False
    return len(error["loc"]) == 1 or error["ctx"]["error"] == "Invalid UTF-8"


def as_fault(error: Mapping[str, Any]) -> Dict[str, Any]:
    """One fault in FastAPI's words."""
    loc: List[Any] = list(error["loc"])
    told = {**error, "loc": loc}
    kind = error["type"]
    if kind in ("value_error", "assertion_error"):
        # It has nothing to say of the exception that a validator raised.
        told["ctx"] = {"error": {}}
    elif kind in RENAMED:
        told["msg"] = fill(RENAMED[kind], error.get("ctx", {}))
    elif kind == "model_type" and loc[0] == "body":
        del told["ctx"]
        told.update(NO_OBJECT)
    return told
