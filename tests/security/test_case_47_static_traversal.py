"""Case 47 (CVE-2023-29159, CVE-2024-32982, CVE-2024-23334): nothing outside the folder, nor a trace of it."""

import json
import os
from pathlib import Path
from typing import Dict, Tuple
from urllib.parse import unquote

import pytest

from microframe.application import Application
from microframe.exceptions import NotFoundException
from microframe.http.problems import ProblemFormat
from microframe.http.request import Request
from microframe.middleware.errors import Errors
from microframe.staticfiles import StaticFiles
from tests.connections import body_of, make_request
from tests.scopes import call

OUTSIDE = "secret.txt"

SPELLINGS = [
    "../{}",
    "../../{}",
    "./../{}",
    "docs/../../{}",
    "docs/../{}",
    "docs/./../../{}",
    "..//{}",
    "%2e%2e/{}",
    "%2e%2e%2f{}",
    "..%2f{}",
    "%2E%2E%2F{}",
    ".%2e/{}",
    "%252e%252e%252f{}",
    "..%252f{}",
    "..\\{}",
    "..%5c{}",
    "%2e%2e%5c{}",
    "..%5C..%5C{}",
    "..%255c{}",
    "docs\\..\\..\\{}",
    "%c0%ae%c0%ae/{}",
    "%c0%ae%c0%ae%c0%af{}",
    "%e0%80%ae%e0%80%ae/{}",
    "..%c0%af{}",
    "..%00/{}",
    "../{}%00.js",
    "%00",
    "app.js%00.txt",
    "..;/{}",
    ".../{}",
    "..../{}",
    ".. /{}",
    "..%20/{}",
    "..%09/{}",
    "~/{}",
    "~root/{}",
    "/{root}/{}",
    "//{root}/{}",
    "{root}/{}",
    "%2f{root}/{}",
    "file:///{root}/{}",
    "C:/{}",
    "C:\\{}",
    "C:{}",
    "c|/{}",
    "\\\\?\\C:\\{}",
    "//server/share/{}",
    "\\\\server\\share\\{}",
    "%ef%bc%8e%ef%bc%8e/{}",
    "%ef%bc%8e%ef%bc%8e%ef%bc%8f{}",
    "%u002e%u002e/{}",
    "../static-private/{}",
    "../staticprivate/{}",
    "out/{}",
    "out.txt",
    "pipe",
    "docs",
    "docs/",
    "app.js::$DATA",
    "app.js.",
    "app.js%20",
    "app.js/",
    "app.js/.",
    "app.js/..",
    "./app.js",
    "/app.js",
    "docs//page.html",
    "docs/./page.html",
    "docs/../app.js",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "static"
    (root / "docs").mkdir(parents=True)
    (root / "app.js").write_text("run()")
    (root / "docs" / "page.html").write_text("page")
    for other in (tmp_path, tmp_path / "static-private", tmp_path / "staticprivate"):
        other.mkdir(exist_ok=True)
        (other / OUTSIDE).write_text("SECRET")
    (root / "out.txt").symlink_to(tmp_path / OUTSIDE)
    (root / "out").symlink_to(tmp_path)
    os.mkfifo(root / "pipe")
    return root


def decoded(path: str) -> Request:
    """A request as the edge makes it: decoded once; an encoded slash stays encoded."""
    request = make_request(unquote(path))
    if "%2f" in path.lower():
        parts = [unquote(part).replace("%", "%25").replace("/", "%2F") for part in path.split("/")]
        request.path = "/".join(parts)
        request.escaped = True
    return request


@pytest.mark.parametrize("html", [False, True])
@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_no_spelling_leads_outside(folder: Path, spelling: str, html: bool) -> None:
    path = "/" + spelling.replace("{root}", str(folder.parent).lstrip("/")).replace("{}", OUTSIDE)
    with pytest.raises(NotFoundException):
        await StaticFiles(directory=folder, html=html)(decoded(path))


async def answer_to(folder: Path, path: str) -> Tuple[int, Dict[str, object]]:
    request = decoded(path)
    request.id = "same"
    response = await Errors({}, ProblemFormat())(StaticFiles(directory=folder))(request)
    problem = json.loads(await body_of(response))
    del problem["instance"]  # what was asked for
    return response.status_code, problem


@pytest.mark.parametrize(
    "spelling", ["../{}", "..%2f{}", "..\\{}", "out/{}", "/{root}/{}", "../static-private/{}"]
)
async def test_what_exists_outside_is_answered_like_what_does_not(folder: Path, spelling: str) -> None:
    path = "/" + spelling.replace("{root}", str(folder.parent).lstrip("/"))
    there = await answer_to(folder, path.replace("{}", OUTSIDE))
    missing = await answer_to(folder, path.replace("{}", "absent.txt"))
    assert there == missing
    assert there[0] == 404
    assert there == await answer_to(folder, "/absent")


async def test_a_link_outside_tells_nothing_of_what_it_leads_to(folder: Path) -> None:
    (folder / "broken.txt").symlink_to(folder.parent / "absent.txt")
    assert await answer_to(folder, "/out.txt") == await answer_to(folder, "/broken.txt")


async def test_a_hard_link_is_a_file_of_the_folder(folder: Path) -> None:
    # There is nothing to tell it by: installers make every file of a package a hard link.
    os.link(folder.parent / OUTSIDE, folder / "hard.txt")
    response = await StaticFiles(directory=folder)(decoded("/hard.txt"))
    assert await body_of(response) == b"SECRET"


# Ranges, conditions and compressed files ----------------------------------------------------------------------

ASKING = {
    "range": "bytes=0-0",
    "far": "bytes=999999-",
    "if-none-match": "*",
    "if-match": '"x"',
    "if-modified-since": "Fri, 31 Dec 9999 23:59:59 GMT",
    "if-unmodified-since": "Thu, 01 Jan 1970 00:00:00 GMT",
}


@pytest.mark.parametrize("asked", sorted(ASKING))
async def test_conditions_and_ranges_tell_nothing_of_what_is_outside(folder: Path, asked: str) -> None:
    app = Application()
    app.mount("/static", StaticFiles(directory=folder, precompressed=True))
    header = ("range" if asked == "far" else asked, ASKING[asked])
    answers = []
    for path in ("../secret.txt", "../absent.txt", "out.txt", "out/secret.txt", "out/absent.txt", "absent"):
        answer = await call(app, f"/static/{path}", header, ("accept-encoding", "br, gzip"))
        problem = answer.json
        del problem["instance"], problem["request_id"]
        answers.append((answer.status, answer.headers.keys(), problem))
    assert all(answer == answers[0] for answer in answers)
    assert answers[0][0] == 404


@pytest.mark.parametrize("ending", ["br", "gz", "zst"])
async def test_a_compressed_file_that_leads_outside_is_not_sent(folder: Path, ending: str) -> None:
    (folder / f"app.js.{ending}").symlink_to(folder.parent / OUTSIDE)
    (folder / "docs" / f"page.html.{ending}").symlink_to(folder.parent / "absent")
    headers = {"Accept-Encoding": "br, gzip, zstd"}
    files = StaticFiles(directory=folder, precompressed=True)
    for path, text in (("/app.js", b"run()"), ("/docs/page.html", b"page")):
        response = await files(make_request(path, headers=headers))
        assert await body_of(response) == text
        assert "content-encoding" not in response.headers
    followed = StaticFiles(directory=folder, precompressed=True, follow_symlink=True)
    assert await body_of(await followed(make_request("/app.js", headers=headers))) == b"SECRET"


async def test_a_compressed_file_that_is_none_is_not_opened(folder: Path) -> None:
    os.mkfifo(folder / "app.js.br")
    (folder / "app.js.gz").mkdir()
    files = StaticFiles(directory=folder, precompressed=True)
    response = await files(make_request("/app.js", headers={"Accept-Encoding": "br, gzip"}))
    assert await body_of(response) == b"run()"


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_no_spelling_leads_to_a_compressed_file_outside(folder: Path, spelling: str) -> None:
    (folder.parent / f"{OUTSIDE}.gz").write_text("SECRET")
    path = "/" + spelling.replace("{root}", str(folder.parent).lstrip("/")).replace("{}", OUTSIDE)
    request = decoded(path)
    request.raw_headers.append((b"accept-encoding", b"gzip"))
    with pytest.raises(NotFoundException):
        await StaticFiles(directory=folder, precompressed=True)(request)
