"""Registration: from what a decorator was given to a route, and what is wrong with it said at once."""

from typing import Any, Callable, Optional, Sequence, Union

from microframe.exceptions import SetupError
from microframe.http.media import is_token
from microframe.limits.limit import with_limits_of
from microframe.routing.route import Inherited, Mount, Route, RouteOptions, inherit_options, where_is


def check_methods(methods: Sequence[str], handler: Callable[..., Any]) -> "frozenset[str]":
    """Methods in capitals; each is a token (RFC 9110 §9.1)."""
    if isinstance(methods, str):
        raise SetupError(f"methods are a list, not one text: [{methods!r}] ({where_is(handler)})")
    wrong = [method for method in methods if not is_token(method)]
    if wrong:
        raise SetupError(f"{wrong[0]!r} is no method ({where_is(handler)})")
    return frozenset(method.upper() for method in methods)


def build_route(
    path: str,
    methods: "frozenset[str]",
    handler: Callable[..., Any],
    options: RouteOptions,
    controller: Optional[type] = None,
) -> Route:
    if not callable(handler):
        raise SetupError(f"the handler of {path!r} cannot be called: {handler!r}")
    unknown = set(options) - set(RouteOptions.__annotations__)
    if unknown:
        raise SetupError(f"unknown route option {', '.join(sorted(unknown))} ({where_is(handler)})")
    name = str(options.get("name") or getattr(handler, "__name__", type(handler).__name__))
    try:
        inherited = inherit_options(options)
    except SetupError as exc:
        raise SetupError(f"{exc} ({where_is(handler)})") from exc
    return Route(path, methods, handler, name, options, inherited, controller)


def check_called(path: object) -> None:
    """Refuse `@app.get` without parentheses: the handler would be taken for the path, and no route be made."""
    if not isinstance(path, str):
        raise SetupError(f'{where_is(path)}: a decorator wants its path, as in @app.get("/cards")')


def complete(entry: Union[Route, Mount], around: Inherited) -> Union[Route, Mount]:
    path = around.prefix + entry.path
    if isinstance(entry, Mount):
        return Mount(path, entry.app, entry.name, around.within(entry.inherited))
    inherited = around.within(with_marks(entry))
    return Route(
        path or "/", entry.methods, entry.handler, entry.name, entry.options, inherited, entry.controller
    )


def with_marks(route: Route) -> Inherited:
    """What a route says itself, and what decorators have said of its handler."""
    own = route.inherited
    try:
        policies = with_limits_of(route.handler, own.policies)
    except SetupError as exc:
        raise SetupError(f"{exc} ({route})") from exc
    return own if policies is own.policies else own._replace(policies=policies)
