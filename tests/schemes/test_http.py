"""The schemes of the Authorization header: Basic, Bearer, Digest."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microframe import HTTPException, SetupError
from microframe.security import (
    HTTPAuthorizationCredentials,
    HTTPBasic,
    HTTPBasicCredentials,
    HTTPBearer,
    HTTPDigest,
)
from microframe.security.credentials import parse_basic
from microframe.security.http import HTTPBase
from tests.injection.asking import ask
from tests.schemes.asking import basic, guarded


async def status_of(scheme: Any, *values: str) -> int:
    headers = [("authorization", value) for value in values]
    return (await ask(guarded(scheme), headers=headers)).status


# Bearer --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sent", ["Bearer abc", "bearer abc", "BEARER   abc ", "bEaReR abc"])
async def test_a_token_is_read_whatever_the_case_of_its_scheme(sent: str) -> None:
    answer = await ask(guarded(HTTPBearer()), headers={"authorization": sent})
    assert answer.value["found"] == {"scheme": sent.split()[0], "credentials": "abc"}


@pytest.mark.parametrize(
    "sent", ["", "Bearer", "Bearer ", "Basic abc", "abc", "Bearerabc", "Bearer\tabc", " "]
)
async def test_what_is_no_bearer_token_is_refused(sent: str) -> None:
    answer = await ask(guarded(HTTPBearer()), headers={"authorization": sent})
    assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert (await ask(guarded(HTTPBearer(auto_error=False)), headers={"authorization": sent})).value == {
        "found": None
    }


async def test_two_authorization_headers_are_none() -> None:
    assert await status_of(HTTPBearer(), "Bearer a") == 200
    assert await status_of(HTTPBearer(), "Bearer a", "Bearer b") == 401
    assert await status_of(HTTPBearer(), "Bearer a", "Bearer a") == 401


async def test_the_scheme_may_refuse_in_its_own_way() -> None:
    class Forbidding(HTTPBearer):
        def make_not_authenticated_error(self) -> HTTPException:
            return HTTPException(403, "No entry")

    answer = await ask(guarded(Forbidding(), "detail"))
    assert (answer.status, answer.json) == (403, {"detail": "No entry"})
    assert Forbidding().__raises__ == ()


# Digest and others ---------------------------------------------------------------------------------------------------


async def test_digest_and_schemes_of_ones_own() -> None:
    sent = {"authorization": 'Digest username="a", realm="b"'}
    found = (await ask(guarded(HTTPDigest()), headers=sent)).value["found"]
    assert found == {"scheme": "Digest", "credentials": 'username="a", realm="b"'}
    refused = await ask(guarded(HTTPDigest()), headers={"authorization": "Bearer a"})
    assert (refused.status, refused.headers["www-authenticate"]) == (401, "Digest")
    any_scheme = HTTPBase(scheme="hoba")
    assert (await ask(guarded(any_scheme), headers={"authorization": "HOBA x"})).status == 200
    assert (await ask(guarded(any_scheme))).headers["www-authenticate"] == "Hoba"


# Basic ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "username", "password"),
    [
        ("ada:secret", "ada", "secret"),
        ("ada:se:cret", "ada", "se:cret"),
        (":", "", ""),
        ("zoë:пароль", "zoë", "пароль"),
    ],
)
async def test_basic_gives_user_and_password(text: str, username: str, password: str) -> None:
    answer = await ask(guarded(HTTPBasic()), headers={"authorization": basic(text)})
    assert answer.value["found"] == {"username": username, "password": password}


MALFORMED = [
    "Basic !!!",
    "Basic YWRh",  # ada
    "Basic YWRhOnN",  # its end is missing
    "Basic YW Rh",
    basic("zoë:x", "latin-1"),
    basic("ada:x\n"),
    basic("a\0da:x"),
    basic("ada:\x7f"),
    basic("ada:\x85"),
]


@pytest.mark.parametrize("sent", MALFORMED)
@pytest.mark.parametrize("auto_error", [True, False])
async def test_malformed_basic_credentials_are_refused(sent: str, auto_error: bool) -> None:
    answer = await ask(guarded(HTTPBasic(auto_error=auto_error)), headers={"authorization": sent})
    assert (answer.status, answer.headers["www-authenticate"]) == (401, 'Basic realm="Restricted"')
    assert answer.json["detail"] == "Not authenticated"


async def test_basic_that_is_optional_gives_none_without_credentials() -> None:
    optional = guarded(HTTPBasic(auto_error=False))
    assert (await ask(optional)).value == {"found": None}
    assert (await ask(optional, headers={"authorization": "Bearer x"})).value == {"found": None}


async def test_a_realm_is_quoted() -> None:
    answer = await ask(guarded(HTTPBasic(realm='The "inner" \\ room')))
    assert answer.headers["www-authenticate"] == 'Basic realm="The \\"inner\\" \\\\ room"'


@pytest.mark.parametrize("realm", ["a\r\nSet-Cookie: x=1", "\0", "Café"])
def test_a_realm_that_no_header_can_carry_stops_the_program(realm: str) -> None:
    with pytest.raises(SetupError, match="cannot stand in a header"):
        HTTPBasic(realm=realm)


PRINTABLE = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]))


@given(username=PRINTABLE.filter(lambda text: ":" not in text), password=PRINTABLE)
def test_whatever_can_be_sent_by_basic_is_read_back(username: str, password: str) -> None:
    sent = base64.b64encode(f"{username}:{password}".encode()).decode()
    assert parse_basic(sent) == HTTPBasicCredentials(username, password)


@given(st.text())
def test_no_text_at_all_makes_basic_fail(text: str) -> None:
    found = parse_basic(text)
    assert found is None or ":" not in found.username


# Secrets, limits, descriptions ---------------------------------------------------------------------------------------


async def test_credentials_that_are_too_long_are_none() -> None:
    assert await status_of(HTTPBearer(), "Bearer " + "a" * (8192 - 7)) == 200
    assert await status_of(HTTPBearer(), "Bearer " + "a" * (8192 - 6)) == 401
    assert await status_of(HTTPBasic(), basic("a:" + "b" * 8192)) == 401


def test_credentials_are_hidden_in_reprs() -> None:
    assert "hunter2" not in repr(HTTPBasicCredentials("ada", "hunter2"))
    assert "hunter2" not in repr(HTTPAuthorizationCredentials("Bearer", "hunter2"))


def test_schemes_describe_themselves_for_the_document() -> None:
    assert HTTPBasic(realm="here").describe() == {"type": "http", "scheme": "basic"}
    assert HTTPBearer().describe() == {"type": "http", "scheme": "bearer"}
    assert HTTPBearer(bearerFormat="JWT", description="A token.").describe() == {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A token.",
    }
    assert HTTPDigest().describe() == {"type": "http", "scheme": "digest"}
    assert repr(HTTPBearer(scheme_name="Door")) == "HTTPBearer('Door')"


def test_schemes_say_what_they_raise() -> None:
    (refused,) = HTTPBearer().__raises__
    assert (refused.__name__, getattr(refused, "status", 0)) == ("NotAuthenticatedException", 401)
    assert HTTPBearer(auto_error=False).__raises__ == ()
    assert HTTPBasic(auto_error=False).__raises__ == (refused,)  # malformed credentials
