"""Case 12 (GHSA-8pvw-jcv7-9cmj): a guard sees the path that is served, and it has one spelling."""

from pathlib import Path
from typing import List, Optional

import pytest

from microframe.endpoint import guarded
from microframe.exceptions import ForbiddenException, NotFoundException
from microframe.http.connection import Connection
from microframe.http.responses import Response
from microframe.staticfiles import StaticFiles
from tests.connections import make_request

SPELLINGS = [
    "/private/f",
    "//private/f",
    "///private/f",
    "/private//f",
    "/./private/f",
    "/private/./f",
    "/private/f/",
    "/private/f/.",
    "/public/../private/f",
    "/public/./../private/f",
    "/private/../private/f",
    "/public/..//private/f",
    "/private/f.",
    "/private/f ",
    "/private/f::$DATA",
    "/private\\f",
    "\\private\\f",
    "/public\\..\\private\\f",
    "/private/\\f",
    "private/f",
    "/private%2Ff",
    "/%2e/private/f",
    "/public/%2e%2e/private/f",
    "/private/f\x00",
]


async def test_no_spelling_passes_a_guard_over_a_folder(tmp_path: Path) -> None:
    for folder in ("public", "private"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "f").write_text(folder)
    seen: List[str] = []

    async def guard(connection: Connection) -> Optional[Response]:
        seen.append(connection.path)
        if connection.path.startswith("/private/"):
            raise ForbiddenException()
        return None

    endpoint = guarded((guard,), StaticFiles(directory=tmp_path, html=True))
    for spelling in SPELLINGS:
        with pytest.raises((ForbiddenException, NotFoundException)):
            await endpoint(make_request(spelling))
    assert seen == SPELLINGS
