"""Shield: one line that turns on what most applications on the open internet want."""

from typing import Any, Iterable, Optional, Union

from microframe.endpoint import Guard
from microframe.exceptions import MethodNotAllowedException, SetupError
from microframe.http.connection import Connection
from microframe.http.request import Request
from microframe.http.responses import Response
from microframe.middleware.rate_limit import RateLimitMiddleware
from microframe.middleware.security_headers import (
    STRICT_POLICY,
    YEAR,
    Directives,
    SecurityHeadersMiddleware,
)


class SecurityMiddleware:
    """`app.add_middleware(SecurityMiddleware)`: security headers, and a limit on how much one client may ask.

    A client may make `rate_limit_requests` in any `rate_limit_window` seconds to all routes that say nothing of limits
    (None: no such limit). A body may have `max_content_length` bytes where its route says nothing else, instead of
    `AppConfig.max_body_size`; a request may have one of `allowed_methods`, whatever the routes answer. `csp` and `hsts`
    are those of `SecurityHeadersMiddleware`. What else protects an application is always there (the check of heads),
    comes with sessions (CSRF), or is a setting (`allowed_hosts`).
    """

    def __init__(
        self,
        *,
        rate_limit_requests: Optional[int] = 100,
        rate_limit_window: int = 60,
        max_content_length: Optional[int] = None,
        allowed_methods: Optional[Iterable[str]] = None,
        csp: Union[str, Directives, None] = STRICT_POLICY,
        hsts: Optional[int] = YEAR,
    ) -> None:
        if rate_limit_requests is not None and (rate_limit_requests < 1 or rate_limit_window < 1):
            raise SetupError("SecurityMiddleware: a limit is some requests in some seconds, above zero")
        self._limit = rate_limit_requests and f"{rate_limit_requests} per {rate_limit_window} seconds"
        if max_content_length is not None and max_content_length < 1:
            raise SetupError("SecurityMiddleware: max_content_length is a number of bytes, above zero")
        self._headers = {"csp": csp, "hsts": hsts}
        self._longest = max_content_length
        self._methods = allowed_methods

    def setup(self, host: Any) -> None:
        """Add what it stands for; called when this is added."""
        host.add_middleware(SecurityHeadersMiddleware, **self._headers)
        if self._methods is not None:
            host.add_guard(allow_methods(self._methods))
        if self._longest is not None:
            host.add_guard(limit_bodies(self._longest))
        if self._limit:
            host.add_middleware(RateLimitMiddleware, default=self._limit)


def allow_methods(methods: Iterable[str]) -> Guard:
    """Refuse requests of every other method with 405 (RFC 9110 §15.5.6); sockets have none."""
    allowed = frozenset(method.upper() for method in ([methods] if isinstance(methods, str) else methods))
    headers = {"allow": ", ".join(sorted(allowed))}

    async def guard(connection: Connection) -> Optional[Response]:
        if isinstance(connection, Request) and connection.method not in allowed:
            raise MethodNotAllowedException(headers=headers)
        return None

    return guard


def limit_bodies(size: int) -> Guard:
    """Let bodies have at most so many bytes, where their route says nothing itself."""

    async def guard(connection: Connection) -> Optional[Response]:
        if isinstance(connection, Request):
            connection.body_limit = size
        return None

    return guard
