"""API keys in headers, the query and cookies."""

from typing import Any

import pytest

from microframe import SetupError
from microframe.security import APIKeyCookie, APIKeyHeader, APIKeyQuery
from tests.injection.asking import ask
from tests.schemes.asking import guarded

SENT = [
    (APIKeyHeader, "/", {"X-Key": "abc"}),
    (APIKeyQuery, "/?x-key=abc", {}),
    (APIKeyCookie, "/", {"cookie": "x-key=abc"}),
]
EMPTY = [
    (APIKeyHeader, "/", {"X-Key": ""}),
    (APIKeyQuery, "/?x-key=", {}),
    (APIKeyCookie, "/", {"cookie": "x-key="}),
]
LONG = "k" * 8193
TOO_LONG = [
    (APIKeyHeader, "/", {"X-Key": LONG}),
    (APIKeyQuery, f"/?x-key={LONG}", {}),
    (APIKeyCookie, "/", {"cookie": f"x-key={LONG}"}),
]
KINDS = [APIKeyHeader, APIKeyQuery, APIKeyCookie]


@pytest.mark.parametrize(("kind", "target", "headers"), SENT)
async def test_a_key_is_given_as_it_was_sent(kind: Any, target: str, headers: "dict[str, str]") -> None:
    assert (await ask(guarded(kind(name="x-key")), target, headers=headers)).value == {"found": "abc"}


@pytest.mark.parametrize("kind", KINDS)
async def test_without_a_key_a_request_is_refused_with_a_challenge(kind: Any) -> None:
    answer = await ask(guarded(kind(name="x-key")))
    assert (answer.status, answer.headers["www-authenticate"]) == (401, "APIKey")
    assert (answer.json["code"], answer.json["detail"]) == ("not_authenticated", "Not authenticated")


@pytest.mark.parametrize(("kind", "target", "headers"), [*EMPTY, *TOO_LONG], ids=map(str, range(6)))
async def test_an_empty_key_and_one_too_long_are_none(
    kind: Any, target: str, headers: "dict[str, str]"
) -> None:
    answer = await ask(guarded(kind(name="x-key")), target, headers=headers)
    assert answer.status == 401
    assert LONG.encode() not in answer.body
    assert (await ask(guarded(kind(name="x-key", auto_error=False)), target, headers=headers)).value == {
        "found": None
    }


def test_schemes_describe_themselves_for_the_document() -> None:
    assert APIKeyHeader(name="X-Key").describe() == {"type": "apiKey", "in": "header", "name": "X-Key"}
    assert APIKeyQuery(name="key", description="From the shop.").describe() == {
        "type": "apiKey",
        "in": "query",
        "name": "key",
        "description": "From the shop.",
    }
    assert APIKeyCookie(name="session").describe()["in"] == "cookie"
    assert APIKeyCookie(name="session").scheme_name == "APIKeyCookie"
    assert APIKeyCookie(name="session", scheme_name="Door").scheme_name == "Door"


@pytest.mark.parametrize("kind", [APIKeyHeader, APIKeyCookie])
@pytest.mark.parametrize("name", ["", "x key", "x:key", "schlüssel", "x\n"])
def test_a_name_that_can_never_be_sent_stops_the_program(kind: Any, name: str) -> None:
    with pytest.raises(SetupError, match=r"no (header|cookie) can be called"):
        kind(name=name)


def test_a_query_parameter_may_have_any_name() -> None:
    assert APIKeyQuery(name="the key").name == "the key"
