"""Errors: what an operation may answer instead of what was asked for, in the shape that the application gives it."""

import re
from dataclasses import dataclass
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Sequence, Type, Union

from microframe.exceptions import (
    GatewayTimeoutException,
    HTTPException,
    PayloadTooLargeException,
    PreconditionFailedException,
    PreconditionRequiredException,
    UnsupportedMediaTypeException,
    ValidationException,
    code_of_status,
    phrase_of,
)
from microframe.http.form_limits import MalformedFormException
from microframe.http.problems import has_no_content
from microframe.openapi.schemas import Components, Schema
from microframe.routing.route import Route

OF_OPTIONS: Mapping[str, Sequence[Union[int, Type[HTTPException]]]] = {
    "timeout": (GatewayTimeoutException,),
    "idempotency": (400, 409, 422),
    "etag": (304, PreconditionFailedException),
    "last_modified": (304, PreconditionFailedException),
    "require_precondition": (PreconditionRequiredException,),
    "limit": (429,),
}
"""What a route may answer because of an option: an error, or a status of which no more is known."""

READING = ("GET", "HEAD")
"""The methods that are answered with 304 to who has it already (RFC 9110 §13.2.2)."""


@dataclass(frozen=True)
class Fault:
    """One kind of error. Without a `code` only its status is known."""

    status: int
    code: str
    message: str


class ProblemType(str):
    """The `type` of a problem, which begins with wherever the application stands."""

    __slots__ = ()


def faults_of(kinds: Iterable[Type[BaseException]]) -> Iterator[Fault]:
    """What is answered to exceptions of these types."""
    for kind in kinds:
        if issubclass(kind, HTTPException):
            yield Fault(kind.status, kind.code, kind.message or phrase_of(kind.status))
            continue
        status = status_of_kind(kind)
        code = getattr(kind, "code", None)
        told = status < 500
        yield Fault(
            status,
            code if told and isinstance(code, str) else code_of_status(status),
            first_line(kind) if told else phrase_of(status),
        )


def status_of_kind(kind: Type[BaseException]) -> int:
    """The `http_status` of another package's exceptions; 500 where they have none."""
    status = getattr(kind, "http_status", None)
    return status if isinstance(status, int) and 400 <= status <= 599 else 500


def first_line(kind: Type[BaseException]) -> str:
    own = vars(kind).get("__doc__") or ""
    return own.strip().partition("\n")[0].strip() or phrase_of(status_of_kind(kind))


def faults_of_options(route: Route, method: str) -> Iterator[Fault]:
    """What the options of a route, its own or its routers', make it answer to one method."""
    for option, answers in OF_OPTIONS.items():
        if not (route.inherited.policies.get(option) or route.options.get(option)):
            continue
        for answer in answers:
            if not isinstance(answer, int):
                yield from faults_of([answer])
            elif answer != 304:
                yield Fault(answer, "", phrase_of(answer))
            elif method in READING:
                yield Fault(answer, "", "Not Modified")


def faults_of_reading(validates: bool, has_body: bool, is_typed: bool, has_form: bool) -> Iterator[Fault]:
    """What may be wrong with what a route reads; `is_typed` where its body must say what it is."""
    kinds: List[Type[HTTPException]] = [ValidationException] if validates else []
    kinds += [PayloadTooLargeException] if has_body else []
    kinds += [UnsupportedMediaTypeException] if is_typed else []
    kinds += [MalformedFormException] if has_form else []
    return faults_of(kinds)


class ErrorShapes:
    """How one application writes its errors: as problems (RFC 9457), or as FastAPI's `detail`."""

    def __init__(self, base: str, error_format: str, components: Components) -> None:
        self._base = base
        self._is_detail = error_format == "detail"
        self._components = components

    def build(self, faults: Iterable[Fault]) -> Dict[str, Dict[str, Any]]:
        """The Response Objects of these errors, by status; several of one status are one."""
        by_status: Dict[int, List[Fault]] = {}
        for fault in faults:
            found = by_status.setdefault(fault.status, [])
            if fault not in found:
                found.append(fault)
        return {str(status): self._response(by_status[status]) for status in sorted(by_status)}

    def _response(self, faults: Sequence[Fault]) -> Dict[str, Any]:
        # An error that is known better than by its status says all that there is to say.
        known = sorted((fault for fault in faults if fault.code), key=lambda fault: fault.code)
        messages = list(dict.fromkeys(map(self._message, known or faults)))
        response: Dict[str, Any] = {"description": "\n\n".join(messages)}
        if has_no_content(faults[0].status):
            return response
        media = "application/json" if self._is_detail else "application/problem+json"
        is_open = any(not fault.code for fault in faults)
        codes = [fault.code for fault in known]
        schema = self._detail(codes, is_open) if self._is_detail else self._problem(codes, is_open)
        return {**response, "content": {media: {"schema": schema}}}

    def _message(self, fault: Fault) -> str:
        # In its own shape a validation error has FastAPI's words too.
        is_theirs = self._is_detail and fault.code == ValidationException.code
        return "Validation Error" if is_theirs else fault.message

    # Problems --------------------------------------------------------------------------------------------------------

    def _problem(self, codes: Sequence[str], is_open: bool) -> Schema:
        others = [code for code in codes if code != ValidationException.code]
        schemas = [self._validation_problem()] if len(others) < len(codes) else []
        if is_open:
            schemas.append(self._any_problem())
        elif others:
            schemas.append(self._one_of(others))
        return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}

    def _one_of(self, codes: Sequence[str]) -> Schema:
        """A problem with one of these codes; the problem of one code has a name of its own."""
        own = {"type": only([self._type_of(code) for code in codes]), "code": only(codes)}
        schema: Schema = {"allOf": [self._any_problem(), {"properties": own}]}
        return self._components.add(schema_name(codes[0]), schema) if len(codes) == 1 else schema

    def _type_of(self, code: str) -> str:
        return ProblemType(self._base + code) if self._base.startswith("/") else self._base + code

    def _any_problem(self) -> Schema:
        return self._components.add("Problem", problem_schema())

    def _validation_problem(self) -> Schema:
        fault = self._components.add("ProblemFault", FAULT)
        code = ValidationException.code
        own = {
            "type": only([self._type_of(code)]),
            "status": {"const": ValidationException.status, "title": "Status"},
            "code": only([code]),
            "errors": {"type": "array", "items": fault, "title": "Errors"},
        }
        schema = problem_schema("ValidationProblem", "What is wrong with a request, fault by fault.", own)
        return self._components.add("ValidationProblem", schema)

    # FastAPI's shape -------------------------------------------------------------------------------------------------

    def _detail(self, codes: Sequence[str], is_open: bool) -> Schema:
        schemas = []
        if ValidationException.code in codes:
            fault = self._components.add("ValidationError", VALIDATION_ERROR)
            errors = {"type": "array", "items": fault, "title": "Detail"}
            schema = {
                "type": "object",
                "properties": {"detail": errors},
                "title": "HTTPValidationError",
            }
            schemas.append(self._components.add("HTTPValidationError", schema))
        if is_open or set(codes) - {ValidationException.code}:
            schemas.append(self._components.add("HTTPError", HTTP_ERROR))
        return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}


def schema_name(code: str) -> str:
    """`board_not_found` -> `BoardNotFoundProblem`."""
    return "".join(word.title() for word in re.split(r"[^A-Za-z0-9]+", code)) + "Problem"


def only(values: Sequence[str]) -> Schema:
    return {"const": values[0]} if len(values) == 1 else {"enum": list(values)}


def problem_schema(
    title: str = "Problem",
    description: str = "What went wrong (RFC 9457).",
    own: Mapping[str, Schema] = {},
) -> Schema:
    properties: Dict[str, Schema] = {
        "type": {"type": "string", "format": "uri-reference", "title": "Type"},
        "title": {"type": "string", "title": "Title"},
        "status": {"type": "integer", "title": "Status"},
        "detail": {"type": "string", "title": "Detail"},
        "instance": {"type": "string", "format": "uri-reference", "title": "Instance"},
        "code": {"type": "string", "title": "Code"},
        "request_id": {"type": "string", "title": "Request Id"},
        **own,
    }
    return {
        "type": "object",
        "title": title,
        "description": description,
        "properties": properties,
        "required": list(properties),
    }


LOCATION: Schema = {
    "type": "array",
    "items": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
    "title": "Location",
}
FAULT: Schema = {
    "type": "object",
    "title": "ProblemFault",
    "properties": {
        "loc": LOCATION,
        "msg": {"type": "string", "title": "Message"},
        "type": {"type": "string", "title": "Error Type"},
        "ctx": {"type": "object", "title": "Context"},
    },
    "required": ["loc", "msg", "type"],
}
VALIDATION_ERROR: Schema = {
    "type": "object",
    "title": "ValidationError",
    "properties": {
        "loc": LOCATION,
        "msg": {"type": "string", "title": "Message"},
        "type": {"type": "string", "title": "Error Type"},
        "input": {"title": "Input"},
        "ctx": {"type": "object", "title": "Context"},
    },
    "required": ["loc", "msg", "type"],
}
HTTP_ERROR: Schema = {
    "type": "object",
    "title": "HTTPError",
    "properties": {"detail": {"title": "Detail"}},
    "required": ["detail"],
}
