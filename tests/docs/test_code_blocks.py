"""Every block of Python in README.md and docs/ runs.

The rule: the blocks marked `python` of one page are one program, run from top to bottom in one namespace; a function
called `test_…` is a test, and is called after its block.
"""

from pathlib import Path

import pytest

from tests.docs.pages import blocks_of, name_of, pages, run_page

WITH_CODE = [page for page in pages() if blocks_of(page)]


@pytest.mark.parametrize("page", WITH_CODE, ids=name_of)
async def test_the_code_of_a_page_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # what a page writes, and what it finds, is its own
    await run_page(page)


def test_the_readme_and_every_guide_have_code() -> None:
    guides = [page for page in pages() if page.parent.name == "guides" or page.name == "README.md"]
    without = [name_of(page) for page in guides if not blocks_of(page)]
    assert without == ["docs/README.md"]


async def test_a_page_that_is_wrong_fails_and_names_its_line(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Page\n\n```python\nx = 1\n```\n\n```python\nassert x == 1\nassert x == 2\n```\n")
    with pytest.raises(AssertionError) as raised:
        await run_page(page)
    assert (raised.traceback[-1].path, raised.traceback[-1].lineno) == (page, 8)


async def test_the_tests_of_a_page_are_called(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "```python\nasync def test_one():\n    called.append(1)\ncalled = []\n```\n```python\nassert called\n```"
    )
    assert await run_page(page) == ["test_one"]
