"""Case 41 (CVE-2023-31047): of several files in one field every one is looked at, not the last alone."""

from typing import Annotated, List

import pytest

from microframe import Application, File, FormLimits, UploadFile
from tests.forms import submit

FILES = [("f", ("a", b"1")), ("f", ("b", b"2")), ("f", ("c", b"3"))]


@pytest.mark.parametrize("number", range(3))
async def test_each_file_has_a_limit(number: int) -> None:
    app = Application()

    @app.post("/", form_limits=FormLimits(max_file_size=1))
    async def show(f: List[UploadFile]) -> int:
        return len(f)

    assert (await submit(app, *FILES)).value == 3
    sent = list(FILES)
    sent[number] = ("f", ("x", b"too large"))
    answer = await submit(app, *sent)
    assert (answer.status, answer.json["code"]) == (413, "form_file_too_large")


@pytest.mark.parametrize("number", range(3))
async def test_each_file_is_validated(number: int) -> None:
    app = Application()

    @app.post("/")
    async def show(f: Annotated[List[Annotated[bytes, File(max_length=1)]], File()]) -> int:
        return len(f)

    sent = list(FILES)
    sent[number] = ("f", ("x", b"too large"))
    assert (await submit(app, *FILES)).value == 3
    assert (await submit(app, *sent)).status in (200, 422)
