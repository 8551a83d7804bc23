"""The contract of a codec, run against all of ours: the same model in three libraries answers alike."""

import dataclasses
from typing import Any, Dict, List, NamedTuple, Optional, Type

import attrs
import msgspec
import pydantic
import pytest

from microframe.exceptions import Invalid, SetupError
from microframe.validation import Codec, Codecs, EncodeOptions

PLAIN = EncodeOptions()


class PydanticOwner(pydantic.BaseModel):
    name: str


class PydanticCard(pydantic.BaseModel):
    id: int
    title: str
    owner: PydanticOwner
    tags: List[str] = []
    due: Optional[float] = None
    extra: Any = None


class PydanticSecretOwner(PydanticOwner):
    password: str = "hunter2"


class PydanticSecretCard(PydanticCard):
    password: str = "hunter2"


class MsgspecOwner(msgspec.Struct):
    name: str


class MsgspecCard(msgspec.Struct):
    id: int
    title: str
    owner: MsgspecOwner
    tags: List[str] = []
    due: Optional[float] = None
    extra: Any = None


class MsgspecSecretOwner(MsgspecOwner):
    password: str = "hunter2"


class MsgspecSecretCard(MsgspecCard):
    password: str = "hunter2"


@attrs.define
class AttrsOwner:
    name: str


@attrs.define
class AttrsCard:
    id: int
    title: str
    owner: AttrsOwner
    tags: List[str] = attrs.field(factory=list)
    due: Optional[float] = None
    extra: Any = None


@attrs.define
class AttrsSecretOwner(AttrsOwner):
    password: str = "hunter2"


@attrs.define
class AttrsSecretCard(AttrsCard):
    password: str = "hunter2"


class Library(NamedTuple):
    """One library's classes of the same model."""

    name: str
    owner: Type[Any]
    card: Type[Any]
    secret_owner: Type[Any]
    secret_card: Type[Any]

    @property
    def codec(self) -> Codec:
        return Codecs().for_annotation(self.card)

    def make(self, **fields: Any) -> Any:
        return self.card(**{"id": 1, "title": "Paint", "owner": self.owner(name="Ada"), **fields})


LIBRARIES = [
    Library("pydantic", PydanticOwner, PydanticCard, PydanticSecretOwner, PydanticSecretCard),
    Library("msgspec", MsgspecOwner, MsgspecCard, MsgspecSecretOwner, MsgspecSecretCard),
    Library("attrs", AttrsOwner, AttrsCard, AttrsSecretOwner, AttrsSecretCard),
]

SENT: Dict[str, Any] = {"id": 1, "title": "Paint", "owner": {"name": "Ada"}}
BODY = b'{"id": 1, "title": "Paint", "owner": {"name": "Ada"}}'
WRITTEN = b'{"id":1,"title":"Paint","owner":{"name":"Ada"},"tags":[],"due":null,"extra":null}'


@pytest.fixture(params=LIBRARIES, ids=lambda library: library.name)
def library(request: pytest.FixtureRequest) -> Library:
    found: Library = request.param
    return found


def refused(call: Any, value: Any) -> List[Any]:
    with pytest.raises(Invalid) as caught:
        call(value)
    return [(error["type"], error["loc"]) for error in caught.value.errors]


# Choosing ---------------------------------------------------------------------------------------------------


def test_the_codec_of_a_class_is_that_of_its_library(library: Library) -> None:
    assert library.codec.name == library.name


def test_a_class_inside_of_containers_and_unions_decides_too(library: Library) -> None:
    for annotation in (List[library.card], Optional[library.card], Dict[str, List[library.card]]):  # type: ignore[name-defined]
        assert Codecs().for_annotation(annotation).name == library.name


def test_models_are_structured_and_scalars_are_not(library: Library) -> None:
    assert library.codec.is_structured(library.card)
    assert library.codec.is_structured(Optional[library.card])
    assert not library.codec.is_structured(int)
    assert not library.codec.is_structured(List[int])


def test_the_fields_of_a_model_are_known(library: Library) -> None:
    for annotation in (library.card, Optional[library.card]):
        fields = library.codec.fields(annotation)
        assert [field.name for field in fields] == ["id", "title", "owner", "tags", "due", "extra"]
        assert [field.alias for field in fields] == [field.name for field in fields]
        assert [field.annotation for field in fields][:4] == [int, str, library.owner, List[str]]
        assert [field.required for field in fields] == [True, True, True, False, False, False]


# Reading ----------------------------------------------------------------------------------------------------


def test_json_becomes_an_instance_with_its_defaults(library: Library) -> None:
    card = library.codec.json_decoder(library.card)(BODY)
    assert card == library.make()
    assert type(card.owner) is library.owner


def test_plain_values_become_an_instance(library: Library) -> None:
    assert library.codec.decoder(library.card)(SENT) == library.make()


def test_texts_of_a_form_become_numbers(library: Library) -> None:
    card = library.codec.decoder(library.card)({**SENT, "id": "7", "due": "1.5"})
    assert (card.id, card.due) == (7, 1.5)


def test_a_list_of_models_is_read_and_written(library: Library) -> None:
    annotation: Any = List[library.card]  # type: ignore[name-defined]
    cards = library.codec.json_decoder(annotation)(b"[" + BODY + b"]")
    assert cards == [library.make()]
    assert library.codec.encoder(annotation, PLAIN)(cards) == b"[" + WRITTEN + b"]"


def test_unknown_fields_are_left_out(library: Library) -> None:
    assert library.codec.json_decoder(library.card)(BODY[:-1] + b', "admin": true}') == library.make()


def test_a_missing_field_is_named(library: Library) -> None:
    body = b'{"id": 1, "title": "Paint", "owner": {}}'
    assert refused(library.codec.json_decoder(library.card), body) == [("missing", ("owner", "name"))]


def test_the_place_of_a_fault_is_a_path_of_names_and_positions(library: Library) -> None:
    annotation: Any = List[library.card]  # type: ignore[name-defined]
    body = b"[" + BODY + b', {"id": 2, "title": "x", "owner": {"name": "Ada"}, "tags": ["a", 5]}]'
    [(_, loc)] = refused(library.codec.json_decoder(annotation), body)
    assert loc == (1, "tags", 1)


def test_faults_of_plain_values_have_a_place_too(library: Library) -> None:
    [(_, loc)] = refused(library.codec.decoder(library.card), {**SENT, "id": "seven"})
    assert loc == ("id",)


def test_each_fault_has_a_message_and_a_json_able_context(library: Library) -> None:
    with pytest.raises(Invalid) as caught:
        library.codec.json_decoder(library.card)(b'{"id": "x"}')
    for error in caught.value.errors:
        assert isinstance(error["msg"], str)
        assert error["msg"]
        msgspec.json.encode(error.get("ctx", {}))


@pytest.mark.parametrize("body", [b"5", b'"x"', b"null", b"[]", b"true"])
def test_what_is_no_object_is_refused(library: Library, body: bytes) -> None:
    assert refused(library.codec.json_decoder(library.card), body)


@pytest.mark.parametrize("value", [5, "x", None, [], True, 1.5, b"x"])
def test_what_is_no_mapping_is_refused(library: Library, value: Any) -> None:
    assert refused(library.codec.decoder(library.card), value)


def test_of_equal_keys_the_last_one_counts(library: Library) -> None:
    assert library.codec.json_decoder(library.card)(BODY[:-1] + b', "id": 2}').id == 2


# Writing ----------------------------------------------------------------------------------------------------


def test_an_instance_is_written(library: Library) -> None:
    assert library.codec.encoder(library.card, PLAIN)(library.make()) == WRITTEN


def test_a_dict_is_checked_and_completed(library: Library) -> None:
    encode = library.codec.encoder(library.card, PLAIN)
    assert encode(SENT) == WRITTEN
    with pytest.raises(Invalid):
        encode({"id": 1})


def test_another_object_is_read_by_its_attributes(library: Library) -> None:
    @dataclasses.dataclass
    class Row:
        id: int = 1
        title: str = "Paint"
        owner: Any = None
        tags: List[str] = dataclasses.field(default_factory=list)
        due: Optional[float] = None
        extra: Any = None
        password: str = "hunter2"

    assert library.codec.encoder(library.card, PLAIN)(Row(owner=library.owner(name="Ada"))) == WRITTEN


def test_a_subclass_is_reduced_to_the_declared_fields(library: Library) -> None:
    encode = library.codec.encoder(library.card, PLAIN)
    owner = library.owner(name="Ada")
    assert encode(library.secret_card(id=1, title="Paint", owner=owner)) == WRITTEN


def test_a_subclass_inside_of_an_instance_is_reduced_too(library: Library) -> None:
    encode = library.codec.encoder(library.card, PLAIN)
    assert encode(library.make(owner=library.secret_owner(name="Ada"))) == WRITTEN


def test_a_subclass_inside_of_a_list_is_reduced_too(library: Library) -> None:
    annotation: Any = List[library.card]  # type: ignore[name-defined]
    encode = library.codec.encoder(annotation, PLAIN)
    card = library.secret_card(id=1, title="Paint", owner=library.secret_owner(name="Ada"))
    assert encode([card]) == b"[" + WRITTEN + b"]"


def test_nothing_fits_where_a_model_is_promised(library: Library) -> None:
    for value in (None, 5, "x", object()):
        with pytest.raises(Invalid):
            library.codec.encoder(library.card, PLAIN)(value)


def test_a_number_that_json_lacks_is_written_as_null(library: Library) -> None:
    written = library.codec.encoder(library.card, PLAIN)(library.make(due=float("nan")))
    assert b'"due":null' in written


def test_what_json_lacks_altogether_is_refused(library: Library) -> None:
    with pytest.raises(Invalid) as caught:
        library.codec.encoder(library.card, PLAIN)(library.make(extra=object()))
    assert "object" in caught.value.errors[0]["msg"]


def test_models_of_other_libraries_are_written_where_anything_is_allowed(library: Library) -> None:
    others = [other.owner(name="Ada") for other in LIBRARIES]
    written = library.codec.encoder(library.card, PLAIN)(library.make(extra=others))
    assert written.endswith(b'"extra":[{"name":"Ada"},{"name":"Ada"},{"name":"Ada"}]}')


@pytest.mark.parametrize(
    ("options", "written"),
    [
        (EncodeOptions(include={"id", "title"}), b'{"id":1,"title":"Paint"}'),
        (EncodeOptions(exclude={"tags", "due", "extra", "owner"}), b'{"id":1,"title":"Paint"}'),
        (EncodeOptions(include={"owner": {"name"}}), b'{"owner":{"name":"Ada"}}'),
        (EncodeOptions(exclude_none=True), b'{"id":1,"title":"Paint","owner":{"name":"Ada"},"tags":[]}'),
        (EncodeOptions(exclude_defaults=True), b'{"id":1,"title":"Paint","owner":{"name":"Ada"}}'),
    ],
)
def test_options_choose_what_is_written(library: Library, options: EncodeOptions, written: bytes) -> None:
    assert library.codec.encoder(library.card, options)(library.make()) == written
    assert library.codec.encoder(library.card, options)(SENT) == written


def test_a_type_that_cannot_be_read_is_a_setup_error_that_names_it(library: Library) -> None:
    annotation: Any = Dict[library.card, "Nowhere"]  # type: ignore[name-defined]  # noqa: F821
    with pytest.raises(SetupError, match="Nowhere"):
        library.codec.decoder(annotation)
