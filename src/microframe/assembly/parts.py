"""Parts: everything that lives as long as an application, in the order in which it opens."""

from typing import Any, Iterable, List

from microframe.assembly.installation import Installation
from microframe.lifespan import Part, events, opened_by
from microframe.routing.route import where_is
from microframe.routing.router import Router


def gather_parts(
    application: object, own: Iterable[Router], installations: Iterable[Installation], mounted: Iterable[Part]
) -> List[Part]:
    """What plugins open first, then the application and each router (`own` begins with it), then what is mounted."""
    parts: List[Part] = []
    routers = [*own]
    for installation in installations:
        parts += installation.parts
        routers += installation.router.routers()
    for router in routers:
        owner = "the application" if router is application else f"the router {router.prefix or '/'}"
        parts += parts_of(router, owner, application)
    return [*parts, *mounted]


def parts_of(router: Router, owner: str, application: Any) -> List[Part]:
    """The lifespans of one router, and its event handlers."""
    parts = [
        Part(f"the lifespan of {owner}, {where_is(function)},", opened_by(function, application))
        for function in router._lifespans
    ]
    if router._events["startup"] or router._events["shutdown"]:
        parts.append(Part(f"an event handler of {owner}", events(**router._events)))
    return parts
