"""Security: OAuth2 with a bearer, HTTP Basic, API keys, scopes."""

import secrets
from typing import Annotated, Optional

from fastapi import Depends, FastAPI, HTTPException, Security, status
from fastapi.security import (
    APIKeyCookie,
    APIKeyHeader,
    APIKeyQuery,
    HTTPAuthorizationCredentials,
    HTTPBasic,
    HTTPBasicCredentials,
    HTTPBearer,
    HTTPDigest,
    OAuth2,
    OAuth2AuthorizationCodeBearer,
    OAuth2PasswordBearer,
    OpenIdConnect,
    SecurityScopes,
)
from pydantic import BaseModel

app = FastAPI()
oauth2 = OAuth2PasswordBearer(tokenUrl="token", scopes={"me": "Read yourself.", "items": "Read items."})
code = OAuth2AuthorizationCodeBearer(authorizationUrl="authorize", tokenUrl="token")
optional = OAuth2PasswordBearer(tokenUrl="token", auto_error=False)
basic = HTTPBasic(realm="here")
basic_optional = HTTPBasic(realm="there", auto_error=False)
bearer = HTTPBearer()
bearer_optional = HTTPBearer(auto_error=False)


class User(BaseModel):
    username: str
    disabled: Optional[bool] = None


USERS = {"johndoe": User(username="johndoe"), "alice": User(username="alice", disabled=True)}


def current_user(scopes: SecurityScopes, token: Annotated[str, Depends(oauth2)]):
    user = USERS.get(token.split(":")[0])
    value = f'Bearer scope="{scopes.scope_str}"' if scopes.scopes else "Bearer"
    if user is None:
        raise HTTPException(
            status_code=status.HTTP_401_UNAUTHORIZED,
            detail="Could not validate credentials",
            headers={"WWW-Authenticate": value},
        )
    for scope in scopes.scopes:
        if scope not in token.split(":")[1:]:
            raise HTTPException(
                status_code=401, detail="Not enough permissions", headers={"WWW-Authenticate": value}
            )
    return user


async def active_user(user: Annotated[User, Security(current_user, scopes=["me"])]):
    if user.disabled:
        raise HTTPException(status_code=400, detail="Inactive user")
    return user


@app.get("/token")
async def token(token: Annotated[str, Depends(oauth2)]):
    return {"token": token}


@app.get("/code")
async def a_code(token: Annotated[str, Depends(code)]):
    return token


@app.get("/optional")
async def an_optional(token: Annotated[Optional[str], Depends(optional)]):
    return token


@app.get("/users/me")
async def me(user: Annotated[User, Depends(active_user)]):
    return user


@app.get("/users/me/items")
async def my_items(user: Annotated[User, Security(active_user, scopes=["items"])]):
    return [user.username]


@app.get("/status")
async def read_status(user: Annotated[User, Depends(current_user)]):
    return user.username


@app.get("/basic")
def a_basic(credentials: Annotated[HTTPBasicCredentials, Depends(basic)]):
    if not secrets.compare_digest(credentials.password.encode(), b"swordfish"):
        raise HTTPException(401, "Wrong", headers={"WWW-Authenticate": "Basic"})
    return credentials


@app.get("/basic-optional")
def a_basic_optional(credentials: Annotated[Optional[HTTPBasicCredentials], Depends(basic_optional)]):
    return credentials


@app.get("/bearer")
def a_bearer(credentials: Annotated[HTTPAuthorizationCredentials, Security(bearer)]):
    return credentials


@app.get("/bearer-optional")
def a_bearer_optional(
    credentials: Annotated[Optional[HTTPAuthorizationCredentials], Security(bearer_optional)],
):
    return credentials


@app.get("/digest")
def a_digest(credentials: Annotated[HTTPAuthorizationCredentials, Security(HTTPDigest())]):
    return credentials


@app.get("/header")
def a_header(key: str = Security(APIKeyHeader(name="x-key"))):
    return key


@app.get("/query")
def a_query(key: str = Security(APIKeyQuery(name="key"))):
    return key


@app.get("/cookie")
def a_cookie(key: str = Security(APIKeyCookie(name="key", auto_error=False))):
    return key


@app.get("/openid")
def an_openid(key: str = Security(OpenIdConnect(openIdConnectUrl="/openid"))):
    return key


@app.get("/oauth2")
def an_oauth2(key: str = Security(OAuth2(flows={"password": {"tokenUrl": "t", "scopes": {}}}))):
    return key


SENT = [
    "Bearer johndoe:me:items",
    "bearer johndoe:me",
    "Bearer alice:me",
    "Bearer nobody",
    "BEARER  a ",
    "Basic am9obmRvZTpzd29yZGZpc2g=",
    "basic am9obmRvZTpzd29yZGZpc2g=",
    "Basic am9obmRvZTp3cm9uZw==",
    "Basic OnN3b3JkZmlzaA==",
    "Basic notbase64",
    "Basic am9obg==",
    "Basic",
    "Basic ",
    "Digest a=b",
    "Other x",
    "Other",
]
ROUTES = (
    "token code optional users/me users/me/items status basic basic-optional bearer bearer-optional digest "
    "openid oauth2"
).split()
ASKS = [
    *[f"GET /{route}" for route in [*ROUTES, "header", "query", "cookie"]],
    *[(f"GET /{route}", {"authorization": sent}) for route in ROUTES for sent in SENT],
    ("GET /header", {"X-Key": "a"}),
    ("GET /header", {"X-Key": ""}),
    "GET /query?key=a",
    "GET /query?key=",
    ("GET /cookie", {"cookie": "key=a"}),
    ("GET /cookie", {"cookie": "key="}),
]
