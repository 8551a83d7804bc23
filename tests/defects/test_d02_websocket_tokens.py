"""D2: a socket whose token is wrong is refused before it is accepted; a failure is never taken for a user."""

from typing import Annotated, Any, Dict, Optional

import pytest

from microframe import (
    Application,
    Cookie,
    Depends,
    Header,
    Provided,
    Query,
    UnauthorizedException,
    WebSocket,
    WebSocketException,
)
from microframe.testing import TestClient, WebSocketDenied

USERS = {"good": "ada"}


def user_of(token: str) -> str:
    if token not in USERS:
        raise UnauthorizedException("The token is not valid.")
    return USERS[token]


def by_header(authorization: Annotated[str, Header()] = "") -> str:
    return user_of(authorization.partition(" ")[2])


async def by_query(token: Annotated[str, Query()] = "") -> str:
    return user_of(token)


def by_cookie(access_token: Annotated[str, Cookie()] = "") -> str:
    return user_of(access_token)


async def by_subprotocol(socket: WebSocket) -> str:
    offered = [one[6:] for one in socket.subprotocols if one.startswith("token.")]
    if not offered or offered[0] not in USERS:
        raise WebSocketException(1008)
    return USERS[offered[0]]


class User(str):
    __provided__ = True


def sent(by: Any, token: str) -> "tuple[str, Dict[str, Any]]":
    """The path and the options of a handshake with this token."""
    if by is by_query:
        return f"/?token={token}", {}
    if by is by_subprotocol:
        return "/", {"subprotocols": [f"token.{token}"]}
    line = f"Bearer {token}" if by is by_header else f"access_token={token}"
    headers = {"authorization" if by is by_header else "cookie": line, "origin": "http://testserver"}
    return "/", {"headers": headers}


@pytest.mark.parametrize("token", ["bad", "", "Good", "good ", None], ids=repr)
@pytest.mark.parametrize("provided", [False, True], ids=["dependency", "provider"])
@pytest.mark.parametrize("by", [by_header, by_query, by_cookie, by_subprotocol])
def test_a_socket_with_a_bad_token_is_refused(by: Any, provided: bool, token: Optional[str]) -> None:
    app, users = Application(), []

    def provide_user(user: Annotated[str, Depends(by)]) -> User:
        return User(user)

    async def talk(socket: WebSocket, user: Any) -> None:
        users.append(user)
        await socket.accept(socket.subprotocols[0] if socket.subprotocols else None)

    talk.__annotations__["user"] = Provided[User] if provided else Annotated[str, Depends(by)]
    app.provide(User, provide_user)
    app.websocket("/")(talk)
    client = TestClient(app)
    path, options = ("/", {}) if token is None else sent(by, token.replace(" ", "%20"))
    with pytest.raises(WebSocketDenied) as denied, client.websocket_connect(path, **options):
        pass
    assert denied.value.response.status_code == (403 if by is by_subprotocol else 401)
    assert users == []
    path, options = sent(by, "good")
    with client.websocket_connect(path, **options):
        pass
    assert list(map(str, users)) == ["ada"]
