"""Response models: an answer is reduced to what is declared, checked, and written as its options say."""

from dataclasses import dataclass
from typing import Any, Callable, Dict, Generic, List, Optional, Tuple, Type, TypeVar, Union

import attrs
import msgspec
import pytest
from pydantic import BaseModel, ConfigDict, Field, RootModel, field_validator
from typing_extensions import TypedDict

from microframe import Application, Response
from microframe.exceptions import ResponseValidationException
from microframe.http.responses import PlainTextResponse
from tests.injection.asking import ask

T = TypeVar("T")


class PublicUser(BaseModel):
    name: str
    nick: Optional[str] = None
    level: int = 1


class User(PublicUser):
    password: str


class Team(BaseModel):
    members: List[PublicUser]
    lead: Optional[PublicUser] = None


class Aliased(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    full_name: str = Field(alias="fullName")


@dataclass
class PublicData:
    name: str


@dataclass
class Data(PublicData):
    password: str = "secret"


class PublicStruct(msgspec.Struct):
    name: str


class Struct(PublicStruct):
    password: str = "secret"


@attrs.define
class PublicAttrs:
    name: str


@attrs.define
class Attrs(PublicAttrs):
    password: str = "secret"


class PublicDict(TypedDict):
    name: str


SECRET = User(name="ada", password="secret")


def returning(value: Any, annotation: Any = None, **options: Any) -> Application:
    app = Application()

    async def show():  # type: ignore[no-untyped-def]
        return value

    if annotation is not None:
        show.__annotations__["return"] = annotation
    app.get("/", **options)(show)
    return app


def returning_handler(value: Any) -> Callable[[], Any]:
    async def show() -> PublicUser:
        return value  # type: ignore[no-any-return]

    return show


ADA = {"name": "ada", "nick": None, "level": 1}


@pytest.mark.parametrize("how", ["annotation", "option"])
@pytest.mark.parametrize(
    ("declared", "value", "expected"),
    [
        (PublicUser, SECRET, ADA),
        (PublicUser, {"name": "ada", "password": "secret"}, ADA),
        (List[PublicUser], [SECRET], [ADA]),
        (Tuple[PublicUser, int], (SECRET, 1), [ADA, 1]),
        (Dict[str, PublicUser], {"a": SECRET}, {"a": ADA}),
        (Optional[PublicUser], SECRET, ADA),
        (Optional[PublicUser], None, None),
        (Union[PublicUser, List[PublicUser]], [SECRET], [ADA]),
        (Team, {"members": [SECRET], "lead": SECRET}, {"members": [ADA], "lead": ADA}),
        (Team, Team(members=[SECRET]), {"members": [ADA], "lead": None}),
        (RootModel[List[PublicUser]], [SECRET], [ADA]),
        (PublicData, Data("ada"), {"name": "ada"}),
        (PublicStruct, Struct("ada"), {"name": "ada"}),
        (PublicAttrs, Attrs("ada"), {"name": "ada"}),
        (List[PublicData], [Data("ada")], [{"name": "ada"}]),
        (List[PublicStruct], [Struct("ada")], [{"name": "ada"}]),
        (List[PublicAttrs], [Attrs("ada")], [{"name": "ada"}]),
        (PublicDict, {"name": "ada", "password": "secret"}, {"name": "ada"}),
        (int, "5", 5),
    ],
    ids=str,
)
async def test_only_what_is_declared_is_sent(how: str, declared: Any, value: Any, expected: Any) -> None:
    app = returning(value, declared) if how == "annotation" else returning(value, response_model=declared)
    assert (await ask(app)).value == expected


async def test_the_option_goes_before_the_annotation() -> None:
    assert (await ask(returning(SECRET, User, response_model=PublicUser))).value == ADA
    unchecked = returning({"any": "thing"}, PublicUser, response_model=None)
    assert (await ask(unchecked)).value == {"any": "thing"}


async def test_a_response_is_not_looked_into() -> None:
    app = returning(PlainTextResponse("as it is"), response_model=PublicUser)
    assert (await ask(app)).body == b"as it is"


async def test_an_answer_that_does_not_fit_is_a_500_that_tells_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    answer = await ask(returning({"nick": "hunter2"}, PublicUser))
    assert (answer.status, answer.json["code"]) == (500, "internal_server_error")
    assert "name" not in answer.body.decode()
    assert "hunter2" not in caplog.text
    assert "show (" in caplog.text
    assert "response.name: Field required" in caplog.text


async def test_a_program_may_answer_it_itself() -> None:
    app = returning({"level": "x"}, PublicUser)
    seen: List[Any] = []

    @app.exception_handler(ResponseValidationException)
    async def answer(request: Any, exc: ResponseValidationException) -> Response:
        seen.extend(error["loc"] for error in exc.errors())
        return PlainTextResponse("bad answer", 500)

    assert (await ask(app)).body == b"bad answer"
    assert seen == [("response", "name"), ("response", "level")]


async def test_so_it_is_for_other_response_classes(caplog: pytest.LogCaptureFixture) -> None:
    assert (await ask(returning([1], PublicUser, response_class=PlainTextResponse))).status == 500
    assert "returned what its response does not allow" in caplog.text


class TestOptions:
    user = User(name="ada", password="secret")

    async def sent(self, value: Any, model: Any = PublicUser, **options: Any) -> Any:
        named = {f"response_model_{name}": option for name, option in options.items()}
        return (await ask(returning(value, response_model=model, **named))).value

    async def test_exclude_unset_leaves_out_what_nobody_gave(self) -> None:
        assert await self.sent({"name": "ada"}, exclude_unset=True) == {"name": "ada"}
        assert await self.sent({"name": "ada", "level": 1}, exclude_unset=True) == {"name": "ada", "level": 1}
        assert await self.sent(PublicUser(name="ada", nick=None), exclude_unset=True) == {
            "name": "ada",
            "nick": None,
        }

    async def test_exclude_defaults_leaves_out_what_is_the_default(self) -> None:
        assert await self.sent({"name": "ada", "level": 1}, exclude_defaults=True) == {"name": "ada"}

    async def test_exclude_none_leaves_out_none(self) -> None:
        assert await self.sent({"name": "ada", "nick": None}, exclude_none=True) == {
            "name": "ada",
            "level": 1,
        }

    async def test_include_and_exclude_name_fields(self) -> None:
        assert await self.sent(self.user, include={"name", "nick"}) == {"name": "ada", "nick": None}
        assert await self.sent(self.user, exclude={"level"}) == {"name": "ada", "nick": None}
        team = {"members": [self.user]}
        only_names = {"members": {"__all__": {"name"}}}
        assert await self.sent(team, Team, include=only_names) == {"members": [{"name": "ada"}]}

    async def test_fields_may_be_named_by_a_list(self) -> None:
        assert await self.sent(self.user, include=["name"]) == {"name": "ada"}
        assert await self.sent(self.user, exclude=["level", "nick"]) == {"name": "ada"}

    async def test_by_alias_is_on_unless_it_is_turned_off(self) -> None:
        value = Aliased(fullName="Ada")
        assert await self.sent(value, Aliased) == {"fullName": "Ada"}
        assert await self.sent(value, Aliased, by_alias=False) == {"full_name": "Ada"}
        assert (await ask(returning(value))).value == {"fullName": "Ada"}

    async def test_lists_are_reduced_in_the_same_way(self) -> None:
        assert await self.sent([self.user], List[PublicUser], exclude_none=True) == [
            {"name": "ada", "level": 1}
        ]


class Page(BaseModel, Generic[T]):
    items: List[T]


class Row:
    """An object of an ORM: attributes, and more of them than anybody should see."""

    def __init__(self) -> None:
        self.name, self.nick, self.level, self.password = "ada", None, 1, "secret"


@pytest.mark.parametrize("model", [PublicUser, PublicStruct])
async def test_an_object_is_read_by_its_attributes(model: Type[Any]) -> None:
    expected = ADA if model is PublicUser else {"name": "ada"}
    assert (await ask(returning(Row(), model))).value == expected


async def test_a_generic_model_reduces_what_is_in_it() -> None:
    assert (await ask(returning({"items": [SECRET]}, Page[PublicUser]))).value == {"items": [ADA]}
    assert (await ask(returning(Page[User](items=[SECRET]), Page[PublicUser]))).value == {"items": [ADA]}


async def test_what_a_handler_returns_is_not_changed() -> None:
    kept = User(name="ada", password="secret")
    app = returning(kept, PublicUser, response_model_exclude={"name"})
    await ask(app)
    assert kept == User(name="ada", password="secret")


async def test_a_model_that_is_there_already_is_not_validated_again() -> None:
    counted: List[str] = []

    class Counted(BaseModel):
        name: str

        @field_validator("name")
        @classmethod
        def count(cls, name: str) -> str:
            counted.append(name)
            return name

    class More(Counted):
        password: str = "secret"

    value = Counted(name="ada")
    del counted[:]
    assert (await ask(returning(value, Counted))).value == {"name": "ada"}
    assert (await ask(returning([value], List[Counted]))).value == [{"name": "ada"}]
    assert (await ask(returning(More(name="ada"), Counted))).value == {"name": "ada"}
    assert counted == ["ada"]  # of More, when it was made here
    assert (await ask(returning({"name": "ada"}, Counted))).value == {"name": "ada"}
    assert counted == ["ada", "ada"]


async def test_options_of_an_application_reduce_every_answer() -> None:
    app = Application(response_model_exclude_none=True)
    app.get("/")(returning_handler(SECRET))
    app.get("/all", response_model_exclude_none=False)(returning_handler(SECRET))
    assert (await ask(app)).value == {"name": "ada", "level": 1}
    assert (await ask(app, "/all")).value == ADA


async def test_a_union_with_responses_checks_what_is_none() -> None:
    annotation = Union[PublicUser, PlainTextResponse]
    assert (await ask(returning(SECRET, annotation))).value == ADA
    assert (await ask(returning(PlainTextResponse("x"), annotation))).body == b"x"
