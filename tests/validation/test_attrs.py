"""attrs' codec: converters, validators, aliases, defaults, generic and recursive classes."""

import datetime as dt
from typing import Any, Dict, Generic, List, Optional, TypeVar, Union

import attrs
import pytest
from pydantic import BaseModel, Field
from typing_extensions import Annotated, Literal

from microframe.exceptions import Invalid, SetupError
from microframe.validation import EncodeOptions
from microframe.validation.codecs.attrs import AttrsCodec

CODEC = AttrsCodec()
PLAIN = EncodeOptions()
T = TypeVar("T")


class Model(BaseModel):
    n: int


def strip(text: str) -> str:
    return text.strip()


@attrs.define
class Card:
    title: str = attrs.field(converter=strip, validator=attrs.validators.min_len(2))
    _hidden: int = 1
    points: Annotated[int, Field(ge=0)] = 0
    colour: str = attrs.field(default="red", alias="color")
    due: Optional[dt.date] = None
    copy: int = 1  # also a method of Pydantic's models
    double: int = attrs.field(default=attrs.Factory(lambda self: 2 * self.points, takes_self=True))
    made: int = attrs.field(init=False, default=7)


@attrs.define
class Tree:
    value: int
    left: "Optional[Tree]" = None
    others: List["Tree"] = attrs.field(factory=list)


@attrs.frozen
class Page(Generic[T]):
    items: List[T]
    first: Optional[T] = None


@attrs.define
class Shelf(Generic[T]):
    page: Page[T]
    model: Optional[Model] = None
    kind: Literal["a", "b"] = "a"


@attrs.define
class Typed:
    n: Any = attrs.field(validator=attrs.validators.instance_of(int))


def faults(call: Any, value: Any) -> List[Any]:
    with pytest.raises(Invalid) as caught:
        call(value)
    return [(error["type"], error["loc"], error["msg"]) for error in caught.value.errors]


def test_an_instance_is_made_by_its_own_init() -> None:
    card = CODEC.json_decoder(Card)(b'{"title": "  Paint ", "points": "2", "hidden": 3, "color": "blue"}')
    assert card == Card("Paint", 3, 2, "blue")
    assert (card.double, card.made) == (4, 7)


def test_fields_have_the_names_of_init_on_the_wire() -> None:
    written = CODEC.encoder(Card, PLAIN)(Card("Paint", due=dt.date(2020, 1, 2)))
    assert written == (
        b'{"title":"Paint","hidden":1,"points":0,"color":"red","due":"2020-01-02","copy":1,"double":0,"made":7}'
    )
    assert b'"colour":"red"' in CODEC.encoder(Card, EncodeOptions(by_alias=False))(Card("Paint"))


def test_a_field_without_a_place_in_init_cannot_be_sent() -> None:
    assert CODEC.decoder(Card)({"title": "Paint", "made": 8}).made == 7


def test_only_fields_of_init_can_be_filled() -> None:
    names = [(field.name, field.alias) for field in CODEC.fields(Card)]
    assert ("_hidden", "hidden") in names
    assert ("colour", "color") in names
    assert "made" not in dict(names)


def test_all_faults_are_found_at_once() -> None:
    found = faults(CODEC.json_decoder(List[Card]), b'[{"points": -1}, {"title": "x"}]')
    assert [(kind, loc) for kind, loc, _ in found] == [
        ("missing", (0, "title")),
        ("greater_than_equal", (0, "points")),
        ("value_error", (1,)),
    ]


def test_a_validators_type_error_is_a_fault_too() -> None:
    [(kind, loc, message)] = faults(CODEC.decoder(Typed), {"n": "x"})
    assert (kind, loc) == ("value_error", ())
    assert "must be <class 'int'>" in message


def test_a_recursive_class_is_read_and_written() -> None:
    tree = CODEC.json_decoder(Tree)(b'{"value": 1, "left": {"value": 2}, "others": [{"value": 3}]}')
    assert tree == Tree(1, Tree(2), [Tree(3)])
    written = b'{"value":1,"left":{"value":2},"others":[{"value":3}]}'
    assert CODEC.encoder(Tree, EncodeOptions(exclude_defaults=True))(tree) == written
    assert faults(CODEC.json_decoder(Tree), b'{"value": 1, "others": [{"value": "x"}]}')[0][1] == (
        "others",
        0,
        "value",
    )


def test_generic_classes_are_read_with_their_parameters() -> None:
    shelf = CODEC.json_decoder(Shelf[Card])(b'{"page": {"items": [{"title": "Paint"}]}, "model": {"n": 1}}')
    assert shelf == Shelf(Page([Card("Paint")]), Model(n=1))
    assert CODEC.decoder(Page[int])({"items": ["5"]}) == Page([5])
    assert faults(CODEC.decoder(Page[int]), {"items": ["x"]})[0][1] == ("items", 0)


def test_unions_and_mappings_of_classes_are_read() -> None:
    assert CODEC.decoder(Union[Tree, int])("5") == 5
    assert CODEC.decoder(Dict[int, Tree])({"1": {"value": 1}}) == {1: Tree(1)}


def test_an_instance_given_is_taken_as_it_is() -> None:
    tree = Tree(1)
    assert CODEC.decoder(List[Tree])([tree])[0] is tree


def test_a_field_that_cannot_be_read_is_a_setup_error_that_names_the_class() -> None:
    @attrs.define
    class Odd:
        value: type("Strange", (), {})  # type: ignore[valid-type]

    @attrs.define
    class Lost:
        value: "Nowhere"  # type: ignore[name-defined]  # noqa: F821

    for annotation, words in ((Odd, "Odd.*Strange"), (List[Lost], "Lost.*Nowhere")):
        with pytest.raises(SetupError, match=words):
            CODEC.decoder(annotation)


def test_a_class_that_failed_once_can_be_read_when_it_is_mended() -> None:
    @attrs.define
    class Later:
        value: "Missing"  # type: ignore[name-defined]  # noqa: F821

    with pytest.raises(SetupError):
        CODEC.decoder(Later)
    Later.__annotations__["value"] = int
    assert CODEC.decoder(Later)({"value": "5"}) == Later(5)
