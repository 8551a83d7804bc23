"""Stances: what stands before each route of an application, asked of the very objects that serve it."""

from dataclasses import dataclass, replace
from typing import Any, Iterator, List, Optional, Sequence, Union

from microframe.assembly.program import Program
from microframe.checks.stance import NO_BODY, Checked, Stance, Subject
from microframe.exceptions import SetupError
from microframe.http.request import Request
from microframe.identity import Identity
from microframe.injection.description import Description, describe, raised_by
from microframe.injection.injector import Injector
from microframe.injection.signature import read_signature
from microframe.injection.sources import sent_name
from microframe.markers import Parameter
from microframe.openapi.bodies import RequestBody
from microframe.openapi.schemas import Components
from microframe.posture import NOTHING, Posture, posture_of
from microframe.routing.route import Inherited, Mount, Route, where_is
from microframe.security.scheme import SecurityScheme

Found = Union[Route, Mount]


@dataclass(frozen=True)
class Around:
    """What an application stands in: the path of its mount, and what is done there for all of it."""

    path: str = ""
    posture: Posture = NOTHING
    body: Optional[int] = None
    timeout: float = 0.0


def subjects_of(app: Checked) -> List[Subject]:
    """An application that is built, and those of ours that it mounts, at any depth."""
    return list(walk(app, None, app.config.workers))


def walk(app: Checked, mount: Optional[Stance], workers: int) -> Iterator[Subject]:
    program = program_of(app)
    around = Around() if mount is None else Around(mount.path, mount.posture, mount.body, mount.timeout)
    surveyor = Surveyor(app, program, around)
    mounts = [surveyor.mount(mount) for mount in program.table.mounts]
    routes = [surveyor.route(route) for route in program.table.routes]
    yield Subject(app, [*routes, *mounts], mount, workers)
    for stance in mounts:
        if stance.application and isinstance(stance.found, Mount):
            yield from walk(stance.found.app, stance, workers)


def program_of(app: Checked) -> Program:
    assert app._program is not None, "it is built"
    return app._program


class Surveyor:
    """Looks at the routes and mounts of one application."""

    def __init__(self, app: Checked, program: Program, around: Around) -> None:
        self._app, self._program, self._around = app, program, around
        self._here = around.posture.within(together(map(said_by_guard, program.guards)))

    def route(self, route: Route) -> Stance:
        description = describe(route, self._app.injector)
        inherited = route.inherited
        posture = self._posture(route).within(together([*said_by_graph(description), *marks_of(inherited)]))
        if route.is_socket:
            posture = posture._replace(csrf=self._origins())
        stance = self._stance(route, posture)
        return replace(
            stance,
            body=stance.body if self._has_body(route, description) else None,
            reaches=description.reaches,
            reads_cookies=any(marker.place == "cookie" for _, marker in description.parameters),
            asks_password=not route.is_socket and asks_password(description, self._app.injector),
        )

    def mount(self, mount: Mount) -> Stance:
        # What stands around a mount asks for values as what stands around a route does.
        like = Route(mount.path or "/", frozenset(["GET"]), enter, mount.name, {}, mount.inherited)
        description = describe(like, self._app.injector)
        said = together([*said_by_graph(description), *marks_of(mount.inherited)])
        stance = self._stance(mount, self._posture(mount).within(said))
        return replace(stance, reaches=description.reaches, application=hasattr(mount.app, "build_mounted"))

    def _stance(self, found: Found, posture: Posture) -> Stance:
        around, inherited, config = self._around, found.inherited, self._app.config
        is_socket = isinstance(found, Route) and found.is_socket
        own = config.websocket_max_message_size if is_socket else inherited.max_body_size
        usual = min(config.max_body_size, around.body) if around.body is not None else config.max_body_size
        times = [seconds for seconds in (inherited.policies.get("timeout"), around.timeout) if seconds]
        path = f"{inherited.host or ''}{around.path}{found.path}" or "/"
        again = inherited.policies.get("idempotency") if isinstance(found, Route) else None
        words = "" if not again else "required" if getattr(again, "required", False) else "optional"
        return Stance(found, path, posture, usual if own is None else own, min(times, default=0.0), words)

    def _posture(self, found: Found) -> Posture:
        """What the application and the routers do for a route or a mount, the outermost first."""
        layers = (said_by_layer(layer.middleware, found) for layer in self._program.layers)
        inherited = found.inherited
        guards = map(said_by_guard, inherited.guards)
        inner = (said_by_layer(middleware, found) for middleware in inherited.middleware)
        return self._here.within(together([*layers, *guards, *inner]))

    def _origins(self) -> str:
        allowed = self._app.config.websocket_allowed_origins
        return "any origin" if "*" in allowed else ", ".join(["own origin", *allowed])

    def _has_body(self, route: Route, description: Description) -> bool:
        return (
            bool(description.body)
            or description.reads_form
            or not route.methods <= NO_BODY
            or route.is_socket
        )


async def enter(request: Request) -> None:
    """Stands for what is mounted."""


# What each says ------------------------------------------------------------------------------------------------------


def together(said: Any) -> Posture:
    posture = NOTHING
    for one in said:
        posture = posture.within(one)
    return posture


def said_by_guard(guard: Any) -> Posture:
    """A guard that does not say what it does is listed by its name: it may refuse."""
    said = posture_of(guard)
    return Posture(auth=(f"guard {name_of(guard)}",)) if said is None else said


def said_by_layer(middleware: Any, found: Found) -> Posture:
    ask = getattr(middleware, "posture_of", None)
    said: Posture = ask(found) if ask is not None else posture_of(middleware) or NOTHING
    return said


def marks_of(inherited: Inherited) -> Iterator[Posture]:
    for record in inherited.metadata:
        yield posture_of(record) or NOTHING


def said_by_graph(description: Description) -> Iterator[Posture]:
    """What dependencies, providers, security schemes and provided types do."""
    for scheme, scopes in description.schemes:
        yield said_by_scheme(scheme, scopes)
    if Identity in description.reaches:
        yield Posture(auth=("identity",))
    for call in description.calls:
        yield said_by_call(call)
    for kind in description.reaches:
        if isinstance(kind, type) and kind not in description.calls:
            yield posture_of(kind) or NOTHING


def said_by_scheme(scheme: SecurityScheme, scopes: Sequence[str] = ()) -> Posture:
    words = f"{scheme.scheme_name}[{' '.join(scopes)}]" if scopes else scheme.scheme_name
    described = scheme.describe()
    cookies = (str(described["name"]),) if described.get("in") == "cookie" else ()
    return Posture(auth=(words if scheme.may_refuse else f"{words} (optional)",), cookies=cookies)


def said_by_call(call: Any) -> Posture:
    """What a dependency says of itself; one that declares a 401 asks who is calling."""
    said = posture_of(call)
    if said is not None or isinstance(call, SecurityScheme):
        return said or NOTHING
    if all(getattr(kind, "status", None) != 401 for kind in raised_by(call)):
        return NOTHING
    read = [asked for asked in read_signature(call).parameters if isinstance(asked.marker, Parameter)]
    cookies = [sent_name(asked, asked.marker) for asked in read if asked.marker.place == "cookie"]
    return Posture(auth=(name_of(call),), cookies=tuple(cookies))


def name_of(call: Any) -> str:
    return where_is(call).partition(" (")[0]


# Passwords -----------------------------------------------------------------------------------------------------------


PASSWORDS = frozenset(("password", "passwd", "passphrase"))
"""Fields that are passwords by their names, whatever type they have."""


def asks_password(description: Description, injector: Injector) -> bool:
    """Whether a field that is sent in the body is a password, as its schema says (`format: password`) or its name."""
    components = Components(injector.codecs, True)
    try:
        body = RequestBody(description, components)
        if not body.is_there:
            return False
        components.fill()
        return has_password([body.build("body"), components.build()])
    except SetupError:
        return False  # of a type that no document can describe nothing is known


def has_password(schema: Any) -> bool:
    if isinstance(schema, list):
        return any(map(has_password, schema))
    if not isinstance(schema, dict):
        return False
    if schema.get("format") == "password" or any(map(has_password, schema.values())):
        return True
    fields = schema.get("properties")
    return isinstance(fields, dict) and not PASSWORDS.isdisjoint(map(str.lower, fields))
