"""Safe methods: routes that say by their name that they change something, and let themselves be asked with a GET."""

import re
from typing import Any, Iterator, List

from microframe import Application
from microframe.cli.checks.functions import behind
from microframe.plugin import Finding
from microframe.routing.route import Route

CODE = "unsafe-get"
CHANGING = frozenset(
    [
        *("delete", "remove", "destroy", "erase", "purge", "wipe", "update", "modify", "insert", "upsert"),
        *("revoke", "disable", "deactivate", "ban", "unban"),
    ]
)
"""Verbs that nobody uses for what only shows something; `create` and `edit` often are the names of a form."""
SHOWING = frozenset(["form", "page", "view", "dialog", "confirm", "confirmation", "preview"])
"""What says that it only shows where the changing could be asked for."""
WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def find_unsafe_gets(app: Application, prefix: str = "") -> Iterator[Finding]:
    """Each route of an application, and of those it mounts, that changes something for a GET (RFC 9110 §9.2.1).

    A link, a crawler or a page that loads ahead would do it, and no protection against pages of other origins stands
    before it.
    """
    for route in app.routes:
        if "GET" in route.methods and not route.is_socket and names_a_change(route):
            yield finding_of(route, f"{prefix}{route.path}")
    for mount in app.mounts:
        if isinstance(mount.app, Application):
            yield from find_unsafe_gets(mount.app, f"{prefix}{mount.path}")


def names_a_change(route: Route) -> bool:
    """Whether the first word of the handler's name, or of a part of the path, is a verb that changes something."""
    name = str(getattr(route.handler, "__name__", type(route.handler).__name__))
    parts = [name, *(part for part in route.path.split("/") if part[:1] not in ("", "{"))]
    return any(is_change(part) for part in parts)


def is_change(name: str) -> bool:
    words = [word.lower() for word in WORD.findall(name)]
    return bool(words) and words[0] in CHANGING and not SHOWING.intersection(words)


def finding_of(route: Route, path: str) -> Finding:
    targets: List[Any] = list(behind(route.handler, route.controller))
    code = targets[0].function.__code__ if targets else None
    message = (
        f"GET {path} is called after something that changes: use POST, PUT, PATCH or DELETE, or another name"
    )
    if code is None:
        return Finding(CODE, message)
    return Finding(CODE, message, code.co_filename, code.co_firstlineno)
