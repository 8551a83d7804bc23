"""Undeclared: answers that a route may give and its document does not tell of, because nothing says it raises them."""

from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Sequence, Type

from microframe import Application, HTTPException
from microframe.cli.checks.functions import behind
from microframe.cli.checks.raised import Raised, raised_by, status_of_class
from microframe.injection.checks import is_framework
from microframe.injection.injector import Injector
from microframe.injection.providers import identity
from microframe.injection.signature import Asked, read_signature
from microframe.markers import Dependency
from microframe.plugin import Finding
from microframe.routing.route import Route

CODE = "undeclared-raise"

Raisers = Callable[[Any], Sequence[Raised]]


def find_undeclared_raises(app: Application) -> Iterator[Finding]:
    """Each `raise` of an answer that the document of some route does not have: one finding, however many routes."""
    known: Dict[object, Sequence[Raised]] = {}

    def read(call: Any) -> Sequence[Raised]:
        key = identity(call)
        if key not in known:
            known[key] = raised_by(call)
        return known[key]

    found: Dict[Raised, List[str]] = {}
    for documented in documented_routes(app):
        for raised in undeclared(documented, read):
            found.setdefault(raised, []).append(documented.name)
    for raised, routes in sorted(found.items(), key=lambda item: (item[0].file, item[0].line)):
        yield Finding(CODE, message_of(raised, routes), raised.file, raised.line)


def message_of(raised: Raised, routes: Sequence[str]) -> str:
    others = f" and {len(routes) - 1} more" if len(routes) > 1 else ""
    status = f" ({raised.status})" if raised.status else ""
    return f"{raised.kind.__name__}{status} is raised, but not declared by {routes[0]}{others}"


# Routes --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Documented:
    """A route that stands in an API document, and where it is found."""

    route: Route
    prefix: str
    injector: Injector
    around: Sequence[Any]
    """The guards and middleware of the application, plugins' included."""

    @property
    def name(self) -> str:
        return f"{','.join(sorted(self.route.methods))} {self.prefix}{self.route.path}"

    @property
    def calls(self) -> List[Any]:
        """What is called to answer it, and may raise: what stands around, the handler, dependencies and providers."""
        route = self.route
        called = [*self.around, *route.inherited.guards, *route.inherited.middleware]
        waiting = [(route.handler, route.controller)]
        waiting += [(marker.call, None) for marker in route.inherited.dependencies]
        seen = set()
        while waiting:
            call, controller = waiting.pop()
            if identity(call) in seen:
                continue
            seen.add(identity(call))
            called.append(call)
            parameters = read_signature(call, controller).parameters
            waiting += [(inner, None) for inner in map(self.called_for, parameters) if inner is not None]
        return called

    def called_for(self, asked: Asked) -> Optional[Any]:
        """What is called for the value of a parameter; None where it is read from the request."""
        if isinstance(asked.marker, Dependency):
            return asked.marker.call or asked.annotation
        if asked.name in self.route.names or is_framework(asked.annotation):
            return None
        provider = self.injector.provider_of(asked.annotation)
        return None if provider is None else provider.factory


def documented_routes(app: Application, prefix: str = "") -> Iterator[Documented]:
    """The routes of an application and of those it mounts, but those that are in no document."""
    program = app._program
    around = program.around if program is not None else ()
    for route in app.routes:
        if not route.is_socket and route.inherited.include_in_schema:
            yield Documented(route, prefix, app.injector, around)
    for mount in app.mounts:
        if isinstance(mount.app, Application):
            yield from documented_routes(mount.app, f"{prefix}{mount.path}")


# What they say -------------------------------------------------------------------------------------------------------


def undeclared(documented: Documented, read: Raisers) -> Iterator[Raised]:
    """What a route may raise, and does not say."""
    calls, inherited = documented.calls, documented.route.inherited
    declared = (*inherited.raises, *(kind for call in calls for kind in declared_by(call)))
    statuses = [status_of_class(kind) for kind in declared]
    for call in calls:
        for raised in read(call):
            if issubclass(raised.kind, declared) or is_response(raised.status, inherited.responses):
                continue
            # An exception without a class of its own is known by its status alone.
            if raised.kind is not HTTPException or raised.status not in statuses:
                yield raised


def declared_by(call: Any) -> Iterator[Type[BaseException]]:
    """What a callable says that it raises, itself or the method that it is called by."""
    yield from getattr(call, "__raises__", ())
    for target in behind(call):
        yield from getattr(target.function, "__raises__", ())


def is_response(status: Optional[int], responses: Mapping[Any, Any]) -> bool:
    """Whether `responses` has a status: by its number, as `4XX`, or as `default`."""
    keys = {str(key).upper() for key in responses}
    return "DEFAULT" in keys or bool(keys & {str(status), f"{status}"[:1] + "XX"})
