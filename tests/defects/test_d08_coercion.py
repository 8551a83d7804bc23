"""D8: values of the path and the query arrive as the types that were asked for, or are refused."""

from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, List, Optional
from uuid import UUID

import pytest

from microframe import Application, Cookie, Depends, Header, Path, Query
from microframe.testing import TestClient


class Colour(Enum):
    """One of two."""

    RED = "red"
    BLUE = "blue"


IDENTIFIER = "12345678-1234-5678-1234-567812345678"

GOOD = [
    (int, "12", 12),
    (int, "-3", -3),
    (float, "1.5", 1.5),
    (bool, "true", True),
    (bool, "0", False),
    (str, "12", "12"),
    (date, "2024-02-29", date(2024, 2, 29)),
    (Decimal, "1.10", Decimal("1.10")),
    (UUID, IDENTIFIER, UUID(IDENTIFIER)),
    (Colour, "blue", Colour.BLUE),
    (Optional[int], "7", 7),
]

BAD = [
    (int, "abc"),
    (int, "1.5"),
    (float, "many"),
    (bool, "perhaps"),
    (date, "2023-02-29"),
    (Decimal, "x"),
    (UUID, "123"),
    (Colour, "green"),
    (Optional[int], "none"),
]


def asking(place: str, kind: Any, seen: "list[Any]") -> TestClient:
    """A client of an application that reads one value of a type."""
    marker = {"path": Path(), "query": Query(), "header": Header(), "cookie": Cookie()}[place]
    app = Application()

    async def handler(value: Any) -> None:
        seen.append(value)

    handler.__annotations__["value"] = Annotated[kind, marker]
    app.get("/{value}" if place == "path" else "/")(handler)
    return TestClient(app)


def ask(client: TestClient, place: str, text: str) -> Any:
    """The answer where a text stands in that place."""
    if place == "path":
        return client.get(f"/{text}")
    if place == "query":
        return client.get("/", params={"value": text})
    if place == "header":
        return client.get("/", headers={"value": text})
    return client.get("/", cookies={"value": text})


@pytest.mark.parametrize(("kind", "text", "value"), GOOD)
@pytest.mark.parametrize("place", ["path", "query", "header", "cookie"])
def test_a_value_has_its_type(place: str, kind: Any, text: str, value: Any) -> None:
    seen: list[Any] = []
    assert ask(asking(place, kind, seen), place, text).status_code == 200
    assert [(type(one), one) for one in seen] == [(type(value), value)]


@pytest.mark.parametrize(("kind", "text"), BAD)
@pytest.mark.parametrize("place", ["path", "query", "header", "cookie"])
def test_a_value_that_is_none_is_refused_with_its_place(place: str, kind: Any, text: str) -> None:
    seen: list[Any] = []
    answer = ask(asking(place, kind, seen), place, text)
    assert (answer.status_code, seen) == (422, [])
    assert [error["loc"] for error in answer.json()["errors"]] == [[place, "value"]]


def test_a_required_query_parameter_that_is_missing_is_a_422() -> None:
    answer = asking("query", int, []).get("/")
    assert answer.status_code == 422
    assert [(error["loc"], error["type"]) for error in answer.json()["errors"]] == [
        (["query", "value"], "missing")
    ]


def test_plain_annotations_are_coerced_too() -> None:
    app = Application()

    @app.get("/{number}")
    def handler(number: int, limit: int = 5, tags: Annotated[List[int], Query()] = []) -> "list[Any]":  # noqa: B006
        return [number, limit, tags]

    client = TestClient(app)
    assert client.get("/1").json() == [1, 5, []]
    assert client.get("/1?limit=2&tags=3&tags=4").json() == [1, 2, [3, 4]]
    answer = client.get("/one?limit=two&tags=3&tags=four")
    places = [error["loc"] for error in answer.json()["errors"]]
    assert (answer.status_code, places) == (
        422,
        [["path", "number"], ["query", "limit"], ["query", "tags", 1]],
    )


def test_dependencies_read_coerced_parameters() -> None:
    app = Application()

    def page(skip: int = 0, limit: Annotated[int, Query(le=100)] = 10) -> int:
        return skip + limit

    @app.get("/")
    async def handler(end: Annotated[int, Depends(page)]) -> int:
        return end

    client = TestClient(app)
    assert client.get("/?skip=5").json() == 15
    assert client.get("/?limit=101").status_code == 422
    assert client.get("/?skip=x").status_code == 422
