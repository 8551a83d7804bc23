"""Case 43 (CVE-2026-25223 and three more): a Content-Type has one reading, and it is strict."""

import pytest

from microframe.http.media import is_json, parse_media_type


@pytest.mark.parametrize(
    "value",
    [
        "application/json\ta",
        "application/json garbage",
        " application/json garbage",
        "application/json,text/plain",
        "application/json\x0b",
        "application/json\xa0",
        "application/ json",
        "application /json",
        "application/json; charset",
        "application/json; a=b; a=c",
        'application/json; a="',
        "application//json",
        "application/json/",
        "application/j\x00son",
    ],
)
def test_what_is_not_quite_a_media_type_is_none(value: str) -> None:
    with pytest.raises(ValueError, match=r"header|media type"):
        parse_media_type(value)


@pytest.mark.parametrize(
    "value", [" application/json", "application/json\t", "APPLICATION/JSON", "application/json ;a=b"]
)
def test_white_space_around_the_value_is_not_part_of_it(value: str) -> None:
    assert is_json(parse_media_type(value).essence)
