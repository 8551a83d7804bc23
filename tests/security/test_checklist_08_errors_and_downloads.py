"""Checklist 8 and 9: an error tells only where it is noted, and what somebody has sent is saved and not shown."""

import io
import logging
from pathlib import Path
from typing import Annotated, Any, Dict

import pytest

from microframe import (
    AppConfig,
    Application,
    File,
    FileResponse,
    HTTPException,
    SetupError,
    UploadFile,
)
from microframe.testing import TestClient

SECRET = "hunter2-of-the-database"
HOSTS: Dict[str, Any] = {"allowed_hosts": ["testserver"], "secret_key": "k" * 40}


class PoolExhausted(Exception):
    http_status = 503


def broken(**options: Any) -> Application:
    app = Application(**options)

    @app.get("/raised")
    async def raised() -> None:
        raise RuntimeError(f"cannot log in with {SECRET}")

    @app.get("/caused")
    async def caused() -> None:
        try:
            raise KeyError(SECRET)
        except KeyError as exc:
            raise LookupError("no such card") from exc

    @app.get("/named")
    async def named() -> None:
        raise PoolExhausted(f"postgres://ada:{SECRET}@db/cards")

    @app.get("/of/{text}")
    async def wrong_type(text: str) -> object:
        return object()

    @app.get("/http")
    async def http() -> None:
        raise HTTPException(500)

    return app


PATHS = ["/raised", "/caused", "/named", f"/of/{SECRET}", "/http"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("accept", ["application/json", "text/html", "*/*"])
@pytest.mark.parametrize("environment", ["production", "test", "development"])
def test_an_error_tells_only_the_id_under_which_it_is_noted(
    path: str, accept: str, environment: Any, caplog: pytest.LogCaptureFixture
) -> None:
    app = broken(environment=environment, **HOSTS)
    client = TestClient(app, raise_server_exceptions=False, client=("203.0.113.7", 5000))
    with caplog.at_level(logging.ERROR, "microframe.errors"):
        answer = client.get(path, headers={"accept": accept})
    assert answer.status_code in (500, 503)
    assert SECRET not in answer.text.replace(f"/of/{SECRET}", "")
    for word in ("Traceback", "RuntimeError", "LookupError", "KeyError", "PoolExhausted", __file__):
        assert word not in answer.text
    noted = [record for record in caplog.records if record.name == "microframe.errors"]
    assert len(noted) == 1
    if accept == "application/json":
        assert answer.json()["request_id"] in noted[0].getMessage()


def test_production_cannot_be_debugged() -> None:
    with pytest.raises(SetupError, match="debug"):
        AppConfig(environment="production", debug=True, **HOSTS)
    with pytest.raises(SetupError, match="debug"):
        AppConfig(debug=True, **HOSTS).replace(environment="production")
    assert AppConfig(environment="production", **HOSTS).debug is False


def test_a_page_with_source_lines_is_for_this_machine_alone() -> None:
    app = broken(debug=True)
    here = TestClient(
        app, base_url="http://localhost", raise_server_exceptions=False, client=("127.0.0.1", 5000)
    )
    assert "RuntimeError" in here.get("/raised", headers={"accept": "text/html"}).text
    there = TestClient(
        app, base_url="http://localhost", raise_server_exceptions=False, client=("203.0.113.7", 1)
    )
    assert "RuntimeError" not in there.get("/raised", headers={"accept": "text/html"}).text


# Downloads -----------------------------------------------------------------------------------------------------------

NAMES = [
    ("report.pdf", 'attachment; filename="report.pdf"'),
    ("a b.txt", 'attachment; filename="a b.txt"'),
    ("Überblick.txt", "filename*=UTF-8''%C3%9Cberblick.txt"),
    ("日本.txt", "filename*=UTF-8''%E6%97%A5%E6%9C%AC.txt"),
    ('say "hi".txt', "attachment; filename="),
    ("a\r\nX-Evil: 1.txt", "attachment; filename"),
    ("../../etc/passwd", "attachment; filename"),
    ("evil\u202egnp.exe", "attachment; filename"),
    ("<script>.html", "attachment; filename"),
]


@pytest.mark.parametrize(("name", "expected"), NAMES, ids=range(len(NAMES)))
def test_what_somebody_has_sent_is_saved_under_a_name_that_is_only_a_name(
    name: str, expected: str, tmp_path: Path
) -> None:
    app = Application()

    @app.post("/files", csrf=False)
    async def send(file: Annotated[UploadFile, File()]) -> str:
        kept = await file.save(tmp_path)
        (tmp_path / "names").write_text(file.filename or "", "utf-8")
        return kept.name

    @app.get("/files/{kept}")
    async def give(kept: str) -> FileResponse:
        return FileResponse(tmp_path / kept, filename=(tmp_path / "names").read_text("utf-8"))

    client = TestClient(app)
    kept = client.post("/files", files={"file": (name, io.BytesIO(b"<script>alert(1)</script>"))}).json()
    assert len(kept) == 32
    assert kept.isalnum()
    answer = client.get(f"/files/{kept}")
    disposition = answer.headers["content-disposition"]
    assert disposition.startswith("attachment")
    assert expected in disposition
    assert "x-evil" not in answer.headers
    assert answer.headers["x-content-type-options"] == "nosniff"
    for character in ("/", "\\", "\r", "\n", "\u202e", "<"):
        assert character not in disposition.replace('\\"', "")
    assert answer.headers.get("content-type") != "text/html" or disposition.startswith("attachment")
