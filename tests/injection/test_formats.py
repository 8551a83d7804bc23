"""Formats: one endpoint that reads JSON, forms and MessagePack, each by its name."""

import datetime as dt
import sys
from typing import Annotated, Any, Dict, List, Optional

import msgspec
import pytest
from pydantic import BaseModel

from microframe import Application, Body, SetupError
from tests.forms import MULTIPART, URLENCODED, multipart, send
from tests.injection.asking import post

JSON = "application/json"
MSGPACK = "application/msgpack"


class Card(BaseModel):
    title: str
    size: int = 1
    tags: List[str] = []
    due: Optional[dt.date] = None


class Struct(msgspec.Struct):
    title: str
    size: int = 1
    tags: List[str] = []


def reading(annotation: Any, *media_types: str, default: Any = ...) -> Application:
    app = Application()

    async def show(card) -> Any:  # type: ignore[no-untyped-def]
        return card

    if default is not ...:
        show.__defaults__ = (default,)
    show.__annotations__["card"] = Annotated[annotation, Body(media_type=list(media_types))]
    app.post("/", response_model=None)(show)
    return app


EVERY = (JSON, URLENCODED, "multipart/form-data", MSGPACK)
VALUE = {"title": "a", "size": 2, "tags": ["x", "y"]}


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (JSON, b'{"title":"a","size":2,"tags":["x","y"]}'),
        ("application/vnd.card+json", b'{"title":"a","size":2,"tags":["x","y"]}'),
        (URLENCODED, b"title=a&size=2&tags=x&tags=y"),
        (MULTIPART, multipart(("title", "a"), ("size", "2"), ("tags", "x"), ("tags", "y"))),
        (MSGPACK, msgspec.msgpack.encode(VALUE)),
        (MSGPACK.upper() + "; q=1", msgspec.msgpack.encode(VALUE)),
    ],
)
async def test_each_format_is_read_by_its_name(content_type: str, body: bytes) -> None:
    for kind in (Card, Struct):
        value = (await send(reading(kind, *EVERY), body, content_type)).value
        assert {name: value[name] for name in VALUE} == VALUE


async def test_what_is_not_among_them_is_refused() -> None:
    app = reading(Card, JSON, MSGPACK)
    for content_type in (None, "", URLENCODED, MULTIPART, "text/plain", "application/x-msgpack", "a b"):
        answer = await send(app, b"title=a", content_type)
        assert (answer.status, answer.headers["accept"]) == (415, "application/json, application/msgpack")
    assert (await send(reading(Card, URLENCODED), b'{"title":"a"}', JSON)).status == 415
    assert (await send(reading(Card, MSGPACK), b'{"title":"a"}', JSON)).status == 415


async def test_faults_stand_where_they_are_in_every_format() -> None:
    app = reading(Card, *EVERY)
    for content_type, body in (
        (JSON, b'{"size":"x"}'),
        (URLENCODED, b"size=x"),
        (MULTIPART, multipart(("size", "x"))),
        (MSGPACK, msgspec.msgpack.encode({"size": "x"})),
    ):
        assert (await send(app, body, content_type)).faults == [
            ("body.title", "missing"),
            ("body.size", "int_parsing"),
        ]


async def test_no_body_is_the_default_in_every_format() -> None:
    for media_types in ((JSON, MSGPACK), (MSGPACK,), EVERY):
        assert (await send(reading(Optional[Card], *media_types, default=None), b"", None)).value is None
        assert (await send(reading(Card, *media_types), b"", None)).faults == [("body", "missing")]
        assert (await send(reading(Card, *media_types), b"", MSGPACK)).faults == [("body", "missing")]


def nested(depth: int) -> bytes:
    return b"\x91" * depth + b"\xc0"


@pytest.mark.parametrize(
    "body",
    [
        b"\xc1",
        b"\x81",
        b"\xa5ab",
        b"\xa2\xff\xfe",
        b"\xc0\xc0",
        nested(100_000),
        b"\xdd\xff\xff\xff\xff",
        b"\xdf\xff\xff\xff\xff",
        b"\xc6\xff\xff\xff\xff",
        b"\x81\x81\xa1a\x01\x01",
        b"\x81\x90\x01",
        b"\xd4\x05\x00",
        b"\xc7\x0c\xff" + b"\xff" * 12,
        b"\x81\x01\x02",
    ],
    ids=lambda body: body[:8].hex(),
)
async def test_what_is_no_messagepack_is_refused_never_a_failure(body: bytes) -> None:
    for annotation in (Card, Dict[str, Any], List[Card]):
        answer = await send(reading(annotation, JSON, MSGPACK), body[:100_000], MSGPACK)
        assert answer.status == 422, answer.body
        assert answer.errors[0]["loc"][0] == "body"


async def test_several_values_of_a_messagepack_body() -> None:
    app = Application()
    kind = Body(media_type=[JSON, MSGPACK])

    @app.post("/")
    async def show(card: Annotated[Card, kind], number: Annotated[int, kind]) -> Any:
        return [card.title, number]

    body = {"card": {"title": "a"}, "number": 3}
    assert (await post(app, data=body)).value == ["a", 3]
    assert (await send(app, msgspec.msgpack.encode(body), MSGPACK)).value == ["a", 3]
    assert (await send(app, b"\xc1", MSGPACK)).faults == [("body", "msgpack_invalid")]
    assert (await send(app, b"a=1", URLENCODED)).status == 415


def test_several_values_of_a_form_are_asked_for_with_form() -> None:
    app = Application()

    @app.post("/")
    async def show(a: Annotated[int, Body(media_type=URLENCODED)], b: Annotated[int, Body()]) -> None: ...

    with pytest.raises(SetupError, match="several values of a body that may be a form"):
        app.build()


def test_what_no_form_holds_cannot_be_sent_as_one() -> None:
    with pytest.raises(SetupError, match=r"card of .*show.* is read from a form, which holds no"):
        reading(Dict[str, int], JSON, URLENCODED).build()


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "msgspec", None)
    monkeypatch.delitem(sys.modules, "microframe.http.msgpack", raising=False)
    with pytest.raises(SetupError, match=r"msgspec is not installed: pip install 'microframe-web\[json\]'"):
        reading(Card, JSON, MSGPACK).build()


async def test_bytes_are_bytes_whatever_they_are_called() -> None:
    app = Application()

    @app.post("/")
    async def show(data: Annotated[bytes, Body(media_type=["image/png", "image/jpeg"])]) -> int:
        return len(data)

    assert (await send(app, b"123", "image/png")).value == 3
    answer = await send(app, b"123", JSON)
    assert (answer.status, answer.headers["accept"]) == (415, "image/png, image/jpeg")
