"""Parts: a multipart form read one part after the other, nothing kept and nothing read ahead."""

from typing import Any, List, Tuple

import pytest

from microframe.exceptions import BadRequestException, UnsupportedMediaTypeException
from microframe.http.form_limits import (
    FormFieldTooLargeException,
    FormFileTooLargeException,
    FormLimits,
    TooManyFilesException,
    TooManyFormPartsException,
)
from microframe.http.request import Request
from tests.forms import URLENCODED, multipart, part, pieces
from tests.http.test_forms import posting

BODY = multipart(("a", "1"), ("f", ("x.txt", b"one" * 100)), ("b", "é"))


async def test_parts_come_one_by_one() -> None:
    seen: List[Any] = []
    async for one in posting(pieces(BODY, 10)).form_parts():
        content = b"".join([piece async for piece in one])
        seen.append((one.name, one.filename, one.content_type, content))
    assert seen == [
        ("a", None, None, b"1"),
        ("f", "x.txt", "application/octet-stream", b"one" * 100),
        ("b", None, None, "é".encode()),
    ]


async def test_reading_a_part_whole() -> None:
    seen: List[Any] = []
    async for one in posting(pieces(BODY, 10)).form_parts():
        seen.append(await one.text() if one.filename is None else await one.read())
        assert await one.read() == b""
    assert seen == ["1", b"one" * 100, "é"]


async def test_what_is_not_read_of_a_part_is_skipped() -> None:
    seen: List[str] = []
    async for one in posting(pieces(BODY, 10)).form_parts():
        seen.append(one.name)
        if one.filename is not None:
            assert await one.__anext__()
    assert seen == ["a", "f", "b"]


async def test_nothing_is_read_ahead() -> None:
    request = posting(pieces(BODY, 10))
    left: Any = request.edge
    before = len(left._body)
    parts = request.form_parts()
    assert len(left._body) == before
    first = await parts.__anext__()
    upto = before - len(left._body)
    assert upto * 10 < BODY.index(b"\r\n\r\n") + 4 + 10
    assert await first.text() == "1"
    assert (before - len(left._body)) * 10 < BODY.index(b'name="f"')


async def test_a_part_is_gone_when_the_next_one_is_asked_for() -> None:
    parts = posting(BODY).form_parts()
    first = await parts.__anext__()
    await parts.__anext__()
    with pytest.raises(RuntimeError, match="the next one has been asked for"):
        await first.read()


async def test_reading_is_bounded() -> None:
    parts = posting(BODY, limits=FormLimits(max_field_size=10)).form_parts()
    assert await (await parts.__anext__()).text() == "1"
    with pytest.raises(FormFieldTooLargeException):
        await (await parts.__anext__()).read()
    parts = posting(BODY, limits=FormLimits(max_field_size=10)).form_parts()
    await parts.__anext__()
    assert await (await parts.__anext__()).read(limit=300) == b"one" * 100


@pytest.mark.parametrize(
    ("limits", "kind"),
    [
        (FormLimits(max_parts=2), TooManyFormPartsException),
        (FormLimits(max_files=0), TooManyFilesException),
        (FormLimits(max_file_size=299), FormFileTooLargeException),
    ],
    ids=["parts", "files", "file"],
)
async def test_limits_hold(limits: FormLimits, kind: Any) -> None:
    async def read() -> None:
        async for one in posting(BODY, limits=limits).form_parts():
            async for _ in one:
                pass

    with pytest.raises(kind):
        await read()


@pytest.mark.parametrize("content_type", [None, URLENCODED, "application/json", "x"])
def test_only_multipart_has_parts(content_type: Any) -> None:
    with pytest.raises(UnsupportedMediaTypeException) as caught:
        posting(BODY, content_type).form_parts()
    assert caught.value.headers == {"Accept": "multipart/form-data"}


async def test_a_form_that_breaks_off_is_refused_there() -> None:
    seen: List[str] = []

    async def read() -> None:
        async for one in posting(BODY[:-20]).form_parts():
            seen.append(one.name)

    with pytest.raises(BadRequestException):
        await read()
    assert seen == ["a", "f", "b"]


async def test_a_form_that_was_read_whole_has_no_parts_any_more() -> None:
    request = posting(BODY)
    await request.form()
    with pytest.raises(RuntimeError, match="read whole before"):
        request.form_parts()


async def test_the_end_of_the_request_ends_the_reading() -> None:
    async with posting(pieces(BODY, 10)) as request:
        assert isinstance(request, Request)
        parts = request.form_parts()
        one = await parts.__anext__()
        assert repr(one) == "FormPart(name='a', filename=None, content_type=None)"
    with pytest.raises(StopAsyncIteration):
        await parts.__anext__()


async def test_a_name_of_a_file_is_harmless() -> None:
    names: List[Tuple[str, Any]] = []
    async for one in posting(multipart(part("f", ("../../x", b"1")), part("g", ("", b"")))).form_parts():
        names.append((one.name, one.filename))
    assert names == [("f", "x"), ("g", "")]
