"""Bodies as the objects of every library: dataclasses, TypedDict, NamedTuple, msgspec, attrs."""

import datetime as dt
import enum
from dataclasses import dataclass, field
from typing import Annotated, Any, Dict, Generic, List, NamedTuple, Type, TypeVar, Union

import attrs
import msgspec
import pytest
from pydantic import BaseModel, Field, RootModel
from pydantic.dataclasses import dataclass as pydantic_dataclass
from typing_extensions import Literal, TypedDict

from microframe import Application, Body
from tests.injection.asking import post

T = TypeVar("T")


class Kind(enum.Enum):
    BIG = "big"


class ModelCard(BaseModel):
    title: str
    kind: Kind
    due: dt.date
    tags: List[str] = []


@dataclass
class DataclassCard:
    title: str
    kind: Kind
    due: dt.date
    tags: List[str] = field(default_factory=list)


@pydantic_dataclass
class PydanticDataclassCard:
    title: str
    kind: Kind
    due: dt.date
    tags: List[str] = Field(default_factory=list)


class DictCard(TypedDict, total=False):
    title: str
    kind: Kind
    due: dt.date
    tags: List[str]


class TupleCard(NamedTuple):
    title: str
    kind: Kind
    due: dt.date
    number: int = 1


class StructCard(msgspec.Struct):
    title: str
    kind: Kind
    due: dt.date
    tags: List[str] = []


@attrs.define
class AttrsCard:
    title: str
    kind: Kind
    due: dt.date
    tags: List[str] = attrs.Factory(list)


CARDS = [ModelCard, DataclassCard, PydanticDataclassCard, DictCard, StructCard, AttrsCard]
SENT = {"title": "t", "kind": "big", "due": "2024-02-29"}


def whole_and_field(kind: Any) -> "tuple[Application, List[Any]]":
    app, seen = Application(), []

    async def whole(card) -> Any:  # type: ignore[no-untyped-def]
        seen.append(card)
        return card

    async def embedded(card) -> Any:  # type: ignore[no-untyped-def]
        seen.append(card)
        return card

    whole.__annotations__["card"] = kind
    embedded.__annotations__["card"] = Annotated[kind, Body(embed=True)]
    app.post("/whole")(whole)
    app.post("/field")(embedded)
    return app, seen


@pytest.mark.parametrize("kind", CARDS)
async def test_its_object_is_read_whole_and_as_a_field(kind: Type[Any]) -> None:
    app, seen = whole_and_field(kind)
    expected = {**SENT, "tags": []} if kind is not DictCard else SENT
    assert (await post(app, "/whole", data=SENT)).value == expected
    assert (await post(app, "/field", data={"card": SENT})).value == expected
    whole, embedded = seen
    assert whole == embedded
    if kind is not DictCard:
        assert (type(whole), whole.kind, whole.due) == (kind, Kind.BIG, dt.date(2024, 2, 29))


@pytest.mark.parametrize("kind", CARDS)
async def test_what_is_no_such_object_is_refused_with_its_place(kind: Type[Any]) -> None:
    app, seen = whole_and_field(kind)
    for path, prefix, sent in (
        ("/whole", ["body"], {**SENT, "kind": "small"}),
        ("/field", ["body", "card"], {"card": {**SENT, "kind": "small"}}),
    ):
        answer = await post(app, path, data=sent)
        assert [error["loc"] for error in answer.errors] == [[*prefix, "kind"]]
    assert not seen


async def test_a_named_tuple_is_read_from_a_list() -> None:
    app, seen = whole_and_field(TupleCard)
    assert (await post(app, "/whole", data=list(SENT.values()))).value == [*SENT.values(), 1]
    assert isinstance(seen[0], TupleCard)


class Page(BaseModel, Generic[T]):
    items: List[T]


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog"]
    barks: bool = True


async def test_generics_unions_and_roots() -> None:
    app = Application()

    @app.post("/generic")
    async def generic(page: Page[ModelCard]) -> List[str]:
        return [card.title for card in page.items]

    @app.post("/union")
    async def union(pet: Annotated[Union[Cat, Dog], Body(discriminator="kind")]) -> str:
        return type(pet).__name__

    @app.post("/root")
    async def root(numbers: RootModel[List[int]]) -> int:
        return sum(numbers.root)

    assert (await post(app, "/generic", data={"items": [SENT]})).value == ["t"]
    assert (await post(app, "/generic", data={"items": [{}]})).faults[0] == ("body.items.0.title", "missing")
    assert (await post(app, "/union", data={"kind": "dog"})).value == "Dog"
    assert (await post(app, "/union", data={"kind": "cow"})).faults == [("body", "union_tag_invalid")]
    assert (await post(app, "/root", data=[1, 2])).value == 3


async def test_models_of_several_libraries_stand_in_one_body() -> None:
    app = Application()

    @app.post("/")
    async def show(a: ModelCard, b: StructCard, c: AttrsCard, d: Dict[str, int]) -> List[Any]:
        return [a.title, b.title, c.title, d]

    sent = {"a": SENT, "b": SENT, "c": SENT, "d": {"n": 1}}
    assert (await post(app, data=sent)).value == ["t", "t", "t", {"n": 1}]
    locs = [error["loc"][:2] for error in (await post(app, data={"a": 1, "b": 1, "c": 1, "d": 1})).errors]
    assert locs == [["body", "a"], ["body", "b"], ["body", "c"], ["body", "d"]]
