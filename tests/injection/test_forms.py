"""Forms: fields, files and models, asked for as in FastAPI."""

import dataclasses
import secrets
from typing import Annotated, Any, Dict, List, Optional, Set, Tuple

import attrs
import msgspec
import pytest
from pydantic import BaseModel, ConfigDict, Field

from microframe import (
    Application,
    BackgroundTasks,
    Body,
    Depends,
    File,
    Form,
    FormData,
    FormParts,
    Request,
    SetupError,
    UploadFile,
)
from tests.forms import Part, fill, send, submit

LOGIN = [("username", "ada"), ("password", "secret")]


def of(upload: Optional[UploadFile]) -> Any:
    return None if upload is None else [upload.filename, upload.size, upload.content_type]


def asking(annotation: Any, default: Any = ...) -> Application:
    """An application whose one handler asks for `a`."""
    app = Application(error_format="problem")

    if default is ...:

        async def show(a) -> Any:  # type: ignore[no-untyped-def]
            return told(a)
    else:

        async def show(a=default) -> Any:  # type: ignore[no-untyped-def,misc]
            return told(a)

    show.__annotations__["a"] = annotation
    app.post("/", response_model=None)(show)
    return app


def told(value: Any) -> Any:
    if isinstance(value, UploadFile):
        return of(value)
    if isinstance(value, bytes):
        return value.decode()
    return [told(item) for item in value] if isinstance(value, (list, tuple, set)) else value


async def test_fields_of_both_kinds_of_form() -> None:
    app = Application()

    @app.post("/")
    async def login(username: Annotated[str, Form()], password: str = Form(min_length=3)) -> str:
        return f"{username}:{password}"

    assert (await fill(app, LOGIN)).value == "ada:secret"
    assert (await submit(app, *LOGIN)).value == "ada:secret"
    assert (await fill(app, [("password", "x")])).faults == [
        ("body.username", "missing"),
        ("body.password", "string_too_short"),
    ]


@pytest.mark.parametrize("blank", [[], [("a", "")]], ids=["absent", "blank"])
async def test_a_blank_field_is_one_that_nobody_filled_in(blank: Any) -> None:
    assert (await fill(asking(Annotated[str, Form()]), blank)).faults == [("body.a", "missing")]
    assert (await fill(asking(Annotated[Optional[int], Form()], None), blank)).value is None
    assert (await fill(asking(Annotated[str, Form()], "else"), blank)).value == "else"
    assert (await fill(asking(Annotated[bool, Form(default_factory=bool)]), blank)).value is False


async def test_a_list_takes_every_value_blank_ones_too() -> None:
    pairs = [("a", "1"), ("b", "9"), ("a", ""), ("a", "2")]
    assert (await fill(asking(Annotated[List[str], Form()]), pairs)).value == ["1", "", "2"]
    assert (await fill(asking(Annotated[Tuple[str, ...], Form()]), pairs)).value == ["1", "", "2"]
    assert sorted((await fill(asking(Annotated[Set[str], Form()]), pairs)).value) == ["", "1", "2"]
    assert (await fill(asking(Annotated[List[int], Form()]), pairs)).faults == [("body.a.1", "int_parsing")]
    assert (await fill(asking(Annotated[List[int], Form()]), [])).faults == [("body.a", "missing")]
    assert (await fill(asking(Annotated[List[int], Form()], []), [])).value == []


async def test_of_a_repeated_field_the_last_is_read_unless_the_application_is_strict() -> None:
    twice = [("a", "1"), ("a", "2")]
    assert (await fill(asking(Annotated[int, Form()]), twice)).value == 2
    app = Application(strict=True, secret_key=secrets.token_hex(32))

    @app.post("/")
    async def show(a: Annotated[int, Form()]) -> int:
        return a

    assert (await fill(app, twice)).faults == [("body.a", "duplicate_parameter")]
    assert (await fill(app, twice[:1])).value == 1


async def test_so_it_is_with_the_fields_of_a_model() -> None:
    app = Application(strict=True, secret_key=secrets.token_hex(32))

    @app.post("/")
    async def show(person: Annotated[Person, Form()]) -> Any:
        return [person.name, person.tags]

    twice = [("name", "a"), ("name", "b"), ("tags", "x"), ("tags", "y"), ("age", "1"), ("age", "2")]
    assert (await fill(app, twice)).faults == [
        ("body.name", "duplicate_parameter"),
        ("body.age", "duplicate_parameter"),
    ]
    assert (await fill(app, twice[1:5])).value == ["b", ["x", "y"]]


async def test_aliases_and_constraints() -> None:
    app = asking(Annotated[int, Form(alias="x-y", ge=3)])
    assert (await fill(app, [("x-y", "3")])).value == 3
    assert (await fill(app, [("a", "3")])).faults == [("body.x-y", "missing")]
    assert (await fill(app, [("x-y", "2")])).faults == [("body.x-y", "greater_than_equal")]


async def test_files_as_objects_and_as_bytes() -> None:
    app = Application()

    @app.post("/")
    async def show(
        first: UploadFile,
        second: Annotated[UploadFile, File(description="another")],
        third: Annotated[bytes, File()],
        note: Annotated[str, Form()],
        fourth: Optional[UploadFile] = None,
        fifth: Annotated[Optional[bytes], File()] = None,
    ) -> Any:
        return [of(first), await second.read(), third, note, of(fourth), fifth]

    octets = "application/octet-stream"
    sent: List[Part] = [
        ("first", ("a.txt", b"one")),
        ("second", ("b", b"two")),
        ("third", ("c", b"three")),
        ("note", "n"),
    ]
    assert (await submit(app, *sent)).value == [["a.txt", 3, octets], "two", "three", "n", None, None]
    more = [("fourth", ("d", b"")), ("fifth", ("e", b"5"))]
    assert (await submit(app, *sent, *more)).value[4:] == [["d", 0, octets], "5"]
    assert (await submit(app, ("note", "n"))).faults == [
        ("body.first", "missing"),
        ("body.second", "missing"),
        ("body.third", "missing"),
    ]


async def test_lists_of_files() -> None:
    files = [("a", ("x", b"1")), ("a", ("y", b"22"))]
    octets = "application/octet-stream"
    for annotation in (List[UploadFile], Annotated[List[UploadFile], File()], Optional[List[UploadFile]]):
        assert (await submit(asking(annotation), *files)).value == [["x", 1, octets], ["y", 2, octets]]
    assert (await submit(asking(Annotated[List[bytes], File()]), *files)).value == ["1", "22"]
    assert (await submit(asking(List[UploadFile]), ("b", "x"))).faults == [("body.a", "missing")]
    assert (await submit(asking(List[UploadFile], []), ("b", "x"))).value == []


async def test_a_file_input_in_which_nothing_is_chosen_is_absent() -> None:
    unchosen = ("a", ("", b""))
    assert (await submit(asking(UploadFile), unchosen)).faults == [("body.a", "missing")]
    assert (await submit(asking(Optional[UploadFile], None), unchosen)).value is None
    assert (await submit(asking(List[UploadFile], []), unchosen)).value == []
    assert (await submit(asking(Annotated[bytes, File()]), unchosen)).faults == [("body.a", "missing")]
    assert (await submit(asking(UploadFile), ("a", ("", b"x")))).value == ["", 1, "application/octet-stream"]


async def test_text_where_a_file_is_wanted_and_a_file_where_text_is() -> None:
    assert (await submit(asking(UploadFile), ("a", "text"))).faults == [("body.a", "value_error")]
    assert (await submit(asking(Annotated[bytes, File()]), ("a", "text"))).value == "text"
    assert (await submit(asking(Annotated[str, Form()]), ("a", ("x", b"1")))).faults == [
        ("body.a", "string_type")
    ]
    assert (await fill(asking(Annotated[bytes, Form()]), [("a", "x")])).value == "x"


class Person(BaseModel):
    name: str
    age: int = 3
    tags: List[str] = []
    nick: Optional[str] = Field(None, alias="call-me")


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")
    name: str


class WithFile(BaseModel):
    name: str
    file: UploadFile
    more: List[UploadFile] = []
    content: Optional[bytes] = None


@dataclasses.dataclass
class Point:
    x: int
    y: int = 0
    tags: List[str] = dataclasses.field(default_factory=list)


class Struct(msgspec.Struct):
    x: int
    y: int = 0
    tags: List[str] = []


@attrs.define
class Attrs:
    x: int
    y: int = 0
    tags: List[str] = attrs.field(factory=list)


async def test_a_model_takes_the_fields_of_the_form() -> None:
    app = Application()

    @app.post("/")
    async def show(person: Annotated[Person, Form()]) -> Any:
        return [person.name, person.age, person.tags, person.nick]

    pairs = [("name", "ada"), ("age", ""), ("tags", "a"), ("tags", "b"), ("call-me", "al"), ("else", "x")]
    assert (await fill(app, pairs)).value == ["ada", 3, ["a", "b"], "al"]
    assert (await submit(app, *pairs)).value == ["ada", 3, ["a", "b"], "al"]
    assert (await fill(app, [("name", ""), ("age", "x")])).faults == [
        ("body.name", "missing"),
        ("body.age", "int_parsing"),
    ]


async def test_a_model_may_refuse_or_keep_what_it_does_not_know() -> None:
    pairs = [("name", "ada"), ("other", "1"), ("other", "2")]
    assert (await fill(asking(Annotated[Closed, Form()]), pairs)).faults == [
        ("body.other", "extra_forbidden")
    ]
    app = Application()

    @app.post("/")
    async def show(value: Annotated[Open, Form()]) -> Any:
        return value.model_extra

    assert (await fill(app, pairs)).value == {"other": ["1", "2"]}


async def test_an_optional_model_is_absent_when_none_of_its_fields_is_sent() -> None:
    app = asking(Annotated[Optional[Person], Form()], None)
    assert (await fill(app, [])).value is None
    assert (await fill(app, [("name", "")])).faults == [("body.name", "missing")]


async def test_a_model_beside_other_fields() -> None:
    app = Application()

    @app.post("/")
    async def show(
        closed: Annotated[Closed, Form()], file: UploadFile, note: Annotated[str, Form()] = ""
    ) -> Any:
        return [closed.name, of(file), note]

    sent: List[Part] = [("name", "ada"), ("file", ("f", b"1")), ("note", "n")]
    assert (await submit(app, *sent)).value == ["ada", ["f", 1, "application/octet-stream"], "n"]
    assert (await submit(app, *sent, ("other", "x"))).faults == [("body.other", "extra_forbidden")]
    assert (await submit(app, ("other", "x"))).faults == [
        ("body.name", "missing"),
        ("body.other", "extra_forbidden"),
        ("body.file", "missing"),
    ]


async def test_a_model_with_files_in_it() -> None:
    app = Application()

    @app.post("/")
    async def show(value: Annotated[WithFile, Form()]) -> Any:
        return [value.name, of(value.file), [of(one) for one in value.more], value.content]

    sent: List[Part] = [
        ("name", "n"),
        ("file", ("f", b"1")),
        ("more", ("g", b"22")),
        ("content", ("h", b"33")),
    ]
    octets = "application/octet-stream"
    assert (await submit(app, *sent)).value == ["n", ["f", 1, octets], [["g", 2, octets]], "33"]
    assert (await submit(app, ("name", "n"), ("file", "x"))).faults == [("body.file", "value_error")]


@pytest.mark.parametrize("kind", [Point, Struct, Attrs])
async def test_models_of_every_library(kind: Any) -> None:
    app = Application()

    async def show(point) -> Any:  # type: ignore[no-untyped-def]
        assert isinstance(point, kind)
        return [point.x, point.y, point.tags]

    show.__annotations__["point"] = Annotated[kind, Form()]
    app.post("/", response_model=None)(show)
    assert (await fill(app, [("x", "1"), ("tags", "a")])).value == [1, 0, ["a"]]
    assert (await fill(app, [("x", "1"), ("y", "x")])).errors[0]["loc"] == ["body", "y"]
    assert (await fill(app, [])).errors[0]["loc"] == ["body", "x"]


class StructWithFile(msgspec.Struct):
    name: str
    file: UploadFile


@attrs.define
class AttrsWithFile:
    name: str
    file: UploadFile


@dataclasses.dataclass
class DataclassWithFile:
    name: str
    file: UploadFile


@pytest.mark.parametrize("kind", [StructWithFile, AttrsWithFile, DataclassWithFile])
async def test_models_of_every_library_with_files_in_them(kind: Any) -> None:
    app = Application()

    async def show(value) -> Any:  # type: ignore[no-untyped-def]
        assert isinstance(value, kind)
        return [value.name, of(value.file)]

    show.__annotations__["value"] = Annotated[kind, Form()]
    app.post("/", response_model=None)(show)
    sent: List[Part] = [("name", "n"), ("file", ("f", b"1"))]
    assert (await submit(app, *sent)).value == ["n", ["f", 1, "application/octet-stream"]]
    assert (await submit(app, ("name", "n"), ("file", "text"))).errors[0]["loc"] == ["body", "file"]
    described = app.openapi()["components"]["schemas"][kind.__name__]["properties"]["file"]
    assert {"type": "string", "contentMediaType": "application/octet-stream"}.items() <= described.items()


async def test_blocking_handlers_and_background_tasks_read_files() -> None:
    app = Application()
    later: List[bytes] = []

    @app.post("/blocking")
    def blocking(a: UploadFile) -> str:
        return a.file.read().decode()

    @app.post("/background")
    async def background(a: UploadFile, tasks: BackgroundTasks) -> None:
        async def read() -> None:
            later.append(await a.read())

        tasks.add_task(read)

    assert (await submit(app, ("a", ("f", b"1")), target="/blocking")).value == "1"
    assert (await submit(app, ("a", ("f", b"2")), target="/background")).status == 200
    assert later == [b"2"]


async def test_dependencies_share_one_reading() -> None:
    app = Application()
    seen: List[FormData] = []

    class Login:
        def __init__(
            self, username: Annotated[str, Form(pattern="^[a-z]+$")], password: str = Form()
        ) -> None:
            self.said = f"{username}:{password}"

    async def raw(request: Request) -> FormData:
        seen.append(await request.form())
        return seen[-1]

    @app.post("/")
    async def login(
        login: Annotated[Login, Depends()],
        username: Annotated[str, Form()],
        raw: Annotated[FormData, Depends(raw)],
        whole: FormData,
    ) -> Any:
        seen.append(whole)
        return [login.said, username, raw["password"]]

    assert (await fill(app, LOGIN)).value == ["ada:secret", "ada", "secret"]
    assert (await submit(app, *LOGIN)).value == ["ada:secret", "ada", "secret"]
    assert seen[0] is seen[1]
    assert seen[2] is seen[3]
    assert (await fill(app, [("username", "A"), ("password", "")])).faults == [
        ("body.username", "string_pattern_mismatch"),
        ("body.password", "missing"),
    ]


@pytest.mark.parametrize(
    "content_type", ["application/json", "text/plain", "multipart/mixed; boundary=x", "nonsense", None]
)
async def test_what_is_no_form_is_refused_and_told_what_is(content_type: Optional[str]) -> None:
    for app in (asking(Annotated[str, Form()], ""), asking(Optional[UploadFile], None), asking(FormData)):
        answer = await send(app, b'{"a":1}', content_type)
        assert (answer.status, answer.json["code"]) == (415, "unsupported_media_type")
        assert answer.headers["accept"] == "application/x-www-form-urlencoded, multipart/form-data"


async def test_no_body_at_all_is_an_empty_form() -> None:
    assert (await send(asking(Annotated[str, Form()], "x"), b"", None)).value == "x"
    assert (await send(asking(UploadFile), b"", None)).faults == [("body.a", "missing")]


@pytest.mark.parametrize("annotation", [Annotated[str, Form()], UploadFile, Annotated[Person, Form()]])
def test_a_form_and_another_body_are_refused(annotation: Any) -> None:
    app = Application()

    async def show(a, b) -> None:  # type: ignore[no-untyped-def]
        ...

    show.__annotations__.update(a=annotation, b=Annotated[int, Body()])
    app.post("/")(show)
    with pytest.raises(
        SetupError, match=r"reads a form \(a of .*test_forms.py:\d+\)\) and another body \(b of"
    ):
        app.build()


@pytest.mark.parametrize("annotation", [Annotated[str, Form()], UploadFile, Annotated[int, Body()]])
def test_a_form_read_part_by_part_leaves_nothing_for_others(annotation: Any) -> None:
    app = Application()

    async def show(a, parts: FormParts) -> None:  # type: ignore[no-untyped-def]
        ...

    show.__annotations__["a"] = annotation
    app.post("/")(show)
    with pytest.raises(SetupError, match=r"part by part \(parts of .*\): nothing of it is left for a of"):
        app.build()


def test_what_no_field_can_hold_is_refused() -> None:
    app = Application()

    @app.post("/")
    async def show(a: Annotated[Dict[str, int], Form()]) -> None: ...

    with pytest.raises(SetupError, match=r"a of .*show.* is read from a form, which holds no"):
        app.build()


def test_a_file_wanted_in_two_ways_is_refused() -> None:
    app = Application()

    async def other(a: Annotated[bytes, File()]) -> bytes:
        return a

    @app.post("/")
    async def show(a: UploadFile, b: Annotated[bytes, Depends(other)]) -> None: ...

    with pytest.raises(SetupError, match="reads the file 'a', of which another only wants the bytes"):
        app.build()


def test_a_socket_has_no_form() -> None:
    app = Application()

    @app.websocket("/")
    async def show(a: Annotated[str, Form()]) -> None: ...

    with pytest.raises(SetupError, match="a WebSocket has no body to read it from"):
        app.build()
