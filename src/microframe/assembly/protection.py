"""Protection: middleware that an application gets without asking for it, because of what else it has."""

import sys
from typing import Any, Iterable, List, Protocol, Sequence, Union

from microframe.assembly.layers import Place, Stack
from microframe.configurations.config import AppConfig
from microframe.exceptions import SetupError
from microframe.injection.injector import Injector
from microframe.routing.route import Mount, Route
from microframe.store import Limits


class Protected(Protocol):
    """What is asked of an application before it is protected."""

    config: AppConfig
    injector: Injector


def protect_sessions(application: Protected, stacks: Sequence[Stack]) -> None:
    """Where cookies say who is calling, pages of other origins are kept out, whether or not it was asked for.

    The last stack is the application's own.
    """
    known = sys.modules.get("microframe.sessions.session")
    if known is None or application.injector.providers.get(known.Session) is None:
        return
    from microframe.middleware.csrf import CSRFMiddleware

    if not added(stacks, CSRFMiddleware):
        stacks[-1].add(CSRFMiddleware, (), {}, Place()).setup(application)


def hold_to_limits(
    application: Protected, stacks: Sequence[Stack], found: Iterable[Union[Route, Mount]]
) -> None:
    """Where something has a limit, somebody counts.

    Raises:
        SetupError: two would count, or the store cannot.
    """
    is_limited = any(item.inherited.policies.get("limit") for item in found)
    if not is_limited and "microframe.middleware.rate_limit" not in sys.modules:
        return
    from microframe.middleware.rate_limit import RateLimitMiddleware

    counting = added(stacks, RateLimitMiddleware)
    if len(counting) > 1:
        raise SetupError("RateLimitMiddleware is added twice: each call would count twice")
    if is_limited and not counting:
        counting = [stacks[-1].add(RateLimitMiddleware, (), {}, Place())]
        counting[0].setup(application)
    if not counting:
        return
    if counting[0].store is None and application.injector.providers.get(Limits) is None:
        raise SetupError(
            "the application's store cannot count limits (microframe.store.Limits): "
            "give another one to app.add_middleware(RateLimitMiddleware, store=…)"
        )


def says_headers(stacks: Sequence[Stack]) -> bool:
    """Whether somebody has said which headers for browsers answers have; then none are added to those."""
    known = sys.modules.get("microframe.middleware.security_headers")
    return known is not None and bool(added(stacks, known.SecurityHeadersMiddleware))


def added(stacks: Sequence[Stack], kind: type) -> List[Any]:
    """The middleware of one class that somebody has added."""
    return [
        layer.middleware for stack in stacks for layer in stack.layers if isinstance(layer.middleware, kind)
    ]
