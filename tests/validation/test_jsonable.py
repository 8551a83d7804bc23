"""JSON of values without a declared type: `encode_any` as bytes and `jsonable_encoder` as plain values."""

import collections
import dataclasses
import datetime as dt
import json
import pathlib
import re
import types
from decimal import Decimal
from enum import Enum
from typing import Any, Dict, Iterator, List, NamedTuple, Optional
from uuid import UUID

import attrs
import msgspec
import pytest
from pydantic import BaseModel, Field, SecretStr

from microframe.validation import encode_any, jsonable_encoder

ID = UUID("12345678-1234-5678-1234-567812345678")
NOON = dt.datetime(2020, 1, 2, 12, tzinfo=dt.timezone.utc)


class Colour(Enum):
    RED = "red"


class Model(BaseModel):
    n: int = 1
    full_name: Optional[str] = Field(default=None, alias="fullName")


class Price(BaseModel):
    """A model says itself how it is written, wherever it stands."""

    amount: Decimal
    at: dt.datetime


class Struct(msgspec.Struct, rename="camel"):
    some_name: Any = None


@attrs.define
class Attrs:
    inner: Any
    _private: int = 1


@dataclasses.dataclass
class Data:
    n: int
    model: Any = None


class Pair(NamedTuple):
    a: int
    b: dt.date


class Attributes:
    """No type that anybody knows."""

    def __init__(self) -> None:
        self.name = "Ada"
        self._sa_instance_state = object()


def count() -> Iterator[int]:
    yield from (1, 2)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ({"a": [1, 1.5, True, None, "é"]}, '{"a":[1,1.5,true,null,"é"]}'),
        (None, "null"),
        ("x", '"x"'),
        (float("nan"), "null"),
        ([float("inf"), -float("inf")], "[null,null]"),
        (Model(fullName="Ada"), '{"n":1,"fullName":"Ada"}'),
        (Data(1, Model()), '{"n":1,"model":{"n":1,"fullName":null}}'),
        (Struct(Model()), '{"someName":{"n":1,"fullName":null}}'),
        (Attrs(Struct(NOON)), '{"inner":{"someName":"2020-01-02T12:00:00Z"},"private":1}'),
        ([NOON, NOON.date(), NOON.time()], '["2020-01-02T12:00:00+00:00","2020-01-02","12:00:00"]'),
        (dt.timedelta(seconds=90), "90.0"),
        (Decimal("1.50"), "1.5"),
        (Decimal(3), "3"),
        (Decimal("NaN"), "null"),
        ([{"a": 1}, {"a": {"b": Decimal("1.50")}}], '[{"a":1},{"a":{"b":1.5}}]'),
        ([{"a": [1, "x"]}, {"a": []}], '[{"a":[1,"x"]},{"a":[]}]'),
        ([{"a": [1]}, {"a": [Decimal("1.50")]}], '[{"a":[1]},{"a":[1.5]}]'),
        ([{"a": [1]}, {"a": [[Decimal("1.50")], {"b": Decimal(3)}]}], '[{"a":[1]},{"a":[[1.5],{"b":3}]}]'),
        ([{"a": 1}, 2, [Model()]], '[{"a":1},2,[{"n":1,"fullName":null}]]'),
        (({"a": ID},), '[{"a":"12345678-1234-5678-1234-567812345678"}]'),
        (Price(amount=Decimal("1.50"), at=NOON), '{"amount":"1.50","at":"2020-01-02T12:00:00Z"}'),
        ([Attributes()], '[{"name":"Ada"}]'),
        (ID, '"12345678-1234-5678-1234-567812345678"'),
        ({Colour.RED: Colour.RED}, '{"red":"red"}'),
        ({1: "a", None: "b"}, '{"1":"a","None":"b"}'),
        (pathlib.PurePosixPath("/a"), '"/a"'),
        (re.compile("a+"), '"a+"'),
        (b"x", '"x"'),
        ({1}, "[1]"),
        (frozenset([1]), "[1]"),
        ((1, 2), "[1,2]"),
        (collections.deque([1]), "[1]"),
        (range(2), "[0,1]"),
        ({"a": 1}.keys(), '["a"]'),
        (map(str, [1]), '["1"]'),
        (types.MappingProxyType({"a": 1}), '{"a":1}'),
        (collections.ChainMap({"a": 1}), '{"a":1}'),
        (SecretStr("hunter2"), '"**********"'),
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_of_many_types_are_written(value: Any, written: str) -> None:
    assert encode_any(value).decode() == written


def test_a_generator_is_a_list() -> None:
    assert encode_any(count()) == b"[1,2]"


@pytest.mark.parametrize(
    "value",
    [object(), memoryview(b"x"), ...],
    ids=lambda value: type(value).__name__,
)
def test_a_type_without_json_is_a_value_error_that_names_it(value: Any) -> None:
    with pytest.raises(ValueError, match=type(value).__qualname__):
        encode_any({"deep": [value]})


def test_a_class_is_no_value() -> None:
    with pytest.raises(ValueError, match="Attributes is a class"):
        encode_any([Attributes])


def test_a_key_that_no_object_has_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        encode_any({(1, 2): Decimal(1)})


def test_a_value_inside_of_itself_is_a_value_error() -> None:
    loop: List[Any] = []
    loop.append(loop)
    with pytest.raises(ValueError, match="contains itself"):
        encode_any(loop)


def test_text_that_is_not_unicode_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="surrogates"):
        encode_any("\ud800")


# jsonable_encoder -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (NOON, "2020-01-02T12:00:00+00:00"),
        (dt.timedelta(seconds=90), 90.0),
        (Decimal("1.50"), 1.5),
        (Decimal(3), 3),
        (ID, str(ID)),
        (Colour.RED, "red"),
        ({Colour.RED: {1}}, {"red": [1]}),
        ([Data(1, Model())], [{"n": 1, "model": {"n": 1, "fullName": None}}]),
        (Attrs(Struct(1)), {"inner": {"someName": 1}, "private": 1}),
        (Attributes(), {"name": "Ada"}),
        ({"a": None, "_sa_x": 1}, {"a": None}),
        (count(), [1, 2]),
        (b"x", "x"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_object_becomes_plain_values_as_in_fastapi(value: Any, plain: Any) -> None:
    made = jsonable_encoder(value)
    assert made == plain
    assert type(made) is type(plain)
    json.dumps(made)


@pytest.mark.parametrize(
    ("options", "plain"),
    [
        ({"by_alias": False}, {"n": 2, "full_name": None}),
        ({"exclude_none": True}, {"n": 2}),
        ({"exclude_unset": True}, {"n": 2}),
        ({"exclude_defaults": True}, {"n": 2}),
        ({"include": ["n"]}, {"n": 2}),
        ({"exclude": {"n"}}, {"fullName": None}),
        ({"custom_encoder": {Model: lambda model: f"Model {model.n}"}}, "Model 2"),
    ],
)
def test_options_choose_the_fields_of_a_model(options: Dict[str, Any], plain: Any) -> None:
    assert jsonable_encoder(Model(n=2), **options) == plain
    assert jsonable_encoder([Model(n=2)], **options) == [plain]


def test_a_custom_encoder_of_the_type_wins_over_that_of_a_base() -> None:
    encoders: Dict[Any, Any] = {dt.date: lambda _: "date", dt.datetime: lambda _: "datetime"}
    assert jsonable_encoder([NOON, NOON.date()], custom_encoder=encoders) == ["datetime", "date"]


def test_what_sqlalchemy_hides_is_shown_when_asked_for() -> None:
    assert jsonable_encoder({"_sa_x": 1}, sqlalchemy_safe=False) == {"_sa_x": 1}


@pytest.mark.parametrize("value", [object(), Model])
def test_what_has_no_fields_is_a_value_error(value: Any) -> None:
    with pytest.raises(ValueError, match=r"fields|class"):
        jsonable_encoder(value)


def test_a_named_tuple_is_a_list() -> None:
    assert jsonable_encoder(Pair(1, NOON.date())) == [1, "2020-01-02"]
