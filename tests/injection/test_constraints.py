"""Constraints that say nothing of their type, and options that nobody reads, stop the program before any request."""

import datetime as dt
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Dict, List, Optional, Set, Union

import pytest
from annotated_types import Ge, MaxLen, MultipleOf
from pydantic import AfterValidator, AliasChoices, AliasPath, Field, StringConstraints
from typing_extensions import Literal

from microframe import Application, Body, Cookie, Depends, Header, Path, Query, SetupError
from tests.injection.asking import ask


class Color(str, Enum):
    red = "red"


def application(annotation: Any, path: str = "/") -> Application:
    app = Application()

    async def show(q) -> Any:  # type: ignore[no-untyped-def]
        return q

    show.__annotations__.update(q=annotation)
    app.post(path, response_model=None)(show)
    return app


IMPOSSIBLE = [
    (Annotated[str, Query(gt=3)], "gt= says nothing of a value of type str"),
    (Annotated[int, Query(min_length=3)], "min_length= says nothing of a value of type int"),
    (Annotated[Optional[int], Header(max_length=3)], "max_length= says nothing of a value of type int"),
    (Annotated[Union[int, str], Query(min_length=3)], "min_length= says nothing of a value of type int"),
    (Annotated[List[int], Query(gt=3)], "gt= says nothing of a value of type typing.List"),
    (Annotated[int, Cookie(max_digits=3)], "max_digits= says nothing of a value of type int"),
    (Annotated[int, Query(pattern="x")], "pattern= says nothing of a value of type int"),
    (Annotated[bytes, Query(pattern="x")], "pattern= says nothing of a value of type bytes"),
    (Annotated[bool, Query(lt=3)], "lt= says nothing of a value of type bool"),
    (Annotated[dt.date, Query(multiple_of=2)], "multiple_of= says nothing of a value of type date"),
    (Annotated[float, Query(decimal_places=2)], "decimal_places= says nothing of a value of type float"),
    (Annotated[str, Query(allow_inf_nan=False)], "allow_inf_nan= says nothing of a value of type str"),
    (Annotated[str, Query(), Field(le=3)], "le= says nothing of a value of type str"),
    (Annotated[str, Query(), Ge(3)], "ge= says nothing of a value of type str"),
    (Annotated[int, Query(), MaxLen(3)], "max_length= says nothing of a value of type int"),
    (Annotated[str, Query(), MultipleOf(3)], "multiple_of= says nothing of a value of type str"),
    (Annotated[int, Body(min_length=3)], "min_length= says nothing of a value of type int"),
    (Annotated[Dict[str, int], Body(ge=3)], "ge= says nothing of a value of type typing.Dict"),
]


@pytest.mark.parametrize(("annotation", "text"), IMPOSSIBLE, ids=[str(at) for at in range(len(IMPOSSIBLE))])
def test_a_constraint_that_its_type_cannot_have_stops_the_program(annotation: Any, text: str) -> None:
    with pytest.raises(SetupError) as raised:
        application(annotation).build()
    said = str(raised.value)
    assert text in said
    assert "q of application.<locals>.show (" in said
    assert "test_constraints.py:" in said


POSSIBLE = [
    Annotated[int, Query(gt=1, ge=2, lt=9, le=8, multiple_of=1)],
    Annotated[float, Query(gt=1, allow_inf_nan=False)],
    Annotated[Decimal, Query(max_digits=4, decimal_places=2, gt=0)],
    Annotated[str, Query(min_length=1, max_length=3, pattern="a")],
    Annotated[bytes, Query(max_length=3)],
    Annotated[dt.datetime, Query(gt=dt.datetime(2020, 1, 1, tzinfo=dt.timezone.utc))],  # type: ignore[arg-type]
    Annotated[dt.timedelta, Query(le=dt.timedelta(1))],  # type: ignore[arg-type]
    Annotated[Set[int], Query(min_length=1)],
    Annotated[Optional[List[str]], Query(max_length=1)],
    Annotated[Union[int, float], Query(gt=1)],
    # What its author alone can say.
    Annotated[Color, Query(min_length=1)],
    Annotated[Literal["a"], Query(max_length=1)],
    Annotated[Any, Query(gt=1)],
    Annotated[str, Query(gt=1), AfterValidator(len)],
    Annotated[str, Query(), StringConstraints(max_length=3)],
    Annotated[Dict[str, int], Body(max_length=2)],
]


@pytest.mark.parametrize("annotation", POSSIBLE, ids=[str(at) for at in range(len(POSSIBLE))])
def test_a_constraint_that_its_type_can_have_is_taken(annotation: Any) -> None:
    application(annotation).build()


REPLACED = [
    ("regex", "write pattern="),
    ("example", "write examples=[...]"),
    ("const", "write a Literal[...] as its type"),
    ("min_items", "write min_length="),
    ("max_items", "write max_length="),
    ("unique_items", "write a Set[...] as its type"),
]


@pytest.mark.parametrize(("name", "instead"), REPLACED)
@pytest.mark.parametrize("marker", [Query, Header, Cookie, Body])
def test_an_option_of_former_versions_names_what_is_written_today(
    marker: Any, name: str, instead: str
) -> None:
    with pytest.raises(SetupError, match=rf"q of .*show \(.*\): there is no option {name}=") as raised:
        application(Annotated[str, marker(**{name: "x"})]).build()
    assert instead in str(raised.value)


def test_an_option_that_there_never_was_stops_the_program_too() -> None:
    with pytest.raises(SetupError, match=r"there is no option maximum=$"):
        application(Annotated[int, Path(maximum=3)], "/{q}").build()  # type: ignore[call-arg]


def test_a_constraint_inside_a_dependency_is_looked_at_too() -> None:
    app = Application()

    async def limit(limit: Annotated[str, Query(le=3)]) -> str:
        return limit

    @app.get("/")
    async def show(found: Annotated[str, Depends(limit)]) -> str:
        return found

    with pytest.raises(SetupError, match=r"limit of .*limit \(.*\): le= says nothing"):
        app.build()


@pytest.mark.parametrize("alias", [AliasPath("a", 0), AliasChoices("a", AliasPath("b", 0)), 3])
def test_an_alias_that_leads_into_a_value_stops_the_program(alias: Any) -> None:
    with pytest.raises(
        SetupError, match=r"q of .*show \(.*\): .* is no name that a parameter can be sent by"
    ):
        application(Annotated[str, Query(validation_alias=alias)]).build()


@pytest.mark.parametrize("options", [{"union_mode": "smart"}, {"fail_fast": True}, {"discriminator": "kind"}])
def test_what_is_said_of_unions_and_lists_alone_stops_the_program_elsewhere(options: Any) -> None:
    with pytest.raises(SetupError, match=r"q of .*show \(.*\): Pydantic cannot read the type"):
        application(Annotated[int, Query(**options)]).build()
    application(Annotated[Union[int, str], Query(union_mode="left_to_right")]).build()
    application(Annotated[List[int], Query(fail_fast=True)]).build()


def test_a_pattern_that_is_none_stops_the_program_and_says_why() -> None:
    with pytest.raises(SetupError, match=r"q of .*show \(.*regex.*unclosed group"):
        application(Annotated[str, Query(pattern="(")]).build()


async def test_of_several_names_the_first_that_was_sent_is_read() -> None:
    app = application(Annotated[int, Query(validation_alias=AliasChoices("a", "b"))])
    assert (await ask(app, "/?b=1", "POST")).value == 1
    assert (await ask(app, "/?b=1&a=2", "POST")).value == 2
    assert (await ask(app, "/?b=x", "POST")).faults == [("query.b", "int_parsing")]
    assert (await ask(app, "/", "POST")).faults == [("query.a", "missing")]


async def test_a_default_is_checked_where_it_is_asked_for() -> None:
    app = Application()

    @app.get("/")
    async def show(q: Annotated[int, Query(validate_default=True)] = "3") -> Any:  # type: ignore[assignment]
        return q

    assert (await ask(app)).value == 3
