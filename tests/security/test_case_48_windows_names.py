"""Case 48 (CVE-2025-66221, CVE-2026-27199): names of Windows' devices are refused on every system."""

from pathlib import Path

import pytest

from microframe.exceptions import NotFoundException
from microframe.staticfiles import StaticFiles
from tests.connections import body_of, make_request

DEVICES = [
    "CON",
    "con",
    "PRN",
    "AUX",
    "aux",
    "NUL",
    "CONIN$",
    "CONOUT$",
    "COM1",
    "com9",
    "LPT1",
    "COM¹",
    "LPT³",
]
REFUSED = [
    *DEVICES,
    *(f"{name}.txt" for name in DEVICES),
    "CON.txt ",
    "CON .txt",
    "NUL.tar.gz",
    "sub/NUL",
    "sub/nul.js",
    "NUL/app.js",
    "CON:",
    "a.js.",
    "a.js ",
    "a.js. .",
    "a.js::$DATA",
    "a.js:stream",
]
ALLOWED = ["console.js", "nullable.txt", "auxiliary", "com.js", "com10.js", "lpt.txt", "icon", "a.con"]


@pytest.mark.parametrize("name", REFUSED)
async def test_the_name_of_a_device_is_not_there(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text("device")
    with pytest.raises(NotFoundException):
        await StaticFiles(directory=tmp_path)(make_request(f"/{name}"))


@pytest.mark.parametrize("name", ALLOWED)
async def test_a_name_that_only_resembles_one_is_served(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("file")
    assert await body_of(await StaticFiles(directory=tmp_path)(make_request(f"/{name}"))) == b"file"
