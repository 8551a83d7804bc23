"""Compression: what is compressed, in which encoding, and what stays as it is."""

import asyncio
import gzip
import importlib
import zlib
from pathlib import Path
from typing import Any, AsyncIterator, Callable, Dict, List, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microframe import (
    Application,
    FileResponse,
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    Response,
    SetupError,
    StreamingResponse,
)
from microframe.http.media import accepts_encoding
from microframe.middleware import compress
from microframe.middleware.compress import CompressMiddleware, library
from microframe.testing import ClientResponse, TestClient
from tests.connections import make_request

TEXT = "All work and no play makes Jack a dull boy.\n" * 100


def unzstd(data: bytes) -> bytes:
    plain: bytes = library("zstd").decompress(data)
    return plain


def unbrotli(data: bytes) -> bytes:
    plain: bytes = library("br").decompress(data)
    return plain


DECODERS: Dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.decompress, "br": unbrotli, "zstd": unzstd}


async def answer_of(response: Response, accept: Optional[str], **options: Any) -> Response:
    """What the middleware makes of an answer."""

    async def endpoint(request: Any) -> Response:
        return response

    headers = {} if accept is None else {"accept-encoding": accept}
    wrapped = CompressMiddleware(**options)(endpoint)
    return await wrapped(make_request(headers=headers))


def encoding_of(response: Response) -> Optional[str]:
    return response.headers.get("content-encoding")


async def body_of(response: Response) -> bytes:
    return b"".join([piece async for piece in response.chunks()])


@pytest.mark.parametrize("encoding", sorted(DECODERS))
async def test_a_body_comes_out_as_it_went_in(encoding: str) -> None:
    for text in (TEXT, TEXT * 100):  # the second one goes through a thread
        answer = await answer_of(PlainTextResponse(text), encoding)
        assert encoding_of(answer) == encoding
        assert isinstance(answer.body, bytes)
        assert len(answer.body) < len(text) / 10
        assert DECODERS[encoding](answer.body) == text.encode()
        assert answer.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize("encoding", sorted(DECODERS))
async def test_a_stream_is_compressed_piece_by_piece(encoding: str) -> None:
    closed: List[bool] = []

    async def pieces() -> AsyncIterator[str]:
        try:
            yield "first"
            yield TEXT * 100
            yield "last"
        finally:
            closed.append(True)

    answer = await answer_of(StreamingResponse(pieces(), media_type="text/plain"), encoding)
    found = [piece async for piece in answer.chunks()]
    assert len(found) == 4
    assert DECODERS[encoding](b"".join(found)).decode() == f"first{TEXT * 100}last"
    assert closed == [True]


async def test_each_piece_can_be_read_at_once() -> None:
    async def events() -> AsyncIterator[str]:
        yield "data: 1\n\n"
        await asyncio.Event().wait()

    answer = await answer_of(StreamingResponse(events(), media_type="text/event-stream"), "gzip")
    pieces = answer.chunks()
    first = await pieces.__anext__()
    assert zlib.decompressobj(31).decompress(first) == b"data: 1\n\n"
    await pieces.aclose()  # type: ignore[attr-defined]  # a generator, which the type does not say


async def test_a_file_is_compressed_while_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    answer = await answer_of(FileResponse(tmp_path / "a.txt"), "gzip")
    assert gzip.decompress(await body_of(answer)) == TEXT.encode()
    assert answer.headers["etag"].startswith('W/"')
    assert "content-length" not in answer.headers


AS_IT_IS: Dict[str, Callable[[], Response]] = {
    "small": lambda: PlainTextResponse("x" * 499),
    "a picture": lambda: Response(TEXT, media_type="image/png"),
    "no type": lambda: Response(TEXT),
    "encoded already": lambda: PlainTextResponse(TEXT, headers={"Content-Encoding": "br"}),
    "not to be changed": lambda: PlainTextResponse(TEXT, headers={"Cache-Control": "public, No-Transform"}),
    "a part": lambda: PlainTextResponse(TEXT, 206, headers={"Content-Range": "bytes 0-4399/9999"}),
}


@pytest.mark.parametrize("name", sorted(AS_IT_IS))
async def test_what_is_not_worth_it_stays_as_it_is(name: str) -> None:
    response = AS_IT_IS[name]()
    body = response.body
    answer = await answer_of(response, "gzip")
    assert answer is response
    assert answer.body is body
    assert "vary" not in answer.headers


@pytest.mark.parametrize("accept", [None, "", "identity", "gzip;q=0", "*;q=0", "compress", "gzip;q=x"])
async def test_who_does_not_ask_gets_it_as_it_is(accept: Optional[str]) -> None:
    answer = await answer_of(PlainTextResponse(TEXT), accept)
    assert (encoding_of(answer), answer.body) == (None, TEXT.encode())
    assert answer.headers["vary"] == "Accept-Encoding"


CHOICES = [
    ("gzip, br, zstd", "zstd"),
    ("gzip, br", "br"),
    ("GZIP;q=1.0, br;q=0.5", "gzip"),
    ("*", "zstd"),
    ("*;q=0.5, zstd;q=0", "br"),
    ("gzip;q=0.5, identity", None),
    ("gzip, identity", "gzip"),
    (", ,gzip", "gzip"),
]


@pytest.mark.parametrize(("accept", "encoding"), CHOICES)
def test_the_client_chooses(accept: str, encoding: Optional[str]) -> None:
    assert accepts_encoding(accept, "zstd", "br", "gzip") == encoding


@given(st.text(max_size=200))
def test_no_header_breaks_the_choice(accept: str) -> None:
    assert accepts_encoding(accept, "br", "gzip") in (None, "br", "gzip")


async def test_the_answer_that_a_handler_keeps_is_not_changed() -> None:
    kept = HTMLResponse(TEXT, headers={"ETag": '"1"'})
    for _ in range(2):
        answer = await answer_of(kept, "gzip")
        assert answer.headers["etag"] == 'W/"1"'
        assert answer.headers.getlist("vary") == ["Accept-Encoding"]
    assert (kept.body, kept.headers["etag"]) == (TEXT.encode(), '"1"')


def test_who_has_a_file_is_told_so_though_it_would_be_compressed(tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text(TEXT)
    app = Application()
    app.add_middleware(CompressMiddleware)

    @app.get("/")
    async def file() -> Response:
        return FileResponse(tmp_path / "long.txt")

    client = TestClient(app, headers={"accept-encoding": "gzip"})
    answer = client.get("/")
    etag = answer.headers["etag"]
    assert (answer.text, etag[:2]) == (TEXT, "W/")
    known = client.get("/", headers={"if-none-match": etag})
    assert (known.status_code, known.content) == (304, b"")
    assert known.headers["vary"] == "Accept-Encoding"
    assert client.get("/", headers={"if-match": '"x"'}).status_code == 412
    part = client.get("/", headers={"range": "bytes=0-9"})
    assert (part.status_code, part.text) == (200, TEXT)
    assert "accept-ranges" not in part.headers


async def test_more_types_and_other_levels_can_be_asked_for() -> None:
    response = Response(TEXT, media_type="application/x-board")
    options = {"media_types": ["application/x-board"], "encodings": ["gzip"], "levels": {"gzip": 1}}
    assert encoding_of(await answer_of(response, "br, gzip", **options)) == "gzip"
    problem = JSONResponse({"a": TEXT}, media_type="application/vnd.board+json")
    assert encoding_of(await answer_of(problem, "gzip")) == "gzip"


def test_a_program_is_compressed_over_the_client() -> None:
    app = Application()
    app.add_middleware(CompressMiddleware, encodings=["gzip"])

    @app.get("/")
    async def index() -> List[str]:
        return [TEXT]

    answer: ClientResponse = TestClient(app).get("/", headers={"accept-encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.json() == [TEXT]
    assert int(answer.headers["content-length"]) < 200


def test_an_encoding_that_there_is_not_is_refused() -> None:
    with pytest.raises(SetupError, match="no encoding 'lzw', only zstd, br, gzip"):
        CompressMiddleware(encodings=["lzw"])


def test_an_encoding_that_is_not_installed_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compress, "MODULES", {"gzip": ("zlib",), "br": ("no_such_brotli", "nor_this_one")})
    with pytest.raises(SetupError, match=r"nor_this_one is not installed: pip install '.*\[compression\]'"):
        CompressMiddleware(encodings=["br"])
    assert compress.available() == ["gzip"]
    assert importlib.import_module("zlib") is library("gzip")
