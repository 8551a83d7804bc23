"""Case 44 for forms: a form is read only from who says that it is one, and told what it should have been."""

from typing import Optional

import pytest

from tests.forms import multipart, send
from tests.security.form_readers import STREAMED, WHOLE, build

BODIES = {
    "application/json": b'{"a":1}',
    "text/plain": b"a=1",
    "application/x-www-form-urlencoded-x": b"a=1",
    "application/x-www-form-urlencoded, text/plain": b"a=1",
    "application/x-www-form-urlencoded\ta": b"a=1",
    "multipart/mixed; boundary=a": multipart(("a", "1")),
    "multipart/related; boundary=a": multipart(("a", "1")),
    "": b"a=1",
    None: b"a=1",
}


@pytest.mark.parametrize("path", [*WHOLE, *STREAMED, "/formats"])
@pytest.mark.parametrize("content_type", [name for name in BODIES if name != "application/json"])
async def test_something_else_is_refused(path: str, content_type: Optional[str]) -> None:
    answer = await send(build(), BODIES[content_type], content_type, path)
    assert (answer.status, answer.json["code"]) == (415, "unsupported_media_type")
    assert "form" in answer.headers["accept"]


@pytest.mark.parametrize("path", WHOLE + STREAMED)
async def test_json_is_no_form(path: str) -> None:
    assert (await send(build(), b'{"a":1}', "application/json", path)).status == 415


async def test_a_form_is_no_json() -> None:
    answer = await send(build(), multipart(("a", "1")), target="/dict")
    assert (answer.status, answer.headers["accept"]) == (415, "application/json")
