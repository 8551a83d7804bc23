"""D4: an authentication failure is a 401 that says how to authenticate, never a 200 with a body."""

from typing import Annotated, Any, AsyncIterator, Callable, Iterator

import pytest

from microframe import Application, Depends, Header, Security, UnauthorizedException
from microframe.testing import TestClient

Token = Annotated[str, Header(alias="authorization")]

USERS = {"Bearer good": "ada"}


def authenticated(token: str) -> str:
    if token not in USERS:
        raise UnauthorizedException("The token is not valid.")
    return USERS[token]


async def coroutine(token: Token = "") -> str:
    return authenticated(token)


def function(token: Token = "") -> str:
    return authenticated(token)


async def async_generator(token: Token = "") -> AsyncIterator[str]:
    yield authenticated(token)


def generator(token: Token = "") -> Iterator[str]:
    yield authenticated(token)


class Authenticator:
    """An object that is called."""

    async def __call__(self, token: Token = "") -> str:
        return authenticated(token)


def nested(user: Annotated[str, Depends(coroutine)]) -> str:
    return user


DEPENDENCIES = [coroutine, function, async_generator, generator, Authenticator(), nested]
WRONG: "list[dict[str, str]]" = [{}, {"authorization": "Bearer bad"}, {"authorization": "good"}]


def assert_is_refused(answer: Any) -> None:
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["code"] == "unauthorized"


@pytest.mark.parametrize("headers", WRONG)
@pytest.mark.parametrize("marker", [Depends, Security])
@pytest.mark.parametrize("dependency", DEPENDENCIES)
def test_a_failing_dependency_answers_401(
    dependency: Callable[..., Any], marker: Callable[..., Any], headers: "dict[str, str]"
) -> None:
    app, called = Application(), []

    @app.get("/")
    async def secret(user: Annotated[str, marker(dependency)]) -> "dict[str, str]":
        called.append(user)
        return {"user": user}

    client = TestClient(app)
    assert_is_refused(client.get("/", headers=headers))
    assert called == []
    good = client.get("/", headers={"authorization": "Bearer good"})
    assert (good.status_code, good.json()) == (200, {"user": "ada"})


def test_a_scheme_other_than_bearer_is_named() -> None:
    app = Application()

    def refuse() -> None:
        raise UnauthorizedException(headers={"WWW-Authenticate": 'Basic realm="cards"'})

    @app.get("/", dependencies=[Depends(refuse)])
    async def secret() -> str:
        return "the secret"

    answer = TestClient(app).get("/")
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Basic realm="cards"')
