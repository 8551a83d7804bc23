"""Shapes of annotations: what is read from one text, from many, and from the body."""

import collections
import dataclasses
import datetime as dt
import ipaddress
import pathlib
import sys
import typing
from decimal import Decimal
from enum import Enum
from typing import (
    Any,
    Dict,
    FrozenSet,
    Generic,
    Iterable,
    List,
    Mapping,
    NewType,
    Optional,
    Sequence,
    Set,
    Tuple,
    TypeVar,
    Union,
)
from uuid import UUID

import attrs
import msgspec
import pydantic
import pytest
from typing_extensions import Annotated, Literal, NamedTuple, TypeAliasType, TypedDict

from microframe.validation.shapes import is_scalar, is_sequence_of_scalars, is_structured, parts

T = TypeVar("T")


class Colour(Enum):
    RED = "red"


class Word(str, Enum):
    YES = "yes"


class Model(pydantic.BaseModel):
    n: int


class Struct(msgspec.Struct):
    n: int


@attrs.define
class Attrs:
    n: int


@dataclasses.dataclass
class Data:
    n: int


class Typed(TypedDict):
    n: int


class Named(NamedTuple):
    n: int


class Foreign(Generic[T]):
    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        raise NotImplementedError


UserId = NewType("UserId", int)
Payload = NewType("Payload", Model)
Count = TypeAliasType("Count", int)
Several = TypeAliasType("Several", List[T], type_params=(T,))

SCALARS: List[Any] = [
    *(str, int, float, bool, bytes, Decimal, UUID, dt.date, dt.datetime, dt.time, dt.timedelta),
    *(Colour, Word, pathlib.Path, ipaddress.IPv4Address, pydantic.AnyUrl, pydantic.EmailStr, object),
    *(Literal["a", 1], Optional[int], Union[int, str, None], UserId, Count, Optional[UserId], type(None)),
    *(
        Annotated[int, "x"],
        Annotated[Optional[Annotated[int, "x"]], "y"],
        pydantic.Json,
        pydantic.Json[List[int]],
    ),
    Any,
]

RECORDS: List[Any] = [Model, Struct, Attrs, Data, Typed, Named, Payload, Optional[Model], Union[int, Data]]

SEQUENCES: List[Any] = [
    *(
        list,
        set,
        tuple,
        List[int],
        Set[str],
        FrozenSet[Colour],
        Sequence[UUID],
        Tuple[int, ...],
        Tuple[int, str],
    ),
    *(Optional[List[int]], Union[List[int], int], Annotated[List[int], "x"], List[Annotated[int, "x"]]),
    *(List[Any], List[Optional[int]], Several[int], collections.deque, typing.Deque[int]),
]

OTHERS: List[Any] = [
    *(dict, Dict[str, int], Mapping[str, int], collections.OrderedDict, List[Model], List[List[int]]),
    *(Tuple[Model, ...], Union[List[int], Model], Optional[Dict[str, int]], Foreign[int], Iterable[int]),
    *(List[Dict[str, int]],),
]


def name_of(annotation: object) -> str:
    """The same in every process: before 3.10 a NewType is a function, and its text has an address in it."""
    supertype = getattr(annotation, "__supertype__", None)
    return str(annotation) if supertype is None else f"NewType {getattr(annotation, '__name__', '')}"


@pytest.mark.parametrize("annotation", SCALARS, ids=name_of)
def test_what_stands_in_one_text_is_a_scalar(annotation: Any) -> None:
    assert is_scalar(annotation)
    assert not is_sequence_of_scalars(annotation)
    assert not is_structured(annotation)


@pytest.mark.parametrize("annotation", RECORDS, ids=name_of)
def test_what_has_named_fields_is_structured(annotation: Any) -> None:
    assert is_structured(annotation)
    assert not is_scalar(annotation)
    assert not is_sequence_of_scalars(annotation)


@pytest.mark.parametrize("annotation", SEQUENCES, ids=name_of)
def test_what_stands_in_many_texts_is_a_sequence_of_scalars(annotation: Any) -> None:
    assert is_sequence_of_scalars(annotation)
    assert not is_scalar(annotation)
    assert not is_structured(annotation)


@pytest.mark.parametrize("annotation", OTHERS, ids=name_of)
def test_anything_else_is_read_from_the_body_unless_told_otherwise(annotation: Any) -> None:
    assert not is_scalar(annotation)
    assert not is_sequence_of_scalars(annotation)


@pytest.mark.skipif(sys.version_info < (3, 10), reason="before 3.10 a union has no such operator")
def test_unions_of_the_new_syntax_are_unions() -> None:
    assert is_scalar(eval("int | None"))
    assert is_sequence_of_scalars(eval("list[int] | None"))
    assert is_structured(eval("Model | None"))


@pytest.mark.skipif(sys.version_info < (3, 12), reason="before 3.12 there is no such statement")
def test_aliases_of_the_new_syntax_are_what_they_stand_for() -> None:
    names: Dict[str, Any] = {}
    exec("type Number = int | float\ntype Many[T] = list[T]\ntype Tree = int | list[Tree]", names)
    assert is_scalar(names["Number"])
    assert is_sequence_of_scalars(names["Many"][int])
    assert not is_scalar(names["Tree"])
    assert int in list(parts(names["Tree"]))  # which comes to an end, though the alias does not


def test_values_inside_of_literals_are_no_parts() -> None:
    assert "a" not in list(parts(Optional[Literal["a"]]))
