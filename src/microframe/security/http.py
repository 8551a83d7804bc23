"""HTTP authentication: the schemes of the Authorization header: Basic, Bearer, Digest."""

from typing import Any, Mapping, Optional

from microframe.http.connection import Connection
from microframe.security.credentials import (
    HTTPAuthorizationCredentials,
    HTTPBasicCredentials,
    parse_basic,
    read_credentials,
    read_parts,
)
from microframe.security.scheme import SecurityScheme, quoted


class HTTPBase(SecurityScheme):
    """Any scheme of the Authorization header; its children insist on theirs."""

    accepts: Optional[str] = None
    """The one scheme that is read, in lower case; None: every one."""

    def __init__(
        self,
        *,
        scheme: str,
        scheme_name: Optional[str] = None,
        description: Optional[str] = None,
        auto_error: bool = True,
    ) -> None:
        super().__init__(scheme_name, description, auto_error)
        self.scheme = scheme
        self.challenge = scheme.title()

    def describe(self) -> Mapping[str, Any]:
        return self.described(type="http", scheme=self.scheme)

    async def __call__(self, connection: Connection) -> Any:
        found = read_credentials(connection, self.accepts)
        if found is None:
            self.refuse()
        return found


class HTTPBasic(HTTPBase):
    """User and password with every request (RFC 7617): `HTTPBasicCredentials`, in UTF-8.

    Malformed credentials are refused whatever `auto_error` says.
    """

    def __init__(
        self,
        *,
        scheme_name: Optional[str] = None,
        realm: Optional[str] = None,
        description: Optional[str] = None,
        auto_error: bool = True,
    ) -> None:
        super().__init__(
            scheme="basic", scheme_name=scheme_name, description=description, auto_error=auto_error
        )
        self.realm = realm
        # RFC 7617 §2: Basic must name a realm.
        self.challenge = f"Basic realm={quoted(realm or 'Restricted')}"

    @property
    def may_refuse(self) -> bool:
        return True

    async def __call__(self, connection: Connection) -> Optional[HTTPBasicCredentials]:
        scheme, credentials = read_parts(connection)
        if scheme.lower() != "basic":
            self.refuse()
            return None
        found = parse_basic(credentials)
        if found is None:
            raise self.make_not_authenticated_error()
        return found


class HTTPBearer(HTTPBase):
    """A token, `Authorization: Bearer …` (RFC 6750): `HTTPAuthorizationCredentials`."""

    accepts = "bearer"

    def __init__(
        self,
        *,
        bearerFormat: Optional[str] = None,
        scheme_name: Optional[str] = None,
        description: Optional[str] = None,
        auto_error: bool = True,
    ) -> None:
        super().__init__(
            scheme="bearer", scheme_name=scheme_name, description=description, auto_error=auto_error
        )
        self.bearer_format = bearerFormat

    def describe(self) -> Mapping[str, Any]:
        described = super().describe()
        return {**described, "bearerFormat": self.bearer_format} if self.bearer_format else described

    async def __call__(self, connection: Connection) -> Optional[HTTPAuthorizationCredentials]:
        found: Optional[HTTPAuthorizationCredentials] = await super().__call__(connection)
        return found


class HTTPDigest(HTTPBase):
    """`Authorization: Digest …` (RFC 7616) as `HTTPAuthorizationCredentials`.

    It reads and describes; nonces and their checks are the application's, in `make_not_authenticated_error` of a child.
    """

    accepts = "digest"

    def __init__(
        self,
        *,
        scheme_name: Optional[str] = None,
        description: Optional[str] = None,
        auto_error: bool = True,
    ) -> None:
        super().__init__(
            scheme="digest", scheme_name=scheme_name, description=description, auto_error=auto_error
        )

    async def __call__(self, connection: Connection) -> Optional[HTTPAuthorizationCredentials]:
        found: Optional[HTTPAuthorizationCredentials] = await super().__call__(connection)
        return found
