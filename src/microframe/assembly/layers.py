"""Layers: the application's middleware, put in order."""

from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any, Dict, List, Sequence, Tuple

from microframe.endpoint import Middleware
from microframe.exceptions import SetupError
from microframe.routing.route import Route

SLOTS = ("errors", "trace", "headers", "cors", "compress", "session", "csrf", "limit", "cache", "app")


@dataclass(frozen=True)
class Layer:
    """One middleware of the application, and where it wants to stand."""

    name: str
    middleware: Any
    slot: str = "app"
    before: str = ""
    after: str = ""


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
    order = sorted(range(len(layers)), key=lambda number: (SLOTS.index(layers[number].slot), -number))
    names = {layer.name: number for number, layer in enumerate(layers)}
    graph: Dict[int, List[int]] = {number: [] for number in order}
    for number, layer in enumerate(layers):
        for name, outside in ((layer.before, True), (layer.after, False)):
            if name and name not in names:
                raise SetupError(
                    f"the middleware {layer.name} wants to stand beside {name!r}, which is not there"
                )
            if name:
                graph[names[name] if outside else number].append(number if outside else names[name])
    moved = {layer.name for layer in layers if layer.before or layer.after}
    for one, other in zip(order, order[1:]):
        if layers[one].name not in moved and layers[other].name not in moved:
            graph[other].append(one)
    try:
        return [layers[number] for number in TopologicalSorter(graph).static_order()]
    except CycleError as exc:
        circle = " -> ".join(layers[number].name for number in exc.args[1])
        raise SetupError(f"the middleware cannot be ordered: {circle}") from None


def layers_around(layers: Sequence[Layer]) -> Tuple[Middleware, ...]:
    """The middleware that surrounds the match; what depends on the route is put around each route instead."""
    return tuple(layer.middleware for layer in layers if not hasattr(layer.middleware, "for_route"))


def layers_of_route(layers: Sequence[Layer], route: Route) -> Tuple[Middleware, ...]:
    """What the application's middleware is for one route: asked once, and nothing where the answer is None."""
    asked = (layer.middleware.for_route(route) for layer in layers if hasattr(layer.middleware, "for_route"))
    return tuple(middleware for middleware in asked if middleware is not None)
