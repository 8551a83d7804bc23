"""Security: the schemes a route can declare; they take credentials out of a request and describe themselves."""

from microframe.markers import SecurityScopes
from microframe.security.api_key import APIKeyCookie, APIKeyHeader, APIKeyQuery
from microframe.security.credentials import HTTPAuthorizationCredentials, HTTPBasicCredentials
from microframe.security.forms import OAuth2PasswordRequestForm, OAuth2PasswordRequestFormStrict
from microframe.security.http import HTTPBasic, HTTPBearer, HTTPDigest
from microframe.security.oauth2 import (
    OAuth2,
    OAuth2AuthorizationCodeBearer,
    OAuth2PasswordBearer,
    OpenIdConnect,
)
from microframe.security.scheme import SecurityScheme

__all__ = [
    "APIKeyCookie",
    "APIKeyHeader",
    "APIKeyQuery",
    "HTTPAuthorizationCredentials",
    "HTTPBasic",
    "HTTPBasicCredentials",
    "HTTPBearer",
    "HTTPDigest",
    "OAuth2",
    "OAuth2AuthorizationCodeBearer",
    "OAuth2PasswordBearer",
    "OAuth2PasswordRequestForm",
    "OAuth2PasswordRequestFormStrict",
    "OpenIdConnect",
    "SecurityScheme",
    "SecurityScopes",
]
