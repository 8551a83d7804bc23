"""Files as answers: whole, in parts, not again, and never other bytes than the head tells of."""

import asyncio
import os
import re
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

import pytest

from microframe import (
    Application,
    Endpoint,
    FileResponse,
    Middleware,
    PlainTextResponse,
    Request,
    Response,
    StaticFiles,
)
from microframe.http.conditional import file_etag, format_http_date
from microframe.http.files import CHUNK, FileSlice
from microframe.testing import AsyncTestClient, ClientResponse

BODY = b"0123456789" * 10
LONG = bytes(range(256)) * (CHUNK // 256) + b"the end"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "digits.txt"
    made.write_bytes(BODY)
    return made


def serving(path: Path, **options: Any) -> Application:
    app = Application()

    @app.api_route("/", methods=["GET", "POST"])
    async def download() -> Response:
        return FileResponse(path, **options)

    return app


async def ask(app: Application, method: str = "GET", **headers: str) -> ClientResponse:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return await AsyncTestClient(app).request(method, "/", headers=fields)


def described(answer: ClientResponse) -> Dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name != "content-type"}


# Parts ------------------------------------------------------------------------------------------------------


async def test_a_range_gets_its_bytes_and_where_they_stand(path: Path) -> None:
    answer = await ask(serving(path, filename="digits.txt"), range="bytes=10-14")
    assert (answer.status_code, answer.content) == (206, b"01234")
    assert answer.headers["content-range"] == "bytes 10-14/100"
    assert answer.headers["content-length"] == "5"
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["etag"] == file_etag(path.stat())
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="digits.txt"'


async def test_several_ranges_get_one_part_each(path: Path) -> None:
    answer = await ask(serving(path), range="bytes=50-51,0-2")
    kind, _, boundary = answer.headers["content-type"].partition("; boundary=")
    assert (answer.status_code, kind) == (206, "multipart/byteranges")
    assert "content-range" not in answer.headers
    assert answer.headers["content-length"] == str(len(answer.content))
    parts = answer.content.split(f"--{boundary}".encode())
    assert parts[0] == b"\r\n"
    assert parts[-1] == b"--\r\n"
    assert [re.sub(rb"(?s).*bytes (\S+)\r\n\r\n(.*)\r\n", rb"\1 \2", part) for part in parts[1:-1]] == [
        b"50-51/100 01",
        b"0-2/100 012",
    ]
    assert all(b"\r\nContent-Type: text/plain; charset=utf-8\r\n" in part for part in parts[1:-1])


@pytest.mark.parametrize("asked", [None, "bytes=5-9", "bytes=5-9,20-29", "bytes=200-"])
async def test_head_has_the_headers_of_get(path: Path, asked: Optional[str]) -> None:
    headers = {} if asked is None else {"range": asked}
    get, head = [await ask(serving(path), method, **headers) for method in ("GET", "HEAD")]
    assert (head.status_code, head.content) == (get.status_code, b"")
    if asked != "bytes=200-":
        assert described(head) == described(get)
    assert head.headers.get("content-range") == get.headers.get("content-range")


async def test_a_range_behind_the_end_is_told_the_length_in_a_problem_document(path: Path) -> None:
    answer = await ask(serving(path), range="bytes=100-")
    assert (answer.status_code, answer.headers["content-range"]) == (416, "bytes */100")
    assert answer.json()["code"] == "range_not_satisfiable"
    assert answer.headers["content-type"] == "application/problem+json"
    assert "etag" not in answer.headers


async def test_a_file_may_be_sent_whole_only(path: Path) -> None:
    answer = await ask(serving(path, headers={"Accept-Ranges": "none"}), range="bytes=0-1")
    assert (answer.status_code, answer.content) == (200, BODY)
    assert answer.headers["accept-ranges"] == "none"
    assert (await ask(serving(path, headers={"Accept-Ranges": "bytes"}), range="bytes=0-1")).content == b"01"


async def test_only_get_and_only_an_answer_200_is_cut(path: Path) -> None:
    posted = await ask(serving(path), "POST", range="bytes=0-1", if_none_match="*")
    assert (posted.status_code, posted.content) == (200, BODY)
    assert "accept-ranges" not in posted.headers
    missing = await ask(serving(path, status_code=404), range="bytes=0-1", if_none_match="*")
    assert (missing.status_code, missing.content) == (404, BODY)


async def test_a_slice_of_ones_own_is_cut_within_itself(path: Path) -> None:
    app = Application()

    @app.get("/")
    async def middle() -> Response:
        response = Response(media_type="text/plain")
        response.body = FileSlice(path, 10, 10)
        return response

    assert (await ask(app)).content == b"0123456789"
    answer = await ask(app, range="bytes=-3")
    assert (answer.content, answer.headers["content-range"]) == (b"789", "bytes 7-9/10")


async def test_an_empty_file_has_no_parts(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    app = serving(tmp_path / "empty")
    whole = await ask(app)
    assert (whole.status_code, whole.content, whole.headers["content-length"]) == (200, b"", "0")
    assert (await ask(app, range="bytes=-5")).status_code == 200
    assert (await ask(app, range="bytes=0-")).headers["content-range"] == "bytes */0"


@pytest.mark.parametrize("asked", ["bytes=0-", "bytes=1-", "bytes=0-9,1000-300000,-5"])
async def test_long_parts_are_sent_in_pieces(tmp_path: Path, asked: str) -> None:
    (tmp_path / "long").write_bytes(LONG)
    answer = await ask(serving(tmp_path / "long"), range=asked)
    assert answer.status_code == 206
    for part in asked[len("bytes=") :].split(","):
        first, _, last = part.partition("-")
        wanted = LONG[int(first) : int(last) + 1 if last else None] if first else LONG[-int(last) :]
        assert wanted in answer.content


async def test_a_download_that_broke_off_is_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "long"
    path.write_bytes(LONG)
    app = serving(path)
    first = await ask(app, range="bytes=0-99999")
    rest = await ask(app, range="bytes=100000-", if_range=first.headers["etag"])
    assert (rest.status_code, first.content + rest.content) == (206, LONG)
    dated = await ask(app, range="bytes=100000-", if_range=first.headers["last-modified"])
    assert dated.status_code == 206
    path.write_bytes(LONG[::-1] + b"more")
    assert (await ask(app, range="bytes=100000-", if_range=first.headers["etag"])).status_code == 200


# Not again --------------------------------------------------------------------------------------------------


async def test_who_has_it_gets_a_304_that_keeps_what_caches_need(path: Path) -> None:
    app = serving(path, headers={"Cache-Control": "no-cache", "Vary": "Accept"}, filename="a.txt")
    etag = file_etag(path.stat())
    for method in ("GET", "HEAD"):
        answer = await ask(app, method, if_none_match=f"W/{etag}", range="bytes=0-1")
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == etag
        assert (answer.headers["cache-control"], answer.headers["vary"]) == ("no-cache", "Accept")
        gone = {"content-type", "content-length", "content-disposition", "last-modified", "accept-ranges"}
        assert not gone & set(answer.headers)


async def test_a_date_alone_will_do(path: Path) -> None:
    date = format_http_date(path.stat().st_mtime)
    assert (await ask(serving(path), if_modified_since=date)).status_code == 304
    assert (await ask(serving(path), if_unmodified_since=date)).status_code == 200
    long_ago = "Sun, 06 Nov 1994 08:49:37 GMT"
    assert (await ask(serving(path), if_modified_since=long_ago)).status_code == 200
    assert (await ask(serving(path), if_unmodified_since=long_ago)).status_code == 412


async def test_another_version_demanded_is_a_412(path: Path) -> None:
    etag = file_etag(path.stat())
    assert (await ask(serving(path), if_match=etag)).status_code == 200
    for tag in ('"x"', f"W/{etag}"):
        answer = await ask(serving(path), if_match=tag, range="bytes=500-")
        assert (answer.status_code, answer.json()["code"]) == (412, "precondition_failed")


async def test_what_middleware_said_stays_on_a_416(path: Path) -> None:
    def marked(endpoint: Endpoint) -> Endpoint:
        async def wrapped(request: Request) -> Response:
            response = await endpoint(request)
            response.headers["access-control-allow-origin"] = "*"
            response.headers.add_vary("Origin")
            return response

        return wrapped

    app = serving(path, headers={"Cache-Control": "max-age=60"})
    wrapping: Middleware = marked
    app.add_middleware(wrapping)
    answer = await ask(app, range="bytes=500-", accept="text/html")
    assert answer.status_code == 416
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers.get_list("vary", split_commas=True) == ["Origin", "Accept"]
    assert "cache-control" not in answer.headers


async def test_an_exception_handler_answers_a_416_with_a_file_too(path: Path, tmp_path: Path) -> None:
    (tmp_path / "sorry.html").write_text("<p>no</p>")
    app = serving(path)

    @app.exception_handler(416)
    async def sorry(request: Request, exc: Exception) -> Response:
        return FileResponse(tmp_path / "sorry.html", status_code=416)

    answer = await ask(app, range="bytes=500-")
    assert (answer.status_code, answer.text) == (416, "<p>no</p>")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


async def test_background_work_runs_whatever_the_answer_becomes(path: Path) -> None:
    done: List[int] = []

    async def task() -> None:
        done.append(1)

    app = serving(path, background=task)
    for headers in ({}, {"range": "bytes=0-1"}, {"range": "bytes=500-"}, {"if_none_match": "*"}):
        await ask(app, **headers)
    assert len(done) == 4


# Files that change ------------------------------------------------------------------------------------------


def changing(path: Path, change: Any, **options: Any) -> Application:
    """An application whose file changes between being described and being opened."""
    app = Application()

    @app.get("/")
    async def download() -> Response:
        response = FileResponse(path, **options)
        change()
        return response

    return app


@pytest.mark.parametrize("content", [b"shorter", BODY + b"longer", b"9876543210" * 10])
async def test_a_file_replaced_before_it_is_opened_is_described_anew(path: Path, content: bytes) -> None:
    def replace() -> None:
        other = path.with_suffix(".new")
        other.write_bytes(content)
        os.utime(other, (10**9, 10**9))
        other.replace(path)

    answer = await ask(changing(path, replace))
    assert (answer.status_code, answer.content) == (200, content)
    assert answer.headers["content-length"] == str(len(content))
    assert answer.headers["etag"] == file_etag(path.stat())
    assert answer.headers["last-modified"] == format_http_date(10**9)


async def test_a_compressed_file_that_is_replaced_keeps_its_kind_of_tag(path: Path) -> None:
    app = Application()
    folder = path.parent
    (folder / "digits.txt.gz").write_bytes(b"packed")
    files = StaticFiles(directory=folder, precompressed=True)

    @app.get("/{rest:path}")
    async def serve(request: Request) -> Response:
        response = await files(request)
        (folder / "digits.txt.gz").write_bytes(b"packed anew")
        return response

    status, headers, messages, _ = await raw(app, path="/digits.txt", accept_encoding="gzip")
    assert (status, messages[0]["body"]) == (200, b"packed anew")
    assert headers["etag"] == file_etag((folder / "digits.txt.gz").stat())[:-1] + '-gzip"'


async def test_a_range_of_the_version_before_gets_the_new_file_whole(path: Path) -> None:
    old = file_etag(path.stat())
    app = changing(path, lambda: path.write_bytes(b"another"))
    answer = await ask(app, range="bytes=0-1", if_range=old)
    assert (answer.status_code, answer.content) == (200, b"another")
    assert answer.headers["etag"] == file_etag(path.stat())


async def test_a_client_that_has_the_new_version_already_is_told_so(path: Path) -> None:
    def replace() -> None:
        path.write_bytes(b"another")
        os.utime(path, (10**9, 10**9))

    replace()
    etag = file_etag(path.stat())
    path.write_bytes(BODY)
    answer = await ask(changing(path, replace), if_none_match=etag)
    assert (answer.status_code, answer.headers["etag"]) == (304, etag)


async def test_only_the_new_version_that_is_asked_for_is_cut(path: Path) -> None:
    def replace() -> None:
        path.write_bytes(b"another")
        os.utime(path, (10**9, 10**9))

    replace()
    etag = file_etag(path.stat())
    path.write_bytes(BODY)
    for extension in (ZEROCOPY, PATHSEND, "none"):
        path.write_bytes(BODY)
        status, headers, messages, read = await raw(
            changing(path, replace), extension, range="bytes=0-1", if_range=etag
        )
        assert (status, headers["content-length"]) == (206, "2")
        assert b"".join(read) + b"".join(message.get("body", b"") for message in messages) == b"an"


async def test_a_file_that_is_gone_is_an_error_of_the_program(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    app = changing(path, path.unlink)
    answer = await AsyncTestClient(app, raise_server_exceptions=False).get("/")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_server_error")
    assert "FileNotFoundError" in caplog.text


async def test_a_slice_of_a_file_that_has_become_shorter_is_an_error(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    app = Application()

    @app.get("/")
    async def part() -> Response:
        response = Response()
        response.body = FileSlice(path, 90, 20)
        return response

    answer = await AsyncTestClient(app, raise_server_exceptions=False).get("/")
    assert answer.status_code == 500
    assert "FileChanged" in caplog.text


LYING = Path("/sys/kernel/address_bits")  # the kernel says that it has 4,096 bytes


@pytest.mark.skipif(not LYING.exists(), reason="needs /sys")
async def test_a_file_with_less_in_it_than_it_says_is_an_error_and_closed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    answer = await AsyncTestClient(serving(LYING), raise_server_exceptions=False).get("/")
    assert answer.status_code == 500
    assert "FileChanged" in caplog.text


# What the server takes itself -------------------------------------------------------------------------------


async def raw(
    app: Application, *extensions: str, method: str = "GET", path: str = "/", **headers: str
) -> Tuple[int, Dict[str, str], List[Dict[str, Any]], List[bytes]]:
    """Ask as a server with these extensions does; files are read when they are given, as it would."""
    sent: List[Dict[str, Any]] = []
    read: List[bytes] = []

    async def receive() -> Dict[str, Any]:
        await asyncio.sleep(0)
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(dict(message))
        if message["type"] == "http.response.zerocopysend":
            read.append(os.pread(message["file"].fileno(), message["count"], message["offset"]))

    scope: Dict[str, Any] = {
        "type": "http",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [
            (b"host", b"x"),
            *((n.replace("_", "-").encode(), v.encode()) for n, v in headers.items()),
        ],
        "client": None,
        "extensions": {name: {} for name in extensions},
    }
    await app(scope, receive, send)
    fields = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], fields, sent[1:], read


ZEROCOPY, PATHSEND = "http.response.zerocopysend", "http.response.pathsend"


async def test_a_whole_file_is_handed_over_by_its_path(path: Path) -> None:
    status, headers, messages, _ = await raw(serving(path), PATHSEND)
    assert (status, headers["content-length"]) == (200, "100")
    assert messages == [{"type": PATHSEND, "path": str(path)}]


async def test_a_part_is_not_handed_over_by_a_path(path: Path) -> None:
    status, headers, messages, _ = await raw(serving(path), PATHSEND, range="bytes=1-2")
    assert (status, headers["content-length"]) == (206, "2")
    assert messages == [{"type": "http.response.body", "body": b"12"}]


@pytest.mark.parametrize("asked", [None, "bytes=90-"])
async def test_an_open_file_is_handed_over_and_closed_afterwards(path: Path, asked: Optional[str]) -> None:
    headers = {} if asked is None else {"range": asked}
    _, fields, messages, read = await raw(serving(path), ZEROCOPY, PATHSEND, **headers)
    assert len(messages) == 1
    file = messages[0].pop("file")
    offset, count = (90, 10) if asked else (0, 100)
    assert messages == [{"type": ZEROCOPY, "offset": offset, "count": count, "more_body": False}]
    assert read == [BODY[offset:]]
    assert fields["content-length"] == str(count)
    assert file.closed


async def test_parts_are_handed_over_between_their_heads(path: Path) -> None:
    _, fields, messages, read = await raw(serving(path), ZEROCOPY, range="bytes=0-1,8-9")
    kinds = [message["type"].rpartition(".")[2] for message in messages]
    assert kinds == ["body", "zerocopysend", "body", "zerocopysend", "body"]
    assert [message["more_body"] for message in messages] == [True] * 4 + [False]
    assert read == [b"01", b"89"]
    sent = sum(message.get("count", 0) + len(message.get("body", b"")) for message in messages)
    assert fields["content-length"] == str(sent)


async def test_nothing_is_handed_over_for_head_or_of_nothing(path: Path) -> None:
    for app, method in ((serving(path), "HEAD"), (serving(path), "GET")):
        if method == "GET":
            path.write_bytes(b"")
        _, _, messages, _ = await raw(app, ZEROCOPY, method=method)
        assert messages == [{"type": "http.response.body", "body": b""}]


async def test_a_client_that_leaves_while_a_file_is_handed_over_leaves_it_closed(path: Path) -> None:
    given: List[Any] = []

    async def receive() -> Dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if "file" in message:
            given.append(message["file"])
            raise OSError

    scope: Dict[str, Any] = {
        "type": "http",
        "method": "GET",
        "scheme": "http",
        "path": "/",
        "raw_path": b"/",
        "query_string": b"",
        "headers": [(b"host", b"x")],
        "client": None,
        "extensions": {ZEROCOPY: {}},
    }
    await serving(path)(scope, receive, send)
    assert [file.closed for file in given] == [True]


# Where they come from ---------------------------------------------------------------------------------------


async def test_static_files_and_mounted_applications_know_ranges(path: Path) -> None:
    inner = Application()
    inner.mount("/static", StaticFiles(directory=path.parent))
    app = Application()
    app.mount("/inner", inner)
    answer = await AsyncTestClient(app).get("/inner/static/digits.txt", headers={"range": "bytes=-2"})
    assert (answer.status_code, answer.content) == (206, b"89")


async def test_a_file_that_middleware_has_read_is_no_file_any_more(path: Path) -> None:
    def read(endpoint: Endpoint) -> Endpoint:
        async def wrapped(request: Request) -> Response:
            response = await endpoint(request)
            return PlainTextResponse(b"".join([piece async for piece in response.chunks()]))

        return wrapped

    app = serving(path)
    app.add_middleware(read)
    answer = await ask(app, range="bytes=0-1")
    assert (answer.status_code, answer.content) == (200, BODY)
    assert "accept-ranges" not in answer.headers


async def test_the_kinds_of_problem_are_explained() -> None:
    client = AsyncTestClient(Application())
    for code, status in (
        ("precondition_failed", 412),
        ("range_not_satisfiable", 416),
        ("precondition_required", 428),
    ):
        page = (await client.get(f"/problems/{code}")).json()
        assert page["status"] == status
        assert page["detail"]
