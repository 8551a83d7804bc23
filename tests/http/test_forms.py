"""Forms: the fields and files of a request's body, for whoever asks the request itself."""

import asyncio
import errno
import io
import subprocess
import sys
from typing import Any, List, Optional, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microframe.exceptions import (
    BadRequestException,
    ClientDisconnect,
    SetupError,
    UnsupportedMediaTypeException,
)
from microframe.http import uploads
from microframe.http.form_limits import (
    DEFAULT_FORM_LIMITS,
    FormFieldTooLargeException,
    FormFileTooLargeException,
    FormLimits,
    FormTooLargeException,
    MalformedFormException,
    TooManyFilesException,
    TooManyFormPartsException,
)
from microframe.http.forms import FormData, parse_urlencoded
from microframe.http.query import format_query
from microframe.http.request import Request
from microframe.http.uploads import IN_MEMORY, UploadFile
from tests.connections import StandInEdge, make_request
from tests.forms import BOUNDARY, MULTIPART, URLENCODED, multipart, part, pieces


def posting(
    body: Any, content_type: Optional[str] = MULTIPART, limits: FormLimits = FormLimits(), **options: Any
) -> Request:
    headers = {} if content_type is None else {"content-type": content_type}
    sent = [body] if isinstance(body, bytes) else body
    request = make_request("/", "POST", headers, body=sent, **options)
    request.form_limits = limits.over(DEFAULT_FORM_LIMITS)
    return request


async def contents(form: FormData) -> List[Any]:
    """What is in a form, files as their name and their bytes."""
    return [
        (name, (value.filename, await value.read()) if isinstance(value, UploadFile) else value)
        for name, value in form.multi_items()
    ]


async def read(body: Any, content_type: Optional[str] = MULTIPART, **limits: int) -> List[Any]:
    async with posting(body, content_type, FormLimits(**limits)) as request:
        assert isinstance(request, Request)
        return await contents(await request.form())


# What a form is ------------------------------------------------------------------------------------------------------


def test_form_data_is_a_mapping_of_the_last_values() -> None:
    form = FormData([("a", "1"), ("b", "2"), ("a", "3")])
    assert (form["a"], form.get("c"), form.get("c", "x"), form.getlist("a")) == ("3", None, "x", ["1", "3"])
    assert (list(form), len(form), "a" in form, "c" in form) == (["a", "b"], 2, True, False)
    assert (list(form.items()), list(form.values())) == ([("a", "3"), ("b", "2")], ["3", "2"])
    assert form.multi_items() == [("a", "1"), ("b", "2"), ("a", "3")]
    assert repr(form) == "FormData([('a', '1'), ('b', '2'), ('a', '3')])"
    assert FormData({"a": "1"}).multi_items() == [("a", "1")]
    with pytest.raises(KeyError):
        form["c"]


async def test_fields_and_files_in_their_order() -> None:
    body = multipart(("a", "1"), ("f", ("x.txt", b"one")), ("a", "é"), ("g", ("y", b"")))
    assert await read(body) == [("a", "1"), ("f", ("x.txt", b"one")), ("a", "é"), ("g", ("y", b""))]


async def test_a_file_tells_about_itself() -> None:
    body = multipart(part("f", ("x.txt", b"one"), "X-Sent-By: nobody"))
    async with posting(body) as request:
        upload = (await request.form())["f"]  # type: ignore[attr-defined]
        assert (upload.filename, upload.size, upload.content_type) == ("x.txt", 3, "application/octet-stream")
        assert upload.headers["x-sent-by"] == "nobody"
        assert upload.headers["content-disposition"] == 'form-data; name="f"; filename="x.txt"'
        assert repr(upload) == (
            "UploadFile(filename='x.txt', size=3, content_type='application/octet-stream')"
        )


async def test_an_urlencoded_form() -> None:
    assert await read(b"a=1&b=%C3%A9+x&a=&;c=2;d", URLENCODED) == [
        ("a", "1"),
        ("b", "é x"),
        ("a", ""),
        (";c", "2;d"),
    ]
    assert await read(b"a=1", URLENCODED + "; charset=iso-8859-1") == [("a", "1")]
    assert await read(b"", URLENCODED) == []


@given(pairs=st.lists(st.tuples(st.text(min_size=1), st.text()), max_size=20))
def test_what_is_urlencoded_is_read_back(pairs: Any) -> None:
    raw = format_query(
        [
            (name.encode("utf-8", "replace").decode(), value.encode("utf-8", "replace").decode())
            for name, value in pairs
        ]
    )
    form = parse_urlencoded(raw.encode(), FormLimits())
    assert len(form.multi_items()) == len(pairs)


async def test_a_form_is_read_once_and_kept() -> None:
    async with posting(multipart(("a", "1"))) as request:
        assert isinstance(request, Request)
        form = await request.form()
        assert await request.form() is form
        with pytest.raises(RuntimeError, match="was read as a stream"):
            await request.body()


@pytest.mark.parametrize("content_type", [MULTIPART, URLENCODED])
async def test_a_body_that_somebody_read_is_a_form_still(content_type: str) -> None:
    body = multipart(("a", "1")) if content_type is MULTIPART else b"a=1"
    async with posting(pieces(body, 3), content_type) as request:
        assert isinstance(request, Request)
        assert await request.body() == body
        assert (await request.form())["a"] == "1"


async def test_the_bytes_of_an_urlencoded_form_are_there_afterwards() -> None:
    request = posting([b"a=", b"1"], URLENCODED)
    assert (await request.form())["a"] == "1"
    assert await request.body() == b"a=1"


async def test_async_with_closes_the_files_at_its_end() -> None:
    request = posting(multipart(("f", ("x", b"1"))))
    async with request.form() as form:
        upload = form["f"]
        assert isinstance(upload, UploadFile)
        assert await upload.read() == b"1"
    assert upload.file.closed
    assert await request.close_resources() is None


async def test_the_end_of_the_request_closes_the_files() -> None:
    request = posting(multipart(("f", ("x", b"1")), ("g", ("y", b"a" * (IN_MEMORY + 1)))))
    form = await request.form()
    files: List[Any] = list(form.values())
    assert isinstance(files[0].file, io.BytesIO)
    assert not isinstance(files[1].file, io.BytesIO)
    assert not any(upload.file.closed for upload in files)
    assert await request.close_resources() is None
    assert all(upload.file.closed for upload in files)


async def test_no_body_and_no_type_is_an_empty_form() -> None:
    assert await read(b"", None) == []


@pytest.mark.parametrize(
    "content_type", [None, "", "application/json", "multipart/mixed; boundary=a", "a b/c"]
)
async def test_what_does_not_say_that_it_is_a_form_is_refused(content_type: Optional[str]) -> None:
    with pytest.raises(UnsupportedMediaTypeException) as caught:
        await read(b"a=1", content_type)
    assert caught.value.headers == {"Accept": "application/x-www-form-urlencoded, multipart/form-data"}


async def test_a_mounted_application_shares_the_form() -> None:
    request = posting(multipart(("a", "1")))
    request.form_limits = FormLimits(max_parts=1).over(DEFAULT_FORM_LIMITS)
    inner = request.below("/inner", "/", request.app)
    assert inner.form_limits is request.form_limits
    form = await inner.form()
    assert await request.form() is form


# Names and texts -----------------------------------------------------------------------------------------------------


async def test_names_as_browsers_write_them() -> None:
    assert await read(multipart(part("a%22b%0D%0Ac", "1"))) == [('a"b\r\nc', "1")]
    assert await read(multipart(part("a[b][c]", "1"))) == [("a[b][c]", "1")]
    assert await read(multipart(part("né", ("ü.txt", b"1")))) == [("né", ("ü.txt", b"1"))]


async def test_names_in_latin_1_are_read_as_such() -> None:
    body = multipart(b'Content-Disposition: form-data; name="n\xe9"; filename="\xfc.txt"\r\n\r\n1')
    assert await read(body) == [("né", ("ü.txt", b"1"))]


async def test_a_name_may_be_no_quoted_text() -> None:
    body = multipart(b"content-disposition:form-data;name=a ; FileName=b\r\n\r\n1")
    assert await read(body) == [("a", ("b", b"1"))]


@pytest.mark.parametrize(
    ("charset", "raw", "text"),
    [
        ("utf-8", "é".encode(), "é"),
        ("UTF8", "é".encode(), "é"),
        ("us-ascii", b"e", "e"),
        ("iso-8859-1", b"\xe9\x80", "é€"),
        ("windows-1252", b"\xe9\x80", "é€"),
        ("iso-8859-15", b"\xe9\xa4", "é€"),
        ("utf-8", b"\xff", "\ufffd"),
    ],
)
async def test_a_part_may_say_how_its_text_is_written(charset: str, raw: bytes, text: str) -> None:
    body = multipart(part("a", raw, f"Content-Type: text/plain; charset={charset}"))
    assert await read(body) == [("a", text)]


@pytest.mark.parametrize("charset", ["utf-7", "utf-16", "unicode_escape", "zlib", "idna", "x", "a\u00e9"])
async def test_charsets_that_nobody_sends_are_refused(charset: str) -> None:
    body = multipart(part("a", b"1", f'Content-Type: text/plain; charset="{charset}"'))
    with pytest.raises(MalformedFormException, match="charset"):
        await read(body)


async def test_a_content_type_that_is_none_says_nothing() -> None:
    assert await read(multipart(part("a", "é", "Content-Type: garbage"))) == [("a", "é")]


# What is no form -----------------------------------------------------------------------------------------------------

WHOLE = multipart(("a", "1"))

MALFORMED = {
    "empty": b"",
    "another boundary": multipart(("a", "1")).replace(BOUNDARY.encode(), b"other"),
    "no form": b"garbage",
    "json": b'{"a": 1}',
    "text in front": b"preamble\r\n" + WHOLE,
    "only a boundary": f"--{BOUNDARY}".encode(),
    "only a line": f"--{BOUNDARY}\r\n".encode(),
    "ends in the headers": WHOLE[:60],
    "ends in the content": WHOLE[: -len(BOUNDARY) - 6],
    "ends in the last boundary": WHOLE[:-4],
    "something behind a boundary": WHOLE.replace(b"1\r\n--", b"1\r\n--" + BOUNDARY.encode() + b"x\r\n--"),
    "bare line feeds": WHOLE.replace(b"\r\n", b"\n"),
    "no headers": f"--{BOUNDARY}\r\n\r\n1\r\n--{BOUNDARY}--\r\n".encode(),
    "no disposition": multipart(b"Content-Type: text/plain\r\n\r\n1"),
    "two dispositions": multipart(part("a", "1", 'Content-Disposition: form-data; name="b"')),
    "another disposition": multipart(b'Content-Disposition: attachment; name="a"\r\n\r\n1'),
    "no name": multipart(b"Content-Disposition: form-data\r\n\r\n1"),
    "an empty name": multipart(part("", "1")),
    "an empty name of a file": multipart(part("", ("x", b"1"))),
    "a name that has no end": multipart(b'Content-Disposition: form-data; name="a\r\n\r\n1'),
    "two names": multipart(b'Content-Disposition: form-data; name="a"; name="b"\r\n\r\n1'),
    "a control character in a name": multipart(b'Content-Disposition: form-data; name="a\0"\r\n\r\n1'),
    "a header without a name": multipart(part("a", "1", ": x")),
    "a header without a colon": multipart(part("a", "1", "nonsense")),
    "a header with a strange name": multipart(part("a", "1", "a b: c")),
    "more bytes than it says": multipart(part("a", "12", "Content-Length: 1")),
    "fewer bytes than it says": multipart(part("a", "12", "Content-Length: 3")),
}


@pytest.mark.parametrize("name", MALFORMED)
@pytest.mark.parametrize("size", [1, 7, 100_000])
async def test_what_is_malformed_is_refused_however_it_is_cut(name: str, size: int) -> None:
    with pytest.raises(BadRequestException) as caught:
        await read(pieces(MALFORMED[name], size))
    assert (caught.value.status_code, caught.value.code) == (400, "malformed_form")


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data",
        'multipart/form-data; boundary=""',
        'multipart/form-data; boundary="a "',
        f"multipart/form-data; boundary={'a' * 71}",
        'multipart/form-data; boundary="é"',
    ],
)
async def test_a_boundary_that_cannot_be_is_refused(content_type: str) -> None:
    with pytest.raises(MalformedFormException, match="boundary"):
        await read(WHOLE, content_type)


async def test_every_boundary_that_can_be_is_read() -> None:
    for boundary in ("a", "a" * 70, "'()+_,-./:=?", "a b"):
        body = WHOLE.replace(BOUNDARY.encode(), boundary.encode())
        assert await read(body, f'Multipart/Form-Data; Boundary="{boundary}"; charset=utf-8') == [("a", "1")]


async def test_line_ends_may_stand_in_front_and_anything_behind() -> None:
    for size in (1, 5, 10_000):
        assert await read(pieces(b"\r\n\n\r" + WHOLE + b"\r\nepilogue" * 100, size)) == [("a", "1")]


async def test_nothing_at_all_is_a_form_too() -> None:
    assert await read(f"--{BOUNDARY}--\r\n".encode()) == []


# However it is cut ---------------------------------------------------------------------------------------------------

PIECES_OF_CONTENT = st.lists(
    st.sampled_from(
        [b"\r", b"\n", b"-", b"\r\n", b"\r\n--", b"\r\n-" + BOUNDARY.encode(), b"\0", b"a", b"--"]
    ),
    max_size=12,
).map(b"".join)

FORMS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "é"]),
        st.one_of(PIECES_OF_CONTENT, st.tuples(st.sampled_from(["x", "y.txt"]), PIECES_OF_CONTENT)),
    ),
    max_size=5,
)


@given(parts=FORMS, size=st.integers(1, 80))
def test_a_form_is_read_as_it_was_written_however_it_is_cut(parts: Any, size: int) -> None:
    written = [(name, value if isinstance(value, tuple) else value.decode()) for name, value in parts]
    assert asyncio.run(read(pieces(multipart(*parts), size))) == written


@given(
    start=st.integers(0, 400),
    junk=st.one_of(
        st.binary(max_size=20), st.sampled_from([b"\r\n--", BOUNDARY.encode(), b"--\r\n", b'"', b";"])
    ),
    length=st.integers(0, 20),
    size=st.integers(1, 80),
)
def test_a_damaged_form_is_refused_or_read_the_same_way_however_it_is_cut(
    start: int, junk: bytes, length: int, size: int
) -> None:
    body = multipart(("a", "1"), ("f", ("x.txt", b"one\r\n--two")), ("b", ""))
    damaged = body[:start] + junk + body[start + length :]

    async def outcome(sent: Any) -> Any:
        try:
            return await read(sent)
        except BadRequestException as exc:
            return exc.code

    whole, cut = asyncio.run(outcome(damaged)), asyncio.run(outcome(pieces(damaged, size)))
    assert whole == cut


# Limits --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content_type", [MULTIPART, URLENCODED])
async def test_limits_hold_for_both_kinds(content_type: str) -> None:
    def form(*pairs: Any) -> bytes:
        return multipart(*pairs) if content_type is MULTIPART else format_query(pairs).encode()

    three = form(("a", "1"), ("b", "2"), ("c", "3"))
    assert len(await read(three, content_type, max_parts=3)) == 3
    with pytest.raises(TooManyFormPartsException) as many:
        await read(three, content_type, max_parts=2)
    assert (many.value.status_code, many.value.detail) == (413, "The form has more than 2 fields and files.")
    assert len(await read(form(("a", "1" * 100)), content_type, max_field_size=101)) == 1
    with pytest.raises(FormFieldTooLargeException):
        await read(form(("a", "1" * 101)), content_type, max_field_size=100)
    long = form(("a", "1" * 60), ("b", "2" * 60))
    with pytest.raises(FormTooLargeException):
        await read(long, content_type, max_memory=100)
    assert len(await read(long, content_type, max_memory=126)) == 2


async def test_limits_on_files() -> None:
    body = multipart(("a", ("x", b"1")), ("b", ("y", b"22")), ("c", "3"))
    assert len(await read(body, max_files=2, max_file_size=2, max_field_size=1)) == 3
    with pytest.raises(TooManyFilesException):
        await read(body, max_files=1)
    with pytest.raises(FormFileTooLargeException) as caught:
        await read(body, max_file_size=1)
    assert caught.value.detail == "A file of the form is larger than 1 bytes."


async def test_files_beyond_the_memory_of_a_form_go_to_the_disk() -> None:
    body = multipart(*[(f"f{number}", ("x", b"1" * 50)) for number in range(4)])
    request = posting(body, limits=FormLimits(max_memory=120))
    files: List[Any] = list((await request.form()).values())
    assert [isinstance(upload.file, io.BytesIO) for upload in files] == [True, True, False, False]
    assert [await upload.read() for upload in files] == [b"1" * 50] * 4
    assert await request.close_resources() is None


async def test_limits_on_the_headers_of_a_part() -> None:
    lines = [f"X-{number}: 1" for number in range(7)]
    assert await read(multipart(part("a", "1", *lines))) == [("a", "1")]
    for body in (part("a", "1", *lines, "X-More: 1"), part("a", "1", f"X: {'1' * 5000}")):
        with pytest.raises(MalformedFormException, match="maximum"):
            await read(multipart(body))
    assert await read(multipart(part("a", "1", *lines, "X-More: 1")), max_part_headers=9) == [("a", "1")]


async def test_a_limit_of_none_is_no_limit() -> None:
    request = posting(multipart(part("a", "1" * 9000, f"X: {'1' * 9000}")))
    request.form_limits = FormLimits()
    assert await contents(await request.form()) == [("a", "1" * 9000)]
    request = posting(b"a=1&" * 3000, URLENCODED)
    request.form_limits = FormLimits()
    assert len((await request.form()).multi_items()) == 3000


@pytest.mark.parametrize("value", [-1, 1.5, "1", True])
def test_a_limit_is_a_number(value: Any) -> None:
    with pytest.raises(SetupError, match="max_files is a number of at least 0"):
        FormLimits(max_files=value)


def test_limits_over_and_within_others() -> None:
    outer = FormLimits(max_parts=5, max_files=3)
    assert FormLimits(max_files=9).over(outer) == FormLimits(max_parts=5, max_files=9)
    assert FormLimits(max_files=9, max_memory=1).at_most(outer) == FormLimits(
        max_parts=5, max_files=3, max_memory=1
    )


# Those that fail -----------------------------------------------------------------------------------------------------


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> List[Any]:
    """The temporary files that are opened."""
    files: List[Any] = []
    real = uploads.open_temporary

    def open_one() -> Any:
        files.append(real())
        return files[-1]

    monkeypatch.setattr(uploads, "open_temporary", open_one)
    return files


LARGE = multipart(("f", ("x", b"a" * 2 * IN_MEMORY)), ("g", ("y", b"b" * 2 * IN_MEMORY)))


async def test_a_client_that_leaves_leaves_nothing_open(opened: List[Any]) -> None:
    sent: List[Optional[bytes]] = [*pieces(LARGE[:-100], 64 * 1024), None]
    with pytest.raises(ClientDisconnect):
        await posting(sent).form()
    assert [file.closed for file in opened] == [True, True]


async def test_a_form_that_is_refused_leaves_nothing_open(opened: List[Any]) -> None:
    with pytest.raises(MalformedFormException):
        await posting(pieces(LARGE[:-100], 64 * 1024)).form()
    with pytest.raises(FormFileTooLargeException):
        await posting(pieces(LARGE, 64 * 1024), limits=FormLimits(max_file_size=IN_MEMORY + 100_000)).form()
    assert [file.closed for file in opened] == [True, True, True]


async def test_a_request_that_is_cancelled_leaves_nothing_open(opened: List[Any]) -> None:
    request = posting(b"")
    edge = request.edge
    assert isinstance(edge, StandInEdge)
    waiting = asyncio.Event()

    async def read_on() -> Tuple[bytes, bool]:
        if not sent:
            waiting.set()
            await asyncio.Event().wait()
        return sent.pop(0), True

    sent = pieces(LARGE[:-100], 64 * 1024)
    edge.read = read_on  # type: ignore[method-assign]
    task = asyncio.ensure_future(request._read_form())
    await waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [file.closed for file in opened] == [True, True]


async def test_a_disk_without_room_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room() -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(uploads, "open_temporary", no_room)
    with pytest.raises(uploads.UploadStorageException) as caught:
        await posting(LARGE).form()
    assert caught.value.status_code == 507


async def test_another_failure_of_the_disk_stays_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Any:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(uploads, "open_temporary", broken)
    with pytest.raises(OSError, match="Input/output"):
        await posting(LARGE).form()


def test_importing_the_framework_loads_no_parser_and_no_temporary_files() -> None:
    code = (
        "import sys, microframe; print([name for name in ('multipart', 'tempfile') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
