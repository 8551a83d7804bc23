"""Pydantic's codec: what only it reads, and the details of its errors and of what it writes."""

import dataclasses
import datetime as dt
import sys
from decimal import Decimal
from enum import Enum
from typing import Any, Dict, Generic, List, Optional, Set, Tuple, TypeVar, Union
from uuid import UUID

import pytest
from pydantic import (
    AfterValidator,
    AliasChoices,
    AliasPath,
    BaseModel,
    ConfigDict,
    Field,
    Json,
    RootModel,
    field_validator,
)
from typing_extensions import Annotated, Literal, NamedTuple, Required, TypedDict

from microframe.exceptions import Invalid, SetupError
from microframe.validation import EncodeOptions, is_scalar
from microframe.validation.codecs.pydantic import PydanticCodec

CODEC = PydanticCodec()
PLAIN = EncodeOptions()
ID = UUID("12345678-1234-5678-1234-567812345678")
T = TypeVar("T")


class Colour(Enum):
    RED = "red"


class Point(TypedDict):
    x: int


class Pair(NamedTuple):
    x: int
    y: int = 2


@dataclasses.dataclass
class Note:
    text: str
    pages: int = 1


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog"]
    good: bool = True


class Page(BaseModel, Generic[T]):
    items: List[T]


class Node(BaseModel):
    value: int
    children: "List[Node]" = []


class User(BaseModel):
    id: int
    full_name: str = Field(default="Ada", alias="fullName")


Pet = Annotated[Union[Cat, Dog], Field(discriminator="kind")]


def refused(call: Any, value: Any) -> List[Any]:
    with pytest.raises(Invalid) as caught:
        call(value)
    return list(caught.value.errors)


@pytest.mark.parametrize(
    ("annotation", "text", "value"),
    [
        (int, "5", 5),
        (float, "1.5", 1.5),
        (bool, "on", True),
        (bool, "true", True),
        (bool, "1", True),
        (bool, "off", False),
        (str, "5", "5"),
        (bytes, "x", b"x"),
        (Decimal, "0.10", Decimal("0.10")),
        (dt.date, "2020-01-02", dt.date(2020, 1, 2)),
        (dt.timedelta, "PT90S", dt.timedelta(seconds=90)),
        (UUID, str(ID), ID),
        (Colour, "red", Colour.RED),
        (Literal["a", "b"], "a", "a"),
        (Optional[int], "5", 5),
        (Union[int, str], "5", "5"),
        (Union[int, float], "5", 5),
        (Annotated[int, Field(gt=3)], "5", 5),
        (Json[List[int]], "[1, 2]", [1, 2]),
        (Any, "5", "5"),
    ],
)
def test_a_text_becomes_a_scalar(annotation: Any, text: str, value: object) -> None:
    assert CODEC.decoder(annotation)(text) == value


@pytest.mark.parametrize(
    ("annotation", "body", "value"),
    [
        (List[int], b"[1, 2]", [1, 2]),
        (Set[int], b"[1, 1]", {1}),
        (Tuple[int, str], b'[1, "a"]', (1, "a")),
        (Dict[int, str], b'{"1": "a"}', {1: "a"}),
        (Point, b'{"x": 1}', {"x": 1}),
        (Pair, b"[1]", Pair(1)),
        (Note, b'{"text": "a"}', Note("a")),
        (Pet, b'{"kind": "dog"}', Dog(kind="dog")),
        (Page[int], b'{"items": [1]}', Page[int](items=[1])),
        (Node, b'{"value": 1, "children": [{"value": 2}]}', Node(value=1, children=[Node(value=2)])),
        (RootModel[List[int]], b"[1]", RootModel[List[int]]([1])),
        (Decimal, b"0.1", Decimal("0.1")),
        (Union[UUID, str], b'"12345678-1234-5678-1234-567812345678"', ID),
        (Union[dt.date, dt.datetime], b'"2020-01-02T03:04:05"', dt.datetime(2020, 1, 2, 3, 4, 5)),  # noqa: DTZ001
        (Any, b'{"a": [1, null]}', {"a": [1, None]}),
    ],
)
def test_json_becomes_what_the_type_says(annotation: Any, body: bytes, value: object) -> None:
    read = CODEC.json_decoder(annotation)(body)
    assert read == value
    assert type(read) is type(value)


def test_a_strict_model_takes_dates_and_identifiers_from_json() -> None:
    class Strict(BaseModel):
        model_config = ConfigDict(strict=True)
        when: dt.date
        id: UUID

    read = CODEC.json_decoder(Strict)(b'{"when": "2020-01-02", "id": "12345678-1234-5678-1234-567812345678"}')
    assert read == Strict(when=dt.date(2020, 1, 2), id=ID)


def test_an_error_has_the_shape_it_has_in_fastapi() -> None:
    assert refused(CODEC.decoder(Annotated[int, Field(le=100)]), "101") == [
        {
            "type": "less_than_equal",
            "loc": (),
            "msg": "Input should be less than or equal to 100",
            "input": "101",
            "ctx": {"le": 100},
        }
    ]


def test_a_validators_exception_is_text_in_the_context() -> None:
    def refuse(value: str) -> str:
        raise ValueError("not today")

    [error] = refused(CODEC.decoder(Annotated[str, AfterValidator(refuse)]), "x")
    assert error["ctx"] == {"error": "not today"}
    assert error["msg"] == "Value error, not today"


def test_bounds_that_json_lacks_are_text_in_the_context() -> None:
    [error] = refused(CODEC.decoder(Annotated[Decimal, Field(gt=Decimal("1.5"))]), "1")
    assert error["ctx"] == {"gt": "1.5"}


def test_faults_inside_of_a_discriminated_union_name_the_member() -> None:
    [error] = refused(CODEC.json_decoder(Pet), b'{"kind": "cat", "lives": "many"}')
    assert error["loc"] == ("cat", "lives")


def test_very_many_faults_are_counted_and_not_listed() -> None:
    few, many = b"[" + b'"x",' * 999 + b'"x"]', b"[" + b'"x",' * 1000 + b'"x"]'
    assert len(refused(CODEC.json_decoder(List[int]), few)) == 1000
    [error] = refused(CODEC.json_decoder(List[int]), many)
    assert (error["type"], error["loc"], error["ctx"]) == ("too_many_errors", (), {"count": 1001})


def test_a_json_text_inside_of_json_is_a_fault_of_its_field() -> None:
    class Wrapped(BaseModel):
        data: Json[Any]

    [error] = refused(CODEC.json_decoder(Wrapped), b'{"data": "{"}')
    assert (error["type"], error["loc"]) == ("json_invalid", ("data",))


def test_infinity_is_a_date_that_does_not_exist() -> None:
    for annotation in (dt.date, dt.datetime):
        assert refused(CODEC.json_decoder(annotation), b'"infinity"')
        assert refused(CODEC.decoder(annotation), "infinity")


def test_a_dict_is_read_by_alias_and_written_by_alias() -> None:
    assert CODEC.encoder(User, PLAIN)({"id": 1, "fullName": "Bo"}) == b'{"id":1,"fullName":"Bo"}'
    assert CODEC.encoder(User, EncodeOptions(by_alias=False))(User(id=1)) == b'{"id":1,"full_name":"Ada"}'


def test_unset_fields_can_be_left_out() -> None:
    encode = CODEC.encoder(User, EncodeOptions(exclude_unset=True))
    assert encode({"id": 1}) == b'{"id":1}'
    assert encode(User(id=1)) == b'{"id":1}'
    assert encode(User(id=1, fullName="Ada")) == b'{"id":1,"fullName":"Ada"}'


def test_an_instance_is_not_validated_again() -> None:
    class Counted(BaseModel):
        n: int

        @field_validator("n")
        @classmethod
        def count(cls, value: int) -> int:
            return value + 1

    assert CODEC.encoder(Counted, PLAIN)(Counted(n=1)) == b'{"n":2}'


def test_an_instance_is_validated_again_where_its_model_asks_for_it() -> None:
    class Careful(BaseModel):
        model_config = ConfigDict(revalidate_instances="always")
        n: int

    wrong = Careful.model_construct(n="many")
    with pytest.raises(Invalid):
        CODEC.encoder(Careful, PLAIN)(wrong)


def test_a_dataclass_is_written_as_it_is() -> None:
    assert CODEC.encoder(Note, PLAIN)(Note("a")) == b'{"text":"a","pages":1}'
    assert CODEC.encoder(List[Note], PLAIN)([{"text": "a"}]) == b'[{"text":"a","pages":1}]'


@pytest.mark.parametrize(
    ("annotation", "value", "written"),
    [
        (int, "5", b"5"),
        (float, float("inf"), b"null"),
        (Dict[str, Any], {"a": float("nan"), "b": {1}}, b'{"a":null,"b":[1]}'),
        (Optional[User], None, b"null"),
        (type(None), None, b"null"),
        (List[User], ({"id": 1},), b'[{"id":1,"fullName":"Ada"}]'),
        (str, "é", '"é"'.encode()),
        (Decimal, Decimal("0.10"), b'"0.10"'),
    ],
)
def test_values_are_written_as_their_type_says(annotation: Any, value: object, written: bytes) -> None:
    assert CODEC.encoder(annotation, PLAIN)(value) == written


def test_what_does_not_fit_its_type_is_refused_when_written() -> None:
    assert refused(CODEC.encoder(int, PLAIN), "many")[0]["type"] == "int_parsing"


def test_text_that_is_not_unicode_is_refused_when_written() -> None:
    assert refused(CODEC.encoder(Dict[str, Any], PLAIN), {"a": "\ud800"})[0]["type"] == "serialization_error"


class Homeless(BaseModel):
    address: "Nowhere"  # type: ignore[name-defined]  # noqa: F821


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (Homeless, "Homeless.*Nowhere"),
        (Dict[str, "Nowhere"], "Nowhere"),  # type: ignore[name-defined]  # noqa: F821
        (Annotated[Union[Cat, int], Field(discriminator="kind")], "int"),
        (type("Odd", (), {}), "Odd"),
    ],
    ids=["forward reference", "name in brackets", "discriminator", "foreign class"],
)
def test_a_type_that_cannot_be_read_is_named(annotation: Any, words: str) -> None:
    with pytest.raises(SetupError, match=words) as caught:
        CODEC.decoder(annotation)
    assert "\n" not in str(caught.value)


class Filters(BaseModel):
    limit: int = Field(default=20, le=100)
    tags: List[str] = Field(alias="tag")
    nested: Json[List[int]] = Field(validation_alias=AliasChoices(AliasPath("a", "b"), "deep"))


class Partial(TypedDict, total=False):
    x: Required[int]
    y: str


def test_the_fields_of_a_model_keep_their_constraints_and_aliases() -> None:
    limit, tags, nested = CODEC.fields(Filters)
    assert (limit.alias, tags.alias, nested.alias) == ("limit", "tag", "deep")
    assert (limit.required, tags.required) == (False, True)
    assert refused(CODEC.decoder(limit.annotation), "101")
    assert is_scalar(nested.annotation)


def test_the_fields_of_other_records_are_known() -> None:
    assert [(field.alias, field.annotation, field.required) for field in CODEC.fields(Note)] == [
        ("text", str, True),
        ("pages", int, False),
    ]
    assert [(field.alias, field.required) for field in CODEC.fields(Pair)] == [("x", True), ("y", False)]
    assert [(field.alias, field.required) for field in CODEC.fields(Partial)] == [("x", True), ("y", False)]
    assert [field.annotation for field in CODEC.fields(Page[int])] == [List[int]]


def test_a_class_is_compiled_once() -> None:
    assert CODEC.adapter(User) is CODEC.adapter(User)


def test_the_order_of_a_union_is_kept() -> None:
    assert CODEC.json_decoder(Union[dt.date, str])(b'"2020-01-02"') == dt.date(2020, 1, 2)
    assert CODEC.json_decoder(Union[str, dt.date])(b'"2020-01-02"') == "2020-01-02"


def test_new_union_syntax_is_read_on_every_python() -> None:
    class Modern(BaseModel):
        n: "int | None" = None

    assert CODEC.json_decoder(Modern)(b'{"n": null}') == Modern()
    assert refused(CODEC.json_decoder(Modern), b'{"n": "x"}')


@pytest.mark.skipif(sys.version_info < (3, 10), reason="before 3.10 a union has no such operator")
def test_new_union_syntax_at_run_time_is_read() -> None:
    assert CODEC.decoder(eval("int | None"))("5") == 5
