"""OAuth2 and OpenID Connect."""

from typing import Annotated, Any, List

import pytest

from microframe import Application, Depends, Security, WebSocket
from microframe.security import (
    OAuth2,
    OAuth2AuthorizationCodeBearer,
    OAuth2PasswordBearer,
    OAuth2PasswordRequestForm,
    OAuth2PasswordRequestFormStrict,
    OpenIdConnect,
    SecurityScopes,
)
from microframe.security.scheme import SecurityScheme
from microframe.testing import AsyncTestClient, WebSocketDenied
from tests.injection.asking import ask, post
from tests.schemes.asking import guarded

WHOLE_HEADER = [OAuth2(), OpenIdConnect(openIdConnectUrl="/.well-known/openid-configuration")]
OPTIONAL_HEADER = [OAuth2(auto_error=False), OpenIdConnect(openIdConnectUrl="/o", auto_error=False)]
BEARERS = [OAuth2PasswordBearer("token"), OAuth2AuthorizationCodeBearer("authorize", "token")]
OPTIONAL_BEARERS = [
    OAuth2PasswordBearer("token", auto_error=False),
    OAuth2AuthorizationCodeBearer("authorize", "token", auto_error=False),
]


@pytest.mark.parametrize("scheme", BEARERS, ids=repr)
async def test_a_bearer_scheme_gives_the_token(scheme: Any) -> None:
    app = guarded(scheme)
    assert (await ask(app, headers={"authorization": "bearer abc"})).value == {"found": "abc"}
    for sent in ("", "Bearer", "Basic abc"):
        answer = await ask(app, headers={"authorization": sent})
        assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize("scheme", OPTIONAL_BEARERS, ids=repr)
async def test_an_optional_bearer_scheme_gives_none(scheme: Any) -> None:
    assert (await ask(guarded(scheme), headers={"authorization": "Basic a"})).value == {"found": None}


@pytest.mark.parametrize("scheme", WHOLE_HEADER, ids=repr)
async def test_a_scheme_that_knows_no_token_gives_the_whole_header(scheme: Any) -> None:
    app = guarded(scheme)
    assert (await ask(app, headers={"authorization": "Other abc"})).value == {"found": "Other abc"}
    assert (await ask(app)).status == 401


@pytest.mark.parametrize("scheme", OPTIONAL_HEADER, ids=repr)
async def test_the_header_may_be_optional(scheme: Any) -> None:
    assert (await ask(guarded(scheme))).value == {"found": None}


def test_flows_are_described_for_the_document() -> None:
    assert OAuth2PasswordBearer("token").describe() == {
        "type": "oauth2",
        "flows": {"password": {"scopes": {}, "tokenUrl": "token"}},
    }
    code = OAuth2AuthorizationCodeBearer("authorize", "token", "again", scopes={"a": "All"}, description="x")
    assert code.describe() == {
        "type": "oauth2",
        "flows": {
            "authorizationCode": {
                "scopes": {"a": "All"},
                "authorizationUrl": "authorize",
                "tokenUrl": "token",
                "refreshUrl": "again",
            }
        },
        "description": "x",
    }
    assert OAuth2().describe() == {"type": "oauth2", "flows": {}}
    implicit = OAuth2(flows={"implicit": {"authorizationUrl": "a"}})
    assert implicit.describe()["flows"] == {"implicit": {"scopes": {}, "authorizationUrl": "a"}}
    assert OpenIdConnect(openIdConnectUrl="u").describe() == {
        "type": "openIdConnect",
        "openIdConnectUrl": "u",
    }


async def test_scopes_reach_who_checks_them() -> None:
    app = Application()
    oauth2 = OAuth2PasswordBearer("token", scopes={"me": "Read yourself", "items": "Read items"})

    async def user(scopes: SecurityScopes, token: Annotated[str, Depends(oauth2)]) -> List[str]:
        return [token, scopes.scope_str]

    @app.get("/")
    async def show(found: Annotated[List[str], Security(user, scopes=["me", "items"])]) -> List[str]:
        return found

    assert (await ask(app, headers={"authorization": "Bearer t"})).value == ["t", "me items"]


async def test_a_scheme_can_be_called_and_replaced() -> None:
    app = Application()
    oauth2 = OAuth2PasswordBearer("token")

    @app.get("/")
    async def show(token: Annotated[str, Depends(oauth2)]) -> str:
        return token

    app.dependency_overrides[oauth2] = lambda: "replaced"
    assert (await ask(app)).value == "replaced"


@pytest.mark.parametrize(
    ("scheme", "headers"),
    [(BEARERS[0], {"authorization": "Bearer t"}), (WHOLE_HEADER[0], {"authorization": "t"})],
)
async def test_a_socket_is_asked_before_it_is_accepted(scheme: Any, headers: "dict[str, str]") -> None:
    app = Application()

    @app.websocket("/live")
    async def live(socket: WebSocket, token: Annotated[str, Depends(scheme)]) -> None:
        await socket.accept()
        await socket.send_text(token + (await scheme(socket)))

    client = AsyncTestClient(app)
    async with client.websocket_connect("/live", headers=headers) as socket:
        assert await socket.receive_text() == "tt"
    with pytest.raises(WebSocketDenied) as denied:
        await client.websocket_connect("/live").__aenter__()
    assert denied.value.response.status_code == 401
    assert denied.value.response.headers["www-authenticate"] == "Bearer"


def test_a_scheme_of_ones_own_must_describe_itself() -> None:
    with pytest.raises(NotImplementedError):
        SecurityScheme().describe()


# The form by which a password is exchanged for a token ----------------------------------------------------------------


def login(kind: Any) -> Application:
    app = Application(error_format="detail")

    @app.post("/token")
    async def token(form: Any = Depends(kind)) -> Any:
        return vars(form)

    return app


def fields(**values: str) -> "dict[str, Any]":
    sent = "&".join(f"{name}={value}" for name, value in values.items())
    return {"headers": {"content-type": "application/x-www-form-urlencoded"}, "body": sent.encode()}


async def test_the_form_of_the_password_flow_is_read() -> None:
    app = login(OAuth2PasswordRequestForm)
    answer = await post(app, "/token", **fields(username="ada", password="x+y", scope="a+b%20c"))
    assert answer.value == {
        "grant_type": None,
        "username": "ada",
        "password": "x y",
        "scopes": ["a", "b", "c"],
        "client_id": None,
        "client_secret": None,
    }
    whole = fields(grant_type="password", username="a", password="b", client_id="c", client_secret="d")
    assert (await post(app, "/token", **whole)).value["client_secret"] == "d"


async def test_only_the_strict_form_must_name_its_grant() -> None:
    sent = fields(username="ada", password="x")
    assert (await post(login(OAuth2PasswordRequestForm), "/token", **sent)).status == 200
    refused = await post(login(OAuth2PasswordRequestFormStrict), "/token", **sent)
    assert [fault["loc"] for fault in refused.json["detail"]] == [["body", "grant_type"]]
    named = fields(username="ada", password="x", grant_type="password")
    assert (await post(login(OAuth2PasswordRequestFormStrict), "/token", **named)).status == 200


@pytest.mark.parametrize("kind", [OAuth2PasswordRequestForm, OAuth2PasswordRequestFormStrict])
async def test_another_grant_and_a_password_without_end_are_refused(kind: Any) -> None:
    refused = await post(
        login(kind), "/token", **fields(grant_type="code", username="a", password="p" * 8193)
    )
    assert (refused.status, {fault["type"] for fault in refused.json["detail"]}) == (
        422,
        {"string_pattern_mismatch", "string_too_long"},
    )
