"""Case 17 (CVE-2026-0672, CVE-2026-3644): no part of a cookie that an answer sets holds what ends it."""

from typing import Any

import pytest

from microframe import Response

BREAKS = ["\r", "\n", "\r\nX-Evil: 1", "\x00", ";", "; Domain=evil.test"]


@pytest.mark.parametrize("text", BREAKS)
@pytest.mark.parametrize("part", ["key", "value", "path", "domain", "samesite", "expires"])
def test_no_part_of_a_cookie_ends_it(part: str, text: str) -> None:
    response = Response()
    parts: dict[str, Any] = {"key": "a", part: f"b{text}"}
    with pytest.raises(ValueError, match=r".+"):
        response.set_cookie(**parts)
    assert "set-cookie" not in response.headers


@pytest.mark.parametrize("text", BREAKS)
@pytest.mark.parametrize("part", ["key", "path", "domain", "samesite"])
def test_no_part_of_a_cookie_that_is_deleted_ends_it(part: str, text: str) -> None:
    response = Response()
    parts: dict[str, Any] = {"key": "a", part: f"b{text}"}
    with pytest.raises(ValueError, match=r".+"):
        response.delete_cookie(**parts)
    assert "set-cookie" not in response.headers
