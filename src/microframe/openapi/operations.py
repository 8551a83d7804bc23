"""Operations: one method of one route, as the document describes it."""

import copy
import inspect
import re
from dataclasses import dataclass, replace
from typing import Any, Callable, Dict, Iterable, List, Optional, Sequence, Type

from microframe.injection.description import describe, raised_by
from microframe.injection.injector import Injector
from microframe.openapi.bodies import RequestBody
from microframe.openapi.dialect import Dialect
from microframe.openapi.errors import (
    ErrorShapes,
    Fault,
    faults_of,
    faults_of_options,
    faults_of_reading,
)
from microframe.openapi.parameters import Parameters, validates
from microframe.openapi.responses import Responses, merge
from microframe.openapi.schemas import Components
from microframe.openapi.security import Schemes
from microframe.openapi.values import titled
from microframe.openapi.versions import add_versions, refusals
from microframe.routing.idempotency import Idempotency
from microframe.routing.path import PathPattern
from microframe.routing.route import Route
from microframe.routing.versions import Versions

Operation = Dict[str, Any]


@dataclass(frozen=True)
class Surroundings:
    """What the operations of one document have in common."""

    injector: Injector
    components: Components
    schemes: Schemes
    errors: ErrorShapes
    dialect: Dialect
    strict: bool
    versioning: Optional[Versions]
    guards: Sequence[Any]
    """The application's guards and middleware, which stand before every route."""
    answered: Callable[[Type[BaseException], Route], bool]
    """Whether a handler of the program answers this kind of exception, nobody knows how."""


class RouteDraft:
    """Everything about a route, read now and built once every schema is known."""

    def __init__(self, route: Route, around: Surroundings) -> None:
        self.route = route
        self._around = around
        self._description = describe(route, around.injector)
        self._parameters = Parameters(route, self._description, around.components)
        self._body = RequestBody(self._description, around.components)
        self._responses = Responses(route, self._description.returns, around.components, around.dialect)
        self.callbacks = [
            RouteDraft(callback, around)
            for callback in map(foreign, route.inherited.callbacks)
            if callback.inherited.include_in_schema
        ]

    def build(self, operation_id: str, method: str) -> Operation:
        """The Operation Object (OpenAPI 3.1 §4.8.10)."""
        route, around = self.route, self._around
        operation = opening(route, operation_id)
        security = around.schemes.requirements(self._description.schemes)
        parameters = self._parameters.build()
        if security:
            operation["security"] = security
        if parameters:
            operation["parameters"] = parameters
        if self._body.is_there:
            operation["requestBody"] = self._body.build(f"Body_{operation_id}")
        operation["responses"] = self._responses.build(operation_id, self._faults(method), around.errors)
        add_conditions(operation, route, method)
        add_versions(operation, route, around.versioning)
        for record in route.inherited.metadata:
            extend = getattr(record, "openapi", None)
            if extend is not None:
                extend(operation)
        merge(operation, copy.deepcopy(dict(route.options.get("openapi_extra") or {})))
        return operation

    def _faults(self, method: str) -> List[Fault]:
        """Every error that this route may answer; what somebody else answers is theirs to say."""
        route, around = self.route, self._around
        if is_foreign(route):
            return []
        has_body = self._body.is_there
        checks = has_body or validates(self._description, around.strict)
        kinds = [
            *route.inherited.raises,
            *self._description.raises,
            *refusals(route, around.versioning),
            *raised_by_all([*around.guards, *route.inherited.guards, *route.inherited.middleware]),
        ]
        told = [kind for kind in kinds if not around.answered(kind, route)]
        return [
            *faults_of_reading(checks, has_body, has_body and not self._body.is_raw, self._body.has_form),
            *faults_of(told),
            *faults_of_options(route, method),
        ]


def raised_by_all(calls: Iterable[Any]) -> List[Type[BaseException]]:
    return [kind for call in calls for kind in raised_by(call)]


def opening(route: Route, operation_id: str) -> Operation:
    """What an operation is: its tags, its words, its name."""
    operation: Operation = {}
    if route.inherited.tags:
        operation["tags"] = [getattr(tag, "value", tag) for tag in route.inherited.tags]
    operation["summary"] = route.options.get("summary") or titled(route.name)
    description = route.options.get("description") or documented(route.handler)
    if description:
        operation["description"] = description
    operation["operationId"] = operation_id
    if route.inherited.deprecated:
        operation["deprecated"] = True
    return operation


def documented(handler: Callable[..., Any]) -> str:
    """The docstring of a handler, up to a form feed."""
    return inspect.cleandoc(handler.__doc__ or "").partition("\f")[0].strip()


# Names ---------------------------------------------------------------------------------------------------------------


def path_of(route: Route) -> str:
    """The path without converters; a callback's, which is no path of ours, as it is written."""
    if route.pattern is not None and not is_foreign(route):
        return route.pattern.template
    return re.sub(NAMED, r"{\1}", route.path)


NAMED = re.compile(r"\{(\w+)(?::\w+)?\}")


def foreign(route: Route) -> Route:
    """A callback or a webhook: answered by somebody else, at a path that is none of ours."""
    return replace(route, pattern=PathPattern(route.path, (), tuple(NAMED.findall(route.path))))


def is_foreign(route: Route) -> bool:
    return route.pattern is not None and not route.pattern.segments


def unique_id(route: Route) -> str:
    """FastAPI's name of an operation, without the method: `read_card_cards__card_id_`."""
    return re.sub(r"\W", "_", f"{route.name}{path_of(route)}")


def operation_id(route: Route, method: str) -> str:
    """The name of an operation: the one that is given, else the one that a function makes, else FastAPI's."""
    several = len(route.methods) > 1
    given: Optional[str] = route.options.get("operation_id")
    make = route.inherited.generate_unique_id_function
    if given is None and make is not None:
        given = make(route)
    if given is not None:
        return f"{given}_{method.lower()}" if several else given
    return f"{unique_id(route)}_{method.lower()}"


def add_conditions(operation: Operation, route: Route, method: str) -> None:
    """Name the headers by which a client asks for options of a route that the framework reads itself."""
    if method in ("GET", "HEAD", "OPTIONS", "TRACE", "QUERY"):
        return
    policy = route.inherited.policies.get("idempotency")
    if policy:
        required = isinstance(policy, Idempotency) and policy.required
        add_header(
            operation, "Idempotency-Key", {"type": "string", "minLength": 1, "maxLength": 255}, required
        )
    if route.options.get("require_precondition"):
        add_header(operation, "If-Match", {"type": "string"}, False)
        add_header(operation, "If-Unmodified-Since", {"type": "string"}, False)


def add_header(operation: Operation, name: str, schema: Dict[str, Any], required: bool) -> None:
    known = operation.setdefault("parameters", [])
    if any(one.get("in") == "header" and str(one.get("name")).lower() == name.lower() for one in known):
        return  # the handler reads it too, and says more of it
    known.append({"name": name, "in": "header", "required": required, "schema": {**schema, "title": name}})
