"""Case 54 (CVE-2016-10516, CVE-2017-12794, CVE-2019-14806): a debug page escapes everything it shows."""

import html
import re

import pytest

from microframe.middleware.debug_page import build_debug_page
from tests.connections import body_of, make_request

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg/onload=alert(1)>',
    "</pre></section><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "{style}{0}{exceptions}",
    "&lt;script&gt;",
    "' onmouseover='alert(1)",
]


async def page(exc: BaseException, path: str = "/", header: str = "") -> str:
    request = make_request(
        path, host="localhost", client="127.0.0.1", headers={"Accept": "text/html", "X-Header": header}
    )
    answer = build_debug_page()(request, exc)
    assert answer is not None
    return (await body_of(answer)).decode()


@pytest.mark.parametrize("attack", ATTACKS)
async def test_whatever_is_shown_is_text(attack: str) -> None:
    usual = re.findall(r"<[^>]*>", await page(ValueError("harmless")))
    odd = type(attack, (ValueError,), {})
    for shown in (
        await page(ValueError(attack)),
        await page(odd("a")),
        await page(ValueError("a"), path=f"/{attack}"),
        await page(ValueError("a"), header=attack),
    ):
        assert re.findall(r"<[^>]*>", shown) == usual
        assert html.escape(attack) in shown


@pytest.mark.parametrize("attack", ["\x1b[2J", "\x00", "\x07", "\x9b2J"])
async def test_control_characters_are_written_out(attack: str) -> None:
    shown = await page(ValueError(f"a{attack}b"))
    assert attack not in shown
    assert "a\\x" in shown


async def test_a_lone_surrogate_is_no_obstacle() -> None:
    assert "a?b" in await page(ValueError("a\udcffb"))


async def test_growing_texts_are_cut() -> None:
    assert len(await page(ValueError("<" * 1_000_000))) < 50_000
