"""What the application reads: JSON, forms, files, streams."""

import io
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from multipart import MultipartParser, MultipartPart  # type: ignore[import-untyped]

from microframe.testing import AsyncTestClient
from tests.testing.applications import answering, echo, header, piece, read_body, sending, start


async def sent(**options: Any) -> tuple[bytes, dict[str, Any]]:
    """The body that arrived, and all that `echo` says."""
    told = (await AsyncTestClient(echo).post("/", **options)).json()
    return told["body"].encode("latin-1"), told


async def parts(**options: Any) -> list[MultipartPart]:
    """The parts of a multipart body, as the parser of another package reads them."""
    body, told = await sent(**options)
    media_type, _, boundary = header(told, "content-type")[0].partition("; boundary=")
    assert media_type == "multipart/form-data"
    return list(MultipartParser(io.BytesIO(body), boundary, strict=True))


async def test_json() -> None:
    body, told = await sent(json={"name": "é", "n": [1, None]})
    assert body == '{"name":"é","n":[1,null]}'.encode()
    assert header(told, "content-type") == ["application/json"]
    assert header(told, "content-length") == [str(len(body))]


async def test_json_that_no_parser_reads_is_refused() -> None:
    with pytest.raises(ValueError, match="Out of range"):
        await sent(json=float("nan"))


async def test_a_given_content_type_stands() -> None:
    _, told = await sent(json={}, headers={"content-type": "application/problem+json"})
    assert header(told, "content-type") == ["application/problem+json"]


async def test_form() -> None:
    body, told = await sent(data={"a": "1 &", "b": [True, None], "é": 2})
    assert body == b"a=1+%26&b=true&b=&%C3%A9=2"
    assert header(told, "content-type") == ["application/x-www-form-urlencoded"]


async def test_form_of_pairs() -> None:
    assert (await sent(data=[("a", "1"), ("a", "2")]))[0] == b"a=1&a=2"


@pytest.mark.parametrize("option", ["content", "data"])
@pytest.mark.parametrize("value", ["é", "é".encode(), bytearray("é".encode()), memoryview("é".encode())])
async def test_plain_bodies(option: str, value: Any) -> None:
    body, told = await sent(**{option: value})
    assert body == "é".encode()
    assert header(told, "content-type") == []


async def test_no_body_says_so_where_one_is_usual() -> None:
    assert header((await sent())[1], "content-length") == ["0"]
    assert header((await AsyncTestClient(echo).get("/")).json(), "content-length") == []


@pytest.mark.parametrize("options", [{"json": 1, "data": "x"}, {"content": b"", "files": {}}, {"content": 5}])
async def test_two_bodies_or_none_of_a_kind_that_exists_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="body"):
        await sent(**options)


# Files


async def test_files_of_every_form(tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    path.write_bytes(b"from disk")
    with path.open("rb") as file:
        found = await parts(
            data={"title": "é", "tags": ["a", "b"]},
            files={
                "bytes": b"1",
                "text": "é",
                "file": file,
                "named": ("a.png", b"2"),
                "typed": ("a.bin", b"3", "image/x-own"),
                "headed": ("a.bin", b"4", None, {"X-Extra": "yes", "Content-Type": "text/own"}),
                "field": (None, b"5"),
                "buffer": io.BytesIO(b"6"),
            },
        )
    assert [
        (part.name, part.filename, dict(part.headerlist).get("Content-Type"), part.raw) for part in found
    ] == [
        ("title", None, None, "é".encode()),
        ("tags", None, None, b"a"),
        ("tags", None, None, b"b"),
        ("bytes", "upload", "application/octet-stream", b"1"),
        ("text", "upload", "application/octet-stream", "é".encode()),
        ("file", "note.txt", "text/plain", b"from disk"),
        ("named", "a.png", "image/png", b"2"),
        ("typed", "a.bin", "image/x-own", b"3"),
        ("headed", "a.bin", "text/own", b"4"),
        ("field", None, None, b"5"),
        ("buffer", "upload", "application/octet-stream", b"6"),
    ]
    assert ("X-Extra", "yes") in found[8].headerlist


async def test_files_under_one_name() -> None:
    found = await parts(files=[("f", ("1.txt", b"a")), ("f", ("2.txt", b"b"))])
    assert [(part.name, part.filename, part.raw) for part in found] == [
        ("f", "1.txt", b"a"),
        ("f", "2.txt", b"b"),
    ]


async def test_names_that_would_end_themselves_are_escaped() -> None:
    body, _ = await sent(files={'n"\r\nX: 1': ('f"\r\nY: 2', b"")})
    assert b'name="n%22%0D%0AX: 1"; filename="f%22%0D%0AY: 2"\r\n' in body


async def test_a_boundary_of_the_tests_own() -> None:
    body, _ = await sent(files={"f": b"x"}, headers={"content-type": 'multipart/form-data; boundary="own"'})
    assert body.startswith(b"--own\r\n")
    assert body.endswith(b"\r\n--own--\r\n")


async def test_a_file_open_as_text_is_refused() -> None:
    with pytest.raises(TypeError, match="binary"):
        await sent(files={"f": io.StringIO("x")})


# Streams


async def test_a_body_from_an_iterator_comes_in_pieces() -> None:
    pieces: list[bytes] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert dict(scope["headers"])[b"transfer-encoding"] == b"chunked"
        assert b"content-length" not in dict(scope["headers"])
        more = True
        while more:
            message = await receive()
            pieces.append(message["body"])
            more = message["more_body"]
        await answering()(scope, receive, send)

    async def asynchronous() -> AsyncIterator[bytes]:
        yield b"a"
        yield b"b"

    def synchronous() -> Iterator[bytes]:
        yield b"a"
        yield b"b"

    for body in (asynchronous(), synchronous(), [b"a", b"b"]):
        pieces.clear()
        await AsyncTestClient(app).post("/", content=body)
        assert pieces == [b"a", b"b", b""]


async def test_a_large_body_comes_in_pieces_as_from_a_server() -> None:
    sizes: list[int] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert dict(scope["headers"])[b"content-length"] == b"150000"
        message = await receive()
        while message["more_body"]:
            sizes.append(len(message["body"]))
            message = await receive()
        await answering()(scope, receive, send)

    await AsyncTestClient(app).post("/", content=b"x" * 150_000)
    assert sizes == [65536, 65536, 18928]


async def test_an_iterator_that_is_not_read_to_its_end_is_closed() -> None:
    closed = []

    async def body() -> AsyncIterator[bytes]:
        try:
            yield b"a"
            yield b"b"
        finally:
            closed.append(True)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await answering()(scope, receive, send)

    await AsyncTestClient(app).post("/", content=body())
    assert closed == [True]


async def test_an_error_in_the_iterator_is_the_tests_and_the_application_sees_the_client_leave() -> None:
    seen = []

    async def body() -> AsyncIterator[bytes]:
        yield b"a"
        raise LookupError("gone")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        seen.append((await receive())["type"])

    with pytest.raises(LookupError, match="gone"):
        await AsyncTestClient(app).post("/", content=body())
    assert seen == ["http.disconnect"]


async def test_pieces_of_another_kind_are_refused() -> None:
    with pytest.raises(TypeError, match="pieces"):
        await sent(content=[b"a", 1])


async def test_receive_waits_for_the_end_of_the_answer_and_then_says_disconnect() -> None:
    seen = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert await read_body(receive) == b"x"
        await sending(start(), piece(b"y"))(scope, receive, send)
        seen.extend([await receive(), await receive()])

    assert (await AsyncTestClient(app).post("/", content=b"x")).content == b"y"
    assert seen == [{"type": "http.disconnect"}] * 2
