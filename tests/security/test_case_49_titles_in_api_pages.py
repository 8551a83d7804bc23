"""Case 49 (CVE-2024-27306): whatever stands in the title or the options of an API page is text."""

import json
import re
from typing import Callable

import pytest

from microframe.openapi.ui import Look, Page, redoc_page, scalar_page, swagger_page

EVIL = "</script></title><img src=x onerror=alert(1)><!--<script>\u2028\"'&"
LOOK = Look(favicon_url=EVIL, css_url=EVIL)


@pytest.mark.parametrize("write", [swagger_page, redoc_page, scalar_page])
def test_no_value_becomes_markup(write: Callable[..., str]) -> None:
    harmless = write(Page("u", "t", "a", Look("f", "c")), {"key": "v"})
    page = write(Page(EVIL, EVIL, EVIL, LOOK), {EVIL: [EVIL]})
    tags = re.compile(r"<[/!]?\w*")
    assert tags.findall(page) == tags.findall(harmless)
    assert "<img" not in page


def test_the_options_arrive_as_they_were_given() -> None:
    page = swagger_page(Page(EVIL, EVIL, "a"), {"key": EVIL}, init_oauth={"appName": EVIL})
    found = re.search(r'id="options">(.*)</script>', page)
    assert found is not None
    options = json.loads(found[1])
    assert options["url"] == options["parameters"]["key"] == options["initOAuth"]["appName"] == EVIL
