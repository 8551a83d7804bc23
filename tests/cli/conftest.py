"""A folder to write a program into; nothing of it is left in this process afterwards."""

import importlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The working directory of the test, empty; imports, import path and environment are as before after it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before, variables = set(sys.modules), dict(os.environ)
    for name in [name for name in os.environ if name.startswith("MICROFRAME_")]:
        del os.environ[name]
    importlib.invalidate_caches()
    yield tmp_path
    for name in set(sys.modules) - before:
        file = getattr(sys.modules[name], "__file__", None) or ""
        if file.startswith(str(tmp_path)):
            del sys.modules[name]
    os.environ.clear()
    os.environ.update(variables)
