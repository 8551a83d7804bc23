"""The table of security cases: each case that has tests is in it, and each that is in it has tests."""

import re
from pathlib import Path
from typing import List, Set

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/security-cases.md").read_text("utf-8")
FILES = sorted(path.name for path in (ROOT / "tests/security").glob("test_*.py"))


def first_cells(part: str) -> List[str]:
    """What stands in the first column of a table."""
    return re.findall(r"^\| ([0-9][^|]*) \|", part, re.MULTILINE)


def numbers_in(text: str) -> Set[int]:
    """`1-3, 7` as numbers."""
    found: Set[int] = set()
    for piece in text.split(","):
        first, _, last = piece.strip().partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return found


def test_every_case_with_tests_is_in_the_table_once_and_every_one_in_it_has_tests() -> None:
    cases = [int(cell) for cell in first_cells(PAGE.partition("## The checklist")[0])]
    assert cases == sorted(set(cases))
    tested = {int(name.split("_")[2]) for name in FILES if name.startswith("test_case_")}
    assert set(cases) == tested


def test_every_item_of_the_checklist_that_is_told_of_has_tests() -> None:
    rows = [numbers_in(cell) for cell in first_cells(PAGE.partition("## The checklist")[2])]
    tested = {int(name.split("_")[2]) for name in FILES if name.startswith("test_checklist_")}
    assert {min(row) for row in rows} == tested
    assert sum(map(len, rows)) == len(set().union(*rows))


@pytest.mark.parametrize(
    "name", [name for name in FILES if name.startswith(("test_case_", "test_checklist_"))]
)
def test_a_file_says_which_case_it_is(name: str) -> None:
    kind, number = name.split("_")[1], int(name.split("_")[2])
    begins = (ROOT / "tests/security" / name).read_text("utf-8").split('"""')[1]
    if kind == "checklist":
        assert re.match(rf"Checklist {number}\b", begins)
    else:
        assert begins.startswith(("Case", "CVE-")), begins
