"""Pages: the Markdown files of the documentation, and the Python in them."""

import inspect
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```python(?! fastapi\n)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
"""What is marked `python fastapi` is run by FastAPI (`test_from_fastapi.py`)."""


@dataclass(frozen=True)
class Block:
    """One block of Python; `line` is where its first line stands in the page."""

    text: str
    line: int


def pages() -> list[Path]:
    """The README and everything below docs/."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks_of(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [Block(found[1], text[: found.start(1)].count("\n")) for found in BLOCK.finditer(text)]


async def run_page(page: Path) -> list[str]:
    """Run the blocks of a page as one program, in order, each followed by the tests it defines; gives their names.

    Later blocks see the names of earlier ones. A traceback names the page and its line.
    """
    tests: list[str] = []
    with module_of(page) as module:
        for block in blocks_of(page):
            before = dict(vars(module))
            # Empty lines in front, so that lines are counted as in the page.
            exec(compile("\n" * block.line + block.text, str(page), "exec"), vars(module))
            for name, value in list(vars(module).items()):
                if name.startswith("test_") and before.get(name) is not value:
                    await perform(value)
                    tests.append(name)
    return tests


@contextmanager
def module_of(page: Path) -> Iterator[ModuleType]:
    """A module that can be found by its name, as Pydantic and dataclasses expect of what they read."""
    module = ModuleType("page_" + re.sub(r"\W", "_", page.stem))
    sys.modules[module.__name__] = module
    try:
        yield module
    finally:
        del sys.modules[module.__name__]


async def perform(test: Any) -> None:
    outcome = test()
    if inspect.isawaitable(outcome):
        await outcome
