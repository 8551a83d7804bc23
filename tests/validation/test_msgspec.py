"""msgspec's codec: names, tags, constraints, and where its errors say they are."""

from typing import Any, Dict, Generic, List, Tuple, TypeVar, Union

import msgspec
import pytest
from typing_extensions import Annotated

from microframe.exceptions import Invalid, SetupError
from microframe.validation import EncodeOptions
from microframe.validation.codecs.msgspec import MsgspecCodec

CODEC = MsgspecCodec()
PLAIN = EncodeOptions()
T = TypeVar("T")


class Item(msgspec.Struct, rename="camel"):
    item_id: int
    labels: Dict[str, int] = {}
    weight: Annotated[float, msgspec.Meta(gt=0)] = 1.0


class Circle(msgspec.Struct, tag="circle"):
    radius: float


class Square(msgspec.Struct, tag="square", forbid_unknown_fields=True):
    side: float
    colour: Union[str, msgspec.UnsetType] = msgspec.UNSET


class Page(msgspec.Struct, Generic[T]):
    items: List[T]


def fault(call: Any, value: Any) -> Any:
    with pytest.raises(Invalid) as caught:
        call(value)
    [error] = caught.value.errors
    return error["type"], error["loc"], error["msg"]


@pytest.mark.parametrize(
    ("annotation", "body", "expected"),
    [
        (Item, b"{}", ("missing", ("itemId",), "Field required")),
        (Item, b'{"itemId": "x"}', ("type_error", ("itemId",), "Expected `int`, got `str`")),
        (Item, b'{"itemId": 1, "weight": 0}', ("value_error", ("weight",), "Expected `float` > 0.0")),
        (Item, b'{"itemId": 1, "labels": {"a": "x"}}', ("type_error", ("labels", "..."), None)),
        (List[Item], b'[{"itemId": 1}, {}]', ("missing", (1, "itemId"), "Field required")),
        (Dict[int, Item], b'{"x": {}}', ("type_error", (), "Expected `int`, got `str`")),
        (Square, b'{"type": "square", "side": 1, "z": 1}', ("extra_forbidden", ("z",), None)),
        (Union[Circle, Square], b'{"type": "line"}', ("value_error", ("type",), "Invalid value 'line'")),
        (Page[Item], b'{"items": [{"itemId": null}]}', ("type_error", ("items", 0, "itemId"), None)),
        (Tuple[Item, ...], b"[5]", ("type_error", (0,), "Expected `object`, got `int`")),
    ],
)
def test_a_fault_has_the_place_that_msgspec_names(annotation: Any, body: bytes, expected: Any) -> None:
    kind, loc, message = fault(CODEC.json_decoder(annotation), body)
    assert (kind, loc) == expected[:2]
    assert expected[2] in (None, message)


def test_json_is_read_strictly_and_plain_values_leniently() -> None:
    assert fault(CODEC.json_decoder(Item), b'{"itemId": "5"}')[0] == "type_error"
    assert CODEC.decoder(Item)({"itemId": "5"}) == Item(5)
    assert CODEC.decoder(Dict[int, Item])({"1": {"itemId": "5"}}) == {1: Item(5)}


def test_fields_have_the_names_of_the_wire() -> None:
    first = CODEC.fields(Item)[0]
    assert (first.name, first.alias) == ("item_id", "itemId")
    assert CODEC.fields(Page[int])[0].annotation == List[int]


def test_a_tag_tells_the_members_of_a_union_apart() -> None:
    annotation = Union[Circle, Square]
    read = CODEC.json_decoder(annotation)(b'{"type": "square", "side": 2}')
    assert read == Square(2)
    assert CODEC.encoder(annotation, PLAIN)(read) == b'{"type":"square","side":2.0}'


def test_a_validators_error_is_a_fault() -> None:
    class Even(msgspec.Struct):
        n: int

        def __post_init__(self) -> None:
            if self.n % 2:
                raise ValueError("odd")

    assert fault(CODEC.json_decoder(Even), b'{"n": 1}') == ("value_error", (), "odd")


def test_options_reach_nested_structs() -> None:
    page = Page(items=[Item(1), Item(2, weight=2.0)])
    encode = CODEC.encoder(Page[Item], EncodeOptions(exclude_defaults=True, by_alias=False))
    assert encode(page) == b'{"items":[{"item_id":1},{"item_id":2,"weight":2.0}]}'


def test_a_tag_stays_and_unset_fields_go_whatever_the_options() -> None:
    encode = CODEC.encoder(Square, EncodeOptions(exclude_none=True))
    assert encode(Square(1.0)) == b'{"type":"square","side":1.0}'


def test_a_subclass_made_after_the_build_is_reduced_too() -> None:
    class Inner(msgspec.Struct):
        a: int

    class Outer(msgspec.Struct):
        inner: Inner

    encode = CODEC.encoder(Outer, PLAIN)
    assert encode(Outer(Inner(1))) == b'{"inner":{"a":1}}'

    class Secret(Inner):
        b: int = 2

    assert encode(Outer(Secret(1))) == b'{"inner":{"a":1}}'


def test_leaving_out_what_was_not_set_is_a_setup_error() -> None:
    with pytest.raises(SetupError, match="exclude_defaults"):
        CODEC.encoder(Item, EncodeOptions(exclude_unset=True))


def test_types_that_msgspec_cannot_read_are_setup_errors() -> None:
    class Untagged(msgspec.Struct):
        a: int

    class Lost(msgspec.Struct):
        a: "Nowhere"  # type: ignore[name-defined]  # noqa: F821

    for annotation, words in ((Union[Item, Untagged], "tagged"), (Lost, "Nowhere")):
        with pytest.raises(SetupError, match=words):
            CODEC.decoder(annotation)
