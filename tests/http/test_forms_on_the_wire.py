"""Forms over a real server, sent by curl as its users send them."""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Annotated, Any, Iterator, List, Optional

import pytest

from microframe import Application, File, Form, FormParts, UploadFile
from microframe.testing import AsyncTestClient
from tests.wire import LIMIT, Served, served

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")


def build() -> Application:
    app = Application()

    @app.post("/files")
    async def files(
        files: List[UploadFile],
        note: Annotated[str, Form()],
        content: Annotated[Optional[bytes], File()] = None,
    ) -> Any:
        told = [
            [one.filename, one.content_type, hashlib.sha256(await one.read()).hexdigest()] for one in files
        ]
        return [told, note, content]

    @app.post("/parts")
    async def parts(parts: FormParts) -> Any:
        return [[part.name, part.filename, len(await part.read(10**8))] async for part in parts]

    @app.post("/fields")
    async def fields(a: Annotated[str, Form()], b: Annotated[List[int], Form()]) -> Any:
        return [a, b]

    return app


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    with served(build()) as running:
        yield running


def curl(server: Served, path: str, *arguments: str) -> Any:
    # What is too large is refused before it is sent, however long the server takes to say so.
    patience = ["--max-time", f"{LIMIT:.0f}", "--expect100-timeout", f"{LIMIT:.0f}"]
    command = ["curl", "-sS", *patience, *arguments, f"http://127.0.0.1:{server.port}{path}"]
    return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)


async def test_files_as_curl_and_our_client_send_them(server: Served, tmp_path: Path) -> None:
    large = tmp_path / "large.bin"
    large.write_bytes(b"\r\n--" * 500_000)
    second = f"files=@{large};filename=../b.bin;type=a/b"
    told = curl(server, "/files", "-F", f"files=@{large}", "-F", second, "-F", "note=é x")
    digest = hashlib.sha256(large.read_bytes()).hexdigest()
    assert told == [
        [["large.bin", "application/octet-stream", digest], ["b.bin", "a/b", digest]],
        "é x",
        None,
    ]
    own = await AsyncTestClient(build()).post(
        "/files",
        data={"note": "é x"},
        files=[
            ("files", ("large.bin", large.read_bytes())),
            ("files", ("../b.bin", large.read_bytes(), "a/b")),
        ],
    )
    assert own.json() == told


def test_parts_and_a_chunked_body(server: Served, tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_bytes(b"1" * 3_000_000)
    for more in ([], ["-H", "Transfer-Encoding: chunked"], ["-H", "Expect: 100-continue"]):
        assert curl(server, "/parts", "-F", "a=1", "-F", f"f=@{file}", *more) == [
            ["a", None, 1],
            ["f", "x", 3_000_000],
        ]


def test_an_urlencoded_form(server: Served) -> None:
    assert curl(server, "/fields", "--data-urlencode", "a=1 & é", "-d", "b=1", "-d", "b=2") == [
        "1 & é",
        [1, 2],
    ]


def test_what_is_too_large_is_told(server: Served, tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_bytes(b"1" * 10_000_000)
    assert curl(server, "/parts", "-F", f"f=@{file}")["status"] == 413
