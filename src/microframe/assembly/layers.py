"""Layers: the application's middleware, put in order."""

from typing import Any, Callable, List, Mapping, NamedTuple, Sequence, Set, Tuple, Union

from microframe.asgi.messages import ASGIApp
from microframe.endpoint import Endpoint, Guard, Middleware
from microframe.exceptions import SetupError
from microframe.http.background import is_async_callable
from microframe.http.request import Request
from microframe.http.responses import Response
from microframe.injection.handler import is_asgi_middleware
from microframe.injection.signature import count_arguments
from microframe.routing.place import place_of_call
from microframe.routing.route import Inherited, Mount, Route, where_is

SLOTS = ("errors", "trace", "headers", "cors", "compress", "session", "csrf", "limit", "cache", "app")


class Layer(NamedTuple):
    """One middleware of the application, and where it wants to stand."""

    name: str
    middleware: Any
    slot: str = "app"
    before: str = ""
    after: str = ""


class Made(NamedTuple):
    """Something that was added as middleware, and the file and line where that is written."""

    middleware: Any
    place: Tuple[str, int]


class Place(NamedTuple):
    """Where a middleware wants to stand; without a slot in its own, or in `app`."""

    slot: str = ""
    before: str = ""
    after: str = ""


class Stack:
    """The middleware that somebody has registered: layers within the application, and ASGI middleware around it."""

    def __init__(self) -> None:
        self.layers: List[Layer] = []
        self.made: List[Made] = []
        self.around: List[Callable[[ASGIApp], ASGIApp]] = []

    def add(self, middleware: Any, arguments: Sequence[Any], options: Mapping[str, Any], place: Place) -> Any:
        """Add a middleware, made with its options where it has any, and give what was made.

        Raises:
            SetupError: it cannot be called with an endpoint, and with nothing else.
        """
        name = name_of(middleware)
        if is_asgi_middleware(middleware):
            if place != Place():
                raise SetupError(f"{name} is ASGI middleware: it stands outside all others, and in no slot")
            self.around.append(lambda app: middleware(app, *arguments, **options))
            return None
        bare = not isinstance(middleware, type) and not arguments and not options
        try:
            made = middleware if bare else middleware(*arguments, **options)
        except TypeError as exc:
            raise SetupError(f"the middleware {where_is(middleware)} cannot be made: {exc}") from exc
        self.made.append(Made(made, place_of_call()))
        if hasattr(made, "setup") and not callable(made) and not hasattr(made, "for_route"):
            return made  # it surrounds nothing itself
        if not hasattr(made, "for_route"):
            check_layer(made, name)
        slot = place.slot or getattr(made, "slot", "app")
        self.layers.append(Layer(name, made, slot, place.before, place.after))
        return made


def around_next(function: Callable[..., Any]) -> Middleware:
    """A function of `(request, call_next)` as middleware."""

    def around(endpoint: Endpoint) -> Endpoint:
        async def surrounded(request: Request) -> Response:
            response: Response = await function(request, endpoint)
            return response

        return surrounded

    around.__name__ = getattr(function, "__name__", "middleware")
    return around


def name_of(middleware: Any) -> str:
    return str(getattr(middleware, "__name__", type(middleware).__name__))


def check_layer(middleware: Any, name: str) -> None:
    """See that a middleware takes an endpoint; one that takes more is something else."""
    if not callable(middleware):
        raise SetupError(f"the middleware {name} cannot be called with an endpoint")
    wanted = count_arguments(middleware)
    if wanted == 2:
        raise SetupError(
            f'{where_is(middleware)} takes (request, call_next): register it with @app.middleware("http")'
        )
    if wanted != 1:
        raise SetupError(f"the middleware {where_is(middleware)} must take an endpoint, and nothing else")


def checked_guard(guard: Guard) -> Guard:
    """The guard, if it can be one.

    Raises:
        SetupError: it is not async.
    """
    if not is_async_callable(guard):
        raise SetupError(f"the guard {where_is(guard)} must be async")
    return guard


def check_surroundings(inherited: Inherited) -> None:
    """See that what a route inherits can be what it should.

    Raises:
        SetupError: a guard is not async, a middleware does not take an endpoint, or `raises` names no exception.
    """
    given: Sequence[object] = inherited.raises
    for kind in given:
        if not isinstance(kind, type) or not issubclass(kind, Exception):
            raise SetupError(f"raises= takes classes of exceptions, not {kind!r}")
    for guard in inherited.guards:
        checked_guard(guard)
    for middleware in inherited.middleware:
        if not is_asgi_middleware(middleware):
            check_layer(middleware, name_of(middleware))


def order_layers(layers: Sequence[Layer]) -> List[Layer]:
    """The outermost first: by slot, in a slot the last added first; `before` stands outside what it names.

    Raises:
        SetupError: a slot or a name that does not exist, or wishes that contradict each other.
    """
    for layer in layers:
        if layer.slot not in SLOTS:
            raise SetupError(
                f"the middleware {layer.name} names the slot {layer.slot!r}: there is {', '.join(SLOTS)}"
            )
    order = sorted(enumerate(layers), key=lambda item: (SLOTS.index(item[1].slot), -item[0]))
    placed = [layer for _, layer in order if not layer.before and not layer.after]
    waiting = [layer for _, layer in order if layer.before or layer.after]
    while waiting:
        names = {layer.name for layer in waiting}
        ready = [layer for layer in waiting if not wanted(layer) & names]
        if not ready:
            circle = " -> ".join(layer.name for layer in waiting)
            raise SetupError(f"the middleware cannot be ordered: {circle}")
        layer = ready[0]
        placed.insert(find_place(layer, placed), layer)
        waiting.remove(layer)
    return placed


def wanted(layer: Layer) -> Set[str]:
    """The names that a layer wants to stand beside."""
    return {name for name in (layer.before, layer.after) if name}


def find_place(layer: Layer, placed: Sequence[Layer]) -> int:
    """Where a layer stands that wants to be outside one, or inside another, or both."""
    names = [other.name for other in placed]
    for name in wanted(layer):
        if name not in names:
            raise SetupError(
                f"the middleware {layer.name} wants to stand beside {name!r}, which is not there"
            )
    lowest = len(names) - names[::-1].index(layer.after) if layer.after else 0
    if not layer.before:
        return lowest
    highest = names.index(layer.before)
    if lowest > highest:
        raise SetupError(
            f"the middleware cannot be ordered: {layer.name} wants to stand outside {layer.before} "
            f"and inside {layer.after}"
        )
    return highest


def layers_around(layers: Sequence[Layer]) -> Tuple[Middleware, ...]:
    """The middleware that surrounds the match; what depends on the route is put around each route instead."""
    return tuple(layer.middleware for layer in layers if not hasattr(layer.middleware, "for_route"))


def layers_of_route(
    layers: Sequence[Layer], route: Route, *, innermost: bool = False
) -> Tuple[Middleware, ...]:
    """What the application's middleware is for one route: asked once, and nothing where the answer is None.

    What says `is_innermost` stands behind the guards and the middleware of the route, right around its handler.
    """
    asked = (
        layer.middleware.for_route(route)
        for layer in layers
        if hasattr(layer.middleware, "for_route")
        and getattr(layer.middleware, "is_innermost", False) is innermost
    )
    return tuple(middleware for middleware in asked if middleware is not None)


def guards_of_socket(layers: Sequence[Layer], found: Union[Route, Mount]) -> Tuple[Guard, ...]:
    """What the application's middleware asks about handshakes to one route or mount (`for_socket`)."""
    asked = (
        layer.middleware.for_socket(found) for layer in layers if hasattr(layer.middleware, "for_socket")
    )
    return tuple(guard for guard in asked if guard is not None)


def layers_of_mount(layers: Sequence[Layer], mount: Mount) -> Tuple[Middleware, ...]:
    """The same for a mount, for middleware that has something to say of one (`for_mount`)."""
    asked = (layer.middleware.for_mount(mount) for layer in layers if hasattr(layer.middleware, "for_mount"))
    return tuple(middleware for middleware in asked if middleware is not None)
