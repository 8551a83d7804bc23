"""What the test sees of an answer."""

import gzip
import zlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from microframe.testing import AsyncTestClient, ClientResponse, HTTPStatusError, ProtocolError
from microframe.testing.waiting import ASGIApplication
from tests.testing.applications import Pairs, answering, piece, sending, start


async def get(app: ASGIApplication, **options: Any) -> ClientResponse:
    return await AsyncTestClient(app, **options).get("/x")


async def answered(body: bytes = b"", status: int = 200, headers: Pairs = ()) -> ClientResponse:
    return await get(answering(body, status, headers))


async def test_parts_of_a_response() -> None:
    response = await answered(b'{"a": 1}', 201, [(b"content-type", b"application/json"), (b"x-a", b"1")])
    assert (response.status_code, response.reason_phrase, response.http_version) == (
        201,
        "Created",
        "HTTP/1.1",
    )
    assert (response.content, response.text, response.json()) == (b'{"a": 1}', '{"a": 1}', {"a": 1})
    assert response.headers["X-A"] == response.headers["x-a"] == "1"
    assert str(response.url) == "http://testserver/x"
    assert (response.request.method, response.request.content) == ("GET", b"")
    assert response.history == []
    assert timedelta() < response.elapsed < timedelta(seconds=60)
    assert repr(response) == "<ClientResponse 201 Created>"
    assert repr(response.request) == "<ClientRequest GET http://testserver/x>"


async def test_repeated_headers() -> None:
    response = await answered(headers=[(b"vary", b"a, b"), (b"vary", b"c"), (b"set-cookie", b"a=1")])
    assert response.headers["vary"] == "a, b"
    assert response.headers.get_list("Vary") == ["a, b", "c"]
    assert response.headers.get_list("vary", split_commas=True) == ["a", "b", "c"]
    assert response.headers.multi_items()[-1] == ("set-cookie", "a=1")


@pytest.mark.parametrize(
    ("status", "kinds"),
    [
        (204, ["is_success"]),
        (304, ["is_redirect"]),
        (404, ["is_client_error", "is_error"]),
        (599, ["is_error", "is_server_error"]),
    ],
)
async def test_kinds_of_status(status: int, kinds: list[str]) -> None:
    response = await answered(status=status)
    names = [name for name in dir(response) if name.startswith("is_")]
    assert [name for name in names if getattr(response, name)] == kinds


async def test_raise_for_status_gives_a_success_back() -> None:
    response = await answered(status=204)
    assert response.raise_for_status() is response


@pytest.mark.parametrize("status", [302, 404, 500])
async def test_raise_for_status_shows_the_answer_that_is_none(status: int) -> None:
    response = await answered(b"sorry", status)
    with pytest.raises(HTTPStatusError, match=rf"GET /x was answered {status} .*: sorry") as caught:
        response.raise_for_status()
    assert (caught.value.response, caught.value.request) == (response, response.request)


@pytest.mark.parametrize(
    ("content_type", "body", "encoding", "text"),
    [
        ("text/plain", "é".encode(), "utf-8", "é"),
        ("text/plain; charset=latin-1", b"\xe9", "iso8859-1", "é"),
        ('text/plain; charset="UTF-16"', "é".encode("utf-16"), "utf-16", "é"),
        ("text/plain; charset=nonsense", b"a\xff", "utf-8", "a\ufffd"),
    ],
)
async def test_text_is_in_the_charset_of_the_content_type(
    content_type: str, body: bytes, encoding: str, text: str
) -> None:
    response = await answered(body, headers=[(b"content-type", content_type.encode())])
    assert (response.encoding, response.text) == (encoding, text)
    response.encoding = "cp1252"
    assert response.text == body.decode("cp1252", "replace")


async def test_content_codings_are_taken_off() -> None:
    packed = gzip.compress(b"hello")
    response = await answered(packed, headers=[(b"content-encoding", b"gzip")])
    assert response.content == b"hello"
    assert b"".join(response.iter_raw()) == packed
    twice = await answered(zlib.compress(packed), headers=[(b"content-encoding", b"gzip, deflate")])
    assert twice.content == b"hello"
    unknown = await answered(b"?", headers=[(b"content-encoding", b"own")])
    assert unknown.content == b"?"
    assert (await answered(b"", headers=[(b"content-encoding", b"gzip")])).content == b""


@pytest.mark.parametrize("body", [b"hello", gzip.compress(b"hello", mtime=0)[:-4]], ids=["plain", "cut"])
async def test_a_coding_that_the_body_does_not_have_is_a_fault(body: bytes) -> None:
    response = await answered(body, headers=[(b"content-encoding", b"gzip")])
    with pytest.raises(ProtocolError, match="gzip"):
        _ = response.content


async def test_a_whole_body_can_be_iterated_again_and_again() -> None:
    response = await answered("é\n\nb".encode())
    for _ in range(2):
        assert list(response.iter_bytes()) == ["é\n\nb".encode()]
        assert list(response.iter_lines()) == ["é", "", "b"]
        assert [text async for text in response.aiter_text()] == ["é\n\nb"]
    assert response.read() == await response.aread() == response.content


async def test_an_answer_to_head_has_no_body_but_its_length() -> None:
    app = answering(b"hello", headers=[(b"content-length", b"5")])
    response = await AsyncTestClient(app).head("/")
    assert (response.content, response.headers["content-length"]) == (b"", "5")


# Extensions


async def test_early_hints_are_kept_beside_the_answer() -> None:
    hint = {"type": "http.response.early_hint", "links": [b"</a.css>; rel=preload"]}
    response = await get(sending(hint, hint, start(), piece()))
    assert response.extensions == {"early_hints": ["</a.css>; rel=preload"] * 2}


async def test_extensions_that_send_files(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    pathsend = {"type": "http.response.pathsend", "path": str(path)}
    response = await get(sending(start(), pathsend), extensions={"http.response.pathsend": {}})
    assert response.content == b"0123456789"
    offered: dict[str, Any] = {"http.response.zerocopysend": {}}
    with path.open("rb") as file:
        middle = {
            "type": "http.response.zerocopysend",
            "file": file,
            "offset": 2,
            "count": 3,
            "more_body": True,
        }
        rest = {"type": "http.response.zerocopysend", "file": file.fileno()}
        response = await get(sending(start(), middle, rest), extensions=offered)
    assert response.content == b"23456789"


async def test_trailers_and_other_extensions_that_are_offered_are_kept() -> None:
    trailers = {"type": "http.response.trailers", "headers": [(b"x-sum", b"1")]}
    debug = {"type": "http.response.debug", "info": {"template": "a"}}
    offered: dict[str, Any] = {"http.response.trailers": {}, "http.response.debug": {}}
    response = await get(sending(start(), debug, piece(), trailers), extensions=offered)
    assert response.extensions == {"http.response.debug": [debug], "trailers": [(b"x-sum", b"1")]}
