"""Repeats: what a route needs to answer requests that are sent again, put together where it says so."""

from functools import partial
from typing import Awaitable, Callable, Optional

from microframe.endpoint import Middleware
from microframe.exceptions import SetupError
from microframe.http.request import Request
from microframe.http.responses import Response
from microframe.identity import Identity
from microframe.injection.injector import Injector
from microframe.injection.sources import sent_name
from microframe.routing.route import Route
from microframe.sessions.session import Session
from microframe.store import Locks, Store

Answer = Callable[[Request, Exception], Awaitable[Response]]


def build_once(route: Route, injector: Injector, answer: Answer, application: str) -> Optional[Middleware]:
    """What runs the endpoint of a route once for each `Idempotency-Key`; None where it does not say so.

    Raises:
        SetupError: it says it wrongly, or the application has no store that can hold locks.
    """
    if not route.inherited.policies.get("idempotency"):
        return None
    from microframe.injection.description import describe
    from microframe.middleware.idempotency import CREDENTIALS, Known, read_option, run_once

    option = read_option(route)
    if option is None:
        return None
    for contract in (Store, Locks):
        if injector.providers.get(contract) is None:
            raise SetupError(f"idempotency= of {route} needs {contract.__name__}, which the store has not")
    described = describe(route, injector)
    schemes = [scheme.describe() for scheme, _ in described.schemes]
    wanted = [scheme["name"] for scheme in schemes if scheme.get("in") == "header"]
    headers = [*(name.lower().encode("latin-1") for name in (*wanted, *option.headers)), *CREDENTIALS]
    asked = {
        sent.lower().encode("latin-1")
        for sent, place in ((sent_name(one, marker), marker.place) for one, marker in described.parameters)
        if place == "header"
    }
    known = Known(
        application,
        injector.providers.get(Identity) is not None,
        injector.providers.get(Session) is not None,
        frozenset(headers),
        tuple(sorted(asked - {b"idempotency-key"})),
    )
    return partial(run_once, answer=answer, route=route, option=option, known=known)
