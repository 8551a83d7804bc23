"""OAuth2 and OpenID Connect: tokens from a flow that the API document describes."""

from typing import Any, Mapping, Optional

from microframe.http.connection import Connection
from microframe.security.credentials import read_authorization, read_credentials
from microframe.security.scheme import SecurityScheme


class AuthorizationHeader(SecurityScheme):
    """Gives the Authorization header as it was sent."""

    async def __call__(self, connection: Connection) -> Optional[str]:
        found = read_authorization(connection)
        if found is None:
            self.refuse()
        return found


class OAuth2(AuthorizationHeader):
    """OAuth2 with any `flows`, given as OpenAPI's OAuth Flows Object (§4.8.28); gives the Authorization header."""

    def __init__(
        self,
        *,
        flows: Optional[Mapping[str, Mapping[str, Any]]] = None,
        scheme_name: Optional[str] = None,
        description: Optional[str] = None,
        auto_error: bool = True,
    ) -> None:
        super().__init__(scheme_name, description, auto_error)
        self.flows = {name: described_flow(flow) for name, flow in (flows or {}).items()}

    def describe(self) -> Mapping[str, Any]:
        return self.described(type="oauth2", flows=self.flows)


class BearerToken(OAuth2):
    """OAuth2 whose access token is sent as `Authorization: Bearer …` (RFC 6750 §2.1); gives the token."""

    async def __call__(self, connection: Connection) -> Optional[str]:
        found = read_credentials(connection, "bearer")
        if found is None:
            self.refuse()
            return None
        return found.credentials


class OAuth2PasswordBearer(BearerToken):
    """A bearer token that `tokenUrl` gives for a user and password (RFC 6749 §4.3)."""

    def __init__(
        self,
        tokenUrl: str,
        scheme_name: Optional[str] = None,
        scopes: Optional[Mapping[str, str]] = None,
        description: Optional[str] = None,
        auto_error: bool = True,
        refreshUrl: Optional[str] = None,
    ) -> None:
        flow = {"scopes": scopes, "tokenUrl": tokenUrl, "refreshUrl": refreshUrl}
        super().__init__(
            flows={"password": flow}, scheme_name=scheme_name, description=description, auto_error=auto_error
        )


class OAuth2AuthorizationCodeBearer(BearerToken):
    """A bearer token from the authorization code flow (RFC 6749 §4.1)."""

    def __init__(
        self,
        authorizationUrl: str,
        tokenUrl: str,
        refreshUrl: Optional[str] = None,
        scheme_name: Optional[str] = None,
        scopes: Optional[Mapping[str, str]] = None,
        description: Optional[str] = None,
        auto_error: bool = True,
    ) -> None:
        flow = {
            "scopes": scopes,
            "authorizationUrl": authorizationUrl,
            "tokenUrl": tokenUrl,
            "refreshUrl": refreshUrl,
        }
        super().__init__(
            flows={"authorizationCode": flow},
            scheme_name=scheme_name,
            description=description,
            auto_error=auto_error,
        )


class OpenIdConnect(AuthorizationHeader):
    """OpenID Connect, described by `openIdConnectUrl`; gives the Authorization header."""

    def __init__(
        self,
        *,
        openIdConnectUrl: str,
        scheme_name: Optional[str] = None,
        description: Optional[str] = None,
        auto_error: bool = True,
    ) -> None:
        super().__init__(scheme_name, description, auto_error)
        self.url = openIdConnectUrl

    def describe(self) -> Mapping[str, Any]:
        return self.described(type="openIdConnect", openIdConnectUrl=self.url)


def described_flow(flow: Mapping[str, Any]) -> Mapping[str, Any]:
    """A flow without what is not said of it; the map of scopes may be empty, but must be there."""
    said = {name: value for name, value in flow.items() if value is not None}
    return {"scopes": {}, **said}
