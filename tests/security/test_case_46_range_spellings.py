"""Case 46 (CVE-2025-69225): a Range is read as RFC 9110 writes it, and in no other way."""

from pathlib import Path
from typing import Dict, Optional

import pytest

from microframe import Application, FileResponse, Response
from microframe.testing import AsyncTestClient
from tests.scopes import call

BODY = bytes(range(100))


@pytest.fixture
def app(tmp_path: Path) -> Application:
    (tmp_path / "file").write_bytes(BODY)
    app = Application()

    @app.get("/")
    async def download() -> Response:
        return FileResponse(tmp_path / "file", headers={"ETag": '"one"'})

    return app


@pytest.mark.parametrize(
    "header",
    [
        "bytes=\xd9\xa0-\xd9\xa9",  # Arabic digits, as UTF-8 read byte by byte
        "bytes=\xb2-\xb3",
        "bytes=5-3",
        "bytes=0-1,5-3",
        "items=0-1",
        "seconds=0-1",
        "bytes 0-1/100",
        "bytes=0-1 bytes=2-3",
        "bytes=1_0-2_0",
        "bytes=+1-2",
    ],
)
async def test_what_is_no_range_gets_the_whole_file(app: Application, header: str) -> None:
    answer = await call(app, "/", ("range", header))
    assert (answer.status, answer.body) == (200, BODY)
    assert "content-range" not in answer.headers


@pytest.mark.parametrize(
    ("header", "status", "content_range"),
    [
        ("bytes=-1000", 206, "bytes 0-99/100"),
        ("bytes=-100", 206, "bytes 0-99/100"),
        ("bytes=-0", 416, "bytes */100"),
        ("bytes=100-", 416, "bytes */100"),
        ("bytes=99-", 206, "bytes 99-99/100"),
        ("bytes=0-100000000000000000000000000", 206, "bytes 0-99/100"),
    ],
)
async def test_the_ends_of_a_file(app: Application, header: str, status: int, content_range: str) -> None:
    answer = await call(app, "/", ("range", header))
    assert (answer.status, answer.headers["content-range"]) == (status, content_range)


async def test_two_range_headers_get_the_whole_file(app: Application) -> None:
    answer = await call(app, "/", ("range", "bytes=0-1"), ("range", "bytes=2-3"))
    assert (answer.status, answer.body) == (200, BODY)


@pytest.mark.parametrize(
    ("if_range", "status"),
    [
        ('"one"', 206),
        (None, 206),
        ('W/"one"', 200),
        ('"two"', 200),
        ('"one", "two"', 200),
        ("one", 200),
        ("*", 200),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 200),
    ],
)
async def test_if_range_counts_only_for_the_very_tag(
    app: Application, if_range: Optional[str], status: int
) -> None:
    headers: Dict[str, str] = {"range": "bytes=0-1"}
    if if_range is not None:
        headers["if-range"] = if_range
    answer = await AsyncTestClient(app).get("/", headers=headers)
    assert answer.status_code == status
