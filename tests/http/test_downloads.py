"""Downloads: a file as an answer, whole and with what describes it."""

import os
from pathlib import Path

import pytest

from microframe.http.conditional import file_etag, format_http_date
from microframe.http.downloads import FileResponse
from microframe.http.files import FileSlice
from tests.connections import body_of, header_of


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    path = tmp_path / "plan.txt"
    path.write_bytes(b"one\ntwo\n")
    return path


async def test_a_file_is_sent_with_its_type_tag_and_date(plan: Path) -> None:
    response = FileResponse(plan)
    assert response.status_code == 200
    assert await body_of(response) == b"one\ntwo\n"
    assert response.body == FileSlice(str(plan), 0, 8)
    assert header_of(response, "content-type") == "text/plain; charset=utf-8"
    assert header_of(response, "etag") == file_etag(plan.stat())
    assert header_of(response, "last-modified") == format_http_date(plan.stat().st_mtime)
    assert header_of(response, "content-disposition") is None


def test_a_file_name_makes_it_a_download(plan: Path) -> None:
    response = FileResponse(plan, filename="Übersicht.csv")
    disposition = header_of(response, "content-disposition")
    assert disposition == "attachment; filename=\"_bersicht.csv\"; filename*=UTF-8''%C3%9Cbersicht.csv"
    assert header_of(response, "content-type") == "text/csv; charset=utf-8"
    inline = FileResponse(plan, filename="a.txt", content_disposition_type="inline")
    assert header_of(inline, "content-disposition") == 'inline; filename="a.txt"'


@pytest.mark.parametrize("name", ['a"\r\nX: 1', "a\x00b", "../../etc/passwd", "a\u202egpj.exe", 'a"; x="y'])
def test_a_file_name_cannot_leave_its_header(plan: Path, name: str) -> None:
    disposition = header_of(FileResponse(plan, filename=name), "content-disposition")
    assert disposition is not None
    assert disposition.isascii()
    assert disposition.isprintable()
    assert disposition.count('"') == 2
    assert "/" not in disposition


def test_what_is_given_wins(plan: Path) -> None:
    given = {"ETag": '"mine"', "Last-Modified": "never", "Content-Disposition": "inline"}
    response = FileResponse(plan, 201, given, "application/x-own", filename="a.txt")
    assert response.status_code == 201
    assert header_of(response, "content-type") == "application/x-own"
    for name, value in given.items():
        assert response.headers.getlist(name) == [value]


def test_a_stat_that_is_given_is_believed(plan: Path) -> None:
    seen = plan.stat()
    plan.unlink()
    assert FileResponse(plan, stat_result=seen).body == FileSlice(str(plan), 0, 8)


async def test_background_work_is_kept(plan: Path) -> None:
    done = []

    async def task() -> None:
        done.append(1)

    for after in FileResponse(plan, background=task).after:
        await after()
    assert done == [1]


def test_the_server_is_given_an_absolute_path(plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(plan.parent)
    assert FileResponse("plan.txt").body == FileSlice(os.path.realpath(plan), 0, 8)


def test_a_missing_file_is_an_error_at_once(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        FileResponse(tmp_path / "none")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no regular file"):
        FileResponse(tmp_path)


def test_a_pipe_is_no_file_and_is_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match="no regular file"):
        FileResponse(tmp_path / "pipe")
