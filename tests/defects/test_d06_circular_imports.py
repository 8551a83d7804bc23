"""D6: each public module can be the first that a program imports (test_architecture covers the rest)."""

import subprocess
import sys

import pytest

PUBLIC = [
    "microframe",
    "microframe.configurations",
    "microframe.plugin",
    "microframe.signing",
    "microframe.staticfiles",
    "microframe.testing",
]


@pytest.mark.parametrize("name", PUBLIC)
def test_d6_a_public_module_is_imported_first(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"import {name}"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_d6_the_command_line_is_imported_first() -> None:
    pytest.importorskip("click")
    done = subprocess.run(
        [sys.executable, "-c", "import microframe.cli"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
