"""Every file of examples/ is imported, and every application in it can be built."""

import importlib
from pathlib import Path

import pytest

from microframe import Application

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "examples").rglob("*.py"))
MODULES = [".".join(file.relative_to(ROOT).with_suffix("").parts).replace(".__init__", "") for file in FILES]


@pytest.mark.parametrize("name", MODULES)
def test_an_example_can_be_imported_and_built(name: str) -> None:
    module = importlib.import_module(name)
    assert module.__doc__
    for application in vars(module).values():
        if isinstance(application, Application):
            assert application.build().routes


def test_every_program_of_its_own_is_named_in_the_list_of_examples() -> None:
    listed = (ROOT / "examples" / "README.md").read_text(encoding="utf-8")
    programs = [file.name for file in FILES if file.parent.name == "examples" and file.name != "__init__.py"]
    assert programs
    for name in programs:
        assert f"({name})" in listed
