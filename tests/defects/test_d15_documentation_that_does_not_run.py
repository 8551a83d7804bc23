"""D15: every piece of Python in the documentation is run (`tests/docs`): none is written so that it is not."""

import re
from pathlib import Path

import pytest

from tests.docs.pages import blocks_of, name_of, pages

# What is written for FastAPI runs on it, and its answers are compared (tests/docs/test_from_fastapi.py).
FENCE = re.compile(r"^\s*(?:```+|~~~+)[ \t]*\{?\.?(?!python fastapi$)([\w+-]*)", re.MULTILINE)


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_no_python_is_hidden_from_the_tests(page: Path) -> None:
    text = page.read_text("utf-8")
    written = [name.lower() for name in FENCE.findall(text)]
    assert not {"py", "python3", "pycon", "py3", "ipython"} & set(written)
    assert written.count("python") == len(blocks_of(page))
