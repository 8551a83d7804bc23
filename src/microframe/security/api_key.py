"""API keys: a secret text in a header, the query or a cookie."""

from typing import Any, Mapping, Optional

from microframe.exceptions import SetupError
from microframe.http.connection import Connection
from microframe.http.headers import TOKEN
from microframe.security.credentials import MAX_CREDENTIALS
from microframe.security.scheme import SecurityScheme


class APIKey(SecurityScheme):
    """What the three have in common: an empty key is none, as is one that is too long."""

    place: str
    challenge = "APIKey"  # of no registered scheme; a 401 must have one (RFC 9110 §15.5.2)

    def __init__(
        self,
        *,
        name: str,
        scheme_name: Optional[str] = None,
        description: Optional[str] = None,
        auto_error: bool = True,
    ) -> None:
        super().__init__(scheme_name, description, auto_error)
        # Headers and cookies are called by tokens (RFC 9110 §5.6.2, RFC 6265 §4.1.1).
        if self.place != "query" and not is_token(name):
            raise SetupError(f"no {self.place} can be called {name!r}")
        self.name = name

    def describe(self) -> Mapping[str, Any]:
        return self.described(type="apiKey", name=self.name, **{"in": self.place})

    def check(self, key: Optional[str]) -> Optional[str]:
        """The key, or None.

        Raises:
            HTTPException: there is none, and `auto_error` is on.
        """
        if key and len(key) <= MAX_CREDENTIALS:
            return key
        self.refuse()
        return None


class APIKeyHeader(APIKey):
    """An API key in the header `name`."""

    place = "header"

    async def __call__(self, connection: Connection) -> Optional[str]:
        return self.check(connection.headers.get(self.name))


class APIKeyQuery(APIKey):
    """An API key in the query parameter `name`: what proxies and browsers write into their logs."""

    place = "query"

    async def __call__(self, connection: Connection) -> Optional[str]:
        return self.check(connection.query_params.get(self.name))


class APIKeyCookie(APIKey):
    """An API key in the cookie `name`."""

    place = "cookie"

    async def __call__(self, connection: Connection) -> Optional[str]:
        return self.check(connection.cookies.get(self.name))


def is_token(name: str) -> bool:
    return bool(name) and name.isascii() and not name.encode().translate(None, TOKEN)
