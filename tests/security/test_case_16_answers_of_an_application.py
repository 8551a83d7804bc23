"""Case 16 (CVE-2026-34519, CVE-2026-34514): what names a body in an answer carries no header of its own."""

from pathlib import Path

import pytest

from microframe import Application, FileResponse, Response
from microframe.testing import AsyncTestClient


@pytest.mark.parametrize(
    "media_type", ["text/html\r\nX: 1", "text/html\nX: 1", "text/html\x00", "text/html\r"]
)
async def test_a_media_type_with_a_line_break_is_refused_where_it_is_set(media_type: str) -> None:
    with pytest.raises(ValueError, match="control"):
        Response(b"x", media_type=media_type)


@pytest.mark.parametrize("filename", ['a"\r\nX: 1', "a\nX: 1", 'a"; filename="b', "a\x00b"])
async def test_a_file_name_adds_no_header(tmp_path: Path, filename: str) -> None:
    (tmp_path / "kept").write_bytes(b"kept")
    app = Application()

    @app.get("/")
    async def download() -> FileResponse:
        return FileResponse(tmp_path / "kept", filename=filename)

    answer = await AsyncTestClient(app).get("/")
    assert answer.content == b"kept"
    assert "x" not in answer.headers
    assert all(" " <= letter <= "~" for letter in answer.headers["content-disposition"])
    assert answer.headers.getlist("content-disposition") == [answer.headers["content-disposition"]]
