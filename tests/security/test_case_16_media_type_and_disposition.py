"""Case 16 (CVE-2026-34519, CVE-2026-34514): media types and file names carry no header lines."""

import pytest

from microframe.http.headers import check_header
from microframe.http.media import format_disposition, parse_media_type


def test_a_media_type_with_a_line_break_is_refused() -> None:
    with pytest.raises(ValueError, match="control"):
        check_header("content-type", "text/html\r\nX: 1")
    with pytest.raises(ValueError, match="control"):
        parse_media_type("text/html\r\nX: 1")


@pytest.mark.parametrize(
    "filename", ['a"\r\nX: 1', 'a"; filename="b', "a\x00b", 'a\\"b', "a\u2028b", "é\r\n"]
)
def test_a_file_name_stays_inside_its_quotes(filename: str) -> None:
    value = format_disposition("attachment", filename)
    assert check_header("content-disposition", value)[1] == value.encode("ascii")
    plain = value.split('"')
    assert len(plain) == 3  # exactly one quoted text
    assert value.startswith('attachment; filename="')
    assert plain[2] == "" or plain[2].startswith("; filename*=UTF-8''")
