"""Document: everything an application answers, in the words of the OpenAPI Specification."""

import copy
import re
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional, Sequence, Type

from microframe.configurations.config import AppConfig
from microframe.exceptions import SetupError
from microframe.injection.injector import Injector
from microframe.openapi.dialect import Dialect
from microframe.openapi.errors import ErrorShapes, ProblemType
from microframe.openapi.operations import (
    Operation,
    RouteDraft,
    Surroundings,
    foreign,
    operation_id,
    path_of,
)
from microframe.openapi.schemas import Components
from microframe.openapi.security import Schemes
from microframe.routing.path import HostPattern
from microframe.routing.route import Route
from microframe.routing.versions import Versions

Document = Dict[str, Any]
PathItem = Dict[str, Any]


@dataclass(frozen=True)
class Subject:
    """What a document is about."""

    config: AppConfig
    injector: Injector
    routes: Sequence[Route]
    webhooks: Sequence[Route] = ()
    around: Sequence[Any] = ()
    """The guards and middleware that stand before every route."""
    handlers: Mapping[Any, Callable[..., Any]] = field(default_factory=dict)
    """The application's exception handlers."""
    versioning: Optional[Versions] = None


def build_document(subject: Subject) -> Document:
    """Describe every visible route as one OpenAPI document, the same one every time.

    Types are named once under `components` and referred to everywhere else. Sockets and mounted applications are not
    in it: OpenAPI has no words for the former, and the latter have documents of their own.

    Raises:
        SetupError: there is no JSON Schema of a type, or two operations have one name.
    """
    return Writer(subject).write()


class Writer:
    """One document while it is written."""

    def __init__(self, subject: Subject) -> None:
        config = subject.config
        self.subject = subject
        self.dialect = Dialect(config.openapi_version)
        self.components = Components(subject.injector.codecs, config.separate_input_output_schemas)
        self.schemes = Schemes()
        self.around = Surroundings(
            subject.injector,
            self.components,
            self.schemes,
            ErrorShapes(config.problem_base, config.error_format, self.components),
            self.dialect,
            config.strict,
            subject.versioning,
            subject.around,
            self.is_answered,
        )
        self.names = Names()

    def write(self) -> Document:
        paths = self.drafts(self.subject.routes)
        webhooks = self.drafts(map(foreign, self.subject.webhooks))
        self.components.fill()
        document = head(self.subject.config)
        document["paths"] = self.build_paths(paths)
        if webhooks:
            document["webhooks"] = self.build_webhooks(webhooks)
        components = {"schemas": self.components.build(), "securitySchemes": self.schemes.build()}
        if any(components.values()):
            document["components"] = {name: found for name, found in components.items() if found}
        return {**document, **tail(self.subject.config)}

    def drafts(self, routes: Iterable[Route]) -> List[RouteDraft]:
        return [
            RouteDraft(route, self.around)
            for route in routes
            if not route.is_socket and route.inherited.include_in_schema
        ]

    def is_answered(self, kind: Type[BaseException], route: Route) -> bool:
        """Whether the program has a handler for this very type, or for one of its parents but the last ones."""
        known = {*self.subject.handlers}
        for handlers in route.inherited.exception_handlers:
            known.update(handlers)
        general = (Exception, BaseException, object)
        return any(parent in known for parent in kind.__mro__ if parent not in general)

    def build_paths(self, drafts: Sequence[RouteDraft]) -> Dict[str, PathItem]:
        paths: Dict[str, PathItem] = {}
        for draft in drafts:
            for method in self.methods_of(draft.route):
                key = free_key(paths, draft.route, method)
                self.put(paths.setdefault(key, {}), method, self.build_operation(draft, method))
        return paths

    def build_webhooks(self, drafts: Sequence[RouteDraft]) -> Dict[str, PathItem]:
        webhooks: Dict[str, PathItem] = {}
        for draft in drafts:
            for method in self.methods_of(draft.route):
                item = webhooks.setdefault(path_of(draft.route), {})
                self.put(item, method, self.build_operation(draft, method))
        return webhooks

    def build_operation(self, draft: RouteDraft, method: str) -> Operation:
        operation = draft.build(self.names.take(draft.route, method), method)
        host = draft.route.inherited.host_pattern
        if host is not None:
            operation.setdefault("servers", [server_of(host)])
        if draft.callbacks:
            operation["callbacks"] = self.build_callbacks(draft.callbacks)
        return operation

    def build_callbacks(self, drafts: Sequence[RouteDraft]) -> Dict[str, Dict[str, PathItem]]:
        callbacks: Dict[str, Dict[str, PathItem]] = {}
        for draft in drafts:
            for method in self.methods_of(draft.route):
                item = callbacks.setdefault(draft.route.name, {}).setdefault(path_of(draft.route), {})
                self.put(item, method, self.build_operation(draft, method))
        return callbacks

    def methods_of(self, route: Route) -> List[str]:
        """The methods that this version has words for."""
        every = self.dialect.has_other_methods
        return [method for method in sorted(route.methods) if every or method in self.dialect.methods]

    def put(self, item: PathItem, method: str, operation: Operation) -> None:
        if method in self.dialect.methods:
            item[method.lower()] = operation
        else:
            item.setdefault("additionalOperations", {})[method] = operation


class Names:
    """The names of a document's operations, each there once."""

    def __init__(self) -> None:
        self._taken: Dict[str, Route] = {}

    def take(self, route: Route, method: str) -> str:
        """The name of an operation. One handler in several places has a number from the second on.

        Raises:
            SetupError: two handlers were given one name.
        """
        name = wanted = operation_id(route, method)
        known = self._taken.get(name)
        if known is not None and known.handler is not route.handler and is_named(route):
            raise SetupError(f"two operations are called {name!r}: {known.where} and {route.where}")
        number = 1
        while name in self._taken:
            number += 1
            name = f"{wanted}_{number}"
        self._taken[name] = route
        return name


def is_named(route: Route) -> bool:
    """Whether the program says what an operation is called."""
    return bool(route.options.get("operation_id") or route.inherited.generate_unique_id_function)


def free_key(paths: Mapping[str, PathItem], route: Route, method: str) -> str:
    """The path that an operation stands under.

    Where another host, or another version, has the same one, it is told apart behind a `#`: that part of a URL is sent
    to nobody, so it leads to the same path.
    """
    key = path = path_of(route)
    host = route.inherited.host_pattern
    mark = re.sub(r"[{}]", "", host.text if host is not None else "-".join(route.inherited.versions or ()))
    number = 1
    while is_taken(paths.get(key, {}), method):
        key = f"{path}#{mark}" if mark and number == 1 else f"{path}#{mark}{number}"
        number += 1
    return key


def is_taken(item: PathItem, method: str) -> bool:
    return method.lower() in item or method in item.get("additionalOperations", {})


def server_of(host: HostPattern) -> Dict[str, Any]:
    """The Server Object of a host (OpenAPI 3.1 §4.8.5); its parameters are variables, as they stand."""
    server: Dict[str, Any] = {"url": "//" + ".".join(segment.template for segment in host.segments)}
    if host.names:
        server["variables"] = {name: {"default": name} for name in host.names}
    return server


def head(config: AppConfig) -> Document:
    """What is said of the whole API, before its paths."""
    info = {
        "title": config.title,
        "summary": config.summary,
        "description": config.description,
        "termsOfService": config.terms_of_service,
        "contact": config.contact,
        "license": config.license_info,
        "version": config.version,
    }
    document: Document = {
        "openapi": config.openapi_version,
        "info": {name: copy.deepcopy(said) for name, said in info.items() if said},
    }
    if config.servers:
        document["servers"] = copy.deepcopy([*config.servers])
    return document


def tail(config: AppConfig) -> Document:
    """What is said of the whole API, after its paths."""
    found = {"tags": [*config.openapi_tags], "externalDocs": config.openapi_external_docs}
    return {name: copy.deepcopy(said) for name, said in found.items() if said}


def at(document: Document, root_path: str) -> Document:
    """The document of an application that stands somewhere else than it knew: below a mount, behind a proxy."""

    def moved(value: Any) -> Any:
        if isinstance(value, ProblemType):
            return root_path + value
        if isinstance(value, dict):
            return {key: moved(item) for key, item in value.items()}
        return [moved(item) for item in value] if isinstance(value, list) else value

    return {key: moved(value) for key, value in document.items()}
