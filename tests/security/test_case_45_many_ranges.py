"""Case 45 (CVE-2025-62727): many ranges cost no more than their length, and never more bytes than the file has."""

from pathlib import Path

import pytest

from microframe import Application, FileResponse, Response
from microframe.http.ranges import MAX_RANGES, parse_ranges
from microframe.testing import AsyncTestClient
from tests.growth import assert_linear


@pytest.fixture
def app(tmp_path: Path) -> Application:
    (tmp_path / "file").write_bytes(bytes(10_000))
    app = Application()

    @app.get("/")
    async def download() -> Response:
        return FileResponse(tmp_path / "file")

    return app


@pytest.mark.parametrize("spec", ["0-0,", "1-1,0-0,", "-1,", "0-,", ",", "5-3,", "0-9999,"])
def test_reading_a_long_header_is_linear(spec: str) -> None:
    assert_linear(lambda n: f"bytes={spec * n}0-0", lambda text: parse_ranges(text, 10_000))


@pytest.mark.parametrize("digits", ["bytes=0-{}", "bytes={}-", "bytes=-{}", "bytes={}-{}"])
def test_reading_a_long_number_is_linear(digits: str) -> None:
    assert_linear(lambda n: digits.replace("{}", "9" * n), lambda text: parse_ranges(text, 10_000))


async def test_more_than_sixteen_ranges_get_the_whole_file(app: Application) -> None:
    header = "bytes=" + ",".join(f"{2 * n}-{2 * n}" for n in range(2000))
    answer = await AsyncTestClient(app).get("/", headers={"range": header})
    assert (answer.status_code, len(answer.content)) == (200, 10_000)


async def test_overlapping_ranges_are_sent_once(app: Application) -> None:
    header = "bytes=" + ",".join(["0-9999"] * MAX_RANGES)
    answer = await AsyncTestClient(app).get("/", headers={"range": header})
    assert (answer.status_code, len(answer.content)) == (206, 10_000)
    assert answer.headers["content-range"] == "bytes 0-9999/10000"


async def test_sixteen_ranges_are_sent(app: Application) -> None:
    header = "bytes=" + ",".join(f"{2 * n}-{2 * n}" for n in range(MAX_RANGES))
    answer = await AsyncTestClient(app).get("/", headers={"range": header})
    assert answer.status_code == 206
    assert answer.content.count(b"Content-Range") == MAX_RANGES
