"""Shield: one line that turns on what most applications on the open internet want."""

from typing import Any, Optional, Union

from microframe.exceptions import SetupError
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
    (None: no such limit). `csp` and `hsts` are those of `SecurityHeadersMiddleware`. What else protects an
    application is always there (the check of heads, the limit of bodies), comes with sessions (CSRF), or is a
    setting (`allowed_hosts`).
    """

    def __init__(
        self,
        *,
        rate_limit_requests: Optional[int] = 100,
        rate_limit_window: int = 60,
        csp: Union[str, Directives, None] = STRICT_POLICY,
        hsts: Optional[int] = YEAR,
    ) -> None:
        if rate_limit_requests is not None and (rate_limit_requests < 1 or rate_limit_window < 1):
            raise SetupError("SecurityMiddleware: a limit is some requests in some seconds, above zero")
        self._limit = rate_limit_requests and f"{rate_limit_requests} per {rate_limit_window} seconds"
        self._headers = {"csp": csp, "hsts": hsts}

    def setup(self, host: Any) -> None:
        """Add what it stands for; called when this is added."""
        host.add_middleware(SecurityHeadersMiddleware, **self._headers)
        if self._limit:
            host.add_middleware(RateLimitMiddleware, default=self._limit)
