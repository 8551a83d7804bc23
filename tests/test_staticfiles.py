"""StaticFiles: what is in the folder is served, as it is, and told when it has not changed."""

import os
import sys
from pathlib import Path
from typing import Any, Dict, Optional

import pytest

from microframe.exceptions import (
    MethodNotAllowedException,
    NotFoundException,
    PreconditionFailedException,
    SetupError,
)
from microframe.http.conditional import format_http_date
from microframe.http.files import FileSlice
from microframe.http.responses import Response
from microframe.http.selection import select_part
from microframe.staticfiles import StaticFiles
from tests.connections import body_of, header_of, make_request


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "static"
    (root / "docs").mkdir(parents=True)
    (root / "empty").mkdir()
    (root / "app.js").write_text("run()")
    (root / "100% sure é.txt").write_text("sure")
    (root / "index.html").write_text("<h1>home</h1>")
    (root / "docs" / "index.html").write_text("<h1>docs</h1>")
    (root / "docs" / "page.html").write_text("<h1>page</h1>")
    return root


async def get(files: StaticFiles, path: str, **options: Any) -> Response:
    return await files(make_request(path, **options))


async def text_at(files: StaticFiles, path: str, **options: Any) -> str:
    return (await body_of(await get(files, path, **options))).decode()


async def test_a_file_is_served_with_type_length_tag_and_date(folder: Path) -> None:
    response = await get(StaticFiles(directory=folder), "/app.js")
    assert response.status_code == 200
    assert await body_of(response) == b"run()"
    assert response.body == FileSlice(os.path.realpath(folder / "app.js"), 0, 5)
    assert header_of(response, "content-type") == "text/javascript; charset=utf-8"
    assert header_of(response, "last-modified") == format_http_date((folder / "app.js").stat().st_mtime)
    assert header_of(response, "etag") is not None


async def test_files_below_are_served(folder: Path) -> None:
    assert await text_at(StaticFiles(directory=folder), "/docs/page.html") == "<h1>page</h1>"


async def test_names_are_decoded_once(folder: Path) -> None:
    files = StaticFiles(directory=folder)
    assert await text_at(files, "/100% sure é.txt") == "sure"
    request = make_request("/100%25 sure é.txt")
    request.escaped = True
    assert await body_of(await files(request)) == b"sure"
    with pytest.raises(NotFoundException):
        await get(files, "/100%25 sure é.txt")


async def test_head_is_answered(folder: Path) -> None:
    response = await get(StaticFiles(directory=folder), "/app.js", method="HEAD")
    assert response.status_code == 200
    assert response.body == FileSlice(os.path.realpath(folder / "app.js"), 0, 5)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"])
@pytest.mark.parametrize("path", ["/app.js", "/missing"])
async def test_another_method_is_told_which_ones_there_are(folder: Path, method: str, path: str) -> None:
    with pytest.raises(MethodNotAllowedException) as refusal:
        await get(StaticFiles(directory=folder), path, method=method)
    assert refusal.value.headers == {"Allow": "GET, HEAD"}


@pytest.mark.parametrize(
    "path", ["/missing", "/app.js/", "/app.js/x", "/docs", "/docs/", "/empty/", "/", "", "app.js"]
)
async def test_what_is_no_file_is_not_there(folder: Path, path: str) -> None:
    with pytest.raises(NotFoundException):
        await get(StaticFiles(directory=folder), path)


async def test_a_file_that_may_not_be_read_is_not_there(folder: Path) -> None:
    (folder / "app.js").chmod(0)
    if os.access(folder / "app.js", os.R_OK):
        pytest.skip("this user may read everything")
    with pytest.raises(NotFoundException):
        await get(StaticFiles(directory=folder), "/app.js")


# Conditional requests ---------------------------------------------------------------------------------------


async def test_a_client_that_has_it_gets_a_304_without_a_body(folder: Path) -> None:
    files = StaticFiles(directory=folder)
    first = await get(files, "/app.js")
    etag, date = header_of(first, "etag"), header_of(first, "last-modified")
    assert etag is not None
    assert date is not None
    for headers in (
        {"If-None-Match": etag},
        {"If-None-Match": f'"x", W/{etag}'},
        {"If-Modified-Since": date},
    ):
        for method in ("GET", "HEAD"):
            answer = await get(files, "/app.js", method=method, headers=headers)
            assert answer.status_code == 304
            assert answer.raw_headers == [(b"etag", etag.encode())]
            assert answer.body == b""


async def test_a_file_that_changed_is_sent_again(folder: Path) -> None:
    files = StaticFiles(directory=folder)
    etag = header_of(await get(files, "/app.js"), "etag")
    assert etag is not None
    (folder / "app.js").write_text("run(2)")
    answer = await get(files, "/app.js", headers={"If-None-Match": etag})
    assert answer.status_code == 200
    assert await body_of(answer) == b"run(2)"


async def test_another_version_demanded_is_refused(folder: Path) -> None:
    files = StaticFiles(directory=folder)
    etag = header_of(await get(files, "/app.js"), "etag")
    assert etag is not None
    assert (await get(files, "/app.js", headers={"If-Match": etag})).status_code == 200
    with pytest.raises(PreconditionFailedException):
        await get(files, "/app.js", headers={"If-Match": '"x"'})


# Headers ----------------------------------------------------------------------------------------------------


async def test_headers_are_put_on_every_file_and_on_nothing_else(folder: Path) -> None:
    (folder / "404.html").write_text("nothing")
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Origin"}
    files = StaticFiles(directory=folder, html=True, headers=headers)
    for path in ("/app.js", "/docs/"):
        response = await get(files, path)
        assert header_of(response, "cache-control") == headers["Cache-Control"]
        etag = header_of(response, "etag")
        assert etag is not None
        known = await get(files, path, headers={"If-None-Match": etag})
        assert known.status_code == 304
        assert header_of(known, "cache-control") == headers["Cache-Control"]
        assert header_of(known, "vary") == "Origin"
    for path in ("/missing", "/docs"):
        assert header_of(await get(files, path), "cache-control") is None


@pytest.mark.parametrize("headers", [{"a b": "c"}, {"Cache-Control": "a\nb"}, {"X": "\u20ac"}])
def test_a_header_that_cannot_be_sent_is_a_setup_error(folder: Path, headers: Dict[str, str]) -> None:
    with pytest.raises(SetupError, match="StaticFiles"):
        StaticFiles(directory=folder, headers=headers)


# Compressed files -------------------------------------------------------------------------------------------


@pytest.fixture
def packed(folder: Path) -> Path:
    for ending in ("br", "gz", "zst"):
        (folder / f"app.js.{ending}").write_bytes(f"{ending} of app".encode())
    (folder / "index.html.gz").write_bytes(b"gz of index")
    return folder


@pytest.mark.parametrize(
    ("accept", "coding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, deflate", "gzip"),
        ("gzip;q=0.9, zstd;q=0.8", "gzip"),
        ("GZIP", "gzip"),
        ("br;q=0, *", "zstd"),
        ("br;q=0.1, gzip;q=0.2", "gzip"),
        ("identity;q=0.5, gzip", "gzip"),
        ("identity, gzip", "gzip"),
        ("identity;q=0", None),
        ("identity, gzip;q=0.5", None),
        ("identity;q=1, *;q=0", None),
        ("*;q=0", None),
        ("gzip;q=0", None),
        ("gzip;q=2", None),
        ("deflate", None),
        ("", None),
        (None, None),
    ],
)
async def test_a_compressed_file_is_sent_to_who_accepts_it(
    packed: Path, accept: Optional[str], coding: Optional[str]
) -> None:
    headers = {} if accept is None else {"Accept-Encoding": accept}
    response = await get(StaticFiles(directory=packed, precompressed=True), "/app.js", headers=headers)
    endings = {"br": b"br of app", "gzip": b"gz of app", "zstd": b"zst of app", None: b"run()"}
    assert await body_of(response) == endings[coding]
    assert header_of(response, "content-encoding") == coding
    assert header_of(response, "content-type") == "text/javascript; charset=utf-8"
    assert header_of(response, "vary") == "Accept-Encoding"


async def test_each_representation_has_a_tag_of_its_own(packed: Path) -> None:
    same = packed / "app.js"
    for ending in ("br", "gz"):
        (packed / f"app.js.{ending}").write_bytes(b"run()")
        os.utime(packed / f"app.js.{ending}", ns=(0, same.stat().st_mtime_ns))
    files = StaticFiles(directory=packed, precompressed=True)
    tags = {}
    for accept in ("br", "gzip", "identity"):
        tags[accept] = header_of(await get(files, "/app.js", headers={"Accept-Encoding": accept}), "etag")
    assert len(set(tags.values())) == 3
    for accept, tag in tags.items():
        for asked in tags:
            headers = {"Accept-Encoding": asked, "If-None-Match": str(tag)}
            answer = await get(files, "/app.js", headers=headers)
            assert answer.status_code == (304 if asked == accept else 200)
            assert header_of(answer, "vary") == "Accept-Encoding"


async def test_a_range_is_never_of_another_representation(packed: Path) -> None:
    files = StaticFiles(directory=packed, precompressed=True)
    plain = await get(files, "/app.js")
    headers = {"Accept-Encoding": "br", "Range": "bytes=0-1", "If-Range": str(header_of(plain, "etag"))}
    request = make_request("/app.js", headers=headers)
    answer = select_part(request, await files(request))
    assert (answer.status_code, await body_of(answer)) == (200, b"br of app")
    part = make_request("/app.js", headers={"Accept-Encoding": "br", "Range": "bytes=0-1"})
    answer = select_part(part, await files(part))
    assert (answer.status_code, await body_of(answer)) == (206, b"br")
    assert header_of(answer, "content-encoding") == "br"


async def test_an_index_may_be_compressed_too(packed: Path) -> None:
    files = StaticFiles(directory=packed, html=True, precompressed=True)
    response = await get(files, "/", headers={"Accept-Encoding": "br, gzip"})
    assert await body_of(response) == b"gz of index"
    assert header_of(response, "content-type") == "text/html; charset=utf-8"


async def test_compressed_files_are_files_of_their_own_where_nobody_opted_in(packed: Path) -> None:
    files = StaticFiles(directory=packed)
    response = await get(files, "/app.js", headers={"Accept-Encoding": "br"})
    assert await body_of(response) == b"run()"
    assert header_of(response, "vary") is None
    for opted in (False, True):
        files = StaticFiles(directory=packed, precompressed=opted)
        packed_file = await get(files, "/app.js.gz", headers={"Accept-Encoding": "gzip"})
        assert header_of(packed_file, "content-type") == "application/gzip"
        assert header_of(packed_file, "content-encoding") is None


async def test_without_the_file_itself_nothing_is_there(packed: Path) -> None:
    (packed / "app.js").unlink()
    files = StaticFiles(directory=packed, precompressed=True)
    with pytest.raises(NotFoundException):
        await get(files, "/app.js", headers={"Accept-Encoding": "br"})


# Pages ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "text"), [("/", "<h1>home</h1>"), ("/docs/", "<h1>docs</h1>")])
async def test_a_folder_is_answered_with_its_index(folder: Path, path: str, text: str) -> None:
    response = await get(StaticFiles(directory=folder, html=True), path)
    assert (await body_of(response)).decode() == text
    assert header_of(response, "content-type") == "text/html; charset=utf-8"


async def test_a_folder_without_its_slash_is_redirected_on_this_host(folder: Path) -> None:
    files = StaticFiles(directory=folder, html=True)
    answer = await get(files, "/docs", root_path="/a b/static", query=b"x=1&y=%2F")
    assert answer.status_code == 307
    assert header_of(answer, "location") == "/a%20b/static/docs/?x=1&y=%2F"


async def test_the_folder_itself_without_its_slash_is_redirected(folder: Path) -> None:
    files = StaticFiles(directory=folder, html=True)
    bare = make_request("/static")
    answer = await files(bare.below("/static", "/", bare.app))
    assert answer.status_code == 307
    assert header_of(answer, "location") == "/static/"
    slashed = make_request("/static/")
    assert await body_of(await files(slashed.below("/static", "/", slashed.app))) == b"<h1>home</h1>"


async def test_a_folder_without_an_index_is_not_there(folder: Path) -> None:
    files = StaticFiles(directory=folder, html=True)
    for path in ("/empty", "/empty/"):
        with pytest.raises(NotFoundException):
            await get(files, path)


async def test_what_is_missing_is_answered_with_its_page(folder: Path) -> None:
    (folder / "404.html").write_text("<h1>nothing</h1>")
    files = StaticFiles(directory=folder, html=True)
    response = await get(files, "/missing", headers={"If-None-Match": "*"})
    assert response.status_code == 404
    assert await body_of(response) == b"<h1>nothing</h1>"
    assert header_of(response, "content-type") == "text/html; charset=utf-8"
    assert header_of(response, "etag") is None
    assert (await get(files, "/404.html")).status_code == 200
    with pytest.raises(NotFoundException):
        await get(StaticFiles(directory=folder), "/missing")


# Hidden files -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", [".env", ".git/config", "docs/.htpasswd", "docs/.well-known/a", ".well-known/.b"]
)
async def test_a_hidden_file_is_not_there(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("secret")
    with pytest.raises(NotFoundException):
        await get(StaticFiles(directory=folder), f"/{name}")


async def test_the_well_known_folder_is_served(folder: Path) -> None:
    (folder / ".well-known").mkdir()
    (folder / ".well-known" / "security.txt").write_text("Contact: us")
    assert await text_at(StaticFiles(directory=folder), "/.well-known/security.txt") == "Contact: us"


# Links ------------------------------------------------------------------------------------------------------


async def test_a_link_inside_the_folder_is_followed(folder: Path) -> None:
    (folder / "latest.js").symlink_to("app.js")
    (folder / "manual").symlink_to("docs")
    files = StaticFiles(directory=folder)
    assert await text_at(files, "/latest.js") == "run()"
    assert await text_at(files, "/manual/page.html") == "<h1>page</h1>"


async def test_a_link_to_elsewhere_is_followed_only_where_that_is_allowed(
    folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "other.txt").write_text("other")
    (folder / "out.txt").symlink_to(tmp_path / "other.txt")
    with pytest.raises(NotFoundException):
        await get(StaticFiles(directory=folder), "/out.txt")
    assert await text_at(StaticFiles(directory=folder, follow_symlink=True), "/out.txt") == "other"


async def test_links_in_a_circle_are_not_there(folder: Path) -> None:
    (folder / "a").symlink_to("b")
    (folder / "b").symlink_to("a")
    for follow in (False, True):
        with pytest.raises(NotFoundException):
            await get(StaticFiles(directory=folder, follow_symlink=follow), "/a")


async def test_the_folder_may_be_a_link_itself(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "current").symlink_to(folder)
    assert await text_at(StaticFiles(directory=tmp_path / "current"), "/app.js") == "run()"


# Folders ----------------------------------------------------------------------------------------------------


async def test_packages_are_asked_after_the_folder(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site" / "packaged_statics_for_a_test"
    for inside, text in (("statics", "first"), ("assets", "second")):
        (package / inside).mkdir(parents=True)
        (package / inside / f"{text}.txt").write_text(text)
        (package / inside / "app.js").write_text("not this one")
    (package / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    name = package.name
    files = StaticFiles(directory=folder, packages=[name, (name, "assets")])
    assert await text_at(files, "/first.txt") == "first"
    assert await text_at(files, "/second.txt") == "second"
    assert await text_at(files, "/app.js") == "run()"
    assert await text_at(StaticFiles(packages=[(name, "assets")]), "/second.txt") == "second"
    with pytest.raises(SetupError, match="no folder"):
        StaticFiles(packages=[(name, "none")])
    assert name not in sys.modules


@pytest.mark.parametrize("package", ["no_such_package_at_all", "no_such.package", ""])
def test_a_missing_package_is_a_setup_error(package: str) -> None:
    with pytest.raises(SetupError, match="package"):
        StaticFiles(packages=[package])


def test_a_missing_folder_is_a_setup_error(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="no folder"):
        StaticFiles(directory=tmp_path / "none")
    with pytest.raises(SetupError, match="directory or packages"):
        StaticFiles()
    (tmp_path / "file").write_text("")
    with pytest.raises(SetupError, match="no folder"):
        StaticFiles(directory=tmp_path / "file")


async def test_a_folder_may_come_later(tmp_path: Path) -> None:
    files = StaticFiles(directory=tmp_path / "later", check_dir=False)
    with pytest.raises(NotFoundException):
        await get(files, "/a.txt")
    (tmp_path / "later").mkdir()
    (tmp_path / "later" / "a.txt").write_text("here")
    assert await text_at(files, "/a.txt") == "here"


async def test_a_relative_folder_is_found_after_the_program_has_moved(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)
    files = StaticFiles(directory="static")
    monkeypatch.chdir("/")
    assert await text_at(files, "/app.js") == "run()"
