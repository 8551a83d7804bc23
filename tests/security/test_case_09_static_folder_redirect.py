"""Case 9 (CVE-2021-21330, CVE-2023-28370): the redirect to a folder's slash never leaves this host."""

from pathlib import Path

import pytest

from microframe.exceptions import NotFoundException
from microframe.http.url import is_local_path
from microframe.staticfiles import StaticFiles
from tests.connections import header_of, make_request

ATTACKS = [
    "//evil.com",
    "//evil.com/..",
    "//evil.com/%2e%2e",
    "///evil.com/..",
    "/\\evil.com",
    "/\\evil.com/..",
    "/%5cevil.com",
    "/evil.com/../",
    "//evil.com/docs",
    "/./docs",
    "/.//evil.com/../docs",
    "/docs/..//evil.com",
    "/\t/evil.com",
    "/\r\nLocation: //evil.com",
]


@pytest.fixture
def files(tmp_path: Path) -> StaticFiles:
    for name in ("docs", "evil.com/docs", "%5cevil.com", "%2e%2e"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "index.html").write_text("page")
    (tmp_path / "evil.com" / "index.html").write_text("page")
    (tmp_path / "index.html").write_text("page")
    return StaticFiles(directory=tmp_path, html=True)


@pytest.mark.parametrize("path", ATTACKS)
async def test_no_path_is_redirected_to_another_host(files: StaticFiles, path: str) -> None:
    try:
        answer = await files(make_request(path))
    except NotFoundException:
        return
    location = header_of(answer, "location")
    assert location is not None
    assert is_local_path(location)
    assert "//" not in location


@pytest.mark.parametrize(
    "root_path", ["/", "//evil.com", "/\\evil.com", "/%5cevil.com", "evil.com", "http://evil.com"]
)
async def test_no_root_path_is_redirected_to_another_host(files: StaticFiles, root_path: str) -> None:
    try:
        answer = await files(make_request("/docs", root_path=root_path))
    except NotFoundException:
        return
    location = header_of(answer, "location")
    assert location is not None
    assert is_local_path(location)


async def test_an_ordinary_folder_is_redirected(files: StaticFiles) -> None:
    assert (
        header_of(await files(make_request("/docs", query=b"a=\r\nX: 1")), "location")
        == "/docs/?a=%0D%0AX:%201"
    )
