"""D1: what was made for one user's request must never reach another's."""

import asyncio
from typing import Annotated, Any, AsyncIterator, Callable, Iterator

import pytest

from microframe import Application, Depends, Header, Provided, Query, WebSocket
from microframe.testing import AsyncTestClient, TestClient
from tests.wire import LIMIT

pytestmark = pytest.mark.virtual_time

USERS = ("ada", "bob", "eve", "joe")

Name = Annotated[str, Header()]


class Meeting:
    """Lets nobody go on before everybody is there, so that all requests are under way at once."""

    def __init__(self, expected: int) -> None:
        self.expected = expected
        self.everybody = asyncio.Event()

    async def join(self) -> None:
        self.expected -= 1
        if self.expected <= 0:
            self.everybody.set()
        await asyncio.wait_for(self.everybody.wait(), LIMIT)


class User:
    """Who asks."""

    def __init__(self, name: Name) -> None:
        self.name = name


async def coroutine(name: Name) -> User:
    await asyncio.sleep(0)
    return User(name)


def function(name: Name) -> User:
    return User(name)


async def async_generator(name: Name) -> AsyncIterator[User]:
    user = User(name)
    await asyncio.sleep(0)
    yield user
    assert user.name == name


def generator(name: Name) -> Iterator[User]:
    yield User(name)


MAKERS = [coroutine, function, async_generator, generator, User]


async def names_seen(app: Application, path: str = "/") -> "list[list[str]]":
    """What each user is told when all of them ask at once."""
    async with AsyncTestClient(app) as client:
        answers = await asyncio.gather(*(client.get(path, headers={"name": user}) for user in USERS))
    return [answer.json() for answer in answers]


@pytest.mark.parametrize("maker", MAKERS)
async def test_concurrent_requests_have_their_own_dependency(maker: Callable[..., Any]) -> None:
    app, meeting = Application(), Meeting(len(USERS))

    def again(user: Annotated[User, Depends(maker)]) -> User:
        return user

    @app.get("/")
    async def show(
        user: Annotated[User, Depends(maker)], same: Annotated[User, Depends(again)]
    ) -> "list[str]":
        await meeting.join()
        return [user.name, same.name]

    assert await names_seen(app) == [[user, user] for user in USERS]


@pytest.mark.parametrize("scope", ["request", "function"])
async def test_each_request_closes_its_own_resource(scope: Any) -> None:
    app, meeting, closed = Application(), Meeting(len(USERS)), []

    async def session(name: Name) -> AsyncIterator[str]:
        await asyncio.sleep(0)
        yield name
        closed.append(name)

    @app.get("/")
    async def show(user: Annotated[str, Depends(session, scope=scope)]) -> "list[str]":
        await meeting.join()
        return [user]

    assert await names_seen(app) == [[user] for user in USERS]
    assert sorted(closed) == sorted(USERS)


@pytest.mark.parametrize("scope", ["request", "function", "transient"])
@pytest.mark.parametrize("maker", MAKERS)
async def test_concurrent_requests_have_their_own_provided_value(
    maker: Callable[..., Any], scope: Any
) -> None:
    app, meeting = Application(), Meeting(len(USERS))
    app.provide(User, maker, scope)

    @app.get("/")
    async def show(user: Provided[User]) -> "list[str]":
        await meeting.join()
        return [user.name]

    assert await names_seen(app) == [[user] for user in USERS]


def test_an_anonymous_request_after_a_login_stays_anonymous() -> None:
    app = Application()

    async def who(name: Annotated[str, Header()] = "nobody") -> str:
        return name

    @app.get("/")
    async def show(user: Annotated[str, Depends(who)]) -> str:
        return user

    with TestClient(app) as client:
        assert client.get("/", headers={"name": "ada"}).json() == "ada"
        assert client.get("/").json() == "nobody"


def test_sockets_open_at_once_have_their_own_user() -> None:
    app = Application()

    async def who(name: Annotated[str, Query()]) -> str:
        return name

    @app.websocket("/")
    async def talk(socket: WebSocket, user: Annotated[str, Depends(who)]) -> None:
        await socket.accept()
        await socket.receive_text()
        await socket.send_text(user)

    with (
        TestClient(app) as client,
        client.websocket_connect("/?name=ada") as first,
        client.websocket_connect("/?name=bob") as second,
    ):
        for socket in (second, first):
            socket.send_text("who am I?")
        assert (first.receive_text(), second.receive_text()) == ("ada", "bob")
