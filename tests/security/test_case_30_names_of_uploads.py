"""Case 30 (CVE-2026-24486, CVE-2021-31542), case 48 for uploads: what a file is called never says where it goes."""

import os
from pathlib import Path
from typing import Any, List

import pytest

from microframe import Application, UploadFile
from tests.forms import multipart
from tests.scopes import call
from tests.security.form_readers import IS_MULTIPART

NAMES = {
    "../../x": "x",
    "..\\\\..\\\\x": "x",
    "/etc/passwd": "passwd",
    "\\\\\\\\host\\\\share\\\\x": "x",
    "C:\\\\windows\\\\x": "x",
    "C:x": "x",
    "..": "",
    "%2e%2e%2fx": "%2e%2e%2fx",
    "%2e%2e/x": "x",
    "a" * 300: "a" * 255,
    ".htaccess": "htaccess",
    "..%00/x": "x",
    "x.php\u202egnp": "x.php_gnp",
    "CON": "_CON",
    "NUL.txt": "_NUL.txt",
    "x. ": "x",
}


def build(folder: Path, seen: List[Any]) -> Application:
    app = Application()

    @app.post("/")
    async def store(f: UploadFile) -> str:
        seen.append(f.filename)
        return str((await f.save(folder)).parent)

    return app


@pytest.mark.parametrize("name", NAMES, ids=ascii)
async def test_a_file_is_stored_under_a_name_of_our_own(name: str, tmp_path: Path) -> None:
    folder, seen = tmp_path / "uploads", list[Any]()
    exchange = await call(
        build(folder, seen), "/", IS_MULTIPART, method="POST", body=[multipart(("f", (name, b"1")))]
    )
    assert (exchange.status, exchange.json) == (200, str(folder))
    assert seen == [NAMES[name]]
    (stored,) = os.listdir(folder)
    assert len(stored) == 32
    assert set(stored) <= set("0123456789abcdef")
    assert os.listdir(tmp_path) == ["uploads"]


@pytest.mark.parametrize("name", [b"a\0b", b"a\rb", b"a\x1bb"])
async def test_control_characters_in_a_name_are_refused(name: bytes, tmp_path: Path) -> None:
    body = multipart(b'Content-Disposition: form-data; name="f"; filename="' + name + b'"\r\n\r\n1')
    exchange = await call(build(tmp_path, []), "/", IS_MULTIPART, method="POST", body=[body])
    assert exchange.status == 400


async def test_extended_names_are_not_looked_at(tmp_path: Path) -> None:
    seen: List[Any] = []
    line = b"Content-Disposition: form-data; name=f; filename=\"a\"; filename*=UTF-8''..%2Fx; filename*0*=b"
    body = multipart(line + b"\r\n\r\n1")
    await call(build(tmp_path, seen), "/", IS_MULTIPART, method="POST", body=[body])
    assert seen == ["a"]
