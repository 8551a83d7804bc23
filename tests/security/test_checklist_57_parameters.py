"""Checklist 57 and 58: a parameter that is given twice, and text that is the same in another spelling."""

import unicodedata
from typing import Annotated, Any, Dict, List, Optional

import pytest
from pydantic import AfterValidator

from microframe import Application, Cookie, Form, Header, Query, Request
from microframe.testing import TestClient


def build(strict: bool) -> TestClient:
    app = Application(strict=strict)

    @app.get("/query")
    async def query(user: Annotated[str, Query()]) -> str:
        return user

    @app.get("/several")
    async def several(user: Annotated[List[str], Query()]) -> List[str]:
        return user

    @app.get("/header")
    async def header(x_user: Annotated[str, Header()]) -> str:
        return x_user

    @app.get("/cookie")
    async def cookie(user: Annotated[str, Cookie()]) -> str:
        return user

    @app.post("/form")
    async def form(user: Annotated[str, Form()]) -> str:
        return user

    return TestClient(app)


TWICE: List[Any] = [
    ("/query?user=a&user=b", {}, "b"),
    ("/query?user=a&user=a", {}, "a"),
    ("/query?user=a&%75ser=b", {}, "b"),
    ("/header", {"headers": [("x-user", "a"), ("x-user", "b")]}, "a"),
    ("/form", {"method": "POST", "content": b"user=a&user=b"}, "b"),
]


@pytest.mark.parametrize(("path", "options", "taken"), TWICE, ids=range(len(TWICE)))
def test_one_value_of_two_is_always_the_same_one_and_none_where_it_is_strict(
    path: str, options: Dict[str, Any], taken: str
) -> None:
    asked = dict(options)
    method = asked.pop("method", "GET")
    if method == "POST":
        asked["headers"] = [("content-type", "application/x-www-form-urlencoded")]
    assert build(strict=False).request(method, path, **asked).json() == taken
    answer = build(strict=True).request(method, path, **asked)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["type"] == "duplicate_parameter"


@pytest.mark.parametrize("strict", [False, True])
def test_a_list_takes_as_many_as_there_are(strict: bool) -> None:
    assert build(strict).get("/several?user=a&user=b").json() == ["a", "b"]


@pytest.mark.parametrize("strict", [False, True])
def test_of_two_cookies_the_first_counts(strict: bool) -> None:
    assert build(strict).get("/cookie", headers={"cookie": "user=a; user=b"}).json() == "a"


OTHER_NAMES = [
    "user[]=b",
    "user[0]=b",
    "user.x=b",
    "USER=b",
    "user%00=b",
    "user+=b",
    " user=b",
    "user;user=b",
]


@pytest.mark.parametrize("other", OTHER_NAMES)
@pytest.mark.parametrize("strict", [False, True])
def test_another_name_is_another_parameter(other: str, strict: bool) -> None:
    assert build(strict).get(f"/query?user=a&{other}").json() == "a"


# Text ----------------------------------------------------------------------------------------------------------------

COMPOSED, DECOMPOSED = unicodedata.normalize("NFC", "é"), unicodedata.normalize("NFD", "é")


def echo() -> TestClient:
    app = Application()
    normal = AfterValidator(lambda text: unicodedata.normalize("NFC", text))

    @app.get("/path/{text}")
    async def in_path(text: str) -> str:
        return text

    @app.get("/rest/{text:path}")
    async def in_rest(text: str) -> str:
        return text

    @app.get("/query")
    async def in_query(text: str, normalised: Annotated[Optional[str], normal] = None) -> List[Optional[str]]:
        return [text, normalised]

    @app.post("/body")
    async def in_body(request: Request, text: str) -> str:
        return text

    return TestClient(app)


@pytest.mark.parametrize(
    "text", [COMPOSED, DECOMPOSED, "\ufb01", "\u2163", "\uff41", "\u200b", "\ufeffa", "\u212a"]
)
def test_text_is_normalised_only_where_it_is_asked_for(text: str) -> None:
    client = echo()
    assert client.get("/query", params={"text": text, "normalised": text}).json() == [
        text,
        unicodedata.normalize("NFC", text),
    ]
    assert client.get(f"/path/{text}").json() == text


ONCE = [
    ("%41", "A"),
    ("%2541", "%41"),
    ("%252541", "%2541"),
    ("%25", "%"),
    ("a%2Fb", "a/b"),
    ("a%252Fb", "a%2Fb"),
    ("%252e%252e%252f", "%2e%2e%2f"),
    ("%C3%A9", "é"),
    ("%25C3%25A9", "%C3%A9"),
    ("a+b", "a+b"),
    ("%2B", "+"),
]


@pytest.mark.parametrize(("sent", "read"), ONCE)
def test_a_path_is_decoded_once(sent: str, read: str) -> None:
    client = echo()
    assert client.get(f"/path/{sent}").json() == read
    answer = client.get("/query", params={"text": read})
    assert answer.json()[0] == read
